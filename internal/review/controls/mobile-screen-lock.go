package controls

import (
	"time"

	"countersign/internal/review"
)

// mobileScreenLock wants a found telephone to open nothing. What the device
// does with the policy the server sees only if the platform attests it.
//
// Spec: RFC 6819 §5.3.4; RFC 8252 §8; OWASP MASVS-AUTH.
var mobileScreenLock = review.Control{
	ID:     "mobile-screen-lock",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.IsNot("app.platform", "mobile")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(publishedLock(e), attestedUnlock(e))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.AtMost("app.refresh.idle_ttl", 30*time.Minute),
			e.True("app.refresh.rotation"),
			e.Is("app.access_token.binding", "dpop"),
			e.In("app.mobile.key_attested", "hardware", "hardware_user_auth"),
		)
	},
	Manual: publishedLock,

	MitigatedBy: []string{"refresh-rotation", "sender-constrained-tokens"},
	Defences:    []string{"refresh."},
	Probe:       review.Probe{ID: "manual.attestation"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.mobile.screen_lock", "required"),
			review.Write("app.mobile.policy_claim", true),
			unless("apps without such a key", attestedUnlock,
				review.Task("have the app keep its key where it works after an unlock only, and send the platform's attestation; until then the verdict is manual")),
		},
		Breaks: "Users on devices without a lock; the server cannot count them.",
	},
}

// publishedLock holds if the policy is there and reaches the app.
func publishedLock(e *review.Eval) review.Truth {
	return review.All(e.Is("app.mobile.screen_lock", "required"), e.True("app.mobile.policy_claim"))
}

// attestedUnlock holds if the platform says that the key works after an unlock
// only.
func attestedUnlock(e *review.Eval) review.Truth {
	return e.Is("app.mobile.key_attested", "hardware_user_auth")
}
