// Package gate owns how administrators come in: the one-time link of a new
// server, the password and the second factor, the session that follows, and the
// step-up before something that cannot be taken back. What a member may do
// inside is staff's table; what they do there is admin's.
//
// A password is proven by login, with the same throttle, pool and work as
// people's: under names of their own, so that nobody who hammers a person locks
// out an administrator of the same name, or the other way round.
package gate

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/staff"
)

// Refusals of the gate.
var (
	ErrSession = oauth.Refuse(oauth.InvalidSession, "staff.session-over", "NIST SP 800-63B-4 §5.2",
		"you are not signed in, or the session is over; sign in again")
	ErrCode = oauth.Refuse(oauth.LoginFailed, "staff.code-wrong", "RFC 6238 §5.2",
		"the code is not right, or it was used already; the next one comes within half a minute")
	ErrOffer = oauth.Refuse(oauth.InvalidRequest, "staff.offer-over", "RFC 6238 §5.1",
		"this secret was shown too long ago; scan the new one")
	ErrLink = oauth.Refuse(oauth.InvalidGrant, "staff.link-over", "NIST SP 800-63B-4 §3.1.3.3",
		"this link was used already, is over, or was replaced by a newer one; ask an owner for another, or run: countersign staff link")
)

// Lives says how long things last. Zero members mean the default.
type Lives struct {
	Idle     time.Duration // a session without a request
	Absolute time.Duration // a session, whatever happens
	Proof    time.Duration // how long a proof of who one is counts for what cannot be taken back
	Link     time.Duration // a one-time link
}

// DefaultLives hold where nothing else is configured.
var DefaultLives = Lives{Idle: 30 * time.Minute, Absolute: 12 * time.Hour, Proof: 10 * time.Minute, Link: 24 * time.Hour}

func (l Lives) filled() Lives {
	d := DefaultLives
	return Lives{
		Idle: or(l.Idle, d.Idle), Absolute: or(l.Absolute, d.Absolute), Proof: or(l.Proof, d.Proof), Link: or(l.Link, d.Link),
	}
}

func or(v, d time.Duration) time.Duration {
	if v == 0 {
		return d
	}
	return v
}

// pendingFor is how long somebody who gave the password may look for the phone.
const pendingFor = 10 * time.Minute

// Gate lets administrators in. Make one for each node; see New.
type Gate struct {
	Options
	codes  sync.Mutex // codes are checked one after the other: see confirm
	prover *login.Prover
	lives  Lives
}

// Options are what a gate needs.
type Options struct {
	Members  staff.Store
	Sessions staff.Sessions
	People   account.Store // whose counters the throttle uses; no person is read
	Log      audit.Log
	Keys     *secret.Keyring
	Pool     *login.Pool // shared with people's logins: it bounds the node
	Params   account.Params
	Policy   account.PasswordPolicy
	Limits   login.Limits
	Lives    Lives
	Pause    func(context.Context, time.Duration)
	OnFault  func(context.Context, error)
	Now      func() time.Time
	// RequireFactor lets nobody but to their own account without a second factor.
	RequireFactor bool
}

// New makes a gate.
func New(o Options) *Gate {
	return &Gate{Options: o, lives: o.Lives.filled(), prover: &login.Prover{
		Accounts: names{Store: o.People, members: o.Members}, Log: o.Log, Keys: o.Keys, Pool: o.Pool, Params: o.Params,
		Limits: o.Limits, Realm: prefix, Now: o.Now, Pause: o.Pause, OnFault: o.OnFault,
	}}
}

// Limit puts other limits on failed sign-ins in force. Errors: login.ErrLimits,
// and then nothing changes.
func (g *Gate) Limit(l login.Limits) error { return g.prover.Limit(l) }

// From says where a request comes from.
type From struct {
	Address   netip.Addr
	Agent     string // what the browser calls itself
	RequestID string
}

// Entry is a session with its member. Token is there only when it was just
// begun: it is the cookie, and kept nowhere.
type Entry struct {
	Token   string
	Member  *staff.Member
	Session staff.Session
}

const (
	maxAgent = 120
	// Client is the name under which the throttle and the audit log know the
	// console.
	Client oauth.ClientID = "console"
)

// SignIn checks a password and begins a session; replaces is the session that
// the browser had before, which ends, so that nobody can plant one. With a second
// factor the session is pending: it opens nothing but the question for the code.
// Errors: those of login.Prover.Prove.
//
// Spec: NIST SP 800-63B-4 §3.1.1.2, §5.1.
func (g *Gate) SignIn(ctx context.Context, name, password, replaces string, from From) (Entry, error) {
	proof, err := g.prover.Prove(ctx, login.Attempt{
		Identifier: prefix + name, Password: password, Client: Client, Address: from.Address, RequestID: from.RequestID,
	})
	if err != nil {
		return Entry{}, err
	}
	m, err := g.Members.Member(ctx, staff.ID(proof.Account.ID))
	if err != nil {
		return Entry{}, fmt.Errorf("sign in: %w", err)
	}
	return g.begin(ctx, m, replaces, from, len(m.Factor) > 0)
}

// begin makes a session with a new token, of a member who has just proven who
// they are.
func (g *Gate) begin(ctx context.Context, m *staff.Member, replaces string, from From, pending bool) (Entry, error) {
	return g.beginProved(ctx, m, replaces, from, pending, g.Now())
}

// beginProved is begin for a member whose last proof may be older.
func (g *Gate) beginProved(ctx context.Context, m *staff.Member, replaces string, from From, pending bool, proved time.Time) (Entry, error) {
	now := g.Now().UTC().Truncate(time.Microsecond)
	token := secret.Text(32)
	s := staff.Session{
		Hash: g.hash(token), Member: m.ID, Begun: now, Seen: now, Proved: proved.UTC().Truncate(time.Microsecond), Until: now.Add(g.lives.Absolute), Pending: pending,
		Agent: strings.ToValidUTF8(from.Agent[:min(len(from.Agent), maxAgent)], ""),
	}
	if from.Address.IsValid() {
		s.Address = from.Address.String()
	}
	step := "signed in"
	if pending {
		s.Until, s.Proved, step = now.Add(pendingFor), time.Time{}, "password"
	}
	e := g.event(audit.StaffSignedIn, m, from).With("step", step)
	if err := g.Sessions.BeginSession(ctx, s, g.hash(replaces), e); err != nil {
		return Entry{}, fmt.Errorf("sign in: %w", err)
	}
	return Entry{Token: token, Member: m, Session: s}, nil
}

// hash is how a token is kept. A text that can be no token of ours hashes to
// what nothing is kept under.
func (g *Gate) hash(token string) staff.Hash {
	return staff.HashToken(g.Keys, token)
}

// seenEvery bounds how often the use of a session is written down.
const seenEvery = time.Minute

// Open gives the session of a cookie, and notes that it is used. Errors:
// ErrSession.
//
// Spec: NIST SP 800-63B-4 §5.2.
func (g *Gate) Open(ctx context.Context, token string) (Entry, error) {
	if raw, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(raw) != 32 {
		return Entry{}, ErrSession
	}
	s, err := g.Sessions.Session(ctx, g.hash(token))
	if errors.Is(err, staff.ErrNoSession) {
		return Entry{}, ErrSession
	} else if err != nil {
		return Entry{}, err
	}
	now := g.Now()
	if !now.Before(s.Until) || now.Sub(s.Seen) >= g.lives.Idle {
		return Entry{}, ErrSession
	}
	m, err := g.Members.Member(ctx, s.Member)
	if errors.Is(err, staff.ErrNotFound) || err == nil && !m.MaySignIn() {
		return Entry{}, ErrSession
	} else if err != nil {
		return Entry{}, err
	}
	if now.Sub(s.Seen) >= seenEvery {
		if err := g.Sessions.SeeSession(ctx, s.Hash, now, time.Time{}); err != nil {
			return Entry{}, err
		}
	}
	return Entry{Member: m, Session: s}, nil
}

// SignOut ends the session. One that is over already is no error.
func (g *Gate) SignOut(ctx context.Context, e Entry, from From) error {
	err := g.Sessions.EndSession(ctx, e.Member.ID, e.Session.Hash, g.event(audit.StaffSignedOut, e.Member, from))
	if errors.Is(err, staff.ErrNoSession) {
		return nil
	}
	return err
}

func (g *Gate) event(name audit.Name, m *staff.Member, from From) audit.Event {
	e := audit.New(g.Now(), name)
	e.Actor, e.RequestID = m.Actor(), from.RequestID
	if from.Address.IsValid() {
		e.Address = from.Address.String()
	}
	return e.With("staff", string(m.ID))
}
