package review

import "testing"

// Each row spoils one value of a small snapshot and expects a derived one.
func TestDerived(t *testing.T) {
	for _, c := range []struct{ set, to, name, want string }{
		{"app.flows.authorization_code", "true", "app.issues_codes", "true"},
		{"app.flows.authorization_code", "false", "app.issues_codes", "false"},
		{"app.flows.authorization_code", "unknown", "app.issues_codes", "unknown"},
		{"app.flows.device", "unknown", "app.interactive", "true"},
		{"app.flows.jwt_bearer", "true", "app.has_machine_flow", "true"},
		{"app.flows.jwt_bearer", "true", "app.machine_only", "false"},
		{"app.flows.client_credentials", "true", "app.issues_tokens", "true"},
		{"app.flows.token_exchange", "true", "app.issues_user_tokens", "true"},
		{"app.client_auth", "client_secret_jwt", "app.shared_secret", "true"},
		{"app.client_auth", "tls_client_auth", "app.shared_secret", "false"},
		{"app.client_auth", "tls_client_auth", "app.asymmetric_auth", "true"},
		{"app.client_auth", "none", "app.asymmetric_auth", "false"},
		{"app.pkce.methods", "[S256, plain]", "app.pkce.enforced", "false"},
		{"app.pkce.methods", "[S256]", "app.pkce.enforced", "true"},
		{"app.pkce.required", "unknown", "app.pkce.enforced", "unknown"},
		{"app.keys", "[]", "app.keys.sound", "false"},
		{"app.keys", "[ES256]", "app.keys.sound", "true"},
		{"app.keys", "[RSA 1024]", "app.keys.sound", "false"},
		{"app.keys", "[RSA 2048 until 2026-12-01]", "app.keys.sound", "false"},
		{"app.keys", "[RS256 2048 until 2027-12-01, Ed25519]", "app.keys.sound", "true"},
		{"app.keys", "[HS256 256]", "app.keys.sound", "false"},
		{"app.client_auth", "private_key_jwt", "app.refresh.sender_constrained", "true"},
		{"app.access_token.binding", "dpop", "app.refresh.sender_constrained", "false"},
		{"app.policy.ip", "enforce", "app.policy.ip_fenced", "false"},
		{"app.scopes", "[openid]", "app.scopes.only_identity", "true"},
		{"app.scopes", "[orders]", "app.scopes.only_identity", "unknown"},
		{"app.scopes", "[openid]", "app.scopes.any_privileged", "false"},
		{"app.scopes", "[openid, offline_access]", "app.scopes.offline_access", "true"},
		{"app.scopes", "[refresh_token]", "app.scopes.offline_access", "true"},
		{"app.scopes", "[openid, email]", "app.scopes.unused", "unknown"},
		{"app.created", "2026-11-01", "app.scopes.unused", "[]"},
		{"app.usage.scopes_used", "[]", "app.scopes.unused", "unknown"},
	} {
		if got := derivedOf(t, small(t).with(t, c.set, c.to), c.name); got != c.want {
			t.Errorf("%s = %s makes %s %s, want %s", c.set, c.to, c.name, got, c.want)
		}
	}
}

// A scope nobody used for 90 days is unused, once the app is older than that.
func TestUnusedScopes(t *testing.T) {
	for _, c := range []struct{ created, used, want string }{
		{"2026-01-01", "[]", "[openid]"},
		{"2026-01-01", "[openid]", "[]"},
		{"2026-01-01", "unknown", "unknown"},
		{"not set", "[]", "[openid]"},
		{"unknown", "[]", "unknown"},
		{"unknown", "[openid]", "[]"},
		{"2026-11-01", "[]", "[]"},
	} {
		s := small(t).with(t, "app.created", c.created).with(t, "app.usage.scopes_used", c.used)
		if got := derivedOf(t, s, "app.scopes.unused"); got != c.want {
			t.Errorf("created %s, used %s: %s, want %s", c.created, c.used, got, c.want)
		}
	}
}

func derivedOf(t *testing.T, s Snapshot, name string) string {
	t.Helper()
	j := newJudging(s, nil, nil)
	v, _ := (&Eval{run: j, app: &j.snapshot.Apps[0], log: newReads()}).value(name)
	if len(j.misuse) > 0 {
		t.Error(j.misuse)
	}
	return v.Text()
}

// A fence needs enforcement and ranges, and none so wide that it fences
// nothing.
func TestFence(t *testing.T) {
	for _, c := range []struct{ ranges, want string }{
		{"[]", "false"},
		{"[192.0.2.0/24]", "true"},
		{"[10.0.0.0/8]", "true"},
		{"[0.0.0.0/0]", "false"},
		{"[192.0.2.0/24, 128.0.0.0/1]", "false"},
		{"[2001:db8::/32]", "true"},
		{"[2000::/3]", "false"},
		{"[192.0.2.1-192.0.2.9]", "true"},
		{"[0.0.0.0-255.255.255.255]", "false"},
		{"[192.0.2.9-192.0.2.1]", "false"},
		{"[192.0.2.1]", "true"},
		{"[office]", "false"},
	} {
		s := small(t).with(t, "app.policy.ip", "enforce").with(t, "app.policy.ip_ranges", c.ranges)
		if got := derivedOf(t, s, "app.policy.ip_fenced"); got != c.want {
			t.Errorf("%s: %s, want %s", c.ranges, got, c.want)
		}
	}
}

// A public app that must prove a key holds bound refresh tokens; a secret is
// no key.
func TestSenderConstrainedPublic(t *testing.T) {
	s := small(t).with(t, "app.client_type", "public").with(t, "app.client_auth", "none").with(t, "app.access_token.binding", "dpop")
	if got := derivedOf(t, s, "app.refresh.sender_constrained"); got != "true" {
		t.Errorf("sender constrained: %s", got)
	}
}

// A key binds refresh tokens only where it must be used to refresh.
func TestKeyNotAskedOnRefresh(t *testing.T) {
	s := small(t).with(t, "app.client_auth", "private_key_jwt").with(t, "app.require_secret.refresh", "false")
	if got := derivedOf(t, s, "app.refresh.sender_constrained"); got != "false" {
		t.Errorf("sender constrained: %s", got)
	}
}

// Each row spoils one value and expects what is effective.
func TestEffective(t *testing.T) {
	for _, c := range []struct{ set, to, name, want string }{
		{"app.enabled", "false", "app.flows.authorization_code", "false"},
		{"app.oauth.enabled", "false", "app.flows.refresh_token", "false"},
		{"app.enabled", "unknown", "app.flows.authorization_code", "unknown"},
		{"app.enabled", "unknown", "app.flows.device", "false"},
		{"server.oauth.require_pkce", "true", "app.pkce.required", "true"},
		{"app.client_type", "public", "app.require_secret.code", "false"},
		{"app.client_type", "public", "app.require_secret.refresh", "false"},
		{"app.client_type", "confidential", "app.require_secret.code", "true"},
		{"app.client_type", "unknown", "app.require_secret.code", "unknown"},
		{"server.oauth.require_pkce", "unknown", "app.pkce.required", "unknown"},
		{"server.oauth.require_pkce", "false", "app.pkce.required", "false"},
	} {
		s := small(t).with(t, "app.pkce.required", "false").with(t, c.set, c.to)
		if got := Effective(s).Apps[0].Values[c.name].Text(); got != c.want {
			t.Errorf("%s = %s makes %s %s, want %s", c.set, c.to, c.name, got, c.want)
		}
	}
	for _, allowed := range []struct{ flow, by string }{
		{"app.flows.device", "server.oauth.allow.device"},
		{"app.flows.client_credentials", "server.oauth.allow.client_credentials"},
		{"app.flows.token_exchange", "server.oauth.allow.token_exchange"},
		{"app.flows.code_and_credentials", "server.oauth.allow.code_and_credentials"},
	} {
		s := small(t).with(t, allowed.flow, "true").with(t, allowed.by, "false")
		if got := Effective(s).Apps[0].Values[allowed.flow].Text(); got != "false" {
			t.Errorf("%s is %s though the server does not serve it", allowed.flow, got)
		}
	}
	s := small(t).with(t, "app.code_and_credentials.in_url", "true").with(t, "app.code_and_credentials.post_only", "true")
	if got := Effective(s).Apps[0].Values["app.code_and_credentials.in_url"].Text(); got != "false" {
		t.Errorf("credentials in a URL: %s", got)
	}
}
