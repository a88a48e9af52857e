package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"countersign/internal/review"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Skipped   *junitOutcome `xml:"skipped"`
	Error     *junitOutcome `xml:"error"`
	Failure   *junitOutcome `xml:"failure"`
	Output    string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes one test suite per app and one for the server, one test case per
// control. A fail from the threshold up is a failure, below it a pass with the
// finding in its output; inconclusive is an error; not applicable, manual and
// waived are skipped, with the reason.
func JUnit(w io.Writer, run *review.Run, o Options) error {
	all := junitSuites{Name: "Security Health Review", Time: "0"}
	for _, g := range groups(run) {
		s := junitSuite{
			Name: orElse(g.ID, "server"), Time: "0", Timestamp: run.Header.Snapshot.UTC().Format("2006-01-02T15:04:05"),
			Properties: []junitProperty{{"score", g.Score.Words()}, {"configuration", run.Header.Hash}},
		}
		if g.ID != "" {
			s.Name = "app/" + g.ID
		}
		for _, f := range g.Findings {
			s.add(junitOf(run, f, s.Name, o.FailOn))
		}
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitOf(run *review.Run, f review.Finding, suite string, failOn float64) junitCase {
	c := junitCase{Name: f.Control, ClassName: suite, Time: "0"}
	details := junitDetails(run, f)
	switch {
	case f.Contradicted: // no waiver and no threshold hides it
		c.Failure = &junitOutcome{Message: f.Reason, Type: "contradicted", Text: details}
	case f.Waived():
		c.Skipped = &junitOutcome{Message: waiverText(f.Waiver)}
		c.Output = details
	case f.Status == review.Fail && f.Severity.Computed >= failOn:
		c.Failure = &junitOutcome{Message: f.Reason, Type: f.Severity.Level, Text: details}
	case f.Status == review.Inconclusive:
		c.Error = &junitOutcome{Message: f.Reason, Type: "inconclusive", Text: details}
	case f.Status == review.NotApplicable || f.Status == review.Manual:
		c.Skipped = &junitOutcome{Message: f.Reason}
	default:
		c.Output = details
	}
	return c
}

func junitDetails(run *review.Run, f review.Finding) string {
	lines := []string{f.Reason, "severity: " + orElse(severityText(f), "none"), "yours: " + f.Actual, "recommended: " + f.Expected}
	if f.Location != nil && f.Location.File != "" {
		lines = append(lines, "at: "+fileLine(f.Location))
	}
	lines = append(lines, attack(run, f)...)
	if f.Fix != nil {
		lines = append(lines, "fix: "+strings.Join(patchText(f.Fix.Patch), "; "))
	}
	if f.Waiver != nil {
		lines = append(lines, waiverText(f.Waiver))
	}
	return strings.Join(append(lines, "fingerprint: "+f.Fingerprint), "\n")
}
