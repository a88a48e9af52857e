// Package fault names the defences that a test build can take away, one at a
// time, so that the tests can show that each of them is seen when it is gone. In
// every other build Is is a constant false and costs nothing: nothing in a
// released binary can switch a defence off.
package fault

// Name names a missing defence.
type Name string

// The faults. Each is asked for where the defence is: in one place, or in each of
// those that defend the same thing.
const (
	CodeAnyApp          Name = "code redeemed by another app"
	CodeAnyRedirect     Name = "code redeemed with another redirect URI"
	CodeNeverExpires    Name = "code redeemed after its life"
	CodeSpentAccepted   Name = "code redeemed twice"
	ReplayIgnored       Name = "replay does not end the grant"
	PKCEUnchecked       Name = "verifier is not compared"
	PKCEOptional        Name = "challenge is not demanded"
	PKCEPlain           Name = "challenge method plain is taken"
	PKCEDowngrade       Name = "verifier without a challenge is taken"
	SecretUnchecked     Name = "app secret is not compared"
	SecretOptional      Name = "app credentials are not demanded"
	PublicSecret        Name = "secret of a public app is taken"
	RedirectPrefix      Name = "redirect URI is compared by its beginning"
	ScopeUnbounded      Name = "scope beyond the app is granted"
	MachineUnbounded    Name = "scope beyond the app is granted to the app itself"
	PersonAdministers   Name = "token of a person opens the administration"
	RightIgnored        Name = "administration without the right for it"
	RefreshAnyApp       Name = "refresh token used by another app"
	RefreshReuse        Name = "old refresh token is answered for ever"
	RefreshForever      Name = "refresh token outlives its policy"
	ThirdParty          Name = "third-party app collects passwords"
	FlowSwitchIgnored   Name = "flow that is off is served"
	CredentialsInURL    Name = "password in a URL is taken"
	PersonNotReread     Name = "disabled person keeps redeeming and refreshing"
	EndingsIgnored      Name = "revoked tokens live on"
	ForeignIntrospected Name = "app sees another app's token"
	ForeignRevoked      Name = "app ends another app's token"
	TokenUnsigned       Name = "access token with a wrong signature is taken"
	AlgNone             Name = "access token with the algorithm none is taken"
	AnyIssuer           Name = "access token of another issuer is taken"
	TokenNeverExpires   Name = "access token outlives its expiry"
	AnyScopeUserinfo    Name = "userinfo without the scope openid"
	NotAssigned         Name = "person who is not assigned is admitted"
	FenceIgnored        Name = "address outside the fence is admitted"
	NoThrottle          Name = "guessing is not slowed"
	QuotaIgnored        Name = "app takes more tokens than its quota"
	WhoExists           Name = "answer tells an unknown name from a wrong password"
	CacheableTokens     Name = "answers with tokens may be cached"
	SecretLogged        Name = "secret in the log"
	AnyOrigin           Name = "every web page may read the token endpoint"
)
