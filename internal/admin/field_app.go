package admin

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"countersign/internal/client"
	"countersign/internal/oauth"
)

type app = client.Client

// AppFields is everything that can be set on an app.
var AppFields = slices.Concat(identityFields(), flowFields(), wireFields(), tokenFields(), refreshFields(), policyFields())

func identityFields() []Field[app] {
	kind := choice("type", "Can the app keep a secret? A server can; a browser, phone or desktop cannot.", "RFC 6749 §2.1",
		func(c *app) *client.Type { return &c.Type }, client.Confidential, client.Public)
	kind.Fixed = true
	return []Field[app]{
		text("name", "NAME", "What people call the app.", func(c *app) *string { return &c.Name }, checkName),
		kind,
		choice("platform", "What the app runs on.", "",
			func(c *app) *client.Platform { return &c.Platform }, client.Web, client.SPA, client.Mobile, client.Native, client.Machine),
		onOff("first-party", "The app is ours: it may collect people's credentials (headless login).",
			"draft-ietf-oauth-first-party-apps-04 §9.1", func(c *app) *bool { return &c.FirstParty }),
		enabledField(),
		text("owner", "E-MAIL", "Who answers for the app.", func(c *app) *string { return &c.Owner }, checkShort),
		dateField("review-due", "When somebody should look at the app again.", func(c *app) *time.Time { return &c.ReviewDue }),
		onOff("verified-publisher", "The publisher of the app was verified.", "", func(c *app) *bool { return &c.Verified }),
	}
}

// enabledField: switching an app off is dated, so that its tokens stay dead when
// it is switched on again.
func enabledField() Field[app] {
	return Field[app]{
		Name: "enabled", Hint: OnOff, What: "Off blocks the app and ends all its tokens, for good.", Spec: "RFC 7009 §2.1",
		read: line("enabled", func(c *app) string { return word(!c.Disabled) }),
		write: func(c *app, values []string, now time.Time) error {
			v, err := one(values)
			if err != nil {
				return err
			}
			on, err := parseOnOff(v)
			if err != nil {
				return err
			}
			c.NotBefore = dated(!c.Disabled, on, c.NotBefore, now)
			c.Disabled = !on
			return nil
		},
	}
}

func wireFields() []Field[app] {
	method := choice("auth-method", "The one way in which the app proves who it is.", "RFC 7591 §2",
		func(c *app) *client.AuthMethod { return &c.Settings.AuthMethod },
		client.AuthSecretBasic, client.AuthSecretPost, client.AuthNone)
	return []Field[app]{
		method,
		list("redirect-uri", "URI", "Where codes may be sent; compared character by character.", "RFC 9700 §4.1.3",
			func(c *app) *[]string { return &c.Settings.RedirectURIs }, client.ValidateRedirectURI),
		list("cors-origin", "ORIGIN", "Origins of a browser app that may call the token endpoint.", "Fetch Standard §3.2",
			func(c *app) *[]string { return &c.Settings.Origins }, checkOrigin),
		scopeField(),
		onOff("post-body-only", "Accept a person's credentials in the POST body only.", "Salesforce isCodeCredPostOnly",
			func(c *app) *bool { return &c.Settings.PostOnly }),
		onOff("response-type-optional", "Serve clients of the challenge endpoint older than draft -03, which send no response_type.",
			"draft-ietf-oauth-first-party-apps-04 §5.1", func(c *app) *bool { return &c.Settings.LooseOpening }),
		length("code-ttl", "How long a code lives.", "RFC 6749 §4.1.2",
			func(c *app) *client.Duration { return &c.Settings.CodeTTL }, "60s", time.Second, client.MaxCodeTTL),
	}
}

func scopeField() Field[app] {
	return Field[app]{
		Name: "scope", Hint: "SCOPE", What: "What the app may be granted at most.", Spec: "RFC 6749 §3.3", Many: true,
		read: line("scope", func(c *app) string { return c.Settings.Scopes.String() }),
		write: func(c *app, values []string, _ time.Time) error {
			next, err := merge(strings.Fields(c.Settings.Scopes.String()), values)
			if err != nil {
				return err
			}
			scopes, err := oauth.ParseScopes(strings.Join(next, " "))
			if err != nil {
				return errors.New("a scope has visible ASCII characters without quote and backslash, 128 at most, 64 scopes at most (RFC 6749 §3.3)")
			}
			c.Settings.Scopes = scopes
			return nil
		},
	}
}

func checkName(v string) error {
	if v == "" {
		return errors.New("an app needs a name")
	}
	return checkShort(v)
}

func checkShort(v string) error {
	if !utf8.ValidString(v) || utf8.RuneCountInString(v) > 120 || strings.ContainsFunc(v, func(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }) {
		return errors.New("at most 120 characters, none of them invisible")
	}
	return nil
}

// checkOrigin accepts exactly what a browser sends as Origin.
//
// Spec: Fetch Standard §3.2.
func checkOrigin(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != v || strings.ContainsAny(v, "*\\") || v != strings.ToLower(v) {
		return fmt.Errorf("%q is not an origin: scheme://host[:port] in lower case, no path, no wildcard (Fetch Standard §3.2)", v)
	}
	local := u.Hostname() == "localhost"
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		local = addr.IsLoopback()
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("%q: an origin is https, or http on a loopback address (RFC 9700 §2.6)", v)
	}
	return nil
}

func dateField(name, what string, at func(*app) *time.Time) Field[app] {
	return Field[app]{
		Name: name, Hint: "2027-01-31", What: what,
		read: line(name, func(c *app) string {
			if at(c).IsZero() {
				return ""
			}
			return at(c).Format(time.DateOnly)
		}),
		write: func(c *app, values []string, _ time.Time) error {
			v, err := one(values)
			if err != nil || v == "" {
				*at(c) = time.Time{}
				return err
			}
			t, err := time.Parse(time.DateOnly, v)
			if err != nil {
				return fmt.Errorf("%q is no date; write year-month-day, as in 2027-01-31 (RFC 3339 §5.6)", v)
			}
			*at(c) = t
			return nil
		},
	}
}
