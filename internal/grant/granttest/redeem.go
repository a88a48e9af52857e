package granttest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
)

func redeemOnce(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	redeem(t, n, oauth.Won, r)
	redeem(t, n, oauth.Lost, again(r))
	redeem(t, n, oauth.Lost, r) // a second request can have no first one's luck
	want := grant.Family{
		ID: r.Code.ID, Client: app, User: alice, Epoch: 7, Scopes: r.Code.Scopes, Flow: r.Code.Flow,
		Seq: 1, Issued: time.UnixMicro(r.Now.UnixMicro()).UTC(), Attempt: r.Attempt,
	}
	if diff := cmp.Diff(want, family(t, n, r.Code.ID)); diff != "" {
		t.Errorf("family (-want +got):\n%s", diff)
	}
	expectEvents(t, n, audit.CodeRedeemed, 1)
}

func redeemWithoutFamily(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	r.Refresh = false
	redeem(t, n, oauth.Won, r)
	redeem(t, n, oauth.Lost, again(r))
	if _, err := n.Store.Family(t.Context(), r.Code.ID, 0); !errors.Is(err, grant.ErrNotFound) {
		t.Errorf("family: %v, want ErrNotFound", err)
	}
	expectEvents(t, n, audit.CodeRedeemed, 1)
}

// racers is how many requests meet.
const racers = 64

// race runs f once for each racer, all at once, and returns how many won. None
// may end otherwise than won or lost.
func race(t *testing.T, f func(i int) (oauth.Outcome, error)) int {
	t.Helper()
	var won atomic.Int64
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			out, err := f(i)
			if err != nil || out == oauth.Unknown {
				t.Errorf("racer %d: %v, %v", i, out, err)
			}
			if out == oauth.Won {
				won.Add(1)
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return int(won.Load())
}

// redeemRace: 64 requests on two nodes, one code, one winner.
func redeemRace(t *testing.T, db Database) {
	nodes := []Node{db.Open(t), db.Open(t)}
	for range 4 {
		r := NewRedemption(db.Now(), alice, app)
		won := race(t, func(i int) (oauth.Outcome, error) {
			return nodes[i%2].Store.RedeemCode(t.Context(), again(r))
		})
		if won != 1 {
			t.Fatalf("%d winners of one code", won)
		}
	}
	expectEvents(t, nodes[0], audit.CodeRedeemed, 4)
}

// redeemAnswerLost: the commit happened, its answer was lost. The store finds
// its own attempt.
func redeemAnswerLost(t *testing.T, db Database) {
	n := db.Open(t)
	for _, refresh := range []bool{true, false} {
		r := NewRedemption(db.Now(), alice, app)
		r.Refresh = refresh
		n.OnCommit(lose(1))
		redeem(t, n, oauth.Won, r)
		n.OnCommit(nil)
		redeem(t, n, oauth.Lost, again(r))
		if refresh && family(t, n, r.Code.ID).Seq != 1 {
			t.Error("the family moved")
		}
	}
	expectEvents(t, n, audit.CodeRedeemed, 2)
}

// redeemUnknown: no answer comes at all. That is no error, no win and no loss;
// another request finds the code spent.
func redeemUnknown(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	n.OnCommit(lose(always))
	redeem(t, n, oauth.Unknown, r)
	n.OnCommit(nil)
	redeem(t, n, oauth.Lost, again(r))
	if f := family(t, n, r.Code.ID); f.Attempt != r.Attempt {
		t.Error("the family is not the one of the attempt that was applied")
	}
	expectEvents(t, n, audit.CodeRedeemed, 1)
}

// redeemRolledBack: the commit did not happen and nobody said so.
func redeemRolledBack(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	n.OnCommit(refuse(1))
	redeem(t, n, oauth.Won, r)
	expectEvents(t, n, audit.CodeRedeemed, 1)

	r = NewRedemption(db.Now(), alice, app)
	n.OnCommit(refuse(always))
	redeem(t, n, oauth.Unknown, r)
	n.OnCommit(nil)
	expectEvents(t, n, audit.CodeRedeemed, 1)
	redeem(t, n, oauth.Won, again(r)) // nothing was spent
}

// redeemLostInDoubt: while a request does not know how its try ended, another
// one spends the code. The first must not take that for its own.
func redeemLostInDoubt(t *testing.T, db Database) {
	a, b := db.Open(t), db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	lostInDoubt(t, a, func() (oauth.Outcome, error) { return a.Store.RedeemCode(t.Context(), r) },
		func() { redeem(t, b, oauth.Won, again(r)) })
	expectEvents(t, a, audit.CodeRedeemed, 1)
}

// lostInDoubt lets the slower request try in vain, without an answer, until the
// faster one is done.
func lostInDoubt(t *testing.T, n Node, slower func() (oauth.Outcome, error), faster func()) {
	t.Helper()
	var gone atomic.Bool
	trying, first := make(chan struct{}, 1), make(chan oauth.Outcome, 1)
	n.OnCommit(func(commit func() error) error {
		select {
		case trying <- struct{}{}:
		default:
		}
		if !gone.Load() {
			return errAnswerLost
		}
		return commit()
	})
	go func() {
		out, err := slower()
		if err != nil {
			t.Error(err)
		}
		first <- out
	}()
	<-trying
	faster()
	gone.Store(true)
	if out := <-first; out != oauth.Lost {
		t.Errorf("the slower request: %v, want lost", out)
	}
}

// redeemBeyondRing: a code of a slot that passed is lost; one of a slot that is
// not open yet cannot be judged.
func redeemBeyondRing(t *testing.T, db Database) {
	n := db.Open(t)
	r := NewRedemption(db.Now(), alice, app)
	r.Code.Slot -= 3
	redeem(t, n, oauth.Lost, r)
	r.Code.Slot += 3 + 8
	if out, err := n.Store.RedeemCode(t.Context(), r); out == oauth.Won || !errors.Is(err, grant.ErrLease) {
		t.Errorf("a slot beyond the ring: %v, %v; want ErrLease", out, err)
	}
	expectEvents(t, n, audit.CodeRedeemed, 0)
}

// redeemAsTimePasses: however long ago a code was spent, and whatever happened
// to the ring since, it is never spent again.
func redeemAsTimePasses(t *testing.T, db Database) {
	a, b := db.Open(t), db.Open(t)
	var spent []grant.Redemption
	for _, step := range []time.Duration{0, 5 * time.Minute, 10 * time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 24 * time.Hour} {
		db.Advance(t, step)
		r := NewRedemption(db.Now(), alice, app)
		redeem(t, a, oauth.Won, r)
		spent = append(spent, r)
		for _, old := range spent {
			redeem(t, b, oauth.Lost, again(old))
		}
	}
}
