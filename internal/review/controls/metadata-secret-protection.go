package controls

import "countersign/internal/review"

// metadataSecretProtection wants configuration exports to be of no use to a
// thief.
//
// Spec: RFC 6819 §4.1.1, §5.1.4.1; RFC 9700 §2.5.
var metadataSecretProtection = review.Control{
	ID:     "metadata-secret-protection",
	Scope:  review.PerServer,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: noSharedSecret,
	Pass: func(e *review.Eval) review.Truth {
		return e.False("server.secrets.export_includes_secret")
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.Any(
			e.Is("server.secrets.storage", "hashed"),
			review.All(
				e.Count("server.admin.config_readers", 0, 3),
				review.Any(
					review.Not(e.Set("server.secrets.last_export")),
					e.Before("server.secrets.last_export", 90*review.Day),
				),
			),
		)
	},

	MitigatedBy: []string{"secret-strength", "admin-plane"},
	Probe:       review.Probe{ID: "probe.secret-canary-export"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("server.secrets.export_includes_secret", false)},
		Breaks: "Principals and pipelines that ran an export in the last 90 days and read the secret field.",
	},
}
