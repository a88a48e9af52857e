package admin

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/sfdx"
)

func draftsOf(t *testing.T, keepIDs bool, paths ...string) []Draft {
	t.Helper()
	m, err := ReadMetadata(paths)
	if err != nil {
		t.Fatal(err)
	}
	drafts, _ := m.Drafts(keepIDs)
	return drafts
}

func draftNamed(t *testing.T, drafts []Draft, source string) Draft {
	t.Helper()
	i := slices.IndexFunc(drafts, func(d Draft) bool { return d.Source == source })
	if i < 0 {
		t.Fatalf("no draft %s", source)
	}
	return drafts[i]
}

func linesOf(c *client.Client) map[string]string {
	out := map[string]string{}
	for _, l := range Lines(AppFields, c) {
		out[l.Name] = strings.TrimSuffix(l.Value, " (default)")
	}
	return out
}

// What a healthy app says in its files is what the app here says.
func TestDraftsOfTheHealthySample(t *testing.T) {
	drafts := draftsOf(t, false, "../sfdx/testdata/healthy")
	for source, want := range map[string]map[string]string{
		"Shop_Login": {
			"name": "Shop Login", "type": "public", "first-party": "on", "enabled": "on", "owner": "identity@example.test",
			"flow.code_and_credentials": "on", "flow.refresh_token": "on", "flow.authorization_code": "off", "require-pkce.code_and_credentials": "on",
			"redirect-uri": "https://shop.example.test/services/oauth2/echo test.example.shop://oauth/done", "scope": "api openid refresh_token",
			"post-body-only": "on", "token-format": "jwt", "access-ttl": "15m", "rotation": "on", "refresh-policy": "inactivity", "refresh-ttl": "30d",
			"permitted-users": "admin_preauthorized", "group": "Shop_Customer", "ip": "enforce", "assurance": "standard", "id-token-claims": "on",
		},
		"Shop_Server": {
			"type": "confidential", "flow.token_exchange": "on", "flow.jwt_bearer": "off", "require-secret.code_and_credentials": "on",
			"require-secret.refresh_token": "on", "auth-method": "client_secret_post", "token-format": "opaque", "access-ttl": "1h",
			"group": "Shop_Server_Access",
		},
	} {
		d := draftNamed(t, drafts, source)
		c, faults := draftApp("app_of_the_test", d.Sets, taken)
		if len(faults) > 0 {
			t.Errorf("%s: %v", source, faults)
		}
		have := linesOf(c)
		for name, v := range want {
			if have[name] != v {
				t.Errorf("%s: %s is %q, want %q", source, name, have[name], v)
			}
		}
	}
}

// Everything that does not come along is said, with its place.
func TestDraftsSayWhatIsLost(t *testing.T) {
	drafts := slices.Concat(draftsOf(t, false, "../sfdx/testdata/healthy"), draftsOf(t, true, "../sfdx/testdata/risky"))
	for _, want := range []struct {
		source  string
		kind    LossKind
		element string
		reason  string
	}{
		{"Shop_Login", Lost, "isGuestCodeCredFlowEnabled", "no guest login"},
		{"Shop_Login", Lost, "customAttributes", "formulas"},
		{"Shop_Login", Lost, "trustedIpRanges", "fence"},
		{"Shop_Login", Changed, "commaSeparatedProfile", "Shop_Customer"},
		{"Shop_Server", Lost, "certificate", "JWT bearer"},
		{"Shop_Server", Lost, "isTokenExchangeEnabled", "does not serve"},
		{"Shop_Server", Lost, "singleLogoutUrl", "not passed on"},
		{"Risky_Login", Changed, "oAuthCdCrdtFlowEnable", "the org forbids it"},
		{"Risky_Login", Changed, "isPkceRequired", "RFC 9700"},
		{"Risky_Login", Lost, "callbackUrl", "wildcards"},
		{"Risky_Login", Lost, "consumerSecret", "others may know it"},
		{"Risky_Batch", Lost, "clientCredentialsFlowUser", "acts as itself"},
		{"Risky_Server", Changed, "permittedUsersPolicyType", "Risky_Server_users"},
		{"Legacy_Portal", Changed, "isRefreshTokenRotationEnabled", "must"},
	} {
		d := draftNamed(t, drafts, want.source)
		if !slices.ContainsFunc(d.Losses, func(l Loss) bool {
			return l.Kind == want.kind && l.Element == want.element && strings.Contains(l.Reason, want.reason) && l.File != "" && l.Line > 0
		}) {
			t.Errorf("%s does not say that %s is %s: %+v", want.source, want.element, want.kind, d.Losses)
		}
	}
	for _, d := range drafts {
		if strings.Contains(strings.Join(lossTexts(d), " "), "FAKEexampleSecret") {
			t.Errorf("%s: a secret is printed", d.Source)
		}
	}
	if d := draftNamed(t, drafts, "Risky_Login"); d.ID != "FAKEexampleConsumerKey0001" {
		t.Errorf("the consumer key is not kept: %q", d.ID)
	}
	if d := draftNamed(t, drafts, "Risky_Ghost"); d.Reason == "" {
		t.Error("an app that nothing describes is imported")
	}
}

func lossTexts(d Draft) []string {
	var out []string
	for _, l := range d.Losses {
		out = append(out, l.Reason)
	}
	return out
}

// variety are apps that differ in everything an app can say.
func variety(t *testing.T) []*client.Client {
	t.Helper()
	var out []*client.Client
	for _, flags := range [][]Set{
		{{"name", []string{"Plain"}}},
		{
			{"name", []string{"Shop / Läden"}},
			{"first-party", []string{"on"}},
			{"owner", []string{"a@example.test"}},
			{"flow", []string{"headless", "refresh"}},
			{"redirect-uri", []string{"https://a.example/cb", "com.example.a:/cb"}},
			{"scope", []string{"openid", "api", "offline_access", "orders:read"}},
			{"auth-method", []string{"client_secret_post"}},
			{"token-format", []string{"opaque"}},
			{"access-ttl", []string{"45m"}},
			{"require-secret", []string{"refresh=off"}},
			{"permitted-users", []string{"admin_preauthorized"}},
			{"group", []string{"staff", "ops"}},
			{"refresh-policy", []string{"lifetime"}},
			{"refresh-ttl", []string{"36h"}},
			{"ip", []string{"relax_refresh"}},
			{"assurance", []string{"high"}},
		},
		{
			{"name", []string{"Shop / Laden"}},
			{"type", []string{"public"}},
			{"first-party", []string{"on"}},
			{"flow", []string{"headless", "refresh"}},
			{"scope", []string{"openid", "refresh_token"}},
			{"redirect-uri", []string{"https://b.example/cb"}},
			{"post-body-only", []string{"on"}},
			{"access-ttl", []string{"30m"}},
			{"id-token-ttl", []string{"2m"}},
			{"id-token-audience", []string{"back"}},
			{"id-token-claims", []string{"on"}},
			{"refresh-policy", []string{"zero"}},
			{"introspect-all", []string{"on"}},
			{"enabled", []string{"off"}},
		},
		{
			{"name", []string{"Odd"}},
			{"platform", []string{"machine"}},
			{"flow", []string{"client_credentials", "device", "jwt_bearer"}},
			{"code-ttl", []string{"30s"}},
			{"access-ttl", []string{"7m"}},
			{"ip-range", []string{"192.0.2.0/24"}},
			{"rotation", []string{"off"}},
		},
	} {
		c, faults := draftApp("client_of_the_test", flags, taken)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		c.ID += oauth.ClientID(rune('a' + len(out)))
		out = append(out, c)
	}
	return out
}

// An export that is imported gives the same app back, but for what it lists.
func TestExportImportRoundTrip(t *testing.T) {
	apps := variety(t)
	for _, format := range []sfdx.Format{sfdx.Source, sfdx.Metadata} {
		out, err := ExportMetadata(apps, format, true, taken)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for _, f := range out.Files {
			name := filepath.Join(dir, filepath.FromSlash(f.Path))
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		drafts := draftsOf(t, true, dir)
		for _, c := range apps {
			i := slices.IndexFunc(drafts, func(d Draft) bool { return d.ID == c.ID })
			if i < 0 {
				t.Fatalf("%s does not come back", c.Name)
			}
			back, _ := draftApp(c.ID, drafts[i].Sets, taken)
			want, have := linesOf(c), linesOf(back)
			for _, l := range out.Losses[c.ID] {
				if want[l.Element] == have[l.Element] && l.Element != "secrets" {
					t.Errorf("%s: %s is listed as lost and came back", c.Name, l.Element)
				}
				delete(want, l.Element)
				delete(have, l.Element)
			}
			if d := cmp.Diff(want, have); d != "" {
				t.Errorf("%s, format %d: in (-), out (+):\n%s", c.Name, format, d)
			}
		}
	}
}

// The list of what an export loses is no excuse: it holds what Salesforce cannot
// say, and nothing else.
func TestExportLosesNoMore(t *testing.T) {
	apps := variety(t)
	out, err := ExportMetadata(apps, sfdx.Source, false, taken)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{"auth-method"},
		nil,
		nil,
		{"auth-method", "code-ttl", "access-ttl", "flow.jwt_bearer", "ip-range"},
	} {
		var lost []string
		for _, l := range out.Losses[apps[i].ID] {
			lost = append(lost, l.Element)
		}
		slices.Sort(lost)
		slices.Sort(want)
		if d := cmp.Diff(want, lost); d != "" {
			t.Errorf("%s: expected (-), lost (+):\n%s", apps[i].Name, d)
		}
	}
	for _, f := range out.Files {
		if strings.Contains(string(f.Data), "<consumer") {
			t.Errorf("%s holds a key:\n%s", f.Path, f.Data)
		}
	}
}
