package console

import (
	"net/http"
	"strings"

	"countersign/internal/oauth"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// refusedBody is what the page of a refusal shows.
type refusedBody struct {
	Title, Text, Rule, Spec, RequestID string
	Ours                               bool
}

// status is what a refusal is called in HTTP, and in the heading of its page.
func status(e *oauth.Error) (code int, title string) {
	switch {
	case e.Rule == ErrGone.Rule:
		return http.StatusNotFound, "This is not here"
	case e.Code == oauth.AccessDenied:
		return http.StatusForbidden, "This is not allowed"
	case e.Code == oauth.InvalidSession:
		return http.StatusForbidden, "Sign in again"
	case e.Code == oauth.RateLimited:
		return http.StatusTooManyRequests, "Please wait a moment"
	case e.Code == oauth.TemporarilyUnavailable:
		return http.StatusServiceUnavailable, "The server is busy"
	case e.Code == oauth.ServerError:
		return http.StatusInternalServerError, "Something went wrong on our side"
	case e.Code == oauth.MethodNotAllowed:
		return http.StatusMethodNotAllowed, "This address does not do that"
	case e.Code == oauth.TooLarge:
		return http.StatusRequestEntityTooLarge, "That was too much at once"
	case e.Code == oauth.UnsupportedMediaType:
		return http.StatusUnsupportedMediaType, "This form cannot be read"
	}
	return http.StatusBadRequest, "This cannot be done"
}

// refuse renders a refusal as a page.
func (c *Console) refuse(r *web.Request, e *oauth.Error) web.Answer {
	v := &visit{c: c, r: r, desk: *c.Desk}
	_ = v.open() // the page is the same, with less around it
	code, title := status(e)
	body := refusedBody{
		Title: title, Text: sentence(e.Description), Rule: e.Rule, Spec: e.Spec, RequestID: r.ID(), Ours: e.Code == oauth.ServerError,
	}
	a, err := v.pageStatus(code, "refused", page.Frame{Title: title, Body: body})
	if err != nil {
		a = web.Answer{Status: code, Media: web.MediaText, Body: []byte(title + ". " + body.Text + "\n")}
	}
	return v.finish(a)
}

// sentence makes one of a description. The name of a setting stays as it is.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	if first, _, _ := strings.Cut(text, " "); !strings.Contains(first, ".") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
