package salesforce

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/token"
	"countersign/internal/web"
)

// Refusals of a token request that never reaches the core.
var (
	ErrTwoSecrets = oauth.Refuse(oauth.InvalidClient, "salesforce.client-secret-repeated", "RFC 6749 §2.3",
		"the app's credentials stand in the Authorization header and in the body; send them once")
	ErrTwoClients = oauth.Refuse(oauth.InvalidClient, "salesforce.client-id-differs", "RFC 6749 §2.3",
		"client_id and the Authorization header name two apps")
	ErrAssertion = oauth.Refuse(oauth.InvalidClient, "salesforce.assertion-not-served", "RFC 7521 §4.2",
		"client_assertion is not served by this server; send the app's secret")
)

// ErrMachineScope refuses a scope parameter that this dialect does not have: an
// app gets for itself what it is registered for.
var ErrMachineScope = oauth.Refuse(oauth.InvalidRequest, "salesforce.scope-not-supported", "Salesforce OAuth 2.0 Client Credentials Flow",
	"scope parameter not supported")

// grants are the names of this dialect for what the core serves. The hybrid ones
// ask for browser sessions as well, which clients do without.
//
// Spec: docs/divergences.md D12.
var grants = map[string]oauth.GrantType{
	"authorization_code": oauth.GrantAuthorizationCode,
	"hybrid_auth_code":   oauth.GrantAuthorizationCode,
	"refresh_token":      oauth.GrantRefreshToken,
	"hybrid_refresh":     oauth.GrantRefreshToken,
	"client_credentials": oauth.GrantClientCredentials,
}

// exchange takes a grant for tokens.
//
// Spec: RFC 6749 §3.2; docs/divergences.md D1, D4, D10, D12, D14, D25.
func (d *door) exchange(r *web.Request) (web.Answer, error) {
	in, err := readToken(r)
	if err != nil {
		return web.Answer{}, err
	}
	c, err := clientOf(r, in)
	if err != nil {
		return web.Answer{}, err
	}
	if err := d.fromApp(r, d.app(r, string(c.ID))); err != nil {
		return web.Answer{}, err
	}
	request, err := d.tokenRequest(r, in, c)
	if err != nil {
		return web.Answer{}, err
	}
	var a token.Answer
	err = d.throttled(r, c, func() (err error) {
		a, err = d.Tokens.Exchange(r.Context(), request)
		return err
	})
	r.Event.User, r.Event.Seen = a.Grant.User, a.Seen
	if err != nil {
		return web.Answer{}, err
	}
	return render(d.tokens(a), in.text("format"), "OAuth", false), nil
}

// clientOf reads the app's credentials: Basic in either alphabet, form-encoded
// inside or not, or the body. An empty secret is none. Errors: ErrBasic,
// ErrTwoSecrets, ErrTwoClients, ErrAssertion, web.ErrAuthorization.
//
// Spec: RFC 6749 §2.3.1; docs/divergences.md D5, D6.
func clientOf(r *web.Request, in *input) (client.Credentials, error) {
	c := client.Credentials{ID: oauth.ClientID(in.text("client_id")), Method: client.AuthNone, AnySecretMethod: true}
	if in.body.Has("client_assertion") {
		return c, ErrAssertion
	}
	if s := in.body.Text("client_secret"); s != "" {
		c.Method, c.Secret = client.AuthSecretPost, s
	}
	id, secret, sent, err := basic(r)
	id, secret = formDecoded(id), formDecoded(secret)
	switch {
	case err != nil || !sent:
		return c, err
	case c.Secret != "":
		return c, ErrTwoSecrets
	case c.ID != "" && string(c.ID) != id:
		return c, ErrTwoClients
	}
	c.ID = oauth.ClientID(id)
	if secret != "" {
		c.Method, c.Secret = client.AuthSecretBasic, secret
	}
	return c, nil
}

// formDecoded undoes what clients do that follow the RFC. Ids and secrets of apps
// have no percent sign, so nothing else can be meant by one; a person's password
// is never read like this.
//
// Spec: RFC 6749 §2.3.1, Appendix B.
func formDecoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil && strings.Contains(text, "%") {
		return plain
	}
	return text
}

func (d *door) tokenRequest(r *web.Request, in *input, c client.Credentials) (token.Request, error) {
	name := in.text("grant_type")
	if name == "" && in.text("response_type") != "" { // D13: how the device flow starts
		name = in.text("response_type")
	}
	t := token.Request{
		Client: c, Style: token.StyleSalesforce, Spell: d.spell, LongVerifier: true, // D1
		Address: r.Address(), RequestID: r.ID(),
	}
	t.Grant = grants[name]
	switch t.Grant {
	case oauth.GrantAuthorizationCode:
		t.Code, t.RedirectURI, t.Verifier = in.text("code"), in.text("redirect_uri"), in.text("code_verifier")
	case oauth.GrantRefreshToken:
		var err error
		if t.Scopes, err = in.scopes(); err != nil {
			return t, err
		}
		t.RefreshToken = in.text("refresh_token") // a stray verifier is ignored: D25
	case oauth.GrantClientCredentials:
		if in.text("scope") != "" {
			return t, ErrMachineScope
		}
	default:
		t.Grant = oauth.GrantType(name)
	}
	return t, in.check()
}

// tokens renders an answer: every value a text, but expires_in, which no client
// of this dialect reads and every other one wants.
//
// Spec: RFC 6749 §5.1; docs/divergences.md D14.
func (d *door) tokens(a token.Answer) object {
	id, issued := d.identity(a.Grant.Subject()), strconv.FormatInt(a.IssuedAt.UnixMilli(), 10)
	o := make(object, 0, 16)
	o = append(o, member{"access_token", a.AccessToken})
	if a.RefreshToken != "" {
		o = append(o, member{"refresh_token", a.RefreshToken})
	}
	o = append(o,
		member{"sfdc_community_url", d.community},
		member{"sfdc_community_id", d.Directory.Org().SiteID},
		member{"signature", d.signature(a.Client, id, issued)},
		member{"token_format", string(a.Format)},
		member{"scope", a.Scopes.String()})
	if a.IDToken != "" {
		o = append(o, member{"id_token", a.IDToken})
	}
	return append(o,
		member{"instance_url", d.instance},
		member{"id", id},
		member{"token_type", "Bearer"},
		member{"issued_at", issued},
		member{"expires_in", int64(a.ExpiresIn / time.Second)})
}
