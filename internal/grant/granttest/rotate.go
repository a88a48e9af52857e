package granttest

import (
	"errors"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

func rotateOnce(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, n, oauth.Won, r)
	now := db.Now().Add(time.Second)
	first := NewRotation(now, r, 1)
	rotate(t, n, oauth.Won, first)
	rotate(t, n, oauth.Lost, NewRotation(now, r, 1)) // old generation
	rotate(t, n, oauth.Lost, NewRotation(now, r, 3)) // one that never was
	f := family(t, n, r.Code.ID)
	if f.Seq != 2 || f.Attempt != first.Attempt || f.Issued.UnixMicro() != now.UnixMicro() || !f.Ended.IsZero() {
		t.Errorf("family after one rotation: %+v", f)
	}
	rotate(t, n, oauth.Won, NewRotation(now, r, 2))
	expectEvents(t, n, audit.TokenRefreshed, 2)
	if out, err := n.Store.RotateRefresh(t.Context(), NewRotation(now, NewRedemption(now, bob, app), 1)); out != oauth.Lost || err != nil {
		t.Errorf("a family that never was: %v, %v; want lost", out, err)
	}
}

// rotateRace: 64 requests on two nodes, one generation, one winner.
func rotateRace(t *testing.T, db Database) {
	nodes := []Node{db.Open(t), db.Open(t)}
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, nodes[0], oauth.Won, r)
	for seq := range int64(4) {
		won := race(t, func(i int) (oauth.Outcome, error) {
			return nodes[i%2].Store.RotateRefresh(t.Context(), NewRotation(r.Now, r, seq+1))
		})
		if won != 1 {
			t.Fatalf("%d winners of generation %d", won, seq+1)
		}
	}
	if f := family(t, nodes[1], r.Code.ID); f.Seq != 5 {
		t.Errorf("generation %d after four races, want 5", f.Seq)
	}
	expectEvents(t, nodes[0], audit.TokenRefreshed, 4)
}

func rotateAnswerLost(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, n, oauth.Won, r)
	for i, fault := range []func(int) func(func() error) error{lose, refuse} {
		n.OnCommit(fault(1))
		rotate(t, n, oauth.Won, NewRotation(r.Now, r, int64(i+1)))
		n.OnCommit(nil)
		if f := family(t, n, r.Code.ID); f.Seq != int64(i+2) {
			t.Fatalf("generation %d, want %d", f.Seq, i+2)
		}
	}
	expectEvents(t, n, audit.TokenRefreshed, 2)
}

func rotateUnknown(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, n, oauth.Won, r)
	n.OnCommit(lose(always))
	rotate(t, n, oauth.Unknown, NewRotation(r.Now, r, 1))
	n.OnCommit(refuse(always))
	rotate(t, n, oauth.Unknown, NewRotation(r.Now, r, 2))
	n.OnCommit(nil)
	if f := family(t, n, r.Code.ID); f.Seq != 2 {
		t.Errorf("generation %d, want 2: the first rotation happened, the second did not", f.Seq)
	}
	rotate(t, n, oauth.Lost, NewRotation(r.Now, r, 1))
	rotate(t, n, oauth.Won, NewRotation(r.Now, r, 2))
	expectEvents(t, n, audit.TokenRefreshed, 2)
}

func rotateLostInDoubt(t *testing.T, db Database) {
	a, b := db.Open(t), db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, a, oauth.Won, r)
	slower := NewRotation(r.Now, r, 1)
	lostInDoubt(t, a, func() (oauth.Outcome, error) { return a.Store.RotateRefresh(t.Context(), slower) },
		func() { rotate(t, b, oauth.Won, NewRotation(r.Now, r, 1)) })
	expectEvents(t, a, audit.TokenRefreshed, 1)
}

func rotateEnded(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, n, oauth.Won, r)
	out, err := n.Store.EndGrant(t.Context(), r.Code.ID, 0, db.Now(), revoked(db.Now()))
	expect(t, oauth.Won, out, err)
	rotate(t, n, oauth.Lost, NewRotation(r.Now, r, 1))
	if f := family(t, n, r.Code.ID); f.Seq != 1 || f.Ended.IsZero() {
		t.Errorf("family after its end: %+v", f)
	}
	expectEvents(t, n, audit.TokenRefreshed, 0)
}

// touch: the use of a token that does not rotate is noted apart from when its
// generation was made, which is sealed in the token.
func touch(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, n, oauth.Won, r)
	use := func(want oauth.Outcome, now, idleSince time.Time) {
		t.Helper()
		out, err := n.Store.TouchRefresh(t.Context(), r.Code.ID, 0, now, idleSince, refreshed(now))
		expect(t, want, out, err)
	}
	day := 24 * time.Hour
	use(oauth.Won, r.Now.Add(day), time.Time{})
	use(oauth.Won, r.Now.Add(2*day), r.Now.Add(day))                // used a day ago, a day of idleness allowed
	use(oauth.Lost, r.Now.Add(9*day), r.Now.Add(2*day+time.Second)) // idle too long
	use(oauth.Won, r.Now.Add(3*day), r.Now.Add(2*day))              // and a lost use is no use
	if f := family(t, n, r.Code.ID); f.Seq != 1 || f.Issued.UnixMicro() != r.Now.UnixMicro() || f.Attempt != r.Attempt {
		t.Errorf("touching changed the generation: %+v", f)
	}
	out, err := n.Store.EndGrant(t.Context(), r.Code.ID, 0, db.Now(), revoked(db.Now()))
	expect(t, oauth.Won, out, err)
	use(oauth.Lost, r.Now.Add(3*day), time.Time{})
	out, err = n.Store.TouchRefresh(t.Context(), secret.NewID(r.Now), 0, r.Now, time.Time{}, refreshed(r.Now))
	expect(t, oauth.Lost, out, err)
	expectEvents(t, n, audit.TokenRefreshed, 3) // of the uses that were won
}

// touchAnswerLost: a use whose answer was lost is written once.
func touchAnswerLost(t *testing.T, db Database) {
	n := db.Open(t)
	r := open(t, db, n, alice, app)
	for i, fault := range []func(int) func(func() error) error{lose, refuse} {
		n.OnCommit(fault(1))
		out, err := n.Store.TouchRefresh(t.Context(), r.Code.ID, 0, db.Now(), time.Time{}, refreshed(db.Now()))
		expect(t, oauth.Won, out, err)
		expectEvents(t, n, audit.TokenRefreshed, i+1)
	}
}

// refreshed is the event of a use.
func refreshed(now time.Time) audit.Event { return audit.New(now, audit.TokenRefreshed) }

// lease: a node that lost touch with the database changes nothing.
func lease(t *testing.T, db Database) {
	n := db.Open(t)
	n.Register(t, alice)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, n, oauth.Won, r)
	before := len(n.Events(t))
	ctx, now := t.Context(), db.Now()
	n.ExpireLease()
	for name, change := range map[string]func() (oauth.Outcome, error){
		"RedeemCode":    func() (oauth.Outcome, error) { return n.Store.RedeemCode(ctx, NewRedemption(now, alice, app)) },
		"RotateRefresh": func() (oauth.Outcome, error) { return n.Store.RotateRefresh(ctx, NewRotation(now, r, 1)) },
		"TouchRefresh": func() (oauth.Outcome, error) {
			return n.Store.TouchRefresh(ctx, r.Code.ID, 0, now, time.Time{}, refreshed(now))
		},
		"EndGrant":  func() (oauth.Outcome, error) { return n.Store.EndGrant(ctx, r.Code.ID, 0, now, revoked(now)) },
		"EndAccess": func() (oauth.Outcome, error) { return n.Store.EndAccess(ctx, r.Code.ID, now, revoked(now)) },
		"EndGrants": func() (oauth.Outcome, error) {
			_, err := n.Store.EndGrants(ctx, alice, "", now, revoked(now))
			return oauth.Unknown, err
		},
	} {
		if out, err := change(); out != oauth.Unknown || !errors.Is(err, grant.ErrLease) {
			t.Errorf("%s without a lease: %v, %v; want ErrLease", name, out, err)
		}
	}
	if after := len(n.Events(t)); after != before {
		t.Errorf("%d events were written without a lease", after-before)
	}
	if err := n.Poll(); err != nil {
		t.Fatal(err)
	}
	rotate(t, n, oauth.Won, NewRotation(now, r, 1))
}
