package salesforce

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"countersign/internal/oauth"
	"countersign/internal/web"
)

// ErrBasic refuses an Authorization header whose Basic credentials cannot be
// read.
var ErrBasic = oauth.Refuse(oauth.InvalidRequest, "salesforce.basic-syntax", "RFC 7617 §2",
	"the Basic credentials are not user-id:password in base64 or base64url, as UTF-8")

// longestBasic bounds what is decoded: a user name and a password at their
// longest fit well inside.
const longestBasic = 4096

var alphabet = strings.NewReplacer("-", "+", "_", "/")

// decodeBasic reads Basic credentials in either base64 alphabet, padded or not:
// the Mobile SDKs write base64url without padding, everybody else the standard
// alphabet. The text is split at its first colon and trimmed of nothing: a
// password is what was typed. Errors: ErrBasic.
//
// Spec: RFC 7617 §2; docs/divergences.md D5.
func decodeBasic(text string) (name, password string, err error) {
	if len(text) > longestBasic || strings.ContainsAny(text, "\r\n") {
		return "", "", ErrBasic
	}
	b, err := base64.RawStdEncoding.DecodeString(alphabet.Replace(strings.TrimRight(text, "=")))
	if err != nil || !utf8.Valid(b) {
		return "", "", ErrBasic
	}
	name, password, ok := strings.Cut(string(b), ":")
	if !ok || strings.ContainsRune(string(b), 0) {
		return "", "", ErrBasic
	}
	return name, password, nil
}

// basic reads the Basic credentials of a request; sent is false if the request
// has none. Another scheme is none of this header's business. Errors: ErrBasic,
// web.ErrAuthorization.
func basic(r *web.Request) (name, password string, sent bool, err error) {
	scheme, credentials, err := r.Authorization()
	if err != nil || scheme != "basic" {
		return "", "", false, err
	}
	name, password, err = decodeBasic(credentials)
	return name, password, true, err
}
