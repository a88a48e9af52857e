package cli

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/server"
)

// everything is all that the data say, in one value.
func everything(t *testing.T, data string) string {
	t.Helper()
	d, err := server.OpenData(t.Context(), server.DataOptions{Dir: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	apps, err := d.Desk.AllApps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	people, err := d.Desk.Users(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	events, err := d.DB.List(t.Context(), audit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := d.Desk.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, a := range apps {
		fmt.Fprintf(&b, "%+v\n", admin.ViewApp(a))
	}
	for _, p := range people {
		fmt.Fprintf(&b, "%+v\n", *p)
	}
	for _, e := range events {
		b.Write(e.Encode())
	}
	return fmt.Sprintf("%d apps, %d people, %d events, %d keys, %x", len(apps), len(people), len(events), len(keys), sha256.Sum256([]byte(b.String())))
}

// TestProveLeavesNoTrace: a proof says what was proven, and changes nothing in the
// data. A weakness that was demonstrated is told as one.
func TestProveLeavesNoTrace(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	t.Setenv("TMPDIR", t.TempDir())
	if code, out := say(t, "app", "create", "--client-id", "shop-app-1", "--data", data, "--name", "Shop", "--type", "confidential", "--first-party", "--flow", "code_and_credentials",
		"--redirect-uri", "https://shop.example/cb", "--scope", "openid", "--scope", "offline_access", "--force"); code != exitOK {
		t.Fatalf("%d %s", code, out)
	}
	before := everything(t, data)
	prove := []string{"review", "--data", data, "--prove", "--no-keep", "--app", "Shop", "--control", "require-secret-code", "--control", "refresh-rotation", "--control", "session-assurance"}
	file := filepath.Join(t.TempDir(), "run.json")
	if code, out := say(t, append(prove, "--out", file)...); code == exitInternal || code >= exitUsage {
		t.Fatalf("%d %s", code, out)
	}
	if after := everything(t, data); after != before {
		t.Errorf("the data before: %s\nand after: %s", before, after)
	}
	run, err := readRun(file)
	if err != nil {
		t.Fatal(err)
	}
	for control, want := range map[string]string{"require-secret-code": "proven", "refresh-rotation": "proven", "session-assurance": "not tried"} {
		if f, ok := run.Find(control, "shop-app-1"); !ok || f.Proof != want {
			t.Errorf("%s: %q", control, f.Proof)
		}
	}
	if len(run.Transcripts) < 3 || !run.Header.Proofs {
		t.Errorf("%d transcripts", len(run.Transcripts))
	}
	if code, out := say(t, "app", "set", "shop-app-1", "--data", data, "--rotation=off", "--require-secret", "refresh_token=off", "--force"); code != exitOK {
		t.Fatalf("%d %s", code, out)
	}
	if code, out := say(t, append(prove, "--out", file)...); code != exitFailure {
		t.Fatalf("%d %s", code, out)
	}
	if run, err = readRun(file); err != nil {
		t.Fatal(err)
	}
	if f, _ := run.Find("refresh-rotation", "shop-app-1"); f.Proof != "demonstrated" || f.Contradicted {
		t.Errorf("refresh-rotation: %q", f.Proof)
	}
	if f, _ := run.Find("require-secret-code", "shop-app-1"); f.Proof != "proven" {
		t.Errorf("require-secret-code: %q", f.Proof)
	}
}

// TestProveFiles: files cannot be attacked.
func TestProveFiles(t *testing.T) {
	if code, out := say(t, "review", "--prove", t.TempDir()); code != exitUsage || !strings.Contains(out, "files cannot be attacked") {
		t.Errorf("%d %s", code, out)
	}
}
