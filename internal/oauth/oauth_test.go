package oauth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseScopes(t *testing.T) {
	for _, row := range []struct {
		text string
		want Scopes
		err  error
	}{
		{"", nil, nil},
		{"openid", Scopes{"openid"}, nil},
		{"openid api openid", Scopes{"openid", "api"}, nil},
		{"a  b", nil, ErrScopeSyntax},
		{" a", nil, ErrScopeSyntax},
		{"a\tb", nil, ErrScopeSyntax},
		{`a"b`, nil, ErrScopeSyntax},
		{`a\b`, nil, ErrScopeSyntax},
		{"ä", nil, ErrScopeSyntax},
		{strings.Repeat("x", 129), nil, ErrScopeSyntax},
		{strings.TrimSpace(strings.Repeat("a b c d e f g ", 3)), Scopes{"a", "b", "c", "d", "e", "f", "g"}, nil},
	} {
		got, err := ParseScopes(row.text)
		if !errors.Is(err, row.err) || !cmp.Equal(got, row.want) {
			t.Errorf("ParseScopes(%q) = %v, %v; want %v, %v", row.text, got, err, row.want, row.err)
		}
	}
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprint("s", i))
	}
	if _, err := ParseScopes(strings.Join(many, " ")); !errors.Is(err, ErrScopeSyntax) {
		t.Errorf("65 scopes: %v", err)
	}
}

func TestScopesWithin(t *testing.T) {
	ceiling := Scopes{"openid", "api", "refresh_token"}
	if !(Scopes{"api", "openid"}).Within(ceiling) || (Scopes{"api", "full"}).Within(ceiling) {
		t.Error("Within does not compare sets")
	}
	if !ceiling.Offline() || (Scopes{"openid"}).Offline() || !(Scopes{"offline_access"}).Offline() {
		t.Error("Offline knows both names and no other")
	}
}

func TestParseParamsC14RepeatedNamesAreRefused(t *testing.T) {
	for _, row := range []struct {
		text string
		err  error
	}{
		{"a=1&b=2", nil},
		{"a=1&a=1", ErrParamRepeated},
		{"a=1&%61=2", ErrParamRepeated},
		{"a=&a=1", ErrParamRepeated},
		{"resource=x&resource=y", nil},
		{"a=%zz", ErrParamSyntax},
		{"a=%ff", ErrParamSyntax},
		{"a=%00", ErrParamSyntax},
		{strings.Repeat("&", 100) + "a=1", nil},
	} {
		if _, err := ParseParams(row.text, "resource"); !errors.Is(err, row.err) {
			t.Errorf("ParseParams(%q) = %v, want %v", row.text, err, row.err)
		}
	}
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprint("p", i, "=1"))
	}
	if _, err := ParseParams(strings.Join(many, "&")); !errors.Is(err, ErrParamMany) {
		t.Errorf("65 parameters: %v", err)
	}
}

func TestParamsReadAsForms(t *testing.T) {
	p, err := ParseParams("scope=a+b%20c&raw=https://h/x?y&empty=&resource=1&resource=2", "resource")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Text("scope"); got != "a b c" {
		t.Errorf("scope = %q", got)
	}
	if got := p.Text("raw"); got != "https://h/x?y" {
		t.Errorf("raw = %q", got)
	}
	if p.Has("empty") || p.Has("absent") || !p.Has("raw") {
		t.Error("an empty value counts as absent")
	}
	if !cmp.Equal(p.All("resource"), []string{"1", "2"}) {
		t.Errorf("resource = %v", p.All("resource"))
	}
}

func TestErrorsAreComparedByRuleAndFaultsHideTheirText(t *testing.T) {
	wrapped := fmt.Errorf("outer: %w", ErrScopeSyntax.After(3*time.Second))
	if !errors.Is(wrapped, ErrScopeSyntax) || errors.Is(wrapped, ErrParamMany) {
		t.Error("errors.Is does not compare rules")
	}
	if From(wrapped).RetryAfter != 3*time.Second {
		t.Error("From loses the time to wait")
	}
	if From(errors.New("pq: password is hunter2")) != ErrFault || From(nil) != nil {
		t.Error("a fault of ours is not ErrFault")
	}
	if ErrUnknownOutcome.Code != TemporarilyUnavailable {
		t.Error("an unknown outcome must ask the client to come back")
	}
}

func FuzzParseParams(f *testing.F) {
	f.Add("a=1&b=%20&c=+")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseParams(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, x := range p.pairs {
			if seen[x.name] {
				t.Fatalf("%q twice in %q", x.name, text)
			}
			seen[x.name] = true
		}
	})
}

func FuzzParseScopes(f *testing.F) {
	f.Add("openid api")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseScopes(text)
		if err != nil {
			return
		}
		again, err := ParseScopes(s.String())
		if err != nil || !cmp.Equal(again, s) {
			t.Fatalf("%q reads as %v, writes and reads as %v, %v", text, s, again, err)
		}
	})
}
