package endpoint

import (
	"net/http"

	"countersign/internal/client"
	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// introspection are the members of RFC 7662 §2.2 and those of RFC 9470 §6.2.
type introspection struct {
	Active    bool           `json:"active"`
	Scope     string         `json:"scope,omitempty"`
	Client    oauth.ClientID `json:"client_id"`
	TokenType string         `json:"token_type,omitempty"` // of an access token
	Expires   int64          `json:"exp,omitempty"`
	Issued    int64          `json:"iat"`
	Subject   string         `json:"sub,omitempty"`
	Audience  any            `json:"aud,omitempty"` // a text, or a list of several: RFC 7519 §4.1.3
	Issuer    string         `json:"iss"`
	TokenID   string         `json:"jti,omitempty"`
	AuthTime  int64          `json:"auth_time,omitempty"`
	ACR       string         `json:"acr,omitempty"`
	AMR       []string       `json:"amr,omitempty"`
}

// inactive says nothing else, whatever the reason.
//
// Spec: RFC 7662 §2.2.
var inactive = []byte(`{"active":false}`)

// introspect answers an app's question about a token.
//
// Spec: RFC 7662 §2.
func (e *dialect) introspect(r *web.Request) (web.Answer, error) {
	var in inspect.Introspection
	err := e.asks(r, func(c client.Credentials) (err error) {
		_, in, err = e.Inspector.Introspect(r.Context(), c, r.Form.Body.Text("token"))
		return err
	})
	if err != nil {
		return web.Answer{}, err
	}
	if !in.Active {
		return web.Answer{Media: web.MediaJSON, Body: inactive}, nil
	}
	r.Event.User = in.Access.User
	return web.JSON(http.StatusOK, e.introspection(&in))
}

func (e *dialect) introspection(in *inspect.Introspection) introspection {
	a := &in.Access
	out := introspection{
		Active: true, Scope: a.Scopes.String(), Client: a.Client, Issued: in.Issued.Unix(),
		Subject: a.Subject(), Issuer: e.Issuer, ACR: a.ACR, AMR: a.AMR,
	}
	if !a.AuthTime.IsZero() {
		out.AuthTime = a.AuthTime.Unix()
	}
	if !in.Expires.IsZero() {
		out.Expires = in.Expires.Unix()
	}
	if in.Refresh {
		return out
	}
	out.TokenType, out.TokenID = "Bearer", a.TokenID.String()
	switch len(a.Audience) {
	case 0:
		out.Audience = e.Issuer
	case 1:
		out.Audience = a.Audience[0]
	default:
		out.Audience = a.Audience
	}
	return out
}
