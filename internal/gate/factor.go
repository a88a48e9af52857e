package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/login"
	"countersign/internal/secret"
	"countersign/internal/staff"
)

// Failed codes: five at once, then one each three minutes. Only somebody who
// gave the password can fail here, so nobody else locks a member out.
//
// Spec: NIST SP 800-63B-4 §3.2.2.
const (
	codeBurst = 5
	codeEvery = 3 * time.Minute
)

// Confirm gives a pending session its second factor: a code of the
// authenticator, or a recovery code. The session that comes out has a new token.
// Errors: ErrCode, login.ErrThrottled, ErrSession.
//
// Spec: NIST SP 800-63B-4 §3.1.4, §3.1.2.
func (g *Gate) Confirm(ctx context.Context, pending Entry, token, text string, from From) (Entry, error) {
	m, err := g.confirm(ctx, pending.Member.ID, text, from)
	if err != nil {
		return Entry{}, err
	}
	return g.begin(ctx, m, token, from, false)
}

// confirm checks a code and uses it up. Codes are checked one after the other, so
// that no more guesses run beside each other than the limit allows: exactly on
// one node, and at most one more for each further node.
func (g *Gate) confirm(ctx context.Context, id staff.ID, text string, from From) (*staff.Member, error) {
	g.codes.Lock()
	defer g.codes.Unlock()
	bucket := g.codeBucket(id)
	kept, err := g.People.Counters(ctx, bucket)
	if err != nil {
		return nil, fmt.Errorf("read the throttle: %w", err)
	}
	now := g.Now()
	if wait := kept[0].Until.Sub(now) - (codeBurst-1)*codeEvery; !kept[0].Until.IsZero() && wait > 0 {
		return nil, login.ErrThrottled.After(wait)
	}
	for range 3 { // somebody changes the member at the same time
		m, err := g.Members.Member(ctx, id)
		if errors.Is(err, staff.ErrNotFound) {
			return nil, ErrSession
		} else if err != nil {
			return nil, err
		}
		what, ok := g.spend(m, text)
		if !ok {
			break
		}
		err = g.Members.ChangeMember(ctx, m, g.event(audit.StaffSignedIn, m, from).With("step", what))
		if errors.Is(err, staff.ErrConflict) {
			continue
		}
		return m, err
	}
	e := audit.New(now, audit.LoginFailed).With("reason", "code").With("staff", string(id))
	e.App, e.Rule, e.RequestID = Client, ErrCode.Rule, from.RequestID
	if from.Address.IsValid() {
		e.Address = from.Address.String()
	}
	charge := account.Charge{Key: bucket, Cost: codeEvery}
	if _, err := g.People.CountFailure(context.WithoutCancel(ctx), now, []account.Charge{charge}, e); err != nil {
		return nil, fmt.Errorf("count a failed code: %w", err)
	}
	return nil, ErrCode
}

func (g *Gate) codeBucket(id staff.ID) account.CounterKey {
	sum := g.Keys.Hash("throttle", []byte("staff code"), []byte(id), nil)
	return account.CounterKey(sum[:16])
}

// spend notes in the member that a code is used up, and says what it was.
func (g *Gate) spend(m *staff.Member, text string) (what string, ok bool) {
	text = digits(text)
	key, err := g.Keys.OpenRow(factorPurpose, string(m.ID), m.Factor)
	if err == nil {
		if step, ok := match(key, text, g.Now(), m.Step); ok {
			m.Step = step
			return "code", true
		}
	}
	hash := g.recoveryHash(m.ID, text)
	i := slices.IndexFunc(m.Recovery, func(kept []byte) bool { return secret.Equal(kept, hash) })
	if i < 0 {
		return "", false
	}
	m.Recovery = slices.Delete(slices.Clone(m.Recovery), i, i+1)
	return "recovery code", true
}

func (g *Gate) recoveryHash(id staff.ID, text string) []byte {
	sum := g.Keys.Hash("staff recovery", []byte(id), []byte(strings.ToUpper(text)))
	return sum[:]
}

// Recovery codes have 50 bits each; guesses at them are counted like codes.
const (
	recoveryCodes = 10
	recoveryBytes = 7
)

// recovery draws new codes, as people write them and as they are kept.
func (g *Gate) recovery(id staff.ID) (texts []string, kept [][]byte) {
	for range recoveryCodes {
		text := plain32.EncodeToString(secret.Bytes(recoveryBytes))[:10]
		texts = append(texts, text[:5]+"-"+text[5:])
		kept = append(kept, g.recoveryHash(id, text))
	}
	return texts, kept
}

// Enrol sets the authenticator that an offer was scanned into, once its first
// code proves that it was, and returns new recovery codes. The session that came
// of a password alone counts as proven from now on. Errors: ErrOffer, ErrCode,
// staff.ErrConflict.
//
// Spec: RFC 6238 §5.1; NIST SP 800-63B-4 §3.1.2.
func (g *Gate) Enrol(ctx context.Context, e Entry, seal, sent string, from From) ([]string, error) {
	key, err := g.offered(e, seal)
	if err != nil {
		return nil, err
	}
	step, ok := match(key, digits(sent), g.Now(), 0)
	if !ok {
		return nil, ErrCode
	}
	m := *e.Member
	m.Factor, m.Step = g.Keys.SealRow(factorPurpose, string(m.ID), key), step
	var texts []string
	texts, m.Recovery = g.recovery(m.ID)
	return texts, g.change(ctx, e, &m, "authenticator", "set", from)
}

// RenewRecovery voids the recovery codes and returns new ones.
func (g *Gate) RenewRecovery(ctx context.Context, e Entry, from From) (texts []string, err error) {
	m := *e.Member
	texts, m.Recovery = g.recovery(m.ID)
	return texts, g.change(ctx, e, &m, "recovery codes", "renewed", from)
}

// change keeps what a member changed on their own account, and notes in the
// session that they are there.
func (g *Gate) change(ctx context.Context, e Entry, m *staff.Member, what, how string, from From) error {
	if err := g.Members.ChangeMember(ctx, m, g.event(audit.StaffChanged, m, from).With(what, how)); err != nil {
		return err
	}
	now := g.Now()
	return g.Sessions.SeeSession(ctx, e.Session.Hash, now, now)
}

// SetPassword replaces the member's own password after the old one was proven.
// Every session ends, and the one that comes out is new. Errors: those of
// login.Prover.Prove, refusals of the password, staff.ErrConflict.
func (g *Gate) SetPassword(ctx context.Context, e Entry, old, next string, from From) (Entry, error) {
	if err := g.password(ctx, e.Member, old, from); err != nil {
		return Entry{}, err
	}
	m, err := g.Members.Member(ctx, e.Member.ID)
	if err != nil {
		return Entry{}, err
	}
	if m.PasswordHash, err = g.passwordHash(m.Name, next); err != nil {
		return Entry{}, err
	}
	if err := g.Members.ChangeMember(ctx, m, g.event(audit.StaffChanged, m, from).With("password", "set")); err != nil {
		return Entry{}, err
	}
	if HasFactor(m) { // a password is not what is asked of them: the last code counts, from when it was
		return g.beginProved(ctx, m, "", from, false, e.Session.Proved)
	}
	return g.begin(ctx, m, "", from, false)
}
