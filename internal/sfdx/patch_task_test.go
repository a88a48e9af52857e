package sfdx

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestRefreshLimitsGoTogether(t *testing.T) {
	all := []Change{
		{App: "Risky_Login", Setting: "app.refresh.policy", Value: "inactivity"},
		{App: "Risky_Login", Setting: "app.refresh.idle_ttl", Value: "30d"},
		{App: "Risky_Login", Setting: "app.refresh.absolute_ttl", Value: "90d"},
	}
	p, _, tasks := patched(t, sample(t, "risky"), all...)
	a := p.App("Risky_Login")
	if !is(a.RefreshPolicy, RefreshLifetime) || !is(a.RefreshPeriod, 30) || !is(a.RefreshUnit, "Days") {
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
	if diff := cmp.Diff([]string{"M04", "M09", "app.flows.code_and_credentials"}, ids); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
}

func TestAChangeThatAnotherLayerUndoesIsATask(t *testing.T) {
	gate := main + oidc
	_, diffs, tasks := patched(t, sample(t, "risky"), Change{App: "Risky_Login", Setting: "app.flows.code_and_credentials", Value: true})
	if len(diffs) != 0 || len(tasks) != 1 || !strings.Contains(tasks[0].Reason, gate+":7") {
		t.Errorf("%v %v", diffs, tasks)
	}
	_, _, tasks = patched(t, sample(t, "risky"),
		Change{App: "Risky_Login", Setting: "app.flows.code_and_credentials", Value: true},
		Change{Setting: "server.oauth.allow.code_and_credentials", Value: true})
	if len(tasks) != 0 {
		t.Errorf("the gate is opened in the same patch, and yet: %v", tasks)
	}
	_, _, tasks = patched(t, sample(t, "healthy"), Change{App: "Shop_Login", Setting: "app.pkce.required", Value: false})
	if len(tasks) != 1 || !strings.Contains(tasks[0].Reason, gate) {
		t.Errorf("the org requires PKCE all the same, and no task says so: %v", tasks)
	}
}

// TestAFlagChangesAlone turns every flag of the samples round by its metadata name
// and expects every other element of the project to stay.
func TestAFlagChangesAlone(t *testing.T) {
	for _, name := range []string{"healthy", "risky"} {
		fsys := sample(t, name)
		p := mustRead(t, fsys)
		for _, f := range p.Files {
			if f.readable() && f.app != nil && !f.app.Undeclared && len(f.app.files[f.Type]) == 1 {
				turnFlags(t, p, f)
			}
		}
	}
}

func turnFlags(t *testing.T, p *Project, f *File) {
	t.Helper()
	f.Root.walk("", func(path string, e *Element) {
		schema, ok := f.schema().at(path)
		if !ok || schema.kind != flag || e.value() == "" {
			return
		}
		now, _ := parseBool(e.value())
		diffs, _, err := p.Patch([]Change{{App: f.app.ID, Setting: f.Type + "." + path, Value: !now}})
		if err != nil || len(diffs) != 1 || diffs[0].Path != f.Path {
			t.Errorf("%s of %s: %v, %v", path, f.Path, err, diffs)
			return
		}
		root, _, _ := parse(diffs[0].After)
		want, got := texts(f.Root), texts(root)
		want[path] = []string{strconv.FormatBool(!now)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", path, f.Path, diff)
		}
	})
}

// texts lists the text of every element, by path.
func texts(e *Element) map[string][]string {
	out := map[string][]string{}
	e.walk("", func(path string, e *Element) { out[path] = append(out[path], e.Text) })
	return out
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
		{App: "Risky_Login", Setting: "app.policy.session_assurance", Value: "medium"},
		{App: "Risky_Login", Setting: "app.policy.permitted_users", Value: 1},
		{App: "Risky_Login", Setting: "app.access_token.format", Value: "saml"},
		{App: "Risky_Login", Setting: "app.client_type", Value: "secret"},
		{App: "Risky_Login", Setting: "app.client_auth", Value: true},
		{App: "Risky_Login", Setting: "app.scopes", Value: 3},
		{App: "Risky_Login", Setting: "app.id_token.ttl", Value: 3},
		{App: "Risky_Login", Setting: typeGlobal + ".label", Value: 1.5},
		{Setting: "server.oauth.require_pkce", Value: "y"},
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
