package sfdx

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const main = "force-app/main/default/"

func sample(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	dir := os.DirFS("testdata/" + name)
	err := fs.WalkDir(dir, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, p)
		out[p] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustRead(t testing.TB, fsys fs.FS, roots ...string) *Project {
	t.Helper()
	p, err := Read(fsys, roots...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// short writes a finding as "id file" with the folder of the project left out.
func short(findings []Finding) map[string][]string {
	out := map[string][]string{}
	for _, f := range findings {
		file := strings.TrimPrefix(f.File, main)
		if !slices.Contains(out[file], f.ID) {
			out[file] = append(out[file], f.ID)
		}
	}
	for _, ids := range out {
		slices.Sort(ids)
	}
	return out
}

func TestHealthyHasNoFinding(t *testing.T) {
	p := mustRead(t, sample(t, "healthy"))
	if got := p.Check(); len(got) > 0 {
		t.Errorf("findings in the healthy sample: %+v", got)
	}
	if got := p.Notes(); len(got) > 0 {
		t.Errorf("notes on the healthy sample: %+v", got)
	}
	if len(p.Apps) != 2 {
		t.Errorf("%d apps, want 2", len(p.Apps))
	}
}

// riskyTable is the table "file → what is wrong" of the samples' README.
var riskyTable = map[string][]string{
	"sfdx-project.json": {"M20"},
	"externalClientApps/Risky_Misfiled.eca-meta.xml":                                  {"M01"},
	"extlClntAppGlobalOauthSets/Risky_Login_glbl.ecaGlblOauth-meta.xml":               {"M01", "M03", "M04", "M07", "M09", "M15", "M18"},
	"extlClntAppGlobalOauthSets/Risky_Server_glbl.ecaGlblOauth-meta.xml":              {"X01"},
	"extlClntAppGlobalOauthSets/Risky_Misfiled_glbl.ecaGlobalOauth-meta.xml":          {"M01"},
	"extlClntAppOauthSettings/Risky_Login_oauth.ecaOauth-meta.xml":                    {"M14"},
	"extlClntAppOauthSettings/Risky_Batch_oauth.ecaOauth-meta.xml":                    {"M01"},
	"extlClntAppOauthSettings/Orphan_oauth.ecaOauth-meta.xml":                         {"M02"},
	"extlClntAppOauthPolicies/Risky_Misfiled_oauth.ecaOauth-meta.xml":                 {"M01"},
	"extlClntAppOauthPolicies/Risky_Login_oauth_defaultPolicy.ecaOauthPlcy-meta.xml":  {"M05", "M06", "M08", "M10", "M16"},
	"extlClntAppOauthPolicies/Risky_Server_oauth_defaultPolicy.ecaOauthPlcy-meta.xml": {"M08", "M11", "M12", "M13", "M19"},
	"extlClntAppOauthPolicies/Risky_Batch_oauth_defaultPolicy.ecaOauthPlcy-meta.xml":  {"M01", "M06", "M12", "M13"},
	"extlClntAppPolicies/Risky_Server_plcy.ecaPlcy-meta.xml":                          {"M01"},
	"oauthtokenexchangehandlers/Risky_Exchange.oauthtokenexchangehandler-meta.xml":    {"M02", "M13"},
	"networks/Café Zürich.network-meta.xml":                                           {"M03", "M17"},
	"settings/OauthOidc.settings-meta.xml":                                            {"X03"},
	"settings/ExternalClientApp.settings-meta.xml":                                    {"X03"},
	"connectedApps/Legacy_Portal.connectedApp-meta.xml":                               {"M03", "M04", "M07", "M08", "M09", "M10", "M14", "M15", "M16", "X02"},
	"connectedApps/Legacy_Kiosk.connectedApp":                                         {"M03", "M11", "M12", "X02"},
	"connectedApps/broken.connectedApp-meta.xml":                                      {"X00"},
}

func TestRiskyHasExactlyTheFindingsOfItsTable(t *testing.T) {
	findings := mustRead(t, sample(t, "risky")).Check()
	if diff := cmp.Diff(riskyTable, short(findings)); diff != "" {
		t.Errorf("findings differ from the table (-want +got):\n%s", diff)
	}
	// How often each speaks, and where, for the files whose table names several.
	want := []string{
		"M01 17", "M03 9", "M03 10", "M04 13", "M07 20", "M09 14",
		"M15 3", "M15 4", "M15 5", "M15 6", "M15 7", "M18 25", "M18 26",
	}
	var got []string
	for _, f := range findings {
		if strings.HasSuffix(f.File, "Risky_Login_glbl.ecaGlblOauth-meta.xml") {
			got = append(got, f.ID+" "+strconv.Itoa(f.Line))
		}
		if f.Message == "" || f.Remedy == "" || f.File == "" || f.Line == 0 {
			t.Errorf("a finding without message, remedy or place: %+v", f)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines of Risky_Login_glbl (-want +got):\n%s", diff)
	}
}

func TestFindingsShowNoSecret(t *testing.T) {
	for _, f := range mustRead(t, sample(t, "risky")).Check() {
		if strings.Contains(f.Message+f.Remedy, "FAKE") {
			t.Errorf("%s shows a secret or key: %s", f.ID, f.Message)
		}
	}
}

func TestCheckIsStable(t *testing.T) {
	fsys := sample(t, "risky")
	first := mustRead(t, fsys).Check()
	for range 5 {
		if diff := cmp.Diff(first, mustRead(t, fsys).Check()); diff != "" {
			t.Fatalf("two runs differ:\n%s", diff)
		}
	}
}

func TestSeveritiesOfTheGravestFindings(t *testing.T) {
	gravest := map[string]Severity{}
	for _, f := range mustRead(t, sample(t, "risky")).Check() {
		gravest[f.ID] = max(gravest[f.ID], f.Severity)
	}
	got := map[string]string{}
	for id, s := range gravest {
		if s >= High {
			got[id] = s.String()
		}
	}
	want := map[string]string{
		"M03": "critical", "M07": "high", "M08": "high", "M09": "high", "M14": "high", "M15": "high", "M16": "high", "M17": "high",
		"X00": "high", "X01": "high", "X03": "high",
	}
	if diff := cmp.Diff(want, got); diff != "" || Low.String() != "low" || Medium.String() != "medium" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestATimeoutWithoutTypeIsANoteBeforeItsTypeExisted: at API version 58 nobody can
// write the type, so M06 is only a reminder.
func TestATimeoutWithoutTypeIsANoteBeforeItsTypeExisted(t *testing.T) {
	fsys := sample(t, "risky")
	severity := func() Severity {
		for _, f := range mustRead(t, fsys).Check() {
			if f.ID == "M06" && f.App == "Risky_Login" {
				return f.Severity
			}
		}
		return Critical
	}
	if got := severity(); got != Low {
		t.Errorf("at 58.0: %s", got)
	}
	replace(t, fsys, "../../../sfdx-project.json", "58.0", "65.0")
	if got := severity(); got != Medium {
		t.Errorf("at 65.0: %s", got)
	}
}

func TestChecksAreWellNamed(t *testing.T) {
	seen := map[string]bool{}
	for i, c := range Checks {
		if seen[c.ID] || c.Title == "" || c.Reads == "" || c.run == nil {
			t.Errorf("check %d (%s) is a repetition or lacks something", i, c.ID)
		}
		seen[c.ID] = true
	}
	for i := 1; i <= 20; i++ {
		if id := "M" + strconv.Itoa(100 + i)[1:]; !seen[id] {
			t.Errorf("there is no check %s", id)
		}
	}
	ids := slices.Sorted(maps.Keys(seen))
	for i, c := range Checks {
		if ids[i] != c.ID {
			t.Errorf("check %s is out of order", c.ID)
		}
	}
}

// spoil is one change to the healthy sample and the findings it must bring.
type spoil struct {
	name     string
	file     string // below force-app/main/default, or a new file
	old, new string // an empty old replaces the whole file
	want     []string
}

const (
	login       = "extlClntAppGlobalOauthSets/Shop_Login_glbl.ecaGlblOauth-meta.xml"
	server      = "extlClntAppGlobalOauthSets/Shop_Server_glbl.ecaGlblOauth-meta.xml"
	loginScopes = "extlClntAppOauthSettings/Shop_Login_oauth.ecaOauth-meta.xml"
	loginPolicy = "extlClntAppOauthPolicies/Shop_Login_oauth_defaultPolicy.ecaOauthPlcy-meta.xml"
	serverPol   = "extlClntAppOauthPolicies/Shop_Server_oauth_defaultPolicy.ecaOauthPlcy-meta.xml"
	loginPlugin = "extlClntAppPolicies/Shop_Login_plcy.ecaPlcy-meta.xml"
	handler     = "oauthtokenexchangehandlers/Shop_Exchange.oauthtokenexchangehandler-meta.xml"
	site        = "networks/Shop.network-meta.xml"
	oidc        = "settings/OauthOidc.settings-meta.xml"
	ecaOrg      = "settings/ExternalClientApp.settings-meta.xml"
)

var spoils = []spoil{
	{"unknown element", login, "<label>", "<isPkceRequird>true</isPkceRequird><label>", []string{"M01"}},
	{"unknown nested element", login, "<idTokenAudience>", "<x/><idTokenAudience>", []string{"M01"}},
	{"element of another namespace", login, "<label>", `<label xmlns="urn:x">`, []string{"M01"}},
	{"not a boolean", login, "<isDeviceFlowEnabled>false", "<isDeviceFlowEnabled>no", []string{"M01"}},
	{"not a number", loginPolicy, "<guestJwtTimeout>15", "<guestJwtTimeout>soon", []string{"M01"}},
	{"number outside its list", loginPolicy, "<guestJwtTimeout>15", "<guestJwtTimeout>16", []string{"M01"}},
	{"number outside its range", login, "<idTokenValidityInMinutes>2", "<idTokenValidityInMinutes>721", []string{"M01"}},
	{"a flag that holds an element", login, "<isPkceRequired>true", "<isPkceRequired><on/>true", []string{"M01"}},
	{"twice the same element", login, "<isPkceRequired>true</isPkceRequired>", "<isPkceRequired>true</isPkceRequired><isPkceRequired>true</isPkceRequired>", []string{"M01"}},
	{"no namespace", loginPlugin, ` xmlns="http://soap.sforce.com/2006/04/metadata"`, "", []string{"M01"}},
	{"wrong root for the suffix", loginPlugin, "ExtlClntAppConfigurablePolicies", "ExtlClntAppPolicies", []string{"M01"}},
	{"second policy for one app", "extlClntAppOauthPolicies/Other.ecaOauthPlcy-meta.xml", "", root("ExtlClntAppOauthConfigurablePolicies", "<externalClientApplication>Shop_Server</externalClientApplication>"), []string{"M01"}},
	{"misspelled folder", "extlClntAppGlobalOauthSettings/X.ecaMobile-meta.xml", "", root("ExtlClntAppMobileSettings", "<externalClientApplication>Shop_Server</externalClientApplication>"), []string{"M01"}},
	{"settings file of another name", "settings/Oidc.settings-meta.xml", "", root("SecuritySettings", ""), []string{"M01", "M01"}},
	{"dangling app", "extlClntAppPolicies/Ghost.ecaPlcy-meta.xml", "", root("ExtlClntAppConfigurablePolicies", "<externalClientApplication>Shop_Logon</externalClientApplication><isEnabled>true</isEnabled>"), []string{"M02"}},
	{"no app named", "extlClntAppPolicies/Ghost.ecaPlcy-meta.xml", "", root("ExtlClntAppConfigurablePolicies", "<isEnabled>true</isEnabled>"), []string{"M02"}},
	{"dangling enablement", handler, "</enablements>", "</enablements><enablements><connectedApp>Gone</connectedApp></enablements>", []string{"M02"}},
	{"secret committed", login, "<externalClientApplication>", "<consumerSecret>FAKE</consumerSecret><externalClientApplication>", []string{"M03"}},
	{"key committed", login, "<externalClientApplication>", "<consumerKey>FAKE</consumerKey><externalClientApplication>", []string{"M03"}},
	{"captcha key committed", site, "<registrationExecutionUser>", "<recaptchaSecretKey>FAKE</recaptchaSecretKey><registrationExecutionUser>", []string{"M03"}},
	{"private key instead of a certificate", server, "-----BEGIN CERTIFICATE-----", "-----BEGIN RSA PRIVATE KEY-----", []string{"M03"}},
	{"org gate off", oidc, "<oAuthCdCrdtFlowEnable>true", "<oAuthCdCrdtFlowEnable>false", []string{"M04", "M04"}},
	{"org gate left out", oidc, "<oAuthCdCrdtFlowEnable>true</oAuthCdCrdtFlowEnable>", "", []string{"M04", "M04"}},
	{"guest without JWT", login, "<isNamedUserJwtEnabled>true", "<isNamedUserJwtEnabled>false", []string{"M05"}},
	{"JWT timeout without type", loginPolicy, "<namedUserJwtSessionTimeoutType>Custom</namedUserJwtSessionTimeoutType>", "", []string{"M06"}},
	{"JWT timeout with another type", loginPolicy, "<guestJwtSessionTimeoutType>Custom", "<guestJwtSessionTimeoutType>UserSession", []string{"M06"}},
	{"public, PKCE only by the org", login, "<isPkceRequired>true", "<isPkceRequired>false", nil},
	{"secret optional, no rotation, endless", loginPolicy, "<refreshTokenPolicyType>SpecificInactivity", "<refreshTokenPolicyType>Infinite", nil},
	{"credentials in a URL", server, "<isCodeCredPostOnly>true", "<isCodeCredPostOnly>false", []string{"M09"}},
	{"open to all", loginPolicy, "AdminApprovedPreAuthorized", "AllSelfAuthorized", []string{"M10"}},
	{"nobody approved", loginPolicy, "<commaSeparatedProfile>Shop Customer</commaSeparatedProfile>", "<commaSeparatedProfile> , </commaSeparatedProfile>", []string{"M11"}},
	{"client credentials in the app only", server, "<isClientCredentialsFlowEnabled>false", "<isClientCredentialsFlowEnabled>true", []string{"M12"}},
	{"client credentials in the policy only", serverPol, "<isClientCredentialsFlowEnabled>false", "<isClientCredentialsFlowEnabled>true", []string{"M12"}},
	{"run-as user for nothing", serverPol, "<externalClientApplication>", "<clientCredentialsFlowUser>x@example.test</clientCredentialsFlowUser><externalClientApplication>", []string{"M12"}},
	{"exchange in the app only", serverPol, "<isTokenExchangeFlowEnabled>true", "<isTokenExchangeFlowEnabled>false", []string{"M13"}},
	{"exchange in the policy only", loginPolicy, "<isTokenExchangeFlowEnabled>false", "<isTokenExchangeFlowEnabled>true", []string{"M13"}},
	{"exchange without handler", handler, "<isEnabled>true", "<isEnabled>false", []string{"M13"}},
	{"handler for an app without exchange", handler, "Shop_Server", "Shop_Login", []string{"M13", "M13"}},
	{"scope Full", loginScopes, "Api, OpenID", "Full, OpenID", []string{"M14"}},
	{"scope Web", loginScopes, "Api, OpenID", "Web,OpenID", []string{"M14"}},
	{"http callback", login, "<callbackUrl>https", "<callbackUrl>http", []string{"M15"}},
	{"http loopback", login, "<callbackUrl>https://shop.example.test", "<callbackUrl>http://[::1]", nil},
	{"http to a host that begins like localhost", login, "<callbackUrl>https://shop.example.test", "<callbackUrl>http://localhost.example.test", []string{"M15"}},
	{"wildcard callback", login, "<callbackUrl>https://shop", "<callbackUrl>https://*", []string{"M15"}},
	{"blanks around a callback", login, "<callbackUrl>https", "<callbackUrl> https", []string{"M15"}},
	{"callback twice", server, "/oauth/callback</callbackUrl>", "/oauth/callback\nhttps://server.shop.example.test/oauth/callback</callbackUrl>", []string{"M15"}},
	{"IP bypass", loginPolicy, "<ipRelaxationPolicyType>Enforce", "<ipRelaxationPolicyType>Bypass", []string{"M16"}},
	{"IP bypass with second factor", loginPolicy, "<ipRelaxationPolicyType>Enforce", "<ipRelaxationPolicyType>Bypass_2factor", nil},
	{"open registration", site, "<doesRegistrationRequireAuth>true", "<doesRegistrationRequireAuth>false", []string{"M17"}},
	{"open forgot password", site, "<isRecaptchaRequiredForgotPwd>true", "<isRecaptchaRequiredForgotPwd>false", []string{"M17"}},
	{"open passwordless login", site, "<isRecaptchaRequiredPwdlessLogin>true", "<isRecaptchaRequiredPwdlessLogin>false", []string{"M17"}},
	{"low captcha score", site, "<recaptchaScoreThreshold>0.7", "<recaptchaScoreThreshold>0.49", []string{"M17"}},
	{"eleven attempts", site, "<maxPasswordResetAttempts>5", "<maxPasswordResetAttempts>11", []string{"M17"}},
	{"ten attempts", site, "<maxPasswordResetAttempts>5", "<maxPasswordResetAttempts>10", nil},
	{"new key at each deploy", login, "<shouldRotateConsumerKey>false", "<shouldRotateConsumerKey>true", []string{"M18"}},
	{"new secret at each deploy", login, "<shouldRotateConsumerSecret>false", "<shouldRotateConsumerSecret>true", []string{"M18"}},
	{"session timeout beside JWT", loginPolicy, "<requiredSessionLevel>", "<sessionTimeoutInMinutes>60</sessionTimeoutInMinutes><requiredSessionLevel>", []string{"M19"}},
	{"guest timeouts without guests", loginPolicy, "<isGuestCodeCredFlowEnabled>true", "<isGuestCodeCredFlowEnabled>false", []string{"M19"}},
	{"API version below a field", "../../../sfdx-project.json", `"66.0"`, `"64.0"`, []string{"M20"}},
	{"API version just enough", "../../../sfdx-project.json", `"66.0"`, `"65.0"`, nil},
	{"broken project file", "../../../sfdx-project.json", `"66.0"`, `66.0`, []string{"X00"}},
	{"not well-formed", loginPlugin, "</isEnabled>", "", []string{"X00"}},
	{"document type", loginPlugin, "<ExtlClntAppConfigurablePolicies", `<!DOCTYPE a [<!ENTITY b "c">]><ExtlClntAppConfigurablePolicies`, []string{"X00"}},
	{"confidential, flag misread", server, "<isConsumerSecretOptional>false", "<isConsumerSecretOptional>true", []string{"X01"}},
	{"a Connected App", "connectedApps/Old.connectedApp-meta.xml", "", root("ConnectedApp", "<contactEmail>a@example.test</contactEmail><label>Old</label>"), []string{"X02"}},
	{"PKCE not required in the org", oidc, "<isPkceRequired>true", "<isPkceRequired>false", []string{"X03"}},
	{"password flow open", oidc, "<blockOAuthUnPwFlow>true", "<blockOAuthUnPwFlow>false", []string{"X03"}},
	{"user-agent flow open", oidc, "<blockOAuthUsrAgtFlow>true</blockOAuthUsrAgtFlow>", "", []string{"X03"}},
	{"secrets by REST", ecaOrg, "<enableClientSecretInRestApiAccess>false", "<enableClientSecretInRestApiAccess>true", []string{"X03"}},
	{"secrets by Metadata API", ecaOrg, "<enableConsumerSecretApiAccess>false", "<enableConsumerSecretApiAccess>true", []string{"X03"}},
}

func root(name, content string) string {
	return "<" + name + ` xmlns="http://soap.sforce.com/2006/04/metadata">` + content + "</" + name + ">"
}

func TestEachCheckSpeaksAlone(t *testing.T) {
	covered := map[string]bool{}
	for _, s := range spoils {
		t.Run(s.name, func(t *testing.T) {
			fsys := sample(t, "healthy")
			replace(t, fsys, s.file, s.old, s.new)
			var got []string
			for _, f := range mustRead(t, fsys).Check() {
				got = append(got, f.ID)
				covered[f.ID] = true
			}
			slices.Sort(got)
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
	for _, c := range Checks {
		if !covered[c.ID] && c.ID != "M07" && c.ID != "M08" { // these need two changes; see below
			t.Errorf("no row makes %s speak", c.ID)
		}
	}
}

func replace(t testing.TB, fsys fstest.MapFS, file, old, fresh string) {
	t.Helper()
	name := strings.TrimPrefix(main+file, main+"../../../")
	if old == "" {
		fsys[name] = &fstest.MapFile{Data: []byte(fresh)}
		return
	}
	data := string(fsys[name].Data)
	if !strings.Contains(data, old) {
		t.Fatalf("%s does not contain %q", name, old)
	}
	fsys[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(data, old, fresh))}
}

func TestChecksThatNeedTwoChanges(t *testing.T) {
	pkce := spoil{file: login, old: "<isPkceRequired>true", new: "<isPkceRequired>false"}
	orgPKCE := spoil{file: oidc, old: "<isPkceRequired>true", new: "<isPkceRequired>false"}
	rotation := spoil{file: login, old: "<isRefreshTokenRotationEnabled>true", new: "<isRefreshTokenRotationEnabled>false"}
	long := func(policy, n, unit string) spoil {
		return spoil{
			file: loginPolicy,
			old:  "SpecificInactivity</refreshTokenPolicyType>\n    <refreshTokenValidityPeriod>30</refreshTokenValidityPeriod>\n    <refreshTokenValidityUnit>Days",
			new:  policy + "</refreshTokenPolicyType>\n    <refreshTokenValidityPeriod>" + n + "</refreshTokenValidityPeriod>\n    <refreshTokenValidityUnit>" + unit,
		}
	}
	rows := []struct {
		name    string
		changes []spoil
		want    []string
	}{
		{"public client without PKCE", []spoil{pkce, orgPKCE}, []string{"M07", "X03"}},
		{"endless refresh token", []spoil{rotation, long("Infinite", "0", "Days")}, []string{"M08"}},
		{"91 days", []spoil{rotation, long("SpecificLifetime", "91", "Days")}, []string{"M08"}},
		{"90 days", []spoil{rotation, long("SpecificLifetime", "90", "Days")}, nil},
		{"2161 hours", []spoil{rotation, long("SpecificInactivity", "2161", "Hours")}, []string{"M08"}},
		{"3 months", []spoil{rotation, long("SpecificInactivity", "3", "Months")}, nil},
		{"4 months", []spoil{rotation, long("SpecificInactivity", "4", "Months")}, []string{"M08"}},
		{"zero", []spoil{rotation, long("Zero", "", "")}, nil},
		{"the policy the org makes", []spoil{rotation, {file: loginPolicy, old: "<refreshTokenPolicyType>SpecificInactivity</refreshTokenPolicyType>\n    <refreshTokenValidityPeriod>30</refreshTokenValidityPeriod>\n    <refreshTokenValidityUnit>Days</refreshTokenValidityUnit>", new: " "}}, []string{"M08"}},
		{"JWT timeout without type, before API 65", []spoil{
			{file: "../../../sfdx-project.json", old: "66.0", new: "64.0"},
			{file: loginPolicy, old: "<guestJwtSessionTimeoutType>Custom</guestJwtSessionTimeoutType>", new: " "},
			{file: loginPolicy, old: "<namedUserJwtSessionTimeoutType>Custom</namedUserJwtSessionTimeoutType>", new: " "},
		}, []string{"M06", "M06"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			fsys := sample(t, "healthy")
			for _, c := range row.changes {
				replace(t, fsys, c.file, c.old, c.new)
			}
			var got []string
			for _, f := range mustRead(t, fsys).Check() {
				got = append(got, f.ID)
			}
			slices.Sort(got)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
