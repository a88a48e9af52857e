package admin

import (
	"errors"
	"slices"
	"testing"
	"time"

	"countersign/internal/review"
	"countersign/internal/sfdx"
)

var taken = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func readSample(t *testing.T, name string) review.Snapshot {
	t.Helper()
	m, err := ReadMetadata([]string{"../sfdx/testdata/" + name})
	if err != nil {
		t.Fatal(err)
	}
	return m.Snapshot(taken)
}

func TestMetadataSpeaksTheVocabulary(t *testing.T) {
	for _, sample := range []string{"healthy", "risky"} {
		s := readSample(t, sample)
		if len(s.Apps) < 2 {
			t.Fatalf("%s: %d apps", sample, len(s.Apps))
		}
		check := func(name string, v review.Value) {
			term, ok := review.TermOf(name)
			if !ok {
				t.Errorf("%s: %s is not in the vocabulary", sample, name)
			} else if _, keys := v.Data.([]review.Key); v.Presence == review.Known && !keys && !fits(term, v.Data) {
				t.Errorf("%s: %v (%T) is no value of %s", sample, v.Data, v.Data, name)
			}
		}
		for name, v := range s.Server {
			check(name, v)
			if untold(name) {
				t.Errorf("%s tells %s, which counts as untold", sample, name)
			}
		}
		for _, a := range s.Apps {
			for name, v := range a.Values {
				check(name, v)
				if untold(name) {
					t.Errorf("%s tells %s, which counts as untold", sample, name)
				}
			}
		}
		for _, values := range s.Scopes {
			for name, v := range values {
				check(name, v)
			}
		}
	}
}

func TestMetadataFaultsPointAtFileAndLine(t *testing.T) {
	if s := readSample(t, "healthy"); len(s.Problems) != 0 {
		t.Errorf("the healthy sample has problems: %+v", s.Problems)
	}
	s := readSample(t, "risky")
	var rules []string
	for _, p := range s.Problems {
		rules = append(rules, p.Rule)
		if p.File == "" || p.Reason == "" || p.Expected == "" {
			t.Errorf("a problem that does not say where and what to do: %+v", p)
		}
	}
	for _, c := range sfdx.Checks {
		if !slices.Contains(rules, c.ID) {
			t.Errorf("check %s found nothing in the risky sample", c.ID)
		}
	}
	for _, a := range s.Apps {
		if a.ID == "Risky_Ghost" {
			t.Error("an app that nothing describes is judged")
		}
	}
}

func TestMetadataPathsThatHoldNothing(t *testing.T) {
	if _, err := ReadMetadata([]string{t.TempDir()}); !errors.Is(err, ErrNoMetadata) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := ReadMetadata([]string{"testdata/there-is-no-such-thing"}); err == nil {
		t.Error("a path that does not exist is accepted")
	}
}
