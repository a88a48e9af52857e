package admin

import (
	"context"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// FamiliesOf reads living grants with a refresh token, newest first, of a person,
// an app, or a person to an app.
func (d *Desk) FamiliesOf(ctx context.Context, user oauth.UserID, app oauth.ClientID, limit int) ([]grant.Family, error) {
	return d.Grants.Families(ctx, user, app, limit)
}

// EndGrants ends every grant of a person, an app, or a person to an app, and
// returns how many living refresh families there were. Access tokens are dead
// within a second, too.
func (d *Desk) EndGrants(ctx context.Context, user oauth.UserID, app oauth.ClientID) (int, error) {
	e := d.event(audit.GrantRevoked).With("reason", "administrator")
	e.User, e.App = user, app
	n, err := d.Grants.EndGrants(ctx, user, app, d.Now(), e)
	if err != nil {
		return 0, fmt.Errorf("revoke grants: %w", err)
	}
	return n, nil
}

// EndGrant ends one grant by its id, access tokens included.
func (d *Desk) EndGrant(ctx context.Context, id string) error {
	family, err := secret.ParseID(id)
	if err != nil {
		return Invalid{{"grant", err.Error()}}
	}
	e := d.event(audit.GrantRevoked).With("reason", "administrator")
	e.Grant = id
	out, err := d.Grants.EndGrant(ctx, family, 0, d.Now(), e)
	switch {
	case err != nil:
		return fmt.Errorf("revoke grant: %w", err)
	case out == oauth.Unknown:
		return oauth.ErrUnknownOutcome
	}
	return nil
}

// Events reads the audit log.
func (d *Desk) Events(ctx context.Context, f audit.Filter) ([]audit.Event, error) {
	return d.Log.List(ctx, f)
}
