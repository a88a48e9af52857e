package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/report"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// judgePaths reviews metadata as the command does.
func judgePaths(tb testing.TB, path string) *review.Run {
	tb.Helper()
	s, err := reviewPaths([]string{path}, today)
	if err != nil {
		tb.Fatal(err)
	}
	return review.Judge(review.Input{Snapshot: s, Controls: controls.Catalogue(), Catalogue: controls.Version})
}

type sarifLog struct {
	Runs []struct {
		Results []struct {
			RuleID    string `json:"ruleId"`
			Locations []struct {
				Physical struct {
					Artifact struct {
						URI string `json:"uri"`
					} `json:"artifactLocation"`
					Region struct {
						StartLine int `json:"startLine"`
					} `json:"region"`
				} `json:"physicalLocation"`
			} `json:"locations"`
		} `json:"results"`
	} `json:"runs"`
}

// Every fault of a file is shown in that file, in a line that exists.
func TestSARIFOfMetadataPointsAtFileAndLine(t *testing.T) {
	t.Chdir("../sfdx/testdata")
	var b bytes.Buffer
	if err := report.SARIF(&b, judgePaths(t, "risky"), report.Options{}); err != nil {
		t.Fatal(err)
	}
	var doc sarifLog
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	placed := map[string]string{}
	for _, r := range doc.Runs[0].Results {
		if len(r.Locations) == 0 || r.Locations[0].Physical.Artifact.URI == "" {
			if len(r.RuleID) == 3 {
				t.Errorf("%s has no file", r.RuleID)
			}
			continue
		}
		at := r.Locations[0].Physical
		name, err := url.PathUnescape(at.Artifact.URI)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%s: %v", r.RuleID, err)
			continue
		}
		lines := strings.Split(string(text), "\n")
		if n := at.Region.StartLine; n < 1 || n > len(lines) {
			t.Errorf("%s: %s has no line %d", r.RuleID, name, n)
		} else {
			placed[r.RuleID+" "+filepath.Base(name)] = lines[n-1]
		}
	}
	for where, want := range map[string]string{
		"M09 Risky_Login_glbl.ecaGlblOauth-meta.xml":       "isCodeCredPostOnly",
		"M18 Risky_Login_glbl.ecaGlblOauth-meta.xml":       "shouldRotateConsumer",
		"M16 Legacy_Portal.connectedApp-meta.xml":          "ipRelaxation",
		"X03 ExternalClientApp.settings-meta.xml":          "enableClientSecretInRestApiAccess",
		"require-pkce Legacy_Portal.connectedApp-meta.xml": "isPkceRequired",
	} {
		if !strings.Contains(placed[where], want) {
			t.Errorf("%s points at %q, want the line of %s", where, placed[where], want)
		}
	}
}

func copyTree(tb testing.TB, from, to string) {
	tb.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		tb.Fatal(err)
	}
}

func session80(out io.Writer, form string) *session {
	return &session{globals: &globals{Output: form}, out: out, err: io.Discard, now: func() time.Time { return today }}
}

// A fix that is written changes exactly what its diff shows, and mends what it
// says.
func TestFixPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	copyTree(t, filepath.Join(started, "../sfdx/testdata/risky"), "risky")
	before := readTree(t, "risky")
	var dry, wet bytes.Buffer
	what := admin.Reviewing{Apps: []string{"Risky_Login"}, Controls: []string{"require-pkce", "M09"}}
	if err := fixPaths(session80(&dry, "table"), []string{"risky"}, what, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"-    <isPkceRequired>false</isPkceRequired>\n+    <isPkceRequired>true</isPkceRequired>\n",
		"-    <isCodeCredPostOnly>false</isCodeCredPostOnly>\n+    <isCodeCredPostOnly>true</isCodeCredPostOnly>\n",
		"require-pkce on Risky_Login: fail -> pass", "Nothing was written; --apply changes 1 file.",
	} {
		if !strings.Contains(dry.String(), want) {
			t.Errorf("the dry run does not say %q:\n%s", want, dry.String())
		}
	}
	if got := readTree(t, "risky"); got["tree"] != before["tree"] {
		t.Error("the dry run wrote something")
	}
	if err := fixPaths(session80(&wet, "json"), []string{"risky"}, what, true); err != nil {
		t.Fatal(err)
	}
	after := readTree(t, "risky")
	const file = "risky/force-app/main/default/extlClntAppGlobalOauthSets/Risky_Login_glbl.ecaGlblOauth-meta.xml"
	want := strings.NewReplacer("PkceRequired>false", "PkceRequired>true", "CodeCredPostOnly>false", "CodeCredPostOnly>true").Replace(before[file])
	for name, text := range after {
		if name != "tree" && name != file && text != before[name] {
			t.Errorf("%s changed", name)
		}
	}
	if after[file] != want {
		t.Errorf("%s is now\n%s", file, after[file])
	}
	if !strings.Contains(wet.String(), `"written": true`) {
		t.Errorf("json: %s", wet.String())
	}
}

// readTree reads all files; "tree" is everything as one text.
func readTree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	var all strings.Builder
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		out[filepath.ToSlash(p)] = string(data)
		fmt.Fprintf(&all, "%s\n%s\n", p, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out["tree"] = all.String()
	return out
}

// started is the directory of the package, before any test leaves it.
var started = func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir
}()

// BenchmarkReview2000 reads 2,000 files from a disk, judges 400 apps by every
// control and writes the report; the aim is under two seconds.
func BenchmarkReview2000(b *testing.B) {
	dir := b.TempDir()
	const healthy = "../sfdx/testdata/healthy/force-app/main/default/"
	for i := range 400 {
		for _, f := range []string{
			"externalClientApps/#.eca", "extlClntAppGlobalOauthSets/#_glbl.ecaGlblOauth", "extlClntAppOauthSettings/#_oauth.ecaOauth",
			"extlClntAppOauthPolicies/#_oauth_defaultPolicy.ecaOauthPlcy", "extlClntAppPolicies/#_plcy.ecaPlcy",
		} {
			text, err := os.ReadFile(healthy + strings.Replace(f, "#", "Shop_Login", 1) + "-meta.xml")
			if err != nil {
				b.Fatal(err)
			}
			name := fmt.Sprintf("App_%03d", i)
			to := filepath.Join(dir, "force-app", "main", "default", strings.Replace(f, "#", name, 1)+"-meta.xml")
			text = bytes.ReplaceAll(text, []byte("Application>Shop_Login<"), []byte("Application>"+name+"<"))
			if i%10 == 0 {
				text = bytes.ReplaceAll(text, []byte("PkceRequired>true"), []byte("PkceRequired>false"))
			}
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(to, text, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		run := judgePaths(b, dir)
		if err := report.Write(io.Discard, "table", run, report.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
