//go:build faults

package fault

import "sync/atomic"

var active atomic.Value

// Is says whether the defence is taken away.
func Is(n Name) bool { return active.Load() == n }

// Set takes one defence away, and puts back the one that was missing before;
// the empty name puts back everything.
func Set(n Name) { active.Store(n) }

// All lists every fault.
var All = []Name{
	CodeAnyApp, CodeAnyRedirect, CodeNeverExpires, CodeSpentAccepted, ReplayIgnored,
	PKCEUnchecked, PKCEOptional, PKCEPlain, PKCEDowngrade,
	SecretUnchecked, SecretOptional, PublicSecret, RedirectPrefix, ScopeUnbounded,
	RefreshAnyApp, RefreshReuse, RefreshForever, ThirdParty, FlowSwitchIgnored, CredentialsInURL,
	PersonNotReread, EndingsIgnored, ForeignIntrospected, ForeignRevoked, TokenUnsigned, TokenNeverExpires,
	AnyScopeUserinfo, NotAssigned, FenceIgnored, NoThrottle, QuotaIgnored, WhoExists, CacheableTokens, SecretLogged, AnyOrigin,
}
