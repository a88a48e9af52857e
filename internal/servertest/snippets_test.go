package servertest

import (
	"context"
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
)

const (
	snippetUser     = "ann@example.com"
	snippetPassword = `correct "horse" & $battery 'staple'`
)

// TestSnippetsLogIn: of every kind of app the snippets that this machine can run
// get a token from a running server; the others are read as far as they can be.
func TestSnippetsLogIn(t *testing.T) {
	n := StartForTest(t, nil)
	desk := *n.server.Desk
	desk.Now = n.Clock.Now
	if _, err := desk.CreateUser(t.Context(), admin.NewUser{Username: snippetUser, Password: snippetPassword}); err != nil {
		t.Fatal(err)
	}
	for _, k := range admin.Kinds {
		for _, method := range []client.AuthMethod{client.AuthSecretBasic, client.AuthSecretPost} {
			answers := []admin.Set{{Field: "name", Values: []string{k.Title}}, {Field: "owner", Values: []string{snippetUser}}}
			for _, a := range k.Asks {
				if a.Must && a.Usual == "" {
					answers = append(answers, admin.Set{Field: a.Field, Values: []string{a.Hint}})
				}
			}
			sets := k.Filled(n.URL, n.Clock.Now(), answers)
			if named(sets, "confidential") {
				sets = append(sets, admin.Set{Field: "auth-method", Values: []string{string(method)}})
			} else if method == client.AuthSecretPost {
				continue
			}
			t.Run(k.Name+" "+string(method), func(t *testing.T) {
				r, err := desk.CreateApp(t.Context(), "", sets)
				if err != nil {
					t.Fatal(err)
				}
				runSnippets(t, &desk, r, n.URL)
			})
		}
	}
}

func named(sets []admin.Set, value string) bool {
	for _, s := range sets {
		if len(s.Values) == 1 && s.Values[0] == value {
			return true
		}
	}
	return false
}

func runSnippets(t *testing.T, desk *admin.Desk, r admin.AppResult, issuer string) {
	t.Helper()
	first, err := desk.Snippets(t.Context(), r.App, admin.Place{Issuer: issuer, Secret: r.Secret})
	if err != nil {
		t.Fatal(err)
	}
	later, err := desk.Snippets(t.Context(), r.App, admin.Place{Issuer: issuer})
	if err != nil || len(later) < 2 {
		t.Fatalf("%d snippets, %v", len(later), err)
	}
	for i, s := range later {
		if strings.Contains(s.Text, client.SecretPrefix) || strings.Contains(first[i].Text, client.SecretPrefix) != (s.Lang == "curl" && r.Secret != "") {
			t.Errorf("%s: a secret is where it does not belong, or is missing at its first showing", s.Lang)
		}
		if !strings.Contains(s.Text, string(r.App.ID)) || !strings.Contains(s.Text, issuer) || strings.Contains(s.Text, "<no value>") {
			t.Errorf("%s without the real ids:\n%s", s.Lang, s.Text)
		}
		runSnippet(t, s, r.Secret)
	}
	runSnippet(t, first[0], "") // with the secret inside
}

// runSnippet runs a snippet and looks for the tokens it got.
func runSnippet(t *testing.T, s admin.Snippet, secret string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), s.File)
	text, program := s.Text, []string{"sh", path}
	switch s.Lang {
	case "curl":
	case "go":
		if _, err := parser.ParseFile(token.NewFileSet(), s.File, text, parser.AllErrors); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		program = []string{"go", "run", path}
	case "typescript": // Node runs it without its types
		path = strings.TrimSuffix(path, ".ts") + ".mjs"
		text = types.ReplaceAllString(text, "") + "\nconsole.log(JSON.stringify(await (" + call[strings.Contains(text, "function login")] + ")));\n"
		program = []string{"node", path}
	default:
		balanced(t, s)
		return
	}
	if _, err := exec.LookPath(program[0]); err != nil {
		t.Logf("%s is not run: %v", s.Lang, err)
		return
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Env = append(os.Environ(), "LOGIN_USER="+snippetUser, "LOGIN_PASSWORD="+snippetPassword)
	if secret != "" {
		cmd.Env = append(cmd.Env, "CLIENT_SECRET="+secret)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s\n%s", s.Lang, err, out, text)
		return
	}
	if s.Lang == "go" {
		if !strings.Contains(string(out), "signed in; the access token lives") || strings.Contains(string(out), "<nil>") {
			t.Errorf("go says %s", out)
		}
		return
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(out, &answer); err != nil || answer.Token == "" {
		t.Errorf("%s answers %s (%v)\n%s", s.Lang, out, err, text)
	}
}

// types are the few that the TypeScript snippets have.
var types = regexp.MustCompile(`: (string\b|Uint8Array\b|Record<string, string>)`)

var call = map[bool]string{true: "login(process.env.LOGIN_USER, process.env.LOGIN_PASSWORD)", false: "token()"}

// balanced reads a snippet that no tool of this machine compiles: quotes and
// brackets are closed in order.
func balanced(t *testing.T, s admin.Snippet) {
	t.Helper()
	var open []rune
	closes := map[rune]rune{')': '(', ']': '[', '}': '{'}
	for line := range strings.Lines(s.Text) {
		if strings.HasPrefix(strings.TrimSpace(line), "/") {
			continue // a comment
		}
		line, _, _ = strings.Cut(line, " // ")
		quoted := false
		for i, r := range line {
			switch {
			case r == '"' && (i == 0 || line[i-1] != '\\'):
				quoted = !quoted
			case quoted:
			case strings.ContainsRune("([{", r):
				open = append(open, r)
			case closes[r] != 0:
				if len(open) == 0 || open[len(open)-1] != closes[r] {
					t.Fatalf("%s: %q closes nothing in %s", s.Lang, r, s.Text)
				}
				open = open[:len(open)-1]
			}
		}
		if quoted {
			t.Errorf("%s: an open quote in %s", s.Lang, line)
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: %q stays open in\n%s", s.Lang, string(open), s.Text)
	}
}
