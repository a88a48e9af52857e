// Package review judges apps and the server against the controls of the
// Security Health Review: it owns the snapshot, the three-valued clauses, the
// verdicts, severity, score, waivers, fixes and the comparison of runs.
//
// Everything here is a pure function of a [Snapshot] and, where proofs were
// made, of their results. The package reads no clock, no network and no
// database, and writes nothing; whoever builds the snapshot has read them. The
// controls themselves are in review/controls, the output formats in
// review/report.
//
// Start at [Judge] for a whole run, at [Control] to write a rule.
package review
