package controls

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// The rules of URIs, each a function that says what is wrong with one, or ""
// if nothing is; the words follow the URI in a sentence.

// notHTTPS wants an absolute https URI.
func notHTTPS(uri string) string {
	u, ok := parsed(uri)
	if !ok || u.Scheme != "https" || u.Hostname() == "" {
		return "is not an https URI"
	}
	return ""
}

// parsed reads an absolute URI. Characters that no URI may contain are refused
// here, as net/url lets some of them pass.
//
// Spec: RFC 3986 §2, §4.3.
func parsed(uri string) (*url.URL, bool) {
	if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return nil, false
	}
	u, err := url.Parse(uri)
	return u, err == nil && u.Scheme != ""
}

// loose says what makes a redirect URI match, or carry, more than it should.
//
// Spec: RFC 6749 §3.1.2; RFC 9700 §4.1.3.
func loose(uri string) string {
	u, ok := parsed(uri)
	if !ok {
		return "is not an absolute URI"
	}
	query, err := url.ParseQuery(u.RawQuery)
	switch {
	case strings.Contains(uri, "*"):
		return "has a wildcard"
	case strings.Contains(uri, "#"):
		return "has a fragment"
	case u.User != nil:
		return "has user information before the host"
	case err != nil:
		return "has a query that cannot be read"
	}
	for _, name := range []string{"code", "state", "iss", "error"} {
		if query.Has(name) {
			return "carries the response parameter " + name
		}
	}
	if u.Scheme == "https" && u.Hostname() == "" {
		return "names no host"
	}
	return ""
}

// looseOnWeb is loose, for an app that does not run on the user's device.
func looseOnWeb(uri string) string {
	if says := loose(uri); says != "" {
		return says
	}
	return notHTTPS(uri)
}

// looseBeyondLoopback is looseOnWeb, but for http on a loopback address.
//
// Spec: RFC 8252 §8.3.
func looseBeyondLoopback(uri string) string {
	says := looseOnWeb(uri)
	if u, ok := parsed(uri); ok && loose(uri) == "" && u.Scheme == "http" && (u.Hostname() == "localhost" || loopbackLiteral(u)) {
		return ""
	}
	return says
}

// looseOnDevice is loose, for a native app: besides https it may use a
// loopback address, or a private-use scheme with a dot.
//
// Spec: RFC 8252 §7.1, §7.3.
func looseOnDevice(uri string) string {
	if says := loose(uri); says != "" {
		return says
	}
	u, _ := parsed(uri)
	switch {
	case u.Scheme == "https" || strings.Contains(u.Scheme, "."):
		return ""
	case u.Scheme != "http":
		return "has a scheme without a dot"
	case u.Hostname() != "localhost" && !loopbackLiteral(u):
		return "is http to a host that is not loopback"
	}
	return ""
}

// unsafeOn says what is wrong with a redirect URI of an app on a platform:
// native, mobile or spa.
//
// Spec: RFC 8252 §7, §8.3; OAuth 2.1 §8.
func unsafeOn(platform string) func(uri string) string {
	return func(uri string) string {
		u, ok := parsed(uri)
		switch {
		case !ok:
			return "is not an absolute URI"
		case u.Scheme == "https" && u.Hostname() != "":
			return ""
		case u.Scheme == "http" && platform == "native" && loopbackLiteral(u):
			return ""
		case u.Scheme == "http" && u.Hostname() == "localhost":
			return "names localhost, which need not be this device"
		case strings.Contains(u.Scheme, ".") && slices.Contains([]string{"native", "mobile"}, platform):
			return ""
		}
		return "is not safe on the platform " + platform
	}
}

// loopbackLiteral reports whether the host is a loopback address in figures.
func loopbackLiteral(u *url.URL) bool {
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}

// wideOrigin wants one https origin: scheme, host and port, no wildcard.
func wideOrigin(origin string) string {
	u, ok := parsed(origin)
	switch {
	case strings.Contains(origin, "*"):
		return "has a wildcard"
	case !ok || u.Scheme != "https" || u.Hostname() == "":
		return "is not an https origin"
	}
	return ""
}
