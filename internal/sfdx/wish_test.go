package sfdx

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wishesFor are changes in the words of the vocabulary; each must bring the app's
// values where it says, or say why not.
var wishesFor = []struct {
	name  string
	value any
}{
	{name: "app.flows.code_and_credentials", value: false},
	{name: "app.flows.client_credentials", value: true},
	{name: "app.flows.client_credentials", value: false},
	{name: "app.flows.device", value: true},
	{name: "app.flows.token_exchange", value: true},
	{name: "app.flows.token_exchange", value: false},
	{name: "app.flows.jwt_bearer", value: false},
	{name: "app.flows.refresh_token", value: false},
	{name: "app.flows.refresh_token", value: true},
	{name: "app.code_and_credentials.post_only", value: true},
	{name: "app.code_and_credentials.in_url", value: false},
	{name: "app.code_and_credentials.guest", value: false},
	{name: "app.pkce.required", value: true},
	{name: "app.require_secret.code", value: true},
	{name: "app.require_secret.refresh", value: true},
	{name: "app.require_secret.token_exchange", value: true},
	{name: "app.client_auth", value: "client_secret_post"},
	{name: "app.client_auth", value: "none"},
	{name: "app.client_auth", value: "private_key_jwt"},
	{name: "app.client_type", value: "confidential"},
	{name: "app.client_type", value: "public"},
	{name: "app.refresh.rotation", value: true},
	{name: "app.refresh.reuse_detection", value: true},
	{name: "app.refresh.policy", value: "infinite"},
	{name: "app.refresh.policy", value: "zero"},
	{name: "app.refresh.idle_ttl", value: 30 * day},
	{name: "app.refresh.idle_ttl", value: 36 * time.Hour},
	{name: "app.refresh.absolute_ttl", value: 90 * day},
	{name: "app.access_token.format", value: "opaque"},
	{name: "app.access_token.format", value: "jwt"},
	{name: "app.access_token.ttl", value: 15 * time.Minute},
	{name: "app.policy.session_timeout", value: 60 * time.Minute},
	{name: "app.id_token.ttl", value: 2 * time.Minute},
	{name: "app.id_token.audience", value: []string{}},
	{name: "app.id_token.standard_claims", value: false},
	{name: "app.id_token.custom_permissions", value: false},
	{name: "app.id_token.attributes", value: []string{}},
	{name: "app.scopes", value: []string{"openid", "api", "sfap_api"}},
	{name: "app.redirect_uris", value: []string{"https://x.example.test/cb"}},
	{name: "app.policy.permitted_users", value: "admin_preauthorized"},
	{name: "app.policy.permitted_users", value: "self_authorize"},
	{name: "app.policy.groups", value: []string{"One", "Two"}},
	{name: "app.policy.ip", value: "enforce"},
	{name: "app.policy.ip", value: "bypass"},
	{name: "app.policy.session_assurance", value: "high"},
	{name: "app.policy.run_as", value: "runner@example.test"},
	{name: "app.policy.introspect_all", value: true},
	{name: "app.logout.backchannel_uri", value: "https://x.example.test/logout"},
	{name: "app.enabled", value: true},
	{name: "app.oauth.enabled", value: true},
}

func TestEveryWishComesTrueAndTouchesNothingElse(t *testing.T) {
	for _, name := range []string{"healthy", "risky"} {
		fsys := sample(t, name)
		before := mustRead(t, fsys)
		for _, a := range before.Apps {
			if a.Undeclared || a.Unreadable || a.Name == "Risky_Misfiled" {
				continue
			}
			for _, w := range wishesFor {
				t.Run(fmt.Sprintf("%s/%s=%v", a.ID, w.name, w.value), func(t *testing.T) {
					p, diffs, tasks := patched(t, fsys, Change{App: a.ID, Setting: w.name, Value: w.value})
					got := p.App(a.ID).Values(nil)[w.name]
					if !cmp.Equal(w.value, got.V, anyOrder) && len(tasks) == 0 {
						t.Errorf("%v, want %v, and no task says why; diffs %v", got, w.value, diffs)
					}
					for _, f := range before.Files {
						unchanged := !slices.ContainsFunc(diffs, func(d FileDiff) bool { return d.Path == f.Path })
						if unchanged != bytes.Equal(f.data, p.file(f.Path).data) {
							t.Errorf("%s changed in secret", f.Path)
						}
					}
					for _, other := range before.Apps {
						if other.ID != a.ID && !cmp.Equal(plainValues(other), plainValues(p.App(other.ID))) {
							t.Errorf("%s changed too", other.ID)
						}
					}
				})
			}
		}
	}
}

var anyOrder = cmp.Transformer("sorted", func(list []string) []string { return slices.Sorted(slices.Values(list)) })

func plainValues(a *App) map[string]any {
	out := map[string]any{}
	for name, v := range a.Values(nil) {
		out[name] = v.V
	}
	return out
}

func TestASecondPatchFindsNothingToDo(t *testing.T) {
	for _, w := range wishesFor {
		for _, id := range []string{"Risky_Login", "Risky_Server", "Legacy_Portal"} {
			c := Change{App: id, Setting: w.name, Value: w.value}
			fsys := sample(t, "risky")
			_, diffs, _ := patched(t, fsys, c)
			if _, again, _ := patched(t, after(fsys, diffs), c); len(again) > 0 {
				t.Errorf("%s %s=%v is not at rest:\n%s", id, w.name, w.value, again[0].Unified())
			}
		}
	}
}

func TestPatchSetsEveryElementOfTheSchema(t *testing.T) {
	for i := range types {
		typ := &types[i]
		if !typ.tied && typ.file == "" && typ.name != typeConnected && typ.name != typeHeader {
			continue
		}
		var walk func(e element, path string)
		walk = func(e element, path string) {
			for _, c := range e.children {
				at := join(path, c.name)
				if c.kind == group && !c.repeated {
					walk(c, at)
				}
				if c.kind == group || c.kind == opaque || c.secret || c.name == tie {
					continue
				}
				setElement(t, typ, at, c)
			}
		}
		walk(typ.element, "")
	}
}

func setElement(t *testing.T, typ *fileType, path string, c element) {
	t.Helper()
	raw := example(c)
	value := raw[strings.Index(raw, ">")+1 : strings.LastIndex(raw, "<")]
	app, name := "A", "A"
	content := "<externalClientApplication>A</externalClientApplication>"
	if !typ.tied {
		content = ""
	}
	if typ.file != "" {
		app, name = "", typ.file
	}
	for _, newline := range []string{"", "\n    "} {
		before := "<" + typ.name + " xmlns=\"" + namespace + "\">" + newline + content + newline + "</" + typ.name + ">"
		fsys := fstest.MapFS{typ.folder + "/" + name + typ.suffix: file(before)}
		p := mustRead(t, fsys)
		diffs, _, err := p.Patch([]Change{{App: app, Setting: typ.name + "." + path, Value: value}})
		if err != nil || len(diffs) != 1 {
			t.Errorf("%s.%s: %v, %d diffs", typ.name, path, err, len(diffs))
			continue
		}
		got := mustRead(t, after(fsys, diffs)).Files[0]
		if got.Broken != nil || got.Root.text(path) != value {
			t.Errorf("%s.%s: %q\n%s", typ.name, path, value, got.data)
		}
		if typ.tied && got.tie != "A" {
			t.Errorf("%s.%s lost its app:\n%s", typ.name, path, got.data)
		}
	}
}
