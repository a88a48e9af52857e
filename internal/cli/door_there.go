package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/remote"
	"countersign/internal/review"
	"countersign/internal/secret"
)

// there is a desk elsewhere, behind the Admin API.
type there struct{ api *remote.Client }

// members write settings as the API takes them.
func members[T any](fields []admin.Field[T], sets []admin.Set) map[string]any {
	out := map[string]any{}
	for _, s := range sets {
		i := slices.IndexFunc(fields, func(f admin.Field[T]) bool { return f.Name == s.Field })
		switch {
		case i >= 0 && fields[i].Many:
			out[s.Field] = slices.DeleteFunc(append([]string{}, s.Values...), func(v string) bool { return v == "" })
		case i >= 0 && fields[i].Hint == admin.OnOff && (s.Values[0] == "on" || s.Values[0] == "off"):
			out[s.Field] = s.Values[0] == "on"
		default:
			out[s.Field] = s.Values[0]
		}
	}
	return out
}

func consentMember(c admin.Consent) map[string]any {
	out := map[string]any{}
	if c.Force {
		out["force"] = true
	}
	if w := c.Waive; w != nil {
		out["waive"] = map[string]any{"reason": w.Reason, "owner": w.Owner, "until": w.Until}
	}
	return out
}

func (t *there) CreateApp(ctx context.Context, id string, sets []admin.Set, c admin.Consent) (v admin.AppView, err error) {
	body := map[string]any{"client_id": id, "settings": members(admin.AppFields, sets), "consent": consentMember(c)}
	err = t.api.CreateApp(ctx, body, &v)
	return v, err
}

// all reads every page of a list, until enough.
func all[T any](enough int, next func(cursor string, into *remote.Page[T]) error) ([]T, error) {
	out := []T{}
	cursor := ""
	for {
		p := remote.Page[T]{}
		if err := next(cursor, &p); err != nil {
			return nil, err
		}
		out = append(out, p.Items...)
		if enough > 0 && len(out) >= enough {
			return out[:enough], nil
		}
		if cursor = p.Next; cursor == "" {
			return out, nil
		}
	}
}

// most is the largest page.
const most = 1000

func (t *there) Apps(ctx context.Context) ([]admin.AppView, error) {
	return all(0, func(cursor string, into *remote.Page[admin.AppView]) error {
		return t.api.ListApps(ctx, remote.ListAppsParams{Limit: most, Cursor: cursor}, into)
	})
}

// App finds an app by its client_id, or by its name if one app alone has it.
func (t *there) App(ctx context.Context, name string) (v admin.AppView, err error) {
	err = t.api.ShowApp(ctx, name, remote.ShowAppParams{}, &v)
	if err == nil || !remote.NotFound(err) {
		return v, err
	}
	var p remote.Page[admin.AppView]
	if err := t.api.ListApps(ctx, remote.ListAppsParams{Name: name}, &p); err != nil {
		return v, err
	}
	switch len(p.Items) {
	case 0:
		return v, fmt.Errorf("%q: %w", name, client.ErrNotFound)
	case 1:
		return p.Items[0], nil
	}
	return v, fmt.Errorf("%q: %w", name, admin.ErrAmbiguous)
}

func (t *there) ChangeApp(ctx context.Context, id string, sets []admin.Set, c admin.Consent) (v admin.AppView, err error) {
	body := map[string]any{"settings": members(admin.AppFields, sets), "consent": consentMember(c)}
	err = t.api.ChangeApp(ctx, id, remote.ChangeAppParams{}, body, &v)
	return v, err
}

func (t *there) RotateSecret(ctx context.Context, id string, overlap time.Duration) (v admin.AppView, err error) {
	err = t.api.RotateSecret(ctx, id, map[string]any{"overlap": client.Duration(overlap).String()}, &v)
	return v, err
}

func (t *there) RemoveSecret(ctx context.Context, id, secretID string) (v admin.AppView, err error) {
	err = t.api.RemoveSecret(ctx, id, secretID, &v)
	return v, err
}

func (t *there) DeleteApp(ctx context.Context, id string) error {
	return t.api.DeleteApp(ctx, id, remote.DeleteAppParams{}, nil)
}

// whole puts groups back into the record that they were lifted from.
func whole(v admin.UserView, err error) (admin.UserView, error) {
	v.Account.Groups = v.Groups
	return v, err
}

func (t *there) CreateUser(ctx context.Context, n admin.NewUser) (v admin.UserView, err error) {
	body := map[string]any{"username": n.Username, "password": n.Password, "password_hash": n.Hash, "settings": members(admin.UserFields, n.Sets)}
	err = t.api.CreatePerson(ctx, body, &v)
	return whole(v, err)
}

func (t *there) Users(ctx context.Context, after string, limit int) ([]admin.UserView, error) {
	people, err := all(0, func(cursor string, into *remote.Page[admin.UserView]) error {
		return t.api.ListPeople(ctx, remote.ListPeopleParams{Limit: most, Cursor: cursor}, into)
	})
	if err != nil {
		return nil, err
	}
	people = slices.DeleteFunc(people, func(v admin.UserView) bool { return string(v.ID) <= after })
	return people[:min(len(people), limit)], nil
}

func (t *there) User(ctx context.Context, name string) (v admin.UserView, err error) {
	var p remote.Page[admin.UserView]
	if err := t.api.ListPeople(ctx, remote.ListPeopleParams{Identifier: name}, &p); err != nil {
		return v, err
	}
	if len(p.Items) == 0 {
		return v, fmt.Errorf("%q: read person: %w", name, account.ErrNotFound)
	}
	return whole(p.Items[0], nil)
}

func (t *there) ChangeUser(ctx context.Context, id string, sets []admin.Set) (v admin.UserView, err error) {
	err = t.api.ChangePerson(ctx, id, remote.ChangePersonParams{}, map[string]any{"settings": members(admin.UserFields, sets)}, &v)
	return whole(v, err)
}

func (t *there) SetPassword(ctx context.Context, id, password, hash string) error {
	return t.api.SetPassword(ctx, id, map[string]any{"password": password, "password_hash": hash}, nil)
}

func (t *there) SwitchUser(ctx context.Context, id string, how switching) error {
	switch how {
	case disable:
		return t.api.DisablePerson(ctx, id, nil)
	case enable:
		return t.api.EnablePerson(ctx, id, nil)
	case remove:
		return t.api.DeletePerson(ctx, id, remote.DeletePersonParams{}, nil)
	case unlock:
	}
	return t.api.UnlockPerson(ctx, id, nil)
}

func (t *there) Grants(ctx context.Context, user, app string, limit int) ([]admin.GrantView, error) {
	var p remote.Page[admin.GrantView]
	err := t.api.ListGrants(ctx, remote.ListGrantsParams{User: user, App: app, Limit: limit}, &p)
	return p.Items, err
}

func (t *there) EndGrant(ctx context.Context, id string) error { return t.api.EndGrant(ctx, id, nil) }

func (t *there) EndGrants(ctx context.Context, user, app string) (int, error) {
	var out struct{ Ended int }
	err := t.api.EndGrants(ctx, map[string]any{"user": user, "app": app}, &out)
	return out.Ended, err
}

func (t *there) Keys(ctx context.Context) ([]admin.KeyView, error) {
	var p remote.Page[admin.KeyView]
	err := t.api.ListKeys(ctx, remote.ListKeysParams{All: true}, &p)
	return p.Items, err
}

func (t *there) RotateKey(ctx context.Context, alg string, now bool) (v admin.KeyView, err error) {
	err = t.api.RotateKey(ctx, map[string]any{"alg": alg, "now": now}, &v)
	return v, err
}

func (t *there) RetireKey(ctx context.Context, kid string) error {
	return t.api.RetireKey(ctx, kid, nil)
}

// event is an event with its id, which the log's own form leaves out.
type event struct {
	ID string `json:"id"`
	audit.Event
}

func (t *there) Events(ctx context.Context, f audit.Filter) ([]audit.Event, error) {
	q := remote.ListEventsParams{App: string(f.App), User: string(f.User), Event: string(f.Name), Rule: f.Rule, Order: "oldest"}
	if f.Newest {
		q.Order = "newest"
	}
	if !f.Since.IsZero() {
		q.Since = f.Since.UTC().Format(time.RFC3339)
	}
	q.Limit = min(f.Limit, most)
	if f.Limit <= 0 {
		q.Limit = most
	}
	list, err := all(f.Limit, func(cursor string, into *remote.Page[event]) error {
		q.Cursor = cursor
		return t.api.ListEvents(ctx, q, into)
	})
	out := make([]audit.Event, len(list))
	for i, e := range list {
		out[i] = e.Event
		out[i].ID, _ = secret.ParseID(e.ID)
	}
	return out, err
}

func (t *there) Org(ctx context.Context) (v orgView, err error) {
	err = t.api.ShowSettings(ctx, remote.ShowSettingsParams{}, &v)
	return v, err
}

func (t *there) ChangeOrg(ctx context.Context, sets []admin.Set) (v orgView, err error) {
	err = t.api.ChangeSettings(ctx, remote.ChangeSettingsParams{}, map[string]any{"settings": members(admin.OrgFields, sets)}, &v)
	return v, err
}

func (t *there) Review(ctx context.Context, what admin.Reviewing) (*review.Run, error) {
	run := &review.Run{}
	if what.Keep && len(what.Apps)+len(what.Controls) == 0 {
		return run, t.api.KeepRun(ctx, run)
	}
	return run, t.api.Review(ctx, remote.ReviewParams{Apps: what.Apps, Controls: what.Controls}, run)
}

func (t *there) ReviewRun(ctx context.Context, id string) (*review.Run, error) {
	if id == "" {
		runs, err := t.ReviewRuns(ctx)
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 {
			return nil, review.ErrNoRun
		}
		id = runs[0].ID
	}
	run := &review.Run{}
	return run, t.api.ShowRun(ctx, id, run)
}

func (t *there) ReviewRuns(ctx context.Context) ([]review.KeptRun, error) {
	var p remote.Page[review.KeptRun]
	err := t.api.ListRuns(ctx, &p)
	return p.Items, err
}

func (t *there) Waive(ctx context.Context, control, app string, a admin.Acceptance) (w review.KeptWaiver, err error) {
	body := map[string]any{"control": control, "app": app, "reason": a.Reason, "owner": a.Owner, "until": a.Until}
	err = t.api.AddWaiver(ctx, body, &w)
	return w, err
}

func (t *there) Waivers(ctx context.Context) ([]admin.WaiverView, error) {
	var p remote.Page[admin.WaiverView]
	err := t.api.ListWaivers(ctx, &p)
	return p.Items, err
}

func (t *there) EndWaiver(ctx context.Context, id string) (w review.KeptWaiver, err error) {
	err = t.api.EndWaiver(ctx, id, &w)
	return w, err
}
