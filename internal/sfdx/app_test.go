package sfdx

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestConnectedAppSpeaksTheOtherLanguage(t *testing.T) {
	p := mustRead(t, fstest.MapFS{"connectedApps/Old.connectedApp": file(root(typeConnected, `
		<attributes><formula>f</formula><key>k</key></attributes>
		<contactEmail>a@example.test</contactEmail>
		<ipRanges><description>d</description><end>192.0.2.9</end><start>192.0.2.1</start></ipRanges>
		<label>Old</label><mobileStartUrl>https://m.example.test</mobileStartUrl>
		<oauthConfig>
			<callbackUrl>https://a.example.test/cb</callbackUrl>
			<idTokenConfig><idTokenIncludeCustomPerms>true</idTokenIncludeCustomPerms><idTokenValidity>5</idTokenValidity></idTokenConfig>
			<isAdminApproved>true</isAdminApproved><isClientCredentialEnabled>true</isClientCredentialEnabled>
			<isCodeCredentialEnabled>true</isCodeCredentialEnabled><isConsumerSecretOptional>false</isConsumerSecretOptional>
			<oauthClientCredentialUser>u@example.test</oauthClientCredentialUser><scopes>Api</scopes><scopes>OpenID</scopes>
		</oauthConfig>
		<oauthPolicy><ipRelaxation>ENFORCE_RELAXREFRESH</ipRelaxation><refreshTokenPolicy>specific_inactivity:12:Hours</refreshTokenPolicy></oauthPolicy>
		<permissionSetName>P1</permissionSetName><permissionSetName>P2</permissionSetName><plugin>Handler</plugin><profileName>Q</profileName>
		<samlConfig><entityUrl>x</entityUrl></samlConfig>
		<sessionPolicy><policyAction>Block</policyAction><sessionLevel>HIGH_ASSURANCE</sessionLevel><sessionTimeout>30</sessionTimeout></sessionPolicy>`))})
	a := p.App("Old")
	got := []any{
		a.Attributes.V, a.TrustedIPRanges.V, a.IDTokenPermissions.V, a.IDTokenMinutes.V, a.PermittedUsers.V,
		a.ClientCredentials.V, a.ClientCredentialsAllowed.V, a.CodeCredentials.V, a.SecretForCode.V, a.RunAsUser.V, a.Scopes.V,
		a.IPRelaxation.V, a.RefreshPolicy.V, a.RefreshPeriod.V, a.RefreshUnit.V, a.PermissionSets.V, a.Profiles.V, a.ApexHandler.V,
		a.PolicyAction.V, a.SessionLevel.V, a.SessionMinutes.V, a.StartPage.V, a.StartURL.V, a.RequirePKCE.V, a.GuestCodeCredentials.V,
	}
	want := []any{
		[]Attribute{{"k", "f"}},
		[]IPRange{{"d", "192.0.2.1", "192.0.2.9"}},
		true, 5, AdminApproved,
		true, true, true, true, "u@example.test",
		[]string{"Api", "OpenID"},
		IPRelaxRefresh, RefreshInactivity, 12, "Hours",
		[]string{"P1", "P2"},
		[]string{"Q"},
		"Handler",
		"Block", "HIGH_ASSURANCE", 30, "Custom", "https://m.example.test", false, false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a.DeviceFlow.Known() || a.Distribution.Known() {
		t.Error("what a Connected App cannot say is known")
	}
	var left []string
	for _, l := range a.NotCarried {
		left = append(left, l.Element)
	}
	if diff := cmp.Diff([]string{"mobileStartUrl", "samlConfig", "plugin"}, left); diff != "" {
		t.Errorf("not carried (-want +got):\n%s", diff)
	}
}

func TestAnAppKnowsItsFiles(t *testing.T) {
	p := mustRead(t, sample(t, "risky"))
	got := p.App("Risky_Misfiled").Files()
	want := []string{
		main + "externalClientApps/Risky_Misfiled.eca-meta.xml",
		main + "extlClntAppGlobalOauthSets/Risky_Misfiled_glbl.ecaGlobalOauth-meta.xml",
		main + "extlClntAppOauthPolicies/Risky_Misfiled_oauth.ecaOauth-meta.xml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoFileNoValue(t *testing.T) {
	p := mustRead(t, fstest.MapFS{"externalClientApps/A.eca": file(root(typeHeader, ""))})
	a := p.App("A")
	if a.RequirePKCE.Known() || a.Scopes.Known() {
		t.Error("settings of files that are not in the project are known")
	}
	if !is(a.PermittedUsers, SelfAuthorized) || !is(a.RefreshPolicy, RefreshLifetime) || a.PermittedUsers.Origin != Default {
		t.Error("the policy the org creates by itself is not known")
	}
	if p.Orgs[0].CodeCredentials.Known() {
		t.Error("an org setting without a file is known")
	}
}

func TestEveryFieldIsInTheSchema(t *testing.T) {
	connected := typeNamed(typeConnected)
	for _, f := range fields {
		typ, path, old := f.home()
		if _, ok := typeNamed(typ).at(path); !ok {
			t.Errorf("%s.%s is not in the schema", typ, path)
		}
		if _, ok := connected.at(old); old != "" && !ok {
			t.Errorf("ConnectedApp.%s is not in the schema", old)
		}
	}
}

// TestEveryElementIsAccepted writes each element of the schema once and expects no
// complaint about its shape.
func TestEveryElementIsAccepted(t *testing.T) {
	for i := range types {
		typ := &types[i]
		if typ.file == "" && typ.suffix == ".settings" {
			t.Errorf("%s has no file name", typ.name)
		}
		var content strings.Builder
		for _, e := range typ.children {
			content.WriteString(example(e))
		}
		name := "X"
		if typ.file != "" {
			name = typ.file
		}
		p := mustRead(t, fstest.MapFS{typ.folder + "/" + name + typ.suffix: file(root(typ.name, content.String()))})
		for _, f := range p.Check() {
			if f.ID == "M01" || f.ID == "X00" {
				t.Errorf("%s: %s", typ.name, f.Message)
			}
		}
	}
}

func example(e element) string {
	inner := "x"
	switch {
	case e.kind == group:
		inner = ""
		for _, c := range e.children {
			inner += example(c)
		}
	case e.kind == flag:
		inner = "true"
	case len(e.values) > 0:
		inner = e.values[len(e.values)-1]
	case e.kind == integer, e.kind == decimal:
		inner = "7"
	case e.check != nil:
		inner = "specific_lifetime:30:DAYS"
	}
	return fmt.Sprintf("<%s>%s</%[1]s>", e.name, inner)
}
