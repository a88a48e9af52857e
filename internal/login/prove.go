package login

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/fault"
	"countersign/internal/secret"
)

// Prover answers "is this the person?". Make one for each node and share it: a
// part of the throttle lives in it. Safe for concurrent use.
type Prover struct {
	Accounts account.Store
	Log      audit.Log // for login.throttled
	Keys     *secret.Keyring
	Pool     *Pool
	Params   account.Params // zero: account.DefaultParams
	Limits   Limits
	// Realm keeps the names of one kind of people apart from those of another in
	// the throttle, whatever anybody types as a name. Empty: people of apps.
	Realm string
	Now   func() time.Time
	// Pause waits for so long, or until the context ends. With it, refusals take
	// as long as checking an imported hash lately did. Nil: they do not.
	Pause func(context.Context, time.Duration)
	// OnFault hears of what went wrong without changing the answer: a hash that
	// could not be replaced, an event that could not be written, a stored hash
	// that cannot be read. May be nil.
	OnFault func(context.Context, error)

	once      sync.Once
	limits    atomic.Pointer[Limits] // Limits, filled
	params    account.Params
	decoy     string
	apps      ledger
	addresses ledger
	reported  ledger // events login.throttled
	known     ledger // people at addresses where they signed in
	under     crowd
	slow      pace

	verify func(hash, password string) (bool, error)
	hash   func(account.Params, string) (string, error)
}

func (p *Prover) start() {
	p.limits.CompareAndSwap(nil, p.Limits.filled())
	if p.params = p.Params; p.params == (account.Params{}) {
		p.params = account.DefaultParams
	}
	p.decoy = account.Decoy(p.params)
	if p.verify == nil {
		p.verify, p.hash = account.VerifyPassword, account.HashPassword
	}
}

// Limit puts other limits in force from the next try on. What was counted so far
// is read by the new measure. Errors: ErrLimits, and then nothing changes.
func (p *Prover) Limit(l Limits) error {
	if err := l.Check(); err != nil {
		return err
	}
	p.limits.Store(l.filled())
	return nil
}

func (p *Prover) held() *Limits { return p.limits.Load() }

// Prove says whether the attempt's password is the person's. A failure is
// durable when it returns ErrFailed; a success writes nothing but a hash with
// today's parameters in place of an old one. Errors: ErrPasswordTooLong,
// ErrThrottled and ErrBusy with the time to wait, ErrFailed; any other error is
// a fault, or the context's.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §5, §9.3; NIST SP 800-63B-4 §3.2.2.
func (p *Prover) Prove(ctx context.Context, a Attempt) (Proof, error) {
	p.once.Do(p.start)
	// 1 the same for everybody, before anything is read
	if len(a.Password) > account.MaxPasswordBytes {
		return Proof{}, ErrPasswordTooLong
	}
	// 2 may anybody try this name from here?
	s := p.subject(a)
	t, err := p.admit(ctx, s)
	if err != nil {
		return Proof{}, err
	}
	defer t.leave()
	// 3 who would it be? Nobody is an answer, not an error.
	person, err := p.find(ctx, s.identifier)
	if err != nil {
		t.refund()
		return Proof{}, fmt.Errorf("find the person: %w", err)
	}
	// 4 one hash at today's cost, whatever the answer
	v, err := p.judge(ctx, person, a.Password)
	if err != nil {
		t.refund()
		return Proof{}, err
	}
	// 5 the same refusal and the same write for every reason
	if v.reason != "" {
		return Proof{}, p.fail(ctx, t, v)
	}
	// 6 nothing to write but, now and then, a better hash
	t.refund()
	p.known.mark(s.known, p.Now(), p.Now().Add(p.held().KnownFor), p.held().Tracked)
	p.rehash(ctx, s, v)
	return Proof{Account: v.person, AMR: []string{amrPassword}, ACR: ACRPassword, AuthTime: p.Now().UTC()}, nil
}

// find reads the person of a normalised name; nil is nobody.
func (p *Prover) find(ctx context.Context, identifier string) (*account.Account, error) {
	if identifier == "" {
		return nil, nil
	}
	a, err := p.Accounts.AccountByIdentifier(ctx, identifier)
	if errors.Is(err, account.ErrNotFound) {
		return nil, nil
	}
	return a, err
}

// fail counts the failure and refuses. The caller going away must not spare the
// count: guesses would be free for those who hang up early.
func (p *Prover) fail(ctx context.Context, t *ticket, v verdict) error {
	now := p.Now()
	e := t.s.event(now, audit.LoginFailed).With("reason", string(v.reason))
	e.Rule = ErrFailed.Rule
	if v.person != nil {
		e.User = v.person.ID
	}
	if _, err := p.Accounts.CountFailure(context.WithoutCancel(ctx), now, t.charges, e); err != nil {
		return fmt.Errorf("count a failed login: %w", err)
	}
	t.leave()
	if v.person == nil && fault.Is(fault.WhoExists) {
		return ErrPasswordTooLong
	}
	if hold := p.slow.expected() - p.Now().Sub(v.began); p.Pause != nil && hold > 0 {
		p.Pause(ctx, hold)
	}
	return ErrFailed
}

// rehash puts the better hash in place. The person is in, whatever happens here.
func (p *Prover) rehash(ctx context.Context, s subject, v verdict) {
	if v.rehashed == "" {
		return
	}
	e := s.event(p.Now(), audit.PasswordRehashed)
	e.User = v.person.ID
	if err := p.Accounts.Rehash(ctx, v.person.ID, v.person.PasswordHash, v.rehashed, e); err != nil {
		p.fault(ctx, fmt.Errorf("replace the password hash of %s: %w", v.person.ID, err))
	}
}

func (p *Prover) fault(ctx context.Context, err error) {
	if p.OnFault != nil {
		p.OnFault(ctx, err)
	}
}
