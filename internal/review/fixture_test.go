package review

import (
	"testing"
	"time"
)

// moment is when the snapshots of these tests were taken.
var moment = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

// setting gives a Value for each text, in the form of ParseValue.
func setting(t *testing.T, texts map[string]string) Values {
	t.Helper()
	values := Values{}
	for name, text := range texts {
		v, err := ParseValue(name, text)
		if err != nil {
			t.Fatal(err)
		}
		v.Layer = "app setting"
		values[name] = v
	}
	return values
}

// small is a snapshot with the apps "a" and "b" and just enough values for the
// controls of [few].
func small(t *testing.T) Snapshot {
	t.Helper()
	app := map[string]string{
		"app.enabled": "true", "app.oauth.enabled": "true", "app.client_type": "confidential", "app.first_party": "true",
		"app.flows.authorization_code": "true", "app.flows.code_and_credentials": "false", "app.flows.client_credentials": "false",
		"app.flows.jwt_bearer": "false", "app.flows.device": "false", "app.flows.token_exchange": "false", "app.flows.refresh_token": "true",
		"app.pkce.required": "true", "app.pkce.methods": "[S256]", "app.require_secret.code": "true", "app.require_secret.refresh": "true",
		"app.client_auth": "client_secret_basic", "app.access_token.binding": "none", "app.access_token.ttl": "15m",
		"app.refresh.policy": "inactivity", "app.scopes": "[openid]", "app.policy.permitted_users": "self_authorize",
		"app.policy.groups": "[]", "app.policy.ip": "bypass", "app.policy.ip_ranges": "[]", "app.usage.live_tokens": "3", "app.secret.age": "10d",
		"app.par.required": "true",
	}
	return Snapshot{
		Taken: moment, ServerVersion: "1", Source: "server",
		Server: setting(t, map[string]string{
			"server.oauth.require_pkce": "false", "server.oauth.allow.code_and_credentials": "true", "server.oauth.allow.device": "true",
			"server.oauth.allow.client_credentials": "true", "server.oauth.allow.token_exchange": "true", "server.oauth.iss_parameter": "true",
		}),
		Apps: []App{
			{ID: "a", Name: "A", Values: setting(t, app)},
			{ID: "b", Name: "B", Values: setting(t, app)},
		},
		Scopes: map[string]Values{},
	}
}

// with spoils one value of app "a", or of the server.
func (s Snapshot) with(t *testing.T, name, text string) Snapshot {
	t.Helper()
	s = s.Clone()
	v := setting(t, map[string]string{name: text})[name]
	if terms[name].perApp() {
		s.Apps[0].Values[name] = v
	} else {
		s.Server[name] = v
	}
	return s
}

// few are four small controls: one that can be mitigated, one that cannot, one
// that reads a value which drifts, and one of the server that cites another.
func few() []Control {
	text := Text{Title: "A title"}
	return []Control{
		{
			ID: "pkce", Scope: PerApp, CVSS: BandHigh, Text: text, Probe: Probe{ID: "probe.pkce", Cases: []int{1, 2}},
			NotApplicable: func(e *Eval) Truth { return e.False("app.issues_codes") },
			Pass:          func(e *Eval) Truth { return e.True("app.pkce.enforced") },
			Mitigated:     func(e *Eval) Truth { return e.True("app.par.required") },
			MitigatedBy:   []string{"par"}, Defences: []string{"par."}, Relieves: []string{"code.other-app"},
			Fix: Fix{Patch: []Change{Write("app.pkce.required", true), Write("app.pkce.methods", []string{"S256"})}, Breaks: "Whoever."},
		},
		{
			ID: "par", Scope: PerApp, CVSS: BandMedium, Text: text, Probe: Probe{ID: "probe.par"},
			Pass: func(e *Eval) Truth { return e.True("app.par.required") },
			Fix:  Fix{Patch: []Change{Write("app.par.required", true)}, Breaks: "Whoever."},
		},
		{
			ID: "secret", Scope: PerApp, CVSS: BandCritical, Text: text, Probe: Probe{ID: "probe.secret"},
			Pass: func(e *Eval) Truth {
				return All(e.AtMost("app.secret.age", 90*Day), e.AtMost("app.access_token.ttl", time.Hour))
			},
			Manual: func(e *Eval) Truth { return e.Attested("vault") },
			Minor:  func(e *Eval) Truth { return e.False("app.scopes.any_privileged") },
			Fix:    Fix{Patch: []Change{WriteAsked("app.access_token.ttl", "the shortest the app bears"), Task("draw a new secret").For(Confidential)}, Breaks: "Whoever."},
		},
		{
			ID: "server-pkce", Scope: PerServer, CVSS: Band{7, 10, "High or Critical"}, Text: text, Probe: Probe{ID: "probe.server"}, Cites: []string{"pkce"},
			Pass: func(e *Eval) Truth {
				return Any(e.True("server.oauth.require_pkce"), e.EveryApp("every app is safe", func(a *Eval) Truth { return a.Verdict("pkce", Pass, NotApplicable) }))
			},
			Fix: Fix{Patch: []Change{Write("server.oauth.require_pkce", true)}, Breaks: "Whoever."},
		},
	}
}

// judged is one finding of a snapshot.
func judged(t *testing.T, s Snapshot, control, app string, proofs ...Proof) Finding {
	t.Helper()
	f, ok := Judge(Input{Snapshot: s, Controls: few(), Proofs: proofs}).Find(control, app)
	if !ok {
		t.Fatalf("no finding of %s on %q", control, app)
	}
	return f
}
