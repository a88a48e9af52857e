package review

// outcome is what configuration and proof say together.
type outcome struct {
	status Status
	proof  string // in words, for the reports
	lies   bool   // the probe contradicts the configuration
}

// What a proof adds to a status, in words.
const (
	proven          = "proven"
	notNamed        = "held, but not by a defence the rule names"
	demonstrated    = "demonstrated"
	notDemonstrated = "not demonstrated"
	proofMissing    = "proof missing"
	notRun          = "not run"
	notTried        = "not tried" // there is nothing to attack, and the transcript says why
	configLies      = "configuration lies"
	mitigationLies  = "the mitigation does not hold"
)

// contrast is the truth table of configuration against proof. A result that is
// absent leaves the status as configured.
//
// A held probe never softens a fail by itself and behaviour does not replace a
// setting that is unknown; a broken one always makes a fail. A failed positive
// control makes nothing better: otherwise breaking the honest flow would
// improve the report.
var contrast = map[Status]map[Result]outcome{
	Pass: {
		Held:             {Pass, proven, false},
		Broken:           {Fail, configLies, true},
		ResultUnresolved: {Inconclusive, proofMissing, false},
	},
	Mitigated: {
		Held:             {Mitigated, proven, false}, // if a defence the rule names answered
		Broken:           {Fail, mitigationLies, true},
		ResultUnresolved: {Inconclusive, proofMissing, false},
	},
	Fail: {
		Held:             {Fail, notDemonstrated, false}, // mitigated if a defence that relieves it answered
		Broken:           {Fail, demonstrated, false},
		ResultUnresolved: {Fail, proofMissing, false},
	},
	NotApplicable: {
		Held:             {NotApplicable, proven, false},
		Broken:           {Fail, configLies, true},
		ResultUnresolved: {NotApplicable, proofMissing, false},
	},
	Manual: {
		Held:             {Manual, "server half proven", false},
		Broken:           {Fail, demonstrated, false},
		ResultUnresolved: {Manual, proofMissing, false},
	},
	Inconclusive: {
		Held:             {Inconclusive, "held", false},
		Broken:           {Fail, demonstrated, false},
		ResultUnresolved: {Inconclusive, proofMissing, false},
	},
}

// against applies the table, and the two rules that need the names of the
// defences which answered.
func (c Control) against(configured Status, p Proof, ran bool) outcome {
	if !ran {
		return outcome{configured, notRun, false}
	}
	o, listed := contrast[configured][p.Result]
	switch {
	case p.Result == ResultNone:
		return outcome{configured, notTried, false}
	case !listed:
		return outcome{configured, notRun, false}
	case p.Result != Held:
	case configured == Mitigated && !p.namedDefence(c.Defences):
		o.proof = notNamed
	case configured == Fail && p.namedDefence(c.Relieves):
		o.status, o.proof = Mitigated, proven
	}
	return o
}
