package flow

import "testing"

func TestTableIsComplete(t *testing.T) {
	seen := map[Name]bool{}
	for _, f := range All {
		if seen[f.Name] || f.Title == "" || f.Spec == "" || f.What == "" {
			t.Errorf("row %s: repeated or incomplete", f.Name)
		}
		seen[f.Name] = true
		if f.Served != (f.GrantType != "" && f.Name != AuthorizationCode) {
			t.Errorf("row %s: served %v, grant type %q", f.Name, f.Served, f.GrantType)
		}
		if f.PKCE != Never && f.GrantType != "authorization_code" {
			t.Errorf("row %s: only a code can carry a challenge", f.Name)
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d flows, want 7", len(seen))
	}
}

func TestParseNameTakesWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]Name{
		"code_credentials": CodeAndCredentials, "code-and-credentials": CodeAndCredentials, "Headless": CodeAndCredentials,
		"refresh": RefreshToken, "refresh_token": RefreshToken, "device": Device, "token-exchange": TokenExchange,
		"web": AuthorizationCode, "authorization_code": AuthorizationCode,
	} {
		if got, ok := ParseName(text); !ok || got != want {
			t.Errorf("ParseName(%q) = %q, %v; want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "password", "implicit", "token"} {
		if _, ok := ParseName(text); ok {
			t.Errorf("ParseName(%q) accepted", text)
		}
	}
}

func TestNeedNames(t *testing.T) {
	if Never.String() != "never" || PerApp.String() != "per app" || Always.String() != "always" {
		t.Error("a need's name changed")
	}
}
