package login

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/secret"
)

// Kinds of bucket, as the audit event login.throttled names them.
const (
	byPersonAddress = "person-address"
	byPerson        = "person"
	byAddress       = "address"
	byApp           = "app"
)

// subject is whom a try is counted against.
type subject struct {
	Attempt
	identifier                          string // normalised; "" is nobody
	personAddress, person, address, app account.CounterKey
	known                               account.CounterKey
}

func (p *Prover) subject(a Attempt) subject {
	s := subject{Attempt: a, identifier: account.Identifier(a.Identifier)}
	near := prefix(a.Address)
	s.personAddress = bucket(p.Keys, p.Realm+byPersonAddress, s.identifier, near)
	s.person = bucket(p.Keys, p.Realm+byPerson, s.identifier, "")
	s.address = bucket(p.Keys, byAddress, "", near)
	s.app = bucket(p.Keys, byApp, string(a.Client), who(a.Proven))
	s.known = bucket(p.Keys, "known", s.identifier, near)
	return s
}

// who keeps apart what an app sent, and what anybody sent in its name.
func who(proven bool) string {
	if proven {
		return "the app"
	}
	return "anybody"
}

// bucket names a bucket without telling whose it is.
func bucket(keys *secret.Keyring, kind, name, near string) account.CounterKey {
	sum := keys.Hash("throttle", []byte(kind), []byte(name), []byte(near))
	return account.CounterKey(sum[:16])
}

// prefix is what counts as one address: an IPv4 address, an IPv6 /64.
func prefix(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case a.Is4():
		return a.String()
	case a.Is6():
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return "unknown"
}

// ticket is the right to one try. Its charges are what the stored buckets pay if
// the try fails.
type ticket struct {
	p       *Prover
	s       subject
	paid    []payment            // in memory, in advance
	entered []account.CounterKey // under way
	charges []account.Charge
}

type payment struct {
	ledger *ledger
	key    account.CounterKey
	rate   Rate
}

// admit decides whether the try may be made. It returns a ticket that must be
// left, or ErrThrottled, and then nothing was charged.
func (p *Prover) admit(ctx context.Context, s subject) (*ticket, error) {
	t := &ticket{p: p, s: s}
	if kind, wait := t.pay(); wait > 0 {
		return nil, t.refuse(ctx, kind, wait)
	}
	// First without the database: nobody can have more tries under way than the
	// tight rule lets through, so that a flood of them does not fill the loose one.
	ahead := t.enter(s.personAddress)
	if _, wait := crowded(p.held().PersonAddress, account.Counter{}, ahead, p.Now()); wait > 0 {
		return nil, t.refuse(ctx, byPersonAddress, wait)
	}
	others := t.enter(s.person)
	// Who was under way when we entered and is not any more has been written, so
	// this read sees it; who still is counts through ahead and others.
	stored, err := p.Accounts.Counters(ctx, s.personAddress, s.person)
	if err != nil {
		t.refund()
		t.leave()
		return nil, fmt.Errorf("read the throttle: %w", err)
	}
	now := p.Now()
	near, wait := crowded(p.held().PersonAddress, stored[0], ahead, now)
	if wait > 0 {
		return nil, t.refuse(ctx, byPersonAddress, wait)
	}
	all, wait := crowded(p.held().Person, stored[1], others, now)
	if wait > 0 && !p.known.marked(s.known, now) {
		return nil, t.refuse(ctx, byPerson, wait)
	}
	t.charge(p.held().PersonAddress, s.personAddress, near, now)
	t.charge(p.held().Person, s.person, all, now)
	return t, nil
}

// crowded gives the bucket as if so many tries under way had failed, and the
// wait that follows.
func crowded(r Rule, c account.Counter, ahead int, now time.Time) (account.Counter, time.Duration) {
	for ; ahead > 0 && r.wait(c, now) == 0; ahead-- {
		c, _ = r.fail(c, now)
	}
	return c, r.wait(c, now)
}

// pay charges the buckets in memory in advance. It returns the bucket that is
// full, and nothing is charged.
func (t *ticket) pay() (kind string, wait time.Duration) {
	l, now := t.p.held(), t.p.Now()
	appWait := t.p.apps.take(t.s.app, now, l.App, l.Tracked)
	if appWait == 0 {
		t.paid = append(t.paid, payment{&t.p.apps, t.s.app, l.App})
	}
	if t.s.Proven && (appWait > 0 || !t.s.Told) {
		return byApp, appWait
	}
	rate := l.Address
	if appWait > 0 && rate.Burst > l.Suspect {
		rate.Burst = l.Suspect
	}
	if wait = t.p.addresses.take(t.s.address, now, rate, l.Tracked); wait > 0 {
		return byAddress, wait
	}
	t.paid = append(t.paid, payment{&t.p.addresses, t.s.address, l.Address})
	return "", 0
}

func (t *ticket) charge(r Rule, key account.CounterKey, c account.Counter, now time.Time) {
	if r.Free >= 0 {
		_, cost := r.fail(c, now)
		t.charges = append(t.charges, account.Charge{Key: key, Cost: cost})
	}
}

func (t *ticket) enter(key account.CounterKey) (ahead int) {
	t.entered = append(t.entered, key)
	return t.p.under.enter(key)
}

// leave ends the try: it is not under way any more.
func (t *ticket) leave() {
	for _, key := range t.entered {
		t.p.under.leave(key)
	}
	t.entered = nil
}

// refund takes back what was charged in memory: the try did not fail.
func (t *ticket) refund() {
	now := t.p.Now()
	for _, paid := range t.paid {
		paid.ledger.refund(paid.key, now, paid.rate)
	}
	t.paid = nil
}

// refuse ends the ticket and gives the refusal. Each bucket has its event once a
// minute, or a flood of tries would flood the log.
func (t *ticket) refuse(ctx context.Context, kind string, wait time.Duration) error {
	t.refund()
	t.leave()
	key := map[string]account.CounterKey{
		byPersonAddress: t.s.personAddress, byPerson: t.s.person, byAddress: t.s.address, byApp: t.s.app,
	}[kind]
	now := t.p.Now()
	if t.p.reported.take(key, now, Rate{Burst: 1, Every: time.Minute}, t.p.held().Tracked) == 0 {
		t.report(ctx, kind)
	}
	return ErrThrottled.After(roundUp(wait))
}

// report writes the event. That it cannot be written changes no answer.
func (t *ticket) report(ctx context.Context, kind string) {
	e := t.s.event(t.p.Now(), audit.LoginThrottled).With("bucket", kind)
	e.Rule = ErrThrottled.Rule
	if a, err := t.p.find(ctx, t.s.identifier); err == nil && a != nil {
		e.User = a.ID
	}
	if err := t.p.Log.Record(ctx, e); err != nil {
		t.p.fault(ctx, fmt.Errorf("record %s: %w", e.Name, err))
	}
}

// event begins an audit event about the try. The name as sent is not in it:
// people type passwords there.
func (s subject) event(now time.Time, name audit.Name) audit.Event {
	e := audit.New(now, name)
	e.App, e.RequestID = s.Client, s.RequestID
	if s.Address.IsValid() {
		e.Address = s.Address.String()
	}
	return e
}

// Forgive lets a person in again at once: it empties the person's bucket and
// those of the person at each of the addresses. The buckets of addresses and
// apps stay.
func (p *Prover) Forgive(ctx context.Context, identifier string, addresses ...netip.Addr) error {
	name := account.Identifier(identifier)
	keys := []account.CounterKey{bucket(p.Keys, p.Realm+byPerson, name, "")}
	for _, a := range addresses {
		keys = append(keys, bucket(p.Keys, p.Realm+byPersonAddress, name, prefix(a)))
	}
	return p.Accounts.ClearCounters(ctx, keys...)
}
