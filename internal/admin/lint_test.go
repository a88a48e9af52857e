package admin

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	if s := o.onlyWaiver(); s != review.InForce {
		t.Errorf("the waiver is not in force: %s", s)
	}
	run, _, err := o.Review(ctx, Reviewing{})
	if f, _ := run.Find("session-timeout", string(id)); err != nil || f.Status != review.Fail || !f.Waived() {
		t.Errorf("the finding is %s, waived %v; want it failed and waived: %v", f.Status, f.Waived(), err)
	}
	if len(o.events(audit.WaiverAdded)) != 1 {
		t.Error("no event of the waiver")
	}
}

// onlyWaiver is the state of the one waiver that there is.
func (o *office) onlyWaiver() string {
	o.t.Helper()
	list, err := o.Waivers(ctx)
	if err != nil || len(list) != 1 || list[0].Owner != "ann@example.com" {
		o.t.Fatalf("waivers %+v, %v", list, err)
	}
	return list[0].State
}

// TestWaiversLapse when the value behind them changes, when the app's scopes
// grow, and on their day; one counts again when the value is back.
func TestWaiversLapse(t *testing.T) {
	o := open(t)
	id := o.create(exposed...).App.ID
	a := Acceptance{Reason: "batch job", Until: o.now.Add(30 * review.Day)}
	if _, err := o.ChangeApp(ctx, id, set("access-ttl=24h"), Consent{Waive: &a}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ edit, want string }{
		{"access-ttl=20h", "a value behind it changed"},
		{"access-ttl=24h", review.InForce},
		{"scope=+email", "the app gained the scopes email"},
		{"scope=-email", review.InForce},
		{"name=Other", review.InForce},
	} {
		if _, err := o.ChangeApp(ctx, id, set(step.edit), Consent{Force: true}); err != nil {
			t.Fatal(err)
		}
		if s := o.onlyWaiver(); s != step.want {
			t.Errorf("after %s it is %q, want %q", step.edit, s, step.want)
		}
	}
	o.now = o.now.Add(31 * review.Day)
	if s := o.onlyWaiver(); !strings.HasPrefix(s, "it ended on") {
		t.Errorf("after its day: %s", s)
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
}

// TestRunsAreFound by id and by date, and a run of a part is not kept: the next
// would take the rest for gone.
func TestRunsAreFound(t *testing.T) {
	o := open(t)
	id := o.create(healthy...).App.ID
	keep := func(what Reviewing) string {
		t.Helper()
		what.Keep = true
		_, kept, err := o.Review(ctx, what)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	first := keep(Reviewing{})
	if kept := keep(Reviewing{Apps: []string{string(id)}}); kept != "" {
		t.Errorf("a part was kept as %q", kept)
	}
	o.now = o.now.Add(48 * time.Hour)
	if _, err := o.ChangeApp(ctx, id, set("require-pkce=off"), Consent{Force: true}); err != nil {
		t.Fatal(err)
	}
	second := keep(Reviewing{})
	before, one, err := o.ReviewRun(ctx, first)
	if err != nil || one.ID != first {
		t.Fatalf("by id: %+v, %v", one, err)
	}
	after, two, err := o.ReviewRun(ctx, o.now.Format(time.DateOnly))
	if err != nil || two.ID != second {
		t.Fatalf("by date: %+v, %v", two, err)
	}
	if d := review.Compare(before, after); len(d.Broken) == 0 {
		t.Errorf("between them: %+v", d)
	}
	if _, _, err := o.ReviewRun(ctx, "1999"); !IsNotFound(err) {
		t.Errorf("a run of 1999: %v", err)
	}
	if n := len(o.events(audit.ReviewRun)); n != 2 {
		t.Errorf("%d events, want one for each kept run", n)
	}
}

// road is an app with everything off, and the requests that it makes.
type road struct {
	*office
	id      oauth.ClientID
	counter *usage.Counter
}

func openRoad(t *testing.T) *road {
	t.Helper()
	o := open(t)
	weak := set("require-pkce=off", "require-secret=off", "rotation=off", "ip=bypass", "ip-range=10.0.0.0/8", "owner=ann@example.com")
	r, err := o.CreateApp(ctx, "", append(set(confidential...), weak...), Consent{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	return &road{o, r.App.ID, &usage.Counter{Store: o.Seen, Now: o.Now}}
}

func (r *road) see(n int, what usage.Trait, from string, traits ...usage.Trait) {
	r.t.Helper()
	for range n {
		r.counter.See(usage.Seen{
			App: r.id, Flow: flow.CodeAndCredentials, What: what, Traits: traits, Scopes: oauth.Scopes{"openid"}, Address: netip.MustParseAddr(from),
		})
	}
	if err := r.counter.Flush(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// forecast is what the fix of a control would break.
func (r *road) forecast(control string) review.Breakage {
	r.t.Helper()
	run, _, err := r.Review(ctx, Reviewing{})
	if err != nil {
		r.t.Fatal(err)
	}
	f, _ := run.Find(control, string(r.id))
	if f.Fix == nil {
		r.t.Fatalf("%s has no fix: %s", control, f.Reason)
	}
	return f.Fix.Forecast
}

// busyRoad has 24 requests: three logins without PKCE from outside the app's
// ranges, and nine redemptions without its secret.
func busyRoad(t *testing.T) *road {
	t.Helper()
	r := openRoad(t)
	r.see(7, usage.Login, "10.1.2.3")
	r.see(3, usage.Login, "192.0.2.1", usage.NoChallenge)
	r.see(9, usage.Token, "10.1.2.3", usage.BareToken)
	r.see(5, usage.Refresh, "10.1.2.3")
	return r
}

// TestForecast: of what was seen, each fix says how much it would have refused,
// and unknown where that is not recorded.
func TestForecast(t *testing.T) {
	r := busyRoad(t)
	for control, want := range map[string]review.Breakage{
		"require-pkce":           {Known: true, Failed: 3, Of: 24, Days: 1},
		"require-secret-code":    {Known: true, Failed: 9, Of: 24, Days: 1},
		"require-secret-refresh": {Known: true, Failed: 0, Of: 24, Days: 1},
		"ip-restrictions":        {Known: true, Failed: 3, Of: 24, Days: 1},
	} {
		got := r.forecast(control)
		callers := got.Callers
		if got.Callers = nil; !cmp.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", control, got, want)
		}
		if want.Failed > 0 && (len(callers) != 1 || callers[0].Owner != "ann@example.com" || callers[0].Count != want.Failed) {
			t.Errorf("%s: callers %+v", control, callers)
		}
	}
	if b := r.forecast("refresh-rotation"); b.Known {
		t.Errorf("whether an app would keep the next token is not recorded, and the forecast is %+v", b)
	}
	r.now = r.now.Add(31 * review.Day)
	if b := r.forecast("require-pkce"); !b.Known || b.Of != 0 || b.Days != 30 {
		t.Errorf("a month later: %+v", b)
	}
}

// TestForecastWithoutUse: nobody counted is unknown; nothing was seen is nobody.
func TestForecastWithoutUse(t *testing.T) {
	r := openRoad(t)
	if b := r.forecast("require-pkce"); b.Known {
		t.Errorf("nobody counted, and the forecast is %+v", b)
	}
	r.see(0, "", "10.1.2.3")
	if b := r.forecast("refresh-rotation"); !b.Known || b.Of != 0 {
		t.Errorf("nothing was ever requested, and the forecast is %+v", b)
	}
}

// TestMendLeavesOut what would have refused somebody.
func TestMendLeavesOut(t *testing.T) {
	r := busyRoad(t)
	what := Reviewing{Controls: []string{"require-pkce", "require-secret-refresh"}}
	m, err := r.Mend(ctx, what, false)
	if err != nil || len(m.Subjects) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	s := m.Subjects[0]
	if len(s.LeftOut) != 1 || s.LeftOut[0].Name != "app.pkce.required" || len(s.Write) != 1 || s.Write[0].Name != "app.require_secret.refresh" {
		t.Errorf("writes %v, leaves out %v", s.Write, s.LeftOut)
	}
	if m, err = r.Mend(ctx, what, true); err != nil || len(m.Subjects[0].Write) != 2 {
		t.Errorf("with breaking: %+v, %v", m, err)
	}
}
