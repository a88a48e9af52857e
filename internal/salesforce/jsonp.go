package salesforce

import (
	"net/http"

	"countersign/internal/oauth"
	"countersign/internal/web"
)

// ErrCallback refuses a JSONP callback that is no plain name: anything else
// would let a stranger write the beginning of a script of ours.
var ErrCallback = oauth.Refuse(oauth.InvalidRequest, "salesforce.jsonp-callback", "ECMA-262 §12.7",
	"callback is not the name of a function: letters, digits, _ and $, joined by dots, at most 64 characters")

const longestCallback = 64

// validCallback says whether the text is a name such as fn or lib.fn.
func validCallback(name string) bool {
	if name == "" || len(name) > longestCallback {
		return false
	}
	first := true
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '$':
			first = false
		case c >= '0' && c <= '9' && !first:
		case c == '.' && !first:
			first = true
		default:
			return false
		}
	}
	return !first
}

// jsonp reads the callback of a GET; empty: the request is none. Errors:
// ErrCallback.
func jsonp(r *web.Request) (string, error) {
	name := r.Form.Query.Text("callback")
	if name == "" || r.HTTP.Method == http.MethodPost {
		return "", nil
	}
	if !validCallback(name) {
		return "", ErrCallback
	}
	return name, nil
}

// script calls the function with the object. A script is run only if its status
// is 200, so a refusal has it, too.
func script(name string, o object) web.Answer {
	b := append([]byte(name), '(')
	return web.Answer{Media: mediaScript, Body: append(o.json(b), ')')}
}
