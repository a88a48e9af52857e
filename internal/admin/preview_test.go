package admin

import (
	"slices"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/review"
	"countersign/internal/usage"
)

func (r *road) preview(words ...string) *AppPreview {
	r.t.Helper()
	p, err := r.PreviewApp(ctx, r.id, set(words...))
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// TestPreview: diff, verdicts, stops and score are those that saving brings, and
// nothing is saved.
func TestPreview(t *testing.T) {
	r := busyRoad(t)
	changed := len(r.events(audit.AppChanged))
	p := r.preview("require-pkce=on", "name=Better")
	if len(p.Changes) < 2 || p.Changes[0].String() != "name: Shop -> Better" || !p.Saveable() {
		t.Errorf("diff %v", p.Changes)
	}
	i := slices.IndexFunc(p.Verdicts, func(v Verdict) bool { return v.Control == "require-pkce" })
	if i < 0 || !p.Verdicts[i].Better() || p.Verdicts[i].Is != review.Pass || p.Verdicts[i].Title == "" {
		t.Errorf("verdicts %+v", p.Verdicts)
	}
	if p.Before.Score == nil || p.After.Score == nil || *p.After.Score <= *p.Before.Score {
		t.Errorf("score %s, then %s", p.Before.Words(), p.After.Words())
	}
	if n := len(r.events(audit.AppChanged)); n != changed {
		t.Errorf("a preview left %d events", n-changed)
	}
	r.Saw = p.Version
	if _, err := r.ChangeApp(ctx, r.id, set("require-pkce=on", "name=Better")); err != nil {
		t.Fatal(err)
	}
	r.Saw = 0
	run, _, err := r.Review(ctx, Reviewing{Apps: []string{string(r.id)}})
	if err != nil {
		t.Fatal(err)
	}
	if is := run.Apps[0].Words(); is != p.After.Words() {
		t.Errorf("foretold %s, saved %s", p.After.Words(), is)
	}
	for _, v := range p.Verdicts {
		if f, _ := run.Find(v.Control, string(r.id)); f.Status != v.Is {
			t.Errorf("%s: foretold %s, saved %s", v.Control, v.Is, f.Status)
		}
	}
	worse := r.preview("require-pkce=off")
	if len(worse.Stops) == 0 && len(worse.Verdicts) == 0 {
		t.Error("switching PKCE off changes no verdict")
	}
}

// TestPreviewOfNothingAndOfFaults.
func TestPreviewOfNothingAndOfFaults(t *testing.T) {
	r := busyRoad(t)
	if p := r.preview("name=Shop"); p.Saveable() || len(p.Changes) != 0 {
		t.Errorf("nothing changes: %+v", p)
	}
	p := r.preview("code-ttl=9h", "redirect-uri=nowhere", "no-such=1")
	var fields []string
	for _, f := range p.Faults {
		fields = append(fields, f.Field)
	}
	if p.Saveable() || strings.Join(fields, " ") != "no-such redirect-uri code-ttl" {
		t.Errorf("faults of %v", fields)
	}
	if _, err := r.PreviewApp(ctx, "no-such-app", nil); !IsNotFound(err) {
		t.Errorf("no app: %v", err)
	}
}

// TestPreviewNewApp: a good one has no stops; a weak one names what is wrong.
func TestPreviewNewApp(t *testing.T) {
	o := open(t)
	p, err := o.PreviewNewApp(ctx, set(confidential...))
	if err != nil || !p.Saveable() || len(p.Stops) != 0 || p.After.Score == nil || p.Before.Score != nil {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = o.PreviewNewApp(ctx, set(append(slices.Clone(confidential), "require-pkce=off", "require-secret=off")...))
	if err != nil || len(p.Stops) == 0 || p.Stops[0].Mend == "" || p.Breaks.Counted {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = o.PreviewNewApp(ctx, set("type=public")); err != nil || len(p.Faults) == 0 {
		t.Errorf("without a name: %+v, %v", p, err)
	}
}

// TestForecastOfChanges: of 24 requests (7 and 3 logins, 9 bare redemptions, 5
// refreshes), each change says how many it would have refused; what loosens a
// setting refuses nobody; what was not recorded is said to be unknown.
func TestForecastOfChanges(t *testing.T) {
	for change, want := range map[string]ChangeForecast{
		"require-pkce=on":                                 {Refused: 3},
		"require-secret=code=on":                          {Refused: 9},
		"require-secret=refresh=on":                       {},
		"post-body-only=on":                               {},
		"enabled=off":                                     {Refused: 24},
		"flow=headless=off":                               {Refused: 24},
		"flow=refresh=off":                                {Refused: 5},
		"first-party=off":                                 {Refused: 19},
		"ip=enforce":                                      {Refused: 3},
		"auth-method=client_secret_post":                  {Refused: 5},
		"scope=openid":                                    {},
		"scope=profile":                                   {Refused: 24},
		"access-ttl=5m":                                   {},
		"platform=spa":                                    {},
		"owner=bob@example.com":                           {},
		"redirect-uri=+https://shop.example/two":          {},
		"redirect-uri=https://shop.example/two":           {Unknown: []string{"app.redirect_uris"}},
		"permitted-users=admin-preauthorized group=staff": {Unknown: []string{"app.policy.groups", "app.policy.permitted_users"}},
		"token-format=opaque":                             {Unknown: []string{"app.access_token.format"}},
		"rotation=on":                                     {Unknown: []string{"app.refresh.rotation"}},
		"code-ttl=30s":                                    {Unknown: []string{"app.code.ttl"}},
		"code-ttl=90s":                                    {},
		"nonce-required=on":                               {Unknown: []string{"app.id_token.nonce_required"}},
		"introspect-all=on":                               {},
		"require-pkce=on enabled=off":                     {Refused: 24},
	} {
		r := busyRoad(t)
		words := []string{change}
		if strings.Contains(change, "group=") || strings.Contains(change, "enabled=off") {
			words = strings.Fields(change)
		}
		got := r.preview(words...).Breaks
		if !got.Counted || got.Of != 24 || got.Days != 1 || got.Refused != want.Refused || !slices.Equal(got.Unknown, want.Unknown) {
			t.Errorf("%s: %+v, want %+v", change, got, want)
		}
		if got.Nobody() != (want.Refused == 0 && want.Unknown == nil) || (got.Refused > 0) != !got.Last.IsZero() {
			t.Errorf("%s: nobody %v, last %v", change, got.Nobody(), got.Last)
		}
	}
	r := openRoad(t)
	if b := r.preview("enabled=off").Breaks; b.Counted || b.Nobody() {
		t.Errorf("nobody counted: %+v", b)
	}
	r.see(0, "", "10.1.2.3")
	if b := r.preview("redirect-uri=https://shop.example/two").Breaks; !b.Nobody() {
		t.Errorf("nothing was seen: %+v", b)
	}
	r.see(1, usage.Refresh, "10.1.2.3")
	if b := r.preview("redirect-uri=https://shop.example/two").Breaks; !b.Nobody() {
		t.Errorf("only refreshes were seen: %+v", b)
	}
}
