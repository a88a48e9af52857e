package server

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/probe"
	"countersign/internal/secret"
)

// Where the two sides of a proof sit. A fence of the app is moved around inside.
var (
	insideFence = netip.MustParsePrefix("127.0.1.0/24")
	outside     = netip.MustParsePrefix("127.0.2.0/24")
)

// labRedirect is where a twin gets its answers; no request ever goes there.
const (
	labRedirect   = "http://127.0.0.1/cb"
	otherRedirect = "http://127.0.0.1/other-app"
)

// labGroup is the group of those a twin's policy admits.
const labGroup = "probe"

// twins makes the app that is attacked and another one. Of the app everything is
// as it is in the original but its credentials, its redirect URI, the addresses of
// its fence, which are moved onto loopback, and its hourly quota, which a probe
// would use up.
func (l *Lab) twins(ctx context.Context, original *client.Client) (a, b *probe.App, err error) {
	twin := twinOf(original, l.clock.Now())
	if a, err = l.create(ctx, twin); err != nil {
		return nil, nil, err
	}
	other := twinOf(original, l.clock.Now())
	other.Name, other.Type, other.Settings.AuthMethod = "Another app", client.Confidential, client.AuthSecretBasic
	other.FirstParty, other.Disabled, other.Policy.IntrospectAll = true, false, false
	other.Settings.RedirectURIs = []string{otherRedirect}
	for name, sw := range other.Settings.Flows {
		sw.RequireSecret = true
		other.Settings.Flows[name] = sw
	}
	if b, err = l.create(ctx, other); err != nil {
		return nil, nil, err
	}
	org, err := l.DB.Org(ctx)
	if err != nil {
		return nil, nil, err
	}
	a.Settings, b.Settings = settingsOf(client.Resolve(org, twin), twin), settingsOf(client.Resolve(org, other), other)
	return a, b, nil
}

func twinOf(original *client.Client, now time.Time) *client.Client {
	t := *original
	t.ID = oauth.ClientID("probe-" + secret.NewID(now).String())
	t.Secrets, t.Version, t.NotBefore, t.Created, t.Updated = nil, 0, time.Time{}, now, now
	t.Settings.RedirectURIs = []string{labRedirect}
	t.Settings.Flows = maps.Clone(original.Settings.Flows)
	for name, sw := range t.Settings.Flows {
		sw.NotBefore = time.Time{}
		t.Settings.Flows[name] = sw
	}
	if t.Settings.Flows == nil {
		t.Settings.Flows = flow.Switches{}
	}
	t.Policy.RateLimit = 0
	if len(t.Policy.IPRanges) > 0 {
		t.Policy.IPRanges = []string{insideFence.String()}
	}
	if t.Policy.PermittedUsers == client.AdminPreauthorized {
		t.Policy.Groups = append(slices.Clone(t.Policy.Groups), labGroup)
	}
	return &t
}

// create puts an app into the lab, with a secret where it is to have one.
func (l *Lab) create(ctx context.Context, c *client.Client) (*probe.App, error) {
	a := &probe.App{ID: string(c.ID), Name: c.Name, Method: string(c.Settings.AuthMethod), Redirect: c.Settings.RedirectURIs[0], Scopes: texts(c.Settings.Scopes)}
	if c.Type == client.Confidential {
		var kept client.Secret
		a.Secret, kept = client.NewSecret(l.Keys, c.ID, l.clock.Now(), time.Time{})
		c.Secrets = []client.Secret{kept}
	}
	e := l.event(audit.AppCreated)
	e.App = c.ID
	return a, l.DB.CreateClient(ctx, c, e)
}

func texts(scopes oauth.Scopes) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = string(s)
	}
	return out
}

// settingsOf is what a probe is told of an app: the effective values, which
// enforcement reads, too.
func settingsOf(e *client.Effective, c *client.Client) *probe.Settings {
	headless, refresh := e.Flow(flow.CodeAndCredentials), e.Flow(flow.RefreshToken)
	s := &probe.Settings{
		Disabled: !e.Enabled, FirstParty: c.FirstParty, Headless: headless.On,
		Refresh:           refresh.On && e.RefreshPolicy != client.RefreshZero && e.Scopes.Offline(),
		ClientCredentials: e.Flow(flow.ClientCredentials).On,
		SecretForCode:     headless.RequireSecret, SecretForRefresh: refresh.RequireSecret, PKCE: headless.RequirePKCE || e.PKCE,
		PostOnly: c.Settings.PostOnly, Rotation: e.Rotation, Opaque: e.AccessFormat == client.FormatOpaque,
		AssignedOnly: e.PermittedUsers == client.AdminPreauthorized, HighAssurance: e.Assurance == client.AssuranceHigh,
		IntrospectsAll: c.Policy.IntrospectAll, Origins: c.Settings.Origins, Audience: e.AccessAudience,
		CodeTTL: e.CodeTTL, AccessTTL: e.AccessTTL, IDTokenTTL: e.IDTokenTTL, Grace: e.Grace,
		RefreshIdle: e.RefreshIdle, RefreshAbsolute: e.RefreshAbsolute,
	}
	s.Fenced = len(e.IPRanges) > 0 && e.IP != client.IPBypass
	s.FencedRefresh = s.Fenced && e.IP != client.IPRelaxRefresh
	return s
}

func (l *Lab) register(ctx context.Context, p *probe.Person, groups []string) (*account.Account, error) {
	now := l.clock.Now().UTC().Truncate(time.Millisecond)
	hash, err := account.HashPassword(l.cfg.Password.Params(), p.Password)
	if err != nil {
		return nil, err
	}
	a := &account.Account{
		ID: oauth.UserID(secret.NewRecordID(secret.PrefixUser, now)), Username: p.Username, Email: p.Username, State: account.Active,
		PasswordHash: hash, LastPassword: now, Created: now, Updated: now, Groups: groups,
		Profile: account.Profile{Name: "Probe Person", GivenName: "Probe", FamilyName: "Person", Phone: "+1 555 0100"},
	}
	e := l.event(audit.UserCreated)
	e.User = a.ID
	return a, l.DB.RegisterAccount(ctx, a, e)
}

// target is everything a scenario needs to attack a twin of the app.
func (l *Lab) target(ctx context.Context, original *client.Client) (*probe.Target, error) {
	a, b, err := l.twins(ctx, original)
	if err != nil {
		return nil, err
	}
	first, firstID, err := l.newPerson(ctx, []string{labGroup})
	if err != nil {
		return nil, err
	}
	var groups []string
	if !a.Settings.AssignedOnly {
		groups = []string{labGroup}
	}
	second, secondID, err := l.newPerson(ctx, groups)
	if err != nil {
		return nil, err
	}
	t := &probe.Target{
		Issuer: l.Issuer, Doors: []probe.Door{l.door(probe.Standard)}, App: a, AppB: b, Person: first, PersonB: second,
		Inside: insideFence.Addr(), Outside: outside.Addr(),
	}
	if bool(l.cfg.Salesforce.Enabled) {
		t.Doors = append(t.Doors, l.door(probe.Salesforce))
	}
	t.Operator = l.operator(map[string]oauth.UserID{first.Username: firstID, second.Username: secondID})
	l.places(t, 0)
	return t, nil
}

// places gives a scenario addresses of its own, so that what it does wrong is held
// against no other.
func (l *Lab) places(t *probe.Target, n int) {
	at := func(p netip.Prefix) netip.Addr {
		b := p.Addr().As4()
		b[3] = byte(5 + n%200) //nolint:gosec // 204 at most
		return netip.AddrFrom4(b)
	}
	t.Inside, t.Outside = at(insideFence), at(outside)
}
