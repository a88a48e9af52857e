package login

import (
	"errors"
	"testing"
	"time"

	"countersign/internal/account"
)

var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// Failures as fast as the rule allows them: which waits come between?
func TestRuleWaits(t *testing.T) {
	s, m := time.Second, time.Minute
	for _, c := range []struct {
		name string
		rule Rule
		want []time.Duration // after the 1st, 2nd … failure
	}{
		{"person at an address", DefaultLimits.PersonAddress, []time.Duration{
			0, 0, 0, 0, 0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 512 * s, 15 * m, 15 * m,
		}},
		{"one free", Rule{Free: 1, Window: time.Hour, First: m, Most: 3 * m}, []time.Duration{0, m, 2 * m, 3 * m, 3 * m}},
		{"switched off", Rule{Free: -1, Window: time.Hour, First: m, Most: m}, []time.Duration{0, 0, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, bucket := day0, account.Counter{}
			for i, want := range c.want {
				bucket, _ = c.rule.fail(bucket, now)
				if got := c.rule.wait(bucket, now); got != want {
					t.Errorf("after failure %d: %v, want %v", i+1, got, want)
				}
				now = now.Add(c.rule.wait(bucket, now))
			}
		})
	}
}

func TestRuleForgets(t *testing.T) {
	r := DefaultLimits.PersonAddress
	bucket := account.Counter{}
	for range 8 {
		bucket, _ = r.fail(bucket, day0)
	}
	if r.wait(bucket, day0) == 0 {
		t.Fatal("8 failures cost no wait")
	}
	over := bucket.Until.Add(time.Millisecond)
	if bucket, _ = r.fail(bucket, over); bucket.Failures != 1 || r.wait(bucket, over) != 0 {
		t.Errorf("a bucket that ran empty is not a new one: %+v", bucket)
	}
	// One a day never waits.
	now := day0
	for range 30 {
		now = now.Add(24 * time.Hour)
		if bucket, _ = r.fail(bucket, now); r.wait(bucket, now) > 0 {
			t.Fatal("one failure a day leads to a wait")
		}
	}
}

// guess fails whenever the rule allows it, waiting pause besides, for so long,
// and returns the number of failures.
func guess(r Rule, pause, length time.Duration) (failures int) {
	bucket := account.Counter{}
	for now := day0; now.Before(day0.Add(length)); now = now.Add(max(r.wait(bucket, now), pause)) {
		bucket, _ = r.fail(bucket, now)
		failures++
	}
	return failures
}

// What the package comment promises, for the greedy and the patient, over days.
func TestGuessesOverDays_A08(t *testing.T) {
	const day = 24 * time.Hour
	near, all := DefaultLimits.PersonAddress, DefaultLimits.Person
	for _, c := range []struct {
		name   string
		rule   Rule
		pause  time.Duration
		length time.Duration
		most   int
	}{
		{"greedy at one address, an hour", near, time.Millisecond, time.Hour, 20},
		{"greedy at one address, ten days", near, time.Millisecond, 10 * day, 10*120 + 20},
		{"patient at one address, ten days", near, 12 * time.Minute, 10 * day, 10*120 + 20},
		{"half patient at one address, ten days", near, 3 * time.Minute, 10 * day, 10*120 + 20},
		{"greedy everywhere, an hour", all, time.Millisecond, time.Hour, 80},
		{"greedy everywhere, ten days", all, time.Millisecond, 10 * day, 10*290 + 60},
		{"patient everywhere, ten days", all, 7 * time.Minute, 10 * day, 10*290 + 60},
	} {
		if got := guess(c.rule, c.pause, c.length); got > c.most {
			t.Errorf("%s: %d failures, want at most %d", c.name, got, c.most)
		}
	}
	// NIST: hard slowing before 100 failures in a row.
	if got := guess(all, time.Millisecond, 10*time.Minute); got > 100 {
		t.Errorf("%d failures in ten minutes", got)
	}
}

// One address, however it spaces its tries, never makes the person wait elsewhere.
func TestOneAddressNeverFillsThePerson_A14(t *testing.T) {
	near, all := DefaultLimits.PersonAddress, DefaultLimits.Person
	for _, pause := range []time.Duration{time.Millisecond, time.Minute, 5 * time.Minute, 12 * time.Minute, 15 * time.Minute} {
		var here, everywhere account.Counter
		for now := day0; now.Before(day0.Add(10 * 24 * time.Hour)); now = now.Add(max(near.wait(here, now), pause)) {
			here, _ = near.fail(here, now)
			everywhere, _ = all.fail(everywhere, now)
			if wait := all.wait(everywhere, now); wait > 0 {
				t.Fatalf("pausing %v: after %v the person waits %v everywhere", pause, now.Sub(day0), wait)
			}
		}
	}
}

func TestLimitsCheck(t *testing.T) {
	if err := (Limits{}).Check(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	if err := (Limits{Person: Rule{Free: -1}}).Check(); err != nil {
		t.Errorf("person's rule off: %v", err)
	}
	for name, l := range map[string]Limits{
		"both rules off":                       {Person: Rule{Free: -1}, PersonAddress: Rule{Free: -1}},
		"address off alone":                    {PersonAddress: Rule{Free: -1}},
		"one address fills the person's":       {PersonAddress: Rule{Free: 20}},
		"one address at its longest wait, too": {PersonAddress: Rule{Most: time.Minute}},
		"more than 100 free":                   {Person: Rule{Free: 101, Window: time.Hour}},
		"longest wait below the first":         {Person: Rule{First: time.Hour, Most: time.Minute}},
		"negative window":                      {Person: Rule{Window: -1}},
		"negative rate":                        {Address: Rate{Every: -1}},
		"nothing tracked":                      {Tracked: -1},
	} {
		if err := l.Check(); !errors.Is(err, ErrLimits) {
			t.Errorf("%s: %v, want ErrLimits", name, err)
		}
	}
}

// A store may round to milliseconds; the limit must not move by one.
func TestRuleSurvivesRounding(t *testing.T) {
	r := DefaultLimits.PersonAddress
	now, bucket := day0.Add(123456789*time.Nanosecond), account.Counter{}
	for range r.Free {
		bucket, _ = r.fail(bucket, now)
		bucket.Until = bucket.Until.Add(999 * time.Microsecond).Truncate(time.Millisecond) // rounded up
	}
	if wait := r.wait(bucket, now); wait > 0 {
		t.Errorf("%d failures cost %v", r.Free, wait)
	}
}
