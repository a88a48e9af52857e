package admin

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/jose"
)

func tokenFields() []Field[app] {
	return []Field[app]{
		choice("token-format", "Access tokens that resources check themselves (jwt), or must ask about (opaque).", "RFC 9068",
			func(c *app) *client.TokenFormat { return &c.Settings.AccessToken.Format }, client.FormatJWT, client.FormatOpaque),
		length("access-ttl", "How long an access token lives.", "RFC 9700 §2.2",
			func(c *app) *client.Duration { return &c.Settings.AccessToken.TTL }, "15m", 30*time.Second, client.AccessTokenCeiling),
		choice("access-alg", "How JWT access tokens are signed.", "RFC 7518 §3.1",
			func(c *app) *string { return &c.Settings.AccessToken.Alg }, string(jose.ES256), string(jose.RS256)),
		list("audience", "URI", "Who access tokens are for; the issuer if none is given.", "RFC 9068 §3",
			func(c *app) *[]string { return &c.Settings.AccessToken.Audience }, checkAudience),
		choice("id-token-alg", "How ID tokens are signed.", "OpenID Connect Core 1.0 §2",
			func(c *app) *string { return &c.Settings.IDToken.Alg }, string(jose.ES256), string(jose.RS256)),
		length("id-token-ttl", "How long an ID token is accepted.", "OpenID Connect Core 1.0 §2",
			func(c *app) *client.Duration { return &c.Settings.IDToken.TTL }, "2m", 30*time.Second, 12*time.Hour),
		list("id-token-audience", "ID", "Further audiences of ID tokens.", "OpenID Connect Core 1.0 §2",
			func(c *app) *[]string { return &c.Settings.IDToken.Audience }, checkAudience),
		onOff("nonce-required", "A login that asks for openid must send a nonce.", "OpenID Connect Core 1.0 §3.1.2.1",
			func(c *app) *bool { return &c.Settings.IDToken.NonceRequired }),
		onOff("id-token-claims", "Put profile claims into ID tokens, not only at userinfo.", "OpenID Connect Core 1.0 §5.4",
			func(c *app) *bool { return &c.Settings.IDToken.Claims }),
		list("claim", "NAME", "Claims that the app declares it wants.", "OpenID Connect Core 1.0 §5.1",
			func(c *app) *[]string { return &c.Settings.Attributes }, checkWord),
	}
}

func refreshFields() []Field[app] {
	return []Field[app]{
		onOff("rotation", "A refresh token is replaced each time it is used.", "RFC 9700 §4.14.2",
			func(c *app) *bool { return &c.Settings.Rotation }),
		graceField(),
		choice("refresh-policy", "How refresh tokens end: by disuse, by age, at once, or never.", "RFC 9700 §4.14.2",
			func(c *app) *client.RefreshPolicy { return &c.Policy.RefreshPolicy },
			client.RefreshInactivity, client.RefreshLifetime, client.RefreshZero, client.RefreshInfinite),
		length("refresh-ttl", "The time of the policies inactivity (30d by default) and lifetime (90d).", "RFC 9700 §4.14.2",
			func(c *app) *client.Duration { return &c.Policy.RefreshTTL }, "30d", time.Minute, 3650*24*time.Hour),
		length("refresh-absolute", "Under inactivity: the longest time since the login.", "RFC 9700 §4.14.2",
			func(c *app) *client.Duration { return &c.Policy.RefreshAbsolute }, "90d", time.Minute, 3650*24*time.Hour),
	}
}

// graceField: kept as 0 for the default and as a negative length for none.
func graceField() Field[app] {
	const name = "refresh-grace"
	plain := length(name, "How long the last refresh may be repeated with the same answer, for apps that lost it; 0s: never.",
		"RFC 9700 §4.14.2", func(c *app) *client.Duration { return &c.Settings.Grace }, "10s", 0, 2*time.Minute)
	read, write := plain.read, plain.write
	plain.read = func(c *app) []Line {
		if c.Settings.Grace < 0 {
			return []Line{{name, "0s"}}
		}
		return read(c)
	}
	plain.write = func(c *app, values []string, now time.Time) error {
		err := write(c, values, now)
		if err == nil && c.Settings.Grace == 0 && values[0] != "default" {
			c.Settings.Grace = client.Duration(-time.Second)
		}
		return err
	}
	return plain
}

func policyFields() []Field[app] {
	return []Field[app]{
		choice("permitted-users", "Who may use the app: everybody, or members of its groups.", "RFC 6749 §10.2",
			func(c *app) *client.PermittedUsers { return &c.Policy.PermittedUsers }, client.SelfAuthorize, client.AdminPreauthorized),
		list("group", "GROUP", "Groups whose members may use the app.", "",
			func(c *app) *[]string { return &c.Policy.Groups }, checkWord),
		choice("ip", "How the address ranges are enforced.", "",
			func(c *app) *client.IPMode { return &c.Policy.IP }, client.IPEnforce, client.IPRelaxRefresh, client.IPRelaxMFA, client.IPBypass),
		list("ip-range", "CIDR", "Addresses from which the app may be used; none: all.", "RFC 4632 §3.1",
			func(c *app) *[]string { return &c.Policy.IPRanges }, checkRange),
		length("session-timeout", "A shorter life of opaque access tokens.", "",
			func(c *app) *client.Duration { return &c.Policy.SessionTimeout }, "none", 30*time.Second, client.AccessTokenCeiling),
		choice("assurance", "How strongly people must authenticate.", "RFC 9470 §4",
			func(c *app) *client.Assurance { return &c.Policy.Assurance }, client.AssuranceLow, client.AssuranceStandard, client.AssuranceHigh),
		onOff("introspect-all", "The app may introspect tokens of other apps, as a resource server.", "RFC 7662 §4",
			func(c *app) *bool { return &c.Policy.IntrospectAll }),
		onOff("person-address", "The app tells the address of the person who signs in through it, in the parameter person_address. It is believed of a confidential app that sends its secret.", "draft-ietf-oauth-first-party-apps-04 §9.3",
			func(c *app) *bool { return &c.Policy.PersonAddress }),
		number("rate-limit", "N|none", "How many tokens the app may take in an hour; what it does not use gathers, up to an hour's worth. Each node counts alone.", "RFC 6585 §4",
			func(c *app) *int { return &c.Policy.RateLimit }, 1, 10_000_000),
	}
}

func checkAudience(v string) error {
	if err := checkWord(v); err != nil {
		return err
	}
	if u, err := url.Parse(v); err != nil || u.Fragment != "" || strings.Contains(v, ",") {
		return fmt.Errorf("%q: an audience is an identifier or an absolute URI without a fragment (RFC 8707 §2)", v)
	}
	return nil
}

func checkWord(v string) error {
	if v == "" || len(v) > 255 || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > 0x7e || r == '"' || r == '\\' }) {
		return fmt.Errorf("%q: visible ASCII without blank, quote and backslash, 255 characters at most", v)
	}
	return nil
}

func checkRange(v string) error {
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return fmt.Errorf("%q is no address range; write 192.0.2.0/24 or 2001:db8::/32 (RFC 4632 §3.1)", v)
	}
	if p.Masked() != p {
		return fmt.Errorf("%q has bits set beyond its length; did you mean %s? (RFC 4632 §3.1)", v, p.Masked())
	}
	if p.Addr().Is4In6() {
		return errors.New("write an IPv4 range in dotted form")
	}
	return nil
}
