package reviewtest_test

import (
	"errors"
	"strings"
	"testing"

	"countersign/internal/review"
	"countersign/internal/review/reviewtest"
)

// The healthy server has every value of the vocabulary that is not derived.
func TestHealthyIsComplete(t *testing.T) {
	s := reviewtest.Healthy()
	for _, term := range review.Vocabulary() {
		values := s.Server
		switch kind, _, _ := strings.Cut(term.Name, "."); kind {
		case "app":
			values = s.Apps[0].Values
		case "scope":
			values = s.Scopes["orders"]
		}
		if _, ok := values[term.Name]; ok != (term.Derived == "") {
			t.Errorf("%s: given %v, derived %q", term.Name, ok, term.Derived)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"app.pkce.required", "app.hope = true", "app.pkce.required = perhaps", "scope.wildcard = true",
		"severity: much", "no apps\napp.pkce.required = true", "hope",
	} {
		if _, err := reviewtest.Parse(text); !errors.Is(err, reviewtest.ErrLine) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Lines belong to the app or scope named last.
func TestParsePlaces(t *testing.T) {
	c, err := reviewtest.Parse("app two\napp.pkce.required = false\nscope extra\nscope.wildcard = true\nprobe probe.pkce = held\nattest vault\nreason: because\nseverity: 8.5")
	if err != nil {
		t.Fatal(err)
	}
	one, two := c.Snapshot.Apps[0], c.Snapshot.Apps[1]
	if one.Values["app.pkce.required"].Text() != "true" || two.Values["app.pkce.required"].Text() != "false" {
		t.Error("the value went to the other app")
	}
	if c.Snapshot.Scopes["extra"]["scope.wildcard"].Text() != "true" || c.Proofs[0].App != "two" || c.Snapshot.Attestations[0].App != "two" {
		t.Errorf("%+v", c)
	}
	if c.Reasons[0] != "because" || c.Severity != 8.5 {
		t.Errorf("%v %v", c.Reasons, c.Severity)
	}
}
