package login

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// desk keeps people, buckets and events in memory, as a Store and a Log do. The
// methods that login does not call are missing on purpose.
type desk struct {
	account.Store

	mu       sync.Mutex
	people   map[string]*account.Account
	counters map[account.CounterKey]account.Counter
	events   []audit.Event
	writes   int
	fails    error // of the next calls that write
	reads    error // of the next calls that read
}

func (d *desk) AccountByIdentifier(_ context.Context, name string) (*account.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a := d.people[name]; a != nil {
		return a, nil
	}
	return nil, account.ErrNotFound
}

func (d *desk) Counters(_ context.Context, keys ...account.CounterKey) ([]account.Counter, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []account.Counter
	for _, k := range keys {
		out = append(out, d.counters[k])
	}
	return out, d.reads
}

func (d *desk) CountFailure(ctx context.Context, now time.Time, charges []account.Charge, e audit.Event) ([]account.Counter, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != nil || ctx.Err() != nil {
		return nil, errors.Join(d.fails, ctx.Err())
	}
	var out []account.Counter
	for _, c := range charges {
		b := d.counters[c.Key]
		if b.Until.Before(now) {
			b = account.Counter{Until: now}
		}
		b = account.Counter{Failures: b.Failures + 1, Until: b.Until.Add(c.Cost)}
		d.counters[c.Key] = b
		out = append(out, b)
	}
	d.writes++
	d.events = append(d.events, e)
	return out, nil
}

func (d *desk) ClearCounters(_ context.Context, keys ...account.CounterKey) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		delete(d.counters, k)
	}
	return nil
}

func (d *desk) Rehash(_ context.Context, id oauth.UserID, old, hash string, e audit.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != nil {
		return d.fails
	}
	for _, a := range d.people {
		if a.ID == id && a.PasswordHash == old {
			a.PasswordHash = hash
		}
	}
	d.writes++
	d.events = append(d.events, e)
	return nil
}

func (d *desk) Record(_ context.Context, events ...audit.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, events...)
	return d.fails
}

func (d *desk) List(context.Context, audit.Filter) ([]audit.Event, error) { return nil, nil }

func (d *desk) named(name audit.Name) []audit.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.events), func(e audit.Event) bool { return e.Name != name })
}

// tiny is the cheapest argon2id there is, today's parameters in these tests.
var tiny = account.Params{MemoryKiB: 8, Time: 1, Parallelism: 1}

const (
	right  = "correct horse battery staple"
	guess1 = "incorrect horse battery staple"
	// cheapBcrypt is bcrypt 4 of right.
	cheapBcrypt = "$2b$04$R.RyRSM5xvIwlJWDF9I4IOX6RgxhXiDD/irK3t5H4zOvg7CsVoBUW"
	emptyBcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"
)

// hall is a Prover with a clock of its own and its work counted.
type hall struct {
	*Prover
	*desk

	clock  sync.Mutex
	at     time.Time
	today  int // hashes at today's parameters
	old    int // hashes otherwise
	faults []error
	before func() // called before each hash
}

func newHall(t *testing.T) *hall {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{at: day0, desk: &desk{people: map[string]*account.Account{}, counters: map[account.CounterKey]account.Counter{}}}
	h.Prover = &Prover{
		Accounts: h.desk, Log: h.desk, Keys: keys, Pool: NewPool(4, 1000, time.Minute), Params: tiny,
		Now: func() time.Time { h.clock.Lock(); defer h.clock.Unlock(); return h.at },
		OnFault: func(_ context.Context, err error) {
			h.clock.Lock()
			defer h.clock.Unlock()
			h.faults = append(h.faults, err)
		},
	}
	count := func(today bool) {
		if h.before != nil {
			h.before()
		}
		h.clock.Lock()
		defer h.clock.Unlock()
		if today {
			h.today++
		} else {
			h.old++
		}
	}
	h.verify = func(hash, password string) (bool, error) {
		count(!account.NeedsRehash(hash, tiny))
		return account.VerifyPassword(hash, password)
	}
	h.hash = func(params account.Params, password string) (string, error) {
		count(params == tiny)
		return account.HashPassword(params, password)
	}
	ours, err := account.HashPassword(tiny, right)
	if err != nil {
		t.Fatal(err)
	}
	h.add("anna", account.Active, ours)
	h.add("bert", account.Active, ours)
	h.add("dora", account.Disabled, ours)
	h.add("nora", account.Active, "") // no password
	h.add("otto", account.Active, cheapBcrypt)
	h.add("olga", account.Disabled, cheapBcrypt)
	h.add("void", account.Active, emptyBcrypt)
	h.add("jack", account.Active, "$argon2id$broken")
	return h
}

func (h *hall) add(name string, state account.State, hash string) {
	h.people[name] = &account.Account{ID: oauth.UserID("005" + name), Username: name, State: state, PasswordHash: hash}
}

func (h *hall) pass(d time.Duration) {
	h.clock.Lock()
	defer h.clock.Unlock()
	h.at = h.at.Add(d)
}

// attempt is a try from an ordinary address.
func attempt(name, password string) Attempt {
	return Attempt{
		Identifier: name, Password: password, Client: "app-00000001",
		Address: netip.MustParseAddr("203.0.113.7"), RequestID: "r1",
	}
}

func from(address, name, password string) Attempt {
	a := attempt(name, password)
	a.Address = netip.MustParseAddr(address)
	return a
}

// try makes the attempt and returns the refusal, nil if it succeeded. Anything
// else ends the test.
func (h *hall) try(t *testing.T, a Attempt) *oauth.Error {
	t.Helper()
	_, err := h.Prove(t.Context(), a)
	var refusal *oauth.Error
	if err != nil && !errors.As(err, &refusal) {
		t.Fatalf("Prove(%s): %v", a.Identifier, err)
	}
	return refusal
}

func TestProve(t *testing.T) {
	h := newHall(t)
	for _, name := range []string{"anna", " ANNA\t"} {
		got, err := h.Prove(t.Context(), attempt(name, right))
		if err != nil {
			t.Fatal(err)
		}
		want := Proof{Account: h.people["anna"], AMR: []string{"pwd"}, ACR: "urn:countersign:acr:password", AuthTime: day0}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if h.writes != 0 || len(h.events) != 0 {
		t.Errorf("a good login wrote %d times", h.writes)
	}
}

// refusals are all the ways in which a login fails.
var refusals = []struct {
	name, identifier, password, reason string
	old                                int // hashes of other parameters, besides
}{
	{"wrong password", "anna", guess1, "password", 0},
	{"unknown name", "nobody", guess1, "unknown", 0},
	{"unknown name, right password of another", "nobody", right, "unknown", 0},
	{"disabled, right password", "dora", right, "disabled", 0},
	{"disabled, wrong password", "dora", guess1, "disabled", 0},
	{"no password", "nora", guess1, "no-password", 0},
	{"empty password", "anna", "", "password", 0},
	{"empty password of somebody without one", "nora", "", "no-password", 0},
	{"empty password, unknown name", "nobody", "", "unknown", 0},
	{"longest password", "anna", strings.Repeat("x", 1024), "password", 0},
	{"zero byte behind the right one", "anna", right + "\x00", "password", 0},
	{"empty name", "", right, "unknown", 0},
	{"name that cannot be one", "an\x00na", right, "unknown", 0},
	{"name too long", strings.Repeat("anna", 100), right, "unknown", 0},
	{"hash that cannot be read", "jack", right, "no-password", 0},
	{"outdated hash, wrong password", "otto", guess1, "password", 1},
	{"outdated hash, empty password", "otto", "", "password", 1},
	{"outdated hash, disabled, right password", "olga", right, "disabled", 1},
	{"imported hash of nothing", "void", "", "password", 1},
}

// Every failure gives the same refusal after the same work and the same write.
func TestFailuresLookAlike_A04_A05_A37(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(t)
			_, err := h.Prove(t.Context(), attempt(c.identifier, c.password))
			if err != error(ErrFailed) { //nolint:errorlint // the very same value, with nothing around it
				t.Fatalf("Prove = %v, want %v itself", err, ErrFailed)
			}
			if h.today != 1 || h.old != c.old {
				t.Errorf("%d hashes at today's parameters and %d others, want 1 and %d", h.today, h.old, c.old)
			}
			if h.writes != 1 || len(h.counters) != 2 {
				t.Errorf("%d writes to %d buckets, want 1 to 2", h.writes, len(h.counters))
			}
			want := []audit.Event{{
				Time: day0, Name: audit.LoginFailed, App: "app-00000001", Address: "203.0.113.7", RequestID: "r1",
				Rule: "login.failed", Detail: map[string]string{"reason": c.reason},
			}}
			if a := h.people[c.identifier]; a != nil {
				want[0].User = a.ID
			}
			if len(h.events) == 1 {
				h.events[0].ID = secret.ID{}
			}
			if diff := cmp.Diff(want, h.events); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPasswordTooLong_A35(t *testing.T) {
	h := newHall(t)
	for _, name := range []string{"anna", "nobody", "dora", "otto"} {
		_, err := h.Prove(t.Context(), attempt(name, strings.Repeat("x", 1<<20)))
		if err != error(ErrPasswordTooLong) { //nolint:errorlint // the very same value
			t.Errorf("%s: %v", name, err)
		}
	}
	if h.today+h.old+h.writes != 0 {
		t.Errorf("%d hashes, %d writes", h.today+h.old, h.writes)
	}
}

func TestRehash(t *testing.T) {
	h := newHall(t)
	if err := h.try(t, attempt("otto", right)); err != nil {
		t.Fatal(err)
	}
	if h.today != 1 || h.old != 1 {
		t.Errorf("%d hashes at today's parameters and %d others", h.today, h.old)
	}
	if hash := h.people["otto"].PasswordHash; account.NeedsRehash(hash, tiny) {
		t.Errorf("the hash is still %s", hash)
	}
	events := h.named(audit.PasswordRehashed)
	if len(events) != 1 || events[0].User != "005otto" || events[0].App != "app-00000001" {
		t.Errorf("events: %+v", events)
	}
	if err := h.try(t, attempt("otto", right)); err != nil {
		t.Fatal(err)
	}
	if h.today != 2 || h.old != 1 || h.writes != 1 {
		t.Errorf("after that: %d + %d hashes, %d writes", h.today, h.old, h.writes)
	}
}

// A hash that cannot be replaced keeps nobody out.
func TestRehashFails(t *testing.T) {
	h := newHall(t)
	h.fails = errors.New("disk full")
	if err := h.try(t, attempt("otto", right)); err != nil {
		t.Errorf("%v", err)
	}
	if len(h.faults) != 1 || !errors.Is(h.faults[0], h.fails) {
		t.Errorf("faults: %v", h.faults)
	}
}

func TestFaults(t *testing.T) {
	broken := errors.New("disk full")
	t.Run("a failure that cannot be counted is no answer", func(t *testing.T) {
		h := newHall(t)
		h.fails = broken
		if _, err := h.Prove(t.Context(), attempt("anna", guess1)); !errors.Is(err, broken) || errors.Is(err, ErrFailed) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a throttle that cannot be read lets nobody through", func(t *testing.T) {
		h := newHall(t)
		h.reads = broken
		if _, err := h.Prove(t.Context(), attempt("anna", right)); !errors.Is(err, broken) || h.today > 0 {
			t.Errorf("%v, %d hashes", err, h.today)
		}
	})
	t.Run("a hash that cannot be read is reported", func(t *testing.T) {
		h := newHall(t)
		h.try(t, attempt("jack", right))
		if len(h.faults) != 1 || !errors.Is(h.faults[0], account.ErrHashSyntax) {
			t.Errorf("faults: %v", h.faults)
		}
	})
	t.Run("parameters that cannot be used let nobody through", func(t *testing.T) {
		h := newHall(t)
		h.Params = account.Params{MemoryKiB: 1 << 30, Time: 1, Parallelism: 1}
		if _, err := h.Prove(t.Context(), attempt("anna", right)); !errors.Is(err, account.ErrHashCost) {
			t.Errorf("%v", err)
		}
	})
}

// Hanging up early saves nobody from being counted.
func TestFailureIsCountedWithoutCaller(t *testing.T) {
	h := newHall(t)
	ctx, hangUp := context.WithCancel(t.Context())
	h.before = hangUp
	if _, err := h.Prove(ctx, attempt("anna", guess1)); !errors.Is(err, ErrFailed) {
		t.Errorf("%v", err)
	}
	if h.writes != 1 {
		t.Errorf("%d writes", h.writes)
	}
}

// A full pool refuses without a hash, and without counting a failure.
func TestBusy_A35(t *testing.T) {
	h := newHall(t)
	h.Pool = NewPool(1, 0, time.Second)
	h.Limits.Address.Burst = 3
	inside, leave := make(chan struct{}), make(chan struct{})
	go func() { _ = h.Pool.Do(context.Background(), one, func() { close(inside); <-leave }) }()
	<-inside
	for range 5 {
		if err := h.try(t, attempt("anna", guess1)); !errors.Is(err, ErrBusy) || err.RetryAfter != time.Second {
			t.Fatalf("%v", err)
		}
	}
	close(leave)
	if h.today+h.writes != 0 {
		t.Errorf("%d hashes, %d writes", h.today, h.writes)
	}
}

// Where an imported hash takes longer, every refusal is held back as long.
func TestRefusalsAreHeldBack_A05(t *testing.T) {
	h := newHall(t)
	var held time.Duration
	h.Pause = func(_ context.Context, d time.Duration) { held = d; h.pass(d) }
	took := func(name string) time.Duration {
		began := h.Now()
		h.try(t, attempt(name, guess1))
		return h.Now().Sub(began)
	}
	h.before = func() { h.pass(25 * time.Millisecond) }
	if took("nobody"); held != 0 {
		t.Errorf("held back %v though no imported hash was ever seen", held)
	}
	verify := h.verify
	h.verify = func(hash, password string) (bool, error) {
		if strings.HasPrefix(hash, "$2b$") {
			h.pass(240 * time.Millisecond)
		}
		return verify(hash, password)
	}
	imported := took("otto")
	for _, name := range []string{"nobody", "anna", "dora", "otto"} {
		if got := took(name); got != imported {
			t.Errorf("%s took %v, an imported hash %v", name, got, imported)
		}
	}
}

func TestPace(t *testing.T) {
	var c pace
	for _, step := range []struct{ took, want time.Duration }{
		{100, 100}, {800, 800}, {0, 700}, {700, 700}, {time.Hour, maxPace}, {maxPace, maxPace},
	} {
		if c.observe(step.took); c.expected() != step.want {
			t.Errorf("after %v: %v, want %v", step.took, c.expected(), step.want)
		}
	}
}
