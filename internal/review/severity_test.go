package review

import (
	"strings"
	"testing"
)

func TestBases(t *testing.T) {
	for _, c := range []struct {
		band Band
		want float64
	}{
		{BandCritical, 9.5},
		{BandHigh, 8},
		{BandMedium, 5.5},
		{BandLow, 2.5},
		{Band{6.0, 8.5, "Medium to High"}, 7.3},
		{Band{7.0, 10.0, "High or Critical, depending on the set-up"}, 8.5},
	} {
		if got := c.band.base(); got != c.want {
			t.Errorf("%s: %.1f, want %.1f", c.band.Label, got, c.want)
		}
	}
}

func TestLevels(t *testing.T) {
	for severity, want := range map[float64]string{9.5: Critical, 9: Critical, 8.9: High, 7: High, 6.9: Medium, 4: Medium, 3.9: Low, 0.1: Low, 0: None} {
		if got := Level(severity); got != want {
			t.Errorf("%.1f: %s, want %s", severity, got, want)
		}
	}
	for severity, want := range map[float64]float64{9.5: 8, 8: 5.5, 5.5: 2.5, 2.5: 1} {
		if got := residual(severity); got != want {
			t.Errorf("residual of %.1f: %.1f, want %.1f", severity, got, want)
		}
	}
}

// Each row spoils one value of a fail that starts at 8.0 with two factors:
// users authorize themselves, no address fence.
func TestFactors(t *testing.T) {
	for _, c := range []struct {
		set, to string
		want    float64
		factor  string
	}{
		{"app.par.required", "false", 9.0, "no address fence +0.5"},
		{"app.client_type", "public", 9.5, "public client +0.5"},
		{"app.first_party", "false", 9.5, "third-party app +0.5"},
		{"app.first_party", "unknown", 9.5, "third-party app +0.5 (unknown)"},
		{"app.refresh.policy", "infinite", 9.5, "refresh token without expiry +0.5"},
		{"app.scopes", "[admin]", 9.5, "privileged or wildcard scope +0.5"},
		{"app.access_token.binding", "dpop", 8.0, "sender-constrained tokens -1.0"},
		{"app.usage.live_tokens", "0", 8.0, "no live tokens -1.0"},
		{"app.policy.permitted_users", "admin_preauthorized", 8.5, "no address fence +0.5"},
	} {
		s := small(t).with(t, "app.par.required", "false").with(t, "app.pkce.required", "false").with(t, c.set, c.to)
		s.Scopes["admin"] = setting(t, map[string]string{"scope.privileged": "true", "scope.wildcard": "false"})
		f := judged(t, s, "pkce", "a")
		if f.Status != Fail || f.Severity.Computed != c.want || !strings.Contains(strings.Join(f.Severity.Factors, "; "), c.factor) {
			t.Errorf("%s = %s: %s %.1f %v, want %.1f with %q", c.set, c.to, f.Status, f.Severity.Computed, f.Severity.Factors, c.want, c.factor)
		}
	}
}

// At most two factors lower.
func TestLoweringIsLimited(t *testing.T) {
	s := small(t).with(t, "app.par.required", "false").with(t, "app.pkce.required", "false").
		with(t, "app.access_token.binding", "dpop").with(t, "app.usage.live_tokens", "0").
		with(t, "app.policy.permitted_users", "admin_preauthorized").with(t, "app.policy.groups", "[staff]")
	if f := judged(t, s, "pkce", "a"); f.Severity.Computed != 6.5 {
		t.Errorf("%.1f %v, want 6.5", f.Severity.Computed, f.Severity.Factors)
	}
}

func TestSeverityByStatus(t *testing.T) {
	open := small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	for _, c := range []struct {
		name     string
		s        Snapshot
		control  string
		computed float64
		residual float64
		level    string
		proofs   []Proof
	}{
		{"pass shows no risk", small(t), "pkce", 8, 0, None, nil},
		{"not applicable neither", small(t).with(t, "app.flows.authorization_code", "false"), "pkce", 8, 0, None, nil},
		{"mitigated leaves the band below", small(t).with(t, "app.pkce.required", "false"), "pkce", 8, 5.5, Medium, nil},
		{"a fail counts its exposure", open, "pkce", 9, 0, Critical, nil},
		{"a small fail is low", small(t).with(t, "app.secret.age", "200d"), "secret", 3.5, 0, Low, nil},
		{"a configuration that lies", small(t), "pkce", 9.5, 0, Critical, []Proof{{Probe: "probe.pkce", App: "a", Result: Broken}}},
	} {
		got := judged(t, c.s, c.control, "a", c.proofs...).Severity
		if got.Computed != c.computed || got.Residual != c.residual || got.Level != c.level {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// A small fail weighs no less than mitigation would have taken off; else
// losing a mitigation could raise a score.
func TestSmallFailHasAFloor(t *testing.T) {
	s := small(t).with(t, "app.secret.age", "200d").with(t, "app.policy.permitted_users", "admin_preauthorized").
		with(t, "app.policy.ip", "enforce").with(t, "app.policy.ip_ranges", "[192.0.2.0/24]")
	if got := judged(t, s, "secret", "a").Severity; got.Base != 2.5 || got.Computed != 2.9 {
		t.Errorf("%+v", got)
	}
}

// A server control takes the factors of the most exposed enabled app.
func TestServerSeverity(t *testing.T) {
	s := small(t)
	s.Apps[1].Values["app.pkce.required"] = Of(false, "")
	s.Apps[1].Values["app.first_party"] = Of(false, "")
	if got := judged(t, s, "server-pkce", "").Severity; got.Computed != 10 {
		t.Errorf("exposed app on: %+v", got)
	}
	s.Apps[0].Values["app.pkce.required"] = Of(false, "")
	s.Apps[1].Values["app.enabled"] = Of(false, "")
	if got := judged(t, s, "server-pkce", "").Severity; got.Computed != 9.5 {
		t.Errorf("exposed app off: %+v", got)
	}
}
