package servertest

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/audit"
)

// secretNames are the parameters and members that must never be seen again
// anywhere but in the request or answer that carried them.
var secretNames = []string{
	"password", "client_secret", "code", "authorization_code", "code_verifier", "access_token", "refresh_token",
	"id_token", "token", "assertion",
}

// remember notes every secret of a request and its answer.
func (s *session) remember(r *http.Request, form url.Values, a *answer) {
	note := func(values ...string) {
		for _, v := range values {
			if len(v) >= 12 { // shorter ones are mistakes that scripts make on purpose
				s.secrets = append(s.secrets, v)
			}
		}
	}
	for _, name := range secretNames {
		note(form[name]...)
		note(r.URL.Query()[name]...)
		if v, ok := a.json[name].(string); ok {
			note(v)
		}
	}
	if u, err := url.Parse(a.header.Get("Location")); err == nil {
		note(u.Query()["code"]...)
	}
	if scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		note(value)
		if scheme == "Basic" {
			b, _ := base64.StdEncoding.DecodeString(value)
			_, secret, _ := strings.Cut(string(b), ":")
			note(secret)
		}
	}
}

// leak returns a secret of the script that the server's log or its audit log
// contains, whole or by its last sixteen characters; "" if there is none.
func (s *session) leak() string {
	var b strings.Builder
	b.WriteString(s.node.Log.String())
	events, err := s.node.server.DB.List(context.Background(), audit.Filter{})
	if err != nil {
		return "the audit log cannot be read: " + err.Error()
	}
	for _, e := range events {
		b.Write(e.Encode())
	}
	text := b.String()
	for _, secret := range s.secrets {
		if strings.Contains(text, secret) || strings.Contains(text, secret[len(secret)-min(16, len(secret)):]) {
			return secret
		}
	}
	return ""
}
