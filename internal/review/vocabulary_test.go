package review

import (
	"testing"
	"time"
)

// The vocabulary has every derived term that is computed, and no other; every
// term can be put into words and has a worse side that fits it.
func TestVocabulary(t *testing.T) {
	computed := derivations()
	names := map[string]bool{}
	for _, term := range Vocabulary() {
		if names[term.Name] {
			t.Errorf("%s is listed twice", term.Name)
		}
		names[term.Name] = true
		if _, ok := computed[term.Name]; ok != (term.Derived != "") {
			t.Errorf("%s: computed %v, derived %q", term.Name, ok, term.Derived)
		}
		if term.Derived == "" && term.Means == "" {
			t.Errorf("%s means nothing", term.Name)
		}
		if (term.Kind == Bool) != (term.Yes != "" && term.No != "") || (term.Kind == Bool) == (term.Label != "") {
			t.Errorf("%s cannot be put into words", term.Name)
		}
		if worst, ok := term.worst(); ok && !term.fits(worst) {
			t.Errorf("%s: the worst value %v is of another kind", term.Name, worst)
		}
	}
	for name := range computed {
		if !names[name] {
			t.Errorf("%s is computed but not in the vocabulary", name)
		}
	}
}

// A missing value counts as the worse, never as the better.
func TestMissingCountsAsWorse(t *testing.T) {
	for _, c := range []struct {
		name string
		want any
	}{
		{"app.pkce.required", false},
		{"app.code_and_credentials.in_url", true},
		{"app.access_token.ttl", Forever},
		{"server.keys.overlap", time.Duration(0)},
		{"app.secret.bits", 0},
		{"app.policy.ip", "bypass"},
		{"app.logout.backchannel_uri", ""},
		{"app.client_type", nil},
		{"app.scopes", nil},
	} {
		got := terms[c.name].missing(Nothing(""))
		if got.Data != c.want || (got.Presence == Known) != (c.want != nil) {
			t.Errorf("%s: %v (%d), want %v", c.name, got.Data, got.Presence, c.want)
		}
	}
}

func TestParseValueRefuses(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"app.nothing", "true"},
		{"app.pkce.required", "perhaps"},
		{"app.access_token.ttl", "fortnight"},
		{"app.policy.ip", "sometimes"},
		{"app.pkce.methods", "[S512]"},
		{"app.scopes", "openid"},
		{"app.keys", "[RSA many]"},
		{"app.usage.live_tokens", "few"},
		{"app.created", "yesterday"},
	} {
		if v, err := ParseValue(c.name, c.text); err == nil {
			t.Errorf("%s = %s was read as %s", c.name, c.text, v.Text())
		}
	}
}

// What the vocabulary prints it can read again.
func TestTextRoundTrip(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"app.pkce.required", "true"},
		{"app.access_token.ttl", "90m"},
		{"app.access_token.ttl", "30d"},
		{"app.access_token.ttl", "no end"},
		{"app.scopes", "[openid, orders]"},
		{"app.scopes", "[]"},
		{"app.keys", "[RSA 2048 until 2027-01-31, Ed25519]"},
		{"app.policy.ip", "enforce"},
		{"app.usage.live_tokens", "12"},
		{"app.usage.owner", "not set"},
		{"app.usage.owner", "unknown"},
	} {
		v, err := ParseValue(c.name, c.text)
		if err != nil || v.Text() != c.text {
			t.Errorf("%s: %q became %q, %v", c.name, c.text, v.Text(), err)
		}
	}
}
