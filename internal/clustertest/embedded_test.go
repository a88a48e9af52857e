package clustertest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	countersign "countersign/internal/server"
)

// On one machine, with the embedded database: the server is killed under load and
// started again.
func TestNothingLostWhenAServerIsKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	h := furnish(t, countersign.DataOptions{Dir: dir})
	s := serve(t, "one", nil, "--data", dir)
	f, l := newFleet(h, s), newLedger()
	d := f.drive(t.Context(), l)
	for range 2 {
		waitFor(t, l, 30)
		s.kill()
		if err := s.again(); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, l, 30)
	d.stop()
	f.check(l, time.Minute)
	got, _, faults := l.state()
	for _, fault := range faults {
		t.Error(fault)
	}
	if got.redeemed == 0 || got.rotated == 0 || got.revoked == 0 || got.refused == 0 || got.logins == 0 {
		t.Errorf("the load was one-sided: %+v", got)
	}
	t.Logf("%+v", got)
}

// waitFor waits until so many more rotations were acknowledged.
func waitFor(t *testing.T, l *ledger, n int) {
	t.Helper()
	begin, _, _ := l.state()
	within(t, time.Minute, "rotations go on", func() (bool, string) {
		now, _, _ := l.state()
		return now.rotated >= begin.rotated+n, ""
	})
}

// The ledger sees what it is there to see: entries are made that say what is not
// so.
func TestLedgerSees(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	h := furnish(t, countersign.DataOptions{Dir: dir})
	f := newFleet(h, serve(t, "one", nil, "--data", dir))
	soon := func() time.Time { return time.Now().Add(20 * time.Second) }
	grant := func(l *ledger) *entry {
		e := &entry{minted: time.Now(), code: h.mint(time.Now())}
		r, _ := f.ask(l, soon(), tokenPath, redeem(e.code))
		if e.refresh = r.Token; e.refresh == "" {
			t.Fatalf("no refresh token: %+v", r)
		}
		return e
	}
	for name, spoil := range map[string]struct {
		want string
		make func(*ledger) *entry
	}{
		"nothing, of an honest login": {"", grant},
		"a rotation that never was": {"LOST: an acknowledged refresh token", func(l *ledger) *entry {
			e, other := grant(l), grant(l)
			f.ask(l, soon(), revokePath, revoke(other.refresh))
			e.refresh = other.refresh
			return e
		}},
		"a revocation that never was": {"LOST: a revocation", func(l *ledger) *entry {
			e := grant(l)
			e.ended = true
			return e
		}},
		"a code that was not spent": {"SPENT TWICE: a code", func(l *ledger) *entry {
			e := grant(l)
			e.code = h.mint(time.Now())
			return e
		}},
		"a second successor": {"SPENT TWICE: ", func(l *ledger) *entry {
			e := grant(l)
			l.win(func(*tally) {}, e.refresh, "another")
			return e
		}},
		"a code redeemed twice": {"SPENT TWICE: ", func(l *ledger) *entry {
			e := grant(l)
			l.win(func(*tally) {}, e.code, firstOf("one"))
			l.win(func(*tally) {}, e.code, firstOf("two"))
			return e
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			l.keep(spoil.make(l))
			f.check(l, time.Minute)
			_, _, faults := l.state()
			if all := strings.Join(faults, "\n"); (spoil.want == "") != (all == "") || !strings.Contains(all, spoil.want) {
				t.Errorf("found %q, want %q", all, spoil.want)
			}
		})
	}
}
