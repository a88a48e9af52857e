package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/api"
	"countersign/internal/client"
	"countersign/internal/housetest"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/web"
)

// TestTranslations: what the core says, by the rule that the API has for it.
func TestTranslations(t *testing.T) {
	for err, want := range map[error]*oauth.Error{
		client.ErrConflict: api.ErrConflict, account.ErrConflict: api.ErrConflict, key.ErrConflict: api.ErrConflict, review.ErrWaiverChanged: api.ErrConflict,
		admin.ErrKeyGone: api.ErrState, review.ErrWaiverConfirmed: api.ErrState, review.ErrWaiverPattern: api.ErrInvalid, review.ErrWaiverReason: api.ErrInvalid,
		admin.ErrChanged: api.ErrPrecondition, account.ErrTaken: api.ErrExists, admin.ErrOwner: api.ErrOwner,
		oauth.ErrUnknownOutcome: oauth.ErrUnknownOutcome,
	} {
		if got := api.Translate(fmt.Errorf("on the way: %w", err)); !errors.Is(got, want) {
			t.Errorf("%v: %v, want %s", err, got, want.Rule)
		}
	}
	ours := errors.New("disk full")
	if got := api.Translate(ours); !errors.Is(got, ours) || oauth.From(got) != oauth.ErrFault {
		t.Errorf("a fault of ours: %v", got)
	}
}

// TestRefusals: each row is one request that breaks one rule.
func TestRefusals(t *testing.T) {
	p := open(t)
	p.app("shop-12345")
	p.app("twin-12345")
	p.want(http.StatusOK, "PATCH", "/apps/twin-12345", `{"settings":{"name":"Twins"},"consent":{"force":true}}`)
	p.want(http.StatusCreated, "POST", "/people", `{"username":"bob"}`)
	const (
		bad, missing, conflict, invalid = http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity
	)
	foreign := p.want(http.StatusOK, "GET", "/apps?limit=1", "").text("next_cursor")
	kid := p.want(http.StatusOK, "GET", "/keys", "").items()[0]["kid"].(string)
	secretID := p.want(http.StatusOK, "GET", "/apps/shop-12345", "").json["secrets"].([]any)[0].(map[string]any)["id"].(string)
	for name, row := range map[string]struct {
		method, path, body string
		status             int
		rule               *oauth.Error
		detail             string
		headers            []string
	}{
		"a form":                      {"POST", "/apps", "name=x", http.StatusUnsupportedMediaType, api.ErrMediaType, "", []string{"Content-Type: application/x-www-form-urlencoded"}},
		"no media type":               {"POST", "/apps", `{"settings":{}}`, http.StatusUnsupportedMediaType, api.ErrMediaType, "", []string{"Content-Type: "}},
		"no body":                     {"POST", "/apps", "", bad, api.ErrJSON, "one JSON object", nil},
		"a list":                      {"POST", "/apps", "[]", bad, api.ErrJSON, "", nil},
		"null":                        {"POST", "/apps", "null", bad, api.ErrJSON, "one JSON object", nil},
		"cut short":                   {"POST", "/apps", `{"settings":`, bad, api.ErrJSON, "", nil},
		"two objects":                 {"POST", "/apps", `{"settings":{}}{}`, bad, api.ErrJSON, "", nil},
		"a member twice":              {"POST", "/apps", `{"settings":{"name":"a","name":"b"}}`, bad, api.ErrJSON, `"name" stands there twice`, nil},
		"a member twice, in capitals": {"POST", "/apps", `{"settings":{"name":"a"},"SETTINGS":{"name":"b"}}`, bad, api.ErrJSON, `"SETTINGS" stands there twice`, nil},
		"an unknown member":           {"POST", "/apps", `{"settings":{},"Bogus":1}`, bad, api.ErrMember, `"Bogus" is no member`, nil},
		"an unknown member inside":    {"POST", "/apps", `{"settings":{},"consent":{"forced":true}}`, bad, api.ErrMember, `"forced"`, nil},
		"a member of another kind":    {"POST", "/apps", `{"client_id":7,"settings":{}}`, bad, api.ErrJSON, `"client_id"`, nil},
		"a long body":                 {"POST", "/apps", `{"client_id":"` + strings.Repeat("x", 300<<10) + `"}`, http.StatusRequestEntityTooLarge, web.ErrTooLarge, "", nil},
		"an unknown setting":          {"POST", "/apps", `{"settings":{"name":"a","naem":"b"}}`, invalid, api.ErrInvalid, "naem: there is no such setting", nil},
		"a setting of another kind":   {"POST", "/apps", `{"settings":{"name":"a","first-party":"on"}}`, invalid, api.ErrInvalid, "first-party: send true or false", nil},
		"a list as a text":            {"POST", "/apps", `{"settings":{"name":"a","scope":"openid"}}`, invalid, api.ErrInvalid, "scope: send a list", nil},
		"a text as a list":            {"POST", "/apps", `{"settings":{"name":["a"]}}`, invalid, api.ErrInvalid, "name: send a text", nil},
		"null for a text":             {"POST", "/apps", `{"settings":{"name":null}}`, invalid, api.ErrInvalid, "name: send a text", nil},
		"null for a switch":           {"POST", "/apps", `{"settings":{"name":"a","first-party":null}}`, invalid, api.ErrInvalid, "first-party", nil},
		"a value that breaks a rule":  {"PATCH", "/apps/shop-12345", `{"settings":{"code-ttl":"5h"}}`, invalid, api.ErrInvalid, "code-ttl", nil},
		"both consents":               {"PATCH", "/apps/shop-12345", `{"settings":{"name":"x"},"consent":{"force":true,"waive":{"reason":"r","until":"2027-01-01T00:00:00Z"}}}`, invalid, api.ErrInvalid, "force or waive", nil},
		"critical":                    {"PATCH", "/apps/shop-12345", `{"settings":{"scope":["openid","full"]}}`, invalid, api.ErrStopped, "", nil},
		"taken":                       {"POST", "/apps", `{"client_id":"shop-12345","settings":{"name":"a"},"consent":{"force":true}}`, conflict, api.ErrExists, "", nil},
		"a name that is taken":        {"POST", "/people", `{"username":"bob"}`, conflict, api.ErrExists, "", nil},
		"a common password":           {"POST", "/people", `{"username":"eve","password":"password"}`, invalid, api.ErrInvalid, "password:", nil},
		"no such app":                 {"GET", "/apps/nobody-12345", "", missing, api.ErrNotFound, "nobody-12345", nil},
		"an app by its name":          {"GET", "/apps/Twins", "", missing, api.ErrNotFound, "", nil},
		"no such person":              {"GET", "/people/005000000000009AAA", "", missing, api.ErrNotFound, "", nil},
		"a person by name":            {"GET", "/people/bob", "", missing, api.ErrNotFound, "", nil},
		"no such key":                 {"DELETE", "/keys/x", "", missing, api.ErrNotFound, "", nil},
		"no such control":             {"GET", "/review/controls/x", "", missing, api.ErrNotFound, "", nil},
		"a review by no such control": {"GET", "/review?controls=x", "", missing, api.ErrNotFound, "", nil},
		"no such run":                 {"GET", "/review/runs/x", "", missing, api.ErrNotFound, "", nil},
		"no such waiver":              {"DELETE", "/review/waivers/x", "", missing, api.ErrNotFound, "", nil},
		"no such secret":              {"DELETE", "/apps/shop-12345/secrets/x", "", missing, api.ErrNotFound, "", nil},
		"the only secret":             {"DELETE", "/apps/shop-12345/secrets/" + secretID, "", conflict, api.ErrState, "only secret", nil},
		"a secret of a public app":    {"POST", "/apps/" + string(housetest.Mobile) + "/secrets", `{}`, conflict, api.ErrState, "public app", nil},
		"a long overlap":              {"POST", "/apps/shop-12345/secrets", `{"overlap":"1000d"}`, invalid, api.ErrInvalid, "overlap", nil},
		"an overlap of nonsense":      {"POST", "/apps/shop-12345/secrets", `{"overlap":"soon"}`, invalid, api.ErrInvalid, "overlap", nil},
		"the only key":                {"DELETE", "/keys/" + kid, "", conflict, api.ErrState, "", nil},
		"a key of no algorithm":       {"POST", "/keys", `{"alg":"HS256"}`, invalid, api.ErrInvalid, "ES256", nil},
		"a waiver of nothing":         {"POST", "/review/waivers", `{"control":"code-lifetime","app":"shop-12345","reason":"r","owner":"o","until":"2026-12-24T00:00:00Z"}`, conflict, api.ErrState, "", nil},
		"a waiver without an end":     {"POST", "/review/waivers", `{"control":"oauth-usage","app":"shop-12345","reason":"r","owner":"o"}`, invalid, api.ErrInvalid, "", nil},
		"everybody's grants":          {"GET", "/grants", "", invalid, api.ErrInvalid, "", nil},
		"an end of everybody's":       {"POST", "/grants/end", `{}`, invalid, api.ErrInvalid, "", nil},
		"an end of nobody's":          {"POST", "/grants/end", `{"app":"nobody-12345"}`, missing, api.ErrNotFound, "", nil},
		"a grant of nonsense":         {"DELETE", "/grants/x", "", invalid, api.ErrInvalid, "grant", nil},
		"an unknown parameter":        {"GET", "/apps?naem=x", "", bad, api.ErrParameter, `"naem"`, nil},
		"a limit of none":             {"GET", "/apps?limit=0", "", bad, api.ErrParameter, "from 1 to 1000", nil},
		"a limit of all":              {"GET", "/audit?limit=100000", "", bad, api.ErrParameter, "", nil},
		"no such event":               {"GET", "/audit?event=x", "", bad, api.ErrParameter, "", nil},
		"no time":                     {"GET", "/audit?since=yesterday", "", bad, api.ErrParameter, "RFC 3339", nil},
		"no order":                    {"GET", "/audit?order=up", "", bad, api.ErrParameter, "newest, oldest", nil},
		"too many days":               {"GET", "/usage?days=1000", "", bad, api.ErrParameter, "", nil},
		"a parameter twice":           {"GET", "/apps?name=a&name=b", "", bad, oauth.ErrParamRepeated, "", nil},
		"a cursor of nonsense":        {"GET", "/apps?cursor=x", "", bad, api.ErrCursor, "", nil},
		"a cursor of another list":    {"GET", "/people?cursor=" + foreign, "", bad, api.ErrCursor, "", nil},
		"a cursor of another filter":  {"GET", "/apps?search=x&cursor=" + foreign, "", bad, api.ErrCursor, "", nil},
		"a cursor that was changed":   {"GET", "/apps?cursor=" + foreign[:len(foreign)-2] + "AA", "", bad, api.ErrCursor, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			r := p.refuses(row.status, row.rule, row.method, row.path, row.body, row.headers...)
			if !strings.Contains(r.text("detail"), row.detail) {
				t.Errorf("detail %q, want %q", r.text("detail"), row.detail)
			}
		})
	}
}

// TestFaultsAndFindings: a problem lists every value that is wrong, and what the
// review would call critical.
func TestFaultsAndFindings(t *testing.T) {
	p := open(t)
	p.app("shop-12345")
	r := p.refuses(http.StatusUnprocessableEntity, api.ErrInvalid, "PATCH", "/apps/shop-12345", `{"settings":{"code-ttl":"5h","scope":["\""]}}`)
	if faults, _ := r.json["faults"].([]any); len(faults) != 2 {
		t.Error(r.Body)
	}
	const wild = `{"settings":{"scope":["openid","full"]}`
	r = p.refuses(http.StatusUnprocessableEntity, api.ErrStopped, "PATCH", "/apps/shop-12345", wild+"}")
	findings, _ := r.json["findings"].([]any)
	if len(findings) == 0 || findings[0].(map[string]any)["control"] != "scope-least-privilege" {
		t.Error(r.Body)
	}
	for _, bad := range []string{`"until":"2020-01-01T00:00:00Z","reason":"r","owner":"o"`, `"reason":"r","owner":"o"`, `"until":"2026-12-24T00:00:00Z","owner":"o"`} {
		p.refuses(http.StatusUnprocessableEntity, api.ErrInvalid, "PATCH", "/apps/shop-12345", wild+`,"consent":{"waive":{`+bad+`}}}`)
	}
	p.want(http.StatusOK, "PATCH", "/apps/shop-12345", wild+`,"consent":{"waive":{"reason":"migration","owner":"ann@example.com","until":"2026-12-24T00:00:00Z"}}}`)
	if list := p.want(http.StatusOK, "GET", "/review/waivers", "").items(); len(list) == 0 || list[0]["app"] != "shop-12345" {
		t.Error(list)
	}
}

// TestDocuments: everybody may read the contract and its page, which needs no
// other host.
func TestDocuments(t *testing.T) {
	p := open(t)
	for path, media := range map[string]string{"/openapi.json": "application/json", "/docs": "text/html; charset=utf-8", "/docs.css": "text/css; charset=utf-8"} {
		r := p.want(http.StatusOK, "GET", path, "", "Authorization: ")
		if r.Header().Get("Content-Type") != media || !strings.Contains(r.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Error(path, r.Header())
		}
		p.want(http.StatusNotModified, "GET", path, "", "If-None-Match: "+r.Header().Get("Etag"))
	}
	page := p.want(http.StatusOK, "GET", "/docs", "").Body.String()
	for _, o := range api.Operations() {
		if !strings.Contains(page, `<article id="`+o.ID+`">`) {
			t.Errorf("the page has no %s", o.ID)
		}
	}
	for _, foreign := range []string{"http://", "https://", "<script", "style=", "&lt;no value"} {
		if i := strings.Index(strings.ReplaceAll(page, "https://shop.example", ""), foreign); i >= 0 {
			t.Errorf("the page has %q: %s", foreign, page[i:min(i+80, len(page))])
		}
	}
}
