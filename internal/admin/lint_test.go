package admin

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/usage"
)

// healthy is an app that the review has little to say of.
var healthy = []string{
	"name=Shop", "flow=headless", "first-party=on", "redirect-uri=https://shop.example/cb", "scope=openid profile",
	"permitted-users=admin_preauthorized", "group=staff", "ip-range=10.0.0.0/8", "owner=ann@example.com", "review-due=2100-01-01",
	"post-body-only=on", "id-token-ttl=2m",
}

// exposed is an app that anybody may use from anywhere.
var exposed = []string{"name=Shop", "flow=headless", "first-party=on", "redirect-uri=https://shop.example/cb", "scope=openid", "owner=ann@example.com"}

func (o *office) stopped(err error, controls ...string) {
	o.t.Helper()
	var s Stopped
	if !errors.As(err, &s) {
		o.t.Fatalf("%v, want it stopped by %v", err, controls)
	}
	var got []string
	for _, r := range s {
		got = append(got, r.Control)
	}
	if strings.Join(got, " ") != strings.Join(controls, " ") {
		o.t.Errorf("stopped by %v, want %v", got, controls)
	}
}

// TestLintStopsWhatIsCritical: nothing is saved, and the error says what is
// wrong and which flags mend it.
func TestLintStopsWhatIsCritical(t *testing.T) {
	o := open(t)
	id := o.create(exposed...).App.ID
	_, err := o.ChangeApp(ctx, id, set("access-ttl=24h"))
	o.stopped(err, "session-timeout")
	if text := err.Error(); !strings.Contains(text, "access tokens live 24h") || !strings.Contains(text, "--access-ttl=1h") {
		t.Errorf("the error does not help: %s", text)
	}
	if c, _ := o.App(ctx, string(id)); c.Settings.AccessToken.TTL != 0 {
		t.Error("it was saved all the same")
	}
	_, err = o.CreateApp(ctx, "", append(set(exposed...), set("access-ttl=24h", "scope=openid full")...))
	o.stopped(err, "scope-least-privilege", "session-timeout")
	if apps, _ := o.AllApps(ctx); len(apps) != 1 {
		t.Errorf("there are %d apps, want the first alone", len(apps))
	}
	// An old weakness stops no unrelated edit.
	if _, err := o.ChangeApp(ctx, id, set("access-ttl=24h"), Consent{Force: true}); err != nil {
		t.Fatal(err)
	}
	for _, edit := range []string{"name=Other", "ip-range=", "enabled=off", "enabled=on", "access-ttl=20h"} {
		if _, err := o.ChangeApp(ctx, id, set(edit)); err != nil {
			t.Errorf("%s: %v", edit, err)
		}
	}
	if !slices.ContainsFunc(o.events(audit.AppChanged), func(e audit.Event) bool { return e.Detail["forced"] == "session-timeout" }) {
		t.Error("no event says that somebody insisted")
	}
}

// TestLintWarns of what is below critical and in the administrator's hand, and
// is silent about what this version cannot mend.
func TestLintWarns(t *testing.T) {
	o := open(t)
	r := o.create(healthy...)
	if len(r.Warnings) > 0 {
		t.Errorf("a healthy app is warned of: %v", r.Warnings)
	}
	r, err := o.ChangeApp(ctx, r.App.ID, set("require-pkce=off"))
	if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "require-pkce (High") {
		t.Errorf("PKCE off: %v, %v", r.Warnings, err)
	}
	if r, err = o.ChangeApp(ctx, r.App.ID, set("name=Again")); err != nil || len(r.Warnings) > 0 {
		t.Errorf("an unrelated edit: %v, %v", r.Warnings, err)
	}
}

// TestWaiveInTheSameStep: the change is saved and each stopped finding waived,
// for a reason, by the app's owner, until a day; a waiver of nonsense saves
// nothing.
func TestWaiveInTheSameStep(t *testing.T) {
	o := open(t)
	id := o.create(exposed...).App.ID
	waive := func(a Acceptance) Consent { return Consent{Waive: &a} }
	for want, a := range map[error]Acceptance{
		review.ErrWaiverReason: {Until: o.now.Add(time.Hour)},
		review.ErrWaiverUntil:  {Reason: "r", Until: o.now.Add(181 * review.Day)},
	} {
		if _, err := o.ChangeApp(ctx, id, set("access-ttl=24h"), waive(a)); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := o.ChangeApp(ctx, id, set("access-ttl=24h"), waive(Acceptance{Reason: "batch job", Until: o.now.Add(30 * review.Day)})); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		t.Helper()
		list, err := o.Waivers(ctx)
		if err != nil || len(list) != 1 || list[0].Owner != "ann@example.com" {
			t.Fatalf("waivers %+v, %v", list, err)
		}
		return list[0].State
	}
	if s := state(); s != review.InForce {
		t.Errorf("the waiver is not in force: %s", s)
	}
	run, _, err := o.Review(ctx, Reviewing{})
	if f, _ := run.Find("session-timeout", string(id)); err != nil || f.Status != review.Fail || !f.Waived() {
		t.Errorf("the finding is %s, waived %v; want it failed and waived: %v", f.Status, f.Waived(), err)
	}
	// It ends when the value behind it changes, and counts again when it is back.
	if _, err := o.ChangeApp(ctx, id, set("access-ttl=20h"), Consent{Force: true}); err != nil {
		t.Fatal(err)
	}
	if s := state(); s != "a value behind it changed" {
		t.Errorf("after a change: %s", s)
	}
	if _, err := o.ChangeApp(ctx, id, set("access-ttl=24h", "scope=+email"), Consent{Force: true}); err != nil {
		t.Fatal(err)
	}
	if s := state(); !strings.Contains(s, "gained the scopes email") {
		t.Errorf("after the scopes grew: %s", s)
	}
	if _, err := o.ChangeApp(ctx, id, set("scope=-email")); err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(31 * review.Day)
	if s := state(); !strings.HasPrefix(s, "it ended on") {
		t.Errorf("after its date: %s", s)
	}
	if len(o.events(audit.WaiverAdded)) != 1 {
		t.Error("no event of the waiver")
	}
}

// TestEndWaiver: once, by its id; it stays in the list.
func TestEndWaiver(t *testing.T) {
	o := open(t)
	id := o.create(confidential...).App.ID
	if _, err := o.Waive(ctx, "require-pkce", string(id), Acceptance{"r", "o", o.now.Add(review.Day)}); !errors.Is(err, review.ErrWaiverNothing) {
		t.Errorf("waiving a pass: %v", err)
	}
	if _, err := o.Waive(ctx, "no-such", string(id), Acceptance{"r", "o", o.now.Add(review.Day)}); !errors.Is(err, ErrNoControl) {
		t.Errorf("waiving nothing: %v", err)
	}
	w, err := o.Waive(ctx, "oauth-usage", "Shop", Acceptance{"r", "o", o.now.Add(review.Day)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.EndWaiver(ctx, w.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := o.EndWaiver(ctx, w.ID); !errors.Is(err, ErrWaiverOver) {
		t.Errorf("ending it twice: %v", err)
	}
	if _, err := o.EndWaiver(ctx, "nobody"); !IsNotFound(err) {
		t.Errorf("ending nothing: %v", err)
	}
	list, err := o.Waivers(ctx)
	if err != nil || len(list) != 1 || !strings.HasPrefix(list[0].State, "it was ended") {
		t.Errorf("%+v, %v", list, err)
	}
	if e := o.events(audit.WaiverEnded); len(e) != 1 || e[0].App != id {
		t.Errorf("events %v", e)
	}
}

// TestHistory: a finding is new, then open, resolved when it is mended, and
// reopened when it fails again.
func TestHistory(t *testing.T) {
	o := open(t)
	id := o.create(healthy...).App.ID
	for i, step := range []struct {
		edit string
		want review.State
	}{{"", ""}, {"require-pkce=off", review.New}, {"", review.Open}, {"require-pkce=on", review.Resolved}, {"require-pkce=off", review.Reopened}} {
		o.now = o.now.Add(time.Minute)
		if step.edit != "" {
			if _, err := o.ChangeApp(ctx, id, set(step.edit), Consent{Force: true}); err != nil {
				t.Fatal(err)
			}
		}
		run, kept, err := o.Review(ctx, Reviewing{Keep: true})
		if err != nil || kept == "" {
			t.Fatalf("kept as %q, %v", kept, err)
		}
		if f, _ := run.Find("require-pkce", string(id)); f.State != step.want {
			t.Errorf("run %d: the finding is %q, want %q", i+1, f.State, step.want)
		}
	}
	// A run of a part is not kept: the next would take the rest for gone.
	if _, kept, err := o.Review(ctx, Reviewing{Keep: true, Apps: []string{string(id)}}); err != nil || kept != "" {
		t.Errorf("a part was kept as %q, %v", kept, err)
	}
	runs, err := o.ReviewRuns(ctx)
	if err != nil || len(runs) != 5 || len(o.events(audit.ReviewRun)) != 5 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	first, _, err := o.ReviewRun(ctx, runs[4].ID)
	if err != nil {
		t.Fatal(err)
	}
	last, _, err := o.ReviewRun(ctx, runs[0].Taken.Format(time.RFC3339))
	if err != nil {
		t.Fatal(err)
	}
	if d := review.Compare(first, last); len(d.Broken) == 0 || d.Empty() {
		t.Errorf("between first and last: %+v", d)
	}
	if _, _, err := o.ReviewRun(ctx, "1999"); !IsNotFound(err) {
		t.Errorf("a run of 1999: %v", err)
	}
}

// TestForecast: of what was seen, each fix says how much it would have refused,
// and unknown where that is not recorded.
func TestForecast(t *testing.T) {
	o := open(t)
	r, err := o.CreateApp(ctx, "", append(set(confidential...), set("require-pkce=off", "require-secret=off", "rotation=off", "ip=bypass", "ip-range=10.0.0.0/8", "owner=ann@example.com")...), Consent{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	id := r.App.ID
	fix := func(control string) review.Breakage {
		t.Helper()
		run, _, err := o.Review(ctx, Reviewing{})
		if err != nil {
			t.Fatal(err)
		}
		f, _ := run.Find(control, string(id))
		if f.Fix == nil {
			t.Fatalf("%s has no fix: %s", control, f.Reason)
		}
		return f.Fix.Forecast
	}
	if b := fix("require-pkce"); b.Known {
		t.Errorf("nobody counted, and the forecast is %+v", b)
	}
	counter := &usage.Counter{Store: o.Seen, Now: o.Now}
	see := func(n int, what usage.Trait, from string, traits ...usage.Trait) {
		for range n {
			counter.See(usage.Seen{
				App: id, Flow: flow.CodeAndCredentials, What: what, Traits: traits, Scopes: oauth.Scopes{"openid"}, Address: netip.MustParseAddr(from),
			})
		}
	}
	if err := counter.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if b := fix("refresh-rotation"); !b.Known || b.Of != 0 {
		t.Errorf("nothing was ever requested, and the forecast is %+v", b)
	}
	see(7, usage.Login, "10.1.2.3")
	see(3, usage.Login, "192.0.2.1", usage.NoChallenge)
	see(9, usage.Token, "10.1.2.3", usage.BareToken)
	see(5, usage.Refresh, "10.1.2.3")
	if err := counter.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for control, want := range map[string]review.Breakage{
		"require-pkce":           {Known: true, Failed: 3, Of: 24, Days: 1},
		"require-secret-code":    {Known: true, Failed: 9, Of: 24, Days: 1},
		"require-secret-refresh": {Known: true, Failed: 0, Of: 24, Days: 1},
		"refresh-rotation":       {Known: false},
		"ip-restrictions":        {Known: true, Failed: 3, Of: 24, Days: 1},
	} {
		got := fix(control)
		if got.Known != want.Known || want.Known && (got.Failed != want.Failed || got.Of != want.Of || got.Days != want.Days) {
			t.Errorf("%s: %+v, want %+v", control, got, want)
		}
		if want.Failed > 0 && (len(got.Callers) != 1 || got.Callers[0].Owner != "ann@example.com" || got.Callers[0].Count != want.Failed) {
			t.Errorf("%s: callers %+v", control, got.Callers)
		}
	}
	// Mending leaves out what would have refused somebody.
	m, err := o.Mend(ctx, Reviewing{Controls: []string{"require-pkce", "require-secret-refresh"}}, false)
	if err != nil || len(m.Subjects) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	if s := m.Subjects[0]; len(s.LeftOut) != 1 || s.LeftOut[0].Name != "app.pkce.required" || len(s.Write) != 1 || s.Write[0].Name != "app.require_secret.refresh" {
		t.Errorf("writes %v, leaves out %v", s.Write, s.LeftOut)
	}
	// A month later none of it counts any more.
	o.now = o.now.Add(31 * review.Day)
	if b := fix("require-pkce"); !b.Known || b.Of != 0 || b.Days != 30 {
		t.Errorf("a month later: %+v", b)
	}
}
