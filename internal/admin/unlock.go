package admin

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/login"
)

// unlockSince is how far back failures are looked for: no wait lasts longer.
const unlockSince = 24 * time.Hour

// UnlockUser lets a person who failed too often try again at once, from every
// address where a failure was recorded in the last day. What a node keeps in
// memory about whole addresses stays, and is gone within minutes.
func (d *Desk) UnlockUser(ctx context.Context, a *account.Account) error {
	failed, err := d.Log.List(ctx, audit.Filter{User: a.ID, Name: audit.LoginFailed, Since: d.Now().Add(-unlockSince)})
	if err != nil {
		return fmt.Errorf("read failures: %w", err)
	}
	var from []netip.Addr
	for _, e := range failed {
		if addr, err := netip.ParseAddr(e.Address); err == nil && !slices.Contains(from, addr) {
			from = append(from, addr)
		}
	}
	p := login.Prover{Accounts: d.People, Keys: d.Keys}
	for _, name := range []string{a.Username, a.Email} {
		if name == "" {
			continue
		}
		if err := p.Forgive(ctx, name, from...); err != nil {
			return fmt.Errorf("unlock user: %w", err)
		}
	}
	e := d.event(audit.UserChanged).With("throttle", "cleared")
	e.User = a.ID
	if err := d.Log.Record(ctx, e); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}
