package login

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
)

// hammer fails n times, passing over waits, and returns how long it waited.
func (h *hall) hammer(t *testing.T, a Attempt, n int) (waited time.Duration) {
	t.Helper()
	for failed := 0; failed < n; {
		err := h.try(t, a)
		switch {
		case errors.Is(err, ErrFailed):
			failed++
		case errors.Is(err, ErrThrottled):
			if err.RetryAfter < time.Second || err.RetryAfter%time.Second != 0 {
				t.Fatalf("Retry-After of %v", err.RetryAfter)
			}
			waited += err.RetryAfter
			h.pass(err.RetryAfter)
		default:
			t.Fatalf("%v", err)
		}
	}
	return waited
}

// Known and unknown names meet the same limit, the same answer and the same wait.
func TestSameLimitForAll_A07(t *testing.T) {
	var want []string
	for i, name := range []string{"anna", "nobody", "dora", "nora", "otto", "an\x00na"} {
		h := newHall(t)
		var got []string
		for range 12 {
			err := h.try(t, attempt(name, guess1))
			got = append(got, fmt.Sprint(err.Code, err.Rule, err.Description, err.RetryAfter))
			h.pass(err.RetryAfter)
		}
		if i == 0 {
			want = got
			continue
		}
		for j := range got {
			if got[j] != want[j] {
				t.Errorf("%s, try %d: %s, for anna %s", name, j+1, got[j], want[j])
			}
		}
	}
}

func TestBruteForce_A08(t *testing.T) {
	h := newHall(t)
	for i := range 6 {
		if err := h.try(t, attempt("anna", guess1)); !errors.Is(err, ErrFailed) {
			t.Fatalf("failure %d: %v", i+1, err)
		}
	}
	hashes := h.today
	for _, password := range []string{guess1, right} {
		err := h.try(t, attempt("anna", password))
		if !errors.Is(err, ErrThrottled) || err.RetryAfter != time.Second {
			t.Errorf("during the wait, password %q: %v, %v", password, err, err.RetryAfter)
		}
	}
	if h.today != hashes {
		t.Error("a password was evaluated during the wait")
	}
	h.pass(time.Second)
	if err := h.try(t, attempt("anna", right)); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	// Nothing was reset: the next failure is the seventh.
	h.hammer(t, attempt("anna", guess1), 1)
	if err := h.try(t, attempt("anna", right)); err == nil || err.RetryAfter != 2*time.Second {
		t.Errorf("a success cleared the bucket: %v", err)
	}
	// A day of guessing as fast as it goes.
	began, failed := h.Now(), 0
	for h.Now().Sub(began) < 24*time.Hour {
		h.hammer(t, attempt("anna", guess1), 1)
		failed++
	}
	if failed > 140 {
		t.Errorf("%d guesses in a day", failed)
	}
}

// Old failures are forgotten, with nobody's help.
func TestThrottleDecays_A14(t *testing.T) {
	h := newHall(t)
	h.hammer(t, attempt("anna", guess1), 12)
	h.pass(2 * time.Hour)
	if waited := h.hammer(t, attempt("anna", guess1), 6); waited != 0 {
		t.Errorf("two hours later, six failures cost %v", waited)
	}
}

// Whatever one attacker does at one address for three days, the person signs in
// elsewhere.
func TestLockout_A14(t *testing.T) {
	for _, name := range []string{"anna", "otto"} {
		h := newHall(t)
		for range 300 {
			h.hammer(t, from("198.51.100.66", name, guess1), 1)
			if err := h.try(t, from("203.0.113.7", name, right)); err != nil {
				t.Fatalf("after %v, %s elsewhere: %v, %v", h.Now().Sub(day0), name, err, err.RetryAfter)
			}
		}
	}
}

// Many addresses fill the person's bucket. Who signed in at their address before
// is let past it, others wait five minutes at most.
func TestManyAddresses_A14(t *testing.T) {
	h := newHall(t)
	if err := h.try(t, from("203.0.113.7", "anna", right)); err != nil {
		t.Fatal(err)
	}
	evaluated := 0
	for i := range 5000 {
		err := h.try(t, from(fmt.Sprintf("198.51.%d.%d", i/250, i%250), "anna", guess1))
		if errors.Is(err, ErrFailed) {
			evaluated++
		}
		h.pass(time.Second / 10)
	}
	if evaluated < 50 || evaluated > 62 {
		t.Errorf("%d guesses in 500 s from 5000 addresses", evaluated)
	}
	if err := h.try(t, from("192.0.2.9", "anna", right)); !errors.Is(err, ErrThrottled) || err.RetryAfter > 5*time.Minute {
		t.Errorf("at a new address: %v", err)
	}
	if err := h.try(t, from("203.0.113.7", "anna", right)); err != nil {
		t.Errorf("at a known address: %v", err)
	}
	// The known address still has its own bucket, tight as any.
	h.hammer(t, from("203.0.113.7", "anna", guess1), 6)
	if err := h.try(t, from("203.0.113.7", "anna", right)); !errors.Is(err, ErrThrottled) {
		t.Errorf("a known address has no limit: %v", err)
	}
	h.pass(31 * 24 * time.Hour)
	if h.known.marked(h.subject(from("203.0.113.7", "anna", "")).known, h.Now()) {
		t.Error("an address is known for ever")
	}
}

func TestForgive_A14(t *testing.T) {
	h := newHall(t)
	here := netip.MustParseAddr("203.0.113.7")
	h.hammer(t, attempt("anna", guess1), 6)
	if err := h.Forgive(t.Context(), "Anna"); err != nil {
		t.Fatal(err)
	}
	if err := h.try(t, attempt("anna", right)); !errors.Is(err, ErrThrottled) {
		t.Errorf("the address was not named: %v", err)
	}
	if err := h.Forgive(t.Context(), "Anna", here); err != nil {
		t.Fatal(err)
	}
	if err := h.try(t, attempt("anna", right)); err != nil {
		t.Errorf("forgiven: %v", err)
	}
	if len(h.counters) != 0 {
		t.Errorf("%d buckets are left", len(h.counters))
	}
}

// stampede makes all tries at once: none is counted before each of them was
// either refused or let in. It returns how many were hashed, and how many refused.
func (h *hall) stampede(t *testing.T, tries []Attempt) (hashed, refused int) {
	t.Helper()
	h.Pool = NewPool(len(tries), len(tries), time.Minute)
	decided, release := make(chan bool, len(tries)), make(chan struct{})
	h.before = func() { decided <- true; <-release }
	var wg sync.WaitGroup
	for _, a := range tries {
		wg.Go(func() {
			_, err := h.Prove(t.Context(), a)
			switch {
			case errors.Is(err, ErrThrottled):
				decided <- false
			case !errors.Is(err, ErrFailed):
				t.Error(err)
			}
		})
	}
	for range tries {
		if <-decided {
			hashed++
		} else {
			refused++
		}
	}
	close(release)
	wg.Wait()
	return hashed, refused
}

// One short of the limit, a hundred at once: one is evaluated.
func TestParallelGuesses_A10(t *testing.T) {
	for _, name := range []string{"anna", "nobody"} {
		h := newHall(t)
		h.hammer(t, attempt(name, guess1), 5)
		if hashed, refused := h.stampede(t, slices.Repeat([]Attempt{attempt(name, guess1)}, 100)); hashed != 1 || refused != 99 {
			t.Errorf("%s: %d hashed, %d refused, want 1 and 99", name, hashed, refused)
		}
	}
}

// From nothing: five free failures and the one that begins the wait.
func TestParallelFromNothing_A10(t *testing.T) {
	h := newHall(t)
	if hashed, _ := h.stampede(t, slices.Repeat([]Attempt{attempt("anna", guess1)}, 100)); hashed != 6 {
		t.Errorf("%d were hashed, want 6", hashed)
	}
}

// The same without a stop, as it happens.
func TestParallelRace_A10(t *testing.T) {
	h := newHall(t)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { _, _ = h.Prove(t.Context(), attempt("anna", guess1)) })
	}
	wg.Wait()
	if h.today < 1 || h.today > 6 {
		t.Errorf("%d were hashed, want at most 6", h.today)
	}
}

// Many addresses at once against one person: the person's bucket holds.
func TestParallelAddresses_A10(t *testing.T) {
	h := newHall(t)
	var tries []Attempt
	for i := range 200 {
		tries = append(tries, from(fmt.Sprintf("198.51.100.%d", i), "anna", guess1))
	}
	if hashed, _ := h.stampede(t, tries); hashed != 51 {
		t.Errorf("%d were hashed, want 51", hashed)
	}
}

// A flood of tries that are refused at one address does not count as failures
// under way for the person elsewhere.
func TestFloodFillsOneBucketOnly_A14(t *testing.T) {
	h := newHall(t)
	h.Pool = NewPool(100, 1000, time.Minute)
	release := make(chan struct{})
	var inside atomic.Int32
	h.before = func() {
		if inside.Add(1) <= 6 {
			<-release
		}
	}
	var flood sync.WaitGroup
	var refused atomic.Int32
	full := make(chan struct{})
	for range 60 {
		flood.Go(func() {
			if _, err := h.Prove(t.Context(), from("198.51.100.66", "anna", guess1)); errors.Is(err, ErrThrottled) && refused.Add(1) == 54 {
				close(full)
			}
		})
	}
	<-full
	if err := h.try(t, from("203.0.113.7", "anna", right)); err != nil {
		t.Errorf("elsewhere: %v", err)
	}
	close(release)
	flood.Wait()
}

// One password on many names from one address.
func TestSpraying_A09(t *testing.T) {
	h := newHall(t)
	evaluated := 0
	for i := range 10_000 {
		if err := h.try(t, attempt(fmt.Sprintf("user%d", i), "Summer2026!")); errors.Is(err, ErrFailed) {
			evaluated++
		}
		h.pass(10 * time.Millisecond)
	}
	if evaluated < 60 || evaluated > 60+51 {
		t.Errorf("%d guesses in 100 s from one address", evaluated)
	}
	if err := h.try(t, from("198.51.100.1", "anna", right)); err != nil {
		t.Errorf("at another address: %v", err)
	}
	h.pass(3 * time.Second)
	if err := h.try(t, attempt("anna", right)); err != nil {
		t.Errorf("at the same address, a little later: %v", err)
	}
}

// A try that is refused for the person costs the address nothing.
func TestRefusalIsFree(t *testing.T) {
	h := newHall(t)
	h.Limits = Limits{Address: Rate{Burst: 8, Every: time.Hour}, App: Rate{Burst: 8, Every: time.Hour}}
	h.hammer(t, attempt("anna", guess1), 6)
	for range 20 {
		h.try(t, attempt("anna", guess1))
	}
	if err := h.try(t, attempt("bert", right)); err != nil {
		t.Errorf("somebody else at the address: %v", err)
	}
}

// Successes are free: they fill no bucket.
func TestSuccessIsFree(t *testing.T) {
	h := newHall(t)
	h.Limits = Limits{Address: Rate{Burst: 2, Every: time.Hour}, App: Rate{Burst: 2, Every: time.Hour}}
	for range 20 {
		if err := h.try(t, attempt("anna", right)); err != nil {
			t.Fatal(err)
		}
	}
}

// The id of a public app is no secret. Who fills its bucket makes addresses with
// failures wait, not the app's people.
func TestPublicAppUnderAttack_A09(t *testing.T) {
	h := newHall(t)
	h.Limits = Limits{App: Rate{Burst: 100, Every: time.Minute}}
	for i := range 100 {
		h.try(t, from(fmt.Sprintf("198.51.100.%d", i), fmt.Sprintf("user%d", i), "Summer2026!"))
	}
	for i := range 20 {
		if err := h.try(t, from(fmt.Sprintf("203.0.113.%d", i), "anna", right)); err != nil {
			t.Errorf("somebody at a quiet address: %v", err)
		}
	}
	evaluated := 0
	for i := range 60 {
		if err := h.try(t, from("192.0.2.1", fmt.Sprintf("more%d", i), "Summer2026!")); errors.Is(err, ErrFailed) {
			evaluated++
		}
	}
	if evaluated != 5 {
		t.Errorf("an address made %d guesses while the app was under attack, want 5", evaluated)
	}
}

// An app that proved itself has one address for all its people: its own bucket
// counts, not the address's, and refuses by itself.
func TestProvenApp_A09(t *testing.T) {
	h := newHall(t)
	h.Limits = Limits{App: Rate{Burst: 100, Every: time.Minute}}
	evaluated := 0
	for i := range 150 {
		a := attempt(fmt.Sprintf("user%d", i), "Summer2026!")
		a.Proven = true
		if err := h.try(t, a); errors.Is(err, ErrFailed) {
			evaluated++
		}
	}
	if evaluated != 100 {
		t.Errorf("%d guesses through one proven app, want 100", evaluated)
	}
	other := attempt("anna", right)
	other.Proven, other.Client = true, "app-00000002"
	if err := h.try(t, other); err != nil {
		t.Errorf("another app: %v", err)
	}
}

// The id of a confidential app is no secret either, and one dialect has a door at
// which it proves nothing. Failures there must not lock out the app itself.
func TestStrangersFillNoProvenAppsBucket_A14(t *testing.T) {
	h := newHall(t)
	h.Limits = Limits{App: Rate{Burst: 100, Every: time.Minute}}
	for i := range 150 {
		h.try(t, from(fmt.Sprintf("198.51.100.%d", i), fmt.Sprintf("user%d", i), "Summer2026!"))
	}
	honest := attempt("anna", right)
	honest.Proven = true
	if err := h.try(t, honest); err != nil {
		t.Errorf("the app itself: %v", err)
	}
}

func TestPrefix_A13(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"203.0.113.7", "203.0.113.7"},
		{"::ffff:203.0.113.7", "203.0.113.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::", "2001:db8:1:2::/64"},
		{"2001:db8:1:3::", "2001:db8:1:3::/64"},
		{"fe80::1%eth0", "fe80::/64"},
	} {
		if got := prefix(netip.MustParseAddr(c.address)); got != c.want {
			t.Errorf("%s counts as %s, want %s", c.address, got, c.want)
		}
	}
	if got := prefix(netip.Addr{}); got != "unknown" {
		t.Errorf("no address counts as %s", got)
	}
	h := newHall(t)
	evaluated := 0
	for i := range 50 {
		if err := h.try(t, from(fmt.Sprintf("2001:db8:1:2::%x", i), "anna", guess1)); errors.Is(err, ErrFailed) {
			evaluated++
		}
	}
	if evaluated != 6 {
		t.Errorf("%d guesses from one /64, want 6", evaluated)
	}
}

// Buckets are named so that the table tells nobody who was tried, and so that no
// two of them meet.
func TestBucketNames(t *testing.T) {
	h := newHall(t)
	seen := map[account.CounterKey]string{}
	for _, a := range []Attempt{attempt("anna", ""), attempt("bert", ""), from("198.51.100.1", "anna", "")} {
		s := h.subject(a)
		for kind, key := range map[string]account.CounterKey{
			"person-address": s.personAddress, "person": s.person, "address": s.address, "app": s.app, "known": s.known,
		} {
			name := kind
			switch kind {
			case "person-address", "known":
				name += s.identifier + prefix(a.Address)
			case "person":
				name += s.identifier
			case "address":
				name += prefix(a.Address)
			}
			if was, taken := seen[key]; taken && was != name {
				t.Errorf("%s and %s share a bucket", was, name)
			}
			seen[key] = name
		}
	}
	if other := newHall(t); other.subject(attempt("anna", "")).person == h.subject(attempt("anna", "")).person {
		t.Error("a bucket's name does not depend on the master key")
	}
}

func TestThrottledEvent(t *testing.T) {
	h := newHall(t)
	h.hammer(t, attempt("anna", guess1), 6)
	h.hammer(t, attempt("nobody", guess1), 6)
	for range 20 {
		h.try(t, attempt("anna", guess1))
		h.try(t, attempt("nobody", guess1))
	}
	events := h.named(audit.LoginThrottled)
	if len(events) != 2 {
		t.Fatalf("%d events for two buckets in one minute", len(events))
	}
	e := events[0]
	if e.User != "005anna" || e.Rule != "login.throttled" || e.Detail["bucket"] != "person-address" || e.App != "app-00000001" || e.Address != "203.0.113.7" {
		t.Errorf("%+v", e)
	}
	if events[1].User != "" {
		t.Errorf("%+v", events[1])
	}
	h.hammer(t, attempt("anna", guess1), 8) // more than a minute of waits
	if n := len(h.named(audit.LoginThrottled)); n < 3 || n > 12 {
		t.Errorf("%d events after some minutes", n)
	}
}

// That the event cannot be written changes no answer.
func TestThrottledEventFails(t *testing.T) {
	h := newHall(t)
	h.hammer(t, attempt("anna", guess1), 6)
	h.fails = errors.New("disk full")
	if err := h.try(t, attempt("anna", guess1)); !errors.Is(err, ErrThrottled) {
		t.Errorf("%v", err)
	}
	if len(h.faults) != 1 {
		t.Errorf("faults: %v", h.faults)
	}
}

// What is refused, in whatever way, leaves nothing behind.
func TestNothingIsLeftUnderWay(t *testing.T) {
	h := newHall(t)
	for _, c := range refusals {
		h.try(t, attempt(c.identifier, c.password))
	}
	h.hammer(t, attempt("anna", guess1), 8)
	for i := range h.under.shards {
		if n := len(h.under.shards[i].count); n > 0 {
			t.Errorf("%d tries are still under way", n)
		}
	}
}
