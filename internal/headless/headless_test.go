package headless_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/authreq"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/headless"
	"countersign/internal/housetest"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/policy"
)

var ctx = context.Background()

// TestLogin: one valid login; each row spoils one thing, expects one rule, and
// says whether the credentials may have been looked at.
func TestLogin(t *testing.T) {
	type spoil func(*housetest.House, *headless.Request)
	app := func(f func(*client.Client)) spoil {
		return func(h *housetest.House, _ *headless.Request) { h.ChangeApp(housetest.Shop, f) }
	}
	for name, row := range map[string]struct {
		spoil  spoil
		want   error
		looked bool // was a failure counted?
	}{
		"valid":             {func(*housetest.House, *headless.Request) {}, nil, false},
		"by e-mail address": {func(_ *housetest.House, r *headless.Request) { r.Username = "ANN@example.com" }, nil, false},
		"unknown app":       {func(_ *housetest.House, r *headless.Request) { r.Client.ID = "nobody" }, client.ErrUnknownClient, false},
		"A02 without credentials": {func(_ *housetest.House, r *headless.Request) {
			r.Client = client.Credentials{ID: housetest.Shop, Method: client.AuthNone}
		}, headless.ErrCredentialsRequired, false},
		"a dialect without a place for the app's credentials": {func(_ *housetest.House, r *headless.Request) {
			r.Client, r.ClientProves = client.Credentials{ID: housetest.Shop, Method: client.AuthNone}, false
		}, nil, false},
		"flow off":               {app(func(c *client.Client) { delete(c.Settings.Flows, flow.CodeAndCredentials) }), headless.ErrFlowOff, false},
		"A01 third-party app":    {app(func(c *client.Client) { c.FirstParty = false }), headless.ErrThirdParty, false},
		"A22 credentials in URL": {func(_ *housetest.House, r *headless.Request) { r.Place = headless.InURL }, headless.ErrInURL, false},
		"in the header":          {func(_ *housetest.House, r *headless.Request) { r.Place = headless.InHeader }, nil, false},
		"in the header, POST body only": {func(h *housetest.House, r *headless.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.PostOnly = true })
			r.Place = headless.InHeader
		}, headless.ErrNotInBody, false},
		"unregistered redirect URI": {func(_ *housetest.House, r *headless.Request) { r.Auth.RedirectURI += "x" }, authreq.ErrRedirectUnregistered, false},
		"B10 challenge stripped":    {func(_ *housetest.House, r *headless.Request) { r.Auth.Challenge, r.Auth.ChallengeMethod = "", "" }, authreq.ErrChallengeMissing, false},
		"scope beyond the app":      {func(_ *housetest.House, r *headless.Request) { r.Auth.Scopes = oauth.Scopes{"full"} }, authreq.ErrScopeBeyond, false},
		"no lease": {func(h *housetest.House, _ *headless.Request) {
			h.Headless.Ready = func() error { return grant.ErrLease }
		}, grant.ErrLease, false},
		"the app tells where the person is": {func(h *housetest.House, r *headless.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.PersonAddress = true })
			r.PersonAddress = "2001:db8::7"
		}, nil, false},
		"an app that may not tell it": {func(_ *housetest.House, r *headless.Request) { r.PersonAddress = "192.0.2.7" }, headless.ErrPersonAddress, false},
		"an app that may, without its secret": {func(h *housetest.House, r *headless.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.PersonAddress = true })
			r.Client, r.ClientProves = client.Credentials{ID: housetest.Shop, Method: client.AuthNone}, false
			r.PersonAddress = "192.0.2.7"
		}, headless.ErrPersonAddress, false},
		"a place that is no address": {func(h *housetest.House, r *headless.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.PersonAddress = true })
			r.PersonAddress = "192.0.2.7, 10.0.0.1"
		}, headless.ErrPersonAddressSyntax, false},
		"A17 no credentials": {func(_ *housetest.House, r *headless.Request) { r.Username, r.Password = "", "" }, headless.ErrNoCredentials, false},
		"A04 wrong password": {func(_ *housetest.House, r *headless.Request) { r.Password += "x" }, login.ErrFailed, true},
		"A04 empty password": {func(_ *housetest.House, r *headless.Request) { r.Password = "" }, login.ErrFailed, true},
		"A04 unknown person": {func(_ *housetest.House, r *headless.Request) { r.Username = "nobody" }, login.ErrFailed, true},
		"A37 disabled person": {func(h *housetest.House, _ *headless.Request) {
			if err := h.DB.SetState(ctx, h.Person.ID, account.Disabled, h.Event(audit.UserDisabled)); err != nil {
				h.T.Fatal(err)
			}
		}, login.ErrFailed, true},
		"A35 password of 1 MiB": {func(_ *housetest.House, r *headless.Request) { r.Password = strings.Repeat("x", 1<<20) }, login.ErrPasswordTooLong, false},
		"person not assigned":   {app(func(c *client.Client) { c.Policy.PermittedUsers = client.AdminPreauthorized }), policy.ErrNotAssigned, false},
		"outside the fence": {func(h *housetest.House, r *headless.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.IPRanges = []string{"10.0.0.0/8"} })
			r.Address = netip.MustParseAddr("192.0.2.1")
		}, policy.ErrAddress, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := housetest.New(t)
			r := h.HeadlessRequest(housetest.Shop)
			row.spoil(h, &r)
			a, err := h.Headless.Login(ctx, r)
			if row.want == nil {
				if err != nil || a.Code == "" || a.User != h.Person.ID || len(h.Events(audit.CodeIssued)) != 1 {
					t.Fatalf("%+v, %v", a, err)
				}
				return
			}
			if !errors.Is(err, row.want) || a.Code != "" {
				t.Fatalf("got %q, %v, want %v", a.Code, err, row.want)
			}
			if looked := len(h.Events(audit.LoginFailed)) > 0; looked != row.looked {
				t.Errorf("a failure was counted: %v", looked)
			}
			if len(h.Events(audit.CodeIssued)) != 0 {
				t.Error("a refusal is recorded as an issued code")
			}
		})
	}
}

func TestTheCodeOpensForItsAppOnly(t *testing.T) {
	h := housetest.New(t)
	a, err := h.Headless.Login(ctx, h.HeadlessRequest(housetest.Mobile))
	if err != nil {
		t.Fatal(err)
	}
	code, err := grant.OpenCode(h.Keys, a.Code, h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if code.Client != housetest.Mobile || code.User != h.Person.ID || code.Redirect != grant.RedirectHash(housetest.Redirect) ||
		code.Challenge != grant.ChallengeHash(housetest.Verifier) || code.Flow != flow.CodeAndCredentials ||
		code.Expires.Sub(code.ID.Time()) != client.DefaultCodeTTL || len(code.AMR) == 0 || code.ACR == "" {
		t.Errorf("%+v", code)
	}
	if _, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Shop, a.Code)); err == nil {
		t.Error("another app redeems it")
	}
	if _, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Mobile, a.Code)); err != nil {
		t.Errorf("its own app does not: %v", err)
	}
}
