package servertest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/internal/cli"
	"countersign/internal/evidence"
)

// probed is a server with all that a probe from outside needs.
func probed(t *testing.T) *seeded {
	t.Helper()
	s := &seeded{T: t, Node: StartForTest(t, nil), secrets: map[string]string{}}
	both := []string{
		"--type", "confidential", "--first-party", "--flow", "code_and_credentials", "--flow", "refresh_token",
		"--redirect-uri", "https://shop.example/cb", "--scope", "openid offline_access api",
	}
	s.app("probed-shop", both...)
	s.app("probed-other", both...)
	if _, code := s.cli(password, "user", "create", "--username", "ann", "--password-stdin"); code != 0 {
		t.Fatal("user create")
	}
	return s
}

// probe runs the command as a stranger would: with what it was given and
// nothing of the data.
func (s *seeded) probe(args ...string) (int, string, string) {
	s.Helper()
	var out, errs bytes.Buffer
	args = append([]string{
		"probe", s.URL, "--client-id", "probed-shop", "--redirect-uri", "https://shop.example/cb", "--other-client-id", "probed-other",
		"--other-redirect-uri", "https://shop.example/cb", "--user", "ann", "--every", "0", "--data", filepath.Join(s.TempDir(), "none"),
	}, args...)
	code := cli.Main(args, strings.NewReader(""), &out, &errs, []string{
		"PROBE_CLIENT_SECRET=" + s.secrets["probed-shop"], "PROBE_OTHER_CLIENT_SECRET=" + s.secrets["probed-other"], "PROBE_PASSWORD=" + password,
	})
	return code, out.String(), errs.String()
}

type probeOutcome struct {
	Issuer string                `json:"issuer"`
	Proofs []evidence.Transcript `json:"proofs"`
}

func outcomeOf(t *testing.T, text string) map[string]evidence.Transcript {
	t.Helper()
	var o probeOutcome
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	all := map[string]evidence.Transcript{}
	for _, p := range o.Proofs {
		all[p.Probe] = p
	}
	return all
}

// TestProbeFromOutside attacks a running server that knows nothing of it: both
// dialects are found, the stolen code is refused at both, by defences with names.
func TestProbeFromOutside(t *testing.T) {
	s := probed(t)
	code, out, errs := s.probe("-o", "json")
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	for id, p := range outcomeOf(t, out) {
		if p.Result == evidence.Broken {
			t.Errorf("%s is broken: %s", id, p.Why)
		}
	}
	p := outcomeOf(t, out)["probe.stolen-code"]
	if p.Result != evidence.Held || !slices.Contains(p.AnsweredBy, "code.other-app") || p.Inferred {
		t.Errorf("stolen code: %s %q, answered by %v", p.Result, p.Why, p.AnsweredBy)
	}
	doors := map[string]bool{}
	for _, c := range p.Cases {
		doors[c.Door] = true
	}
	if !doors["standard"] || !doors["salesforce"] {
		t.Errorf("doors %v", doors)
	}
	for _, secret := range []string{s.secrets["probed-shop"], s.secrets["probed-other"], password} {
		if strings.Contains(out, secret) || strings.Contains(out, strings.ReplaceAll(secret, " ", "+")) {
			t.Error("J07: the transcript has a secret")
		}
	}
}

// TestProbeForms writes each form; what is signed here verifies here.
func TestProbeForms(t *testing.T) {
	s := probed(t)
	file := filepath.Join(t.TempDir(), "proof.jsonl")
	code, out, errs := s.probe("--scenario", "stolen-code", "--evidence", file, "--sign", "--data", s.Dir)
	if code != 0 || !strings.Contains(out, "held") || !strings.Contains(out, "1 held, 0 broken") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if out, code := s.cli("", "review", "verify", file); code != 0 || !strings.Contains(out, "sound") {
		t.Errorf("verify: %d %s", code, out)
	}
	text, err := os.ReadFile(file)
	if err != nil || bytes.Contains(text, []byte(s.secrets["probed-shop"])) {
		t.Errorf("the file has a secret, or none: %v", err)
	}
	_, page, _ := s.probe("--scenario", "stolen-code", "-o", "html")
	if !strings.Contains(page, "<!doctype html>") || !strings.Contains(page, "A stolen authorization code") {
		t.Errorf("page:\n%.300s", page)
	}
}

// TestProbeWords refuses what it should not do, and says what is wrong.
func TestProbeWords(t *testing.T) {
	s := probed(t)
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"probe", "https://login.example.com", "--client-id", "x"}, 64, "--i-own-this-server"},
		{[]string{"probe", "http://127.0.0.1:1", "--client-id", "x"}, 69, "does not answer"},
		{[]string{"probe", s.URL, "--client-id", "x", "--scenario", "nothing"}, 64, "there are: stolen-code"},
		{[]string{"probe", s.URL, "--client-id", "x", "--requests", "100000"}, 64, "polite"},
		{[]string{"probe", s.URL, "--client-id", "x", "--user", "ann"}, 64, "needs a password"},
		{[]string{"probe", s.URL, "--client-id", "x", "--auth-method", "none", "--client-secret", "y"}, 64, "does not go with"},
		{[]string{"probe", s.URL, "--client-id", "x", "--password-file", "/nonexistent", "--user", "ann"}, 65, "no such file"},
		{[]string{"probe", s.URL, "--client-id", "probed-shop", "--scenario", "stolen-code", "--strict"}, 3, "give --user"},
	} {
		var out bytes.Buffer
		code := cli.Main(row.args, strings.NewReader(""), &out, &out, nil)
		if code != row.code || !strings.Contains(out.String(), row.says) {
			t.Errorf("%v: %d, want %d and %q:\n%s", row.args, code, row.code, row.says, out.String())
		}
	}
}

// TestCodesByCommand gets codes from a command that signs in by itself.
func TestCodesByCommand(t *testing.T) {
	s := probed(t)
	script := filepath.Join(t.TempDir(), "sign-in")
	text := "#!/bin/sh\ncase $AUTHORIZATION_URL in *code_challenge=*) ;; *) exit 1 ;; esac\necho signing in >&2\necho no-such-code\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	code, out, errs := s.probe("--scenario", "stolen-code", "--code-command", script, "--dialect", "salesforce", "-o", "json")
	p := outcomeOf(t, out)["probe.stolen-code"]
	if code != 0 || p.Result != evidence.Inconclusive || !strings.Contains(p.Why, "invalid_grant") {
		t.Errorf("%d %s %q\n%s", code, p.Result, p.Why, errs)
	}
}
