package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"countersign/internal/oauth"
)

// MaxIdentifierBytes is the longest user name or e-mail address, in bytes of
// UTF-8.
const MaxIdentifierBytes = 320

// Refusals of new identifiers.
var (
	ErrUsername = oauth.Refuse(oauth.InvalidRequest, "account.username-syntax", "RFC 7617 §2",
		"a user name has 1 to 320 bytes, no colon, no control or invisible characters, and no blank at its ends")
	ErrEmail = oauth.Refuse(oauth.InvalidRequest, "account.email-syntax", "RFC 5321 §4.1.2",
		"an e-mail address has the form local-part@domain, at most 64 and 255 bytes, without quotes, blanks or comments")
)

// Identifier is the form in which user names and e-mail addresses are kept and
// compared: blanks trimmed, Unicode NFC, full case folding, the same in every
// locale, so that Straße, STRASSE and strasse name one person. A text that can
// be no identifier (empty, too long, not UTF-8, control characters) gives "",
// which belongs to nobody.
//
// Spec: Unicode 16 §3.13 D145; NIST SP 800-63B-4 §3.1.1.2.
func Identifier(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > MaxIdentifierBytes || !legible(text) {
		return ""
	}
	folded := fold(text)
	if len(folded) > MaxIdentifierBytes { // folding can lengthen
		return ""
	}
	return folded
}

// fold makes two texts equal that differ in case or in the spelling of accents.
// Folding can undo composition and decomposition can uncover a letter with case,
// hence the three steps. Cherokee folds to capitals, and capitals of it to small
// ones; small ones first makes an end of it.
func fold(text string) string {
	if ascii(text) {
		return strings.ToLower(text)
	}
	return norm.NFC.String(cases.Fold().String(strings.ToLower(norm.NFD.String(text))))
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// legible refuses what people cannot see or type: control, format and private
// characters, line separators, fillers and selectors that draw nothing, and bytes
// that are not UTF-8. Two names that differ in these would look the same.
func legible(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			return false
		}
	}
	return true
}

// ValidUsername says whether the text can become a user name. A colon is
// refused because HTTP Basic credentials end the name there. Errors:
// ErrUsername.
//
// Spec: RFC 7617 §2.
func ValidUsername(text string) error {
	if strings.ContainsRune(text, ':') || text != strings.TrimSpace(text) || Identifier(text) == "" {
		return ErrUsername
	}
	return nil
}

// ValidEmail says whether the text can become an e-mail address: a dot-atom, or
// its international form, on both sides of one @. That mail arrives there is
// proven by sending one, not here. Errors: ErrEmail.
//
// Spec: RFC 5321 §4.1.2, §4.5.3.1; RFC 6531 §3.3.
func ValidEmail(text string) error {
	local, domain, ok := strings.Cut(text, "@")
	if !ok || len(local) > 64 || len(domain) > 255 || Identifier(text) == "" ||
		!dotted(local, atomChar) || !dotted(domain, hostChar) || !strings.Contains(domain, ".") && domain != "localhost" {
		return ErrEmail
	}
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return ErrEmail
		}
	}
	return nil
}

// dotted says whether the text is one or more non-empty parts of allowed
// characters, joined by dots.
func dotted(text string, allowed func(rune) bool) bool {
	for part := range strings.SplitSeq(text, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return !allowed(r) }) {
			return false
		}
	}
	return true
}

func atomChar(r rune) bool {
	return hostChar(r) || strings.ContainsRune("!#$%&'*+/=?^_`{|}~", r)
}

func hostChar(r rune) bool {
	return r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
		r >= utf8.RuneSelf && !unicode.IsSpace(r)
}
