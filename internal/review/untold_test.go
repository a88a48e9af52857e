package review

import (
	"strings"
	"testing"
)

// What the source of a snapshot can never tell is somebody's to look at; what it
// could tell and did not keeps the verdict open.
func TestWhatASourceCannotTellIsManual(t *testing.T) {
	s := small(t)
	s.Source = "metadata"
	delete(s.Apps[0].Values, "app.pkce.required")
	delete(s.Server, "server.oauth.require_pkce")
	for name, row := range map[string]struct {
		untold func(string) bool
		want   Status
	}{
		"it could tell":        {nil, Inconclusive},
		"it could tell a part": {func(n string) bool { return n != "app.pkce.required" }, Inconclusive},
		"it cannot tell":       {func(string) bool { return true }, Manual},
	} {
		s.Untold = row.untold
		f, ok := Judge(Input{Snapshot: s, Controls: few()}).Find("pkce", s.Apps[0].ID)
		if !ok || f.Status != row.want || row.want == Manual && !strings.Contains(f.Reason, "metadata cannot tell") {
			t.Errorf("%s: %s, %s", name, f.Status, f.Reason)
		}
	}
}
