package cli

import (
	"context"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/jose"
	"countersign/internal/oauth"
	"countersign/internal/review"
)

// here is the desk on this machine.
type here struct{ desk *admin.Desk }

// viewed shows the outcome of a change of an app.
func viewed(r admin.AppResult, err error) (admin.AppView, error) {
	if err != nil {
		return admin.AppView{}, err
	}
	return r.View(), nil
}

func shownUser(a *account.Account, err error) (admin.UserView, error) {
	if err != nil {
		return admin.UserView{}, err
	}
	return admin.ViewUser(a), nil
}

// views shows every record of a list.
func views[T, V any](list []T, err error, view func(T) V) ([]V, error) {
	if err != nil {
		return nil, err
	}
	out := make([]V, len(list))
	for i, x := range list {
		out[i] = view(x)
	}
	return out, nil
}

func (h here) CreateApp(ctx context.Context, id string, sets []admin.Set, c admin.Consent) (admin.AppView, error) {
	return viewed(h.desk.CreateApp(ctx, oauth.ClientID(id), sets, c))
}

func (h here) Apps(ctx context.Context) ([]admin.AppView, error) {
	all, err := h.desk.AllApps(ctx)
	return views(all, err, admin.ViewApp)
}

func (h here) App(ctx context.Context, name string) (admin.AppView, error) {
	c, err := h.desk.App(ctx, name)
	if err != nil {
		return admin.AppView{}, err
	}
	return admin.ViewApp(c), nil
}

func (h here) ChangeApp(ctx context.Context, id string, sets []admin.Set, c admin.Consent) (admin.AppView, error) {
	return viewed(h.desk.ChangeApp(ctx, oauth.ClientID(id), sets, c))
}

func (h here) RotateSecret(ctx context.Context, id string, overlap time.Duration) (admin.AppView, error) {
	return viewed(h.desk.RotateSecret(ctx, oauth.ClientID(id), overlap))
}

func (h here) RemoveSecret(ctx context.Context, id, secret string) (admin.AppView, error) {
	return viewed(h.desk.RemoveSecret(ctx, oauth.ClientID(id), secret))
}

func (h here) DeleteApp(ctx context.Context, id string) error {
	return h.desk.DeleteApp(ctx, oauth.ClientID(id))
}

func (h here) CreateUser(ctx context.Context, n admin.NewUser) (admin.UserView, error) {
	return shownUser(h.desk.CreateUser(ctx, n))
}

func (h here) Users(ctx context.Context, after string, limit int) ([]admin.UserView, error) {
	people, err := h.desk.Users(ctx, oauth.UserID(after), limit)
	return views(people, err, admin.ViewUser)
}

func (h here) User(ctx context.Context, name string) (admin.UserView, error) {
	return shownUser(h.desk.User(ctx, name))
}

func (h here) ChangeUser(ctx context.Context, id string, sets []admin.Set) (admin.UserView, error) {
	a, changes, err := h.desk.ChangeUser(ctx, oauth.UserID(id), sets)
	v, err := shownUser(a, err)
	v.Changes = changes
	return v, err
}

func (h here) SetPassword(ctx context.Context, id, password, hash string) error {
	a, err := h.desk.User(ctx, id)
	if err != nil {
		return err
	}
	return h.desk.SetPassword(ctx, a, password, hash)
}

func (h here) SwitchUser(ctx context.Context, id string, how switching) error {
	switch how {
	case disable:
		return h.desk.DisableUser(ctx, oauth.UserID(id))
	case enable:
		return h.desk.EnableUser(ctx, oauth.UserID(id))
	case remove:
		return h.desk.DeleteUser(ctx, oauth.UserID(id))
	case unlock:
	}
	a, err := h.desk.User(ctx, id)
	if err != nil {
		return err
	}
	return h.desk.UnlockUser(ctx, a)
}

func (h here) Grants(ctx context.Context, user, app string, limit int) ([]admin.GrantView, error) {
	families, err := h.desk.FamiliesOf(ctx, oauth.UserID(user), oauth.ClientID(app), limit)
	return views(families, err, admin.ViewGrant)
}

func (h here) EndGrant(ctx context.Context, id string) error { return h.desk.EndGrant(ctx, id) }

func (h here) EndGrants(ctx context.Context, user, app string) (int, error) {
	return h.desk.EndGrants(ctx, oauth.UserID(user), oauth.ClientID(app))
}

func (h here) Keys(ctx context.Context) ([]admin.KeyView, error) {
	keys, err := h.desk.SigningKeys(ctx)
	return views(keys, err, admin.ViewKey)
}

func (h here) RotateKey(ctx context.Context, alg string, now bool) (admin.KeyView, error) {
	k, err := h.desk.RotateKey(ctx, jose.Alg(alg), now)
	if err != nil {
		return admin.KeyView{}, err
	}
	return admin.ViewKey(k), nil
}

func (h here) RetireKey(ctx context.Context, kid string) error { return h.desk.RetireKey(ctx, kid) }

func (h here) Events(ctx context.Context, f audit.Filter) ([]audit.Event, error) {
	return h.desk.Events(ctx, f)
}

func (h here) Org(ctx context.Context) (orgView, error) {
	o, err := h.desk.Org(ctx)
	return orgView{Org: o}, err
}

func (h here) ChangeOrg(ctx context.Context, sets []admin.Set) (orgView, error) {
	o, changes, err := h.desk.ChangeOrg(ctx, sets)
	return orgView{o, changes}, err
}

func (h here) Review(ctx context.Context, what admin.Reviewing) (*review.Run, error) {
	run, _, err := h.desk.Review(ctx, what)
	return run, err
}

func (h here) ReviewRun(ctx context.Context, id string) (*review.Run, error) {
	run, _, err := h.desk.ReviewRun(ctx, id)
	return run, err
}

func (h here) ReviewRuns(ctx context.Context) ([]review.KeptRun, error) {
	return h.desk.ReviewRuns(ctx)
}

func (h here) Waive(ctx context.Context, control, app string, a admin.Acceptance) (review.KeptWaiver, error) {
	return h.desk.Waive(ctx, control, app, a)
}

func (h here) Waivers(ctx context.Context) ([]admin.WaiverView, error) { return h.desk.Waivers(ctx) }

func (h here) EndWaiver(ctx context.Context, id string) (review.KeptWaiver, error) {
	return h.desk.EndWaiver(ctx, id)
}
