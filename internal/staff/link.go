package staff

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/secret"
)

// HashToken is how the token of a session or a link is kept.
func HashToken(keys *secret.Keyring, token string) Hash {
	return keys.Hash("staff token", []byte(token))
}

// MakeLink keeps a new one-time link in place of the member's earlier one, and
// returns its secret part, which is kept nowhere. Errors: those of KeepTicket.
func MakeLink(ctx context.Context, s Store, keys *secret.Keyring, t Ticket, e audit.Event) (string, error) {
	token := secret.Text(32)
	t.Hash = HashToken(keys, token)
	e = e.With("purpose", string(t.Purpose))
	if t.Member != "" {
		e = e.With("staff", string(t.Member))
	}
	return token, s.KeepTicket(ctx, t, e)
}
