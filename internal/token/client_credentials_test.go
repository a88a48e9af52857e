package token_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/token"
	"countersign/internal/usage"
)

// machine switches the flow on for an app of the house.
func machine(h *housetest.House, id oauth.ClientID, change ...func(*client.Client)) {
	h.ChangeApp(id, func(c *client.Client) {
		c.Settings.Flows[flow.ClientCredentials] = flow.Switch{On: true}
		for _, f := range change {
			f(c)
		}
	})
	h.Clock.Forward(2 * time.Millisecond)
}

func machineRequest(h *housetest.House, id oauth.ClientID) token.Request {
	return token.Request{Grant: oauth.GrantClientCredentials, Client: h.Credentials(id), Address: netip.MustParseAddr("192.0.2.9")}
}

// TestClientCredentials: one valid request; each row spoils one thing and expects
// one rule and no token.
//
// Spec: RFC 6749 §4.4.
func TestClientCredentials(t *testing.T) {
	type spoil func(*housetest.House, *token.Request)
	bare := func(id oauth.ClientID) spoil {
		return func(_ *housetest.House, r *token.Request) {
			r.Client = client.Credentials{ID: id, Method: client.AuthNone}
		}
	}
	for name, row := range map[string]struct {
		spoil spoil
		want  error
	}{
		"valid":                     {func(*housetest.House, *token.Request) {}, nil},
		"valid, one scope":          {func(_ *housetest.House, r *token.Request) { r.Scopes = oauth.Scopes{"api"} }, nil},
		"D19 off, as in a new app":  {func(h *housetest.House, r *token.Request) { r.Client = h.Credentials(housetest.Other) }, token.ErrFlowOff},
		"D19 a public app, off":     {bare(housetest.Mobile), token.ErrFlowOff},
		"no credentials":            {bare(housetest.Shop), token.ErrCredentials},
		"D02 a wrong secret":        {func(_ *housetest.House, r *token.Request) { r.Client.Secret = "css_wrong" }, client.ErrWrongSecret},
		"D04 another method":        {func(_ *housetest.House, r *token.Request) { r.Client.Method = client.AuthSecretPost }, client.ErrWrongMethod},
		"G06 a scope of others":     {func(_ *housetest.House, r *token.Request) { r.Scopes = oauth.Scopes{"orders"} }, policy.ErrScopeApp},
		"a scope about a person":    {func(_ *housetest.House, r *token.Request) { r.Scopes = oauth.Scopes{"openid"} }, policy.ErrScopeApp},
		"a refresh token asked for": {func(_ *housetest.House, r *token.Request) { r.Scopes = oauth.Scopes{"offline_access"} }, policy.ErrScopeApp},
		"from outside the fence": {func(h *housetest.House, _ *token.Request) {
			machine(h, housetest.Shop, func(c *client.Client) { c.Policy.IPRanges = []string{"10.0.0.0/8"} })
		}, policy.ErrAddress},
		"the app disabled": {func(h *housetest.House, _ *token.Request) {
			machine(h, housetest.Shop, func(c *client.Client) { c.Disabled = true })
		}, client.ErrClientDisabled},
		"forbidden for every app": {func(h *housetest.House, _ *token.Request) {
			org, err := h.DB.Org(ctx)
			if err != nil {
				h.T.Fatal(err)
			}
			org.FlowsOff = []flow.Name{flow.ClientCredentials}
			if err := h.DB.ReplaceOrg(ctx, org, h.Event(audit.OrgChanged)); err != nil {
				h.T.Fatal(err)
			}
		}, token.ErrFlowOff},
		"a node that lost touch": {func(h *housetest.House, _ *token.Request) {
			h.Exchanger.Ready = func() error { return grant.ErrLease }
		}, grant.ErrLease},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := housetest.New(t)
			machine(h, housetest.Shop)
			r := machineRequest(h, housetest.Shop)
			row.spoil(h, &r)
			a, err := h.Exchanger.Exchange(ctx, r)
			if !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if (a.AccessToken != "") != (err == nil) || a.RefreshToken+a.IDToken != "" {
				t.Errorf("%+v", a)
			}
			if n := len(h.Events(audit.TokenIssued)); n != 1 && err == nil || n != 0 && err != nil {
				t.Errorf("%d events", n)
			}
			if err == nil && a.Scopes.String() != "api" {
				t.Errorf("scopes %v: the app's without those of a person", a.Scopes)
			}
		})
	}
}

// TestPublicAppNeverActsForItself: even if its record says that the flow is on.
//
// Spec: RFC 6749 §4.4.
func TestPublicAppNeverActsForItself(t *testing.T) {
	h := housetest.New(t)
	machine(h, housetest.Mobile)
	if _, err := h.Exchanger.Exchange(ctx, machineRequest(h, housetest.Mobile)); !errors.Is(err, token.ErrFlowOff) {
		t.Errorf("got %v", err)
	}
}

// TestMachineToken: whatever its form, it says that the app speaks for itself,
// and is counted.
//
// Spec: RFC 9068 §2.2.
func TestMachineToken(t *testing.T) {
	for _, format := range []client.TokenFormat{client.FormatJWT, client.FormatOpaque} {
		for _, style := range []token.Style{token.StyleStandard, token.StyleSalesforce} {
			h := housetest.New(t)
			machine(h, housetest.Shop, func(c *client.Client) { c.Settings.AccessToken.Format = format })
			r := machineRequest(h, housetest.Shop)
			r.Style = style
			a, err := h.Exchanger.Exchange(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.Inspector.Open(a.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			want := grant.Grant{ID: a.Grant.ID, Client: housetest.Shop, Flow: flow.ClientCredentials, Scopes: oauth.Scopes{"api"}}
			if diff := cmp.Diff(want, got.Grant); diff != "" || got.Subject() != string(housetest.Shop) {
				t.Errorf("%s, subject %s: %s", format, got.Subject(), diff)
			}
			checkMachineEvent(t, h, got)
			if s := a.Seen; s.App != housetest.Shop || s.Flow != flow.ClientCredentials || s.What != usage.Token || len(s.Traits) != 0 {
				t.Errorf("seen: %+v", s)
			}
		}
	}
}

func checkMachineEvent(t *testing.T, h *housetest.House, a grant.Access) {
	t.Helper()
	e := h.Events(audit.TokenIssued)
	if len(e) != 1 || e[0].App != housetest.Shop || e[0].User != "" || e[0].Address != "192.0.2.9" || e[0].Grant != a.ID.String() || e[0].Detail["scope"] != "api" {
		t.Errorf("event: %+v", e)
	}
}

// TestMachineTokenWritesNothing: a token that nothing is stored of costs the
// database no commit, however many there are.
func TestMachineTokenWritesNothing(t *testing.T) {
	h := housetest.New(t)
	machine(h, housetest.Shop)
	noted := 0
	h.Exchanger.Note = func(audit.Event) { noted++ }
	before := h.DB.Stats().Commits
	for range 20 {
		if _, err := h.Exchanger.Exchange(ctx, machineRequest(h, housetest.Shop)); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.DB.Stats().Commits - before; n != 0 || noted != 20 {
		t.Errorf("%d commits, %d events noted", n, noted)
	}
}

// TestMachineTokenEnds: by every switch that ends tokens.
func TestMachineTokenEnds(t *testing.T) {
	for name, end := range map[string]func(*housetest.House, token.Answer){
		"flow off": func(h *housetest.House, _ token.Answer) {
			h.ChangeApp(housetest.Shop, switchOff(flow.ClientCredentials))
		},
		"flow off and on again": func(h *housetest.House, _ token.Answer) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) {
				c.Settings.Flows[flow.ClientCredentials] = flow.Switch{On: true, NotBefore: h.Clock.Now()}
			})
		},
		"app disabled": func(h *housetest.House, _ token.Answer) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Disabled = true })
		},
		"app deleted": func(h *housetest.House, _ token.Answer) {
			if err := h.DB.DeleteClient(ctx, housetest.Shop, h.Event(audit.AppDeleted)); err != nil {
				h.T.Fatal(err)
			}
		},
		"every grant to the app": func(h *housetest.House, _ token.Answer) {
			if _, err := h.DB.EndGrants(ctx, "", housetest.Shop, h.Clock.Now(), h.Event(audit.GrantRevoked)); err != nil {
				h.T.Fatal(err)
			}
		},
		"its grant": func(h *housetest.House, a token.Answer) {
			if _, err := h.DB.EndGrant(ctx, a.Grant.ID, 0, h.Clock.Now(), h.Event(audit.GrantRevoked)); err != nil {
				h.T.Fatal(err)
			}
		},
		"its time": func(h *housetest.House, a token.Answer) { h.Clock.Forward(a.ExpiresIn) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := housetest.New(t)
			machine(h, housetest.Shop)
			a, err := h.Exchanger.Exchange(ctx, machineRequest(h, housetest.Shop))
			if err != nil || !h.Alive(a.AccessToken) {
				t.Fatal(err)
			}
			h.Clock.Forward(2 * time.Millisecond)
			end(h, a)
			if h.Alive(a.AccessToken) {
				t.Error("it lives on")
			}
		})
	}
}
