package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/admin"
	"countersign/internal/cli"
)

// story is what an administrator does, one command a line. "name=member < command"
// keeps a member of the JSON that the command prints; "input | command" gives it
// a standard input.
const story = `
app create --client-id shop-12345 --name Shop --first-party --flow code_and_credentials --flow refresh_token --redirect-uri https://shop.example/cb --scope openid,offline_access --owner ann@example.com
app create --client-id weak-12345 --name Weak --first-party --flow code_and_credentials --redirect-uri https://weak.example/cb --scope openid --code-ttl 120s -o json
app create --client-id shop-12345 --name Again
app create --name Bad --scope x" --code-ttl 5h
app list
app list -o json
app show Shop
app show shop-12345 -o json
app show nobody
app set Shop --flow refresh_token=off --access-ttl 10m
app set Shop --redirect-uri=+https://shop.example/other --scope= --nonce-required
app set Shop --scope openid,offline_access --flow refresh_token
app set Shop --access-ttl 10m
app set Shop --scope full -o json
app set Shop --scope full --waive --reason migration --until 30d
app set Shop --scope openid,offline_access --force
app rotate-secret Shop --overlap 1h
secret=secrets.1.id < app show Shop -o json
app remove-secret Shop $secret
app remove-secret Shop nothing
user create --username ann --email ann@example.com --group staff --group night
a quiet river under the bridge | user create --username bob --password-stdin -o json
password | user create --username eve --password-stdin
user create --username ann
user list
user list --limit 1
ann=id < user show ann -o json
user list --after $ann -o json
user show ann@example.com
user show ann -o json
user show nobody
user set ann --email ann@example.org --email-verified --group=-night
user set ann --group= --nickname Anni
user set ann --email nonsense
one more quiet river | user set-password ann --password-stdin
user disable ann
user show ann
user enable ann
user unlock ann
user delete bob
user delete bob
key list
kid=kid < key rotate --alg RS256 -o json
key list --all
key retire $kid
key retire nothing
key list --all -o json
grant list --user ann
grant list --app Shop --user ann -o json
grant list
grant revoke --app Shop
grant revoke --user ann -o json
grant revoke nonsense
org show
org set --require-pkce --flow device=off --name Here
org set --require-pkce
org set --max-access-ttl 5y
org show -o json
review run --app Weak --no-keep
review run --app Weak --control code-lifetime -o json
review run --control nothing
review run --fail-on critical -o csv
review list
review diff
waiver=id < waiver add oauth-usage Weak --reason migration --owner ann@example.com --until 30d -o json
waiver add code-lifetime Weak --reason migration --owner ann@example.com --until 300d
waiver add nothing Weak --reason migration --owner ann@example.com --until 30d
waiver list
waiver end $waiver
waiver end $waiver
waiver list -o json
audit list --limit 1000 --app Shop
audit list --event user.created -o json
audit list --event nothing
audit list --limit 3 --user ann
app delete weak-12345
app delete weak-12345
`

// alike takes out of an output what differs between any two servers: times, ids
// and secrets that were drawn, who did it, and the kid of a key.
var alike = []struct{ pattern, by string }{
	{`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`, "TIME"},
	{`css_[A-Za-z0-9_-]{43}`, "SECRET"},
	{`"hint": "[^"]{4}"`, `"hint": "HINT"`},
	{`…[A-Za-z0-9_-]{4}`, "…HINT"},
	{`\b005[A-Za-z0-9]{15}\b`, "PERSON"},
	{`\b0(0D|DB)[A-Za-z0-9]{15}\b`, "ORG"},
	{`\bA[A-Za-z0-9_-]{21}(?:\b|$)`, "ID"},
	{`\b(cli|api:ops-machine)\b`, "WHO"},
	{`"kid": "[^"]+"`, `"kid": "KID"`},
	{`(?m)^[A-Za-z0-9_-]{43} `, "KID "},
	{`removed key \S+`, "removed key KID"},
	{`kid=\S+`, "kid=KID"},
	{`"(configuration|value)_hash": "[^"]+"`, `"HASH": ""`},
	{`kid +\S+`, "kid KID"},
	{`  +`, "  "},
	{`configuration [0-9a-f]{12,}`, "configuration HASH"},
	{`\b[0-9a-f]{32}\b`, "HASH"},
	{`\b\d+s\b`, "AGE"},
	{`"server_version": "[^"]*"`, `"server_version": ""`},
	{`\(devel\)|\btest\b`, "VERSION"},
}

func normal(text string) string {
	for _, a := range alike {
		text = regexp.MustCompile(a.pattern).ReplaceAllString(text, a.by)
	}
	return text
}

// teller tells the story through one door.
type teller struct {
	t       *testing.T
	more    []string // words behind each command
	environ []string
	kept    map[string]string
	look    func() error
}

func (s *teller) tell(line string) string {
	s.t.Helper()
	keep, rest, keeps := strings.Cut(line, " < ")
	if !keeps {
		rest = line
	}
	stdin, words, has := strings.Cut(rest, " | ")
	if !has {
		stdin, words = "", rest
	}
	words = os.Expand(words, func(name string) string { return s.kept[name] })
	var out, errs bytes.Buffer
	code := cli.Main(append(strings.Fields(words), s.more...), strings.NewReader(stdin), &out, &errs, s.environ)
	if err := s.look(); err != nil {
		s.t.Fatal(err)
	}
	if keeps {
		name, member, _ := strings.Cut(keep, "=")
		s.kept[name] = pick(s.t, out.Bytes(), member)
	}
	return normal(fmt.Sprintf("%s\nexit %d\n%s%s", line, code, out.String(), errs.String()))
}

func pick(t *testing.T, text []byte, path string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			v = x[name[0]-'0']
		}
	}
	s, _ := v.(string)
	return s
}

// TestBothDoors: the same story, told on the server's machine and from elsewhere
// through the Admin API, has the same output, word for word.
func TestBothDoors(t *testing.T) {
	t.Parallel()
	here, elsewhere := StartForTest(t, nil), StartForTest(t, nil)
	rights := make([]string, len(admin.Rights))
	for i, r := range admin.Rights {
		rights[i] = string(r.Scope)
	}
	var secret string
	for _, n := range []*Node{here, elsewhere} { // both, so that lists are alike
		var out, errs bytes.Buffer
		if code := cli.Main([]string{
			"app", "create", "--client-id", "ops-machine", "--name", "Ops", "--type", "confidential", "--platform", "machine", "--flow", "client_credentials",
			"--scope", strings.Join(rights, ","), "-o", "json", "--data", n.Dir,
		}, strings.NewReader(""), &out, &errs, nil); code != 0 {
			t.Fatal(errs.String())
		}
		secret = pick(t, out.Bytes(), "client_secret")
		if err := n.Look(); err != nil {
			t.Fatal(err)
		}
	}
	local := &teller{t: t, more: []string{"--data", here.Dir}, kept: map[string]string{}, look: here.Look}
	remote := &teller{
		t: t, more: []string{"--server", elsewhere.URL}, kept: map[string]string{}, look: elsewhere.Look,
		environ: []string{"COUNTERSIGN_CLIENT_ID=ops-machine", "COUNTERSIGN_CLIENT_SECRET=" + secret},
	}
	for line := range strings.Lines(strings.TrimSpace(story)) {
		line = strings.TrimSpace(line)
		if diff := cmp.Diff(strings.Split(local.tell(line), "\n"), strings.Split(remote.tell(line), "\n")); diff != "" {
			t.Errorf("%s: on the machine (-), from elsewhere (+):\n%s", line, diff)
		}
	}
}

// TestTheOtherDoorIsShut: without a token, with a wrong one, or for what only the
// machine itself can do.
func TestTheOtherDoorIsShut(t *testing.T) {
	n := StartForTest(t, nil)
	file := t.TempDir() + "/token"
	if err := os.WriteFile(file, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		words   string
		environ []string
		code    int
		said    string
	}{
		"nobody":              {"app list", nil, 64, "COUNTERSIGN_TOKEN"},
		"a wrong token":       {"app list", []string{"COUNTERSIGN_TOKEN=nonsense"}, 1, "token.malformed"},
		"a wrong file":        {"app list --token-file " + file, nil, 1, "token.malformed"},
		"no file":             {"app list --token-file /nowhere", nil, 1, "no such file"},
		"a wrong secret":      {"app list", []string{"COUNTERSIGN_CLIENT_ID=ops-machine", "COUNTERSIGN_CLIENT_SECRET=x"}, 1, "invalid_client"},
		"the machine's own":   {"backup --out /nowhere", []string{"COUNTERSIGN_TOKEN=x"}, 64, "own machine"},
		"a fix of everything": {"review fix", []string{"COUNTERSIGN_TOKEN=x"}, 64, "own machine"},
	} {
		var out, errs bytes.Buffer
		code := cli.Main(append(strings.Fields(row.words), "--server", n.URL), strings.NewReader(""), &out, &errs, row.environ)
		if code != row.code || !strings.Contains(errs.String(), row.said) || out.Len() > 0 {
			t.Errorf("%s: %d %s%s", name, code, out.String(), errs.String())
		}
	}
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"app", "list", "--server", "http://127.0.0.1:1"}, strings.NewReader(""), &out, &errs, []string{"COUNTERSIGN_TOKEN=x"}); code != 1 {
		t.Error("a server that is not there:", code, errs.String())
	}
}
