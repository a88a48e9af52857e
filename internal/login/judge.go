package login

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"countersign/internal/account"
)

// reason says in the audit event why a login failed. It never leaves the server
// in an answer.
type reason string

const (
	unknown    reason = "unknown"     // nobody has this name
	wrong      reason = "password"    // the password is wrong or empty
	disabled   reason = "disabled"    // whatever the password
	noPassword reason = "no-password" // nothing to compare with
)

// verdict is the judgement on a try; no reason means that it is the person.
type verdict struct {
	reason   reason
	person   *account.Account // nil: nobody
	rehashed string           // a hash with today's parameters, if the kept one needs it
	began    time.Time        // when the hashing began
}

// judge hashes the password once at today's parameters, in the pool. A hash that
// was made otherwise is checked besides, and then today's hash is either the one
// that will replace it or work for nothing: from outside it is the same.
func (p *Prover) judge(ctx context.Context, person *account.Account, password string) (verdict, error) {
	kept, old := p.kept(ctx, person)
	weight := account.Weight{Work: 1, Memory: 1}
	if old {
		weight = weight.Plus(account.Cost(kept, p.params))
	}
	var v verdict
	var failure error
	err := p.Pool.Do(ctx, weight, func() { v, failure = p.compare(person, kept, old, password) })
	if err == nil {
		err = failure
	}
	if err != nil {
		return verdict{}, fmt.Errorf("check a password: %w", err)
	}
	return v, nil
}

// kept gives the hash to compare with: the person's, or the decoy if there is
// none, and whether it is one that today's parameters would not give.
func (p *Prover) kept(ctx context.Context, person *account.Account) (hash string, old bool) {
	if person == nil || person.PasswordHash == "" {
		return p.decoy, false
	}
	if _, err := account.ParseHash(person.PasswordHash); err != nil {
		p.fault(ctx, fmt.Errorf("the password hash of %s: %w", person.ID, err))
		return p.decoy, false
	}
	return person.PasswordHash, account.NeedsRehash(person.PasswordHash, p.params)
}

func (p *Prover) compare(person *account.Account, kept string, old bool, password string) (verdict, error) {
	v := verdict{person: person, began: p.Now()}
	ok, err := p.verify(kept, password)
	if err != nil {
		return v, err
	}
	switch {
	case person == nil:
		v.reason = unknown
	case person.State != account.Active:
		v.reason = disabled
	case kept == p.decoy:
		v.reason = noPassword
	case !ok || password == "": // an imported hash may be that of nothing
		v.reason = wrong
	}
	if !old {
		return v, nil
	}
	if v.reason == "" {
		v.rehashed, err = p.hash(p.params, password)
	} else {
		_, err = p.verify(p.decoy, password)
	}
	p.slow.observe(p.Now().Sub(v.began))
	return v, err
}

// pace remembers how long checking old hashes takes: at once when it takes
// longer, slowly when it takes less. The zero value expects nothing.
type pace struct{ nanos atomic.Int64 }

// maxPace bounds how long a refusal is held back.
const maxPace = 2 * time.Second

func (c *pace) observe(took time.Duration) {
	for {
		was := c.nanos.Load()
		now := int64(min(took, maxPace))
		if now < was {
			now = was - (was-now)/8
		}
		if c.nanos.CompareAndSwap(was, now) {
			return
		}
	}
}

func (c *pace) expected() time.Duration { return time.Duration(c.nanos.Load()) }
