package clustertest

import (
	"strings"
	"testing"
	"time"
)

func skew(d time.Duration) []string { return []string{"COUNTERSIGN_TEST_CLOCK_SKEW=" + d.String()} }

// clockBehind starts servers whose clocks are behind. One that is so far behind
// that codes look young to it whose slot of the ring was emptied does not serve at
// all: nobody knows any more whether they were spent. The floor that it is held
// against is the database's. One that is a minute and a half behind serves.
func (f *fleet) clockBehind(t *testing.T, args ...string) {
	t.Helper()
	far := newServer(t, "far-behind", skew(-25*time.Minute), args...)
	if err := far.start("127.0.0.1:0"); err == nil {
		t.Error("a server whose clock is 25 minutes behind serves")
		far.kill()
	} else if !strings.Contains(err.Error(), "clock") {
		t.Errorf("a server whose clock is 25 minutes behind says %v; the clock is what is wrong", err)
	}
	near := serve(t, "behind", skew(-90*time.Second), args...)
	dead := time.Now().Add(-codeLife - 2*time.Minute)
	if r := f.on(near, tokenPath, redeem(f.house.mint(dead))); !r.lost() {
		t.Errorf("a code that is dead by every clock is answered %d %s, want invalid_grant", r.status, r.Error)
	}
	if r := f.on(near, tokenPath, redeem(f.house.mint(time.Now()))); !r.won() {
		t.Errorf("with a clock 90 s behind, a code is answered %d %s, want tokens", r.status, r.Error)
	}
}

// serverClock lets servers with wrong clocks join. One that is two hours ahead would
// empty the ring under the others, if it did that by its own clock: it may refuse to
// serve, but it may not keep them from it.
func (s *stage) serverClock() {
	t := s.t
	if !clocksCanBeWrong {
		t.Skip("needs the build tag faults")
	}
	s.whole()
	args := []string{"--data", s.dir, "--database", databaseURL(members()...)}
	s.clockBehind(t, args...)
	ahead := newServer(t, "ahead", skew(2*time.Hour), args...)
	s.under("clock of a server", func() {
		if err := ahead.start("127.0.0.1:0"); err != nil {
			t.Logf("two hours ahead: %v", err)
			return
		}
		defer ahead.kill()
		if r := s.on(ahead, tokenPath, redeem(s.house.mint(time.Now()))); r.won() {
			t.Error("a code that is dead by its own clock was redeemed there")
		}
		waitFor(t, s.ledger, 100)
	}, func() {})
}
