package client

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/fault"
)

// MatchRedirect says whether the URI of a request is one of the registered ones,
// byte by byte. The one freedom: a registered http URI whose host is a loopback
// address literal matches with any port.
//
// Spec: RFC 9700 §4.1.3; RFC 8252 §7.3.
func MatchRedirect(registered []string, uri string) bool {
	if slices.Contains(registered, uri) {
		return true
	}
	if fault.Is(fault.RedirectPrefix) && slices.ContainsFunc(registered, func(r string) bool { return strings.HasPrefix(uri, r) }) {
		return true
	}
	bare, ok := withoutLoopbackPort(uri)
	return ok && slices.ContainsFunc(registered, func(r string) bool {
		b, isLoopback := withoutLoopbackPort(r)
		return isLoopback && b == bare
	})
}

// withoutLoopbackPort takes the port out of http://127.0.0.1:PORT/… and
// http://[::1]:PORT/…, spelled exactly so.
func withoutLoopbackPort(uri string) (string, bool) {
	for _, prefix := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, prefix)
		if !ok {
			continue
		}
		port, ok := strings.CutPrefix(rest, ":")
		if !ok {
			return uri, rest == "" || rest[0] == '/' || rest[0] == '?'
		}
		end := strings.IndexFunc(port, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(port)
		}
		if end == 0 || end > 5 || end < len(port) && port[end] != '/' && port[end] != '?' {
			return "", false
		}
		return prefix + port[end:], true
	}
	return "", false
}

// ErrRedirectURI is the family of faults of a redirect URI that shall be
// registered; the text names the rule.
var ErrRedirectURI = errors.New("redirect URI")

// ValidateRedirectURI says whether the URI may be registered: absolute, no
// fragment, no wildcard, no user information, no planted response parameter;
// https, or http on a loopback address literal or localhost, or a private-use
// scheme with a dot in it. Errors: ErrRedirectURI.
//
// Spec: RFC 6749 §3.1.2; RFC 8252 §7; RFC 9700 §4.1.
func ValidateRedirectURI(uri string) error {
	fault := func(why string) error { return fmt.Errorf("%w %q: %s", ErrRedirectURI, uri, why) }
	if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f || r > 0x7e }) || len(uri) > 2000 {
		return fault("only visible ASCII characters, 2000 at most (RFC 3986 §2)")
	}
	if strings.ContainsAny(uri, `*\`) {
		return fault("wildcards and backslashes are not allowed; register each URI (RFC 9700 §4.1.3)")
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return fault("not an absolute URI (RFC 6749 §3.1.2)")
	}
	if strings.Contains(uri, "#") {
		return fault("a fragment is not allowed (RFC 6749 §3.1.2)")
	}
	if u.User != nil {
		return fault("user information is not allowed (RFC 9700 §4.1)")
	}
	if strings.Contains(u.Path, "/../") || strings.HasSuffix(u.Path, "/..") {
		return fault("a path that climbs is not allowed (RFC 9700 §4.1.3)")
	}
	for _, name := range []string{
		"code", "state", "iss", "error", "error_description", "error_uri", "id_token", "access_token",
		"sfdc_community_url", "sfdc_community_id", // of the Salesforce dialect
	} {
		if u.Query().Has(name) {
			return fault("the query must not carry the response parameter " + name + " (RFC 6749 §3.1.2)")
		}
	}
	return validateScheme(u, fault)
}

func validateScheme(u *url.URL, fault func(string) error) error {
	switch {
	case u.Scheme == "https":
		if u.Host == "" {
			return fault("the host is missing")
		}
	case u.Scheme == "http":
		if !loopbackHost(u.Hostname()) {
			return fault("http is for 127.0.0.1, [::1] and localhost only; use https (RFC 8252 §8.3)")
		}
	case !strings.Contains(u.Scheme, "."):
		return fault("a private-use scheme must be a reversed domain name, with a dot (RFC 8252 §7.1)")
	}
	return nil
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
