package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/oauth"
)

// Errors about app secrets.
var (
	ErrNoSecret   = errors.New("the app has no secret with this id")
	ErrPublic     = errors.New("a public app has no secret (RFC 6749 §2.1)")
	ErrLastSecret = errors.New("this is the app's only secret; rotate it, or switch the app off")
)

// DefaultOverlap is how long the old secret is accepted beside the new one.
const DefaultOverlap = 24 * time.Hour

// maxOverlap bounds how long two secrets live side by side.
const maxOverlap = 90 * 24 * time.Hour

// appLines are the fields of an app, and its secrets: what a diff shows.
var appLines = append(slices.Clone(AppFields), Field[client.Client]{Name: "secrets", read: line("secrets", secretHints)})

func secretHints(c *client.Client) string {
	out := make([]string, len(c.Secrets))
	for i, s := range c.Secrets {
		out[i] = "…" + s.Hint
		if !s.Expires.IsZero() {
			out[i] += " until " + s.Expires.Format(time.RFC3339)
		}
	}
	return strings.Join(out, ", ")
}

// RotateSecret gives an app a new secret and lets the present one live on for
// the overlap; zero ends it at once. Secrets older than that end. At most two are
// alive. Errors: client.ErrNotFound, ErrPublic, Invalid.
func (d *Desk) RotateSecret(ctx context.Context, id oauth.ClientID, overlap time.Duration) (AppResult, error) {
	if overlap < 0 || overlap > maxOverlap {
		return AppResult{}, Invalid{{"overlap", fmt.Sprintf("%s is not between 0s and %s", client.Duration(overlap), client.Duration(maxOverlap))}}
	}
	return d.changeApp(ctx, id, audit.AppSecretAdded, Consent{}, func(c *client.Client, now time.Time) (string, error) {
		if c.Type == client.Public {
			return "", ErrPublic
		}
		text, kept := client.NewSecret(d.Keys, c.ID, now, time.Time{})
		next := []client.Secret{kept}
		if old := newestSecret(c.Secrets, now); old != nil && overlap > 0 {
			if end := now.Add(overlap); old.Expires.IsZero() || old.Expires.After(end) {
				old.Expires = end
			}
			next = append(next, *old)
		}
		c.Secrets = next
		return text, nil
	})
}

func newestSecret(all []client.Secret, now time.Time) *client.Secret {
	var newest *client.Secret
	for _, s := range all {
		live := s.Expires.IsZero() || s.Expires.After(now)
		if live && (newest == nil || s.Created.After(newest.Created)) {
			newest = &s
		}
	}
	return newest
}

// RemoveSecret ends one of two secrets at once. Errors: client.ErrNotFound,
// ErrNoSecret, ErrLastSecret.
func (d *Desk) RemoveSecret(ctx context.Context, id oauth.ClientID, secretID string) (AppResult, error) {
	return d.changeApp(ctx, id, audit.AppSecretRemoved, Consent{}, func(c *client.Client, _ time.Time) (string, error) {
		rest := slices.DeleteFunc(slices.Clone(c.Secrets), func(s client.Secret) bool { return s.ID == secretID })
		switch {
		case len(rest) == len(c.Secrets):
			return "", ErrNoSecret
		case len(rest) == 0:
			return "", ErrLastSecret
		}
		c.Secrets = rest
		return "", nil
	})
}
