package audit

// Name names an event. Names are subject.past-participle, stable, and listed in
// Catalogue.
type Name string

// Events.
const (
	LoginSucceeded   Name = "login.succeeded"
	LoginFailed      Name = "login.failed"
	LoginThrottled   Name = "login.throttled"
	CodeIssued       Name = "code.issued"
	CodeRedeemed     Name = "code.redeemed"
	CodeReplayed     Name = "code.replayed"
	TokenRefreshed   Name = "token.refreshed"
	TokenIssued      Name = "token.issued"
	TokenReanswered  Name = "token.reanswered"
	RefreshReused    Name = "refresh.reused"
	GrantRevoked     Name = "grant.revoked"
	RequestRefused   Name = "request.refused"
	AppCreated       Name = "app.created"
	AppChanged       Name = "app.changed"
	AppDeleted       Name = "app.deleted"
	AppSecretAdded   Name = "app.secret-added"
	AppSecretRemoved Name = "app.secret-removed"
	UserCreated      Name = "user.created"
	UserChanged      Name = "user.changed"
	UserDisabled     Name = "user.disabled"
	UserEnabled      Name = "user.enabled"
	UserDeleted      Name = "user.deleted"
	PasswordChanged  Name = "user.password-changed"
	PasswordRehashed Name = "user.password-rehashed"
	KeyAdded         Name = "key.added"
	KeyActivated     Name = "key.activated"
	KeyRetired       Name = "key.retired"
	OrgChanged       Name = "org.changed"
	ReviewRun        Name = "review.run"
	WaiverAdded      Name = "waiver.added"
	WaiverEnded      Name = "waiver.ended"
	StaffInvited     Name = "staff.invited"
	StaffJoined      Name = "staff.joined"
	StaffChanged     Name = "staff.changed"
	StaffRemoved     Name = "staff.removed"
	StaffSignedIn    Name = "staff.signed-in"
	StaffSignedOut   Name = "staff.signed-out"
	ServerStarted    Name = "server.started"
	ServerStopped    Name = "server.stopped"
	ServerReloaded   Name = "server.reloaded"
)

// Entry is one row of the catalogue.
type Entry struct {
	Name Name   `json:"event"`
	What string `json:"what"`
}

// Catalogue lists every event with what it means, for `countersign explain` and
// the documentation.
var Catalogue = []Entry{
	{LoginSucceeded, "A person proved who they are. Written together with code.issued in the headless flow, where one event says both."},
	{LoginFailed, "Wrong or unknown credentials. The answer is the same for unknown people, wrong passwords and disabled accounts; the detail tells which."},
	{LoginThrottled, "A login was refused unread, because of too many failures from this address, for this person or by this app."},
	{CodeIssued, "A person signed in through an app and the app holds an authorization code."},
	{CodeRedeemed, "An app redeemed a code for tokens."},
	{CodeReplayed, "A spent code was presented again by the app it belongs to. Everything that came from it is revoked."},
	{TokenRefreshed, "An app used a refresh token, and got the next one if its tokens rotate."},
	{TokenIssued, "An app obtained a token for itself, by its own credentials. Nothing changed, so the event is written with others within a second; many from one app and address become one a minute, with the number in the detail."},
	{TokenReanswered, "An app repeated its last refresh within the grace time and got the same successor again."},
	{RefreshReused, "An old refresh token was presented again. Its family is revoked, access tokens included."},
	{GrantRevoked, "A grant ended: by revocation, by an administrator, or because a replay was seen."},
	{RequestRefused, "A request was refused; the rule names why."},
	{AppCreated, "An External Client App was created."},
	{AppChanged, "A setting or policy of an app changed; the detail lists what."},
	{AppDeleted, "An app was deleted; its tokens are dead."},
	{AppSecretAdded, "A new secret of an app was generated."},
	{AppSecretRemoved, "A secret of an app ended."},
	{UserCreated, "A person was registered."},
	{UserChanged, "A person's profile changed."},
	{UserDisabled, "A person was disabled; their tokens are dead."},
	{UserEnabled, "A person was enabled again; earlier tokens stay dead."},
	{UserDeleted, "A person was deleted."},
	{PasswordChanged, "A person's password was set; earlier tokens are dead."},
	{PasswordRehashed, "A password's hash was replaced by one with today's parameters after a good login."},
	{KeyAdded, "A signing key was generated; it is published and does not sign yet."},
	{KeyActivated, "A signing key began to sign."},
	{KeyRetired, "A signing key ended; it verifies nothing any more."},
	{OrgChanged, "A server-wide setting changed."},
	{ReviewRun, "The Security Health Review was run and its outcome kept; the detail has score, grade and the number of open findings."},
	{WaiverAdded, "A finding of the review was accepted for a time; the detail has control, reason, owner and end."},
	{WaiverEnded, "The acceptance of a finding was ended before its time."},
	{StaffInvited, "A one-time link was made: for the first owner, for somebody new, or for an administrator who lost password or authenticator."},
	{StaffJoined, "A one-time link was used: an administrator set a password; the detail has the purpose of the link."},
	{StaffChanged, "An administrator's role, state, password or second factor changed; the detail lists what."},
	{StaffRemoved, "An administrator was removed; the sessions are over."},
	{StaffSignedIn, "An administrator signed in at the console, or gave the password and the second factor is awaited (detail step)."},
	{StaffSignedOut, "Sessions of an administrator were ended: by signing out, by the member elsewhere, or by an owner."},
	{ServerStarted, "A node began to serve."},
	{ServerStopped, "A node stopped in good order."},
	{ServerReloaded, "A node took up a changed configuration; the detail names the keys."},
}
