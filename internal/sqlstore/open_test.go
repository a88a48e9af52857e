package sqlstore

import (
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// open opens a database that the test closes.
func open(t testing.TB, o Options) *DB {
	t.Helper()
	if o.Dir == "" && o.Database == "" {
		o.Dir = t.TempDir()
	}
	db, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// redeem is a valid one of a fresh code.
func redeem(now time.Time) grant.Redemption {
	c := grant.Code{
		Grant: grant.Grant{
			ID: secret.NewID(now), Client: "app-benchmark", User: "005000000000001AAA",
			Flow: flow.CodeAndCredentials, Scopes: oauth.Scopes{"openid", "offline_access", "api"},
		},
		Expires: now.Add(time.Minute), Slot: secret.SlotOf(now.Add(time.Minute)),
	}
	e := audit.New(now, audit.CodeRedeemed)
	e.App, e.User, e.Grant, e.Address = c.Client, c.User, c.ID.String(), "192.0.2.1"
	return grant.Redemption{Attempt: attempt(now), Code: c, Now: now, Refresh: true, Event: e}
}

func attempt(now time.Time) (a grant.Attempt) {
	id := secret.NewID(now)
	copy(a[:], id[:])
	copy(a[16:], "what was presented")
	return a
}

// opened redeems a fresh code and gives the first rotation of its family.
func opened(t testing.TB, db *DB) grant.Rotation {
	t.Helper()
	r := redeem(db.o.Now())
	if out, err := db.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
		t.Fatal(out, err)
	}
	e := audit.New(r.Now, audit.TokenRefreshed)
	e.App, e.User, e.Grant = r.Code.Client, r.Code.User, r.Code.ID.String()
	return grant.Rotation{
		Attempt: attempt(r.Now), Now: r.Now, Event: e,
		Refresh: grant.Refresh{Grant: r.Code.Grant, Seq: 1, Issued: r.Now},
	}
}
