// Code generated from internal/api/openapi.json by go test ./internal/remote -update. DO NOT EDIT.

package remote

import (
	"context"
	"net/http"
	"net/url"
)

// AddWaiver: Accept one finding for a time.
func (c *Client) AddWaiver(ctx context.Context, body any, into any) error {
	q := request{method: "POST", path: "/review/waivers", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// ApplyFix: Write what mends the findings, and tell how to undo it.
func (c *Client) ApplyFix(ctx context.Context, body any, into any) error {
	q := request{method: "POST", path: "/review/fix", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// ChangeAppParams are what ChangeApp may be given; zero values are left out.
type ChangeAppParams struct {
	IfMatch string // The ETag of the record that the change was decided on. If it has changed since: 412, and nothing is done.
}

// ChangeApp: Change switches and settings, all or nothing.
func (c *Client) ChangeApp(ctx context.Context, appID string, p ChangeAppParams, body any, into any) error {
	q := request{method: "PATCH", path: "/apps/" + url.PathEscape(appID), query: url.Values{}, header: http.Header{}, body: body}
	match(q.header, "If-Match", p.IfMatch)
	return c.do(ctx, q, into)
}

// ChangePersonParams are what ChangePerson may be given; zero values are left out.
type ChangePersonParams struct {
	IfMatch string // The ETag of the record that the change was decided on. If it has changed since: 412, and nothing is done.
}

// ChangePerson: Change a person's profile; tokens live on.
func (c *Client) ChangePerson(ctx context.Context, userID string, p ChangePersonParams, body any, into any) error {
	q := request{method: "PATCH", path: "/people/" + url.PathEscape(userID), query: url.Values{}, header: http.Header{}, body: body}
	match(q.header, "If-Match", p.IfMatch)
	return c.do(ctx, q, into)
}

// ChangeSettingsParams are what ChangeSettings may be given; zero values are left out.
type ChangeSettingsParams struct {
	IfMatch string // The ETag of the record that the change was decided on. If it has changed since: 412, and nothing is done.
}

// ChangeSettings: Change what holds for every app.
func (c *Client) ChangeSettings(ctx context.Context, p ChangeSettingsParams, body any, into any) error {
	q := request{method: "PATCH", path: "/settings", query: url.Values{}, header: http.Header{}, body: body}
	match(q.header, "If-Match", p.IfMatch)
	return c.do(ctx, q, into)
}

// CompareRunsParams are what CompareRuns may be given; zero values are left out.
type CompareRunsParams struct {
	From string // The earlier run: its id, or the beginning of its id or date. Default: the last kept one.
	To   string // The later run. Default: the server as it is now.
}

// CompareRuns: Show what moved between two runs.
func (c *Client) CompareRuns(ctx context.Context, p CompareRunsParams, into any) error {
	q := request{method: "GET", path: "/review/diff", query: url.Values{}, header: http.Header{}}
	text(q.query, "from", p.From)
	text(q.query, "to", p.To)
	return c.do(ctx, q, into)
}

// CreateApp: Make an app. The answer holds its secret, once.
func (c *Client) CreateApp(ctx context.Context, body any, into any) error {
	q := request{method: "POST", path: "/apps", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// CreatePerson: Register a person.
func (c *Client) CreatePerson(ctx context.Context, body any, into any) error {
	q := request{method: "POST", path: "/people", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// DeleteAppParams are what DeleteApp may be given; zero values are left out.
type DeleteAppParams struct {
	IfMatch string // The ETag of the record that the change was decided on. If it has changed since: 412, and nothing is done.
}

// DeleteApp: Delete an app and end all its tokens.
func (c *Client) DeleteApp(ctx context.Context, appID string, p DeleteAppParams, into any) error {
	q := request{method: "DELETE", path: "/apps/" + url.PathEscape(appID), query: url.Values{}, header: http.Header{}}
	match(q.header, "If-Match", p.IfMatch)
	return c.do(ctx, q, into)
}

// DeletePersonParams are what DeletePerson may be given; zero values are left out.
type DeletePersonParams struct {
	IfMatch string // The ETag of the record that the change was decided on. If it has changed since: 412, and nothing is done.
}

// DeletePerson: Delete a person and end their tokens.
func (c *Client) DeletePerson(ctx context.Context, userID string, p DeletePersonParams, into any) error {
	q := request{method: "DELETE", path: "/people/" + url.PathEscape(userID), query: url.Values{}, header: http.Header{}}
	match(q.header, "If-Match", p.IfMatch)
	return c.do(ctx, q, into)
}

// DisablePerson: Lock a person out and end their tokens.
func (c *Client) DisablePerson(ctx context.Context, userID string, into any) error {
	q := request{method: "POST", path: "/people/" + url.PathEscape(userID) + "/disable", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// EnablePerson: Let a person in again; earlier tokens stay dead.
func (c *Client) EnablePerson(ctx context.Context, userID string, into any) error {
	q := request{method: "POST", path: "/people/" + url.PathEscape(userID) + "/enable", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// EndGrant: End one grant and every token of it. Twice is as good as once.
func (c *Client) EndGrant(ctx context.Context, grantID string, into any) error {
	q := request{method: "DELETE", path: "/grants/" + url.PathEscape(grantID), query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// EndGrants: End every grant of a person, an app, or a person to an app.
func (c *Client) EndGrants(ctx context.Context, body any, into any) error {
	q := request{method: "POST", path: "/grants/end", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// EndWaiver: End a waiver before its time; it stays in the list.
func (c *Client) EndWaiver(ctx context.Context, waiverID string, into any) error {
	q := request{method: "DELETE", path: "/review/waivers/" + url.PathEscape(waiverID), query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// KeepRun: Judge everything and keep the run.
func (c *Client) KeepRun(ctx context.Context, into any) error {
	q := request{method: "POST", path: "/review/runs", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// ListAppsParams are what ListApps may be given; zero values are left out.
type ListAppsParams struct {
	Name   string // Only the app of this name.
	Search string // Only apps with this text in their name or client_id, whatever the case.
	Limit  int    // At most so many.
	Cursor string // next_cursor of the page before.
}

// ListApps: List apps by name.
func (c *Client) ListApps(ctx context.Context, p ListAppsParams, into any) error {
	q := request{method: "GET", path: "/apps", query: url.Values{}, header: http.Header{}}
	text(q.query, "name", p.Name)
	text(q.query, "search", p.Search)
	number(q.query, "limit", p.Limit)
	text(q.query, "cursor", p.Cursor)
	return c.do(ctx, q, into)
}

// ListControls: List the controls with their texts.
func (c *Client) ListControls(ctx context.Context, into any) error {
	q := request{method: "GET", path: "/review/controls", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// ListEventsParams are what ListEvents may be given; zero values are left out.
type ListEventsParams struct {
	App    string // Of this app: its client_id.
	User   string // Of this person: their id.
	Event  string // Only events of this name.
	Rule   string // Only refusals by this rule.
	Since  string // Only what came since.
	Order  string // newest: newest first. oldest: in order of time, and a page always has a next_cursor, to follow the log with.
	Limit  int    // At most so many.
	Cursor string // next_cursor of the page before.
}

// ListEvents: List events of the audit log.
func (c *Client) ListEvents(ctx context.Context, p ListEventsParams, into any) error {
	q := request{method: "GET", path: "/audit", query: url.Values{}, header: http.Header{}}
	text(q.query, "app", p.App)
	text(q.query, "user", p.User)
	text(q.query, "event", p.Event)
	text(q.query, "rule", p.Rule)
	text(q.query, "since", p.Since)
	text(q.query, "order", p.Order)
	number(q.query, "limit", p.Limit)
	text(q.query, "cursor", p.Cursor)
	return c.do(ctx, q, into)
}

// ListGrantsParams are what ListGrants may be given; zero values are left out.
type ListGrantsParams struct {
	App   string // Of this app: its client_id.
	User  string // Of this person: their id.
	Limit int    // At most so many.
}

// ListGrants: List living refresh grants of a person, an app or both, newest first; 1,000 at most.
func (c *Client) ListGrants(ctx context.Context, p ListGrantsParams, into any) error {
	q := request{method: "GET", path: "/grants", query: url.Values{}, header: http.Header{}}
	text(q.query, "app", p.App)
	text(q.query, "user", p.User)
	number(q.query, "limit", p.Limit)
	return c.do(ctx, q, into)
}

// ListKeysParams are what ListKeys may be given; zero values are left out.
type ListKeysParams struct {
	All bool // Removed keys, too.
}

// ListKeys: List signing keys, oldest first.
func (c *Client) ListKeys(ctx context.Context, p ListKeysParams, into any) error {
	q := request{method: "GET", path: "/keys", query: url.Values{}, header: http.Header{}}
	boolean(q.query, "all", p.All)
	return c.do(ctx, q, into)
}

// ListPeopleParams are what ListPeople may be given; zero values are left out.
type ListPeopleParams struct {
	Identifier string // Only the person with this id, user name or e-mail address.
	Limit      int    // At most so many.
	Cursor     string // next_cursor of the page before.
}

// ListPeople: List people, oldest first.
func (c *Client) ListPeople(ctx context.Context, p ListPeopleParams, into any) error {
	q := request{method: "GET", path: "/people", query: url.Values{}, header: http.Header{}}
	text(q.query, "identifier", p.Identifier)
	number(q.query, "limit", p.Limit)
	text(q.query, "cursor", p.Cursor)
	return c.do(ctx, q, into)
}

// ListRuns: List the kept runs, newest first.
func (c *Client) ListRuns(ctx context.Context, into any) error {
	q := request{method: "GET", path: "/review/runs", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// ListUsageParams are what ListUsage may be given; zero values are left out.
type ListUsageParams struct {
	App  string // Of this app: its client_id.
	Days int    // How many days back, today included.
}

// ListUsage: Show how often apps were used, by flow and day.
func (c *Client) ListUsage(ctx context.Context, p ListUsageParams, into any) error {
	q := request{method: "GET", path: "/usage", query: url.Values{}, header: http.Header{}}
	text(q.query, "app", p.App)
	number(q.query, "days", p.Days)
	return c.do(ctx, q, into)
}

// ListWaivers: List waivers, ended ones too, and whether they still count.
func (c *Client) ListWaivers(ctx context.Context, into any) error {
	q := request{method: "GET", path: "/review/waivers", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// PreviewFix: Show what would mend the findings, the verdicts after it and who would break.
func (c *Client) PreviewFix(ctx context.Context, body any, into any) error {
	q := request{method: "POST", path: "/review/fix/preview", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// RemoveSecret: End one of two secrets at once.
func (c *Client) RemoveSecret(ctx context.Context, appID string, secretID string, into any) error {
	q := request{method: "DELETE", path: "/apps/" + url.PathEscape(appID) + "/secrets/" + url.PathEscape(secretID), query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// RetireKey: Remove a key at once; what it signed verifies no more.
func (c *Client) RetireKey(ctx context.Context, kid string, into any) error {
	q := request{method: "DELETE", path: "/keys/" + url.PathEscape(kid), query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// ReviewParams are what Review may be given; zero values are left out.
type ReviewParams struct {
	Apps     []string // Only these apps. Repeatable.
	Controls []string // Only these controls. Repeatable.
}

// Review: Judge the server and its apps now; nothing is kept.
func (c *Client) Review(ctx context.Context, p ReviewParams, into any) error {
	q := request{method: "GET", path: "/review", query: url.Values{}, header: http.Header{}}
	list(q.query, "apps", p.Apps)
	list(q.query, "controls", p.Controls)
	return c.do(ctx, q, into)
}

// RotateKey: Make a new key; it is published now and signs after 15 minutes, or at once.
func (c *Client) RotateKey(ctx context.Context, body any, into any) error {
	q := request{method: "POST", path: "/keys", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// RotateSecret: Draw a new secret; the present one lives on for a while. The answer holds it, once.
func (c *Client) RotateSecret(ctx context.Context, appID string, body any, into any) error {
	q := request{method: "POST", path: "/apps/" + url.PathEscape(appID) + "/secrets", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// SetPassword: Set a password and end the person's tokens.
func (c *Client) SetPassword(ctx context.Context, userID string, body any, into any) error {
	q := request{method: "POST", path: "/people/" + url.PathEscape(userID) + "/password", query: url.Values{}, header: http.Header{}, body: body}
	return c.do(ctx, q, into)
}

// ShowAppParams are what ShowApp may be given; zero values are left out.
type ShowAppParams struct {
	IfNoneMatch string // The ETag that is at hand: 304 if it is the present one.
}

// ShowApp: Show an app.
func (c *Client) ShowApp(ctx context.Context, appID string, p ShowAppParams, into any) error {
	q := request{method: "GET", path: "/apps/" + url.PathEscape(appID), query: url.Values{}, header: http.Header{}}
	match(q.header, "If-None-Match", p.IfNoneMatch)
	return c.do(ctx, q, into)
}

// ShowControl: Show a control.
func (c *Client) ShowControl(ctx context.Context, controlID string, into any) error {
	q := request{method: "GET", path: "/review/controls/" + url.PathEscape(controlID), query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// ShowPersonParams are what ShowPerson may be given; zero values are left out.
type ShowPersonParams struct {
	IfNoneMatch string // The ETag that is at hand: 304 if it is the present one.
}

// ShowPerson: Show a person.
func (c *Client) ShowPerson(ctx context.Context, userID string, p ShowPersonParams, into any) error {
	q := request{method: "GET", path: "/people/" + url.PathEscape(userID), query: url.Values{}, header: http.Header{}}
	match(q.header, "If-None-Match", p.IfNoneMatch)
	return c.do(ctx, q, into)
}

// ShowRun: Show a kept run.
func (c *Client) ShowRun(ctx context.Context, runID string, into any) error {
	q := request{method: "GET", path: "/review/runs/" + url.PathEscape(runID), query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// ShowSettingsParams are what ShowSettings may be given; zero values are left out.
type ShowSettingsParams struct {
	IfNoneMatch string // The ETag that is at hand: 304 if it is the present one.
}

// ShowSettings: Show what holds for every app.
func (c *Client) ShowSettings(ctx context.Context, p ShowSettingsParams, into any) error {
	q := request{method: "GET", path: "/settings", query: url.Values{}, header: http.Header{}}
	match(q.header, "If-None-Match", p.IfNoneMatch)
	return c.do(ctx, q, into)
}

// UnlockPerson: Forget a person's failed logins.
func (c *Client) UnlockPerson(ctx context.Context, userID string, into any) error {
	q := request{method: "POST", path: "/people/" + url.PathEscape(userID) + "/unlock", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}

// WhoAmI: Say who is asking, and with which rights.
func (c *Client) WhoAmI(ctx context.Context, into any) error {
	q := request{method: "GET", path: "/self", query: url.Values{}, header: http.Header{}}
	return c.do(ctx, q, into)
}
