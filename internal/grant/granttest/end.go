package granttest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// access is an access token of the redeemed grant.
func access(r grant.Redemption) *grant.Access {
	return &grant.Access{Grant: r.Code.Grant, TokenID: secret.NewID(r.Now)}
}

// open redeems a fresh code.
func open(t *testing.T, db Database, n Node, user oauth.UserID, client oauth.ClientID) grant.Redemption {
	t.Helper()
	r := NewRedemption(db.Now(), user, client)
	redeem(t, n, oauth.Won, r)
	return r
}

func endGrant(t *testing.T, db Database) {
	n := db.Open(t)
	r, living := open(t, db, n, alice, app), open(t, db, n, alice, app)
	unopened := NewRedemption(db.Now(), alice, app)
	for _, id := range []secret.ID{r.Code.ID, r.Code.ID, unopened.Code.ID} { // again, and one that has no family
		out, err := n.Store.EndGrant(t.Context(), id, 0, db.Now(), revoked(db.Now()))
		expect(t, oauth.Won, out, err)
	}
	for _, dead := range []grant.Redemption{r, unopened} {
		if !n.Endings.DeadToken(access(dead)) {
			t.Error("an access token outlived its grant on the node that ended it")
		}
	}
	if n.Endings.DeadToken(access(living)) || !family(t, n, living.Code.ID).Ended.IsZero() {
		t.Error("another grant of the same person and app ended, too")
	}
	if f := family(t, n, r.Code.ID); f.Ended.UnixMilli() != db.Now().UnixMilli() {
		t.Errorf("ended at %v, want %v", f.Ended, db.Now())
	}
	expectEvents(t, n, audit.GrantRevoked, 3)
}

func endAccess(t *testing.T, db Database) {
	n := db.Open(t)
	r := open(t, db, n, alice, app)
	dead, living := access(r), access(r)
	out, err := n.Store.EndAccess(t.Context(), dead.TokenID, db.Now(), revoked(db.Now()))
	expect(t, oauth.Won, out, err)
	if !n.Endings.DeadToken(dead) {
		t.Error("the token lives")
	}
	if n.Endings.DeadToken(living) {
		t.Error("another token of the grant is dead")
	}
	rotate(t, n, oauth.Won, NewRotation(r.Now, r, 1))
	expectEvents(t, n, audit.GrantRevoked, 1)
}

// endGrants: whoever is named loses their grants, and nobody else. What began
// later lives.
func endGrants(t *testing.T, db Database) {
	for _, c := range []struct {
		name   string
		user   oauth.UserID
		client oauth.ClientID
		dead   map[string]bool
		epoch  int32
	}{
		{"person", alice, "", map[string]bool{"alice/app": true, "alice/other": true}, 1},
		{"app", "", app, map[string]bool{"alice/app": true, "bob/app": true}, 0},
		{"pair", alice, app, map[string]bool{"alice/app": true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := db.Open(t)
			alice, bob, app, other := fresh(t, db, n, c.user, c.client)
			user, client := c.user, c.client
			if user != "" {
				user = alice
			}
			if client != "" {
				client = app
			}
			grants := map[string]grant.Redemption{
				"alice/app": open(t, db, n, alice, app), "alice/other": open(t, db, n, alice, other), "bob/app": open(t, db, n, bob, app),
			}
			before := n.Epoch(t, alice)
			count, err := n.Store.EndGrants(t.Context(), user, client, db.Now(), revoked(db.Now()))
			if err != nil || count != len(c.dead) {
				t.Fatalf("%d grants ended, %v; want %d", count, err, len(c.dead))
			}
			db.Advance(t, time.Second)
			later := open(t, db, n, alice, app)
			got := map[string]bool{}
			for name, r := range grants {
				inMemory, inRow := n.Endings.DeadToken(access(r)), !family(t, n, r.Code.ID).Ended.IsZero()
				if inMemory != inRow {
					t.Errorf("%s: dead in memory %v, in its row %v", name, inMemory, inRow)
				}
				if inRow {
					got[name] = true
				}
			}
			if diff := cmp.Diff(c.dead, got); diff != "" {
				t.Errorf("dead grants (-want +got):\n%s", diff)
			}
			if n.Endings.DeadToken(access(later)) {
				t.Error("a grant given afterwards is dead")
			}
			if raised := n.Epoch(t, alice) - before; raised != c.epoch {
				t.Errorf("the person's epoch rose by %d, want %d", raised, c.epoch)
			}
			again, err := n.Store.EndGrants(t.Context(), user, client, db.Now().Add(-time.Second), revoked(db.Now()))
			if err != nil || again > 1 {
				t.Errorf("ended again: %d, %v", again, err)
			}
		})
	}
}

// redeemEnded: an ending may come between the look at a code and its redemption.
// The family is then born dead: endings are forgotten after a day, refresh
// tokens live longer.
func redeemEnded(t *testing.T, db Database) {
	n := db.Open(t)
	n.Register(t, alice)
	var r grant.Redemption
	for name, end := range map[string]func() error{
		"grant": func() error {
			_, err := n.Store.EndGrant(t.Context(), r.Code.ID, 0, db.Now(), revoked(db.Now()))
			return err
		},
		"person": func() error {
			_, err := n.Store.EndGrants(t.Context(), alice, "", db.Now(), revoked(db.Now()))
			return err
		},
		"app": func() error {
			_, err := n.Store.EndGrants(t.Context(), "", app, db.Now(), revoked(db.Now()))
			return err
		},
		"pair": func() error {
			_, err := n.Store.EndGrants(t.Context(), alice, app, db.Now(), revoked(db.Now()))
			return err
		},
	} {
		db.Advance(t, time.Second)
		r = NewRedemption(db.Now(), alice, app)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		redeem(t, n, oauth.Won, r)
		if f := family(t, n, r.Code.ID); !f.Ended.Equal(f.Issued) {
			t.Errorf("%s: a code issued before its ending opened a living family: ended %v, issued %v", name, f.Ended, f.Issued)
		}
		rotate(t, n, oauth.Lost, NewRotation(r.Now, r, 1))
		db.Advance(t, time.Second)
		if later := open(t, db, n, alice, app); !family(t, n, later.Code.ID).Ended.IsZero() {
			t.Errorf("%s: a code issued after the ending opened a dead family", name)
		}
	}
	if stranger := open(t, db, n, bob, other); !family(t, n, stranger.Code.ID).Ended.IsZero() {
		t.Error("somebody else's family was born dead")
	}
}

// fresh gives names that no other sub-test used.
func fresh(t *testing.T, db Database, n Node, user oauth.UserID, client oauth.ClientID) (a, b oauth.UserID, x, y oauth.ClientID) {
	t.Helper()
	a = oauth.UserID(secret.NewRecordID(secret.PrefixUser, db.Now()))
	b = oauth.UserID(secret.NewRecordID(secret.PrefixUser, db.Now()))
	n.Register(t, a)
	suffix := oauth.ClientID("-" + string(user) + "-" + string(client))
	return a, b, app + suffix, other + suffix
}

// endAnswerLost: an ending whose answer was lost is done once, and reported once.
func endAnswerLost(t *testing.T, db Database) {
	n := db.Open(t)
	n.Register(t, alice)
	r := open(t, db, n, alice, app)
	before := n.Epoch(t, alice)
	for _, fault := range []func(int) func(func() error) error{lose, refuse} {
		n.OnCommit(fault(1))
		out, err := n.Store.EndGrant(t.Context(), r.Code.ID, 0, db.Now(), revoked(db.Now()))
		expect(t, oauth.Won, out, err)
		n.OnCommit(fault(1))
		if _, err := n.Store.EndGrants(t.Context(), alice, "", db.Now(), revoked(db.Now())); err != nil {
			t.Fatal(err)
		}
	}
	expectEvents(t, n, audit.GrantRevoked, 4)
	if raised := n.Epoch(t, alice) - before; raised != 2 {
		t.Errorf("two endings raised the epoch by %d", raised)
	}
	n.OnCommit(refuse(always))
	living := NewRedemption(db.Now(), bob, app)
	out, err := n.Store.EndGrant(t.Context(), living.Code.ID, 0, db.Now(), revoked(db.Now()))
	expect(t, oauth.Unknown, out, err)
	n.OnCommit(nil)
	if n.Endings.DeadToken(access(living)) {
		t.Error("an ending that never happened is remembered")
	}
}

// endingsElsewhere: one poll carries an ending to another node; a node that
// opens later learns it, too.
func endingsElsewhere(t *testing.T, db Database) {
	a, b := db.Open(t), db.Open(t)
	r := open(t, db, a, alice, app)
	if err := b.Poll(); err != nil {
		t.Fatal(err)
	}
	if b.Endings.DeadToken(access(r)) {
		t.Fatal("dead before it ended")
	}
	out, err := a.Store.EndGrant(t.Context(), r.Code.ID, 0, db.Now(), revoked(db.Now()))
	expect(t, oauth.Won, out, err)
	if err := b.Poll(); err != nil {
		t.Fatal(err)
	}
	if !b.Endings.DeadToken(access(r)) {
		t.Error("one poll later the grant lives on another node")
	}
	db.Advance(t, time.Hour)
	if late := db.Open(t); !late.Endings.DeadToken(access(r)) {
		t.Error("a node that starts later does not know the ending")
	}
	// A clock a little behind, or a slow commit: an id older than one seen.
	old := open(t, db, a, bob, app)
	_, err = a.Store.EndGrant(t.Context(), secret.NewID(db.Now()), 0, db.Now(), revoked(db.Now()))
	if err == nil {
		err = b.Poll()
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err = a.Store.EndGrant(t.Context(), old.Code.ID, 0, db.Now().Add(-10*time.Second), revoked(db.Now()))
	expect(t, oauth.Won, out, err)
	if err := b.Poll(); err != nil {
		t.Fatal(err)
	}
	if !b.Endings.DeadToken(access(old)) {
		t.Error("an ending with an older id was stepped over")
	}
}

func families(t *testing.T, db Database) {
	n := db.Open(t)
	var mine, ofApp []secret.ID
	for i := range 5 {
		db.Advance(t, time.Second)
		r := open(t, db, n, alice, []oauth.ClientID{app, other}[i%2])
		mine = append([]secret.ID{r.Code.ID}, mine...)
		db.Advance(t, time.Second)
		r = open(t, db, n, bob, other)
		ofApp = append([]secret.ID{r.Code.ID}, ofApp...)
		if i%2 == 1 {
			ofApp = append([]secret.ID{ofApp[0], mine[0]}, ofApp[1:]...)
		}
	}
	out, err := n.Store.EndGrant(t.Context(), mine[0], 0, db.Now(), revoked(db.Now()))
	expect(t, oauth.Won, out, err)
	mine = mine[1:]
	for _, c := range []struct {
		name   string
		user   oauth.UserID
		client oauth.ClientID
		limit  int
		want   []secret.ID
	}{
		{"of a person", alice, "", 100, mine},
		{"the newest of a person", alice, "", 2, mine[:2]},
		{"of a person and an app", alice, other, 100, []secret.ID{mine[0], mine[2]}},
		{"of an app", "", other, 100, ofApp},
		{"the newest of an app", "", other, 3, ofApp[:3]},
		{"of a stranger", "005000000000009AAA", "", 100, nil},
	} {
		list, err := n.Store.Families(t.Context(), c.user, c.client, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []secret.ID
		for _, f := range list {
			got = append(got, f.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("families %s (-want +got):\n%s", c.name, diff)
		}
	}
}
