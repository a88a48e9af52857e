package salesforce

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// The vectors of the dialect: one clear text, both alphabets.
var basicVectors = []struct{ clear, standard, url string }{
	{"anna.müller@example.com:P?ssw0rd~ÿ>>1", "YW5uYS5tw7xsbGVyQGV4YW1wbGUuY29tOlA/c3N3MHJkfsO/Pj4x", "YW5uYS5tw7xsbGVyQGV4YW1wbGUuY29tOlA_c3N3MHJkfsO_Pj4x"},
	{"ann@example.test:Passw0rd?>", "YW5uQGV4YW1wbGUudGVzdDpQYXNzdzByZD8+", "YW5uQGV4YW1wbGUudGVzdDpQYXNzdzByZD8-"},
	{"u:??>", "dTo/Pz4=", "dTo_Pz4"},
	{"ann:pwd", "YW5uOnB3ZA==", "YW5uOnB3ZA"},
	{"ann:pw", "YW5uOnB3", "YW5uOnB3"},
	{"dg3o7Xk2:123456", "ZGczbzdYazI6MTIzNDU2", "ZGczbzdYazI6MTIzNDU2"},
	{"CK1:CS1", "Q0sxOkNTMQ==", "Q0sxOkNTMQ"},
}

func TestBasicIsReadInBothAlphabets(t *testing.T) {
	for _, v := range basicVectors {
		name, password, _ := strings.Cut(v.clear, ":")
		for _, text := range []string{v.standard, v.url, v.url + "==", strings.TrimRight(v.standard, "=")} {
			n, p, err := decodeBasic(text)
			if err != nil || n != name || p != password {
				t.Errorf("decodeBasic(%q) = %q, %q, %v; want %q", text, n, p, err, v.clear)
			}
		}
	}
}

func TestBasicKeepsWhatWasTyped(t *testing.T) {
	for clear, want := range map[string][2]string{
		"ann:a:b":  {"ann", "a:b"}, // the first colon ends the name
		"ann: pw ": {"ann", " pw "},
		":":        {"", ""},
		"ann:":     {"ann", ""},
	} {
		n, p, err := decodeBasic(base64.StdEncoding.EncodeToString([]byte(clear)))
		if err != nil || n != want[0] || p != want[1] {
			t.Errorf("%q reads as %q, %q, %v", clear, n, p, err)
		}
	}
}

func TestBasicThatCannotBeRead(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	for name, text := range map[string]string{
		"no base64":       "!!!!",
		"no colon":        encode([]byte("ann")),
		"not UTF-8":       encode([]byte("ann:\xff")),
		"NUL":             encode([]byte("ann:a\x00b")),
		"line break":      "YW5u\nOnB3",
		"padding inside":  "YW5u=OnB3",
		"one character":   "Y",
		"empty":           "",
		"longer than any": strings.Repeat("YW5uOnB3", 1000),
	} {
		if _, _, err := decodeBasic(text); !errors.Is(err, ErrBasic) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignatureVectors(t *testing.T) {
	const login = "https://login.example.test/id/00D000000000001EAA/005000000000001AAA"
	const x = "https://x.example.test/id/00D000000000001EAA/005000000000001AAA"
	for _, row := range []struct{ key, id, at, want string }{
		{"s3cr3t-for-tests", login, "1767225600000", "j/1lGdCTaiFYd4kr/KdIdTOmV6NlK9FPNAUqocsDrN4="},
		{"", login, "1767225600000", "CaoyKjU8pctnz4dX+BwOfDN8dm+YHsG2SS9cwTOebDk="},
		{"s3cr3t-for-tests", login, "1767225600001", "8KDwCaNhP2NmEvNPl9w97C+0uM/Qh7yqZs9f/88pc+s="},
		{"CS1", x, "1767225600000", "tYRHCZghtx+mZiFpXE2+dBUVxYryMa8b2UhzXn1KiJM="},
		{"schlüssel", x, "1767225600000", "Cni93pVWnEVJWBDhKtsP7h7fBTefuv+fbsIXgRVamhE="},
	} {
		if got := sign([]byte(row.key), row.id, row.at); got != row.want {
			t.Errorf("sign(%q, %q, %q) = %s, want %s", row.key, row.id, row.at, got, row.want)
		}
	}
}

func testDoor(t *testing.T) *door {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(Deps{Issuer: "https://x.example.test", Base: "https://x.example.test", Directory: &client.Directory{}, Keys: keys}, "")
	d.Directory.Apply(&client.Org{ID: "00D000000000001EAA", SiteID: "0DB000000000001GAA"}, nil)
	return d
}

func TestSignatureWithoutASecretIsTheServersPerApp(t *testing.T) {
	d := testDoor(t)
	app := func(id string, proven bool, text string) client.Identity {
		return client.Identity{Entry: &client.Entry{Client: &client.Client{ID: oauth.ClientID(id)}}, Proven: proven, Secret: text}
	}
	one, two := d.signature(app("one", false, ""), "id", "1"), d.signature(app("two", false, ""), "id", "1")
	if len(one) != 44 || one == two || one == sign(nil, "id", "1") {
		t.Errorf("signatures of two public apps: %s, %s", one, two)
	}
	if d.signature(app("one", false, "unproven"), "id", "1") != one {
		t.Error("a secret that was not checked signs")
	}
	if d.signature(app("one", true, "CS1"), "id", "1") != sign([]byte("CS1"), "id", "1") {
		t.Error("the secret that was presented does not sign")
	}
}

// The pattern by which a client knows our tokens and blacks them out in its log.
var cliToken = regexp.MustCompile(`(00D\w{12,15})![.\w]*`)

func TestOpaqueTokensMatchTheClientsPattern(t *testing.T) {
	d := testDoor(t)
	for range 50 {
		handle := grant.SealAccess(d.Keys, grant.Access{
			Grant:   grant.Grant{ID: secret.NewID(someTime), Client: "CK1", User: "005000000000001AAA", Flow: flow.CodeAndCredentials},
			TokenID: secret.NewID(someTime), Expires: someTime,
		})
		token := d.spell(handle)
		if cliToken.FindString(token) != token || !strings.HasPrefix(token, "00D000000000001!csa1_") {
			t.Fatalf("%q does not match as a whole", token)
		}
		if d.handle(token) != handle || d.handle(handle) != handle {
			t.Fatalf("%q does not read back", token)
		}
	}
}

func TestB06AnOpaqueTokenHasOneSpelling(t *testing.T) {
	d := testDoor(t)
	for _, text := range []string{
		"00D000000000001!csa1_a-b",    // a dash where a dot belongs
		"00D000000000002!csa1_a.b",    // another org
		"00D000000000001EAA!csa1_a.b", // the long id
		"csa1_a.b", "a.b.c", "", "!",
	} {
		if got := d.handle(text); got != text {
			t.Errorf("handle(%q) = %q, want it as it is", text, got)
		}
	}
}

func TestC07EveryResponseParameterOccursOnce(t *testing.T) {
	d := testDoor(t)
	const tail = "code=c1&sfdc_community_url=https%3A%2F%2Fx.example.test&sfdc_community_id=0DB000000000001GAA"
	for uri, want := range map[string]string{
		"https://app.example.test/cb":      "https://app.example.test/cb?" + tail,
		"https://app.example.test/cb?a=1":  "https://app.example.test/cb?a=1&" + tail,
		"https://app.example.test/cb?":     "https://app.example.test/cb?" + tail,
		"https://app.example.test/cb?a=1&": "https://app.example.test/cb?a=1&" + tail,
		"com.example.app:/cb":              "com.example.app:/cb?" + tail,
		"com.example.app://auth/cb?x=%20":  "com.example.app://auth/cb?x=%20&" + tail,
		"http://127.0.0.1:1717/Oauth":      "http://127.0.0.1:1717/Oauth?" + tail,
	} {
		if got := d.callback(uri, "c1", ""); got != want {
			t.Errorf("callback(%q) = %q, want %q", uri, got, want)
		}
	}
	if got := d.callback("x.y:/", "c", "a b+&=ü\r\n"); !strings.HasSuffix(got, "&state=a%20b%2B%26%3D%C3%BC%0D%0A") {
		t.Errorf("state is not escaped: %q", got)
	}
}

func TestCallbackNames(t *testing.T) {
	for name, want := range map[string]bool{
		"fn": true, "_a$1": true, "lib.fn": true, "a.b.c": true, "jQuery112_3": true,
		"": false, "1a": false, ".a": false, "a.": false, "a..b": false, "a b": false, "a(": false, "a;b": false,
		"alert(1)//": false, "a-b": false, "a[0]": false, "ä": false, "a\n": false, "<b>": false,
		strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
	} {
		if validCallback(name) != want {
			t.Errorf("validCallback(%q) is %v", name, !want)
		}
	}
}

// Codes that clients know, and two of ours that no client compares.
var knownCodes = regexp.MustCompile(`^(access_denied|invalid_app_access|invalid_basic_auth_header|invalid_client|invalid_client_id|` +
	`invalid_grant|invalid_request|invalid_scope|invalid_session_level|invalid_token|oauth_flow_disabled|redirect_uri_mismatch|` +
	`redirect_uri_missing|server_error|service_unavailable|unsupported_grant_type|unsupported_response_type|unsupported_token_type|` +
	`rate_limit_exceeded|unauthorized_client)$`)

func TestEveryRefusalIsSpelledInKnownWords(t *testing.T) {
	seen := map[oauth.Code]bool{}
	for _, e := range oauth.Declared() {
		seen[e.Code] = true
		w := wireOf(e)
		if _, ok := wires[e.Code]; !ok {
			t.Errorf("%s: code %s has no wire", e.Rule, e.Code)
		}
		if !knownCodes.MatchString(w.code) || w.text == "" || w.status < 400 {
			t.Errorf("%s is spelled %d %q %q", e.Rule, w.status, w.code, w.text)
		}
		passing := e.Code == oauth.RateLimited || e.Code == oauth.TemporarilyUnavailable || e.Code == oauth.ServerError
		if passing && w.status != http.StatusTooManyRequests && w.status < 500 {
			t.Errorf("%s: %d makes a mobile app log out for a fault that passes", e.Rule, w.status)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d codes were looked at", len(seen))
	}
	if w := wireOf(&oauth.Error{Code: "never heard of"}); w.status != http.StatusInternalServerError {
		t.Errorf("an unknown code is spelled %+v", w)
	}
}

func TestVersionParameter(t *testing.T) {
	for text, want := range map[string]string{"latest": "66.0", "51.0": "51.0", "": "", "0": "", "51": "", "x.0": "", "51.00": "", "051.0": "", `"><`: ""} {
		if got := version(text); got != want {
			t.Errorf("version(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestStandardOffset(t *testing.T) {
	for zone, want := range map[string]int64{
		"Europe/Vienna": 3600000, "America/Los_Angeles": -28800000, "Australia/Sydney": 36000000, "Nowhere/At_All": 0, "../etc/passwd": 0,
	} {
		if got := standardOffset(zone, 2026); got != want {
			t.Errorf("%s: %d, want %d", zone, got, want)
		}
	}
}

func TestObjectsInThreeFormats(t *testing.T) {
	o := object{{"a", "<ü\"\\\n"}, {"n", int64(-3)}, {"b", true}, {"o", object{{"x", "1&2"}}}, {"z", nil}}
	for format, want := range map[string]string{
		"json":       `{"a":"\u003cü\"\\\n","n":-3,"b":true,"o":{"x":"1\u00262"},"z":null}`,
		"":           `{"a":"\u003cü\"\\\n","n":-3,"b":true,"o":{"x":"1\u00262"},"z":null}`,
		"xml":        `<?xml version="1.0" encoding="UTF-8"?><user><a>&lt;ü&#34;\&#xA;</a><n>-3</n><b>true</b><o><x>1&amp;2</x></o><z></z></user>`,
		"urlencoded": `a=%3C%C3%BC%22%5C%0A&n=-3&b=true&o.x=1%262&z=`,
	} {
		if got := string(render(o, format, "user", false).Body); got != want {
			t.Errorf("%s: %s\nwant %s", format, got, want)
		}
	}
	if pretty := string(render(o[:2], "json", "user", true).Body); !strings.Contains(pretty, "\n  \"n\": -3") {
		t.Errorf("pretty: %s", pretty)
	}
}

func FuzzDecodeBasic(f *testing.F) {
	for _, v := range basicVectors {
		f.Add(v.standard)
		f.Add(v.url)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, password, err := decodeBasic(text)
		if err != nil {
			return
		}
		if strings.Contains(name, ":") || !utf8.ValidString(name+password) {
			t.Fatalf("%q reads as %q, %q", text, name, password)
		}
		n, p, err := decodeBasic(base64.RawURLEncoding.EncodeToString([]byte(name + ":" + password)))
		if err != nil || n != name || p != password {
			t.Fatalf("%q reads as %q, %q, and again as %q, %q, %v", text, name, password, n, p, err)
		}
	})
}

func FuzzCallback(f *testing.F) {
	f.Add("lib.fn")
	plain := regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*$`)
	f.Fuzz(func(t *testing.T, name string) {
		if validCallback(name) != (plain.MatchString(name) && len(name) <= longestCallback) {
			t.Fatalf("validCallback(%q) is %v", name, validCallback(name))
		}
	})
}

func FuzzMultipart(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\ndevice\r\n--b--\r\n", "b")
	f.Fuzz(func(t *testing.T, body, boundary string) {
		p, err := parseMultipart([]byte(body), boundary)
		if err != nil && p.Len() != 0 {
			t.Fatalf("%d parameters of a body that was refused", p.Len())
		}
	})
}

func FuzzAppendText(f *testing.F) {
	f.Add("a\u2028<\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		if err := json.Unmarshal(appendText(nil, text), &got); err != nil || got != strings.ToValidUTF8(text, "\ufffd") && utf8.ValidString(text) {
			t.Fatalf("%q reads back as %q, %v", text, got, err)
		}
	})
}

func FuzzHandle(f *testing.F) {
	f.Add("00D000000000001!csa1_a.b")
	d := newDoor(Deps{Issuer: "https://x.example.test", Base: "https://x.example.test", Directory: &client.Directory{}}, "")
	d.Directory.Apply(&client.Org{ID: "00D000000000001EAA"}, nil)
	f.Fuzz(func(t *testing.T, text string) {
		if h := d.handle(text); h != text && d.spell(h) != text {
			t.Fatalf("%q reads as %q, which is spelled %q", text, h, d.spell(h))
		}
	})
}

var someTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
