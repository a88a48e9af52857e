package console_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/console"
	"countersign/internal/console/consoletest"
	"countersign/internal/flow"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/staff"
	"countersign/internal/usage"
)

const shop = "/console/apps/" + string(housetest.Shop)

func shopApp(t *testing.T, h *consoletest.House) *client.Client {
	t.Helper()
	c, err := h.DB.Client(t.Context(), housetest.Shop)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// field is the value of an input of a page.
func field(t *testing.T, p consoletest.Page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(p.Body)
	if m == nil {
		t.Fatalf("no input %s in %s", name, p.Show())
	}
	return html.UnescapeString(m[1])
}

// inputs are what a browser sends of the settings form as it is.
func inputs(p consoletest.Page) url.Values {
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input[^>]*>`).FindAllString(p.Body, -1) {
		name, value := attr(m, "name"), attr(m, "value")
		box := strings.Contains(m, `type="checkbox"`)
		if name == "" || name == "back" || box && (!strings.Contains(m, " checked") || strings.Contains(m, " disabled")) {
			continue
		}
		out.Set(name, value)
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(p.Body, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<select[^>]*name="([^"]*)".*?</select>`).FindAllStringSubmatch(p.Body, -1) {
		if c := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(m[0]); c != nil {
			out.Set(m[1], c[1])
		}
	}
	return out
}

func attr(tag, name string) string {
	m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// send posts the settings form with some inputs changed; an empty value of a
// switch takes it out.
func send(b *consoletest.Browser, path string, changes ...string) consoletest.Page {
	form := inputs(b.Get(path))
	for i := 0; i+1 < len(changes); i += 2 {
		if form.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return b.Do(http.MethodPost, path, form.Encode())
}

// save sends the form below a preview.
func save(t *testing.T, b *consoletest.Browser, p consoletest.Page, more ...string) consoletest.Page {
	t.Helper()
	return b.Follow(shop+"/save", append([]string{"sets", field(t, p, "sets"), "version", field(t, p, "version")}, more...)...)
}

func TestAppPages(t *testing.T) {
	h := consoletest.New(t)
	c := usage.Counter{Store: h.DB, Now: h.Clock.Now}
	key := shopApp(t, h).Secrets[0].ID
	for range 7 {
		c.See(usage.Seen{App: housetest.Shop, Flow: flow.CodeAndCredentials, What: usage.Login, Scopes: housetest.Scopes, Traits: []usage.Trait{usage.InHeader}, Secret: key})
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Login(housetest.Shop)
	owner, auditor := h.SignedIn(staff.Owner), h.SignedIn(staff.Auditor)
	for name, path := range map[string]string{
		"apps": "/console/apps", "apps-none": "/console/apps?q=nowhere", "apps-new": "/console/apps/new", "apps-new-server": "/console/apps/new?kind=server",
		"app": shop, "app-oauth": shop + "/oauth", "app-policies": shop + "/policies", "app-secrets": shop + "/secrets",
		"app-rotate": shop + "/secrets/rotate", "app-grants": shop + "/grants", "app-grants-end": shop + "/grants/end", "app-code": shop + "/code", "app-delete": shop + "/delete",
	} {
		p := owner.Get(path)
		p.Body = strings.ReplaceAll(p.Body, "…"+shopApp(t, h).Secrets[0].Hint, "…HINT")
		consoletest.Golden(t, name, p)
	}
	consoletest.Golden(t, "app-oauth-auditor", auditor.Get(shop+"/oauth"))
	consoletest.Golden(t, "app-oauth-public", owner.Get("/console/apps/"+string(housetest.Mobile)+"/oauth"))
	if p := h.SignedIn(staff.Reviewer).Get(shop); strings.Contains(p.Body, shop+"/grants") {
		t.Error("a reviewer may not see people, and is led to the grants")
	}
	if p := auditor.Get(shop); strings.Contains(p.Body, shop+"/delete") || strings.Contains(p.Body, "/undo") {
		t.Error("an auditor is offered what is refused")
	}
}

// TestFlowsAreSwitches: every row of the flow table has one; those that this
// version does not serve cannot be moved and say so.
func TestFlowsAreSwitches(t *testing.T) {
	h := consoletest.New(t)
	p := h.SignedIn(staff.Editor).Get(shop + "/oauth")
	for _, f := range flow.All {
		m := regexp.MustCompile(`<input type="checkbox"[^>]* name="flow\.` + string(f.Name) + `"[^>]*>`).FindString(p.Body)
		if m == "" || f.Served == strings.Contains(m, "disabled") {
			t.Errorf("%s, served %v: %q", f.Name, f.Served, m)
		}
	}
	if !strings.Contains(p.Show(), "This version does not serve it.") {
		t.Error("nobody is told why")
	}
}

// TestEverySettingIsInAForm, once: what the command line can set, the console
// can.
func TestEverySettingIsInAForm(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	body := b.Get(shop+"/oauth").Body + b.Get(shop+"/policies").Body
	for _, f := range admin.AppFields {
		found := len(regexp.MustCompile(`name="`+f.Name+`[."]`).FindAllString(body, -1))
		if !f.Fixed && found == 0 {
			t.Errorf("%s is in no form", f.Name)
		}
	}
}

// TestChangeIsLookedAtFirst: the form saves nothing; the preview shows diff,
// verdicts and who would break; saving does it; undo takes it back.
func TestChangeIsLookedAtFirst(t *testing.T) {
	h := consoletest.New(t)
	c := usage.Counter{Store: h.DB, Now: h.Clock.Now}
	for range 7 {
		c.See(usage.Seen{App: housetest.Shop, Flow: flow.CodeAndCredentials, What: usage.Login, Traits: []usage.Trait{usage.InHeader}})
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := h.SignedIn(staff.Editor)
	p := send(b, shop+"/oauth", "post-body-only", "on", "code-ttl", "30s")
	consoletest.Golden(t, "app-change", p)
	text := p.Show()
	for _, want := range []string{"Require user credentials in the POST body post-body-only off on", "A code lives code-ttl 60s (default) 30s", "7 requests", "7 would have been refused", "Score of this app"} {
		if p.Status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%d, without %q: %s", p.Status, want, text)
		}
	}
	if shopApp(t, h).Settings.PostOnly {
		t.Fatal("looking at a change saved it")
	}
	p = save(t, b, p)
	if c := shopApp(t, h); !c.Settings.PostOnly || time.Duration(c.Settings.CodeTTL) != 30*time.Second || !strings.Contains(p.Show(), "Saved.") {
		t.Fatalf("%+v: %s", c.Settings, p.Show())
	}
	events := h.Events(audit.AppChanged)
	if e := events[len(events)-1]; e.Actor != "staff:editor@example.com" || e.Detail["post-body-only"] != "off -> on" {
		t.Errorf("the event says %+v", e)
	}
	turn := shopApp(t, h).Turn.ID
	p = b.Get(shop + "/undo?turn=" + turn)
	consoletest.Golden(t, "app-undo", p)
	p = b.Follow(shop+"/undo", "turn", field(t, p, "turn"), "version", field(t, p, "version"))
	if c := shopApp(t, h); c.Settings.PostOnly || c.Settings.CodeTTL != 0 || !strings.Contains(p.Show(), "The last change was taken back") {
		t.Errorf("%+v: %s", c.Settings, p.Show())
	}
	if p = b.Follow(shop+"/undo", "turn", turn, "version", "1"); !strings.Contains(p.Show(), "changed again since") {
		t.Errorf("an older change is undone: %s", p.Show())
	}
	if p = b.Follow(shop+"/oauth", "version", strconv.FormatInt(shopApp(t, h).Version, 10)); p.Status >= 500 {
		t.Errorf("a form with nothing in it: %d", p.Status)
	}
}

// TestNothingChanged: a form that comes back as it was saves nothing.
func TestNothingChanged(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	for _, app := range []oauth.ClientID{housetest.Shop, housetest.Mobile} {
		for _, part := range []string{"/oauth", "/policies"} {
			path := "/console/apps/" + string(app) + part
			p := send(b, path)
			if p.Status != http.StatusSeeOther || !strings.Contains(b.Get(p.Location).Show(), "Nothing was changed.") {
				t.Errorf("%s: %d %s", path, p.Status, p.Show())
			}
		}
	}
}

// TestChangedMeanwhile: what was looked at is what is saved, or nothing.
func TestChangedMeanwhile(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Editor)
	p := send(b, shop+"/oauth", "code-ttl", "30s")
	if _, err := h.Desk.ChangeApp(t.Context(), housetest.Shop, []admin.Set{{Field: "name", Values: []string{"Other"}}}); err != nil {
		t.Fatal(err)
	}
	if p := save(t, b, p); !strings.Contains(p.Show(), "Somebody changed this app meanwhile") || shopApp(t, h).Settings.CodeTTL != 0 {
		t.Errorf("saved over somebody: %s", p.Show())
	}
	form := inputs(b.Get(shop + "/oauth"))
	form.Set("version", "1")
	form.Set("code-ttl", "30s")
	if p := b.Do(http.MethodPost, shop+"/oauth", form.Encode()); p.Status != http.StatusSeeOther || !strings.Contains(b.Get(p.Location).Show(), "since you opened the form") {
		t.Errorf("an old form: %d", p.Status)
	}
}

// TestFaultsStandAtTheirFields, with what was typed.
func TestFaultsStandAtTheirFields(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Editor)
	p := send(b, shop+"/oauth", "code-ttl", "5h", "redirect-uri", "http://shop.example/cb\nhttps://app.example/*")
	consoletest.Golden(t, "app-oauth-faults", p)
	if p.Status != http.StatusUnprocessableEntity || strings.Count(p.Body, `class="fault"`) != 2 || !strings.Contains(p.Body, `value="5h"`) || !strings.Contains(p.Body, "http://shop.example/cb") {
		t.Errorf("%d %s", p.Status, p.Show())
	}
	if p := send(b, shop+"/policies", "name", "", "ip-range", "10.0.0.1/8"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), "An app needs a name") {
		t.Errorf("%d %s", p.Status, p.Show())
	}
	for _, sets := range []string{"", "[]", "{", `[{"Field":"no-such","Values":["x"]}]`} {
		p := b.Post(shop+"/save", "sets", sets, "version", strconv.FormatInt(shopApp(t, h).Version, 10))
		if p.Status != http.StatusBadRequest || !strings.Contains(p.Body, console.ErrChange.Rule) {
			t.Errorf("sets %q: %d", sets, p.Status)
		}
	}
}

// TestTheReviewStops what is critical: an editor saves nothing, an owner may
// accept it for a time.
func TestTheReviewStops(t *testing.T) {
	h := consoletest.New(t)
	editor, owner := h.SignedIn(staff.Editor), h.SignedIn(staff.Owner)
	p := send(editor, shop+"/oauth", "access-ttl", "24h")
	if !strings.Contains(p.Show(), "The review stops this") || !strings.Contains(p.Show(), "mend it with --access-ttl=1h") || !strings.Contains(p.Show(), "Your role cannot accept a finding") {
		t.Fatalf("not stopped: %s", p.Show())
	}
	if p := save(t, editor, p); p.Status != http.StatusUnprocessableEntity || shopApp(t, h).Settings.AccessToken.TTL != 0 {
		t.Errorf("saved all the same: %d", p.Status)
	}
	if p := save(t, editor, p, "waive-reason", "because", "waive-owner", "me", "waive-until", "2027-01-31"); p.Status != http.StatusForbidden || shopApp(t, h).Settings.AccessToken.TTL != 0 {
		t.Errorf("an editor waives: %d", p.Status)
	}
	p = send(owner, shop+"/oauth", "access-ttl", "24h")
	consoletest.Golden(t, "app-change-stopped", p)
	until := h.Clock.Now().AddDate(0, 0, 30).Format(time.DateOnly)
	for fault, words := range map[string][]string{
		"needs a reason":   {"waive-reason", " ", "waive-owner", "ann@example.com", "waive-until", until},
		"180 days ahead":   {"waive-reason", "batch jobs", "waive-owner", "ann@example.com", "waive-until", "2031-01-01"},
		"no date":          {"waive-reason", "batch jobs", "waive-owner", "ann@example.com", "waive-until", "soon"},
		"The review stops": nil,
	} {
		if p := save(t, owner, p, words...); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), fault) {
			t.Errorf("%s: %d %s", fault, p.Status, p.Show())
		}
	}
	p = save(t, owner, p, "waive-reason", "batch jobs run for hours", "waive-owner", "ann@example.com", "waive-until", until)
	if c := shopApp(t, h); time.Duration(c.Settings.AccessToken.TTL) != 24*time.Hour || len(h.Events(audit.WaiverAdded)) == 0 {
		t.Errorf("accepted, and not saved: %s", p.Show())
	}
}

// TestWizard: every kind of app is made, its secret is shown once, with code.
func TestWizard(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Editor)
	for _, k := range admin.Kinds {
		path := "/console/apps/new?kind=" + k.Name
		if !strings.Contains(b.Get("/console/apps/new").Body, path) {
			t.Errorf("%s is not offered", k.Name)
		}
		form := inputs(b.Get(path))
		form.Set("name", "My "+k.Name)
		for _, a := range k.Asks {
			if form.Get(a.Field) == "" && a.Must {
				form.Set(a.Field, a.Hint)
			}
		}
		p := b.Do(http.MethodPost, "/console/apps/new", form.Encode())
		if p.Status != http.StatusSeeOther || !strings.HasSuffix(p.Location, "/code") {
			t.Errorf("%s: %d %s", k.Name, p.Status, p.Show())
			continue
		}
		id := strings.TrimSuffix(strings.TrimPrefix(p.Location, "/console/apps/"), "/code")
		c, err := h.DB.Client(t.Context(), oauth.ClientID(id))
		if err != nil || c.Owner != "editor@example.com" || c.ReviewDue.IsZero() {
			t.Errorf("%s: %+v, %v", k.Name, c, err)
			continue
		}
		first, again := b.Get(p.Location), b.Get(p.Location)
		if !strings.Contains(first.Body, id) || !strings.Contains(first.Body, housetest.Issuer) && k.Name != "spa" && k.Name != "salesforce" {
			t.Errorf("%s: the code has no real ids", k.Name)
		}
		if n := strings.Count(first.Body, client.SecretPrefix); (n == 2) != (c.Type == client.Confidential) || n == 1 || strings.Contains(again.Body, client.SecretPrefix) {
			t.Errorf("%s: the secret is shown %d times, and again %v", k.Name, n, strings.Contains(again.Body, client.SecretPrefix))
		}
	}
	p := b.Post("/console/apps/new", "kind", "spa", "name", "", "owner", "", "redirect-uri", "nowhere", "scope", "openid")
	consoletest.Golden(t, "apps-new-faults", p)
	if p.Status != http.StatusUnprocessableEntity || strings.Count(p.Body, `class="fault"`) != 4 {
		t.Errorf("name, owner, origin and callback are wrong: %d %s", p.Status, p.Show())
	}
	if p := b.Post("/console/apps/new", "kind", "toaster"); !strings.Contains(p.Show(), "Each kind comes with a secure preset") {
		t.Errorf("an unknown kind: %s", p.Show())
	}
}

func TestSecretsAreShownOnce(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Editor)
	old := shopApp(t, h).Secrets[0]
	p := b.Follow(shop+"/secrets/rotate", "overlap", "24h")
	if !strings.Contains(p.Body, client.SecretPrefix) || !strings.Contains(p.Show(), "accepted for 1 day more") {
		t.Fatalf("no secret: %s", p.Show())
	}
	if p := b.Get(shop + "/secrets"); strings.Contains(p.Body, client.SecretPrefix) || !strings.Contains(p.Show(), "2 secrets") {
		t.Errorf("later: %s", p.Show())
	}
	end := shop + "/secrets/" + old.ID + "/end"
	if p := b.Get(end); !strings.Contains(p.Show(), "…"+old.Hint) {
		t.Errorf("the question: %s", p.Show())
	}
	if p := b.Follow(end); len(shopApp(t, h).Secrets) != 1 || !strings.Contains(p.Show(), "ended.") {
		t.Errorf("not ended: %s", p.Show())
	}
	last := shopApp(t, h).Secrets[0].ID
	if p := b.Post(shop + "/secrets/" + last + "/end"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), "only secret") {
		t.Errorf("the only one: %d", p.Status)
	}
	for _, overlap := range []string{"", "soon", "900d"} {
		if p := b.Post(shop+"/secrets/rotate", "overlap", overlap); p.Status != http.StatusUnprocessableEntity {
			t.Errorf("overlap %q: %d", overlap, p.Status)
		}
	}
	if p := b.Get("/console/apps/" + string(housetest.Mobile) + "/secrets/rotate"); p.Status != http.StatusNotFound {
		t.Errorf("a secret for a public app: %d", p.Status)
	}
	h.Clock.Forward(11 * time.Minute)
	if p := b.Post(shop+"/secrets/rotate", "overlap", "0s"); !strings.HasPrefix(p.Location, "/console/prove") {
		t.Errorf("a secret without a recent proof: %d", p.Status)
	}
}

func TestGrantsEnd(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Editor)
	one, two := h.Login(housetest.Shop), h.Login(housetest.Shop)
	other := h.Login(housetest.Other)
	p := b.Get(shop + "/grants")
	ends := regexp.MustCompile(shop+`/grants/[A-Za-z0-9_-]+/end`).FindAllString(p.Body, -1)
	if len(ends) != 2 || !strings.Contains(p.Show(), h.Person.Username) {
		t.Fatalf("%v: %s", ends, p.Show())
	}
	if p := b.Follow(ends[0]); !strings.Contains(p.Show(), "The grant of ann ended") || h.Alive(one.AccessToken) == h.Alive(two.AccessToken) {
		t.Errorf("one of two: %v %v %s", h.Alive(one.AccessToken), h.Alive(two.AccessToken), p.Show())
	}
	foreign := regexp.MustCompile(`/grants/[A-Za-z0-9_-]+/end`).FindString(b.Get("/console/apps/" + string(housetest.Other) + "/grants").Body)
	if p := b.Follow(shop + foreign); !h.Alive(other.AccessToken) || !strings.Contains(p.Show(), "not one of this app") {
		t.Errorf("a grant of another app was ended through this one: %s", p.Show())
	}
	if p := b.Follow(shop + "/grants/end"); h.Alive(one.AccessToken) || h.Alive(two.AccessToken) || !h.Alive(other.AccessToken) || !strings.Contains(p.Show(), "Nobody is signed in through this app") {
		t.Errorf("all of the app: %s", p.Show())
	}
}

// TestOwnersAloneGiveRights over this server, and change apps that have them.
func TestOwnersAloneGiveRights(t *testing.T) {
	h := consoletest.New(t)
	h.Desk.Owner = true // as the server has it: who is signed in must not inherit it
	editor, owner := h.SignedIn(staff.Editor), h.SignedIn(staff.Owner)
	form := []string{"kind", "machine", "name", "Robot", "owner", "ann@example.com", "scope", "admin:apps.read", "audience", housetest.Issuer}
	if p := editor.Post("/console/apps/new", form...); p.Status != http.StatusForbidden || !strings.Contains(p.Body, console.ErrOwner.Rule) {
		t.Errorf("an editor gives rights: %d %s", p.Status, p.Show())
	}
	p := owner.Post("/console/apps/new", form...)
	if p.Status != http.StatusSeeOther {
		t.Fatalf("an owner may not: %d %s", p.Status, p.Show())
	}
	at := strings.TrimSuffix(p.Location, "/code")
	for _, p := range []consoletest.Page{editor.Post(at+"/secrets/rotate", "overlap", "0s"), editor.Post(at+"/delete", "name", "Robot")} {
		if p.Status != http.StatusForbidden || !strings.Contains(p.Body, console.ErrOwner.Rule) {
			t.Errorf("an editor changes an app with rights: %d %s", p.Status, p.Show())
		}
	}
}

func TestDeleteNeedsTheName(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	if p := b.Post(shop+"/delete", "name", "Something else"); p.Status != http.StatusUnprocessableEntity || shopApp(t, h) == nil {
		t.Errorf("another name: %d", p.Status)
	}
	if p := b.Follow(shop+"/delete", "name", shopApp(t, h).Name); !strings.Contains(p.Show(), "is deleted") {
		t.Errorf("%s", p.Show())
	}
	if p := b.Get(shop); p.Status != http.StatusNotFound {
		t.Errorf("a deleted app: %d", p.Status)
	}
}

// TestAppsAreFound, and turned page by page.
func TestAppsAreFound(t *testing.T) {
	h := consoletest.New(t)
	for i := range 60 {
		h.Clock.Forward(time.Second)
		set := func(field, value string) admin.Set { return admin.Set{Field: field, Values: []string{value}} }
		if _, err := h.Desk.CreateApp(t.Context(), "", []admin.Set{set("name", fmt.Sprintf("Batch %02d", i)), set("type", "confidential")}); err != nil {
			t.Fatal(err)
		}
	}
	b := h.SignedIn(staff.Auditor)
	p := b.Get("/console/apps?q=batch&order=changed")
	if text := p.Show(); !strings.Contains(text, "60 of 63 apps") || !strings.Contains(text, "Apps 1 to 50 of 60") || !strings.Contains(p.Body, "Batch 59") || strings.Contains(p.Body, "Batch 09") {
		t.Errorf("the first page: %s", text)
	}
	next := html.UnescapeString(regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(p.Body)[1])
	if p = b.Get(next); !strings.Contains(p.Show(), "Apps 51 to 60 of 60") || !strings.Contains(p.Body, "Batch 09") {
		t.Errorf("the next page: %s", p.Show())
	}
	if p := b.Get("/console/apps?flow=code_and_credentials&state=on&health=any"); strings.Contains(p.Body, "Batch") || !strings.Contains(p.Body, shop) {
		t.Errorf("by flow: %s", p.Show())
	}
	if p := b.Get("/console/apps?health=purple"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), "is none of critical") {
		t.Errorf("an unknown filter: %d %s", p.Status, p.Show())
	}
}

// TestHostileApps: whatever an app says of itself stays text, on every page.
func TestHostileApps(t *testing.T) {
	h := consoletest.New(t)
	const evil = `"><script>alert(1)</script>'{{.}}`
	set := func(field string, values ...string) admin.Set { return admin.Set{Field: field, Values: values} }
	r, err := h.Desk.CreateApp(t.Context(), "", []admin.Set{
		set("name", evil), set("owner", evil), set("type", "confidential"), set("flow", "code_and_credentials"), set("first-party", "on"),
		set("redirect-uri", `https://app.example/"><script>alert(2)</script>`), set("scope", "openid", "<script>alert(3)</script>"),
		set("group", "<script>alert(4)</script>"), set("claim", "<script>alert(5)</script>"), set("audience", "<script>alert(6)</script>"),
	}, admin.Consent{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Desk.ChangeApp(t.Context(), r.App.ID, []admin.Set{set("name", evil+"!")}); err != nil {
		t.Fatal(err)
	}
	b := h.SignedIn(staff.Owner)
	at := "/console/apps/" + string(r.App.ID)
	pages := []consoletest.Page{
		b.Get("/console/apps"), b.Get("/console/apps?" + url.Values{"q": {evil}, "order": {"name"}}.Encode()), b.Get("/console/apps?" + url.Values{"health": {evil}}.Encode()),
		send(b, at+"/oauth", "code-ttl", evil, "redirect-uri", evil), send(b, at+"/policies", "name", evil+"?"), send(b, at+"/policies", "owner", "<script>alert(7)</script>"),
		b.Post("/console/apps/new", "kind", "server", "name", evil, "owner", evil, "scope", evil, "redirect-uri", evil),
		b.Post(at+"/delete", "name", evil), b.Get(at + "/undo?turn=x"),
	}
	for _, row := range console.Table() {
		if row.Method == http.MethodGet && strings.HasPrefix(row.Path, "/console/apps/{id}") {
			pages = append(pages, b.Get(strings.NewReplacer("{id}", string(r.App.ID), "{key}", r.App.Secrets[0].ID).Replace(row.Path)))
		}
	}
	shown := 0
	for i, p := range pages {
		if strings.Contains(p.Body, "<script>alert") || p.Status >= 500 {
			t.Errorf("page %d, %d: the script is markup", i, p.Status)
		}
		if strings.Contains(p.Body, "&lt;script&gt;alert") {
			shown++
		}
	}
	if shown < 12 {
		t.Errorf("only %d pages show the text at all", shown)
	}
}
