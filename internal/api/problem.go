package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/inspect"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/web"
)

// Refusals of an operation. What exactly is wrong stands in the problem's detail:
// whoever asks is an administrator.
var (
	ErrNotFound = oauth.Refuse(oauth.InvalidRequest, "api.not-found", "RFC 9110 §15.5.5",
		"there is no such record")
	ErrExists = oauth.Refuse(oauth.InvalidRequest, "api.exists", "RFC 9110 §15.5.10",
		"another record has this name already")
	ErrConflict = oauth.Refuse(oauth.InvalidRequest, "api.conflict", "RFC 9110 §15.5.10",
		"somebody else changed the record at the same time; ask again")
	ErrState = oauth.Refuse(oauth.InvalidRequest, "api.state", "RFC 9110 §15.5.10",
		"the record is not in a state in which this can be done")
	ErrPrecondition = oauth.Refuse(oauth.InvalidRequest, "api.precondition", "RFC 9110 §15.5.13",
		"the record is not the one that If-Match names; read it again and decide anew")
	ErrInvalid = oauth.Refuse(oauth.InvalidRequest, "api.invalid", "RFC 9110 §15.5.21",
		"a value breaks a rule; nothing was done")
	ErrStopped = oauth.Refuse(oauth.InvalidRequest, "api.stopped", "RFC 9110 §15.5.21",
		"the review would call this critical; nothing was saved")
	ErrOwner = oauth.Refuse(oauth.AccessDenied, "api.owner", "RFC 9700 §2.3",
		"only an owner, at the command line or in the console, changes an app with rights over this server")
)

// translations say which refusal an error of the core is. The first that fits
// counts.
var translations = []struct {
	err     error
	refusal *oauth.Error
}{
	{admin.ErrOwner, ErrOwner},
	{admin.ErrChanged, ErrPrecondition},
	{client.ErrExists, ErrExists},
	{account.ErrTaken, ErrExists},
	{client.ErrConflict, ErrConflict},
	{account.ErrConflict, ErrConflict},
	{key.ErrConflict, ErrConflict},
	{review.ErrWaiverChanged, ErrConflict},
	{admin.ErrPublic, ErrState},
	{admin.ErrLastSecret, ErrState},
	{admin.ErrOnlyKey, ErrState},
	{admin.ErrKeyGone, ErrState},
	{admin.ErrWaiverOver, ErrState},
	{review.ErrWaiverNothing, ErrState},
	{review.ErrWaiverConfirmed, ErrState},
	{admin.ErrKeyAlg, ErrInvalid},
	{review.ErrWaiverPattern, ErrInvalid},
	{review.ErrWaiverReason, ErrInvalid},
	{review.ErrWaiverOwner, ErrInvalid},
	{review.ErrWaiverUntil, ErrInvalid},
}

// statuses are those that the rule says, not the code.
var statuses = map[string]int{
	ErrNotFound.Rule: http.StatusNotFound, ErrExists.Rule: http.StatusConflict, ErrConflict.Rule: http.StatusConflict,
	ErrState.Rule: http.StatusConflict, ErrPrecondition.Rule: http.StatusPreconditionFailed,
	ErrInvalid.Rule: http.StatusUnprocessableEntity, ErrStopped.Rule: http.StatusUnprocessableEntity,
	ErrOwner.Rule: http.StatusForbidden,
}

// codes are those of all other rules.
//
// Spec: RFC 6750 §3.1; RFC 9110 §15.
var codes = map[oauth.Code]int{
	oauth.InvalidToken: http.StatusUnauthorized, oauth.InsufficientScope: http.StatusForbidden, oauth.AccessDenied: http.StatusForbidden,
	oauth.MethodNotAllowed: http.StatusMethodNotAllowed, oauth.TooLarge: http.StatusRequestEntityTooLarge,
	oauth.UnsupportedMediaType: http.StatusUnsupportedMediaType, oauth.RateLimited: http.StatusTooManyRequests,
	oauth.TemporarilyUnavailable: http.StatusServiceUnavailable, oauth.ServerError: http.StatusInternalServerError,
}

// details are what a problem says of this very request.
type details struct {
	text     string
	faults   admin.Invalid
	findings admin.Stopped
}

type detailsKey struct{}

// explain gives a refusal its details; they travel with the request, because a
// refusal itself never contains input.
func explain(r *web.Request, refusal *oauth.Error, text string) error {
	return note(r, refusal, details{text: text})
}

func note(r *web.Request, refusal *oauth.Error, d details) error {
	r.HTTP = r.HTTP.WithContext(context.WithValue(r.HTTP.Context(), detailsKey{}, d))
	return refusal
}

// translate turns an error of the core into a refusal. What it does not know is
// a fault of ours.
func translate(r *web.Request, err error) error {
	var invalid admin.Invalid
	var stopped admin.Stopped
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return note(r, ErrInvalid, details{text: err.Error(), faults: invalid})
	case errors.As(err, &stopped):
		return note(r, ErrStopped, details{text: err.Error(), findings: stopped})
	case admin.IsNotFound(err):
		return explain(r, ErrNotFound, err.Error())
	}
	for _, t := range translations {
		if errors.Is(err, t.err) {
			return explain(r, t.refusal, err.Error())
		}
	}
	return err
}

// problem is a refusal on the wire.
//
// Spec: RFC 9457 §3.1.
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail,omitempty"`
	Rule      string        `json:"rule"`
	RequestID string        `json:"request_id"`
	Faults    admin.Invalid `json:"faults,omitempty"`
	Findings  admin.Stopped `json:"findings,omitempty"`
}

var mediaProblem = web.Media{"application/problem+json"}

// refuse writes a refusal as a problem.
//
// Spec: RFC 9457 §3; RFC 6750 §3.
func (p *plane) refuse(r *web.Request, e *oauth.Error) web.Answer {
	status, ok := statuses[e.Rule]
	if !ok {
		status, ok = codes[e.Code]
	}
	if !ok {
		status = http.StatusBadRequest
	}
	d, _ := r.Context().Value(detailsKey{}).(details)
	a, err := web.JSON(status, problem{
		Type: p.base + "/oauth2/errors/" + e.Rule, Title: e.Description, Status: status, Detail: d.text, Rule: e.Rule,
		RequestID: r.ID(), Faults: d.faults, Findings: d.findings,
	})
	if err != nil { // texts and findings only
		a = web.Answer{Status: http.StatusInternalServerError}
	}
	a.Media = mediaProblem
	switch {
	case e.Is(inspect.ErrTokenMissing):
		return a.With("Www-Authenticate", `Bearer realm="countersign"`)
	case e.Code == oauth.InvalidToken:
		return a.With("Www-Authenticate", `Bearer realm="countersign", error="invalid_token"`)
	case e.Code == oauth.InsufficientScope:
		return a.With("Www-Authenticate", `Bearer realm="countersign", error="insufficient_scope"`)
	}
	return a
}

// quoted writes a name out of a request so that it cannot be mistaken for our
// own words; a very long one is cut.
func quoted(name string) string {
	const most = 60
	runes := []rune(name)
	if len(runes) > most {
		name = string(slices.Concat(runes[:most], []rune("…")))
	}
	return strconv.Quote(name)
}
