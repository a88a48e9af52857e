package admin

import (
	"time"

	"countersign/internal/account"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/key"
	"countersign/internal/oauth"
)

// FlowsOn names the flows that are switched on, in the order of the table.
func FlowsOn(s flow.Switches) []flow.Name {
	out := []flow.Name{}
	for _, f := range flow.All {
		if s[f.Name].On {
			out = append(out, f.Name)
		}
	}
	return out
}

// AppView is an app as the command line and the API show it. Its JSON names are
// stable. Secrets appear as hints; the one that was just made, once.
type AppView struct {
	ID         oauth.ClientID    `json:"client_id"`
	Secret     string            `json:"client_secret,omitempty"`
	Name       string            `json:"name"`
	Type       client.Type       `json:"type"`
	Platform   client.Platform   `json:"platform"`
	FirstParty bool              `json:"first_party"`
	Enabled    bool              `json:"enabled"`
	AuthMethod client.AuthMethod `json:"token_endpoint_auth_method"`
	Redirects  []string          `json:"redirect_uris"`
	Origins    []string          `json:"cors_origins"`
	Flows      []flow.Name       `json:"flows"`
	Scopes     oauth.Scopes      `json:"scopes"`
	Switches   flow.Switches     `json:"switches"`
	Secrets    []SecretView      `json:"secrets"`
	Settings   map[string]string `json:"settings"` // every field of AppFields, as text
	NotBefore  time.Time         `json:"not_before,omitzero"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
	Changes    []Change          `json:"changes,omitempty"`
	Warnings   []string          `json:"warnings,omitempty"`
}

// SecretView is an app secret as it is shown: never the secret.
type SecretView struct {
	ID      string    `json:"id"`
	Hint    string    `json:"hint"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
}

// View shows the app.
func (r AppResult) View() AppView {
	v := ViewApp(r.App)
	v.Secret, v.Changes, v.Warnings = r.Secret, r.Changes, r.Warnings
	return v
}

// ViewApp shows an app.
func ViewApp(c *client.Client) AppView {
	s := &c.Settings
	v := AppView{
		ID: c.ID, Name: c.Name, Type: c.Type, Platform: c.Platform, FirstParty: c.FirstParty, Enabled: !c.Disabled,
		AuthMethod: s.AuthMethod, Redirects: full(s.RedirectURIs), Origins: full(s.Origins),
		Flows: FlowsOn(s.Flows), Scopes: append(oauth.Scopes{}, s.Scopes...), Switches: s.Flows,
		Secrets: []SecretView{}, Settings: map[string]string{}, NotBefore: c.NotBefore, Created: c.Created, Updated: c.Updated,
	}
	for _, k := range c.Secrets {
		v.Secrets = append(v.Secrets, SecretView{k.ID, k.Hint, k.Created, k.Expires})
	}
	for _, l := range Lines(AppFields, c) {
		v.Settings[l.Name] = l.Value
	}
	return v
}

// full makes an empty list an empty list in JSON, too.
func full(list []string) []string { return append([]string{}, list...) }

// UserView is a person as the command line and the API show them. Its JSON names
// are stable.
type UserView struct {
	account.Account
	Groups      []string `json:"groups"`
	HasPassword bool     `json:"has_password"`
	HashScheme  string   `json:"password_scheme,omitempty"`
	Changes     []Change `json:"changes,omitempty"`
}

// ViewUser shows a person; the hash of the password stays out.
func ViewUser(a *account.Account) UserView {
	v := UserView{Account: *a, Groups: full(a.Groups), HasPassword: a.PasswordHash != ""}
	if h, err := account.ParseHash(a.PasswordHash); err == nil {
		v.HashScheme = h.Scheme()
	}
	return v
}

// KeyView is a signing key as it is shown: its public face.
type KeyView struct {
	ID        string    `json:"kid"`
	Alg       string    `json:"alg"`
	Use       string    `json:"use,omitempty"` // review: signs transcripts of proofs; else tokens
	State     key.State `json:"state"`
	Created   time.Time `json:"created"`
	Activated time.Time `json:"activated,omitzero"`
	Retired   time.Time `json:"retired,omitzero"`
}

// ViewKey shows a key.
func ViewKey(k *key.Key) KeyView {
	return KeyView{k.ID, string(k.Alg), string(k.Use), k.State, k.Created, k.Activated, k.Retired}
}

// GrantView is a living grant with a refresh token, as it is shown.
type GrantView struct {
	ID        string         `json:"id"`
	App       oauth.ClientID `json:"app"`
	User      oauth.UserID   `json:"user"`
	Flow      flow.Name      `json:"flow"`
	Scopes    oauth.Scopes   `json:"scopes"`
	Begun     time.Time      `json:"begun"`
	Refreshed time.Time      `json:"last_refresh"`
	Refreshes int64          `json:"refreshes"`
}

// ViewGrant shows a grant.
func ViewGrant(f grant.Family) GrantView {
	return GrantView{
		ID: f.ID.String(), App: f.Client, User: f.User, Flow: f.Flow, Scopes: append(oauth.Scopes{}, f.Scopes...),
		Begun: f.ID.Time(), Refreshed: f.Issued, Refreshes: f.Seq - 1,
	}
}
