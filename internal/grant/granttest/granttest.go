// Package granttest owns the contract of grant.Store as tests: every engine must
// pass them. It knows no engine; whoever calls Run brings the databases and the
// ways to break them.
package granttest

import (
	"errors"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Database is one database, empty at first, that stores can be opened on.
type Database struct {
	// Open opens one more node on the database.
	Open func(t *testing.T) Node
	// Now is the clock of all nodes; Advance moves it and lets every node do what
	// it does in the background.
	Now     func() time.Time
	Advance func(t *testing.T, d time.Duration)
}

// Node is one open store. Its nodes try unknown outcomes again for Hold only,
// and poll only when told to.
type Node struct {
	Store   grant.Store
	Endings *grant.Endings // what the node was told
	Poll    func() error
	Events  func(t *testing.T) []audit.Event // every event in the database
	// OnCommit puts hook between the store and each COMMIT: it may leave out the
	// commit, or lose its answer by returning an error. Nil takes it away.
	OnCommit func(hook func(commit func() error) error)
	// ExpireLease makes the node's last good poll too old, until the next Poll.
	ExpireLease func()
	// Register puts in a person, so that ending everything of theirs can raise
	// their epoch, and Epoch reads it.
	Register func(t *testing.T, id oauth.UserID)
	Epoch    func(t *testing.T, id oauth.UserID) int32
}

// Run tests that the stores of databases made by fresh keep the contract.
func Run(t *testing.T, fresh func(t *testing.T) Database) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, db Database)
	}{
		{"redeem once", redeemOnce},
		{"redeem without a family", redeemWithoutFamily},
		{"redeem race", redeemRace},
		{"redeem answer lost", redeemAnswerLost},
		{"redeem unknown", redeemUnknown},
		{"redeem rolled back", redeemRolledBack},
		{"redeem lost to another while in doubt", redeemLostInDoubt},
		{"redeem beyond the ring", redeemBeyondRing},
		{"redeem never twice as time passes", redeemAsTimePasses},
		{"rotate once", rotateOnce},
		{"rotate race", rotateRace},
		{"rotate answer lost", rotateAnswerLost},
		{"rotate unknown", rotateUnknown},
		{"rotate lost to another while in doubt", rotateLostInDoubt},
		{"rotate what ended", rotateEnded},
		{"touch", touch},
		{"touch answer lost", touchAnswerLost},
		{"end grant", endGrant},
		{"end access token", endAccess},
		{"end by person, app and pair", endGrants},
		{"redeem what ended meanwhile", redeemEnded},
		{"end answer lost", endAnswerLost},
		{"endings on other nodes", endingsElsewhere},
		{"families", families},
		{"lease", lease},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

// Names that the tests use.
const (
	app   oauth.ClientID = "app-of-the-contract"
	other oauth.ClientID = "another-app"
	alice oauth.UserID   = "005000000000001AAA"
	bob   oauth.UserID   = "005000000000002AAA"
)

// NewRedemption is a valid redemption of a fresh code of the person at the app.
func NewRedemption(now time.Time, user oauth.UserID, client oauth.ClientID) grant.Redemption {
	expires := now.Add(time.Minute)
	g := grant.Grant{
		ID: secret.NewID(now), Client: client, User: user, Epoch: 7, Flow: flow.CodeAndCredentials,
		Scopes: oauth.Scopes{"openid", "offline_access"}, AuthTime: now,
	}
	e := audit.New(now, audit.CodeRedeemed)
	e.App, e.User, e.Grant = client, user, g.ID.String()
	return grant.Redemption{
		Attempt: NewAttempt(now), Now: now, Refresh: true, Event: e,
		Code: grant.Code{Grant: g, Expires: expires, Slot: secret.SlotOf(expires)},
	}
}

// NewRotation is the rotation of a generation of the redeemed code's family.
func NewRotation(now time.Time, r grant.Redemption, seq int64) grant.Rotation {
	e := audit.New(now, audit.TokenRefreshed)
	e.App, e.User, e.Grant = r.Code.Client, r.Code.User, r.Code.ID.String()
	return grant.Rotation{
		Attempt: NewAttempt(now), Now: now, Event: e,
		Refresh: grant.Refresh{Grant: r.Code.Grant, Seq: seq, Issued: r.Now, SK: r.Code.SK},
	}
}

// NewAttempt is the attempt of one more HTTP request.
func NewAttempt(now time.Time) (a grant.Attempt) {
	id := secret.NewID(now)
	copy(a[:], id[:])
	copy(a[16:], "what is presented")
	return a
}

// again is the same redemption from another request.
func again(r grant.Redemption) grant.Redemption {
	r.Attempt, r.Event.ID = NewAttempt(r.Now), secret.NewID(r.Now)
	return r
}

var errAnswerLost = errors.New("the answer of the commit was lost")

// lose loses the answers of the next n commits, which happen.
func lose(n int) func(func() error) error {
	return func(commit func() error) error {
		err := commit()
		if n--; n >= 0 && err == nil {
			err = errAnswerLost
		}
		return err
	}
}

// refuse leaves out the next n commits and loses their answers.
func refuse(n int) func(func() error) error {
	return func(commit func() error) error {
		if n--; n >= 0 {
			return errAnswerLost
		}
		return commit()
	}
}

const always = 1 << 30

func expect(t *testing.T, want, got oauth.Outcome, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("want %v, got the error %v", want, err)
	}
	if got != want {
		t.Fatalf("want %v, got %v", want, got)
	}
}

func redeem(t *testing.T, n Node, want oauth.Outcome, r grant.Redemption) {
	t.Helper()
	got, err := n.Store.RedeemCode(t.Context(), r)
	expect(t, want, got, err)
}

func rotate(t *testing.T, n Node, want oauth.Outcome, r grant.Rotation) {
	t.Helper()
	got, err := n.Store.RotateRefresh(t.Context(), r)
	expect(t, want, got, err)
}

func family(t *testing.T, n Node, id secret.ID) grant.Family {
	t.Helper()
	f, err := n.Store.Family(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// events counts the events of a name.
func events(t *testing.T, n Node, name audit.Name) int {
	t.Helper()
	count := 0
	for _, e := range n.Events(t) {
		if e.Name == name {
			count++
		}
	}
	return count
}

func expectEvents(t *testing.T, n Node, name audit.Name, want int) {
	t.Helper()
	if got := events(t, n, name); got != want {
		t.Errorf("%d events %s, want %d", got, name, want)
	}
}

// revoked is the event of an ending.
func revoked(now time.Time) audit.Event { return audit.New(now, audit.GrantRevoked) }
