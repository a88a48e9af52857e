package login

import (
	"errors"
	"time"

	"countersign/internal/account"
	"countersign/internal/fault"
)

// Rule is one progressive limit on failures: Free of them cost no wait and are
// forgotten evenly over Window; every further one doubles the wait, from First
// up to Most. The zero value means the default of its place in Limits; a
// negative Free switches the rule off.
//
// Spec: NIST SP 800-63B-4 §3.2.2.
type Rule struct {
	Free   int
	Window time.Duration
	First  time.Duration
	Most   time.Duration
}

// Rate is one limit on failures in memory: Burst at once, then one each Every.
// The zero value means the default of its place in Limits; a negative Burst
// switches the limit off.
type Rate struct {
	Burst int
	Every time.Duration
}

// Limits are the four limits on failed logins. Members left at zero get the
// value of DefaultLimits. The package comment says how they fit together:
// PersonAddress must let less through in a day than Person forgets.
type Limits struct {
	PersonAddress Rule
	Person        Rule
	Address       Rate
	App           Rate
	// Suspect is the Burst of each address while a public app's bucket is full.
	Suspect int
	// KnownFor is how long an address where somebody signed in is let past the
	// person's bucket. Negative: never.
	KnownFor time.Duration
	// Tracked bounds each of the tables in memory, in entries of some 50 bytes.
	Tracked int
}

// DefaultLimits hold where nothing else is configured.
var DefaultLimits = Limits{
	PersonAddress: Rule{Free: 5, Window: time.Hour, First: time.Second, Most: 15 * time.Minute},
	Person:        Rule{Free: 50, Window: 6 * time.Hour, First: time.Second, Most: 5 * time.Minute},
	Address:       Rate{Burst: 60, Every: 2 * time.Second},
	App:           Rate{Burst: 1000, Every: 50 * time.Millisecond},
	Suspect:       5,
	KnownFor:      30 * 24 * time.Hour,
	Tracked:       1 << 16,
}

// ErrLimits refuses limits that let one attacker lock a person out everywhere,
// or that let more than 100 failures pass before they slow down.
var ErrLimits = errors.New("login limits: the person's bucket must forget faster than one address can fill it, " +
	"start to slow down after at most 100 failures, and no wait, window or rate may be zero or negative")

// Check says whether the limits keep what the package promises. Errors:
// ErrLimits.
//
// Spec: NIST SP 800-63B-4 §3.2.2.
func (l Limits) Check() error {
	l = *l.filled()
	for _, r := range []Rule{l.PersonAddress, l.Person} {
		if r.Window <= 0 || r.First <= 0 || r.Most < r.First {
			return ErrLimits
		}
	}
	if l.Address.Every <= 0 || l.App.Every <= 0 || l.Tracked <= 0 {
		return ErrLimits
	}
	near, all := l.PersonAddress, l.Person
	switch {
	case all.Free < 0 && near.Free < 0, all.Free > 100:
		return ErrLimits
	case all.Free < 0:
		return nil
	case near.Free < 0, near.sustained() < all.Window/time.Duration(all.Free):
		return ErrLimits
	}
	return nil
}

// sustained is the shortest time between failures that somebody patient can keep
// up for ever: as the free ones are forgotten, or at the longest wait.
func (r Rule) sustained() time.Duration {
	return min(r.Window/time.Duration(max(r.Free, 1)), r.Most)
}

func (l Limits) filled() *Limits {
	d := DefaultLimits
	l.PersonAddress, l.Person = l.PersonAddress.or(d.PersonAddress), l.Person.or(d.Person)
	l.Address, l.App = l.Address.or(d.Address), l.App.or(d.App)
	l.Suspect = or(l.Suspect, d.Suspect)
	l.KnownFor = or(l.KnownFor, d.KnownFor)
	l.Tracked = or(l.Tracked, d.Tracked)
	return &l
}

func (r Rule) or(d Rule) Rule {
	return Rule{Free: or(r.Free, d.Free), Window: or(r.Window, d.Window), First: or(r.First, d.First), Most: or(r.Most, d.Most)}
}

func (r Rate) or(d Rate) Rate { return Rate{Burst: or(r.Burst, d.Burst), Every: or(r.Every, d.Every)} }

func or[T int | time.Duration](v, d T) T {
	if v == 0 {
		return d
	}
	return v
}

// wait is how long the next try is refused from now on; zero lets it through.
// A bucket is full when Window is left of it.
func (r Rule) wait(c account.Counter, now time.Time) time.Duration {
	if r.Free < 0 || fault.Is(fault.NoThrottle) {
		return 0
	}
	return max(max(c.Until.Sub(now), 0)-r.Window, 0) // the zero time is so far back that it overflows
}

// fail gives the bucket after one more failure and what that failure costs. It
// is what a Store's CountFailure does with the cost.
func (r Rule) fail(c account.Counter, now time.Time) (account.Counter, time.Duration) {
	if c.Until.Before(now) {
		c = account.Counter{Until: now}
	}
	left := c.Until.Sub(now)
	// A millisecond less, so that a store may round to milliseconds.
	after := left + r.Window/time.Duration(max(r.Free, 1)) - time.Millisecond
	if after > r.Window {
		after = max(left, r.Window) + r.backOff(int(c.Failures)-r.Free)
	}
	return account.Counter{Failures: c.Failures + 1, Until: now.Add(after)}, after - left
}

// backOff is the wait after so many failures beyond the free ones.
func (r Rule) backOff(beyond int) time.Duration {
	wait := r.First
	for ; beyond > 0 && wait < r.Most; beyond-- {
		wait *= 2
	}
	return min(wait, r.Most)
}
