package sfdx

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patched applies changes and reads the result.
func patched(t *testing.T, fsys fstest.MapFS, changes ...Change) (*Project, []FileDiff, []Task) {
	t.Helper()
	diffs, tasks, err := mustRead(t, fsys).Patch(changes)
	if err != nil {
		t.Fatal(err)
	}
	return mustRead(t, after(fsys, diffs)), diffs, tasks
}

func after(fsys fstest.MapFS, diffs []FileDiff) fstest.MapFS {
	out := maps.Clone(fsys)
	for _, d := range diffs {
		out[d.Path] = &fstest.MapFile{Data: d.After}
	}
	return out
}

// body is the diff without its head.
func body(d FileDiff) string {
	var out strings.Builder
	for line := range strings.Lines(d.Unified()) {
		if (line[0] == '+' || line[0] == '-') && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "+++") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestNoChangeNoDiff(t *testing.T) {
	for _, name := range []string{"healthy", "risky"} {
		_, diffs, tasks := patched(t, sample(t, name))
		if len(diffs) > 0 || len(tasks) > 0 {
			t.Errorf("%s: %v %v", name, diffs, tasks)
		}
		p := mustRead(t, sample(t, name))
		c := p.copy()
		for i, f := range p.Files {
			if !bytes.Equal(f.data, c.Files[i].data) {
				t.Errorf("%s changes by being read", f.Path)
			}
		}
	}
}

func TestPatchChangesOneTextNode(t *testing.T) {
	_, diffs, _ := patched(t, sample(t, "risky"), Change{App: "Risky_Login", Setting: "app.pkce.required", Value: true})
	want := "-    <isPkceRequired>false</isPkceRequired>\n+    <isPkceRequired>true</isPkceRequired>\n"
	if len(diffs) != 1 || body(diffs[0]) != want {
		t.Errorf("diffs: %v", diffs)
	}
	_, diffs, _ = patched(t, sample(t, "risky"), Change{App: "Risky_Server", Setting: "app.require_secret.code", Value: true})
	want = "-    <isConsumerSecretOptional>true</isConsumerSecretOptional>\n+    <isConsumerSecretOptional>false</isConsumerSecretOptional>\n"
	if len(diffs) != 1 || body(diffs[0]) != want {
		t.Errorf("inverted flag: %v", diffs)
	}
	_, diffs, _ = patched(t, sample(t, "risky"), Change{App: "Risky_Server", Setting: typeGlobal + ".isConsumerSecretOptional", Value: false})
	if len(diffs) != 1 || body(diffs[0]) != want {
		t.Errorf("by metadata name: %v", diffs)
	}
}

// oneFile patches a single global OAuth file and returns it.
func oneFile(t *testing.T, content string, changes ...Change) string {
	t.Helper()
	for i := range changes {
		changes[i].App = "A"
	}
	_, diffs, _ := patched(t, fstest.MapFS{
		"externalClientApps/A.eca-meta.xml":                  file(root(typeHeader, "")),
		"extlClntAppGlobalOauthSets/A.ecaGlblOauth-meta.xml": file(content),
	}, changes...)
	if len(diffs) != 1 {
		t.Fatalf("%d diffs", len(diffs))
	}
	return string(diffs[0].After)
}

const declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

func TestPatchKeepsTheStyleOfAFile(t *testing.T) {
	pkceOff := Change{Setting: "app.pkce.required", Value: false}
	open := "<" + typeGlobal + " xmlns=\"" + namespace + "\">"
	end := "</" + typeGlobal + ">"
	rows := []struct {
		name, before, after string
		change              Change
	}{
		{
			"comments, order and unknown elements",
			open + "\n  <!-- why -->\n  <zzz/>\n  <isPkceRequired>true</isPkceRequired> <!-- really -->\n  <externalClientApplication>A</externalClientApplication>\n" + end,
			open + "\n  <!-- why -->\n  <zzz/>\n  <isPkceRequired>false</isPkceRequired> <!-- really -->\n  <externalClientApplication>A</externalClientApplication>\n" + end, pkceOff,
		},
		{
			"blanks and comments inside",
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>\n tr<!-- x -->ue\n</isPkceRequired>" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>\n false<!-- x --></isPkceRequired>" + end, pkceOff,
		},
		{
			"CDATA",
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired><![CDATA[true]]></isPkceRequired>" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>false</isPkceRequired>" + end, pkceOff,
		},
		{
			"CRLF and byte order mark, inserted in schema order",
			"\xEF\xBB\xBF" + open + "\r\n\t<externalClientApplication>A</externalClientApplication>\r\n\t<label>x</label>\r\n" + end,
			"\xEF\xBB\xBF" + open + "\r\n\t<externalClientApplication>A</externalClientApplication>\r\n\t<isPkceRequired>false</isPkceRequired>\r\n\t<label>x</label>\r\n" + end, pkceOff,
		},
		{
			"inserted behind the comment of the line before",
			open + "\n  <externalClientApplication>A</externalClientApplication> <!-- ours -->\n  <!-- the name -->\n  <label>x</label>\n" + end,
			open + "\n  <externalClientApplication>A</externalClientApplication> <!-- ours -->\n  <isPkceRequired>false</isPkceRequired>\n  <!-- the name -->\n  <label>x</label>\n" + end, pkceOff,
		},
		{
			"on one line",
			open + "<externalClientApplication>A</externalClientApplication><label>x</label>" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>false</isPkceRequired><label>x</label>" + end, pkceOff,
		},
		{
			"empty element",
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired />" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>false</isPkceRequired>" + end, pkceOff,
		},
		{
			"empty pair of tags",
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired></isPkceRequired>" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>false</isPkceRequired>" + end, pkceOff,
		},
		{
			"nil",
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired xmlns:xsi='" + xsiNamespace + "' xsi:nil='true' />" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired xmlns:xsi='" + xsiNamespace + "'>false</isPkceRequired>" + end, pkceOff,
		},
		{
			"a missing parent",
			declaration + open + "\n    <externalClientApplication>A</externalClientApplication>\n    <label>x</label>\n" + end + "\n",
			declaration + open + "\n    <externalClientApplication>A</externalClientApplication>\n    <idTokenConfig>\n        <idTokenValidityInMinutes>5</idTokenValidityInMinutes>\n    </idTokenConfig>\n    <label>x</label>\n" + end + "\n",
			Change{Setting: "app.id_token.ttl", Value: 5 * time.Minute},
		},
		{
			"inside a parent",
			open + "\n    <externalClientApplication>A</externalClientApplication>\n    <idTokenConfig>\n        <idTokenAudience>x</idTokenAudience>\n    </idTokenConfig>\n" + end,
			open + "\n    <externalClientApplication>A</externalClientApplication>\n    <idTokenConfig>\n        <idTokenAudience>x</idTokenAudience>\n        <idTokenIncludeCustomPermissions>false</idTokenIncludeCustomPermissions>\n    </idTokenConfig>\n" + end,
			Change{Setting: "app.id_token.custom_permissions", Value: false},
		},
		{
			"an empty parent",
			open + "\n    <externalClientApplication>A</externalClientApplication>\n    <idTokenConfig/>\n" + end,
			open + "\n    <externalClientApplication>A</externalClientApplication>\n    <idTokenConfig>\n        <idTokenValidityInMinutes>1</idTokenValidityInMinutes>\n    </idTokenConfig>\n" + end,
			Change{Setting: "app.id_token.ttl", Value: "10s"},
		},
		{
			"twice",
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>true</isPkceRequired><isPkceRequired>false</isPkceRequired>" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired>false</isPkceRequired><isPkceRequired>false</isPkceRequired>" + end, pkceOff,
		},
		{
			"a line removed",
			open + "\r\n  <consumerSecret>FAKE</consumerSecret>\r\n  <externalClientApplication>A</externalClientApplication>\r\n" + end,
			open + "\r\n  <externalClientApplication>A</externalClientApplication>\r\n" + end,
			Change{Setting: typeGlobal + ".consumerSecret"},
		},
		{
			"an element removed from a line",
			open + "<consumerSecret>FAKE</consumerSecret> <externalClientApplication>A</externalClientApplication>\n" + end,
			open + " <externalClientApplication>A</externalClientApplication>\n" + end,
			Change{Setting: typeGlobal + ".consumerSecret"},
		},
		{
			"characters to be escaped, lines of a CRLF file",
			open + "\r\n<callbackUrl> https://a.example.test \r\n</callbackUrl><externalClientApplication>A</externalClientApplication>" + end,
			open + "\r\n<callbackUrl>https://a.example.test/?a=1&amp;b=2\r\nhttps://b.example.test</callbackUrl><externalClientApplication>A</externalClientApplication>" + end,
			Change{Setting: "app.redirect_uris", Value: []string{"https://a.example.test/?a=1&b=2", "https://b.example.test"}},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.after, oneFile(t, row.before, row.change)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPatchOfAnEmptyRoot(t *testing.T) {
	_, diffs, _ := patched(t, sample(t, "risky"), Change{Setting: "server.oauth.admin_approved_apps_only", Value: true})
	want := declaration + "<ConnectedAppSettings xmlns=\"" + namespace + "\">\n    <enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly>\n    <enableAdminApprovedAppsOnlyForExternalUser>true</enableAdminApprovedAppsOnlyForExternalUser>\n</ConnectedAppSettings>\n"
	if len(diffs) != 1 || string(diffs[0].After) != want {
		t.Errorf("%s", diffs[0].After)
	}
}

func TestPatchCreatesMissingFiles(t *testing.T) {
	p, diffs, _ := patched(t, sample(t, "risky"),
		Change{App: "Risky_Misfiled", Setting: "app.policy.ip", Value: "relax_mfa"},
		Change{App: "Risky_Misfiled", Setting: "app.enabled", Value: false})
	var paths []string
	for _, d := range diffs {
		paths = append(paths, strings.TrimPrefix(d.Path, main))
		if !d.Created || !strings.HasPrefix(d.Unified(), "--- /dev/null\n+++ b/"+main) {
			t.Errorf("%s is not shown as created:\n%s", d.Path, d.Unified())
		}
	}
	want := []string{"extlClntAppOauthPolicies/Risky_Misfiled_oauth_defaultPolicy.ecaOauthPlcy-meta.xml", "extlClntAppPolicies/Risky_Misfiled_plcy.ecaPlcy-meta.xml"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a := p.App("Risky_Misfiled"); !is(a.IPRelaxation, IPBypassMFA) || !off(a.Enabled) {
		t.Errorf("%+v %+v", a.IPRelaxation, a.Enabled)
	}
	if f := p.file(diffs[1].Path); len(f.Root.all("isEnabled")) != 1 {
		t.Errorf("%s", f.data)
	}

	only := fstest.MapFS{"sfdx-project.json": file(`{"packageDirectories":[{"path":"a"},{"path":"b","default":true}],"sourceApiVersion":"66.0"}`)}
	_, diffs, _ = patched(t, only, Change{Setting: "server.oauth.require_pkce", Value: true})
	if len(diffs) != 1 || diffs[0].Path != "b/main/default/settings/OauthOidc.settings-meta.xml" {
		t.Errorf("%v", diffs)
	}
	bare := fstest.MapFS{"x/externalClientApps/A.eca": file(root(typeHeader, ""))}
	_, diffs, tasks := patched(t, bare, Change{App: "A", Setting: "app.pkce.required", Value: true})
	if len(diffs) != 1 || diffs[0].Path != "x/extlClntAppGlobalOauthSets/A_glbl.ecaGlblOauth" || len(tasks) != 1 {
		t.Errorf("%v %v", diffs, tasks)
	}
}

// wishes are changes in the words of the vocabulary; each must bring the app's
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

func TestRefreshLimitsGoTogether(t *testing.T) {
	all := []Change{
		{App: "Risky_Login", Setting: "app.refresh.policy", Value: "inactivity"},
		{App: "Risky_Login", Setting: "app.refresh.idle_ttl", Value: "30d"},
		{App: "Risky_Login", Setting: "app.refresh.absolute_ttl", Value: "90d"},
	}
	p, _, tasks := patched(t, sample(t, "risky"), all...)
	a := p.App("Risky_Login")
	if !is(a.RefreshPolicy, RefreshInactivity) || !is(a.RefreshPeriod, 30) || !is(a.RefreshUnit, "Days") {
		t.Errorf("%+v %+v %+v", a.RefreshPolicy, a.RefreshPeriod, a.RefreshUnit)
	}
	if len(tasks) != 1 || !strings.Contains(tasks[0].Reason, "one limit") {
		t.Errorf("tasks %v", tasks)
	}
	p, _, _ = patched(t, sample(t, "risky"), Change{App: "Legacy_Portal", Setting: "app.refresh.idle_ttl", Value: "30d"})
	if f := p.App("Legacy_Portal").files[typeConnected][0]; f.Root.text("oauthPolicy.refreshTokenPolicy") != "specific_inactivity:30:DAYS" {
		t.Errorf("%s", f.data)
	}
	_, diffs, tasks := patched(t, sample(t, "risky"), all[0])
	if len(diffs) != 0 || len(tasks) != 1 {
		t.Errorf("a policy without a period: %v %v", diffs, tasks)
	}
}

func TestNewFindingsBecomeTasks(t *testing.T) {
	_, _, tasks := patched(t, sample(t, "risky"), Change{App: "Risky_Batch", Setting: "app.flows.code_and_credentials", Value: true})
	var ids []string
	for _, task := range tasks {
		ids = append(ids, task.Setting)
	}
	slices.Sort(ids)
	if diff := cmp.Diff([]string{"M04", "M09"}, ids); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
}

func TestSwitchingAFlowOffLeavesNoTrap(t *testing.T) {
	for _, id := range []string{"Risky_Batch", "Legacy_Kiosk"} {
		p, _, tasks := patched(t, sample(t, "risky"), Change{App: id, Setting: "app.flows.client_credentials", Value: false})
		for _, f := range p.Check() {
			if f.App == id && f.ID == "M12" {
				t.Errorf("%s: %s", id, f.Message)
			}
		}
		if len(tasks) > 0 {
			t.Errorf("tasks %v", tasks)
		}
	}
}

func TestWhatMetadataCannotSayIsATask(t *testing.T) {
	rows := []Change{
		{App: "Risky_Login", Setting: "app.par.required", Value: true},
		{App: "Risky_Login", Setting: "app.flows.jwt_bearer", Value: true},
		{App: "Risky_Login", Setting: "app.client_auth", Value: "tls_client_auth"},
		{App: "Risky_Login", Setting: "app.pkce.methods", Value: []string{"plain"}},
		{App: "Risky_Login", Setting: "app.scopes", Value: []string{"api", "my_scope"}},
		{App: "Risky_Login", Setting: "app.id_token.attributes", Value: []string{"dept"}},
		{App: "Risky_Batch", Setting: "app.policy.session_timeout", Value: "1h"},
		{App: "Legacy_Portal", Setting: "app.flows.device", Value: true},
		{App: "Legacy_Portal", Setting: "app.code_and_credentials.guest", Value: true},
		{App: "broken", Setting: "app.pkce.required", Value: true},
		{Setting: "server.admin.mfa", Value: true},
	}
	for _, c := range rows {
		if _, _, tasks := patched(t, sample(t, "risky"), c); len(tasks) == 0 || tasks[0].Reason == "" {
			t.Errorf("%s of %s is no task", c.Setting, c.App)
		}
	}
}

func TestPatchRefusesNonsense(t *testing.T) {
	rows := []Change{
		{App: "Nobody", Setting: "app.pkce.required", Value: true},
		{App: "Risky_Login", Setting: "app.pkce.required", Value: "perhaps"},
		{App: "Risky_Login", Setting: "app.policy.ip", Value: "open"},
		{App: "Risky_Login", Setting: "app.refresh.policy", Value: "long"},
		{App: "Risky_Login", Setting: "app.refresh.idle_ttl", Value: "-3h"},
		{App: "Risky_Login", Setting: "app.redirect_uris", Value: []string{"https://a\nhttps://b"}},
		{App: "Risky_Login", Setting: "pkce", Value: true},
		{App: "Risky_Login", Setting: typeGlobal + ".isPkceRequird", Value: true},
		{App: "Risky_Login", Setting: typeGlobal + ".isPkceRequired", Value: "maybe"},
		{App: "Risky_Login", Setting: typeGlobal + ".idTokenConfig", Value: "x"},
		{App: "Risky_Login", Setting: typeGlobal + ".externalClientApplication", Value: "Risky_Batch"},
		{App: "Risky_Login", Setting: typeGlobal + ".consumerSecret", Value: "FAKE"},
		{App: "Risky_Login", Setting: typeGlobal + ".certificate", Value: "-----BEGIN EC PRIVATE KEY-----"},
		{App: "Risky_Login", Setting: typeGlobal + ".label", Value: "\x01"},
		{App: "Risky_Login", Setting: "ConnectedApp.label", Value: "x"},
		{App: "Legacy_Portal", Setting: typeGlobal + ".label", Value: "x"},
		{App: "No site", Setting: "Network.networkAuthApiSettings.maxPasswordResetAttempts", Value: 5},
	}
	p := mustRead(t, sample(t, "risky"))
	for _, c := range rows {
		good := Change{App: "Risky_Login", Setting: "app.pkce.required", Value: true}
		if diffs, _, err := p.Patch([]Change{good, c}); err == nil || diffs != nil {
			t.Errorf("%s=%v of %s: %d diffs, error %v", c.Setting, c.Value, c.App, len(diffs), err)
		}
	}
}

// TestFixesMendTheirFindings applies what the findings offer: each finding goes
// away and none comes.
func TestFixesMendTheirFindings(t *testing.T) {
	fsys := sample(t, "risky")
	p := mustRead(t, fsys)
	before := p.Check()
	var all []Change
	for _, f := range before {
		if len(f.Fix) == 0 {
			continue
		}
		all = append(all, f.Fix...)
		mended, _, _ := patched(t, fsys, f.Fix...)
		if slices.ContainsFunc(mended.Check(), func(g Finding) bool {
			return g.ID == f.ID && g.File == f.File && g.Message == f.Message
		}) {
			t.Errorf("%s at %s:%d is still there after its fix", f.ID, f.File, f.Line)
		}
	}
	mended, diffs, _ := patched(t, fsys, all...)
	if len(diffs) == 0 {
		t.Fatal("no finding offers a fix")
	}
	left := short(mended.Check())
	had := short(before)
	for file, ids := range left {
		for _, id := range ids {
			if !slices.Contains(had[file], id) {
				t.Errorf("the fixes bring %s to %s", id, file)
			}
		}
	}
}

func TestPatchOfOneProjectAmongSeveral(t *testing.T) {
	both := fstest.MapFS{}
	for _, dir := range []string{"a/", "b/"} {
		for p, f := range sample(t, "healthy") {
			both[dir+p] = f
		}
	}
	p := mustRead(t, both)
	if _, _, err := p.Patch([]Change{{Setting: "server.oauth.require_pkce", Value: false}}); err == nil {
		t.Error("an org setting of one of two projects is changed without asking which")
	}
	diffs, _, err := p.Patch([]Change{{Setting: "server.oauth.require_pkce", Value: false, File: "b/" + main + oidc}})
	if err != nil || len(diffs) != 1 || !strings.HasPrefix(diffs[0].Path, "b/") {
		t.Errorf("%v %v", diffs, err)
	}
}
