package admin

import (
	"errors"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"countersign/internal/client"
	"countersign/internal/flow"
)

const issuer = "https://login.example"

// answered are answers to everything that a kind asks and has no usual value for.
func answered(k Kind) []Set {
	out := []Set{{"name", []string{k.Title}}, {"owner", []string{"ann@example.com"}}}
	for _, a := range k.Asks {
		if a.Must && a.Usual == "" {
			out = append(out, Set{a.Field, []string{a.Hint}})
		}
	}
	return out
}

// TestKindsAreSecure: what a preset makes is saved without anybody's consent, has
// only the flows of its kind, and code that logs in.
func TestKindsAreSecure(t *testing.T) {
	flows := map[string][]flow.Name{
		"mobile": {flow.CodeAndCredentials, flow.RefreshToken}, "spa": {flow.CodeAndCredentials}, "server": {flow.CodeAndCredentials, flow.RefreshToken},
		"machine": {flow.ClientCredentials}, "salesforce": {flow.CodeAndCredentials, flow.RefreshToken},
	}
	langs := map[string]string{
		"mobile": "curl go typescript swift kotlin", "salesforce": "curl go typescript swift kotlin", "spa": "curl typescript",
		"server": "curl go typescript", "machine": "curl go typescript",
	}
	if len(flows) != len(Kinds) {
		t.Fatalf("%d kinds, the test knows %d", len(Kinds), len(flows))
	}
	for _, k := range Kinds {
		t.Run(k.Name, func(t *testing.T) {
			o := open(t)
			o.About.Salesforce = true
			r, err := o.CreateApp(ctx, "", k.Filled(issuer, o.now, answered(k)))
			if err != nil {
				t.Fatal(err)
			}
			if got := FlowsOn(r.App.Settings.Flows); !slices.Equal(got, flows[k.Name]) {
				t.Errorf("flows %v, want %v", got, flows[k.Name])
			}
			e := client.Resolve(client.Org{}, r.App)
			if k.Name != "machine" && (!e.PKCE || !e.Rotation || !r.App.Settings.PostOnly && k.Name != "salesforce") {
				t.Errorf("PKCE %v, rotation %v, POST only %v", e.PKCE, e.Rotation, r.App.Settings.PostOnly)
			}
			for _, w := range r.Warnings {
				if !strings.HasPrefix(w, "the review would find") && !strings.HasPrefix(w, "without a redirect URI") {
					t.Errorf("warning: %s", w)
				}
			}
			p, err := o.FindApps(ctx, AppQuery{})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(p.Apps[0].Health.Words())
			snippets, err := o.Snippets(ctx, r.App, Place{Issuer: issuer})
			var got []string
			for _, s := range snippets {
				got = append(got, s.Lang)
			}
			if strings.Join(got, " ") != langs[k.Name] {
				t.Errorf("snippets for %v, %v", got, err)
			}
			if faults := k.Missing(k.Filled(issuer, o.now, answered(k))); len(faults) > 0 {
				t.Errorf("everything is answered, and there is %v", faults)
			}
			for _, a := range k.Asks {
				if !slices.ContainsFunc(AppFields, func(f Field[app]) bool { return f.Name == a.Field }) {
					t.Errorf("%s is no field", a.Field)
				}
				if a.Must {
					if faults := k.Missing([]Set{{a.Field, []string{""}}}); !slices.ContainsFunc(faults, func(f Fault) bool { return f.Field == a.Field }) {
						t.Errorf("%s was left empty, and only %v is missing", a.Field, faults)
					}
				}
			}
		})
	}
}

// TestAnswersWin over the preset, but for flows, which add up.
func TestAnswersWin(t *testing.T) {
	k, _ := KindNamed("mobile")
	o := open(t)
	r, err := o.CreateApp(ctx, "", k.Filled(issuer, o.now, set("name=Phone", "scope=openid", "post-body-only=off", "flow=refresh_token=off")))
	if err != nil {
		t.Fatal(err)
	}
	s := r.App.Settings
	if s.PostOnly || s.Scopes.String() != "openid" || s.Flows[flow.RefreshToken].On || !s.Flows[flow.CodeAndCredentials].On {
		t.Errorf("%+v", s)
	}
	if _, ok := KindNamed("toaster"); ok {
		t.Error("a toaster is no kind of app")
	}
}

func TestNoSnippet(t *testing.T) {
	o := open(t)
	for _, words := range [][]string{
		{"name=Nothing", "type=confidential"},
		{"name=Theirs", "type=confidential", "flow=headless"},
		append(slices.Clone(confidential), "enabled=off"),
	} {
		c := o.create(words...).App
		if _, err := o.Snippets(ctx, c, Place{Issuer: issuer}); !errors.Is(err, ErrNoSnippet) {
			t.Errorf("%v: %v", words, err)
		}
	}
}

// TestSnippetsQuote: no value of an app can end a text of the code it stands in.
func TestSnippetsQuote(t *testing.T) {
	o := open(t)
	o.About.Salesforce = true
	evil := issuer + `/'$(touch${IFS}x)'/$x`
	made, err := o.CreateApp(ctx, "", set("name=Evil", "type=public", "flow=headless", "first-party=on",
		"redirect-uri="+evil+"/services/oauth2/echo", "scope=openid a'$(id)'b`id`"), Consent{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	c := made.App
	snippets, err := o.Snippets(ctx, c, Place{Issuer: evil})
	if err != nil || len(snippets) != 5 {
		t.Fatalf("%d snippets, %v", len(snippets), err)
	}
	for _, s := range snippets {
		switch s.Lang {
		case "curl":
			if !strings.Contains(s.Text, `scope='openid a'\''$(id)'\''b`+"`id`'") {
				t.Errorf("the shell would run it:\n%s", s.Text)
			}
		case "go":
			if _, err := parser.ParseFile(token.NewFileSet(), "main.go", s.Text, 0); err != nil {
				t.Error(err)
			}
		case "kotlin":
			if strings.Contains(s.Text, `"openid a'$(`) || !strings.Contains(s.Text, `"openid a'\$(id)'b`) {
				t.Errorf("Kotlin would read a variable:\n%s", s.Text)
			}
		}
	}
}
