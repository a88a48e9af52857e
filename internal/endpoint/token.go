package endpoint

import (
	"net/http"
	"time"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/token"
	"countersign/internal/web"
)

type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// token takes a grant for tokens.
//
// Spec: RFC 6749 §4.1.3, §5.1, §6.
func (e *dialect) token(r *web.Request) (web.Answer, error) {
	form := &r.Form.Body
	scopes, err := oauth.ParseScopes(form.Text("scope"))
	if err != nil {
		return web.Answer{}, err
	}
	var a token.Answer
	err = e.asks(r, func(c client.Credentials) (err error) {
		a, err = e.Tokens.Exchange(r.Context(), token.Request{
			Grant: oauth.GrantType(form.Text("grant_type")), Client: c, Scopes: scopes,
			Code: form.Text("code"), RedirectURI: form.Text("redirect_uri"), Verifier: form.Text("code_verifier"),
			RefreshToken: form.Text("refresh_token"), Style: token.StyleStandard,
			Address: r.Address(), RequestID: r.ID(),
		})
		r.Event.User, r.Event.Seen = a.Grant.User, a.Seen
		return err
	})
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, tokenAnswer{
		AccessToken: a.AccessToken, TokenType: "Bearer", ExpiresIn: int64(a.ExpiresIn / time.Second),
		RefreshToken: a.RefreshToken, IDToken: a.IDToken, Scope: a.Scopes.String(),
	})
}
