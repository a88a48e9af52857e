package server

import (
	"encoding/json"
	"fmt"
	"net/http"

	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/oauth"
	"countersign/internal/salesforce"
	"countersign/internal/web"
)

// Spelling is how a refusal looks on the wire of one dialect.
type Spelling struct {
	Dialect string `json:"dialect"`
	Route   string `json:"route"`
	Status  int    `json:"status"`
	Error   string `json:"error"`
	Text    string `json:"error_description"`
}

// spelled are the routes whose spelling says enough about their dialect.
var spelled = []string{"/oauth2/token", "/oauth2/challenge", "/oauth2/userinfo", "/services/oauth2/token", "/services/oauth2/userinfo"}

// Spellings renders a refusal as each dialect does, by the very code that
// answers requests.
func Spellings(refusal *oauth.Error) ([]Spelling, error) {
	const issuer = "https://issuer.invalid"
	apps := &client.Directory{}
	standard, err := endpoint.Routes(endpoint.Deps{Issuer: issuer, Verifier: &client.Verifier{Directory: apps}})
	if err != nil {
		return nil, err
	}
	other, err := salesforce.Routes(salesforce.Deps{Issuer: issuer, Directory: apps})
	if err != nil {
		return nil, err
	}
	routes := map[string]web.Route{}
	for _, r := range append(standard, other...) {
		routes[r.Pattern] = r
	}
	var out []Spelling
	for _, path := range spelled {
		r, ok := routes[path]
		if !ok {
			return nil, fmt.Errorf("no route %s", path)
		}
		out = append(out, spell(r, refusal))
	}
	return out, nil
}

func spell(r web.Route, refusal *oauth.Error) Spelling {
	hr, _ := http.NewRequest(http.MethodPost, "https://issuer.invalid"+r.Pattern, http.NoBody) //nolint:noctx // it is never sent
	a := r.Dialect.Refuse(&web.Request{HTTP: hr}, refusal)
	s := Spelling{Dialect: r.Dialect.Name, Route: r.Pattern, Status: a.Status}
	var body struct {
		Error string `json:"error"`
		Text  string `json:"error_description"`
	}
	if json.Unmarshal(a.Body, &body) != nil {
		body.Error = string(a.Body)
	}
	s.Error, s.Text = body.Error, body.Text
	return s
}
