// Package staff owns the administrators: who they are, the role that says what
// each may do, their sessions at the console, and the one-time links that let
// somebody in for the first time. They are no people of any app: no app ever
// sees them, and no token is ever issued to them. Whether a password or a code
// is right is gate's question.
package staff

import (
	"context"
	"errors"
	"time"

	"countersign/internal/audit"
)

// ID names a member for ever; it is never used again.
type ID string

// State says whether a member may sign in.
type State string

// States of a member: invited and not here yet; at work; switched off.
const (
	Invited  State = "invited"
	Active   State = "active"
	Disabled State = "disabled"
)

// Member is one administrator, as kept.
type Member struct {
	ID           ID        `json:"id"`
	Name         string    `json:"name"` // what they sign in with
	Role         Role      `json:"role"`
	State        State     `json:"state"`
	PasswordHash string    `json:"hash,omitempty"`     // PHC string; empty: cannot sign in
	Factor       []byte    `json:"factor,omitempty"`   // sealed secret of the authenticator; empty: none
	Step         int64     `json:"step,omitempty"`     // the last time step whose code was accepted
	Recovery     [][]byte  `json:"recovery,omitempty"` // hashes of the recovery codes that are left
	Created      time.Time `json:"created"`
	LastSeen     time.Time `json:"last_seen,omitzero"` // of the last sign-in
	Version      int64     `json:"-"`
}

// MaySignIn says whether the member is at work and has a password.
func (m *Member) MaySignIn() bool { return m.State == Active && m.PasswordHash != "" }

// Actor is how the audit log names the member.
func (m *Member) Actor() string { return "staff:" + m.Name }

// Hash is the keyed hash under which a session or a link is kept: whoever reads
// the database holds neither.
type Hash [32]byte

// Session is one browser in which a member signed in.
type Session struct {
	Hash    Hash      `json:"-"`
	Member  ID        `json:"-"`
	Begun   time.Time `json:"-"`
	Seen    time.Time `json:"-"`                 // of the last request, to the minute
	Proved  time.Time `json:"-"`                 // when the member last proved who they are
	Until   time.Time `json:"-"`                 // over then, whatever happens
	Pending bool      `json:"pending,omitempty"` // the password was right, the second factor is missing
	Address string    `json:"address,omitempty"`
	Agent   string    `json:"agent,omitempty"` // what the browser calls itself, shortened
}

// Purpose says what a one-time link is for.
type Purpose string

// Purposes of links: the first owner of a new server; somebody who was invited;
// somebody whose password or authenticator is lost.
const (
	Bootstrap Purpose = "bootstrap"
	Invite    Purpose = "invite"
	Reset     Purpose = "reset"
)

// Ticket is a one-time link, as kept. There is one for each member at most, and
// one for the first owner.
type Ticket struct {
	Hash    Hash
	Purpose Purpose
	Member  ID // empty for Bootstrap
	Until   time.Time
}

// Errors of a Store.
var (
	ErrNotFound  = errors.New("no such administrator")
	ErrTaken     = errors.New("another administrator has this name")
	ErrConflict  = errors.New("the administrator was changed by somebody else meanwhile")
	ErrLastOwner = errors.New("this is the only owner who can sign in; make somebody else an owner first")
	ErrNoTicket  = errors.New("this link was used already, is over, or was replaced by a newer one")
	ErrNoSession = errors.New("no such session")
)

// Store keeps administrators. Every change is one transaction with its audit
// event.
type Store interface {
	// AddMember puts in somebody new and sets m.Version. Errors: ErrTaken.
	AddMember(ctx context.Context, m *Member, e audit.Event) error
	// Member reads one. Errors: ErrNotFound.
	Member(ctx context.Context, id ID) (*Member, error)
	// MemberByName reads one by the name, in any spelling of case. Errors:
	// ErrNotFound.
	MemberByName(ctx context.Context, name string) (*Member, error)
	// Members reads all, oldest first.
	Members(ctx context.Context) ([]*Member, error)
	// ChangeMember replaces what is kept of the member, but the name, if it
	// still has m.Version, and sets m.Version. Sessions end when the member is
	// not active afterwards or the password is another. Errors: ErrNotFound,
	// ErrConflict, ErrLastOwner.
	ChangeMember(ctx context.Context, m *Member, e audit.Event) error
	// RemoveMember deletes the member with sessions and link. Errors:
	// ErrNotFound, ErrLastOwner.
	RemoveMember(ctx context.Context, id ID, e audit.Event) error
	// KeepTicket puts in a link in place of the member's earlier one. A link
	// for the first owner is refused once there is a member. Errors: ErrNotFound
	// if its member is gone, ErrTaken if there is a member.
	KeepTicket(ctx context.Context, t Ticket, e audit.Event) error
	// Ticket reads a link that is not over. Errors: ErrNoTicket.
	Ticket(ctx context.Context, h Hash, now time.Time) (Ticket, error)
	// RedeemTicket uses up a link that is not over, and puts in the member it
	// makes (Bootstrap) or changes (otherwise): of several tries one does.
	// Errors: ErrNoTicket, those of AddMember and ChangeMember.
	RedeemTicket(ctx context.Context, h Hash, now time.Time, m *Member, e audit.Event) error
}

// Sessions keeps the sessions of administrators.
type Sessions interface {
	// BeginSession puts in a new session and ends the one it takes the place
	// of, if any. Errors: ErrNotFound if the member is not active.
	BeginSession(ctx context.Context, s Session, replaces Hash, e audit.Event) error
	// Session reads one. Errors: ErrNoSession.
	Session(ctx context.Context, h Hash) (Session, error)
	// SeeSession notes when the session was used last, and when its member last
	// proved who they are; neither moves back. A session that is gone stays gone.
	SeeSession(ctx context.Context, h Hash, seen, proved time.Time) error
	// Sessions reads a member's sessions, the newest first.
	Sessions(ctx context.Context, id ID) ([]Session, error)
	// EndSession ends one of a member's sessions. Errors: ErrNoSession.
	EndSession(ctx context.Context, id ID, h Hash, e audit.Event) error
	// EndOtherSessions ends all sessions of a member but one.
	EndOtherSessions(ctx context.Context, id ID, keep Hash, e audit.Event) error
}
