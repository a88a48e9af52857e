// Package salesforce owns the Salesforce dialect: the same features as the
// standard dialect in other clothes, for apps and libraries that were written
// for Salesforce Headless Identity. It parses requests and renders answers;
// every decision is the core's. Where the dialect parts from the RFCs, and where
// we part from Salesforce, docs/divergences.md has a paragraph (D1 to D25).
package salesforce

import (
	"net/url"
	"strings"

	"countersign/internal/client"
	"countersign/internal/headless"
	"countersign/internal/inspect"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/token"
	"countersign/internal/web"
)

// Deps are the features behind the dialect and how it names itself.
type Deps struct {
	Issuer string // https URL, byte for byte as in every token; base of identity URLs
	// Base is the URL of the site as apps are told it, without Prefix: of
	// sfdc_community_url, and without its path of instance_url. Empty: Issuer.
	Base string
	// Prefix is a site's path such as /customers: every route stands behind it as
	// well as without it. Empty: there is none.
	Prefix string

	Directory *client.Directory
	Keys      *secret.Keyring
	Ring      *key.Ring
	Headless  *headless.Authenticator
	Tokens    *token.Exchanger
	Inspector *inspect.Inspector
	Throttle  *web.Throttle // of failed client authentications; share it with the other dialect
	// Origins says whether a page at the origin may call for the app, or, if the
	// id is empty, for any app: what web.Site asks, too.
	Origins func(origin string, app oauth.ClientID) bool
}

// door is the dialect behind one prefix, the empty one included.
type door struct {
	Deps
	community string // what apps are told to send their token requests to
	instance  string // the same without a path
	rules     string // error_uri is this followed by the rule
}

func newDoor(deps Deps, prefix string) *door {
	base := strings.TrimSuffix(deps.Base, "/")
	return &door{
		Deps: deps, community: base + prefix, instance: origin(base),
		rules: strings.TrimSuffix(deps.Issuer, "/") + "/oauth2/errors/",
	}
}

// origin is a URL without path, query and fragment.
func origin(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return base
	}
	return u.Scheme + "://" + u.Host
}

// identity is the id URL of a person, which is also the subject of ID tokens; or
// of an app that speaks for itself, which nobody finds anything at.
func (d *door) identity(subject string) string {
	return token.IdentityURL(d.Issuer, d.Directory.Org().ID, oauth.UserID(subject))
}
