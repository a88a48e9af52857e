package cli

import (
	"context"
	"os"
	"strings"
	"time"

	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/remote"
	"countersign/internal/review"
	"countersign/internal/server"
)

// door is what a command asks an administrator's desk for: the one on this
// machine, or with --server one elsewhere, through the Admin API. Both answer in
// the records that are shown, so that a command cannot tell them apart.
type door interface {
	CreateApp(ctx context.Context, id string, sets []admin.Set, c admin.Consent) (admin.AppView, error)
	Apps(ctx context.Context) ([]admin.AppView, error)
	App(ctx context.Context, name string) (admin.AppView, error)
	ChangeApp(ctx context.Context, id string, sets []admin.Set, c admin.Consent) (admin.AppView, error)
	RotateSecret(ctx context.Context, id string, overlap time.Duration) (admin.AppView, error)
	RemoveSecret(ctx context.Context, id, secret string) (admin.AppView, error)
	DeleteApp(ctx context.Context, id string) error

	CreateUser(ctx context.Context, n admin.NewUser) (admin.UserView, error)
	Users(ctx context.Context, after string, limit int) ([]admin.UserView, error)
	User(ctx context.Context, name string) (admin.UserView, error)
	ChangeUser(ctx context.Context, id string, sets []admin.Set) (admin.UserView, error)
	SetPassword(ctx context.Context, id, password, hash string) error
	SwitchUser(ctx context.Context, id string, how switching) error

	Grants(ctx context.Context, user, app string, limit int) ([]admin.GrantView, error)
	EndGrant(ctx context.Context, id string) error
	EndGrants(ctx context.Context, user, app string) (int, error)

	Keys(ctx context.Context) ([]admin.KeyView, error)
	RotateKey(ctx context.Context, alg string, now bool) (admin.KeyView, error)
	RetireKey(ctx context.Context, kid string) error

	Events(ctx context.Context, f audit.Filter) ([]audit.Event, error)
	Org(ctx context.Context) (orgView, error)
	ChangeOrg(ctx context.Context, sets []admin.Set) (orgView, error)

	Review(ctx context.Context, what admin.Reviewing) (*review.Run, error)
	ReviewRun(ctx context.Context, id string) (*review.Run, error)
	ReviewRuns(ctx context.Context) ([]review.KeptRun, error)
	Waive(ctx context.Context, control, app string, a admin.Acceptance) (review.KeptWaiver, error)
	Waivers(ctx context.Context) ([]admin.WaiverView, error)
	EndWaiver(ctx context.Context, id string) (review.KeptWaiver, error)
}

// switching is what becomes of a person, in one word of the API.
type switching string

const (
	disable switching = "disable"
	enable  switching = "enable"
	unlock  switching = "unlock"
	remove  switching = "delete"
)

// at works at a desk: elsewhere if --server says so, or with the data here.
func (s *session) at(a access, work func(door) error) error {
	if s.Server == "" {
		return s.with(a, func(d *server.Data) error { return work(here{d.Desk}) })
	}
	token, err := s.token()
	if err != nil {
		return err
	}
	return work(&there{&remote.Client{Issuer: s.Server, Token: token}})
}

// errNoToken says what a command needs to be let in elsewhere.
var errNoToken = usage{"--server: who are you? Set COUNTERSIGN_TOKEN, or give --token-file, or set COUNTERSIGN_CLIENT_ID and COUNTERSIGN_CLIENT_SECRET of an app with rights"}

// token finds the access token: in a file, in the environment, or by the
// credentials of an app in the environment.
func (s *session) token() (func(context.Context) (string, error), error) {
	if s.TokenFile != "" {
		text, err := os.ReadFile(s.TokenFile)
		if err != nil {
			return nil, err
		}
		return remote.Holder(strings.TrimSpace(string(text))), nil
	}
	if token := s.variable("COUNTERSIGN_TOKEN"); token != "" {
		return remote.Holder(token), nil
	}
	k := remote.Credentials{Issuer: s.Server, ID: s.variable("COUNTERSIGN_CLIENT_ID"), Secret: s.variable("COUNTERSIGN_CLIENT_SECRET")}
	if k.ID == "" || k.Secret == "" {
		return nil, errNoToken
	}
	return k.Obtain(), nil
}

// errHere refuses --server to commands that need the machine itself.
var errHere = usage{"--server: this command works on the server's own machine alone"}
