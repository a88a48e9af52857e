package browsertest

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"countersign/internal/admin"
	"countersign/internal/oauth"
)

const seed = "/console/review/code-and-credentials-flow"

// app makes an app that the review may have something to say about.
func (s *site) app(t *testing.T, id string, sets ...admin.Set) {
	t.Helper()
	all := append([]admin.Set{
		{Field: "name", Values: []string{"Shop"}},
		{Field: "owner", Values: []string{Owner}},
		{Field: "type", Values: []string{"confidential"}},
		{Field: "first-party", Values: []string{"on"}},
		{Field: "redirect-uri", Values: []string{"https://shop.example/callback"}},
		{Field: "scope", Values: []string{"openid"}},
	}, sets...)
	if _, err := s.desk().CreateApp(t.Context(), oauth.ClientID(id), all, admin.Consent{Force: true}); err != nil {
		t.Fatal(err)
	}
}

// at opens a page and waits for its verdict on the one app.
func (s *site) at(t *testing.T, tab context.Context, path, verdict string) {
	t.Helper()
	run(t, tab, chromedp.Navigate(s.URL+path))
	judged(t, tab, verdict)
}

func judged(t *testing.T, tab context.Context, verdict string) {
	t.Helper()
	shows(t, tab, `//article//*[contains(@class, "badge")][normalize-space(.)="`+verdict+`"]`)
}

// TestFixedFromTheFinding: the preview writes nothing; writing it changes the
// verdict on the same page.
func TestFixedFromTheFinding(t *testing.T) {
	s := open(t)
	s.risky(t)
	tab := s.tab(t, true)
	s.join(t, tab)
	s.at(t, tab, seed+"?app=shop-app", "fail")
	press(t, tab, "Fix…")
	says(t, tab, "Nothing is written yet")
	s.at(t, tab, seed+"?app=shop-app", "fail")
	press(t, tab, "Fix…")
	press(t, tab, "Write it")
	says(t, tab, "Fixed. The verdict below is the new one.")
	judged(t, tab, "pass")
}

// risky makes an app without the defences of its flow.
func (s *site) risky(t *testing.T) {
	t.Helper()
	s.app(t, "shop-app", admin.Set{Field: "flow", Values: []string{"code_and_credentials"}},
		admin.Set{Field: "require-pkce", Values: []string{"off"}}, admin.Set{Field: "require-secret", Values: []string{"off"}})
}

// TestWaivedFromTheFinding: an end too far away is said beside its field, with the
// rest kept; one that is allowed is shown with the finding.
func TestWaivedFromTheFinding(t *testing.T) {
	s := open(t)
	s.risky(t)
	tab := s.tab(t, true)
	s.join(t, tab)
	s.at(t, tab, "/console/review/require-pkce?app=shop-app", "fail")
	press(t, tab, "Accept for a time…")
	day := func(d int) string { return s.Clock.Now().UTC().AddDate(0, 0, d).Format(time.DateOnly) }
	fill(t, tab, "reason", "The app is rewritten by spring.", "owner", Owner, "until", day(400))
	press(t, tab, "Accept it until then")
	shows(t, tab, ".field.wrong #f-until")
	fill(t, tab, "until", day(30))
	press(t, tab, "Accept it until then")
	says(t, tab, "Accepted until "+s.Clock.Now().UTC().AddDate(0, 0, 30).Format("2 January 2006"))
	judged(t, tab, "fail, waived")
	says(t, tab, "The app is rewritten by spring.")
}
