package report

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/evidence"
)

// wireOf splits a request into what a person reads and what a machine sent.
func wireOf(m evidence.Message) wireView {
	line, query, _ := strings.Cut(m.Line, "?")
	v := wireView{Line: line, Raw: rawOf(m)}
	for _, text := range []string{query, formBody(m)} {
		v.Parameters = append(v.Parameters, parametersOf(text)...)
	}
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, "Authorization") {
			v.Parameters = append(v.Parameters, parameter{h.Name, h.Value})
		}
	}
	return v
}

func formBody(m evidence.Message) string {
	if strings.HasPrefix(strings.TrimSpace(m.Body), "{") || strings.HasPrefix(strings.TrimSpace(m.Body), "<") {
		return ""
	}
	return m.Body
}

func parametersOf(text string) []parameter {
	var out []parameter
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		out = append(out, parameter{name, value})
	}
	return out
}

func rawOf(m evidence.Message) string {
	var b strings.Builder
	b.WriteString(m.Line)
	for _, h := range m.Headers {
		fmt.Fprintf(&b, "\n%s: %s", h.Name, h.Value)
	}
	if m.Body != "" {
		b.WriteString("\n\n" + shorten(m.Body))
	}
	return b.String()
}

// mostShown is how much of a body a page shows; the transcript has all of it.
const mostShown = 1500

func shorten(text string) string {
	runes := []rune(text)
	if len(runes) <= mostShown {
		return text
	}
	return string(runes[:mostShown]) + "…"
}

// answerOf says what came back.
func answerOf(e evidence.Exchange) answerView {
	if e.Fault != "" {
		return answerView{Line: "no answer", Says: e.Fault}
	}
	m := e.Response
	a := answerView{Line: m.Line, Raw: rawOf(m), Good: m.Status < 400}
	var members map[string]any
	_ = json.Unmarshal([]byte(m.Body), &members) // no JSON, no members
	for _, name := range told {
		if text, ok := members[name].(string); ok {
			a.Fields = append(a.Fields, parameter{name, text})
		}
	}
	location := valueOf(m, "Location")
	a.Says = inWords(m.Status, members, location)
	if location != "" {
		a.Fields = append(a.Fields, parameter{"Location", location})
	}
	return a
}

func valueOf(m evidence.Message, name string) string {
	i := slices.IndexFunc(m.Headers, func(h evidence.Header) bool { return strings.EqualFold(h.Name, name) })
	if i < 0 {
		return ""
	}
	return m.Headers[i].Value
}

// told are the members of an answer worth a line of their own.
var told = []string{"error", "error_description", "access_token", "refresh_token", "id_token", "authorization_code", "code", "scope", "expires_in"}

// inWords says what an answer means to somebody who has never seen one.
func inWords(status int, members map[string]any, location string) string {
	code, _ := members["error"].(string)
	if u, err := url.Parse(location); err == nil && code == "" {
		code = u.Query().Get("error")
	}
	switch {
	case code != "":
		return "Refused: " + orElse(errorWords[code], code) + "."
	case members["access_token"] != nil:
		return "Granted: here is a token."
	case members["authorization_code"] != nil || members["code"] != nil || strings.Contains(location, "code="):
		return "Granted: here is a code."
	}
	if active, isLook := members["active"].(bool); isLook {
		return map[bool]string{true: "The token is alive.", false: "The token is dead."}[active]
	}
	return statusWords(status)
}

// statusWords says what a status means without a body.
func statusWords(status int) string {
	switch {
	case status == 429:
		return "Refused: too many tries, wait."
	case status == 401, status == 403:
		return "Refused."
	case status >= 500:
		return "The server failed."
	case status >= 400:
		return "Refused: the request is not accepted."
	case status/100 == 3:
		return "Sent on to another address."
	}
	return "Answered."
}

var errorWords = map[string]string{
	"invalid_client":         "the app did not prove who it is",
	"invalid_client_id":      "the app did not prove who it is",
	"invalid_grant":          "this code or token is not good, or not good for this app",
	"invalid_request":        "something is missing from the request, or something is in it that may not be",
	"invalid_token":          "this access token is not good",
	"unauthorized_client":    "this app may not do that",
	"oauth_flow_disabled":    "this app may not do that",
	"unsupported_grant_type": "the server does not hand out tokens in this way",
	"invalid_scope":          "the app asked for more than it may have",
	"access_denied":          "the person is not admitted, or the credentials are wrong",
	"invalid_app_access":     "the person may not use this app",
	"redirect_uri_mismatch":  "the answer would have gone to an address that nobody registered",
	"insufficient_scope":     "the token does not allow that",
	"rate_limited":           "too many tries, wait",
	"slow_down":              "too many tries, wait",

	"unsupported_response_type": "the server does not answer in this way",
}

var markPattern = regexp.MustCompile(`‹([^·›]+)·([0-9a-f]+)›`)

// chips shows the hidden secrets of a text as coloured marks: the same secret
// has the same mark everywhere on the page.
func chips(text string) template.HTML {
	escaped := template.HTMLEscapeString(text)
	return template.HTML(markPattern.ReplaceAllStringFunc(escaped, func(m string) string { //nolint:gosec // escaped above; kind and hash hold no markup
		part := markPattern.FindStringSubmatch(m)
		return fmt.Sprintf(`<span class="chip-secret" style="--hue:%d" title="A secret. It is not in this report; the same mark is the same secret.">%s <b>%s</b></span>`,
			hue(part[2]), part[1], part[2][:min(4, len(part[2]))])
	}))
}

// hue makes a colour of a hash.
func hue(hash string) int {
	n := 0
	for _, c := range []byte(hash) {
		n = (n*31 + int(c)) % 360
	}
	return n
}

// glossed is a word and what it means.
type glossed struct{ Word, Means string }

var glossary = []glossed{
	{"App", "A program that acts for a person, such as a shop's website. It has a public name, the client_id, and often a password of its own, the client secret."},
	{"Code", "A ticket that the app gets when the person has signed in. It is good for one exchange, within a minute or so."},
	{"Access token", "What the app gets for the ticket: whoever shows it is let in, like the key card of a hotel."},
	{"Refresh token", "A voucher for the next access token, so that the person need not sign in again."},
	{"Verifier", "A random word the app thinks up for each login. It tells the server only its fingerprint (PKCE), and the word itself when it hands in the ticket: whoever stole the ticket does not know it."},
	{"Redirect URI", "The address to which the server sends the ticket. It must be one that was registered."},
	{"Scope", "What the token allows."},
	{"Introspection", "An app asks the server whether a token is alive."},
}
