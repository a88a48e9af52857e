package admin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
	"countersign/internal/usage"
)

// found are the names of the apps that a query finds, in order.
func (o *office) found(q AppQuery) string {
	o.t.Helper()
	p, err := o.FindApps(ctx, q)
	if err != nil {
		o.t.Fatal(err)
	}
	if p.Found != len(p.Apps) && p.Pages == 1 {
		o.t.Errorf("found %d, shows %d", p.Found, len(p.Apps))
	}
	names := make([]string, len(p.Apps))
	for i, a := range p.Apps {
		names[i] = a.Name
	}
	return strings.Join(names, " ")
}

func (o *office) see(app oauth.ClientID, what usage.Trait) {
	o.t.Helper()
	c := usage.Counter{Store: o.Seen, Now: o.Now}
	c.See(usage.Seen{App: app, Flow: flow.CodeAndCredentials, What: what, Scopes: oauth.Scopes{"openid"}})
	if err := c.Flush(ctx); err != nil {
		o.t.Fatal(err)
	}
}

// TestFindApps: by text, flow, state, use and health, on pages, with an index
// that lives on and with one that is made for the question.
func TestFindApps(t *testing.T) {
	for name, index := range map[string]*AppIndex{"kept": {}, "made anew": nil} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			o.Index = index
			if got := o.found(AppQuery{}); got != "" {
				t.Errorf("nobody made an app, and there is %q", got)
			}
			shop := o.create(append(slices.Clone(confidential), "owner=ann@example.com")...).App.ID
			phone := o.create(public...).App.ID
			old := o.create("name=archive", "type=confidential", "flow=refresh_token").App.ID
			o.see(shop, usage.Login)
			o.now = o.now.Add(usesKeep)
			if _, err := o.ChangeApp(ctx, old, set("enabled=off")); err != nil {
				t.Fatal(err)
			}
			for _, row := range []struct {
				q    AppQuery
				want string
			}{
				{AppQuery{}, "archive Phone Shop"},
				{AppQuery{Text: "PHO"}, "Phone"},
				{AppQuery{Text: "ann@ shop.example"}, "Shop"},
				{AppQuery{Text: string(phone)}, "Phone"},
				{AppQuery{Text: "shop nowhere"}, ""},
				{AppQuery{Flow: flow.CodeAndCredentials}, "Phone Shop"},
				{AppQuery{Flow: flow.Device}, ""},
				{AppQuery{State: "off"}, "archive"},
				{AppQuery{State: "on"}, "Phone Shop"},
				{AppQuery{Use: "30d"}, "Shop"},
				{AppQuery{Use: "never"}, "archive Phone"},
				{AppQuery{Use: "idle"}, "archive Phone"},
				{AppQuery{Order: "used"}, "Shop archive Phone"},
				{AppQuery{Order: "idle"}, "archive Phone Shop"},
				{AppQuery{Size: 2}, "archive Phone"},
				{AppQuery{Size: 2, Page: 2}, "Shop"},
				{AppQuery{Size: 2, Page: 9}, "Shop"},
			} {
				if got := o.found(row.q); got != row.want {
					t.Errorf("%+v finds %q, want %q", row.q, got, row.want)
				}
			}
			o.now = o.now.Add(40 * 24 * time.Hour)
			if got := o.found(AppQuery{Use: "idle", Text: "shop.example"}); got != "Shop" {
				t.Errorf("40 days later idle: %q", got)
			}
			o.see(phone, usage.Login)
			o.now = o.now.Add(usesKeep)
			if got := o.found(AppQuery{Use: "30d"}); got != "Phone" {
				t.Errorf("used today: %q", got)
			}
			if err := o.DeleteApp(ctx, old); err != nil {
				t.Fatal(err)
			}
			if got := o.found(AppQuery{}); got != "Phone Shop" {
				t.Errorf("after a deletion: %q", got)
			}
		})
	}
}

func TestFindAppsRefusesUnknownWords(t *testing.T) {
	o := open(t)
	for field, q := range map[string]AppQuery{
		"health": {Health: "purple"}, "use": {Use: "1d"}, "order": {Order: "size"}, "state": {State: "maybe"},
		"flow": {Flow: "implicit"}, "page": {Size: mostPage + 1},
	} {
		var faults Invalid
		if _, err := o.FindApps(ctx, q); !errors.As(err, &faults) || len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%+v: %v, want a fault of %s", q, err, field)
		}
	}
}

// TestHealthIsWhatTheReviewSays, whatever changes: settings, server, waivers, use.
func TestHealthIsWhatTheReviewSays(t *testing.T) {
	o := open(t)
	o.Index = &AppIndex{}
	weak := set("require-pkce=off", "require-secret=off", "rotation=off")
	shop, err := o.CreateApp(ctx, "", append(set(confidential...), weak...), Consent{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	phone := o.create(public...).App.ID
	agree := func(when string) AppPage {
		t.Helper()
		o.now = o.now.Add(liveKeep + usesKeep)
		p, err := o.FindApps(ctx, AppQuery{Order: "health"})
		if err != nil {
			t.Fatal(err)
		}
		run, _, err := o.Review(ctx, Reviewing{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range p.Apps {
			i := slices.IndexFunc(run.Apps, func(s review.AppScore) bool { return s.ID == string(a.ID) })
			if want := run.Apps[i]; a.Health.Words() != want.Words() || a.Health.Counts != want.Counts {
				t.Errorf("%s: %s has health %s %+v, the review says %s %+v", when, a.Name, a.Health.Words(), a.Health.Counts, want.Words(), want.Counts)
			}
		}
		return p
	}
	p := agree("at first")
	if p.Apps[0].Name != "Shop" || p.Apps[0].Health.Worst == "" || p.Apps[0].Health.Open == 0 {
		t.Errorf("the worst is %+v", p.Apps[0])
	}
	worst := p.Apps[0].Health.Worst
	if got := o.found(AppQuery{Health: worst}); !strings.Contains(got, "Shop") {
		t.Errorf("%s finds %q", worst, got)
	}
	o.see(shop.App.ID, usage.Login)
	o.see(shop.App.ID, usage.Token)
	agree("once it is used")
	if _, err := o.ChangeApp(ctx, shop.App.ID, set("require-pkce=on", "require-secret=on", "rotation=on")); err != nil {
		t.Fatal(err)
	}
	agree("once it is mended")
	run, _, _ := o.Review(ctx, Reviewing{})
	for _, f := range run.Findings {
		if f.App == string(phone) && f.Open() {
			if _, err := o.Waive(ctx, f.Control, f.App, Acceptance{"known", "ann", o.now.Add(24 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	agree("once findings are waived")
	if got := o.found(AppQuery{Health: "none"}); !strings.Contains(got, "Phone") {
		t.Errorf("without open findings: %q", got)
	}
	if _, _, err := o.ChangeOrg(ctx, set("flow=code_and_credentials=off")); err != nil {
		t.Fatal(err)
	}
	agree("once the server forbids the flow")
}

// TestIndexReadsOnlyWhatChanged, and judges nothing twice.
func TestIndexReadsOnlyWhatChanged(t *testing.T) {
	o := open(t)
	o.Index = &AppIndex{}
	shop := o.create(confidential...).App.ID
	phone := o.create(public...).App.ID
	o.found(AppQuery{Order: "health"})
	before := map[oauth.ClientID]*AppHealth{shop: o.Index.apps[shop].health, phone: o.Index.apps[phone].health}
	o.found(AppQuery{Order: "health"})
	if o.Index.apps[shop].health != before[shop] || before[shop] == nil {
		t.Error("health was worked out twice")
	}
	kept := o.Index.apps[phone]
	if _, err := o.ChangeApp(ctx, shop, set("code-ttl=30s")); err != nil {
		t.Fatal(err)
	}
	o.found(AppQuery{})
	if o.Index.apps[phone] != kept || o.Index.apps[shop].Settings.CodeTTL != client.Duration(30*time.Second) {
		t.Error("the app that did not change was read anew, or the one that did was not")
	}
}

// many fills a desk with apps.
func many(b *testing.B, n int) *Desk {
	b.Helper()
	now := time.Now
	db, err := sqlstore.Open(ctx, sqlstore.Options{Dir: b.TempDir(), Now: now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	keys, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		b.Fatal(err)
	}
	d := &Desk{Apps: db, Signing: db, Log: db, Book: db, Seen: db, Keys: keys, Actor: "bench", Now: now, Index: &AppIndex{}}
	counts := map[usage.Key]usage.Count{}
	for i := range n {
		words := append(slices.Clone(confidential[1:]), fmt.Sprintf("name=App %d of department %d", i, i%97))
		if i%7 == 0 {
			words = append(words, "require-pkce=off")
		}
		c, faults := draftApp(oauth.ClientID(fmt.Sprintf("app-%06d", i)), set(words...), now())
		if len(faults) > 0 {
			b.Fatal(faults)
		}
		if err := db.CreateClient(ctx, c, audit.New(now(), audit.AppCreated)); err != nil {
			b.Fatal(err)
		}
		for _, trait := range []usage.Trait{usage.Login, usage.Token, usage.OfScope("openid")} {
			counts[usage.Key{App: c.ID, Flow: flow.CodeAndCredentials, Day: usage.DayOf(now()), Trait: trait}] = usage.Count{N: 3, Last: now()}
		}
	}
	if err := db.CountUsage(ctx, counts); err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkFindApps asks a server of 10,000 apps.
func BenchmarkFindApps(b *testing.B) {
	d := many(b, 10_000)
	ask := func(b *testing.B, q AppQuery) {
		b.Helper()
		if p, err := d.FindApps(ctx, q); err != nil || p.Found == 0 {
			b.Fatalf("%d found, %v", p.Found, err)
		}
	}
	b.Run("first of all", func(b *testing.B) {
		for b.Loop() {
			d.Index = &AppIndex{}
			ask(b, AppQuery{})
		}
	})
	b.Run("health of all, first", func(b *testing.B) {
		for b.Loop() {
			d.Index = &AppIndex{}
			ask(b, AppQuery{Order: "health"})
		}
	})
	for name, q := range map[string]AppQuery{
		"page": {Page: 100}, "text": {Text: "department 42"}, "flow and use": {Flow: flow.CodeAndCredentials, Use: "30d", Order: "used"},
		"health": {Health: "any", Order: "health"},
	} {
		b.Run(name, func(b *testing.B) {
			ask(b, q)
			for b.Loop() {
				ask(b, q)
			}
		})
	}
}
