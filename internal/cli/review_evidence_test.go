package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/review/seal"
	"countersign/internal/server"
)

// say runs a command and returns its exit code and all that it printed.
func say(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := Main(args, strings.NewReader(""), &out, &out, nil)
	return code, out.String()
}

// signedTranscript writes a transcript signed by a fresh database's review key.
func signedTranscript(t *testing.T, data, file string) {
	t.Helper()
	d, err := server.OpenData(t.Context(), server.DataOptions{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	signer, err := d.Desk.ReviewSigner(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	proof := evidence.Transcript{Probe: "probe.stolen-code", Subject: "shop", Result: "held", Cases: []evidence.Case{{
		Number: 1, Title: "No credentials", Result: "held",
		Exchanges: []evidence.Exchange{{Who: "the thief", What: "redeems it", Request: evidence.Message{Line: "POST /oauth2/token"}, Response: evidence.Message{Status: 401}}},
	}}}
	if err := seal.Write(&b, []evidence.Transcript{proof}, signer, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestVerifyBesideAndWithoutTheDatabase verifies with the database's keys, with
// an exported key set, and with the keys of somebody else.
func TestVerifyBesideAndWithoutTheDatabase(t *testing.T) {
	dir := t.TempDir()
	data, file, keys := filepath.Join(dir, "data"), filepath.Join(dir, "proof.jsonl"), filepath.Join(dir, "keys.json")
	signedTranscript(t, data, file)
	code, set := say(t, "review", "key", "--data", data)
	if code != exitOK || os.WriteFile(keys, []byte(set), 0o600) != nil || strings.Contains(set, `"d"`) {
		t.Fatalf("review key: %d %s", code, set)
	}
	other := filepath.Join(dir, "other.json")
	signedTranscript(t, filepath.Join(dir, "elsewhere"), filepath.Join(dir, "x.jsonl"))
	_, set = say(t, "review", "key", "--data", filepath.Join(dir, "elsewhere"))
	if err := os.WriteFile(other, []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	touched := filepath.Join(dir, "touched.jsonl")
	text, err := os.ReadFile(file)
	if err != nil || os.WriteFile(touched, bytes.Replace(text, []byte(`"status":401`), []byte(`"status":200`), 1), 0o600) != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args string
		code int
		says string
	}{
		{"--data " + data + " " + file, exitOK, "sound: 1 transcripts with 1 messages"},
		{"--data " + dir + "/none --key " + keys + " " + file, exitOK, "sound"},
		{"--key " + keys + " -o json " + file, exitOK, `"sound": true`},
		{"--key " + other + " " + file, exitFailure, "not by a review key that is known here"},
		{"--key " + keys + " " + touched, exitFailure, "changed: probe.stolen-code of shop, case 1, message 1: POST /oauth2/token (line 3)"},
		{"--key " + keys + " -o json " + touched, exitFailure, `"sound": false`},
		{"--key " + keys + " " + keys, exitUnreadable, "this is no transcript of a proof"},
		{"--key " + file + " " + file, exitUnreadable, "not a set of public keys"},
		{"--key " + keys + " " + dir + "/none", exitUnreadable, "no such file"},
		{"--data " + dir + "/none " + file, exitUnreadable, "the review keys of this database"},
	} {
		code, said := say(t, append([]string{"review", "verify"}, strings.Fields(row.args)...)...)
		if code != row.code || !strings.Contains(said, row.says) {
			t.Errorf("review verify %s: %d, want %d and %q:\n%s", row.args, code, row.code, row.says, said)
		}
	}
}

// TestReplay makes a proof again: the same server gives the same answers, one
// whose defence is gone does not, and a file that was touched is not run.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "proof.jsonl")
	if code, out := say(t, "app", "create", "--client-id", "shop-app-1", "--data", data, "--name", "Shop", "--type", "confidential", "--first-party",
		"--flow", "code_and_credentials", "--redirect-uri", "https://shop.example/cb", "--scope", "openid", "--force"); code != exitOK {
		t.Fatalf("%d %s", code, out)
	}
	if code, out := say(t, "review", "--data", data, "--prove", "--app", "shop-app-1", "--control", "require-pkce", "--evidence", file, "--fail-on", "critical"); code != exitOK && code != exitFailure {
		t.Fatalf("%d %s", code, out)
	}
	if code, out := say(t, "review", "replay", file, "--data", data); code != exitOK || !strings.Contains(out, " 0 differences") {
		t.Errorf("the same server: %d %s", code, out)
	}
	if code, out := say(t, "app", "set", "shop-app-1", "--data", data, "--require-pkce=off", "--force"); code != exitOK {
		t.Fatalf("%d %s", code, out)
	}
	if code, out := say(t, "review", "replay", file, "--data", data); code != exitFailure || !strings.Contains(out, "probe.pkce of shop-app-1, case") {
		t.Errorf("without PKCE: %d %s", code, out)
	}
	text, err := os.ReadFile(file)
	if err != nil || os.WriteFile(file, bytes.Replace(text, []byte("400 Bad"), []byte("200 Bad"), 1), 0o600) != nil {
		t.Fatal(err)
	}
	if code, out := say(t, "review", "replay", file, "--data", data); code != exitUnreadable || !strings.Contains(out, "not run again") {
		t.Errorf("a touched file: %d %s", code, out)
	}
	if code, _ := say(t, "review", "--data", data, "--evidence", file); code != exitUsage {
		t.Errorf("evidence without a proof: %d", code)
	}
}
