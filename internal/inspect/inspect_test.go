package inspect_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/housetest"
	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/token"
)

var ctx = context.Background()

func opaque(c *client.Client) { c.Settings.AccessToken.Format = client.FormatOpaque }

// TestOpen: a living token of either format; each row ends it one way.
func TestOpen(t *testing.T) {
	for _, format := range []client.TokenFormat{client.FormatJWT, client.FormatOpaque} {
		for name, row := range map[string]struct {
			spoil func(*housetest.House, *string)
			jwt   error
			seal  error
		}{
			"alive":        {func(*housetest.House, *string) {}, nil, nil},
			"none":         {func(_ *housetest.House, s *string) { *s = "" }, inspect.ErrTokenMissing, inspect.ErrTokenMissing},
			"I02 cut":      {func(_ *housetest.House, s *string) { *s = (*s)[:len(*s)-2] }, inspect.ErrTokenMalformed, grant.ErrAccessForeign},
			"D11 changed":  {func(_ *housetest.House, s *string) { *s = strings.Replace(*s, (*s)[60:62], "xx", 1) }, inspect.ErrTokenMalformed, grant.ErrAccessForeign},
			"expired":      {func(h *housetest.House, _ *string) { h.Clock.Forward(client.DefaultAccessTTL) }, grant.ErrJWTExpired, grant.ErrAccessExpired},
			"app disabled": {change(func(c *client.Client) { c.Disabled = true }), inspect.ErrTokenEnded, inspect.ErrTokenEnded},
			"flow off":     {change(func(c *client.Client) { delete(c.Settings.Flows, flow.CodeAndCredentials) }), inspect.ErrTokenEnded, inspect.ErrTokenEnded},
			"app deleted": {func(h *housetest.House, _ *string) {
				must(h, h.DB.DeleteClient(ctx, housetest.Shop, h.Event(audit.AppDeleted)))
			}, inspect.ErrTokenEnded, inspect.ErrTokenEnded},
			"person disabled": {func(h *housetest.House, _ *string) {
				must(h, h.DB.SetState(ctx, h.Person.ID, account.Disabled, h.Event(audit.UserDisabled)))
			}, inspect.ErrTokenEnded, inspect.ErrTokenEnded},
			"password changed": {func(h *housetest.House, _ *string) {
				must(h, h.DB.SetPassword(ctx, h.Person.ID, "x", h.Event(audit.PasswordChanged)))
			}, inspect.ErrTokenEnded, inspect.ErrTokenEnded},
			"person deleted": {func(h *housetest.House, _ *string) {
				must(h, h.DB.DeleteAccount(ctx, h.Person.ID, h.Event(audit.UserDeleted)))
			}, inspect.ErrTokenEnded, inspect.ErrTokenEnded},
			"flow off and on again": {change(func(c *client.Client) {
				sw := c.Settings.Flows[flow.CodeAndCredentials]
				sw.NotBefore = c.Updated.Add(time.Hour)
				c.Settings.Flows[flow.CodeAndCredentials] = sw
			}), inspect.ErrTokenEnded, inspect.ErrTokenEnded},
		} {
			t.Run(string(format)+" "+name, func(t *testing.T) {
				t.Parallel()
				h := housetest.New(t)
				h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.AccessToken.Format = format })
				tok := h.Login(housetest.Shop).AccessToken
				row.spoil(h, &tok)
				want := row.jwt
				if format == client.FormatOpaque {
					want = row.seal
				}
				if _, err := h.Inspector.Open(tok); !errors.Is(err, want) || (want == nil) != (err == nil) {
					t.Errorf("got %v, want %v", err, want)
				}
			})
		}
	}
}

func change(f func(*client.Client)) func(*housetest.House, *string) {
	return func(h *housetest.House, _ *string) { h.ChangeApp(housetest.Shop, f) }
}

func must(h *housetest.House, err error) {
	if err != nil {
		h.T.Helper()
		h.T.Fatal(err)
	}
}

func TestIntrospectI01(t *testing.T) {
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	for name, row := range map[string]struct {
		who    client.Credentials
		text   string
		active bool
		want   error
	}{
		"own access token":       {h.Credentials(housetest.Shop), a.AccessToken, true, nil},
		"own refresh token":      {h.Credentials(housetest.Shop), a.RefreshToken, true, nil},
		"another app's":          {h.Credentials(housetest.Other), a.AccessToken, false, nil},
		"another app's refresh":  {h.Credentials(housetest.Other), a.RefreshToken, false, nil},
		"unknown":                {h.Credentials(housetest.Shop), "x.y.z", false, nil},
		"an ID token":            {h.Credentials(housetest.Shop), a.IDToken, false, nil},
		"without authentication": {client.Credentials{ID: housetest.Shop, Method: client.AuthNone}, a.AccessToken, false, inspect.ErrIntrospectUnproven},
		"a public app":           {h.Credentials(housetest.Mobile), a.AccessToken, false, inspect.ErrIntrospectUnproven},
		"a wrong secret":         {client.Credentials{ID: housetest.Shop, Method: client.AuthSecretBasic, Secret: "x"}, a.AccessToken, false, client.ErrWrongSecret},
		"no token":               {h.Credentials(housetest.Shop), "", false, inspect.ErrIntrospectMissing},
	} {
		_, in, err := h.Inspector.Introspect(ctx, row.who, row.text)
		if !errors.Is(err, row.want) || in.Active != row.active {
			t.Errorf("%s: %+v, %v", name, in, err)
		}
		if !in.Active && (in.Access.Client != "" || !in.Expires.IsZero()) {
			t.Errorf("%s: inactive, and yet it tells something", name)
		}
	}
	h.ChangeApp(housetest.Other, func(c *client.Client) { c.Policy.IntrospectAll = true })
	if _, in, _ := h.Inspector.Introspect(ctx, h.Credentials(housetest.Other), a.AccessToken); !in.Active {
		t.Error("an app that may see all tokens does not")
	}
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.AccessToken.Audience = []string{string(housetest.Other)} })
	h.ChangeApp(housetest.Other, func(c *client.Client) { c.Policy.IntrospectAll = false })
	if _, in, _ := h.Inspector.Introspect(ctx, h.Credentials(housetest.Other), h.Login(housetest.Shop).AccessToken); !in.Active {
		t.Error("a token's audience may not introspect it")
	}
}

func TestIntrospectRefreshTokenTellsItsEnd(t *testing.T) {
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	_, in, err := h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), a.RefreshToken)
	if err != nil || !in.Refresh || in.Expires.Sub(h.Clock.Now()).Round(time.Hour) != 30*24*time.Hour {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, a.RefreshToken)); err != nil {
		t.Fatal(err)
	}
	if _, in, _ := h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), a.RefreshToken); in.Active {
		t.Error("a replaced refresh token is active")
	}
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.Rotation = false })
	used := h.Login(housetest.Shop)
	h.Clock.Forward(20 * 24 * time.Hour)
	if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, used.RefreshToken)); err != nil {
		t.Fatal(err)
	}
	h.Clock.Forward(20 * 24 * time.Hour)
	_, in, _ = h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), used.RefreshToken)
	if !in.Active || in.Expires.Sub(h.Clock.Now()).Round(time.Hour) != 10*24*time.Hour {
		t.Errorf("a token that does not rotate and was used 20 days ago: %+v", in)
	}
	b := h.Login(housetest.Shop)
	h.Clock.Forward(31 * 24 * time.Hour)
	if _, in, _ := h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), b.RefreshToken); in.Active {
		t.Error("an idle refresh token is active")
	}
}

// TestTheRefreshFlowSwitchedOff: refresh tokens and what was obtained with them
// are dead, and stay dead when it is on again. What the login gave lives.
func TestTheRefreshFlowSwitchedOff(t *testing.T) {
	off := func(c *client.Client) {
		sw := c.Settings.Flows[flow.RefreshToken]
		sw.On, sw.NotBefore = false, c.Updated.Add(time.Hour)
		c.Settings.Flows[flow.RefreshToken] = sw
	}
	again := func(c *client.Client) {
		sw := c.Settings.Flows[flow.RefreshToken]
		sw.On = true
		c.Settings.Flows[flow.RefreshToken] = sw
	}
	for _, format := range []client.TokenFormat{client.FormatJWT, client.FormatOpaque} {
		for _, style := range []token.Style{token.StyleStandard, token.StyleSalesforce} {
			h := housetest.New(t)
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.AccessToken.Format = format })
			first := h.Login(housetest.Shop)
			r := h.RefreshRequest(housetest.Shop, first.RefreshToken)
			r.Style = style
			second, err := h.Exchanger.Exchange(ctx, r)
			must(h, err)
			for i, change := range []func(*client.Client){func(*client.Client) {}, off, again} {
				h.ChangeApp(housetest.Shop, change)
				if !h.Alive(first.AccessToken) {
					t.Error(format, style, i, "the login's own token is dead")
				}
				if h.Alive(second.AccessToken) != (i == 0) {
					t.Error(format, style, i, "the refreshed token is alive:", i != 0)
				}
				if _, in, _ := h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), second.RefreshToken); in.Active != (i == 0) {
					t.Error(format, style, i, "the refresh token is active:", in.Active)
				}
			}
		}
	}
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.RefreshPolicy = client.RefreshZero })
	if _, in, _ := h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), a.RefreshToken); in.Active {
		t.Error("a refresh token that the policy forbids is active")
	}
}

// TestANodeThatLostTouchSaysSo: it cannot know what ended elsewhere, so it must
// not call a token alive.
func TestANodeThatLostTouchSaysSo(t *testing.T) {
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	h.Inspector.Fresh = func() error { return grant.ErrLease }
	for _, text := range []string{a.AccessToken, a.RefreshToken, "unknown"} {
		if _, in, err := h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), text); in.Active || !errors.Is(err, grant.ErrLease) {
			t.Errorf("introspection: %v, %v", in.Active, err)
		}
		if _, err := h.Inspector.Userinfo(ctx, text, netip.Addr{}, true); !errors.Is(err, grant.ErrLease) {
			t.Errorf("userinfo: %v", err)
		}
	}
	h.Inspector.Fresh = func() error { return nil }
	if _, in, err := h.Inspector.Introspect(ctx, h.Credentials(housetest.Shop), a.AccessToken); !in.Active || err != nil {
		t.Errorf("in touch again: %v, %v", in.Active, err)
	}
}

// TestAnAppDeletedMeanwhile: the app goes between the looks at its token.
func TestAnAppDeletedMeanwhile(t *testing.T) {
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	app := h.Directory.Lookup(housetest.Shop).Client
	stop := make(chan struct{})
	var toggled sync.WaitGroup
	toggled.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				h.Directory.Apply(nil, map[oauth.ClientID]*client.Client{housetest.Shop: nil})
				h.Directory.Apply(nil, map[oauth.ClientID]*client.Client{housetest.Shop: app})
			}
		}
	})
	for range 3000 {
		if p, err := h.Inspector.Userinfo(ctx, a.AccessToken, netip.Addr{}, true); err == nil && p.App == nil || err != nil && !errors.Is(err, inspect.ErrTokenEnded) {
			t.Fatal(p, err)
		}
	}
	close(stop)
	toggled.Wait()
}

func TestRevokeE11(t *testing.T) {
	for name, row := range map[string]struct {
		by      func(*housetest.House) inspect.Revocation
		refresh bool // which token?
		found   bool
		access  bool // does the access token live on?
		family  bool // does the grant live on?
		want    error
	}{
		"own access token":      {as(housetest.Shop), false, true, false, true, nil},
		"own refresh token":     {as(housetest.Shop), true, true, false, false, nil},
		"another app's":         {as(housetest.Other), false, false, true, true, nil},
		"another app's refresh": {as(housetest.Other), true, false, true, true, nil},
		"a public app":          {as(housetest.Mobile), true, false, true, true, nil},
		"by the holder":         {func(*housetest.House) inspect.Revocation { return inspect.Revocation{ByHolder: true} }, true, true, false, false, nil},
		"without authentication": {func(*housetest.House) inspect.Revocation {
			return inspect.Revocation{Client: client.Credentials{ID: housetest.Shop, Method: client.AuthNone}}
		}, true, false, true, true, inspect.ErrRevokeUnproven},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := housetest.New(t)
			h.ChangeApp(housetest.Shop, opaque)
			a := h.Login(housetest.Shop)
			r := row.by(h)
			if r.Token = a.AccessToken; row.refresh {
				r.Token = a.RefreshToken
			}
			found, err := h.Inspector.Revoke(ctx, r)
			if found != row.found || !errors.Is(err, row.want) {
				t.Fatalf("found %v, %v", found, err)
			}
			if h.Alive(a.AccessToken) != row.access {
				t.Errorf("access token alive: %v", !row.access)
			}
			_, err = h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, a.RefreshToken))
			if (err == nil) != row.family {
				t.Errorf("refresh: %v", err)
			}
			if row.found && len(h.Events(audit.GrantRevoked)) != 1 {
				t.Error("no audit event")
			}
			if again, err := h.Inspector.Revoke(ctx, r); row.found && (again || err != nil) {
				t.Errorf("a second time: %v, %v", again, err)
			}
		})
	}
}

func as(id oauth.ClientID) func(*housetest.House) inspect.Revocation {
	return func(h *housetest.House) inspect.Revocation { return inspect.Revocation{Client: h.Credentials(id)} }
}

func TestRevokeWithoutAToken(t *testing.T) {
	h := housetest.New(t)
	if _, err := h.Inspector.Revoke(ctx, as(housetest.Shop)(h)); !errors.Is(err, inspect.ErrRevokeMissing) {
		t.Error(err)
	}
}

func TestUserinfoI03(t *testing.T) {
	h := housetest.New(t)
	here := netip.MustParseAddr("127.0.0.1")
	a := h.Login(housetest.Shop)
	p, err := h.Inspector.Userinfo(ctx, a.AccessToken, here, false)
	if err != nil || p.Account.ID != h.Person.ID || p.App.ID != housetest.Shop {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := h.Inspector.Userinfo(ctx, a.IDToken, here, false); !errors.Is(err, grant.ErrClaims) {
		t.Errorf("an ID token: %v", err)
	}
	r := h.RefreshRequest(housetest.Shop, a.RefreshToken)
	r.Scopes = oauth.Scopes{"api"}
	var narrow token.Answer
	if narrow, err = h.Exchanger.Exchange(ctx, r); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Inspector.Userinfo(ctx, narrow.AccessToken, here, false); !errors.Is(err, inspect.ErrScopeOpenID) {
		t.Errorf("without openid: %v", err)
	}
	if _, err := h.Inspector.Userinfo(ctx, narrow.AccessToken, here, true); err != nil {
		t.Errorf("a dialect that asks for no scope: %v", err)
	}
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.IPRanges = []string{"10.0.0.0/8"} })
	if _, err := h.Inspector.Userinfo(ctx, a.AccessToken, here, false); !errors.Is(err, inspect.ErrNotAdmitted) {
		t.Errorf("from outside the fence: %v", err)
	}
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.IPRanges = nil })
	must(h, h.DB.DeleteAccount(ctx, h.Person.ID, h.Event(audit.UserDeleted)))
	h.Endings.Sweep(h.Clock.Now().Add(time.Hour)) // even if memory forgot
	if _, err := h.Inspector.Userinfo(ctx, a.AccessToken, here, false); !errors.Is(err, inspect.ErrPersonGone) {
		t.Errorf("K09 a deleted person: %v", err)
	}
}

// TestUserinfoOfAnApp: nobody stands behind a token that an app got for itself,
// and that is no reason to call it dead.
func TestUserinfoOfAnApp(t *testing.T) {
	h := housetest.New(t)
	h.ChangeApp(housetest.Shop, func(c *client.Client) {
		c.Settings.Flows[flow.ClientCredentials] = flow.Switch{On: true}
	})
	h.Clock.Forward(2 * time.Millisecond)
	a, err := h.Exchanger.Exchange(context.Background(), token.Request{Grant: oauth.GrantClientCredentials, Client: h.Credentials(housetest.Shop)})
	if err != nil {
		t.Fatal(err)
	}
	for anyScope, want := range map[bool]error{true: inspect.ErrNoPerson, false: inspect.ErrScopeOpenID} {
		if _, err := h.Inspector.Userinfo(context.Background(), a.AccessToken, netip.Addr{}, anyScope); !errors.Is(err, want) {
			t.Errorf("any scope %v: %v", anyScope, err)
		}
	}
}

// TestMachine: what an app that asks for itself may still do.
func TestMachine(t *testing.T) {
	h := housetest.New(t)
	machine := func(change func(*client.Client)) {
		h.ChangeApp(housetest.Shop, func(c *client.Client) {
			c.Settings.Flows[flow.ClientCredentials] = flow.Switch{On: true}
			change(c)
		})
		h.Clock.Forward(2 * time.Millisecond)
	}
	machine(func(c *client.Client) { c.Settings.Scopes = oauth.Scopes{"openid", "api", "orders"} })
	a, err := h.Exchanger.Exchange(context.Background(), token.Request{Grant: oauth.GrantClientCredentials, Client: h.Credentials(housetest.Shop)})
	if err != nil {
		t.Fatal(err)
	}
	here := netip.MustParseAddr("10.1.2.3")
	if m, err := h.Inspector.Machine(a.AccessToken, here); err != nil || m.Scopes.String() != "api orders" || m.App.ID != housetest.Shop {
		t.Errorf("%v %v", m.Scopes, err)
	}
	if _, err := h.Inspector.Machine(h.Login(housetest.Shop).AccessToken, here); !errors.Is(err, inspect.ErrNotMachine) {
		t.Errorf("a person's token: %v", err)
	}
	if _, err := h.Inspector.Machine("", here); !errors.Is(err, inspect.ErrTokenMissing) {
		t.Errorf("no token: %v", err)
	}
	machine(func(c *client.Client) { c.Settings.Scopes = oauth.Scopes{"api"} })
	if m, err := h.Inspector.Machine(a.AccessToken, here); err != nil || m.Scopes.String() != "api" {
		t.Errorf("after a scope was taken away: %v %v", m.Scopes, err)
	}
	machine(func(c *client.Client) { c.Policy.IPRanges = []string{"192.0.2.0/24"} })
	if _, err := h.Inspector.Machine(a.AccessToken, here); !errors.Is(err, inspect.ErrNotAdmitted) {
		t.Errorf("from outside the fence: %v", err)
	}
	h.Inspector.Fresh = func() error { return grant.ErrLease }
	if _, err := h.Inspector.Machine(a.AccessToken, here); !errors.Is(err, grant.ErrLease) {
		t.Errorf("a node that lost touch: %v", err)
	}
}
