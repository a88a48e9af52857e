package oauth

import (
	"errors"
	"time"
)

// Code says what kind of refusal happened. It is the core's word: the standard
// dialect and the Salesforce dialect each have one table that turns a Code into
// a status and the error code of their wire.
type Code string

// The codes of RFC 6749 §5.2, RFC 6750 §3.1 and the first-party-apps draft, and
// those finer ones that one of the dialects tells apart.
const (
	InvalidRequest            Code = "invalid_request"
	InvalidClient             Code = "invalid_client"
	UnknownClient             Code = "unknown_client" // standard: invalid_client
	UnauthorizedClient        Code = "unauthorized_client"
	FlowDisabled              Code = "flow_disabled" // standard: unauthorized_client
	InvalidGrant              Code = "invalid_grant"
	RedirectMismatch          Code = "redirect_mismatch" // standard: invalid_grant at the token endpoint, invalid_request before
	RedirectMissing           Code = "redirect_missing"  // standard: as RedirectMismatch
	InvalidScope              Code = "invalid_scope"
	InvalidTarget             Code = "invalid_target"
	UnsupportedGrantType      Code = "unsupported_grant_type"
	UnsupportedResponseType   Code = "unsupported_response_type"
	UnsupportedTokenType      Code = "unsupported_token_type"
	AccessDenied              Code = "access_denied"
	LoginFailed               Code = "login_failed" // challenge: 403 insufficient_authorization; Salesforce: invalid_grant
	NotAdmitted               Code = "not_admitted" // standard: access_denied
	InvalidToken              Code = "invalid_token"
	InsufficientScope         Code = "insufficient_scope"
	InsufficientAuthorization Code = "insufficient_authorization"
	InvalidSession            Code = "invalid_session" // of an authorization challenge
	RateLimited               Code = "rate_limited"    // 429 with Retry-After
	TemporarilyUnavailable    Code = "temporarily_unavailable"
	ServerError               Code = "server_error"
	MethodNotAllowed          Code = "method_not_allowed"     // 405 with Allow
	TooLarge                  Code = "too_large"              // 413
	UnsupportedMediaType      Code = "unsupported_media_type" // 415
)

// Error is a refusal: one rule, named once, beside the code that returns it.
type Error struct {
	Code        Code
	Rule        string        // area.what-is-wrong, unique in the program, stable
	Spec        string        // the section the rule comes from
	Description string        // constant text, safe to show; never contains input
	RetryAfter  time.Duration // when to come back; zero says nothing
}

// Refuse declares a refusal. Call it in a package variable beside the code that
// returns the error; internal/arch checks that the rule is unique, names its
// section and is expected by a test.
func Refuse(code Code, rule, spec, description string) *Error {
	return declare(&Error{Code: code, Rule: rule, Spec: spec, Description: description})
}

// Error gives the rule and its text, for logs and tests.
func (e *Error) Error() string { return e.Rule + ": " + e.Description }

// Is makes errors.Is compare refusals by rule, so that a copy made by After is
// still the same refusal.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Rule == e.Rule
}

// After returns the refusal with the time to wait before the next try.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// ErrFault is what a caller is told of any error that is no refusal: it is our
// fault, its text goes to the log only.
var ErrFault = Refuse(ServerError, "server.fault", "RFC 6749 §4.1.2.1",
	"the server could not answer this request; the request id names the log line")

// From returns the refusal in err's chain, or ErrFault if there is none. A nil
// err gives nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrFault
}
