package sfdx

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValuesOfTheHealthyPublicApp(t *testing.T) {
	p := mustRead(t, sample(t, "healthy"))
	a := p.App("Shop_Login")
	got := map[string]any{}
	for name, v := range a.Values(a.Org) {
		got[name] = v.V
	}
	want := map[string]any{
		"app.access_token.alg":               "RS256",
		"app.access_token.binding":           "none",
		"app.access_token.format":            "jwt",
		"app.access_token.ttl":               15 * time.Minute,
		"app.access_token.typ":               "JWT",
		"app.client_auth":                    "none",
		"app.client_type":                    "public",
		"app.code_and_credentials.guest":     true,
		"app.code_and_credentials.in_url":    false,
		"app.code_and_credentials.post_only": true,
		"app.consent.explicit":               false,
		"app.cors.endpoints":                 []string{"userinfo", "authorize", "token", "revocation", "introspection"},
		"app.cors.origins":                   []string{"https://www.shop.example.test"},
		"app.enabled":                        true,
		"app.events.subscriptions":           []string{"Order_Shipped"},
		"app.first_party":                    true,
		"app.flows.authorization_code":       true,
		"app.flows.client_credentials":       false,
		"app.flows.code_and_credentials":     true,
		"app.flows.device":                   false,
		"app.flows.jwt_bearer":               false,
		"app.flows.refresh_token":            true,
		"app.flows.token_exchange":           false,
		"app.id_token.attributes":            []string{},
		"app.id_token.audience":              []string{"shop-backend"},
		"app.id_token.custom_permissions":    false,
		"app.id_token.standard_claims":       true,
		"app.id_token.ttl":                   2 * time.Minute,
		"app.keys":                           []string{},
		"app.logout.backchannel_uri":         "",
		"app.oauth.enabled":                  true,
		"app.pkce.methods":                   []string{"S256"},
		"app.pkce.required":                  true,
		"app.policy.groups":                  []string{"Shop Customer"},
		"app.policy.introspect_all":          false,
		"app.policy.ip":                      "enforce",
		"app.policy.permitted_users":         "admin_preauthorized",
		"app.policy.run_as":                  "",
		"app.policy.session_assurance":       "standard",
		"app.redirect_uris":                  []string{"https://shop.example.test/services/oauth2/echo", "test.example.shop://oauth/done"},
		"app.refresh.absolute_ttl":           Forever,
		"app.refresh.grace":                  time.Duration(0),
		"app.refresh.idle_ttl":               30 * day,
		"app.refresh.policy":                 "inactivity",
		"app.refresh.reuse_detection":        true,
		"app.refresh.rotation":               true,
		"app.require_secret.code":            false,
		"app.require_secret.refresh":         false,
		"app.require_secret.token_exchange":  true,
		"app.scopes":                         []string{"api", "openid", "refresh_token"},
		"app.subject_type":                   "public",
		"app.usage.owner":                    "identity@example.test",
		"app.uses_api":                       true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestValuesKnowTheirPlace(t *testing.T) {
	p := mustRead(t, sample(t, "risky"))
	a := p.App("Risky_Login")
	m := a.Values(a.Org)
	glbl := main + "extlClntAppGlobalOauthSets/Risky_Login_glbl.ecaGlblOauth-meta.xml"
	rows := map[string]Value{
		"app.pkce.required":                 {V: false, File: glbl, Line: 20},
		"app.flows.code_and_credentials":    {V: false, File: main + "settings/OauthOidc.settings-meta.xml", Line: 7}, // the org gate decides
		"app.require_secret.token_exchange": {V: false, Default: true, File: glbl, Line: 2},
		"app.code_and_credentials.in_url":   {V: true, File: glbl, Line: 14},
		"app.refresh.absolute_ttl":          {V: Forever, File: main + "extlClntAppOauthPolicies/Risky_Login_oauth_defaultPolicy.ecaOauthPlcy-meta.xml", Line: 11},
		"app.enabled":                       {V: true, Default: true},
	}
	for name, want := range rows {
		if diff := cmp.Diff(want, m[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestValuesOfTheOrg(t *testing.T) {
	want := map[string]any{
		"server.oauth.allow.code_and_credentials": true, "server.oauth.require_pkce": true,
		"server.oauth.allow.implicit": false, "server.oauth.allow.password": false,
		"server.secrets.api_read": false, "server.secrets.export_includes_secret": false,
		"server.oauth.allow.device": true, "server.oauth.allow.client_credentials": true, "server.oauth.allow.token_exchange": true,
	}
	for _, name := range []string{"healthy", "risky"} {
		got := map[string]any{}
		for n, v := range mustRead(t, sample(t, name)).Orgs[0].Values() {
			got[n] = v.V
		}
		if name == "risky" {
			want["server.oauth.allow.code_and_credentials"], want["server.oauth.require_pkce"] = false, false
			want["server.oauth.allow.implicit"], want["server.oauth.allow.password"] = true, true
			want["server.secrets.api_read"] = true
			want["server.oauth.admin_approved_apps_only"] = false
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestWhatNothingTellsIsAbsent: a value that is not known must not look like one.
func TestWhatNothingTellsIsAbsent(t *testing.T) {
	header := mustRead(t, fstest.MapFS{"externalClientApps/A.eca": file(root(typeHeader, ""))}).App("A")
	m := header.Values(header.Org)
	for _, name := range []string{"app.pkce.required", "app.flows.code_and_credentials", "app.client_type", "app.client_auth", "app.scopes", "app.keys", "app.access_token.format", "app.id_token.ttl"} {
		if v, ok := m[name]; ok {
			t.Errorf("%s is %v although no file tells it", name, v)
		}
	}
	if m["app.policy.permitted_users"].V != "self_authorize" || !m["app.policy.permitted_users"].Default {
		t.Errorf("the default policy is %v", m["app.policy.permitted_users"])
	}
	p := mustRead(t, sample(t, "risky"))
	rows := map[string][]string{
		"Risky_Batch":   {"app.policy.ip", "app.access_token.ttl"}, // an invalid value; a timeout that does not count
		"Legacy_Portal": {"app.flows.device", "app.first_party", "app.access_token.ttl", "app.policy.session_timeout"},
		"Risky_Server":  {"app.policy.session_timeout", "app.policy.ip_ranges", "app.access_token.ttl"},
		"broken":        {"app.pkce.required", "app.enabled", "app.policy.permitted_users"},
	}
	for id, names := range rows {
		m := p.App(id).Values(p.App(id).Org)
		for _, name := range names {
			if v, ok := m[name]; ok {
				t.Errorf("%s of %s is %v", name, id, v)
			}
		}
	}
}

// Each row changes Shop_Server or its org and expects a value; an empty change
// expects the value of the sample as it is.
func TestValuesFollowTheFiles(t *testing.T) {
	serverOauth := "extlClntAppOauthSettings/Shop_Server_oauth.ecaOauth-meta.xml"
	rows := []struct {
		file, old, new string
		name           string
		want           any
	}{
		{server, "<isConsumerSecretOptional>false", "<isConsumerSecretOptional>true", "app.require_secret.code", false},
		{server, "<isConsumerSecretOptional>false", "<isConsumerSecretOptional>true", "app.client_type", "confidential"}, // it has a certificate
		{server, "<isPkceRequired>true", "<isPkceRequired>false", "app.pkce.required", true},                             // the org requires it
		{server, "", "", "app.access_token.binding", "none"},
		{server, "<isCodeCredFlowEnabled>true", "<isCodeCredFlowEnabled>false", "app.flows.code_and_credentials", false},
		{oidc, "<oAuthCdCrdtFlowEnable>true", "<oAuthCdCrdtFlowEnable>false", "app.flows.code_and_credentials", false},
		{serverOauth, "<isFirstPartyAppEnabled>false", "<isFirstPartyAppEnabled>true", "app.flows.code_and_credentials", true},
		{serverPol, "<isTokenExchangeFlowEnabled>true", "<isTokenExchangeFlowEnabled>false", "app.flows.token_exchange", false},
		{"extlClntAppPolicies/Shop_Server_plcy.ecaPlcy-meta.xml", "<isOauthPluginEnabled>true", "<isOauthPluginEnabled>false", "app.flows.authorization_code", false},
		{"extlClntAppPolicies/Shop_Server_plcy.ecaPlcy-meta.xml", "<isEnabled>true", "<isEnabled>false", "app.oauth.enabled", false},
		{serverPol, "<isGuestCodeCredFlowEnabled>false", "<isGuestCodeCredFlowEnabled>true", "app.code_and_credentials.guest", true},
		{"externalClientApps/Shop_Server.eca-meta.xml", "Local", "Managed", "app.first_party", false},
		{serverOauth, "Api, OpenID, RefreshToken", "OpenID, Email", "app.uses_api", false},
		{serverOauth, "Api, OpenID, RefreshToken", "OpenID, Email", "app.flows.refresh_token", false},
		{serverOauth, "Api, OpenID, RefreshToken", "SFApiPlatform, ChatterApi", "app.scopes", []string{"sfap_api", "ChatterApi"}},
		{serverOauth, "<externalClientApplication>", "<commaSeparatedCustomScopes>mine</commaSeparatedCustomScopes><externalClientApplication>", "app.scopes", []string{"api", "openid", "refresh_token", "mine"}},
		{serverPol, "SpecificInactivity", "SpecificLifetime", "app.refresh.absolute_ttl", 30 * day},
		{serverPol, "SpecificInactivity", "SpecificLifetime", "app.refresh.idle_ttl", 30 * day},
		{serverPol, "SpecificInactivity", "Zero", "app.refresh.absolute_ttl", time.Duration(0)},
		{serverPol, "STANDARD", "HIGH_ASSURANCE", "app.policy.session_assurance", "high"},
		{serverPol, "Enforce", "Enforce_RelaxRefresh", "app.policy.ip", "relax_refresh"},
		{serverPol, "AdminApprovedPreAuthorized", "AllSelfAuthorized", "app.policy.permitted_users", "self_authorize"},
		{handler, "<isUserCreationAllowed>false", "<isUserCreationAllowed>true", "app.token_exchange.auto_provision", "on"},
		{handler, "", "", "app.token_exchange.auto_provision", "off"},
		{server, "", "", "app.keys", []string{"RSA 2048 2119-12-31T00:00:00Z"}},
		{server, "-----BEGIN CERTIFICATE-----", "x", "app.keys", []string{"unreadable 0 -"}},
		{serverPol, "", "", "app.access_token.ttl", time.Hour},
		{serverPol, "", "", "app.policy.session_timeout", time.Hour},
		{serverPol, "", "", "app.logout.backchannel_uri", "https://server.shop.example.test/logout"},
		{"settings/Security.settings-meta.xml", "true", "false", "app.cors.endpoints", []string{"userinfo"}},
	}
	for _, row := range rows {
		fsys := sample(t, "healthy")
		if row.old != "" {
			replace(t, fsys, row.file, row.old, row.new)
		}
		a := mustRead(t, fsys).App("Shop_Server")
		if got := a.Values(a.Org)[row.name].V; !cmp.Equal(got, row.want) {
			t.Errorf("%s with %q: %v, want %v", row.name, row.new, got, row.want)
		}
	}
}

func TestGuestsNeedTheFlow(t *testing.T) {
	fsys := sample(t, "healthy")
	replace(t, fsys, login, "<isCodeCredFlowEnabled>true", "<isCodeCredFlowEnabled>false")
	a := mustRead(t, fsys).App("Shop_Login")
	if got := a.Values(a.Org)["app.code_and_credentials.guest"]; got.V != false {
		t.Errorf("guests of a flow that is off: %v", got)
	}
}

func TestTheChallengeEndpointMarksAFirstPartyApp(t *testing.T) {
	fsys := sample(t, "healthy")
	replace(t, fsys, "externalClientApps/Shop_Server.eca-meta.xml", "Local", "Managed")
	replace(t, fsys, "extlClntAppOauthSettings/Shop_Server_oauth.ecaOauth-meta.xml", "<isFirstPartyAppEnabled>false", "<isFirstPartyAppEnabled>true")
	a := mustRead(t, fsys).App("Shop_Server")
	if got := a.Values(a.Org)["app.first_party"]; got.V != true {
		t.Errorf("%v", got)
	}
}

func TestASharedRunAsUserIsCounted(t *testing.T) {
	fsys := sample(t, "healthy")
	user := "<clientCredentialsFlowUser>runner@example.test</clientCredentialsFlowUser><externalClientApplication>"
	replace(t, fsys, serverPol, "<externalClientApplication>", user)
	a := mustRead(t, fsys).App("Shop_Server")
	if got, ok := a.Values(a.Org)["app.policy.run_as.apps"]; ok {
		t.Errorf("one app in the project is no proof, and yet %v", got)
	}
	replace(t, fsys, loginPolicy, "<externalClientApplication>", user)
	a = mustRead(t, fsys).App("Shop_Server")
	if got := a.Values(a.Org)["app.policy.run_as.apps"]; got.V != int64(2) {
		t.Errorf("two apps share a user: %v", got)
	}
}

// TestValueNamesAreThoseOfTheCatalogue compares with the names written down in the
// testdata, a copy of the catalogue's vocabulary.
func TestValueNamesAreThoseOfTheCatalogue(t *testing.T) {
	data, err := os.ReadFile("testdata/vocabulary.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(data))
	check := func(name string) {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not in the vocabulary", name)
		}
	}
	for _, sampleName := range []string{"healthy", "risky"} {
		p := mustRead(t, sample(t, sampleName))
		for _, a := range p.Apps {
			for name, v := range a.Values(a.Org) {
				check(name)
				switch v.V.(type) {
				case bool, int64, string, []string, time.Duration:
				default:
					t.Errorf("%s has the type %T", name, v.V)
				}
			}
		}
		for name := range p.Orgs[0].Values() {
			check(name)
		}
	}
	for name := range boolWishes {
		check(name)
	}
	for name := range otherWishes {
		check(name)
	}
	for name := range orgWishes {
		check(name)
	}
}

func TestEveryClosedListHasItsWord(t *testing.T) {
	if len(ipWords) != len(ipRelaxations) || len(ipWords) != len(ipRelaxationsOld) ||
		len(assuranceWords) != len(sessionLevels) || len(refreshWords) != len(refreshPolicies) {
		t.Error("lists that stand side by side differ in length")
	}
	for i, old := range ipRelaxationsOld {
		if !strings.EqualFold(old, ipRelaxations[i]) {
			t.Errorf("%s stands beside %s", old, ipRelaxations[i])
		}
	}
	if len(scopeNames) != 36 {
		t.Errorf("%d scopes, want 36", len(scopeNames))
	}
	snake := regexp.MustCompile(`^[a-z_]+$`)
	for _, pair := range scopeNames {
		wire, ok := WireScope(pair[0])
		back, ok2 := MetadataScope(wire)
		if !ok || !ok2 || back != pair[0] || !snake.MatchString(wire) {
			t.Errorf("%s: %s: %s", pair[0], wire, back)
		}
	}
}

func TestRefreshPolicyOfConnectedApps(t *testing.T) {
	for _, bad := range []string{"", "INFINITE", "specific_lifetime", "specific_lifetime:30", "specific_lifetime:x:DAYS", "specific_lifetime:0:DAYS", "specific_lifetime:3:YEARS", "zero:1:DAYS", "infinite:"} {
		if isOldRefreshPolicy(bad) {
			t.Errorf("%q is read", bad)
		}
	}
	policy, n, unit, ok := oldRefreshPolicy("specific_lifetime:30:days")
	if policy != RefreshLifetime || n != 30 || unit != "Days" || !ok {
		t.Errorf("%s %d %s %v", policy, n, unit, ok)
	}
}
