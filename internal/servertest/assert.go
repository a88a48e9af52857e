package servertest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/audit"
)

func lastOf(ts *testscript.TestScript) *answer {
	a := sessionOf(ts).last
	if a == nil {
		ts.Fatalf("nothing was asked yet")
	}
	return a
}

// expect STATUS [ERROR] [RULE]
func expect(ts *testscript.TestScript, neg bool, args []string) {
	a := lastOf(ts)
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := []string{strconv.Itoa(a.status), text(a.json["error"]), path.Base(text(a.json["error_uri"]))}
	ok := a.status == want && (len(args) < 2 || got[1] == args[1]) && (len(args) < 3 || got[2] == args[2])
	if ok == neg {
		ts.Fatalf("answered %s, expected %s\n%s", strings.Join(got, " "), strings.Join(args, " "), a.body)
	}
	if a.status >= 400 {
		for _, member := range []string{"access_token", "refresh_token", "id_token", "code", "authorization_code"} {
			if a.json[member] != nil {
				ts.Fatalf("a refusal carries %s", member)
			}
		}
	}
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// is MEMBER VALUE
func isMember(ts *testscript.TestScript, neg bool, args []string) {
	if got := text(lastOf(ts).json[args[0]]); (got == args[1]) == neg {
		ts.Fatalf("%s is %q, expected %q", args[0], got, args[1])
	}
}

// header NAME VALUE
func isHeader(ts *testscript.TestScript, neg bool, args []string) {
	values := lastOf(ts).header.Values(args[0])
	ok := len(values) == 0 && args[1] == "-" || slices.Contains(values, args[1])
	if ok == neg {
		ts.Fatalf("%s is %q, expected %q", args[0], values, args[1])
	}
}

// take VAR MEMBER, take VAR ?NAME
func take(ts *testscript.TestScript, _ bool, args []string) {
	a := lastOf(ts)
	if name, ok := strings.CutPrefix(args[1], "?"); ok {
		u, err := url.Parse(a.header.Get("Location"))
		ts.Check(err)
		ts.Setenv(args[0], u.Query().Get(name))
		return
	}
	ts.Setenv(args[0], text(a.json[args[1]]))
}

// keep NAME remembers the last answer; same NAME says that the last one cannot be
// told from it: status, headers and body are equal but for the request's id and
// the date.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	sessionOf(ts).kept[args[0]] = lastOf(ts)
}

func same(ts *testscript.TestScript, _ bool, args []string) {
	a, b := sessionOf(ts).kept[args[0]], lastOf(ts)
	if a.status != b.status || string(a.body) != string(b.body) {
		ts.Fatalf("the answers differ:\n%d %s\n%d %s", a.status, a.body, b.status, b.body)
	}
	for name := range a.header {
		if name != "X-Request-Id" && name != "Date" && !slices.Equal(a.header[name], b.header[name]) {
			ts.Fatalf("header %s differs: %q %q", name, a.header[name], b.header[name])
		}
	}
	if len(a.header) != len(b.header) {
		ts.Fatalf("the answers have different headers")
	}
}

// events NAME COUNT
func events(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	list, err := sessionOf(ts).node.server.DB.List(context.Background(), audit.Filter{Name: audit.Name(args[0])})
	ts.Check(err)
	if len(list) != want {
		ts.Fatalf("%d events %s, expected %d", len(list), args[0], want)
	}
}

// equal A B
func equal(ts *testscript.TestScript, neg bool, args []string) {
	if (args[0] == args[1]) == neg {
		ts.Fatalf("%q, expected %q", args[0], args[1])
	}
}

// matches TEXT REGEXP
func matches(ts *testscript.TestScript, neg bool, args []string) {
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	if re.MatchString(args[0]) == neg {
		ts.Fatalf("%q, expected %s", args[0], args[1])
	}
}

// body TEXT says that the last answer's body is the text and nothing more.
func isBody(ts *testscript.TestScript, neg bool, args []string) {
	if (string(lastOf(ts).body) == args[0]) == neg {
		ts.Fatalf("the body is %q, expected %q", lastOf(ts).body, args[0])
	}
}

// strings MEMBER… says that members of the last answer are texts, not null, not
// numbers.
func areStrings(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		if v, ok := lastOf(ts).json[name].(string); !ok || v == "" {
			ts.Fatalf("%s is no text: %v", name, lastOf(ts).json[name])
		}
	}
}

// signed SECRET says that the signature of the last answer is the one of the
// Salesforce dialect under the app's secret.
func signed(ts *testscript.TestScript, neg bool, args []string) {
	a := lastOf(ts)
	mac := hmac.New(sha256.New, []byte(args[0]))
	mac.Write([]byte(text(a.json["id"]) + text(a.json["issued_at"])))
	if (base64.StdEncoding.EncodeToString(mac.Sum(nil)) == a.json["signature"]) == neg {
		ts.Fatalf("signature %v is not over id and issued_at", a.json["signature"])
	}
}
