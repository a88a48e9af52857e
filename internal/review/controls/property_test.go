package controls_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/reviewtest"
)

// facts are what an app is rather than how it is set; changing them changes
// what is judged, and is no weakening.
var facts = []string{"app.first_party", "app.verified_publisher", "app.enabled", "app.oauth.enabled"}

// drawn is any value of a term.
func drawn(t *rapid.T, term review.Term) review.Value {
	data := dataOf(t, term)
	v := review.Of(data, "drawn")
	if term.Name == "app.scopes" {
		v = review.Of(rapid.SampledFrom([][]string{{"openid"}, {"openid", "orders"}, {"orders", "everything"}, {"offline_access", "openid"}, {}}).Draw(t, "scopes"), "drawn")
	}
	return v
}

func dataOf(t *rapid.T, term review.Term) any {
	days := time.Duration(rapid.IntRange(-400, 400).Draw(t, "days"))
	switch term.Kind {
	case review.Bool:
		return rapid.Bool().Draw(t, term.Name)
	case review.Word:
		words := term.Words
		if len(words) == 0 {
			words = []string{"", "x", "https://shop.example/logout", "no-referrer", "at+jwt", "ES256"}
		}
		return rapid.SampledFrom(words).Draw(t, term.Name)
	case review.Int:
		return rapid.SampledFrom([]int{0, 1, 2, 3, 20, 128, 256, 303, 2048, 3072}).Draw(t, term.Name)
	case review.Duration:
		return rapid.SampledFrom(lengths).Draw(t, term.Name)
	case review.Time:
		return reviewtest.Taken().Add(days * review.Day)
	case review.List:
		words := term.Words
		if len(words) == 0 {
			words = []string{"https://shop.example/a", "http://shop.example", "192.0.2.0/24", "0.0.0.0/0", "S256", "ES256", "openid", "orders", "email", "authorization_code", "token"}
		}
		return rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 3, rapid.ID).Draw(t, term.Name)
	case review.Keys:
		return rapid.SampledFrom([][]review.Key{{}, {{Alg: "ES256"}}, {{Alg: "RSA", Bits: 1024}}}).Draw(t, term.Name)
	}
	t.Fatalf("%s: no values for its kind", term.Name)
	return nil
}

var lengths = []time.Duration{
	0, time.Second, 10 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, time.Hour,
	12 * time.Hour, review.Day, 30 * review.Day, 90 * review.Day, 180 * review.Day, 365 * review.Day, review.Forever,
}

// anySnapshot is a server with two apps of arbitrary settings; about one value
// in ten is not set or, if doubts are allowed, unknown.
func anySnapshot(t *rapid.T, doubts bool) review.Snapshot {
	s := reviewtest.Healthy()
	other := reviewtest.Healthy().Apps[0]
	other.ID = "other"
	s.Apps = append(s.Apps, other)
	s.Scopes["everything"] = review.Values{
		"scope.privileged": review.Of(true, ""), "scope.wildcard": review.Of(true, ""), "scope.identity": review.Of(false, ""),
		"scope.confidential": review.Of(true, ""), "scope.resource": review.Nothing(""), "scope.actions": review.Of([]string{}, ""),
		"scope.resource_rechecks": review.Of(false, ""),
	}
	s.Scopes["offline_access"] = review.Values{
		"scope.privileged": review.Of(false, ""), "scope.wildcard": review.Of(false, ""), "scope.identity": review.Of(false, ""),
		"scope.resource": review.Nothing(""), "scope.actions": review.Of([]string{}, ""), "scope.resource_rechecks": review.Of(false, ""),
	}
	for _, term := range review.Vocabulary() {
		if term.Derived != "" || strings.HasPrefix(term.Name, "scope.") || rapid.IntRange(0, 2).Draw(t, "keep healthy") == 0 {
			continue
		}
		v := drawn(t, term)
		switch rapid.IntRange(0, 19).Draw(t, "doubt") {
		case 0:
			v = review.Nothing("drawn")
		case 1:
			if doubts {
				v = review.Unreadable("drawn")
			}
		}
		if strings.HasPrefix(term.Name, "app.") {
			s.Apps[0].Values[term.Name] = v
		} else {
			s.Server[term.Name] = v
		}
	}
	return s
}

// weaker is a value of the term on its worse side, if there is one.
func weaker(t *rapid.T, term review.Term, v review.Value) (review.Value, bool) {
	if v.Presence != review.Known || term.Worse == review.NoSide {
		return v, false // what is not set counts as the worst already
	}
	data, ok := any(nil), false
	switch d := v.Data.(type) {
	case bool:
		data, ok = !d, d != (term.Worse == review.IfTrue)
	case string:
		if i := slices.Index(term.Words, d); i >= 0 && i < len(term.Words)-1 {
			data, ok = rapid.SampledFrom(term.Words[i+1:]).Draw(t, "worse word"), true
		}
	case int:
		data, ok = d+rapid.IntRange(1, 4000).Draw(t, "more"), true
		if term.Worse == review.IfLess {
			data, ok = rapid.IntRange(0, max(0, d-1)).Draw(t, "less"), d > 0
		}
	case time.Duration:
		data, ok = weakerLength(t, term, d)
	case []string:
		data, ok = []string{}, len(d) > 0
		if term.Worse == review.IfFuller {
			data, ok = append(slices.Clone(d), "zz"), true
		}
	}
	return review.Of(data, "weakened"), ok
}

func weakerLength(t *rapid.T, term review.Term, d time.Duration) (any, bool) {
	worse := slices.DeleteFunc(slices.Clone(lengths), func(l time.Duration) bool {
		return term.Worse == review.IfMore && l <= d || term.Worse == review.IfLess && l >= d
	})
	if len(worse) == 0 {
		return nil, false
	}
	return rapid.SampledFrom(worse).Draw(t, "worse length"), true
}

// No change that weakens an app, or the server, ever raises a score or mends a
// control. Changes that alter which controls apply, or which can be judged,
// are left out: turning a flow on makes new controls count, which is another
// question.
func TestWeakeningNeverRaisesTheScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySnapshot(t, false)
		term := rapid.SampledFrom(review.Vocabulary()).Draw(t, "setting")
		if slices.Contains(facts, term.Name) {
			t.Skip("what an app is")
		}
		values := s.Server
		if strings.HasPrefix(term.Name, "app.") {
			values = s.Apps[0].Values
		}
		worse, ok := weaker(t, term, values[term.Name])
		if !ok {
			t.Skip("no worse value")
		}
		before := review.Judge(review.Input{Snapshot: s, Controls: controls.All})
		after := s.Clone()
		if strings.HasPrefix(term.Name, "app.") {
			after.Apps[0].Values[term.Name] = worse
		} else {
			after.Server[term.Name] = worse
		}
		compare(t, before, review.Judge(review.Input{Snapshot: after, Controls: controls.All}), fmt.Sprintf("%s from %s to %s", term.Name, values[term.Name].Text(), worse.Text()))
	})
}

// counted tells whether a finding is part of the score.
func counted(s review.Status) bool { return s != review.NotApplicable && s != review.Manual }

var goodness = map[review.Status]int{review.Pass: 2, review.Mitigated: 1}

func compare(t *rapid.T, before, after *review.Run, change string) {
	same := true
	for i, f := range after.Findings {
		was := before.Findings[i]
		same = same && counted(f.Status) == counted(was.Status) && (f.Status == review.Inconclusive) == (was.Status == review.Inconclusive)
		if was.Status != review.Inconclusive && counted(was.Status) && counted(f.Status) && goodness[f.Status] > goodness[was.Status] {
			t.Errorf("%s: %s becomes %s, it was %s", change, f.Control, f.Reason, was.Reason)
		}
		if !counted(f.Status) && was.Status == review.Fail {
			t.Errorf("%s: %s no longer counts, it was %s", change, f.Control, was.Reason)
		}
	}
	if !same {
		return
	}
	raised(t, before.Score, after.Score, change)
	for i, app := range after.Apps {
		raised(t, before.Apps[i].Score, app.Score, change+" of "+app.ID)
	}
}

func raised(t *rapid.T, before, after review.Score, change string) {
	if before.Score != nil && *after.Score > *before.Score {
		t.Errorf("%s raises the score from %v to %v", change, *before.Score, *after.Score)
	}
}

// Every control has one of the six statuses for every subject, with a
// sentence; a value that decides and is unknown never gives a pass.
func TestStatusesAreTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySnapshot(t, true)
		verdicts, mistakes := review.Verdicts(s, controls.All, nil)
		if len(mistakes) > 0 {
			t.Error(mistakes)
		}
		for _, v := range verdicts {
			if !slices.Contains(review.Statuses(), v.Status) || v.Reason == "" {
				t.Errorf("%s: %q %q", v.Control, v.Status, v.Reason)
			}
		}
	})
}

// With nothing readable no control passes.
func TestUnknownNeverPasses(t *testing.T) {
	blank := review.Snapshot{Taken: reviewtest.Taken(), Apps: []review.App{{ID: "blank"}}}
	verdicts, _ := review.Verdicts(blank, controls.All, nil)
	for _, v := range verdicts {
		if v.Status == review.Pass || v.Status == review.Mitigated {
			t.Errorf("%s: %s", v.Control, v.Reason)
		}
	}
}

// Making one value unknown never makes a control better, and whatever it makes
// inconclusive names a value.
func TestDoubtNeverHelps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySnapshot(t, false)
		doubtful := s.Clone()
		term := rapid.SampledFrom(review.Vocabulary()).Draw(t, "setting")
		if strings.HasPrefix(term.Name, "app.") {
			doubtful.Apps[0].Values[term.Name] = review.Unreadable("lost")
		} else {
			doubtful.Server[term.Name] = review.Unreadable("lost")
		}
		before, _ := review.Verdicts(s, controls.All, nil)
		after, _ := review.Verdicts(doubtful, controls.All, nil)
		for i, v := range after {
			if v.Status != before[i].Status && v.Status != review.Inconclusive {
				t.Errorf("%s unknown: %s, it was %s", term.Name, v.Reason, before[i].Reason)
			}
			if v.Status == review.Inconclusive && len(v.Missing) == 0 && before[i].Status != review.Inconclusive {
				t.Errorf("%s unknown: inconclusive without a name: %s", term.Name, v.Reason)
			}
		}
	})
}

// A preview of each fix agrees with judging the patched snapshot anew.
func TestPreviewAgreesWithJudging(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySnapshot(t, true)
		run := review.Judge(review.Input{Snapshot: s, Controls: controls.All})
		var fixable []review.Finding
		for _, f := range run.Findings {
			if f.Fix != nil {
				fixable = append(fixable, f)
			}
		}
		if len(fixable) == 0 {
			t.Skip("nothing to fix")
		}
		f := rapid.SampledFrom(fixable).Draw(t, "finding")
		preview := run.Preview(f.Control, f.App, f.Fix.Patch)
		anew := review.Judge(review.Input{Snapshot: review.Apply(s, f.Fix.Patch), Controls: controls.All})
		if got, _ := anew.Find(f.Control, f.App); got.Status != preview.Status || fmt.Sprint(deref(anew.Score.Score)) != fmt.Sprint(deref(preview.Score)) {
			t.Errorf("%s on %q: previewed %s %v, judged anew %s %v", f.Control, f.App, preview.Status, deref(preview.Score), got.Status, deref(anew.Score.Score))
		}
	})
}

func deref(f *float64) any {
	if f == nil {
		return nil
	}
	return *f
}
