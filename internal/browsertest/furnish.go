package browsertest

import (
	"testing"

	"countersign/internal/admin"
	"countersign/internal/oauth"
)

// furnish puts apps and people in, so that pages have something to show.
func (s *site) furnish(t *testing.T) {
	t.Helper()
	set := func(field string, values ...string) admin.Set { return admin.Set{Field: field, Values: values} }
	for _, a := range []struct{ id, name, kind, platform, flows string }{
		{"customer-portal", "Customer portal", "confidential", "web", "code_and_credentials"},
		{"mobile-shop", "Mobile shop", "public", "mobile", "code_and_credentials"},
		{"partner-sync", "Partner sync", "confidential", "web", "code_and_credentials"},
		{"kiosk-app", "Kiosk <b>bold</b> & co", "public", "mobile", "code_and_credentials"},
	} {
		_, err := s.desk().CreateApp(t.Context(), oauth.ClientID(a.id), []admin.Set{
			set("name", a.name), set("type", a.kind), set("platform", a.platform), set("first-party", "on"), set("flow", a.flows),
			set("redirect-uri", "https://"+a.id+".example/callback"), set("scope", "openid", "profile", "offline_access", "api"),
		}, admin.Consent{Force: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"anna", "bert", "clara", "dmitri", "eleni"} {
		_, err := s.desk().CreateUser(t.Context(), admin.NewUser{
			Username: name + "@example.com", Password: "a password of " + name + ", long enough",
			Sets: []admin.Set{set("email", name+"@example.com"), set("name", name)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
