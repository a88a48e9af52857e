package server

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/config"
	"countersign/internal/evidence"
	"countersign/internal/flow"
)

// proved runs scenarios on apps, and makes sure that no lab is left behind.
func proved(t *testing.T, scenarios []string, apps ...*client.Client) []*evidence.Transcript {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	steps := 0
	made, err := Prover(config.Default(), "test", time.Now)(t.Context(), admin.Proving{Apps: apps, Scenarios: scenarios, Step: func(s admin.ProofStep) {
		if s.Case == nil {
			steps++
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if steps != len(made) {
		t.Errorf("%d scenarios, %d steps told", len(made), steps)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return made
}

// TestProveTypical: of an app as it should be, every scenario holds or does not
// apply, the server's own included, in the words of each dialect.
func TestProveTypical(t *testing.T) {
	held := 0
	for _, tr := range proved(t, nil, typical()) {
		switch tr.Result {
		case evidence.Held:
			held++
		case evidence.Broken, evidence.Inconclusive:
			t.Errorf("%s of %q is %s: %s", tr.Probe, tr.Subject, tr.Result, tr.Why)
		case evidence.NotApplicable:
		}
		for _, c := range tr.Cases {
			for _, remark := range c.Remarks {
				t.Logf("%s, case %d at %s: %s", tr.Probe, c.Number, c.Door, remark)
			}
		}
	}
	if held < 25 {
		t.Errorf("%d scenarios held", held)
	}
}

// TestProveLoose: where a setting lets a thief in, the thief gets in, and nothing
// else is called broken.
func TestProveLoose(t *testing.T) {
	loose := typical()
	loose.ID, loose.Settings.Rotation = "loose-app", false
	loose.Settings.Flows[flow.CodeAndCredentials], loose.Settings.Flows[flow.RefreshToken] = flow.Switch{On: true}, flow.Switch{On: true}
	off := typical()
	off.ID, off.Disabled = "blocked-app", true
	scenarios := []string{"probe.stolen-code", "probe.pkce", "probe.refresh-reuse", "probe.stolen-refresh-token", "probe.kill-switch"}
	want := map[string]evidence.Result{
		"loose-app probe.stolen-code": evidence.Held, // a code without a challenge is good for nobody who proves nothing
		"loose-app probe.pkce":        evidence.Held, "loose-app probe.refresh-reuse": evidence.Broken,
		"loose-app probe.stolen-refresh-token": evidence.Broken, "loose-app probe.kill-switch": evidence.Held,
	}
	for _, tr := range proved(t, scenarios, loose, off) {
		w, listed := want[tr.Subject+" "+tr.Probe]
		if !listed {
			w = evidence.NotApplicable
		}
		if tr.Result != w {
			t.Errorf("%s of %s is %s: %s", tr.Probe, tr.Subject, tr.Result, tr.Why)
		}
	}
}

// TestFencedAndAssigned: policies of people and places are proven with people and
// places the policy has never heard of.
func TestFencedAndAssigned(t *testing.T) {
	fenced, assigned := typical(), typical()
	fenced.ID, fenced.Policy.IPRanges = "fenced-app", []string{"10.0.0.0/8"}
	assigned.ID, assigned.Policy.PermittedUsers, assigned.Policy.Groups = "assigned-app", client.AdminPreauthorized, []string{"staff"}
	for _, tr := range proved(t, []string{"probe.ip-policy", "probe.unassigned-user"}, fenced, assigned) {
		applies := (tr.Subject == "fenced-app") == (tr.Probe == "probe.ip-policy")
		if applies && tr.Result != evidence.Held || !applies && tr.Result != evidence.NotApplicable {
			t.Errorf("%s of %s is %s: %s", tr.Probe, tr.Subject, tr.Result, tr.Why)
		}
	}
}

// TestSweepLabs: the remains of a killed lab go away, a lab at work stays.
func TestSweepLabs(t *testing.T) {
	parent := t.TempDir()
	remains, _, err := newLabDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	working, lock, err := newLabDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	sweepLabs(parent)
	for dir, want := range map[string]bool{remains: true, working: true} { // both are held
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v", dir, err)
		}
	}
	killed := filepath.Join(parent, labPrefix+"killed")
	if err := os.MkdirAll(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(killed, "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sweepLabs(parent)
	if _, err := os.Stat(killed); err == nil {
		t.Error("the remains of a killed lab are still there")
	}
}

// TestInterrupted: who is interrupted leaves nothing behind, either.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Prover(config.Default(), "test", time.Now)(ctx, admin.Proving{Apps: []*client.Client{typical()}, Step: func(admin.ProofStep) { cancel() }})
	if err == nil {
		t.Error("no error tells that it was interrupted")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestLabConfig: a lab is under the server's configuration, but for where it is and
// whom it believes.
func TestLabConfig(t *testing.T) {
	c := config.Default()
	c.Issuer, c.Database, c.Salesforce.SitePrefix = "https://login.example/as", "postgres://db/x", "/customers"
	c.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8", "0.0.0.0/0"}
	got := labConfig(c, "dir")
	if got.Issuer != c.Issuer || got.Salesforce != c.Salesforce || got.Login != c.Login || got.Data != "dir" || got.Database != "" {
		t.Errorf("%+v", got)
	}
	if len(got.TrustedProxies) != 1 || got.TrustedProxies[0] != "10.0.0.0/8" {
		t.Errorf("trusted: %v", got.TrustedProxies)
	}
}
