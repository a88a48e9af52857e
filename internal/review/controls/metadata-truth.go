package controls

import "countersign/internal/review"

// metadataTruth wants the server to do what its metadata says. Only a walk
// over every value can tell; without one nothing is known.
//
// Spec: RFC 8414 §2; RFC 9700 §2.6, §4.8.2.
var metadataTruth = review.Control{
	ID:     "metadata-truth",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	Pass: func(e *review.Eval) review.Truth {
		const walk = "server.metadata.walk"
		clean := e.Is(walk, "clean") // first, so that "clean" is what reports recommend
		return review.If(e.Is(walk, "not_run"),
			e.Undecided(walk, "the metadata was not walked since the configuration changed"), clean)
	},

	Probe: review.Probe{ID: "probe.metadata-walk"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Task("walk the metadata, and mend each value that the walk names; no setting does it"),
		},
		Breaks: "Clients that use an unlisted method, once it is closed.",
	},
}
