package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/api"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/usage"
)

// TestEveryOperationAnswersAsDescribed carries each operation out once, and holds
// what it answers against the document.
func TestEveryOperationAnswersAsDescribed(t *testing.T) {
	p, d, seen := open(t), contract(t), map[string]bool{}
	do := func(method, path, pattern, body string, headers ...string) reply {
		t.Helper()
		return p.described(d, seen, method, path, pattern, body, headers...)
	}
	do("GET", "/self", "/self", "")
	walkApps(p, do)
	walkPeople(p, do)
	walkGrants(p, do)
	walkKeys(do)
	walkReview(p, do)

	do("GET", "/audit?event=app.created&limit=2", "/audit", "")
	do("PATCH", "/settings", "/settings", `{"settings":{"require-pkce":true,"flow":["device=off"]}}`)
	do("GET", "/settings", "/settings", "")
	must(t, p.DB.CountUsage(t.Context(), map[usage.Key]usage.Count{
		{App: housetest.Shop, Flow: flow.RefreshToken, Day: usage.DayOf(p.Clock.Now()), Trait: usage.Refresh}: {N: 7, Last: p.Clock.Now()},
	}))
	if got := do("GET", "/usage?app="+string(housetest.Shop)+"&days=2", "/usage", "").items(); len(got) != 1 || got[0]["count"] != 7.0 {
		t.Error(got)
	}
	for _, o := range api.Operations() {
		if !seen[o.ID] {
			t.Errorf("%s was not carried out", o.ID)
		}
	}
}

type doer func(method, path, pattern, body string, headers ...string) reply

func walkApps(p *plane, do doer) {
	made := do("POST", "/apps", "/apps", `{"client_id":"walk-12345","settings":{"name":"Walk","first-party":true,"flow":["code_and_credentials"],"scope":["openid"],"redirect-uri":["https://shop.example/cb"]}}`)
	if !strings.HasPrefix(made.text("client_secret"), "css_") || made.Header().Get("Location") != housetest.Issuer+"/api/v1/apps/walk-12345" {
		p.t.Error(made.Body, made.Header())
	}
	do("GET", "/apps?search=WALK", "/apps", "")
	if got := do("GET", "/apps?name=Walk", "/apps", "").items(); len(got) != 1 || got[0]["client_id"] != "walk-12345" {
		p.t.Error(got)
	}
	changed := do("PATCH", "/apps/walk-12345", "/apps/{app_id}", `{"settings":{"owner":"ann@example.com","code-ttl":"30s"}}`)
	if len(changed.json["changes"].([]any)) != 2 || changed.json["client_secret"] != nil {
		p.t.Error(changed.Body)
	}
	rotated := do("POST", "/apps/walk-12345/secrets", "/apps/{app_id}/secrets", `{"overlap":"1h"}`)
	if rotated.text("client_secret") == made.text("client_secret") || len(rotated.json["secrets"].([]any)) != 2 {
		p.t.Error(rotated.Body)
	}
	old := rotated.json["secrets"].([]any)[1].(map[string]any)["id"].(string)
	left := do("DELETE", "/apps/walk-12345/secrets/"+old, "/apps/{app_id}/secrets/{secret_id}", "")
	if len(left.json["secrets"].([]any)) != 1 {
		p.t.Error(left.Body)
	}
	shown := do("GET", "/apps/walk-12345", "/apps/{app_id}", "")
	if shown.json["client_secret"] != nil || strings.Contains(shown.Body.String(), "css_") {
		p.t.Error("a secret is shown again:", shown.Body)
	}
	do("DELETE", "/apps/walk-12345", "/apps/{app_id}", "")
	p.refuses(http.StatusNotFound, api.ErrNotFound, "GET", "/apps/walk-12345", "")
}

func walkPeople(p *plane, do doer) {
	made := do("POST", "/people", "/people", `{"username":"bob","password":"another quiet river","settings":{"email":"bob@example.com","group":["staff"]}}`)
	at := "/people/" + made.text("id")
	do("GET", "/people?limit=1", "/people", "")
	if got := do("GET", "/people?identifier=bob@example.com", "/people", "").items(); len(got) != 1 || got[0]["username"] != "bob" {
		p.t.Error(got)
	}
	if got := do("GET", "/people?identifier=nobody", "/people", "").items(); len(got) != 0 {
		p.t.Error(got)
	}
	do("PATCH", at, "/people/{user_id}", `{"settings":{"email-verified":true,"group":["+night"]}}`)
	do("POST", at+"/password", "/people/{user_id}/password", `{"password":"one more quiet river"}`)
	do("POST", at+"/disable", "/people/{user_id}/disable", "")
	do("POST", at+"/disable", "/people/{user_id}/disable", "") // as good as once
	if got := do("GET", at, "/people/{user_id}", ""); got.text("state") != "disabled" || strings.Contains(got.Body.String(), "$argon2id") {
		p.t.Error(got.Body)
	}
	do("POST", at+"/enable", "/people/{user_id}/enable", "")
	do("POST", at+"/unlock", "/people/{user_id}/unlock", "")
	do("DELETE", at, "/people/{user_id}", "")
	p.refuses(http.StatusNotFound, api.ErrNotFound, "GET", at, "")
}

func walkGrants(p *plane, do doer) {
	one, two := p.Login(housetest.Shop), p.Login(housetest.Shop)
	list := do("GET", "/grants?app="+string(housetest.Shop)+"&user="+string(p.Person.ID), "/grants", "").items()
	if len(list) != 2 || list[1]["id"] != one.Grant.ID.String() {
		p.t.Error(list)
	}
	for range 2 { // twice is as good as once
		do("DELETE", "/grants/"+one.Grant.ID.String(), "/grants/{grant_id}", "")
	}
	if p.Alive(one.AccessToken) || !p.Alive(two.AccessToken) {
		p.t.Error("not the one grant ended")
	}
	if r := do("POST", "/grants/end", "/grants/end", `{"app":"`+string(housetest.Shop)+`"}`); r.json["ended"] != 1.0 || p.Alive(two.AccessToken) {
		p.t.Error(r.Body)
	}
}

func walkKeys(do doer) {
	next := do("POST", "/keys", "/keys", `{}`)
	do("GET", "/keys", "/keys", "")
	do("DELETE", "/keys/"+next.text("kid"), "/keys/{kid}", "")
	do("GET", "/keys?all=true", "/keys", "")
}

func walkReview(p *plane, do doer) {
	id := p.app("weak-12345")
	p.want(http.StatusOK, "PATCH", "/apps/"+id, `{"settings":{"code-ttl":"120s"},"consent":{"force":true}}`)
	do("GET", "/review/controls", "/review/controls", "")
	do("GET", "/review/controls/code-lifetime", "/review/controls/{control_id}", "")
	do("GET", "/review?apps="+id+"&controls=code-lifetime", "/review", "")
	kept := do("POST", "/review/runs", "/review/runs", "")
	where := strings.TrimPrefix(kept.Header().Get("Location"), housetest.Issuer+"/api/v1")
	do("GET", "/review/runs", "/review/runs", "")
	do("GET", where, "/review/runs/{run_id}", "")
	do("POST", "/review/fix/preview", "/review/fix/preview", `{"apps":["`+id+`"],"controls":["code-lifetime"]}`)
	if got := p.want(http.StatusOK, "GET", "/apps/"+id, "").json["settings"].(map[string]any)["code-ttl"]; got != "2m" {
		p.t.Error("a preview wrote something:", got)
	}
	waiver := do("POST", "/review/waivers", "/review/waivers", `{"control":"oauth-usage","app":"`+id+`","reason":"migration","owner":"ann@example.com","until":"`+p.Clock.Now().Add(24*time.Hour).Format(time.RFC3339)+`"}`)
	do("GET", "/review/waivers", "/review/waivers", "")
	do("DELETE", "/review/waivers/"+waiver.text("id"), "/review/waivers/{waiver_id}", "")
	p.refuses(http.StatusConflict, api.ErrState, "DELETE", "/review/waivers/"+waiver.text("id"), "")
	do("POST", "/review/fix", "/review/fix", `{"apps":["`+id+`"],"controls":["code-lifetime"]}`)
	if got := p.want(http.StatusOK, "GET", "/apps/"+id, "").json["settings"].(map[string]any)["code-ttl"]; got == "2m" {
		p.t.Error("the fix wrote nothing")
	}
	do("GET", "/review/diff", "/review/diff", "")
	do("GET", "/review/diff?from="+strings.TrimPrefix(where, "/review/runs/")+"&to="+strings.TrimPrefix(where, "/review/runs/"), "/review/diff", "")
}

// TestEveryWriteIsRecordedWithTheApp: the audit log says which app did it.
func TestEveryWriteIsRecordedWithTheApp(t *testing.T) {
	p := open(t)
	p.app("shop-12345")
	p.want(http.StatusOK, "PATCH", "/settings", `{"settings":{"name":"Here"}}`)
	for _, name := range []audit.Name{audit.AppCreated, audit.OrgChanged} {
		e := p.Events(name)
		if got := e[len(e)-1].Actor; got != "api:"+string(machine) {
			t.Errorf("%s: actor %q", name, got)
		}
	}
}

// pages reads a list page by page.
func (p *plane) pages(path, member string) (out []string) {
	p.t.Helper()
	more, cursor := "?", ""
	if strings.Contains(path, "?") {
		more = "&"
	}
	for range 50 {
		r := p.want(http.StatusOK, "GET", path+cursor, "")
		for _, x := range r.items() {
			text, _ := x[member].(string)
			out = append(out, text)
		}
		if r.text("next_cursor") == "" {
			return out
		}
		cursor = more + "cursor=" + r.text("next_cursor")
	}
	p.t.Fatal("the pages have no end")
	return nil
}

// TestPages: page by page is the same as all at once, each record once.
func TestPages(t *testing.T) {
	p := open(t)
	for _, id := range []string{"shop-1aaaa", "shop-2aaaa", "shop-3aaaa", "shop-4aaaa", "shop-5aaaa"} {
		p.app(id)
	}
	for _, name := range []string{"p1", "p2", "p3", "p4"} {
		p.want(http.StatusCreated, "POST", "/people", `{"username":"`+name+`"}`)
	}
	for path, row := range map[string]struct {
		member string
		least  int
	}{
		"/apps": {"client_id", 8}, "/apps?search=shop-": {"client_id", 5}, "/people": {"id", 5}, "/audit": {"id", 9}, "/audit?event=app.created": {"id", 5},
	} {
		small, more := path+"?limit=2", path+"?limit=1000"
		if strings.Contains(path, "?") {
			small, more = path+"&limit=2", path+"&limit=1000"
		}
		whole, pieces := p.pages(more, row.member), p.pages(small, row.member)
		if diff := cmp.Diff(whole, pieces); diff != "" || len(whole) < row.least || slices.Contains(whole, "") {
			t.Errorf("%s: %d records, %s", path, len(whole), diff)
		}
	}
}

// TestFollowTheLog: in order of time, the last cursor tells what came since.
func TestFollowTheLog(t *testing.T) {
	p := open(t)
	r := p.want(http.StatusOK, "GET", "/audit?order=oldest&limit=1000", "")
	cursor := r.text("next_cursor")
	if len(r.items()) == 0 || cursor == "" {
		t.Fatal(r.Body)
	}
	r = p.want(http.StatusOK, "GET", "/audit?order=oldest&limit=1000&cursor="+cursor, "")
	if len(r.items()) != 0 || r.text("next_cursor") != cursor {
		t.Error(r.Body)
	}
	p.app("shop-12345")
	r = p.want(http.StatusOK, "GET", "/audit?order=oldest&limit=1000&cursor="+cursor, "")
	if got := r.items(); len(got) != 1 || got[0]["event"] != "app.created" || got[0]["app"] != "shop-12345" {
		t.Error(r.Body)
	}
}

// TestConditions: a change that was decided on an old version is not made.
//
// Spec: RFC 9110 §13.1.
func TestConditions(t *testing.T) {
	p := open(t)
	p.app("shop-12345")
	person := "/people/" + string(p.Person.ID)
	for path, body := range map[string]string{
		"/apps/shop-12345": `{"settings":{"owner":"OWNER"}}`, person: `{"settings":{"nickname":"OWNER"}}`, "/settings": `{"settings":{"name":"OWNER"}}`,
	} {
		first := p.want(http.StatusOK, "GET", path, "").Header().Get("Etag")
		p.want(http.StatusNotModified, "GET", path, "", "If-None-Match: W/\"x\", "+first)
		p.want(http.StatusOK, "GET", path, "", "If-None-Match: W/"+first)
		second := p.want(http.StatusOK, "PATCH", path, strings.ReplaceAll(body, "OWNER", "one"), "If-Match: "+first).Header().Get("Etag")
		if second == first || p.want(http.StatusOK, "GET", path, "").Header().Get("Etag") != second {
			t.Errorf("%s: %s after %s", path, second, first)
		}
		p.refuses(http.StatusPreconditionFailed, api.ErrPrecondition, "PATCH", path, strings.ReplaceAll(body, "OWNER", "two"), "If-Match: "+first)
		p.want(http.StatusOK, "PATCH", path, strings.ReplaceAll(body, "OWNER", "two"), "If-Match: *")
		if path != "/settings" {
			p.refuses(http.StatusPreconditionFailed, api.ErrPrecondition, "DELETE", path, "", "If-Match: "+second)
			p.want(http.StatusNoContent, "DELETE", path, "", "If-Match: "+p.want(http.StatusOK, "GET", path, "").Header().Get("Etag"))
		}
	}
}

// TestDecidedOnAnOldVersion: whoever changes the record between the look and the
// write is seen, too.
func TestDecidedOnAnOldVersion(t *testing.T) {
	p := open(t)
	p.app("shop-12345")
	c, err := p.desk.App(t.Context(), "shop-12345")
	must(t, err)
	desk := *p.desk
	desk.Saw = c.Version
	p.ChangeApp("shop-12345", func(c *client.Client) { c.Owner = "somebody@else.example" })
	if err := desk.DeleteApp(t.Context(), oauth.ClientID("shop-12345")); err == nil {
		t.Error("deleted")
	}
}
