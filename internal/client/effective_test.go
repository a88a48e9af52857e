package client

import (
	"testing"
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
)

func app(change func(*Client)) *Client {
	c := &Client{
		ID: "a", Type: Confidential,
		Settings: Settings{
			AuthMethod: AuthSecretBasic, Rotation: true,
			Flows: flow.Switches{
				flow.CodeAndCredentials: {On: true, RequireSecret: true, RequirePKCE: true},
				flow.RefreshToken:       {On: true, RequireSecret: true},
			},
		},
	}
	change(c)
	return c
}

func weak(c *Client) {
	c.Settings.Rotation = false
	for n, sw := range c.Settings.Flows {
		sw.RequirePKCE, sw.RequireSecret = false, false
		c.Settings.Flows[n] = sw
	}
}

var stricter = map[string]struct {
	org    Org
	change func(*Client)
	ok     func(*Effective) bool
}{
	"an app's switches count": {Org{}, weak, func(e *Effective) bool {
		sw := e.Flow(flow.CodeAndCredentials)
		return sw.On && !sw.RequirePKCE && !sw.RequireSecret && !e.Rotation
	}},
	"the server requires PKCE": {Org{RequirePKCE: true}, weak, func(e *Effective) bool {
		return e.Flow(flow.CodeAndCredentials).RequirePKCE && !e.Flow(flow.RefreshToken).RequirePKCE
	}},
	"the server switched the flow off, and on again": {Org{FlowsNotBefore: map[flow.Name]time.Time{flow.CodeAndCredentials: noon}}, func(*Client) {}, func(e *Effective) bool {
		return e.Flow(flow.CodeAndCredentials).NotBefore.Equal(noon)
	}},
	"the app did so later": {Org{FlowsNotBefore: map[flow.Name]time.Time{flow.CodeAndCredentials: noon}}, func(c *Client) {
		c.Settings.Flows[flow.CodeAndCredentials] = flow.Switch{On: true, NotBefore: noon.Add(time.Hour)}
	}, func(e *Effective) bool {
		return e.Flow(flow.CodeAndCredentials).NotBefore.Equal(noon.Add(time.Hour))
	}},
	"the server switched the flow off": {Org{FlowsOff: []flow.Name{flow.CodeAndCredentials}}, func(*Client) {}, func(e *Effective) bool {
		return !e.Flow(flow.CodeAndCredentials).On && e.Flow(flow.RefreshToken).On
	}},
	"a flow that is not served stays off": {Org{}, func(c *Client) { c.Settings.Flows[flow.Device] = flow.Switch{On: true} }, func(e *Effective) bool {
		return !e.Flow(flow.Device).On
	}},
	"a public app needs PKCE and rotation, and no secret": {Org{}, func(c *Client) { weak(c); c.Type = Public }, func(e *Effective) bool {
		sw := e.Flow(flow.CodeAndCredentials)
		return sw.RequirePKCE && !sw.RequireSecret && e.Rotation
	}},
	"a code lives 60 s, 120 s at most": {Org{}, func(c *Client) { c.Settings.CodeTTL = Duration(time.Hour) }, func(e *Effective) bool {
		return e.CodeTTL == MaxCodeTTL && Resolve(Org{}, app(func(*Client) {})).CodeTTL == time.Minute
	}},
	"the server's ceiling on access tokens": {Org{MaxAccess: Duration(time.Minute)}, func(c *Client) { c.Settings.AccessToken.TTL = Duration(time.Hour) }, func(e *Effective) bool {
		return e.AccessTTL == time.Minute
	}},
	"no access token outlives the memory of endings": {Org{}, func(c *Client) { c.Settings.AccessToken.TTL = Duration(1000 * time.Hour) }, func(e *Effective) bool {
		return e.AccessTTL == AccessTokenCeiling
	}},
	"the session timeout counts for opaque tokens": {Org{}, func(c *Client) {
		c.Settings.AccessToken.Format, c.Policy.SessionTimeout = FormatOpaque, Duration(5*time.Minute)
	}, func(e *Effective) bool { return e.AccessTTL == 5*time.Minute }},
	"and not for JWTs": {Org{}, func(c *Client) { c.Policy.SessionTimeout = Duration(5 * time.Minute) }, func(e *Effective) bool {
		return e.AccessTTL == DefaultAccessTTL
	}},
	"nothing outlives the memory of endings": {Org{MaxAccess: Duration(72 * time.Hour)}, func(c *Client) { c.Settings.AccessToken.TTL = Duration(48 * time.Hour) }, func(e *Effective) bool {
		return e.AccessTTL == AccessTokenCeiling
	}},
	"inactivity, 30 days, by default": {Org{}, func(*Client) {}, func(e *Effective) bool {
		return e.RefreshPolicy == RefreshInactivity && e.RefreshIdle == 30*24*time.Hour && e.RefreshAbsolute == 90*24*time.Hour
	}},
	"a lifetime has no idle end": {Org{}, func(c *Client) {
		c.Policy.RefreshPolicy, c.Policy.RefreshTTL = RefreshLifetime, Duration(time.Hour)
	}, func(e *Effective) bool { return e.RefreshIdle == 0 && e.RefreshAbsolute == time.Hour }},
	"infinite has none but the server's": {Org{MaxRefresh: Duration(48 * time.Hour)}, func(c *Client) { c.Policy.RefreshPolicy = RefreshInfinite }, func(e *Effective) bool {
		return e.RefreshIdle == 0 && e.RefreshAbsolute == 48*time.Hour
	}},
	"grace 10 s by default, none when negative": {Org{}, func(c *Client) { c.Settings.Grace = -1 }, func(e *Effective) bool {
		return e.Grace == 0 && Resolve(Org{}, app(func(*Client) {})).Grace == 10*time.Second
	}},
	"a disabled app":  {Org{}, func(c *Client) { c.Disabled = true }, func(e *Effective) bool { return !e.Enabled }},
	"ranges are read": {Org{}, func(c *Client) { c.Policy.IPRanges = []string{"10.1.2.3/8", "2001:db8::/32"} }, func(e *Effective) bool { return len(e.IPRanges) == 2 && e.IP == IPEnforce }},
}

func TestTheStricterWins(t *testing.T) {
	for name, row := range stricter {
		if e := Resolve(row.org, app(row.change)); !row.ok(e) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestDirectoryForgetsAndResolvesAnew(t *testing.T) {
	d := &Directory{}
	if d.Lookup("a") != nil || d.Org().ID != "" {
		t.Error("an empty directory knows something")
	}
	d.Apply(&Org{ID: "o"}, map[oauth.ClientID]*Client{"a": app(func(c *Client) {
		sw := c.Settings.Flows[flow.CodeAndCredentials]
		sw.RequirePKCE = false
		c.Settings.Flows[flow.CodeAndCredentials] = sw
	})})
	before := d.Lookup("a")
	d.Apply(&Org{ID: "o", RequirePKCE: true}, nil)
	if before.Effective.PKCE || !d.Lookup("a").Effective.PKCE {
		t.Error("a change of the server's settings does not reach the app, or changes a snapshot in use")
	}
	n := 0
	d.All(func(*Entry) bool { n++; return true })
	d.Apply(nil, map[oauth.ClientID]*Client{"a": nil})
	if n != 1 || d.Lookup("a") != nil {
		t.Error("a deleted app is still there")
	}
}
