package oauth

import (
	"slices"
	"strings"
)

// Scope is one scope token. Alphabet: visible ASCII without quote and backslash.
//
// Spec: RFC 6749 §3.3.
type Scope string

// Scopes that have a meaning for the server itself.
const (
	ScopeOpenID        Scope = "openid"
	ScopeProfile       Scope = "profile"
	ScopeEmail         Scope = "email"
	ScopePhone         Scope = "phone"
	ScopeAddress       Scope = "address"
	ScopeOfflineAccess Scope = "offline_access"
	ScopeRefreshToken  Scope = "refresh_token" // Salesforce's name of offline_access
	ScopeFull          Scope = "full"          // Salesforce's name of all that a person may do
)

// Scopes is a set of scope tokens in the order they were asked for, each once.
type Scopes []Scope

// ErrScopeSyntax refuses a scope parameter that is no list of scope tokens.
var ErrScopeSyntax = Refuse(InvalidScope, "scope.syntax", "RFC 6749 §3.3",
	"the scope parameter is not a list of scope tokens separated by single blanks")

const maxScopes = 64

// ParseScopes reads a scope parameter: tokens separated by single blanks.
// Repeated tokens count once. An empty text is the empty set. Errors:
// ErrScopeSyntax.
//
// Spec: RFC 6749 §3.3.
func ParseScopes(text string) (Scopes, error) {
	if text == "" {
		return nil, nil
	}
	out := make(Scopes, 0, min(strings.Count(text, " ")+1, maxScopes))
	for part := range strings.SplitSeq(text, " ") {
		s := Scope(part)
		if !s.valid() || len(out) == maxScopes {
			return nil, ErrScopeSyntax
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (s Scope) valid() bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < '!' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// String joins the set with single blanks.
func (s Scopes) String() string {
	switch len(s) {
	case 0:
		return ""
	case 1:
		return string(s[0])
	}
	n := len(s) - 1
	for _, t := range s {
		n += len(t)
	}
	var b strings.Builder
	b.Grow(n)
	for i, t := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(t))
	}
	return b.String()
}

// Has says whether the set contains the scope.
func (s Scopes) Has(scope Scope) bool { return slices.Contains(s, scope) }

// Offline says whether the set asks for a refresh token, by either name.
//
// Spec: OpenID Connect Core 1.0 §11.
func (s Scopes) Offline() bool { return s.Has(ScopeOfflineAccess) || s.Has(ScopeRefreshToken) }

// adminPrefix begins the scopes that open this server's own administration.
const adminPrefix = "admin:"

// Admin says whether the scope opens the administration of this server.
func (s Scope) Admin() bool { return strings.HasPrefix(string(s), adminPrefix) }

// OfPerson says whether the scope is about a person: without one it opens
// nothing.
func (s Scope) OfPerson() bool {
	switch s {
	case ScopeOpenID, ScopeProfile, ScopeEmail, ScopePhone, ScopeAddress, ScopeOfflineAccess, ScopeRefreshToken, ScopeFull:
		return true
	}
	return false
}

// Within says whether every scope of s is in ceiling.
func (s Scopes) Within(ceiling Scopes) bool {
	for _, t := range s {
		if !ceiling.Has(t) {
			return false
		}
	}
	return true
}
