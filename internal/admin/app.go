package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// AppResult is what creating or changing an app came to.
type AppResult struct {
	App      *client.Client
	Secret   string   // of a new confidential app, or a rotation: shown once, kept nowhere
	Changes  []Change // of a change: old and new values
	Warnings []string
}

// CreateApp makes an app: every flow off but those asked for, PKCE required, the
// secret required where there is one, rotation on. The flow refresh_token comes
// along when the scopes ask for it. id may be empty; then one is drawn. What the
// review calls critical is saved with a Consent only. Errors: Invalid, Stopped,
// client.ErrExists, ErrOwner.
func (d *Desk) CreateApp(ctx context.Context, id oauth.ClientID, sets []Set, consent ...Consent) (AppResult, error) {
	now := d.Now().UTC().Truncate(time.Millisecond)
	if id == "" {
		id = oauth.ClientID("app_" + secret.NewID(now).String())
	}
	c, faults := draftApp(id, sets, now)
	if len(faults) > 0 {
		return AppResult{}, faults
	}
	if err := d.guard(c); err != nil {
		return AppResult{}, err
	}
	r := AppResult{App: c, Warnings: warnings(c)}
	if c.Type == client.Confidential {
		var kept client.Secret
		r.Secret, kept = client.NewSecret(d.Keys, c.ID, now, time.Time{})
		c.Secrets = []client.Secret{kept}
	}
	stops, warns, err := d.lint(ctx, nil, c)
	if err != nil {
		return AppResult{}, err
	}
	e, err := d.consented(stops, given(consent).by(c), d.event(audit.AppCreated).With("name", c.Name).With("type", string(c.Type)))
	if err != nil {
		return AppResult{}, err
	}
	r.Warnings = append(r.Warnings, heard(c.ID, warns)...)
	e.App = c.ID
	if err := d.Apps.CreateClient(ctx, c, e); err != nil {
		return AppResult{}, fmt.Errorf("create app: %w", err)
	}
	return r, d.waiveStopped(ctx, c.ID, stops, given(consent).by(c))
}

// given is the consent, if one was given.
func given(consent []Consent) Consent {
	if len(consent) == 0 {
		return Consent{}
	}
	return consent[0]
}

// checkClientID refuses ids that break a client's URL or file format, and those
// that could be taken for a person.
//
// Spec: RFC 6749 §2.2; RFC 9700 §4.15.
func checkClientID(id oauth.ClientID) Invalid {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	switch {
	case strings.Trim(string(id), alphabet) != "" || len(id) < 8 || len(id) > 256:
		return Invalid{{"client-id", "8 to 256 characters of A-Z, a-z, 0-9, dot, underscore and dash (RFC 6749 §2.2)"}}
	case secret.ValidRecordID(secret.PrefixUser, string(id)):
		return Invalid{{"client-id", "looks like the id of a person (RFC 9700 §4.15)"}}
	}
	return nil
}

// safeDefaults fills in what a new app starts from.
//
// Spec: RFC 9700 §2.
func safeDefaults(c *client.Client) {
	switch {
	case c.Type == "" && (c.Platform == client.SPA || c.Platform == client.Mobile || c.Platform == client.Native):
		c.Type = client.Public
	case c.Type == "":
		c.Type = client.Confidential
	}
	c.Settings.AuthMethod = client.AuthSecretBasic
	if c.Type == client.Public {
		c.Settings.AuthMethod = client.AuthNone
	}
	if c.Platform == "" {
		c.Platform = client.Web
		if c.Type == client.Public {
			c.Platform = client.Mobile
		}
	}
	c.Settings.Rotation = true
	if c.Platform != client.Machine { // behind a machine there is no person
		c.Settings.Scopes = oauth.Scopes{oauth.ScopeOpenID}
	}
	c.Settings.AccessToken.Format = client.FormatJWT
	c.Settings.Flows = flow.Switches{}
	for _, f := range flow.All {
		c.Settings.Flows[f.Name] = flow.Switch{
			RequireSecret: c.Type == client.Confidential && f.Credentials == flow.PerApp,
			RequirePKCE:   f.PKCE == flow.PerApp,
		}
	}
}

func mentions(sets []Set, name flow.Name) bool {
	for _, s := range sets {
		if s.Field != "flow" {
			continue
		}
		for _, v := range s.Values {
			if f, _, err := parseFlow(v); err == nil && f.Name == name {
				return true
			}
		}
	}
	return false
}

// AllApps reads all apps, ordered by name.
func (d *Desk) AllApps(ctx context.Context) ([]*client.Client, error) { return d.Apps.Clients(ctx) }

// App finds an app by its client_id, or by its name if one app alone has it.
// Errors: client.ErrNotFound, ErrAmbiguous.
func (d *Desk) App(ctx context.Context, text string) (*client.Client, error) {
	c, err := d.Apps.Client(ctx, oauth.ClientID(text))
	if !errors.Is(err, client.ErrNotFound) {
		return c, err
	}
	all, err := d.Apps.Clients(ctx)
	if err != nil {
		return nil, err
	}
	var found []*client.Client
	for _, c := range all {
		if c.Name == text {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%q: %w", text, client.ErrNotFound)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%q: %w", text, ErrAmbiguous)
}

// ErrAmbiguous says that several apps have the name; only the client_id tells
// them apart.
var ErrAmbiguous = errors.New("several apps have this name; use the client_id")

// ChangeApp sets fields of an app, all or nothing, and says what changed. A flow
// that is switched off, and an app that is switched off, end their tokens within
// a second and for good. What the change would make critical is saved with a
// Consent only. Errors: client.ErrNotFound, Invalid, Stopped, ErrOwner,
// ErrChanged.
func (d *Desk) ChangeApp(ctx context.Context, id oauth.ClientID, sets []Set, consent ...Consent) (AppResult, error) {
	return d.changeApp(ctx, id, audit.AppChanged, given(consent), func(c *client.Client, now time.Time) (string, error) {
		faults := apply(AppFields, c, sets, now, false)
		if faults = append(faults, checkApp(c)...); len(faults) > 0 {
			return "", faults
		}
		return "", nil
	})
}

// maxTries is how often a change is applied anew because somebody else changed
// the record meanwhile.
const maxTries = 5

// changeApp reads, changes and replaces an app; edit may return a new secret.
func (d *Desk) changeApp(ctx context.Context, id oauth.ClientID, name audit.Name, consent Consent,
	edit func(*client.Client, time.Time) (string, error),
) (AppResult, error) {
	for try := 1; ; try++ {
		old, err := d.Apps.Client(ctx, id)
		if err != nil {
			return AppResult{}, fmt.Errorf("change app: %w", err)
		}
		if err := d.current(old.Version); err != nil {
			return AppResult{}, err
		}
		now := d.Now().UTC().Truncate(time.Millisecond)
		next := clone(old)
		text, err := edit(next, now)
		if err == nil {
			err = d.guard(old, next)
		}
		if err != nil {
			return AppResult{}, err
		}
		r := AppResult{App: next, Secret: text, Changes: diff(appLines, old, next), Warnings: warnings(next)}
		if len(r.Changes) == 0 {
			return r, nil
		}
		next.Updated = now
		turned(next, old, r.Changes, d.Actor)
		stops, warns, err := d.lint(ctx, old, next)
		if err != nil {
			return AppResult{}, err
		}
		e, err := d.consented(stops, consent.by(next), describe(undoing(d.event(name), next, old), r.Changes))
		if err != nil {
			return AppResult{}, err
		}
		r.Warnings = append(r.Warnings, heard(id, warns)...)
		e.App = id
		err = d.Apps.ReplaceClient(ctx, next, e)
		if errors.Is(err, client.ErrConflict) && try < maxTries {
			continue
		}
		if err != nil {
			return AppResult{}, fmt.Errorf("change app: %w", err)
		}
		if next.Disabled && !old.Disabled {
			err = d.endApp(ctx, id)
		}
		return r, errors.Join(err, d.waiveStopped(ctx, id, stops, consent.by(next)))
	}
}

// endApp marks the families of an app that was switched off. Its tokens are dead
// already: their time lies before NotBefore.
func (d *Desk) endApp(ctx context.Context, id oauth.ClientID) error {
	e := d.event(audit.GrantRevoked).With("reason", "app switched off")
	e.App = id
	if _, err := d.Grants.EndGrants(ctx, "", id, d.Now(), e); err != nil {
		return fmt.Errorf("the app is switched off; ending its grants: %w", err)
	}
	return nil
}

func clone(c *client.Client) *client.Client {
	next := *c
	next.Secrets = slices.Clone(c.Secrets)
	next.Settings.Flows = maps.Clone(c.Settings.Flows)
	if next.Settings.Flows == nil {
		next.Settings.Flows = flow.Switches{}
	}
	return &next
}

// DeleteApp removes an app; its tokens are dead within a second. Errors:
// client.ErrNotFound, ErrOwner, ErrChanged.
func (d *Desk) DeleteApp(ctx context.Context, id oauth.ClientID) error {
	if !d.Owner || d.Saw != 0 {
		old, err := d.Apps.Client(ctx, id)
		if err == nil {
			err = errors.Join(d.current(old.Version), d.guard(old))
		}
		if err != nil {
			return fmt.Errorf("delete app: %w", err)
		}
	}
	e := d.event(audit.AppDeleted)
	e.App = id
	if err := d.Apps.DeleteClient(ctx, id, e); err != nil {
		return fmt.Errorf("delete app: %w", err)
	}
	return nil
}
