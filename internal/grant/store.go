package grant

import (
	"context"
	"errors"
	"time"

	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// ErrNotFound says that no family has this id: it was removed, or it never was.
var ErrNotFound = errors.New("no such grant")

// ErrLease says that this node has not read the database's version for ten
// seconds: it must not issue or redeem, because it could not know what ended.
var ErrLease = oauth.Refuse(oauth.TemporarilyUnavailable, "store.lease-lost", "RFC 9110 §15.6.4",
	"the server lost touch with its database for a moment; ask again")

// Attempt is the id of one HTTP request's try to change a state, the same for
// every retry inside that request: 16 bytes drawn by secret.NewID, then 16 bytes
// that identify what was presented. Whoever finds its own attempt in a row is
// the winner.
type Attempt [32]byte

// Redemption is what RedeemCode writes: all of it or nothing.
type Redemption struct {
	Attempt Attempt
	Code    Code
	Now     time.Time
	Refresh bool // open a refresh family?
	Event   audit.Event
}

// Rotation is what RotateRefresh writes: all of it or nothing.
type Rotation struct {
	Attempt Attempt
	Refresh Refresh // as presented: Seq is the generation to replace
	Now     time.Time
	Event   audit.Event
}

// Ending ends a grant, or every grant of a person or an app.
type Ending struct {
	ID     secret.ID // when: every token issued before its time is dead
	Kind   EndingKind
	Family secret.ID      // of KindFamily
	User   oauth.UserID   // of KindUser
	Client oauth.ClientID // of KindClient; with User: that person's grants to that app
}

// EndingKind says what an ending ends.
type EndingKind int16

// Kinds of ending.
const (
	EndFamily EndingKind = 1 // one grant
	EndUser   EndingKind = 2 // every grant of a person
	EndClient EndingKind = 3 // every grant to an app
	EndPair   EndingKind = 4 // every grant of a person to an app
	EndAccess EndingKind = 5 // one access token (Family holds the token's id); the grant lives on
)

// Store keeps spent codes, families and endings.
//
// A state change answers won, lost or unknown (see oauth.Outcome). The store
// itself tries again while the answer is unknown, with the same attempt, for at
// most ten seconds, so unknown is final for the request. An error says that
// nothing was written. On a node whose lease has run out every method that
// changes a state fails with ErrLease.
type Store interface {
	// RedeemCode spends the code, opens the family and writes the event, in one
	// commit. Lost: the code was spent before. A code whose slot the ring has
	// passed is Lost, too. A family whose grant, person, app or pair ended since
	// the code was issued is born ended.
	RedeemCode(ctx context.Context, r Redemption) (oauth.Outcome, error)
	// RotateRefresh replaces generation r.Refresh.Seq by the next one and writes
	// the event, in one commit. Lost: that generation is not the present one, or
	// the family has ended or is gone; Family tells which.
	RotateRefresh(ctx context.Context, r Rotation) (oauth.Outcome, error)
	// TouchRefresh notes the use of a refresh token that does not rotate and writes
	// the event, in one commit, if the family lives and was used at idleSince or
	// later (zero: whenever); when its generation was made stays as it is. Lost:
	// it ended, lay idle too long, or is gone.
	TouchRefresh(ctx context.Context, f secret.ID, sk int16, now, idleSince time.Time, e audit.Event) (oauth.Outcome, error)
	// Family reads the row behind a refresh token. Errors: ErrNotFound.
	Family(ctx context.Context, id secret.ID, sk int16) (Family, error)
	// EndGrant ends one family, access tokens included: on every node within a
	// second. Won even if it had ended already or never had a refresh token.
	EndGrant(ctx context.Context, id secret.ID, sk int16, now time.Time, e audit.Event) (oauth.Outcome, error)
	// EndAccess ends one access token alone.
	EndAccess(ctx context.Context, token secret.ID, now time.Time, e audit.Event) (oauth.Outcome, error)
	// EndGrants ends every grant of a person, of an app, or of a person to an
	// app; families are marked, tokens are dead within a second. It returns how
	// many living families it ended. For a person it also raises their epoch, for
	// an app its NotBefore, in the same commit; the families of an app, which may
	// be very many, are marked after that commit. An unknown outcome is
	// oauth.ErrUnknownOutcome.
	EndGrants(ctx context.Context, user oauth.UserID, client oauth.ClientID, now time.Time, e audit.Event) (int, error)
	// Families reads living families of a person or an app, newest first.
	Families(ctx context.Context, user oauth.UserID, client oauth.ClientID, limit int) ([]Family, error)
}
