package admin

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// TestEveryFixIsWrittenOrExplained: each setting that a control's fix writes has
// a field here, or says in words of its own why it has none.
func TestEveryFixIsWrittenOrExplained(t *testing.T) {
	for _, c := range controls.Catalogue() {
		for _, change := range c.Fix.Patch {
			if change.Name == "" || Flag(change.Name) != "" {
				continue
			}
			explained := false
			for prefix := range beyond {
				explained = explained || strings.HasPrefix(change.Name, prefix) && prefix != "app." && prefix != "server."
			}
			if !explained {
				t.Errorf("%s: %s has no field, and beyond does not say why", c.ID, change.Name)
			}
		}
	}
	for name, s := range settings {
		if _, ok := review.TermOf(name); !ok {
			t.Errorf("%s is no name of the review", name)
		}
		if !slices.ContainsFunc(AppFields, func(f Field[app]) bool { return f.Name == s.field }) &&
			!slices.ContainsFunc(OrgFields, func(f Field[org]) bool { return f.Name == s.field }) {
			t.Errorf("%s: there is no field %s", name, s.field)
		}
	}
}

// weak are apps with something wrong in every corner that a field reaches.
var weak = [][]string{
	{
		"name=lax", "flow=headless", "scope=openid api offline_access", "require-pkce=off", "require-secret=off", "rotation=off",
		"refresh-policy=infinite", "access-ttl=24h", "refresh-grace=60s", "code-ttl=120s", "id-token-ttl=1h", "introspect-all=on",
		"id-token-audience=other-party", "ip=bypass", "ip-range=10.0.0.0/8", "group=staff", "redirect-uri=https://lax.example/cb",
	},
	{
		"name=lifelong", "flow=headless", "scope=openid full refresh_token", "first-party=on", "refresh-policy=lifetime", "refresh-ttl=300d",
		"token-format=opaque", "session-timeout=20h", "access-ttl=23h", "redirect-uri=https://life.example/cb", "group=staff",
	},
	{
		"name=idle", "type=public", "flow=headless", "scope=openid refresh_token api", "refresh-ttl=80d", "refresh-absolute=800d",
		"redirect-uri=com.example.idle:/cb", "group=staff",
	},
}

// TestFixesComeTrue: what a fix says that it writes is what the review reads
// afterwards, every verdict is the one that was predicted, and the undo command
// brings back every line of the app.
func TestFixesComeTrue(t *testing.T) {
	for _, words := range weak {
		t.Run(words[0], func(t *testing.T) {
			o := open(t)
			written := 0
			for _, c := range controls.Catalogue() {
				written += o.fixComesTrue(c.ID, words)
			}
			if written < 5 {
				t.Errorf("only %d steps were written; the app is not weak enough for this test", written)
			}
		})
	}
}

func (o *office) fixComesTrue(control string, words []string) (written int) {
	o.t.Helper()
	r, err := o.CreateApp(ctx, "", set(words...), Consent{Force: true})
	if err != nil {
		o.t.Fatal(err)
	}
	id, before := r.App.ID, Lines(AppFields, r.App)
	server, err := o.Org(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	m, err := o.Mend(ctx, Reviewing{Apps: []string{string(id)}, Controls: []string{control}}, true)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.Apply(ctx, m, Consent{Force: true}); err != nil {
		o.t.Errorf("%s: %v", control, err)
	} else {
		o.comesTrue(control, m)
		o.undone(control, id, m, before, server)
	}
	if err := o.DeleteApp(ctx, id); err != nil {
		o.t.Fatal(err)
	}
	for _, s := range m.Subjects {
		written += len(s.Write)
	}
	return written
}

// comesTrue compares an applied mending with what a review finds now.
func (o *office) comesTrue(what string, m *Mending) {
	o.t.Helper()
	run, _, err := o.Review(ctx, Reviewing{})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, s := range m.Subjects {
		for _, step := range s.Write {
			for _, f := range run.Findings {
				i := slices.IndexFunc(f.Values, func(v review.Shown) bool { return v.Name == step.Name })
				if f.App == step.App && i >= 0 && !cmp.Equal(f.Values[i].Actual, step.To) {
					o.t.Errorf("%s: %s is %v after the fix, want %v", what, step.Name, f.Values[i].Actual, step.To)
				}
			}
		}
	}
	for _, p := range m.After.Changes {
		f, ok := run.Find(p.Control, p.App)
		if !ok || f.Status != p.After {
			o.t.Errorf("%s: %s on %q is %s after the fix, %s was predicted: %s", what, p.Control, p.App, f.Status, p.After, f.Reason)
		}
	}
}

// undone writes back what was, and compares every line.
func (o *office) undone(what string, id oauth.ClientID, m *Mending, before []Line, server client.Org) {
	o.t.Helper()
	for _, s := range m.Subjects {
		var err error
		switch {
		case len(s.Changes) == 0:
		case s.App == "":
			_, _, err = o.ChangeOrg(ctx, formerly(s.Changes))
		default:
			_, err = o.ChangeApp(ctx, s.App, formerly(s.Changes), Consent{Force: true})
		}
		if err != nil {
			o.t.Errorf("%s: undo: %v", what, err)
		}
	}
	c, err := o.App(ctx, string(id))
	if err != nil {
		o.t.Fatal(err)
	}
	now, err := o.Org(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	if diff := cmp.Diff(before, Lines(AppFields, c)); diff != "" {
		o.t.Errorf("%s: undo:\n%s", what, diff)
	}
	if diff := cmp.Diff(Lines(OrgFields, &server), Lines(OrgFields, &now)); diff != "" {
		o.t.Errorf("%s: undo:\n%s", what, diff)
	}
}
