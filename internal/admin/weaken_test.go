package admin

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// choices are values of every field of an app that the review reads.
var choices = map[string][]string{
	"flow":              {"code_and_credentials=on", "code_and_credentials=off", "refresh_token=on", "refresh_token=off"},
	"require-secret":    {"on", "off", "refresh_token=off", "code=off", "code=on"},
	"require-pkce":      {"on", "off"},
	"redirect-uri":      {"https://a.example/cb", "https://a.example/cb https://b.example/cb", "http://127.0.0.1/cb", ""},
	"cors-origin":       {"https://a.example", "https://a.example https://b.example", ""},
	"scope":             {"openid", "openid api", "openid full", "openid offline_access", "openid api offline_access profile"},
	"post-body-only":    {"on", "off"},
	"code-ttl":          {"10s", "60s", "120s"},
	"token-format":      {"jwt", "opaque"},
	"access-ttl":        {"5m", "15m", "1h", "12h", "24h"},
	"access-alg":        {"ES256", "RS256"},
	"audience":          {"https://api.example", "https://api.example https://b.example", ""},
	"id-token-ttl":      {"60s", "2m", "5m", "12h"},
	"id-token-audience": {"other-party", ""},
	"nonce-required":    {"on", "off"},
	"id-token-claims":   {"on", "off"},
	"claim":             {"email", "email name", ""},
	"rotation":          {"on", "off"},
	"refresh-grace":     {"0s", "10s", "2m"},
	"refresh-policy":    {"inactivity", "lifetime", "infinite", "zero"},
	"refresh-ttl":       {"1d", "30d", "90d", "400d"},
	"refresh-absolute":  {"1d", "90d", "365d", "400d"},
	"permitted-users":   {"self_authorize", "admin_preauthorized"},
	"group":             {"staff", ""},
	"ip":                {"enforce", "relax_refresh", "relax_mfa", "bypass"},
	"ip-range":          {"10.0.0.0/8", "10.0.0.0/8 192.0.2.0/24", "0.0.0.0/0", ""},
	"session-timeout":   {"5m", "1h", "12h", "default"},
	"assurance":         {"low", "standard", "high"},
	"introspect-all":    {"on", "off"},
	"person-address":    {"on", "off"},
	"rate-limit":        {"10", "10000", "none"},
	"owner":             {"ann@example.com", ""},
	"review-due":        {"2027-01-31", "2020-01-01", ""},
}

// TestNoWeakeningRaisesTheScore: whatever app set makes of an app, if nothing
// that the review reads got better and something got worse, its score does not
// rise.
func TestNoWeakeningRaisesTheScore(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := &Desk{Now: func() time.Time { return now }}
	catalogue := controls.Catalogue()
	fields := make([]string, 0, len(choices))
	for _, f := range AppFields {
		if _, ok := choices[f.Name]; ok {
			fields = append(fields, f.Name)
		}
	}
	weakenings := 0
	rapid.Check(t, func(r *rapid.T) {
		c := anyApp(r, now)
		for range rapid.IntRange(0, 8).Draw(r, "settings") {
			try(c, drawnSet(r, fields), now)
		}
		before := d.judged(c, catalogue)
		next := clone(c)
		change := drawnSet(r, fields)
		if !try(next, change, now) || !weakened(d.snapshotOfOne(c).Apps[0].Values, d.snapshotOfOne(next).Apps[0].Values) {
			return
		}
		weakenings++
		after := d.judged(next, catalogue)
		if a, b := before.Apps[0].Score.Score, after.Apps[0].Score.Score; a != nil && b != nil && *b > *a {
			r.Fatalf("%v raises the score from %.1f to %.1f\n%s", change, *a, *b, moved(before, after))
		}
	})
	if weakenings == 0 {
		t.Error("no change weakened anything; the test tests nothing")
	}
}

// anyApp is a new app as app create makes it.
func anyApp(r *rapid.T, now time.Time) *client.Client {
	c := &client.Client{
		ID: "some-app", Name: "x", Created: now, Type: rapid.SampledFrom([]client.Type{client.Confidential, client.Public}).Draw(r, "type"),
		FirstParty: rapid.Bool().Draw(r, "first-party"),
	}
	safeDefaults(c)
	if c.Type == client.Confidential {
		c.Secrets = []client.Secret{{Created: now}}
	}
	try(c, Set{"flow", []string{"headless"}}, now)
	return c
}

func drawnSet(r *rapid.T, fields []string) Set {
	field := rapid.SampledFrom(fields).Draw(r, "field")
	return Set{field, strings.Split(rapid.SampledFrom(choices[field]).Draw(r, "value"), " ")}
}

// try makes a change that app set would allow, or none.
func try(c *client.Client, s Set, now time.Time) bool {
	next := clone(c)
	if len(apply(AppFields, next, []Set{s}, now, false)) > 0 || len(checkApp(next)) > 0 {
		return false
	}
	*c = *next
	return true
}

func (d *Desk) snapshotOfOne(c *client.Client) review.Snapshot {
	live := map[oauth.ClientID]*Usage{c.ID: {LastUsed: d.Now(), LiveTokens: 3, ScopesUsed: oauth.Scopes{"openid"}}}
	return d.snapshotOf(client.Org{}, nil, []*client.Client{c}, Facts{Usage: live})
}

func (d *Desk) judged(c *client.Client, catalogue []review.Control) *review.Run {
	return review.Judge(review.Input{Snapshot: d.snapshotOfOne(c), Controls: catalogue, Apps: []string{string(c.ID)}, Beyond: Beyond})
}

// switches are what an app does rather than how safely it does it.
var switches = []string{"app.flows.", "app.enabled", "app.blocked", "app.uses_api", "app.usage."}

// weakened says whether every value that differs is worse, and one does.
func weakened(before, after review.Values) bool {
	worse := 0
	for name, was := range before {
		now := after[name]
		if was.Text() == now.Text() && was.Presence == now.Presence {
			continue
		}
		if slices.ContainsFunc(switches, func(p string) bool { return strings.HasPrefix(name, p) }) {
			return false
		}
		if !isWorse(name, was, now) {
			return false
		}
		worse++
	}
	return worse > 0
}

// isWorse compares two values by the side of the term that is worse.
func isWorse(name string, was, now review.Value) bool {
	term, _ := review.TermOf(name)
	switch now.Data.(type) {
	case bool:
		return now.Data == (term.Worse == review.IfTrue) && term.Worse != review.NoSide
	case time.Duration:
		a, _ := was.Data.(time.Duration)
		b, _ := now.Data.(time.Duration)
		return term.Worse == review.IfMore && b > a || term.Worse == review.IfLess && b < a
	case string:
		a, b := slices.Index(term.Words, was.Text()), slices.Index(term.Words, now.Text())
		return term.Worse == review.IfLater && b > a
	case []string:
		a, _ := was.Data.([]string)
		b, _ := now.Data.([]string)
		missing := func(list []string) func(string) bool {
			return func(s string) bool { return !slices.Contains(list, s) }
		}
		return term.Worse == review.IfFuller && !slices.ContainsFunc(a, missing(b)) || term.Worse == review.IfEmptier && len(b) == 0
	}
	return now.Presence == review.Unset && was.Presence == review.Known && term.Worse != review.NoSide
}

// moved lists the findings that differ.
func moved(before, after *review.Run) string {
	var out strings.Builder
	for _, f := range after.Findings {
		was, _ := before.Find(f.Control, f.App)
		if was.Status != f.Status || was.Severity.Computed != f.Severity.Computed {
			out.WriteString(f.Control + " " + f.App + ": " + string(was.Status) + " -> " + string(f.Status) + "\n")
		}
	}
	return out.String()
}
