package admin

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of app with its secure preset: what a wizard asks, and what it
// sets without asking.
type Kind struct {
	Name  string // stable: mobile, spa, server, machine, salesforce
	Title string
	What  string // who should choose it
	Why   string // what the preset does, and why
	Sets  []Set
	Asks  []Ask // besides name and owner, which every app has
}

// Ask is one question about an app of a kind.
type Ask struct {
	Field string // of AppFields
	Hint  string // an example
	Usual string // filled in beforehand; {issuer} stands for the issuer
	Must  bool
}

// Kinds are the kinds of app, in the order in which people read them.
var Kinds = []Kind{
	{
		Name: "mobile", Title: "Mobile or desktop app",
		What: "An app on people's phones or computers, with its own login screen.",
		Why: "What is inside an app on somebody's phone is no secret, so it has none: PKCE proves that whoever redeems a code asked for it, " +
			"and refresh tokens are replaced each time. Passwords travel in the POST body only.",
		Sets: preset("type=public", "platform=mobile", "first-party=on", "flow=code_and_credentials=on", "flow=refresh_token=on", "post-body-only=on"),
		Asks: []Ask{
			{Field: "redirect-uri", Hint: "com.example.shop:/callback"},
			{Field: "scope", Hint: "openid profile", Usual: "openid profile offline_access", Must: true},
		},
	},
	{
		Name: "spa", Title: "Single-page app",
		What: "A page in a browser that has no server of its own.",
		Why: "No secret and no refresh token: a script injected into the page could read both. Access tokens live five minutes, and only pages " +
			"of your origins may call. Where you can, put a small server in between and choose Server app.",
		Sets: preset("type=public", "platform=spa", "first-party=on", "flow=code_and_credentials=on", "post-body-only=on", "access-ttl=5m"),
		Asks: []Ask{
			{Field: "cors-origin", Hint: "https://shop.example", Must: true},
			{Field: "redirect-uri", Hint: "https://shop.example/callback", Usual: "{issuer}/services/oauth2/echo", Must: true},
			{Field: "scope", Hint: "openid profile", Usual: "openid profile", Must: true},
		},
	},
	{
		Name: "server", Title: "Server app",
		What: "A web app whose pages are made on your server, or a backend in front of another app.",
		Why:  "Your server keeps the app's secret: a stolen code or refresh token opens nothing without it. PKCE is required besides.",
		Sets: preset("type=confidential", "platform=web", "first-party=on", "flow=code_and_credentials=on", "flow=refresh_token=on", "post-body-only=on"),
		Asks: []Ask{
			{Field: "redirect-uri", Hint: "https://shop.example/callback"},
			{Field: "scope", Hint: "openid profile", Usual: "openid profile offline_access", Must: true},
		},
	},
	{
		Name: "machine", Title: "Machine, without a person",
		What: "A job or service that calls an API as itself.",
		Why: "The client credentials flow alone, and no flow that could sign a person in. Tokens live fifteen minutes; there is no refresh token, " +
			"since the app can ask again at any time.",
		Sets: preset("type=confidential", "platform=machine", "flow=client_credentials=on"),
		Asks: []Ask{
			{Field: "scope", Hint: "api", Usual: "api", Must: true},
			{Field: "audience", Hint: "https://api.example", Must: true},
			{Field: "ip-range", Hint: "192.0.2.0/24"},
			{Field: "rate-limit", Hint: "600", Usual: "600"},
		},
	},
	{
		Name: "salesforce", Title: "App written for Salesforce",
		What: "An app that uses Salesforce Headless Identity today: the Mobile SDK's native login, or your own code.",
		Why: "The same as a mobile app, with the echo endpoint as callback and Salesforce's scopes: the app works after its host is changed. " +
			"Unlike there, PKCE and rotation are on.",
		Sets: preset("type=public", "platform=mobile", "first-party=on", "flow=code_and_credentials=on", "flow=refresh_token=on"),
		Asks: []Ask{
			{Field: "redirect-uri", Hint: "https://shop.example/callback", Usual: "{issuer}/services/oauth2/echo", Must: true},
			{Field: "scope", Hint: "openid api", Usual: "openid api refresh_token", Must: true},
		},
	},
}

// preset reads field=value.
func preset(words ...string) []Set {
	var out []Set
	for _, w := range words {
		field, value, _ := strings.Cut(w, "=")
		out = alsoSet(out, field, []string{value})
	}
	return out
}

// KindNamed finds a kind.
func KindNamed(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// lookAgain is how far ahead somebody should look at a new app again: as far as
// the control oauth-usage allows.
const lookAgain = 180 * 24 * time.Hour

// Filled is the preset with what was answered; an answer wins. What the kind asks
// and nobody answered is filled in where it has a usual value. Somebody should
// look at the app again within half a year.
func (k Kind) Filled(issuer string, now time.Time, answers []Set) []Set {
	answered := func(field string) bool { return named(answers, field) }
	var out []Set
	for _, s := range k.Sets {
		if !answered(s.Field) || s.Field == "flow" {
			out = append(out, Set{s.Field, slices.Clone(s.Values)})
		}
	}
	for _, a := range k.Asks {
		if !answered(a.Field) && a.Usual != "" {
			out = append(out, Set{a.Field, strings.Fields(a.With(issuer))})
		}
	}
	if !answered("review-due") {
		out = append(out, Set{"review-due", []string{now.Add(lookAgain).UTC().Format(time.DateOnly)}})
	}
	return append(out, answers...)
}

// With is the usual value at a server.
func (a Ask) With(issuer string) string { return strings.ReplaceAll(a.Usual, "{issuer}", issuer) }

// Missing finds the questions that were left open: answers by field.
func (k Kind) Missing(answers []Set) Invalid {
	var faults Invalid
	for _, a := range k.Asks {
		i := slices.IndexFunc(answers, func(s Set) bool { return s.Field == a.Field })
		if a.Must && (i < 0 || strings.Join(answers[i].Values, "") == "") {
			faults = append(faults, Fault{a.Field, fmt.Sprintf("a %s needs it; for example %s", strings.ToLower(k.Title), a.Hint)})
		}
	}
	return faults
}
