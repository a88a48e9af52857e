package salesforce

import (
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/token"
)

// facts are what an app may know of a person, in the words of this dialect. Texts
// that are unknown, or closed to the app's scopes, are empty and never left out:
// clients read one after the other and stop at the first that is missing.
type facts struct {
	token.Claims
	id, user, org, username string
	active                  bool
	emailVerified           bool
	phoneVerified           bool
	language, locale        string
	offset                  int64 // of the time zone's standard time, in milliseconds
	updated                 time.Time
}

// everything are scopes of this dialect that open the whole profile. id says so
// by definition; the others let an app read the person's record anyway.
var everything = []oauth.Scope{"id", "api", "web", "full"}

// opened are the OpenID scopes that a token's scopes amount to.
//
// Spec: docs/divergences.md, scopes that open the profile.
func opened(scopes oauth.Scopes) oauth.Scopes {
	for _, s := range everything {
		if scopes.Has(s) {
			return oauth.Scopes{oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopePhone, oauth.ScopeAddress}
		}
	}
	return scopes
}

func (d *door) factsOf(p inspect.Person) facts {
	a := p.Account
	f := facts{
		Claims: token.ClaimsFor(a, opened(p.Access.Scopes)),
		id:     d.identity(string(a.ID)), user: string(a.ID), org: d.Directory.Org().ID, username: a.Username,
		active: a.State == account.Active, updated: a.Updated.UTC(), language: "en_US", locale: "en_US",
	}
	f.emailVerified = f.EmailVerified != nil && *f.EmailVerified
	f.phoneVerified = f.PhoneVerified != nil && *f.PhoneVerified
	if f.Locale != "" {
		f.locale = strings.ReplaceAll(f.Locale, "-", "_")
		f.language = f.locale
	}
	if f.Zone != "" {
		f.offset = standardOffset(f.Zone, f.updated.Year())
	}
	return f
}

// display is a name that is never empty.
func (f *facts) display() string {
	if f.Name != "" {
		return f.Name
	}
	return f.username
}

// standardOffset is the offset of a zone without daylight saving, in
// milliseconds; 0 for a zone that this machine does not know.
func standardOffset(zone string, year int) int64 {
	where, err := time.LoadLocation(zone)
	if err != nil {
		return 0
	}
	_, january := time.Date(year, time.January, 1, 0, 0, 0, 0, where).Zone()
	_, july := time.Date(year, time.July, 1, 0, 0, 0, 0, where).Zone()
	return int64(min(january, july)) * 1000
}

// timestamp is how this dialect writes a time.
func timestamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-0700") }

// photos must be there, with both texts in it.
func (f *facts) photos() object {
	return object{{"picture", f.Picture}, {"thumbnail", f.Picture}}
}

// urls are the addresses that clients know a record system by. {version} is left
// for the client to fill in, unless it asked for a version.
func (d *door) urls(f *facts, version string) object {
	if version == "" {
		version = "{version}"
	}
	rest := d.instance + "/services/data/v" + version + "/"
	soap := func(kind string) string {
		return d.instance + "/services/Soap/" + kind + "/" + version + "/" + f.org[:min(len(f.org), 15)]
	}
	return object{
		{"enterprise", soap("c")},
		{"metadata", soap("m")},
		{"partner", soap("u")},
		{"rest", rest},
		{"sobjects", rest + "sobjects/"},
		{"search", rest + "search/"},
		{"query", rest + "query/"},
		{"recent", rest + "recent/"},
		{"tooling_soap", soap("T")},
		{"tooling_rest", rest + "tooling/"},
		{"profile", d.instance + "/" + f.user},
		{"feeds", rest + "chatter/feeds"},
		{"groups", rest + "chatter/groups"},
		{"users", rest + "chatter/users"},
		{"feed_items", rest + "chatter/feed-items"},
		{"feed_elements", rest + "chatter/feed-elements"},
		{"custom_domain", d.instance},
	}
}
