package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/console/consoletest"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/staff"
)

// risky makes an app that the review has something to say about.
func risky(t *testing.T, h *consoletest.House, name string) oauth.ClientID {
	t.Helper()
	r, err := h.Desk.CreateApp(t.Context(), "shop-login", []admin.Set{
		{Field: "name", Values: []string{name}},
		{Field: "type", Values: []string{"confidential"}},
		{Field: "redirect-uri", Values: []string{"https://app.example/cb"}},
		{Field: "flow", Values: []string{"code_and_credentials"}},
		{Field: "first-party", Values: []string{"on"}},
		{Field: "require-pkce", Values: []string{"off"}},
		{Field: "require-secret", Values: []string{"off"}},
	}, admin.Consent{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	return r.App.ID
}

// verdict is what the review says of a control on an app now.
func verdict(t *testing.T, h *consoletest.House, control string, app oauth.ClientID) review.Finding {
	t.Helper()
	run, _, err := h.Desk.Review(t.Context(), admin.Reviewing{})
	if err != nil {
		t.Fatal(err)
	}
	f, ok := run.Find(control, string(app))
	if !ok {
		t.Fatalf("no finding of %s on %s", control, app)
	}
	return f
}

const seed = "/console/review/code-and-credentials-flow"

// TestFixFromTheFinding: the seed control fails, its fix is previewed and
// written, and the same page says that it passes.
func TestFixFromTheFinding(t *testing.T) {
	h := consoletest.New(t)
	app := risky(t, h, "Shop login")
	b := h.SignedIn(staff.Editor)
	if f := verdict(t, h, "code-and-credentials-flow", app); f.Status != review.Fail {
		t.Fatalf("the risky app does not fail: %s", f.Reason)
	}
	p := b.Get(seed + "?app=" + string(app))
	if !strings.Contains(p.Body, seed+"/fix?app="+string(app)) || strings.Contains(p.Body, "/waive") {
		t.Errorf("an editor fixes and does not waive: %s", p.Show())
	}
	p = b.Get(seed + "/fix?app=" + string(app))
	if p.Status != http.StatusOK || !strings.Contains(p.Show(), "app.pkce.required = true") {
		t.Fatalf("the preview: %s", p.Show())
	}
	if f := verdict(t, h, "code-and-credentials-flow", app); f.Status != review.Fail {
		t.Fatal("a preview wrote something")
	}
	p = b.Follow(seed+"/fix", "app", string(app))
	if !strings.Contains(p.Show(), "Fixed. The verdict below is the new one.") || !strings.Contains(p.Show(), "pass") {
		t.Errorf("after the fix: %s", p.Show())
	}
	if f := verdict(t, h, "code-and-credentials-flow", app); f.Status != review.Pass {
		t.Errorf("after the fix: %s", f.Reason)
	}
}

// TestWaiveFromTheFinding: each part that is missing is said beside its field
// with what was typed kept; a whole one is kept, shown, and can be ended.
func TestWaiveFromTheFinding(t *testing.T) {
	h := consoletest.New(t)
	app := string(risky(t, h, "Shop login"))
	b := h.SignedIn(staff.Reviewer)
	day := func(d int) string { return h.Clock.Now().AddDate(0, 0, d).Format(time.DateOnly) }
	path := "/console/review/require-pkce/waive"
	for name, form := range map[string][]string{
		"a reason":    {"app", app, "reason", " ", "owner", "olga", "until", day(30)},
		"an owner":    {"app", app, "reason", "The app is rewritten.", "owner", "", "until", day(30)},
		"180 days":    {"app", app, "reason", "The app is rewritten.", "owner", "olga", "until", day(181)},
		"ends in the": {"app", app, "reason", "The app is rewritten.", "owner", "olga", "until", "soon"},
	} {
		p := b.Post(path, form...)
		if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), name) || !strings.Contains(p.Body, `class="fault"`) {
			t.Errorf("%s: %d %s", name, p.Status, p.Show())
		}
	}
	p := b.Follow(path, "app", app, "reason", "The app is rewritten by spring.", "owner", "olga", "until", day(30))
	if !strings.Contains(p.Show(), "fail, waived") || !strings.Contains(p.Show(), "The app is rewritten by spring.") {
		t.Errorf("after waiving: %s", p.Show())
	}
	if f := verdict(t, h, "require-pkce", oauth.ClientID(app)); !f.Waived() {
		t.Error("the finding is not waived")
	}
	p = b.Get("/console/review/waivers")
	_, rest, ok := strings.Cut(p.Body, `action="/console/review/waivers/`)
	if !ok {
		t.Fatalf("no waiver to end: %s", p.Show())
	}
	id, _, _ := strings.Cut(rest, "/end")
	if p = h.SignedIn(staff.Auditor).Get("/console/review/waivers"); strings.Contains(p.Body, id+"/end") {
		t.Error("an auditor is offered to end a waiver")
	}
	b.Follow("/console/review/waivers/" + id + "/end")
	if f := verdict(t, h, "require-pkce", oauth.ClientID(app)); f.Waived() {
		t.Error("the waiver was not ended")
	}
	if len(h.Events(audit.WaiverEnded)) != 1 {
		t.Error("ending it left no event")
	}
}

// TestReviewPages are the pages as they look.
func TestReviewPages(t *testing.T) {
	h := consoletest.New(t)
	app := string(risky(t, h, "Shop login"))
	b := h.SignedIn(staff.Owner)
	consoletest.Golden(t, "review-runs-none", b.Get("/console/review/runs"))
	b.Follow("/console/review/runs")
	for name, path := range map[string]string{
		"review": "/console/review", "review-filtered": "/console/review?severity=High&area=tokens&status=fail&app=" + app,
		"review-none": "/console/review?severity=Low&status=manual", "review-matrix": "/console/review/matrix", "review-runs": "/console/review/runs",
		"review-waivers": "/console/review/waivers", "control": seed, "control-server": "/console/review/single-logout",
		"review-fix": seed + "/fix?app=" + app, "review-waive": "/console/review/require-pkce/waive?app=" + app,
	} {
		consoletest.Golden(t, name, b.Get(path))
	}
	if p := b.Get("/console/review/no-such-control"); p.Status != http.StatusNotFound {
		t.Errorf("an unknown control: %d", p.Status)
	}
	if p := b.Get(seed + "?app=no-such-app"); p.Status != http.StatusNotFound {
		t.Errorf("an unknown app: %d", p.Status)
	}
}

// TestWhatMoved: the difference to a kept run names what a change broke.
func TestWhatMoved(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	b.Follow("/console/review/runs")
	p := b.Get("/console/review/runs")
	_, rest, ok := strings.Cut(p.Body, "/console/review/diff?since=")
	if !ok {
		t.Fatalf("no run: %s", p.Show())
	}
	id, _, _ := strings.Cut(rest, `"`)
	if p = b.Get("/console/review/diff?since=" + id); !strings.Contains(p.Show(), "Nothing moved") {
		t.Errorf("without a change: %s", p.Show())
	}
	risky(t, h, "Shop login")
	if p = b.Get("/console/review/diff?since=" + id); !strings.Contains(p.Show(), "Fails now") || !strings.Contains(p.Show(), "Shop login") {
		t.Errorf("after a risky app: %s", p.Show())
	}
}

// TestDownloads are what the formats promise.
func TestDownloads(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Auditor)
	for form, begins := range map[string]string{"html": "<!doctype html>", "sarif": "{", "csv": "app,", "json": "{", "junit": "<?xml"} {
		p := b.Get("/console/review/report?form=" + form)
		if p.Status != http.StatusOK || !strings.HasPrefix(p.Body, begins) || !strings.HasPrefix(p.Header.Get("Content-Disposition"), "attachment;") {
			t.Errorf("%s: %d, %.40q, %v", form, p.Status, p.Body, p.Header)
		}
	}
	if p := b.Get("/console/review/report?form=exe"); p.Status != http.StatusNotFound {
		t.Errorf("an unknown form: %d", p.Status)
	}
}

// TestReviewShowsHostileNames: what an app calls itself stays text on every page.
func TestReviewShowsHostileNames(t *testing.T) {
	h := consoletest.New(t)
	app := string(risky(t, h, `"><script>alert(1)</script>`))
	b := h.SignedIn(staff.Owner)
	b.Follow("/console/review/require-pkce/waive", "app", app, "reason", `<img src=x onerror=alert(2)>`, "owner", `'"><b>`, "until", h.Clock.Now().AddDate(0, 0, 9).Format(time.DateOnly))
	for _, path := range []string{
		"/console/review", "/console/review?app=" + `"><script>`, "/console/review/matrix", "/console/review/waivers", seed, seed + "/fix?app=" + app,
		"/console/review/require-pkce?app=" + app, "/console/review/require-pkce/waive?app=" + app,
	} {
		p := b.Get(path)
		for _, bad := range []string{"<script>", "<img", "<b>", "onerror=alert(2)>"} {
			if strings.Contains(p.Body, bad) {
				t.Errorf("%s: %q in the page", path, bad)
			}
		}
	}
}
