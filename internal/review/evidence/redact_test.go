package evidence

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var mark = regexp.MustCompile(`\[([a-z_]+):[0-9a-f]{12}\]`)

// kindsOf leaves the kinds of replaced values and drops their hashes.
func kindsOf(text string) string { return mark.ReplaceAllString(text, "[$1]") }

func TestSecretsAreReplacedWhereTheyStand(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("app-b:s%2Bcret+value"))
	for _, row := range []struct{ name, got, want string }{
		{"form", NewRedactor().Form("grant_type=authorization_code&code=a%2Bb&client_id=x&password=p"), "grant_type=authorization_code&code=[code]&client_id=x&password=[password]"},
		{"empty value", NewRedactor().Form("code=&client_secret"), "code=&client_secret"},
		{"encoded name", NewRedactor().Form("client%5Fsecret=abc"), "client%5Fsecret=[client_secret]"},
		{"json in order", NewRedactor().Body("application/json;charset=utf-8", []byte(`{"b":1,"access_token":"abc","a":[{"code":"x"}],"n":null,"t":true}`)), `{"b":1,"access_token":"[access_token]","a":[{"code":"[code]"}],"n":null,"t":true}`},
		{"json list", NewRedactor().Body("application/json", []byte(`{"code":["one","two"]}`)), `{"code":["[code]","[code]"]}`},
		{"broken json", NewRedactor().Body("application/json", []byte(`{"a":`)), `{"a":`},
		{"location", NewRedactor().URL("https://u:pass-word@h/cb?code=1&state=2#access_token=3"), "https://u:[password]@h/cb?code=[code]&state=2#access_token=[access_token]"},
		{"basic", NewRedactor().Header([]Field{{"Authorization", basic}})[0].Value, "Basic app-b:[client_secret]"},
		{"bearer", NewRedactor().Header([]Field{{"authorization", "Bearer abc"}})[0].Value, "Bearer [access_token]"},
		{"strange scheme", NewRedactor().Header([]Field{{"Authorization", "Basic ???"}})[0].Value, "Basic [credentials]"},
		{"cookies", NewRedactor().Header([]Field{{"Cookie", "a=1; b=2"}})[0].Value, "a=[cookie]; b=[cookie]"},
		{"set-cookie", NewRedactor().Header([]Field{{"Set-Cookie", "a=1; Path=/; HttpOnly"}})[0].Value, "a=[cookie]; Path=/; HttpOnly"},
		{"proof", NewRedactor().Header([]Field{{"DPoP", "e30.e30.x"}})[0].Value, "[dpop_proof]"},
		{"jwt answer", NewRedactor().Body("application/token-introspection+jwt", []byte("e30.e30.x")), "[token]"},
		{"url in json", NewRedactor().Body("application/json", []byte(`{"redirect":"https://h/?code=1"}`)), `{"redirect":"https://h/?code=[code]"}`},
	} {
		if diff := cmp.Diff(row.want, kindsOf(row.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestAKnownSecretIsReplacedAnywhere looks for a secret that was seen once in
// every other place and spelling.
func TestAKnownSecretIsReplacedAnywhere(t *testing.T) {
	r := NewRedactor()
	const value = `s3cret/with+odd "signs"`
	want := r.Learn("client_secret", value)
	for _, text := range []string{
		value, "error: " + value + "!", url.QueryEscape(value), url.PathEscape(value),
		base64.StdEncoding.EncodeToString([]byte(value)), `s3cret/with+odd \"signs\"`,
	} {
		if got := r.Text(text); !strings.Contains(got, want) || strings.Contains(got, "s3cret") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := r.Body("text/html", []byte("<p>"+value)); got != "<p>"+want {
		t.Errorf("page became %q", got)
	}
	if got := r.Header([]Field{{"X-Debug", value}}); got[0].Value != want {
		t.Errorf("header became %q", got[0].Value)
	}
	if again := r.Learn("code", value); again != want {
		t.Errorf("the same value is %s and %s", want, again)
	}
}

func TestHashesCannotBeComparedBetweenTranscripts(t *testing.T) {
	if NewRedactor().Learn("code", "value") == NewRedactor().Learn("code", "value") {
		t.Error("two redactors make the same hash: a password could be found by trying")
	}
}

func TestShortValuesAreNotReplacedInProse(t *testing.T) {
	r := NewRedactor()
	r.Learn("password", "the")
	if got := r.Text("the code"); got != "the code" {
		t.Errorf("became %q", got)
	}
}

func TestLongBodiesAreCut(t *testing.T) {
	if got := NewRedactor().Body("text/plain", []byte(strings.Repeat("x", mostBody+1))); !strings.HasSuffix(got, "… (cut)") || len(got) > mostBody+20 {
		t.Errorf("%d bytes are kept", len(got))
	}
}
