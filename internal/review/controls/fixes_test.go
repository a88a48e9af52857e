package controls_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// proposal is the fix of a control for one of its cases.
func proposal(t *testing.T, c review.Control, x example) []review.Step {
	t.Helper()
	f, ok := review.Judge(review.Input{Snapshot: x.Snapshot, Controls: controls.Catalogue(), Proofs: x.Proofs}).Find(c.ID, x.subject)
	if !ok {
		t.Fatalf("%s: %s: no finding", c.ID, x.name)
	}
	if f.Fix == nil {
		return nil
	}
	return f.Fix.Patch
}

// byMachine reports whether a patch can be applied without asking anybody.
func byMachine(patch []review.Step) bool {
	return !slices.ContainsFunc(patch, func(w review.Step) bool { return w.Ask != "" || w.Only != "" })
}

// The fix of a control mends each of its failed cases, or asks a person for
// what is missing. A case that fails by a probe is mended at the control whose
// probe it is.
func TestFixesMend(t *testing.T) {
	applied := 0
	for _, c := range controls.Catalogue() {
		for _, x := range examples(t, c) {
			if x.status != review.Fail || len(x.Proofs) > 0 {
				continue
			}
			patch := proposal(t, c, x)
			if len(patch) == 0 {
				t.Errorf("%s: %s: the fix has nothing to do", c.ID, x.name)
			}
			if !byMachine(patch) {
				continue
			}
			applied++
			after := verdict(t, c, review.Apply(x.Snapshot, patch), nil, x.subject)
			if after.Status != review.Pass && after.Status != review.Mitigated {
				t.Errorf("%s: %s: after its fix %v it is still %s", c.ID, x.name, texts(patch), after.Reason)
			}
		}
	}
	if applied < 150 {
		t.Errorf("only %d fixes were tried", applied)
	}
}

func texts(patch []review.Step) []string {
	var list []string
	for _, w := range patch {
		list = append(list, w.Text())
	}
	return list
}

// What the fixes write and ask where it depends on more than one value.
func TestPatches(t *testing.T) {
	for _, row := range []struct {
		control, example string
		want             []string
	}{
		{"scope-least-privilege", "fail: a privileged scope in use beside one that is not", []string{
			"app.scopes = [openid, refunds]", "app.policy.permitted_users = admin_preauthorized", "app.access_token.ttl = 1h",
		}},
		{"scope-least-privilege", "fail: a privileged scope nobody used beside one in use; only the first goes", []string{"app.scopes = [openid, orders]"}},
		{"scope-least-privilege", "fail: an app of a week with a privileged scope", []string{"app.policy.permitted_users = admin_preauthorized"}},
		{"scope-least-privilege", "fail: a scope it used is no longer its own", []string{"app.scopes = <those of its scopes that the app used in the last 90 days>"}},
		{"scope-least-privilege", "fail: full access, whoever uses it", []string{"app.scopes = <the narrow scopes that cover the calls seen>"}},
		{"id-token", "fail: an attribute nobody declared", []string{"app.id_token.attributes = [email]"}},
		{"id-token", "fail: an attribute nobody declared beside a claim that is none", []string{"app.id_token.attributes = <those of the attributes that the app declared>"}},
		{"id-token", "fail: attributes while there is no list", []string{"app.id_token.attributes = []"}},
		{"session-timeout", "fail: two hours of bearer tokens", []string{"app.access_token.ttl = 1h"}},
		{"guessing-throttled", "fail: one address may try every app", []string{"server.limits.token = [client, user, address]"}},
		{"guessing-throttled", "fail: secrets of apps can be guessed", []string{"server.limits.token = [client, address]"}},
		{"app-creation-off", "fail: administrators by hand, the world by registration", []string{"server.oauth.dcr = initial_access_token"}},
		{"code-and-credentials-settings", "fail: a confidential app that has no method; which one is for its owner to say", []string{"app.client_auth = <the method by which the app can authenticate>"}},
		{"client-credentials-policy", "fail: two apps share the principal", []string{"app.policy.run_as = <a new dedicated principal, with narrow rights and no sign-in>"}},
		{"ip-restrictions", "fail: the address policy is off", []string{"app.policy.ip = enforce"}},
		{"mobile-screen-lock", "fail: attested, but nothing is demanded", []string{"app.mobile.screen_lock = required"}},
	} {
		c, _ := controls.Control(row.control)
		list := examples(t, c)
		i := slices.IndexFunc(list, func(x example) bool { return x.name == row.example })
		if i < 0 {
			t.Errorf("%s has no case %q", row.control, row.example)
			continue
		}
		if diff := cmp.Diff(row.want, texts(proposal(t, c, list[i]))); diff != "" {
			t.Errorf("%s: %s: %s", row.control, row.example, diff)
		}
	}
}

// No fix moves a setting to its worse side: what is stricter than the
// recommendation stays.
func TestFixesNeverLoosen(t *testing.T) {
	for _, c := range controls.Catalogue() {
		for _, x := range examples(t, c) {
			for _, w := range proposal(t, c, x) {
				if loosens(x.Snapshot, w) {
					t.Errorf("%s: %s: the fix loosens %s", c.ID, x.name, w.Text())
				}
			}
		}
	}
}

// loosens reports whether a step writes a value that is worse than the one
// there.
func loosens(s review.Snapshot, w review.Step) bool {
	present, proposed := s.Server[w.Name], w.Value()
	for _, app := range s.Apps {
		if app.ID == w.App {
			present = app.Values[w.Name]
		}
	}
	if present.Presence != review.Known || proposed.Presence != review.Known {
		return false
	}
	if slices.Contains([]string{"app.scopes", "app.id_token.attributes"}, w.Name) {
		return !within(present.Data.([]string), proposed.Data.([]string))
	}
	term, _ := review.TermOf(w.Name)
	return worse(term, present.Data, proposed.Data)
}

// worse reports whether a value is on the worse side of another.
func worse(term review.Term, from, to any) bool {
	switch from := from.(type) {
	case bool:
		return to != from && term.Worse == map[bool]review.Worse{true: review.IfFalse, false: review.IfTrue}[from]
	case string:
		return term.Worse == review.IfLater && slices.Index(term.Words, to.(string)) > slices.Index(term.Words, from)
	case time.Duration:
		longer, shorter := to.(time.Duration) > from, to.(time.Duration) < from
		return longer && term.Worse == review.IfMore || shorter && term.Worse == review.IfLess
	case []string:
		return term.Worse == review.IfEmptier && !within(to.([]string), from)
	}
	return false
}

func within(list, entries []string) bool {
	return !slices.ContainsFunc(entries, func(entry string) bool { return !slices.Contains(list, entry) })
}

// A fix writes only values that the vocabulary allows.
func TestFixesWriteRealValues(t *testing.T) {
	for _, c := range controls.All {
		for _, change := range c.Fix.Patch {
			term, _ := review.TermOf(change.Name)
			words, _ := change.To.([]string)
			if word, ok := change.To.(string); ok {
				words = []string{word}
			}
			for _, word := range words {
				if term.Words != nil && !slices.Contains(term.Words, word) {
					t.Errorf("%s writes %s = %s, one of %v", c.ID, change.Name, word, term.Words)
				}
			}
		}
	}
}
