package gate_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"countersign/internal/login"
	"countersign/internal/secret"
)

// TestPeopleDoNotLockOutStaff: whoever fails as a person, under whatever name, is
// not counted against an administrator.
func TestPeopleDoNotLockOutStaff(t *testing.T) {
	d := newDoor(t)
	d.owner(t)
	people := &login.Prover{
		Accounts: d.DB, Log: d.DB, Keys: d.Keys, Pool: login.NewPool(2, 100, time.Minute), Params: hashing, Now: d.Clock.Now,
	}
	for n := range 60 {
		from := netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", n))
		if n < 8 {
			from = here.Address
		}
		_, _ = people.Prove(t.Context(), login.Attempt{
			Identifier: "staff:olga@example.com", Password: secret.Text(8), Client: "shop-app", Address: from,
		})
	}
	if _, err := d.SignIn(t.Context(), "olga@example.com", password, "", here); err != nil {
		t.Errorf("the owner: %v", err)
	}
}
