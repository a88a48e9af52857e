package salesforce

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"countersign/internal/oauth"
	"countersign/internal/web"
)

// ErrSecretInURL refuses what must never stand in a URL, where logs, histories
// and referrers keep it. Other parameters may: clients of this dialect put them
// there.
var ErrSecretInURL = oauth.Refuse(oauth.InvalidRequest, "salesforce.secret-in-url", "RFC 9700 §4.3.2",
	"a secret, a verifier, a refresh token or an assertion in the URL is refused: send it in the body")

// secretNames are refused in the query of a token request.
var secretNames = []string{"client_secret", "code_verifier", "refresh_token", "client_assertion", "assertion", "password"}

// input are the parameters of one request, in the body or in the query.
//
// Spec: docs/divergences.md D4, D7.
type input struct {
	body, query oauth.Params
	twice       bool // a parameter was found in both
}

func inputOf(r *web.Request) *input { return &input{body: r.Form.Body, query: r.Form.Query} }

// text returns the value of a parameter, "" if it is absent.
func (in *input) text(name string) string {
	b, q := in.body.Text(name), in.query.Text(name)
	if b == "" {
		return q
	}
	in.twice = in.twice || q != ""
	return b
}

// check refuses a request in which a parameter that was read stands twice.
// Errors: oauth.ErrParamRepeated.
//
// Spec: RFC 6749 §3.1, §3.2.
func (in *input) check() error {
	if in.twice {
		return oauth.ErrParamRepeated
	}
	return nil
}

// scopes reads the scope parameter: this dialect separates with blanks or
// commas. Errors: oauth.ErrScopeSyntax.
//
// Spec: RFC 6749 §3.3; docs/divergences.md D11.
func (in *input) scopes() (oauth.Scopes, error) {
	parts := strings.FieldsFunc(in.text("scope"), func(r rune) bool { return r == ' ' || r == ',' })
	return oauth.ParseScopes(strings.Join(parts, " "))
}

// readToken reads what a token request may be written as: a form, multipart, or
// parameters in the query. Errors: web.ErrMediaType, ErrSecretInURL, those of
// oauth.ParseParams.
//
// Spec: docs/divergences.md D4.
func readToken(r *web.Request) (*input, error) {
	in := &input{query: r.Form.Query}
	for _, name := range secretNames {
		if in.query.Has(name) {
			return nil, ErrSecretInURL
		}
	}
	if len(r.Body) == 0 {
		return in, nil
	}
	kind, params, err := contentType(r.HTTP.Header)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		in.body, err = oauth.ParseParams(string(r.Body))
	case "multipart/form-data":
		in.body, err = parseMultipart(r.Body, params["boundary"])
	default:
		err = web.ErrMediaType
	}
	return in, err
}

// contentType reads the one Content-Type of a request; a charset is UTF-8 or
// left out.
func contentType(h http.Header) (string, map[string]string, error) {
	if len(h["Content-Type"]) != 1 {
		return "", nil, web.ErrMediaType
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if c := params["charset"]; err != nil || c != "" && !strings.EqualFold(c, "utf-8") {
		return "", nil, web.ErrMediaType
	}
	return kind, params, nil
}

// parseMultipart reads form fields, under the same rules as those of an ordinary
// form. Errors: oauth.ErrParamSyntax, oauth.ErrParamRepeated, oauth.ErrParamMany.
//
// Spec: RFC 7578 §4.
func parseMultipart(body []byte, boundary string) (oauth.Params, error) {
	var p oauth.Params
	if boundary == "" {
		return p, oauth.ErrParamSyntax
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // the very value: a body that ends too early wraps it
			return p, nil
		}
		if err != nil || part.FormName() == "" || part.FileName() != "" {
			return oauth.Params{}, oauth.ErrParamSyntax
		}
		value, err := io.ReadAll(part) // the body was bounded when it was read
		if err != nil {
			return oauth.Params{}, oauth.ErrParamSyntax
		}
		if err := p.Add(part.FormName(), string(value)); err != nil {
			return oauth.Params{}, err
		}
	}
}
