package endpoint

import (
	"net/http"
	"strings"

	"countersign/internal/oauth"
	"countersign/internal/web"
)

// explain is the page behind error_uri: what the rule says and where it comes
// from, for whoever reads the error of an app.
//
// Spec: RFC 6749 §5.2.
func (e *dialect) explain(r *web.Request) (web.Answer, error) {
	rule, ok := e.refusals[r.HTTP.PathValue("rule")]
	if !ok {
		return web.Answer{Status: http.StatusNotFound, Media: web.MediaText, Body: []byte("There is no such rule.\n")}, nil
	}
	return web.Answer{Media: web.MediaText, Body: page(rule)}, nil
}

func page(rule *oauth.Error) []byte {
	var b strings.Builder
	b.WriteString(rule.Rule + "\n\n" + strings.ToUpper(rule.Description[:1]) + rule.Description[1:] + ".\n\n")
	b.WriteString("Comes from   " + rule.Spec + "\nMore         countersign explain " + rule.Rule + "\n")
	b.WriteString("\nThe answer's X-Request-Id names the line in the server's log that belongs to it.\n")
	return []byte(b.String())
}
