package probe

import (
	"net/http"
	"net/url"
)

// Grant types that have no scenario of their own to name them.
const (
	tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	jwtBearerGrant     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	deviceGrant        = "urn:ietf:params:oauth:grant-type:device_code"
	passwordGrant      = "password"
	clientCredentials  = "client_credentials"
)

// grant is a token request of some grant type, as the app under attack would make
// it; more are names and values of further parameters.
func (t *Trial) grant(kind, what string, more ...string) *Request {
	form := url.Values{"grant_type": {kind}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return t.request(http.MethodPost, t.Door.Token, what, t.App, form)
}
