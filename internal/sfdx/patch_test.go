package sfdx

import (
	"bytes"
	"maps"
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
			"nil, other prefix, a name that contains nil",
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired xmlns:nil='" + xsiNamespace + "' a=\"nil\"\n nil:nil=\"true\"></isPkceRequired>" + end,
			open + "<externalClientApplication>A</externalClientApplication><isPkceRequired xmlns:nil='" + xsiNamespace + "' a=\"nil\">false</isPkceRequired>" + end, pkceOff,
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

func TestPatchOfRepeatedElements(t *testing.T) {
	_, diffs, _ := patched(t, sample(t, "risky"), Change{App: "Legacy_Portal", Setting: "app.scopes", Value: []string{"web", "api", "refresh_token"}})
	want := "-        <scopes>Full</scopes>\n+        <scopes>Api</scopes>\n"
	if len(diffs) != 1 || body(diffs[0]) != want || !strings.Contains(string(diffs[0].After), "RefreshToken</scopes>\n        <scopes>Api") {
		t.Errorf("%v", diffs)
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
