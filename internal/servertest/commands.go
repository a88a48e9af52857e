package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/cli"
)

// password is that of every person in the scripts.
const password = "correct horse battery staple"

// session is the state of one script.
type session struct {
	node *Node
	stop func() error
	last *answer
	kept map[string]*answer

	secrets []string // every one that was sent or answered
}

// answer is what the server said last.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

type sessionKey struct{}

func sessionOf(ts *testscript.TestScript) *session {
	s, ok := ts.Value(sessionKey{}).(*session)
	if !ok || s.node == nil {
		ts.Fatalf("no server: begin with serve")
	}
	return s
}

// Commands of the scripts.
func Commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"serve": serve, "app": createApp, "user": createUser, "cli": runCLI, "pkce": pkce, "clock": moveClock,
		"post": request("POST"), "get": request("GET"), "options": request("OPTIONS"), "head": request("HEAD"), "put": request("PUT"),
		"patch": request("PATCH"), "delete": request("DELETE"),
		"expect": expect, "is": isMember, "header": isHeader, "take": take, "keep": keep, "same": same, "events": events,
		"forge": forge, "equal": equal, "matches": matches,
		"body": isBody, "strings": areStrings, "signed": signed, "follow": follow, "fetch": fetch,
	}
	maps.Copy(all, flows)
	soonCommands := maps.Clone(all)
	all["soon"] = func(ts *testscript.TestScript, neg bool, args []string) { soon(ts, soonCommands, args) }
	return all
}

// Setup gives each script its state and its variables.
func Setup(env *testscript.Env) error {
	s := &session{kept: map[string]*answer{}}
	env.Values[sessionKey{}] = s
	env.Setenv("PASSWORD", password)
	env.Defer(func() {
		if s.node == nil {
			return
		}
		leak := s.leak()
		_ = s.stop()
		if leak != "" {
			env.T().Fatal("J07: the log or the audit log contains the secret ", leak)
		}
	})
	return nil
}

func serve(ts *testscript.TestScript, _ bool, _ []string) {
	s, _ := ts.Value(sessionKey{}).(*session)
	n, stop, err := Start(context.Background(), ts.MkAbs("data"), nil)
	ts.Check(err)
	s.node, s.stop = n, stop
	ts.Setenv("URL", n.URL)
}

// countersign runs a command of the real program on the script's data.
func countersign(ts *testscript.TestScript, stdin string, args ...string) (string, int) {
	var out, errs bytes.Buffer
	args = append(args, "--data", sessionOf(ts).node.Dir)
	code := cli.Main(args, strings.NewReader(stdin), &out, &errs, nil)
	ts.Logf("countersign %s → %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	return out.String(), code
}

func mustJSON(ts *testscript.TestScript, text string) map[string]any {
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		ts.Fatalf("not a JSON object: %s", text)
	}
	return v
}

func createApp(ts *testscript.TestScript, _ bool, args []string) {
	out, code := countersign(ts, "", append([]string{"app", "create", "-o", "json", "--name", args[0]}, args[1:]...)...)
	if code != 0 {
		ts.Fatalf("app create failed")
	}
	v := mustJSON(ts, out)
	ts.Setenv(args[0], fmt.Sprint(v["client_id"]))
	if secret, ok := v["client_secret"].(string); ok {
		ts.Setenv(args[0]+"_SECRET", secret)
	}
	settle(ts)
}

func createUser(ts *testscript.TestScript, _ bool, args []string) {
	out, code := countersign(ts, password, append([]string{"user", "create", "-o", "json", "--password-stdin", "--username", args[0]}, args[1:]...)...)
	if code != 0 {
		ts.Fatalf("user create failed")
	}
	ts.Setenv(args[0]+"_ID", fmt.Sprint(mustJSON(ts, out)["id"]))
}

func runCLI(ts *testscript.TestScript, neg bool, args []string) {
	in := ""
	if args[0] == "-in" {
		in, args = args[1], args[2:]
	}
	_, code := countersign(ts, in, args...)
	if (code != 0) != neg {
		ts.Fatalf("exit code %d", code)
	}
}

// settle makes the running server look at what a command changed.
func settle(ts *testscript.TestScript) {
	ts.Check(sessionOf(ts).node.Look())
}

func moveClock(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "stop" {
		sessionOf(ts).node.Clock.Stop()
		return
	}
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	sessionOf(ts).node.Clock.Forward(d)
}

// soon runs a command once the server has looked at its data by itself. That this
// takes less than a second is for a test that can try again on a busy machine:
// server.TestChangesArriveWithinASecond.
func soon(ts *testscript.TestScript, commands map[string]func(*testscript.TestScript, bool, []string), args []string) {
	run, ok := commands[args[0]]
	if !ok {
		ts.Fatalf("soon: no command %q", args[0])
	}
	if err := sessionOf(ts).node.Seen(30 * time.Second); err != nil {
		ts.Fatalf("%v", err)
	}
	run(ts, false, args[1:])
}

func request(method string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		r := parseRequest(ts, method, args)
		sessionOf(ts).last = send(ts, r)
	}
}

// follow goes where the last answer redirects to.
func follow(ts *testscript.TestScript, _ bool, _ []string) {
	r, err := http.NewRequest(http.MethodGet, lastOf(ts).header.Get("Location"), nil)
	ts.Check(err)
	sessionOf(ts).last = send(ts, r)
}

// fetch URL is get with a whole address.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	s := sessionOf(ts)
	s.last = send(ts, parseRequest(ts, "GET", append([]string{strings.TrimPrefix(args[0], s.node.URL)}, args[1:]...)))
}

// parseRequest reads PATH and the flags of post and get.
func parseRequest(ts *testscript.TestScript, method string, args []string) *http.Request {
	form, raw := url.Values{}, ""
	header := http.Header{}
	user := ""
	path := args[0]
	for i := 1; i < len(args); i++ {
		switch a := args[i]; a {
		case "-u", "-H", "-raw":
			i++
			if i == len(args) {
				ts.Fatalf("%s needs a value", a)
			}
			switch a {
			case "-u":
				user = args[i]
			case "-H":
				name, value, _ := strings.Cut(args[i], ":")
				header.Add(name, strings.TrimSpace(value))
			default:
				raw = args[i]
			}
		default:
			name, value, ok := strings.Cut(a, "=")
			if !ok {
				ts.Fatalf("%q: expected name=value", a)
			}
			form.Add(name, value)
		}
	}
	if raw == "" {
		raw = form.Encode()
	}
	var body io.Reader
	if method == "POST" || method == "PUT" || method == "PATCH" {
		body = strings.NewReader(raw)
	}
	r, err := http.NewRequest(method, sessionOf(ts).node.URL+path, body)
	ts.Check(err)
	r.Header = header
	if body != nil && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if id, secret, ok := strings.Cut(user, ":"); ok {
		r.SetBasicAuth(id, secret)
	}
	return r
}

var plainClient = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func send(ts *testscript.TestScript, r *http.Request) *answer {
	resp, err := plainClient.Do(r)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	a := &answer{status: resp.StatusCode, header: resp.Header, body: body}
	_ = json.Unmarshal(body, &a.json)
	form := url.Values{}
	if r.GetBody != nil {
		sent, err := r.GetBody()
		ts.Check(err)
		text, err := io.ReadAll(sent)
		ts.Check(err)
		form, _ = url.ParseQuery(string(text))
	}
	sessionOf(ts).remember(r, form, a)
	ts.Logf("%s %s → %d %s\n%s", r.Method, r.URL.Path, a.status, resp.Header.Get("Location"), body)
	return a
}
