package policy

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
)

func entry(change func(*client.Client)) *client.Entry {
	c := &client.Client{ID: "app", Type: client.Confidential, Settings: client.Settings{
		Flows:  flow.Switches{flow.CodeAndCredentials: {On: true}, flow.RefreshToken: {On: true}},
		Scopes: oauth.Scopes{"openid", "api", "offline_access"}, Rotation: true,
	}}
	change(c)
	return &client.Entry{Client: c, Effective: client.Resolve(client.Org{}, c)}
}

func TestAdmitApp(t *testing.T) {
	inside, outside := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.0.2.1")
	app := entry(func(c *client.Client) {
		c.Policy.IPRanges, c.Policy.IP = []string{"10.0.0.0/8"}, client.IPRelaxRefresh
		c.Policy.PermittedUsers, c.Policy.Assurance = client.AdminPreauthorized, client.AssuranceHigh // of people
	})
	if err := AdmitApp(app, inside); err != nil {
		t.Error(err)
	}
	if err := AdmitApp(app, outside); !errors.Is(err, ErrAddress) {
		t.Errorf("from outside the fence: %v", err)
	}
}

func TestMachineScopes(t *testing.T) {
	app := entry(func(c *client.Client) {
		c.Settings.Scopes = oauth.Scopes{"openid", "api", "full", "offline_access", "orders"}
	})
	for name, row := range map[string]struct {
		asked, want oauth.Scopes
		err         error
	}{
		"nothing: all but a person's": {nil, oauth.Scopes{"api", "orders"}, nil},
		"one":                         {oauth.Scopes{"orders"}, oauth.Scopes{"orders"}, nil},
		"G06 not the app's":           {oauth.Scopes{"api", "admin"}, nil, ErrScopeApp},
		"a person's":                  {oauth.Scopes{"openid"}, nil, ErrScopeApp},
		"a refresh token":             {oauth.Scopes{"api", "offline_access"}, nil, ErrScopeApp},
		"everything a person may do":  {oauth.Scopes{"full"}, nil, ErrScopeApp},
	} {
		got, err := MachineScopes(app, row.asked)
		if !cmp.Equal(got, row.want) || !errors.Is(err, row.err) || (err == nil) != (row.err == nil) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if !app.Effective.Scopes.Has("openid") {
		t.Error("the app's own scopes were changed")
	}
}

func TestAdmit(t *testing.T) {
	inside, outside := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.0.2.1")
	fence := func(mode client.IPMode) func(*client.Client) {
		return func(c *client.Client) { c.Policy.IP, c.Policy.IPRanges = mode, []string{"10.0.0.0/8"} }
	}
	assigned := func(c *client.Client) {
		c.Policy.PermittedUsers, c.Policy.Groups = client.AdminPreauthorized, []string{"staff"}
	}
	for name, row := range map[string]struct {
		app        func(*client.Client)
		groups     []string
		from       netip.Addr
		refreshing bool
		want       error
	}{
		"anybody":                            {func(*client.Client) {}, nil, outside, false, nil},
		"a member":                           {assigned, []string{"x", "staff"}, outside, false, nil},
		"no member":                          {assigned, []string{"x"}, outside, false, ErrNotAssigned},
		"no member any more, refreshing":     {assigned, nil, outside, true, ErrNotAssigned},
		"no groups assigned: nobody":         {func(c *client.Client) { c.Policy.PermittedUsers = client.AdminPreauthorized }, []string{"staff"}, outside, false, ErrNotAssigned},
		"inside the fence":                   {fence(client.IPEnforce), nil, inside, false, nil},
		"inside the fence, mapped":           {fence(client.IPEnforce), nil, netip.MustParseAddr("::ffff:10.1.2.3"), false, nil},
		"outside the fence":                  {fence(client.IPEnforce), nil, outside, false, ErrAddress},
		"outside the fence, no address":      {fence(client.IPEnforce), nil, netip.Addr{}, false, ErrAddress},
		"outside, refreshing":                {fence(client.IPEnforce), nil, outside, true, ErrAddress},
		"outside, refreshing, relaxed":       {fence(client.IPRelaxRefresh), nil, outside, true, nil},
		"outside, relaxed for refresh":       {fence(client.IPRelaxRefresh), nil, outside, false, ErrAddress},
		"outside, relaxed after two factors": {fence(client.IPRelaxMFA), nil, outside, false, ErrAddress},
		"outside, bypass":                    {fence(client.IPBypass), nil, outside, false, nil},
		"high assurance":                     {func(c *client.Client) { c.Policy.Assurance = client.AssuranceHigh }, nil, outside, false, ErrAssurance},
		"high assurance, refreshing":         {func(c *client.Client) { c.Policy.Assurance = client.AssuranceHigh }, nil, outside, true, nil},
	} {
		err := Admit(entry(row.app), &account.Account{Groups: row.groups}, row.from, row.refreshing)
		if !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

func TestDecide(t *testing.T) {
	all := oauth.Scopes{"openid", "api", "offline_access"}
	for name, row := range map[string]struct {
		app            func(*client.Client)
		granted, asked oauth.Scopes
		scopes         oauth.Scopes
		refresh, id    bool
		err            error
	}{
		"all that was granted":         {func(*client.Client) {}, all, nil, all, true, true, nil},
		"narrower":                     {func(*client.Client) {}, all, oauth.Scopes{"api"}, oauth.Scopes{"api"}, true, false, nil},
		"wider":                        {func(*client.Client) {}, oauth.Scopes{"api"}, oauth.Scopes{"api", "openid"}, nil, false, false, ErrScopeWider},
		"a scope the app lost since":   {func(c *client.Client) { c.Settings.Scopes = oauth.Scopes{"api"} }, oauth.Scopes{"openid", "api"}, nil, oauth.Scopes{"api"}, false, false, nil},
		"no refresh without the scope": {func(*client.Client) {}, oauth.Scopes{"api"}, nil, oauth.Scopes{"api"}, false, false, nil},
		"no refresh with policy zero":  {func(c *client.Client) { c.Policy.RefreshPolicy = client.RefreshZero }, all, nil, all, false, true, nil},
		"no refresh with the flow off": {func(c *client.Client) { delete(c.Settings.Flows, flow.RefreshToken) }, all, nil, all, false, true, nil},
	} {
		got, err := Decide(entry(row.app), row.granted, row.asked)
		if !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %v", name, err, row.err)
			continue
		}
		if row.err == nil && (!cmp.Equal(got.Scopes, row.scopes) || got.Refresh != row.refresh || got.IDToken != row.id) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestTokensOverThisServerAreShort: an hour, whatever the app's setting says.
func TestTokensOverThisServerAreShort(t *testing.T) {
	app := entry(func(c *client.Client) {
		c.Settings.Scopes = oauth.Scopes{"api", "admin:apps.read"}
		c.Settings.AccessToken.TTL = client.Duration(12 * time.Hour)
	})
	for scope, want := range map[oauth.Scope]time.Duration{"api": 12 * time.Hour, "admin:apps.read": time.Hour} {
		terms, err := Decide(app, app.Effective.Scopes, oauth.Scopes{scope})
		if err != nil || terms.AccessTTL != want {
			t.Errorf("%s lives %v, %v", scope, terms.AccessTTL, err)
		}
	}
}
