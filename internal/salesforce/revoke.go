package salesforce

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/client"
	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// Refusals of revocation: this dialect tells whether there was a token to end.
var (
	ErrNotFound = oauth.Refuse(oauth.InvalidToken, "salesforce.token-unknown", "Salesforce OAuth revocation; docs/divergences.md D18",
		"the token is not one of this server, or has ended")
	ErrNotRevocable = oauth.Refuse(oauth.UnsupportedTokenType, "salesforce.token-not-revocable", "RFC 7009 §2.2.1",
		"an authorization code cannot be revoked; it ends within two minutes")
)

// reasons are the words that apps give for a revocation. Another word is left
// out of the audit event: it may hold anything.
var reasons = []string{
	"corrupt_state", "corrupt_state_msdk", "refresh_token_expired", "ssdk_logout_policy", "timeout", "unexpected",
	"unexpected_response", "unknown", "user_logout", "refresh_token_rotated",
}

const reasonOfApp = "corrupt_state_app" // apps add their own words behind it

func reason(text string) string {
	switch {
	case slices.Contains(reasons, text):
		return text
	case strings.HasPrefix(text, reasonOfApp+"_"):
		return reasonOfApp
	}
	return ""
}

// revoke ends a token: whoever holds it may, by form, URL or script. App
// credentials are not needed; those that are sent are checked.
//
// Spec: RFC 7009 §2; docs/divergences.md D18.
func (d *door) revoke(r *web.Request) (web.Answer, error) {
	callback, err := jsonp(r)
	if err != nil {
		return web.Answer{}, err
	}
	in := inputOf(r)
	if in.query.Has("client_secret") {
		return web.Answer{}, ErrSecretInURL
	}
	c, err := clientOf(r, in)
	if err != nil {
		return web.Answer{}, err
	}
	if err := d.fromApp(r, d.app(r, string(c.ID))); err != nil {
		return web.Answer{}, err
	}
	held := in.text("token")
	if strings.HasPrefix(held, secret.KindCode.Prefix()) {
		return web.Answer{}, ErrNotRevocable
	}
	request := inspect.Revocation{
		Client: c, ByHolder: c.Method == client.AuthNone, Token: d.handle(held),
		Address: r.Address(), RequestID: r.ID(), Reason: reason(in.text("revoke_reason")),
	}
	if err := in.check(); err != nil {
		return web.Answer{}, err
	}
	var found bool
	err = d.throttled(r, c, func() (err error) {
		found, err = d.Inspector.Revoke(r.Context(), request)
		return err
	})
	switch {
	case err != nil:
		return web.Answer{}, err
	case !found:
		return web.Answer{}, ErrNotFound
	case callback != "":
		return script(callback, object{}), nil
	}
	return web.Answer{}, nil
}

// refuseRevoke writes a refusal as a form, because that is how clients of this
// endpoint read one, or as a call of the script's function.
func (d *door) refuseRevoke(r *web.Request, e *oauth.Error) web.Answer {
	w := wireOf(e)
	if callback, err := jsonp(r); err == nil && callback != "" {
		a := script(callback, object{{"error", w.code}})
		if w.status >= http.StatusInternalServerError || w.status == http.StatusTooManyRequests {
			a.Status = w.status
		}
		return w.later(a)
	}
	body := "error=" + url.QueryEscape(w.code) + "&error_description=" + escape(w.text) + "&error_uri=" + url.QueryEscape(d.rule(e))
	return w.later(web.Answer{Status: w.status, Media: web.MediaForm, Body: []byte(body)})
}
