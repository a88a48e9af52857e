//go:build faults

package fault

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
)

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
	SecretUnchecked, SecretOptional, PublicSecret, RedirectPrefix, ScopeUnbounded, MachineUnbounded, PersonAdministers, RightIgnored,
	RefreshAnyApp, RefreshReuse, RefreshForever, ThirdParty, FlowSwitchIgnored, CredentialsInURL,
	PersonNotReread, EndingsIgnored, ForeignIntrospected, ForeignRevoked, TokenUnsigned, AlgNone, AnyIssuer, TokenNeverExpires,
	AnyScopeUserinfo, NotAssigned, FenceIgnored, NoThrottle, QuotaIgnored, WhoExists, CacheableTokens, SecretLogged, AnyOrigin,
}

// ClockSkew is how far a test wants the clock of this process to be ahead of the
// time, by COUNTERSIGN_TEST_CLOCK_SKEW: a Go program does not heed what makes
// others believe in another time.
var ClockSkew = sync.OnceValue(func() time.Duration {
	d, err := time.ParseDuration(os.Getenv("COUNTERSIGN_TEST_CLOCK_SKEW"))
	if err != nil {
		return 0
	}
	return d
})
