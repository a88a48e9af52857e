package sfdx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

// one reads a single global OAuth file.
func one(t *testing.T, content string) *Project {
	t.Helper()
	return mustRead(t, fstest.MapFS{
		"externalClientApps/A.eca-meta.xml":                         file(root(typeHeader, "")),
		"extlClntAppGlobalOauthSets/anything.ecaGlblOauth-meta.xml": file(content),
	})
}

func global(content string) string {
	return root(typeGlobal, "<externalClientApplication>A</externalClientApplication>"+content)
}

func TestReadsOddFilesInSilence(t *testing.T) {
	rows := map[string]string{
		"order":                  root(typeGlobal, "<label>x</label><externalClientApplication>A</externalClientApplication><callbackUrl>https://a.example.test</callbackUrl>"),
		"byte order mark":        "\xEF\xBB\xBF" + `<?xml version="1.0" encoding="UTF-8"?>` + global(""),
		"CRLF":                   strings.ReplaceAll(global("\n<label>\nx\n</label>\n"), "\n", "\r\n"),
		"break inside a tag":     global("<label\n>x</label\n>"),
		"empty elements":         global("<label/><isPkceRequired></isPkceRequired>"),
		"nil":                    global(`<isPkceRequired xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`),
		"nil with a text":        global(`<isCodeCredFlowEnabled xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="1">true</isCodeCredFlowEnabled>`),
		"comments":               global("<!-- a --><isPkceRequired>tr<!-- b -->ue</isPkceRequired><!-- & < -->"),
		"CDATA":                  global("<label><![CDATA[a & b]]></label>"),
		"undocumented":           global("<isDPopEnabled>true</isDPopEnabled><isEnforceRefreshTokenTTL>true</isEnforceRefreshTokenTTL>"),
		"full name":              global("<fullName>x</fullName>"),
		"blanks and digits":      global("<isPkceRequired> 1\n</isPkceRequired>"),
		"prefix":                 `<m:ExtlClntAppGlobalOauthSettings xmlns:m="http://soap.sforce.com/2006/04/metadata"><m:externalClientApplication>A</m:externalClientApplication></m:ExtlClntAppGlobalOauthSettings>`,
		"processing instruction": global("<?x y?>"),
	}
	for name, content := range rows {
		t.Run(name, func(t *testing.T) {
			p := one(t, content)
			if got := p.Check(); len(got) > 0 {
				t.Errorf("findings: %+v", got)
			}
			a := p.App("A")
			if a == nil || !on(a.RequirePKCE) || !off(a.CodeCredentials) {
				t.Errorf("app read wrongly: %+v", a)
			}
		})
	}
}

func TestReadableListsAndOddities(t *testing.T) {
	p := mustRead(t, sample(t, "risky"))
	batch, login := p.App("Risky_Batch"), p.App("Risky_Login")
	if diff := cmp.Diff([]string{"Full", "Web", "Api", "RefreshToken"}, login.Scopes.V); diff != "" {
		t.Errorf("irregular scope list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"0PS000000000001AAA", "Batch_Runner"}, batch.PermissionSets.V); diff != "" {
		t.Errorf("ids and names (-want +got):\n%s", diff)
	}
	if !is(batch.Enabled, true) || batch.Enabled.Origin != Default {
		t.Error("an app without a plugin-policy file does not have its defaults")
	}
	if p.App("Risky_Server").Profiles.Origin != Default {
		t.Error("an empty element counts as a value")
	}
	old := p.App("Legacy_Portal")
	if old.Description.V != "Old portal login, kept for one partner" || len(old.CallbackURLs.V) != 3 {
		t.Errorf("Legacy_Portal: %+v %+v", old.Description, old.CallbackURLs)
	}
	if f := p.file(main + "connectedApps/Legacy_Kiosk.connectedApp"); f == nil || f.Format != Metadata {
		t.Error("the bare suffix is not noted as metadata format")
	}
	if p.Orgs[0].Networks[0].Name != "Café Zürich" {
		t.Errorf("network name %q", p.Orgs[0].Networks[0].Name)
	}
	if !p.App("broken").Unreadable || p.App("broken").RequirePKCE.Known() {
		t.Error("a broken app has values")
	}
	if !p.App("Risky_Ghost").Undeclared {
		t.Error("an app without a header counts as declared")
	}
}

func TestUnreadableFiles(t *testing.T) {
	deep := strings.Repeat("<a>", MaxDepth+1) + strings.Repeat("</a>", MaxDepth+1)
	rows := map[string]struct {
		content string
		line    int
		says    string
	}{
		"bare ampersand": {global("\n<label>a & b</label>"), 2, "bare &"},
		"unknown entity": {global("<label>&nbsp;</label>"), 1, "entity"},
		"wrong end tag":  {global("<label>\n</lable>"), 2, "closed by"},
		"no end":         {"<ExtlClntAppGlobalOauthSettings>", 1, "ends inside"},
		"only an end":    {"</a>", 1, "without its start"},
		"empty":          {"", 1, "no XML element"},
		"two roots":      {global("") + "\n<a/>", 2, "second root"},
		"document type":  {"<!DOCTYPE a>\n" + global(""), 1, "document type"},
		"entity bomb":    {`<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;">]>` + global("<label>&y;</label>"), 1, "document type"},
		"too deep":       {global(deep), 1, "nested"},
		"too many":       {global(strings.Repeat("<a/>", MaxElements)), 1, "elements"},
		"too large":      {strings.Repeat(" ", MaxFileBytes+1), 0, "larger"},
		"not UTF-8":      {global("<label>\n\xff</label>"), 2, "UTF-8"},
		"other encoding": {`<?xml version="1.0" encoding="ISO-8859-1"?>` + global(""), 1, "encoding"},
		"not XML":        {"{}", 1, "no XML element"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			got := one(t, row.content).Check()
			if len(got) != 1 || got[0].ID != "X00" || got[0].Line != row.line || !strings.Contains(got[0].Message, row.says) || got[0].Remedy == "" {
				t.Errorf("findings %+v, want one X00 in line %d that says %q", got, row.line, row.says)
			}
		})
	}
}

func TestABrokenFileHidesNoValue(t *testing.T) {
	// The broken file names its app before it breaks: the app's settings are
	// unknown, not default.
	p := one(t, global("<isPkceRequired>true<"))
	if a := p.App("A"); a.RequirePKCE.Known() || !a.PermittedUsers.Known() {
		t.Errorf("PKCE %+v, permitted users %+v", a.RequirePKCE, a.PermittedUsers)
	}
	// A broken policy that names no app may belong to any app without one.
	p = mustRead(t, fstest.MapFS{
		"externalClientApps/A.eca":                file(root(typeHeader, "")),
		"extlClntAppOauthPolicies/x.ecaOauthPlcy": file("<ExtlClntAppOauthConfigurablePolicies><"),
	})
	if a := p.App("A"); a.PermittedUsers.Known() || !a.Enabled.Known() {
		t.Errorf("permitted users %+v, enabled %+v", a.PermittedUsers, a.Enabled)
	}
}

func TestAContradictionIsNoValue(t *testing.T) {
	a := one(t, global("<isPkceRequired>true</isPkceRequired><isPkceRequired>false</isPkceRequired>")).App("A")
	if a.RequirePKCE.Known() {
		t.Errorf("two values that contradict each other give %+v", a.RequirePKCE)
	}
	if a := one(t, global("<isPkceRequired>maybe</isPkceRequired>")).App("A"); a.RequirePKCE.Known() {
		t.Errorf("no value gives %+v", a.RequirePKCE)
	}
}

func TestFilesAreTiedByContent(t *testing.T) {
	p := mustRead(t, fstest.MapFS{
		"externalClientApps/A.eca-meta.xml":                  file(root(typeHeader, "")),
		"externalClientApps/B.eca-meta.xml":                  file(root(typeHeader, "")),
		"extlClntAppGlobalOauthSets/B.ecaGlblOauth-meta.xml": file(global("<isPkceRequired>false</isPkceRequired>")),
		"extlClntAppOauthPolicies/A_x.ecaOauthPlcy-meta.xml": file(root(typePolicy, "<externalClientApplication>B</externalClientApplication><permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>")),
	})
	a, b := p.App("A"), p.App("B")
	if !off(a.RequirePKCE) || b.RequirePKCE.Known() {
		t.Errorf("PKCE of A %+v, of B %+v", a.RequirePKCE, b.RequirePKCE)
	}
	if !is(b.PermittedUsers, AdminApproved) || !is(a.PermittedUsers, SelfAuthorized) {
		t.Errorf("users of A %+v, of B %+v", a.PermittedUsers, b.PermittedUsers)
	}
}

func TestFormatsAndRoots(t *testing.T) {
	metadata := fstest.MapFS{"src/package.xml": file("<Package xmlns=\"" + namespace + "\">\n<version>58.0</version></Package>")}
	for name, f := range sample(t, "healthy") {
		if rest, ok := strings.CutPrefix(name, main); ok {
			metadata["src/"+strings.TrimSuffix(rest, sourceSuffix)] = f
		}
	}
	p := mustRead(t, metadata)
	want := map[string][]string{"src/package.xml": {"M20"}}
	if diff := cmp.Diff(want, short(p.Check())); diff != "" || len(p.Apps) != 2 {
		t.Errorf("%d apps; findings of the metadata format (-want +got):\n%s", len(p.Apps), diff)
	}

	healthy := sample(t, "healthy")
	for _, roots := range [][]string{{"force-app"}, {"./force-app/"}, {"force-app/main/default", "force-app"}, {"."}} {
		p := mustRead(t, healthy, roots...)
		if len(p.Apps) != 2 || p.Orgs[0].APIVersion != 66 || len(p.Files) != 17 {
			t.Errorf("roots %v: %d apps, %d files, API version %d", roots, len(p.Apps), len(p.Files), p.Orgs[0].APIVersion)
		}
	}
	single := mustRead(t, sample(t, "risky"), main+"connectedApps/Legacy_Portal.connectedApp-meta.xml")
	if len(single.Files) != 1 || len(single.Check()) == 0 {
		t.Errorf("a single file as root: %d files", len(single.Files))
	}
	folder, err := fs.Sub(healthy, main+"extlClntAppOauthPolicies")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range mustRead(t, folder).Check() {
		if f.ID == "M01" {
			t.Errorf("a type folder as root: %+v", f)
		}
	}
}

func TestReadRefusesWhatIsNotThere(t *testing.T) {
	if _, err := Read(fstest.MapFS{}, "gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	for _, root := range []string{"../x", "/etc"} {
		if _, err := Read(fstest.MapFS{}, root); err == nil {
			t.Errorf("root %q was read", root)
		}
	}
}

func TestOtherSoftwareIsLeftAlone(t *testing.T) {
	p := mustRead(t, fstest.MapFS{
		"eth0.network":                            file("[Match]\nName=eth0\n"),
		"editor/x.settings":                       file("a = b"),
		"settings/Account.settings-meta.xml":      file("<AccountSettings/>"),
		"settings/prod.json":                      file("{}"),
		"externalClientApps/README.md":            file("A <b> c"),
		"externalClientApps/.DS_Store":            file("\x00"),
		"node_modules/x/externalClientApps/A.eca": file("<"),
		".sfdx/externalClientApps/A.eca":          file("<"),
		"classes/A.cls-meta.xml":                  file("<"),
		"ros/package.xml":                         file("<"),
		"force-app/main/default/labels/x.labels":  file("<"),
	})
	if len(p.Files) != 0 || len(p.Check()) != 0 {
		t.Errorf("%d files, findings %+v", len(p.Files), p.Check())
	}
}

func TestTwoProjectsKeepTheirOrgs(t *testing.T) {
	both := fstest.MapFS{}
	for _, name := range []string{"healthy", "risky"} {
		for p, f := range sample(t, name) {
			both[name+"/"+p] = f
			if name == "healthy" {
				both["copy/"+p] = f
			}
		}
	}
	p := mustRead(t, both)
	for _, f := range p.Check() {
		if !strings.HasPrefix(f.File, "risky/") {
			t.Errorf("finding in %s: %s %s", f.File, f.ID, f.Message)
		}
	}
	var ids []string
	for _, a := range p.Apps {
		ids = append(ids, a.ID)
	}
	if !slices.Contains(ids, "copy/Shop_Login") || !slices.Contains(ids, "healthy/Shop_Login") || !slices.Contains(ids, "Risky_Login") {
		t.Errorf("ids %v", ids)
	}
	if len(p.Orgs) != 3 || !off(p.App("Risky_Login").Org.CodeCredentials) || !on(p.App("copy/Shop_Login").Org.CodeCredentials) {
		t.Error("an app has the org of another project")
	}
}

func TestTheNearestProjectCounts(t *testing.T) {
	fsys := sample(t, "healthy")
	for p, f := range sample(t, "risky") {
		fsys["a/z/"+p] = f
	}
	fsys["a/sfdx-project.json"] = file(`{"sourceApiVersion": "50.0"}`)
	p := mustRead(t, fsys)
	if got := p.App("Risky_Login").Org.APIVersion; got != 58 {
		t.Errorf("the inner project has API version %d", got)
	}
	if got := p.App("Shop_Login").Org.APIVersion; got != 66 {
		t.Errorf("the outer project has API version %d", got)
	}
}

func TestFolderThatCannotBeOpened(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root opens everything")
	}
	dir := t.TempDir()
	closed := filepath.Join(dir, "externalClientApps")
	if err := os.Mkdir(closed, 0); err != nil {
		t.Fatal(err)
	}
	got := mustRead(t, os.DirFS(dir)).Check()
	if len(got) != 1 || got[0].ID != "X00" {
		t.Errorf("findings %+v", got)
	}
}

// failing is a file system in which one file cannot be opened.
type failing struct {
	fstest.MapFS
	name string
}

func (f failing) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, fs.ErrPermission
	}
	return f.MapFS.Open(name)
}

func TestFileThatCannotBeOpened(t *testing.T) {
	name := main + "settings/OauthOidc.settings-meta.xml"
	p := mustRead(t, failing{sample(t, "healthy"), name})
	got := p.Check()
	if len(got) != 1 || got[0].ID != "X00" || got[0].File != name {
		t.Errorf("findings %+v", got)
	}
	if p.Orgs[0].CodeCredentials.Known() {
		t.Error("a setting from a file that cannot be opened is known")
	}
}
