// Package audit owns what an audit event is, the catalogue of event names and
// the Log they are kept in. An event that reports a change of state is written
// in the transaction of that change; one that reports a refusal is written by
// the edge that answered it. Nothing secret ever enters an event: no password,
// code, token, secret or verifier.
package audit

import (
	"context"
	"encoding/json"
	"time"

	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Event is one line of the audit log. Its JSON names are stable.
type Event struct {
	ID        secret.ID         `json:"-"`
	Time      time.Time         `json:"time"`
	Name      Name              `json:"event"`
	App       oauth.ClientID    `json:"app,omitempty"`
	User      oauth.UserID      `json:"user,omitempty"`
	Actor     string            `json:"actor,omitempty"` // who did it, if neither the app nor the person: "cli", an administrator
	Address   string            `json:"address,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	Rule      string            `json:"rule,omitempty"`  // of a refusal
	Grant     string            `json:"grant,omitempty"` // family id, to follow one login through its refreshes
	Detail    map[string]string `json:"detail,omitempty"`
}

// New makes an event with a fresh id.
func New(now time.Time, name Name) Event {
	return Event{ID: secret.NewID(now), Time: now.UTC().Truncate(time.Millisecond), Name: name}
}

// With returns the event with one more detail.
func (e Event) With(key, value string) Event {
	d := make(map[string]string, len(e.Detail)+1)
	for k, v := range e.Detail {
		d[k] = v
	}
	d[key] = value
	e.Detail = d
	return e
}

// Encode writes the event as it is kept in a row.
func (e Event) Encode() []byte {
	b, err := json.Marshal(e)
	if err != nil { // only texts and a time inside
		panic("audit: " + err.Error())
	}
	return b
}

// Decode reads what Encode wrote; the id comes from the row.
func Decode(id secret.ID, b []byte) (Event, error) {
	var e Event
	err := json.Unmarshal(b, &e)
	e.ID = id
	return e, err
}

// Filter chooses events. Zero members do not choose.
type Filter struct {
	App    oauth.ClientID
	User   oauth.UserID
	Name   Name
	Rule   string
	Since  time.Time
	After  secret.ID // only events with a larger id: what --follow asks for
	Before secret.ID // only events with a smaller id: the next page of the newest
	Limit  int       // at most so many; 0 means 1000
	Newest bool      // newest first; otherwise in order of time
}

// Match says whether the event is chosen by app, person, name and rule.
func (f Filter) Match(e Event) bool {
	return (f.App == "" || f.App == e.App) && (f.User == "" || f.User == e.User) &&
		(f.Name == "" || f.Name == e.Name) && (f.Rule == "" || f.Rule == e.Rule)
}

// Log keeps events. Record appends events that belong to no other change (a
// refusal, a login that issued a sealed code): when it returns nil they are
// durable. List reads them.
type Log interface {
	// Record appends events that belong to no other change. When it returns nil
	// they are durable.
	Record(ctx context.Context, events ...Event) error
	// List reads the chosen events, in order of time unless f.Newest.
	List(ctx context.Context, f Filter) ([]Event, error)
}
