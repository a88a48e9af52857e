// Package login answers one question: is this the person? It owns the throttle
// that decides whether somebody may try at all, the pool in which passwords are
// hashed, and the proof that comes out. It knows neither the endpoint nor the
// app's rights, and who the person may sign in for is policy's question.
//
// # One answer
//
// A name that does not exist, a wrong password, an account that is disabled or
// has no password: the answer is ErrFailed for all of them, after the same work
// (one hash at today's parameters) and the same write (one failure counted, with
// its audit event). Only the event says which it was. A hash of another scheme
// or of old parameters is checked besides; where that takes longer, refusals of
// everybody are held back as long (see Prover.Pause), so that the wait tells
// nobody whose hash was imported.
//
// # Four buckets
//
// A failure is charged to four buckets, and each of them may refuse the next
// try unread. A try that is refused costs nothing, and unknown names are
// counted exactly like known ones.
//
//	person at an address  stored     tight: 5 free, then 1 s, 2 s, 4 s … 15 min
//	person                stored     loose: 50 free, then 1 s … 5 min
//	address               in memory  60 at once, then one every 2 s
//	app                   in memory  1000 at once, then 20 a second
//
// Stored buckets leak: 5 failures are forgotten after an hour, 50 after six.
// The numbers fit together like this. One address can make about 20 guesses in
// the first hour and 120 a day after that; a person's own bucket drains 200 a
// day. So one attacker at one address never fills the person's bucket, and the
// person signs in from everywhere else as if nothing happened. Many addresses
// together fill it after 50 failures and are then held to one guess in about
// five minutes; people who signed in from their address within the last 30 days
// (as far as this node remembers) are let past the person's bucket, not past
// their own. Everything decays by itself, and Prover.Forgive empties it at once.
//
// An address is an IPv4 address or an IPv6 /64. When an app proved itself, the
// address is its own server's and says nothing about the person; then the app's
// bucket takes the place of the address's and refuses by itself. What comes in an
// app's name without its proof is counted in another bucket: the id of an app is
// no secret, so anybody could fill that one, and a full one only shrinks what
// each address may still fail, to 5. An app that proved itself may tell where the
// person is (Attempt.Told); then all four count, as if the person came alone.
//
// Nothing is reset by a success. An attacker who has one good password would
// otherwise clear the way for guessing, and a person who mistyped four times
// before has four free failures back within the hour anyway.
//
// Tries that are under way count as failures until they end. So of a hundred
// parallel guesses one short of the limit, one is evaluated: exactly on one
// node, and at most once more for each further node.
package login

import (
	"net/netip"
	"time"

	"countersign/internal/account"
	"countersign/internal/oauth"
)

// Refusals of Prove. What an administrator may know beyond them is in the audit
// event.
var (
	ErrFailed = oauth.Refuse(oauth.LoginFailed, "login.failed", "draft-ietf-oauth-first-party-apps-04 §9.3; NIST SP 800-63B-4 §3.1.1.2",
		"authentication failure")
	ErrThrottled = oauth.Refuse(oauth.RateLimited, "login.throttled", "NIST SP 800-63B-4 §3.2.2",
		"too many failed logins; try again later")
	ErrPasswordTooLong = oauth.Refuse(oauth.InvalidRequest, "login.password-too-long", "NIST SP 800-63B-4 §3.1.1.2",
		"the password is longer than 1024 bytes")
	ErrBusy = oauth.Refuse(oauth.TemporarilyUnavailable, "login.busy", "RFC 9110 §15.6.4",
		"the server is checking as many passwords as it can; try again shortly")
)

// Attempt is one try to sign in with a password.
type Attempt struct {
	Identifier string // as sent: user name or e-mail address
	Password   string
	Client     oauth.ClientID
	Proven     bool       // the app authenticated: Address is its server's
	Address    netip.Addr // of whoever sent the request, proxies already judged; invalid: unknown
	Told       bool       // Address is the person's, as an app that proved itself told it
	RequestID  string
}

// ACRPassword is the assurance that a password alone gives.
const ACRPassword = "urn:countersign:acr:password"

// amrPassword is the method's name in amr.
//
// Spec: RFC 8176 §2.
const amrPassword = "pwd"

// Proof says that a person is who they claim to be.
type Proof struct {
	Account  *account.Account // as it was read before its password was checked
	AMR      []string
	ACR      string
	AuthTime time.Time
}
