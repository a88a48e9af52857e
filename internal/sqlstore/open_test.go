package sqlstore

import (
	"context"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

func open(t *testing.T, o Options) *DB {
	t.Helper()
	if o.Dir == "" {
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

func redemption1(now time.Time) grant.Redemption {
	var r grant.Redemption
	id := secret.NewID(now)
	copy(r.Attempt[:], id[:])
	r.Code.Grant = grant.Grant{ID: secret.NewID(now), Client: "app-0001", User: "005000000000001AAA"}
	r.Code.Expires = now.Add(time.Minute)
	r.Code.Slot = secret.SlotOf(r.Code.Expires)
	r.Now, r.Refresh = now, true
	r.Event = audit.New(now, audit.CodeRedeemed)
	return r
}

func TestOpen(t *testing.T) {
	start := time.Now()
	db := open(t, Options{})
	t.Log("open", time.Since(start))
	ctx := context.Background()
	db.Follow(func(c Changes) { t.Logf("%+v", c) })
	if err := db.Poll(ctx); err != nil {
		t.Fatal(err)
	}
	r := redemption1(time.Now())
	for _, want := range []oauth.Outcome{oauth.Won, oauth.Lost} {
		got, err := db.RedeemCode(ctx, r)
		if err != nil || got != want {
			t.Fatal(got, err)
		}
	}
	f, err := db.Family(ctx, r.Code.ID, 0)
	t.Log(f, err)
	if err := db.Ready(); err != nil {
		t.Fatal(err)
	}
	n, err := db.EndGrants(ctx, r.Code.User, "", time.Now(), audit.New(time.Now(), audit.GrantRevoked))
	t.Log(n, err)
	ev, err := db.List(ctx, audit.Filter{Newest: true})
	t.Log(ev, err, db.Stats())
}
