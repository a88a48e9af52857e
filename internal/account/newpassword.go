package account

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign/internal/account/blocklist"
	"countersign/internal/oauth"
)

// Lengths of new passwords, in Unicode code points.
const (
	// DefaultMinPassword holds when the password is the only factor.
	DefaultMinPassword = 15
	// FloorMinPassword is the least that a policy may ask for.
	FloorMinPassword = 8
)

// Refusals of new passwords. The policy's number follows the text of
// ErrPasswordShort in the error that is returned.
var (
	ErrPasswordShort = oauth.Refuse(oauth.InvalidRequest, "password.too-short", "NIST SP 800-63B-4 §3.1.1.2",
		"the password has too few characters")
	ErrPasswordText = oauth.Refuse(oauth.InvalidRequest, "password.control-character", "NIST SP 800-63B-4 §3.1.1.2",
		"the password contains a control character or is not UTF-8")
	ErrPasswordCommon = oauth.Refuse(oauth.InvalidRequest, "password.common", "NIST SP 800-63B-4 §3.1.1.2",
		"the password is one of those that are guessed first")
	ErrPasswordPattern = oauth.Refuse(oauth.InvalidRequest, "password.pattern", "NIST SP 800-63B-4 §3.1.1.2",
		"the password is a run of neighbouring characters, or something short or common again and again")
	ErrPasswordContext = oauth.Refuse(oauth.InvalidRequest, "password.context", "NIST SP 800-63B-4 §3.1.1.2",
		"the password is little more than the name of the service, the user name or the e-mail address")
)

// PasswordPolicy is what a new password must satisfy besides not being
// guessable. There are no rules of composition and no expiry, on purpose.
//
// Spec: NIST SP 800-63B-4 §3.1.1.2.
type PasswordPolicy struct {
	MinLength int // in code points; 0: DefaultMinPassword; never below FloorMinPassword
}

func (p PasswordPolicy) min() int {
	if p.MinLength == 0 {
		return DefaultMinPassword
	}
	return max(p.MinLength, FloorMinPassword)
}

// CheckNewPassword judges a password that somebody wants to set. Context are the
// words an attacker would try for this person: the service's name, the user name,
// the e-mail address. Characters are counted as Unicode code points after NFC.
// Errors: ErrPasswordTooLong, ErrPasswordText, ErrPasswordShort,
// ErrPasswordCommon, ErrPasswordPattern, ErrPasswordContext.
//
// Spec: NIST SP 800-63B-4 §3.1.1.2.
func CheckNewPassword(policy PasswordPolicy, password string, context ...string) error {
	text, err := prepare(password)
	if err != nil {
		return err
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return ErrPasswordText
	}
	if utf8.RuneCountInString(text) < policy.min() {
		return fmt.Errorf("%w: at least %d are needed", ErrPasswordShort, policy.min())
	}
	folded := fold(text)
	switch {
	case blocklist.Contains(folded):
		return ErrPasswordCommon
	case patterned([]rune(folded)):
		return ErrPasswordPattern
	case derived(folded, context):
		return ErrPasswordContext
	}
	return nil
}

// patterned finds what a length rule tempts people to do: one character or a few
// repeated, a common password repeated, a run such as abcdefghijklmno. The whole
// text must be made that way.
func patterned(text []rune) bool {
	n, p := len(text), period(text)
	if 2*p <= n && p <= 4 {
		return true
	}
	return p < n && blocklist.Contains(string(text[:p])) || run(text)
}

// period is the length of the shortest beginning that, repeated and cut, gives
// the whole text.
func period(text []rune) int {
	for p := 1; p < len(text); p++ {
		if slices.Equal(text[p:], text[:len(text)-p]) {
			return p
		}
	}
	return len(text)
}

// run says whether every step between neighbours is the same, up or down by one.
func run(text []rune) bool {
	step := text[1] - text[0]
	if step != 1 && step != -1 {
		return false
	}
	for i := 2; i < len(text); i++ {
		if text[i]-text[i-1] != step {
			return false
		}
	}
	return true
}

// derived takes the context words out of the text: if fewer characters than any
// password needs are left, the words were the password.
func derived(folded string, context []string) bool {
	left := folded
	for _, w := range contextWords(context) {
		left = strings.ReplaceAll(left, w, "")
	}
	return len(left) < len(folded) && utf8.RuneCountInString(left) < FloorMinPassword
}

// contextWords gives the texts and the words inside them, of three characters at
// least, the longest first.
func contextWords(context []string) []string {
	var words []string
	for _, c := range context {
		c = fold(strings.TrimSpace(c))
		words = append(words, c)
		words = append(words, strings.FieldsFunc(c, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })...)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < 3 })
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}
