package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
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
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/token"
	"countersign/internal/usage"
)

// TestRefresh: one valid refresh; each row spoils one thing and expects one
// rule, and says whether the honest app can still refresh.
func TestRefresh(t *testing.T) {
	forward := func(d time.Duration) func(*housetest.House, *token.Request) {
		return func(h *housetest.House, _ *token.Request) { h.Clock.Forward(d) }
	}
	change := func(f func(*client.Client)) func(*housetest.House, *token.Request) {
		return func(h *housetest.House, _ *token.Request) { h.ChangeApp(housetest.Shop, f) }
	}
	for name, row := range map[string]struct {
		spoil func(*housetest.House, *token.Request)
		want  error
		after bool
	}{
		"valid":    {func(*housetest.House, *token.Request) {}, nil, false},
		"no token": {func(_ *housetest.House, r *token.Request) { r.RefreshToken = "" }, token.ErrRefreshMissing, true},
		"E04 without credentials": {func(_ *housetest.House, r *token.Request) {
			r.Client = client.Credentials{ID: housetest.Shop, Method: client.AuthNone}
		}, token.ErrCredentials, true},
		"E04 with a wrong secret":         {func(_ *housetest.House, r *token.Request) { r.Client.Secret = "x" }, client.ErrWrongSecret, true},
		"E04 another app, its own secret": {func(h *housetest.House, r *token.Request) { r.Client = h.Credentials(housetest.Other) }, token.ErrRefreshOtherApp, true},
		"E04 a public app":                {func(h *housetest.House, r *token.Request) { r.Client = h.Credentials(housetest.Mobile) }, token.ErrRefreshOtherApp, true},
		"cut":                             {func(_ *housetest.House, r *token.Request) { r.RefreshToken = r.RefreshToken[:40] }, grant.ErrRefreshForeign, true},
		"wider scope":                     {func(_ *housetest.House, r *token.Request) { r.Scopes = oauth.Scopes{"full"} }, policy.ErrScopeWider, true},
		"narrower scope":                  {func(_ *housetest.House, r *token.Request) { r.Scopes = oauth.Scopes{"api"} }, nil, false},
		"E07 used in time":                {forward(30*24*time.Hour - time.Minute), nil, false},
		"E07 idle for 30 days":            {forward(30 * 24 * time.Hour), token.ErrRefreshIdle, false},
		"E07 past its absolute life":      {forward(365 * 24 * time.Hour), token.ErrRefreshExpired, false},
		"policy zero since":               {change(func(c *client.Client) { c.Policy.RefreshPolicy = client.RefreshZero }), token.ErrRefreshExpired, false},
		"refresh flow off":                {change(switchOff(flow.RefreshToken)), token.ErrFlowOff, false},
		"refresh flow off, and on again": {change(func(c *client.Client) {
			sw := c.Settings.Flows[flow.RefreshToken]
			sw.NotBefore = c.Updated.Add(time.Hour)
			c.Settings.Flows[flow.RefreshToken] = sw
		}), token.ErrRefreshEnded, false},
		"the flow it came from is off": {change(switchOff(flow.CodeAndCredentials)), token.ErrRefreshEnded, false},
		"app's tokens of before are dead": {func(h *housetest.House, _ *token.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.NotBefore = h.Clock.Now() })
		}, token.ErrRefreshEnded, false},
		"E06 person not assigned any more": {change(func(c *client.Client) {
			c.Policy.PermittedUsers, c.Policy.Groups = client.AdminPreauthorized, []string{"x"}
		}), policy.ErrNotAssigned, false},
		"outside the fence": {change(func(c *client.Client) { c.Policy.IPRanges = []string{"10.0.0.0/8"} }), policy.ErrAddress, false},
		"E06 person disabled": {func(h *housetest.House, _ *token.Request) {
			if err := h.DB.SetState(ctx, h.Person.ID, account.Disabled, h.Event(audit.UserDisabled)); err != nil {
				h.T.Fatal(err)
			}
		}, token.ErrRefreshEnded, false},
		"E06 password changed": {func(h *housetest.House, _ *token.Request) {
			if err := h.DB.SetPassword(ctx, h.Person.ID, "x", h.Event(audit.PasswordChanged)); err != nil {
				h.T.Fatal(err)
			}
		}, token.ErrRefreshEnded, false},
		"E06 grant revoked": {func(h *housetest.House, r *token.Request) {
			tok, _ := grant.OpenRefresh(h.Keys, r.RefreshToken)
			if _, err := h.DB.EndGrant(ctx, tok.ID, tok.SK, h.Clock.Now(), h.Event(audit.GrantRevoked)); err != nil {
				h.T.Fatal(err)
			}
		}, token.ErrRefreshEnded, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := housetest.New(t)
			first := h.Login(housetest.Shop)
			r := h.RefreshRequest(housetest.Shop, first.RefreshToken)
			row.spoil(h, &r)
			a, err := h.Exchanger.Exchange(ctx, r)
			if row.want == nil {
				if err != nil || a.RefreshToken == "" || a.RefreshToken == first.RefreshToken || a.IDToken != "" || !h.Alive(a.AccessToken) {
					t.Fatalf("%+v, %v", a, err)
				}
				return
			}
			if !errors.Is(err, row.want) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if a.AccessToken+a.RefreshToken != "" {
				t.Error("a refusal hands out a token")
			}
			_, err = h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, first.RefreshToken))
			if (err == nil) != row.after {
				t.Errorf("the honest refresh after it: %v", err)
			}
		})
	}
}

func TestE01OldTokenEndsTheFamily(t *testing.T) {
	for name, steps := range map[string]int{"the one before the last, after the grace time": 1, "an older one, at once": 2} {
		h := housetest.New(t)
		first := h.Login(housetest.Mobile)
		last := first
		for range steps {
			a, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Mobile, last.RefreshToken))
			if err != nil {
				t.Fatal(err)
			}
			last = a
		}
		if steps == 1 {
			h.Clock.Forward(11 * time.Second)
		}
		if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Mobile, first.RefreshToken)); !errors.Is(err, token.ErrRefreshReused) {
			t.Fatalf("%s: %v", name, err)
		}
		if h.Alive(first.AccessToken) || h.Alive(last.AccessToken) {
			t.Errorf("%s: an access token survives", name)
		}
		if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Mobile, last.RefreshToken)); !errors.Is(err, token.ErrRefreshEnded) {
			t.Errorf("%s: the newest token: %v", name, err)
		}
		if len(h.Events(audit.RefreshReused)) != 1 {
			t.Errorf("%s: no audit event", name)
		}
	}
}

func TestE10ALostAnswerCostsNobodyTheirSession(t *testing.T) {
	h := housetest.New(t)
	first := h.Login(housetest.Shop)
	r := h.RefreshRequest(housetest.Shop, first.RefreshToken)
	lost, err := h.Exchanger.Exchange(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	h.Clock.Forward(9 * time.Second)
	again, err := h.Exchanger.Exchange(ctx, r)
	if err != nil || again.RefreshToken != lost.RefreshToken {
		t.Fatalf("the same successor is not given again: %v", err)
	}
	thief := r
	thief.Client = h.Credentials(housetest.Other)
	if _, err := h.Exchanger.Exchange(ctx, thief); !errors.Is(err, token.ErrRefreshOtherApp) {
		t.Errorf("another app within the grace time: %v", err)
	}
	if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, again.RefreshToken)); err != nil {
		t.Errorf("the successor: %v", err)
	}
	if len(h.Events(audit.TokenReanswered)) != 1 {
		t.Error("no audit event of the second answer")
	}
}

func TestGraceOffMeansNone(t *testing.T) {
	h := housetest.New(t)
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.Grace = -1 })
	r := h.RefreshRequest(housetest.Shop, h.Login(housetest.Shop).RefreshToken)
	if _, err := h.Exchanger.Exchange(ctx, r); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Exchanger.Exchange(ctx, r); !errors.Is(err, token.ErrRefreshReused) {
		t.Errorf("with grace 0: %v", err)
	}
}

func TestE02ParallelRefreshesDoNotFork(t *testing.T) {
	h := housetest.New(t)
	r := h.RefreshRequest(housetest.Mobile, h.Login(housetest.Mobile).RefreshToken)
	var wg sync.WaitGroup
	next := make([]string, 50)
	for i := range next {
		wg.Go(func() {
			a, err := h.Exchanger.Exchange(ctx, r)
			if err != nil {
				t.Error(err)
			}
			next[i] = a.RefreshToken
		})
	}
	wg.Wait()
	for _, s := range next {
		if s != next[0] {
			t.Fatal("two successors of one refresh token")
		}
	}
}

// TestWithoutRotationEveryUseIsWritten: a token that never ends and never changes
// is the one whose uses somebody will want to see; and a node that cannot write
// them must not give it out, because it cannot know what ended.
func TestWithoutRotationEveryUseIsWritten(t *testing.T) {
	for _, p := range []client.RefreshPolicy{client.RefreshInfinite, client.RefreshInactivity} {
		h := housetest.New(t)
		h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.Rotation, c.Policy.RefreshPolicy = false, p })
		first := h.Login(housetest.Shop)
		for range 2 {
			if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, first.RefreshToken)); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(h.Events(audit.TokenRefreshed)); n != 2 {
			t.Errorf("%s: %d events of two uses", p, n)
		}
	}
}

func TestWithoutRotationTheTokenGoesOn(t *testing.T) {
	h := housetest.New(t)
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.Rotation = false })
	r := h.RefreshRequest(housetest.Shop, h.Login(housetest.Shop).RefreshToken)
	for range 2 {
		h.Clock.Forward(20 * 24 * time.Hour)
		if a, err := h.Exchanger.Exchange(ctx, r); err != nil || a.RefreshToken != "" || a.AccessToken == "" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	h.Clock.Forward(30*24*time.Hour + time.Second)
	if _, err := h.Exchanger.Exchange(ctx, r); !errors.Is(err, token.ErrRefreshIdle) {
		t.Errorf("after 30 days without use: %v", err)
	}
	r = h.RefreshRequest(housetest.Shop, h.Login(housetest.Shop).RefreshToken)
	tok, _ := grant.OpenRefresh(h.Keys, r.RefreshToken)
	if _, err := h.DB.EndGrant(ctx, tok.ID, tok.SK, h.Clock.Now(), h.Event(audit.GrantRevoked)); err != nil {
		t.Fatal(err)
	}
	h.Endings.Sweep(h.Clock.Now().Add(time.Hour)) // memory forgets, the row does not
	if _, err := h.Exchanger.Exchange(ctx, r); !errors.Is(err, token.ErrRefreshEnded) {
		t.Errorf("a family that ended long ago: %v", err)
	}
}

func TestATokenOfAnotherDatabaseIsNotKnown(t *testing.T) {
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	tok, _ := grant.OpenRefresh(h.Keys, a.RefreshToken)
	tok.Seq = 9
	ahead := h.RefreshRequest(housetest.Shop, grant.SealRefresh(h.Keys, tok))
	if _, err := h.Exchanger.Exchange(ctx, ahead); !errors.Is(err, token.ErrRefreshAhead) {
		t.Errorf("a generation that was never made: %v", err)
	}
	if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, a.RefreshToken)); err != nil {
		t.Errorf("it must not end the family: %v", err)
	}
}

func TestTokensSayWhatTheyAre(t *testing.T) {
	h := housetest.New(t)
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.IDToken.Claims = true })
	a, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Shop, h.Code(housetest.Shop, func(c *grant.Code) { c.Nonce = "n1" })))
	if err != nil {
		t.Fatal(err)
	}
	says(t, decode(t, a.IDToken, 0), map[string]any{"alg": "ES256", "typ": token.TypeID})
	says(t, decode(t, a.IDToken, 1), map[string]any{
		"iss": housetest.Issuer, "aud": string(housetest.Shop), "sub": string(h.Person.ID), "nonce": "n1", "email": "ann@example.com",
		"at_hash": some, "auth_time": some, "exp": some, "iat": some,
	})
	says(t, decode(t, a.AccessToken, 0), map[string]any{"alg": "ES256", "typ": grant.TypeAccess})
	says(t, decode(t, a.AccessToken, 1), map[string]any{ // RFC 9068 §2.2
		"iss": housetest.Issuer, "aud": housetest.Issuer, "client_id": string(housetest.Shop), "scope": housetest.Scopes.String(),
		"sub": string(h.Person.ID), "exp": some, "iat": some, "jti": some, "auth_time": some, "acr": some, "amr": some,
	})
}

func TestSalesforceTokensSayWhatTheyAre(t *testing.T) {
	h := housetest.New(t)
	r := h.CodeRequest(housetest.Shop, h.Code(housetest.Shop))
	r.Style = token.StyleSalesforce
	a, err := h.Exchanger.Exchange(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	says(t, decode(t, a.AccessToken, 0), map[string]any{"alg": "RS256", "typ": "JWT"})
	says(t, decode(t, a.AccessToken, 1), map[string]any{"sub": "uid:" + string(h.Person.ID), "scp": some, "mty": "oauth"})
	says(t, decode(t, a.IDToken, 1), map[string]any{"sub": token.IdentityURL(housetest.Issuer, h.Directory.Org().ID, h.Person.ID)})
	if h.Alive(a.IDToken) {
		t.Error("D14: an ID token is taken for an access token")
	}
}

// some is any value at all.
const some = "\x00some"

// says holds a part of a token against what it must say.
func says(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name, v := range want {
		if got[name] == nil || v != some && got[name] != v {
			t.Errorf("%s is %v, want %v", name, got[name], v)
		}
	}
}

func TestOpaqueTokensTellNothing(t *testing.T) {
	h := housetest.New(t)
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.AccessToken.Format = client.FormatOpaque })
	a := h.Login(housetest.Shop)
	if !strings.HasPrefix(a.AccessToken, "csa1_") || !h.Alive(a.AccessToken) {
		t.Fatalf("%q", a.AccessToken)
	}
	h.Clock.Forward(client.DefaultAccessTTL)
	if h.Alive(a.AccessToken) {
		t.Error("it outlives its life")
	}
}

func decode(t *testing.T, jwt string, part int) map[string]any {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt+"..", ".")[part])
	var out map[string]any
	if err != nil || json.Unmarshal(b, &out) != nil {
		t.Fatalf("not a JWT: %q", jwt)
	}
	return out
}

// TestRefreshSaysHowLongItWaited: the counters learn how old the login is, and
// how long the token lay idle where it says so itself.
func TestRefreshSaysHowLongItWaited(t *testing.T) {
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	h.Clock.Forward(8 * 24 * time.Hour)
	a, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, a.RefreshToken))
	if err != nil || !slices.Contains(a.Seen.Traits, usage.OfAge(8*24*time.Hour)) || !slices.Contains(a.Seen.Traits, usage.OfIdle(8*24*time.Hour)) {
		t.Errorf("after eight days: %v, %v", a.Seen.Traits, err)
	}
	h.Clock.Forward(time.Hour)
	a, err = h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, a.RefreshToken))
	if err != nil || !slices.Contains(a.Seen.Traits, usage.OfAge(8*24*time.Hour)) || !slices.Contains(a.Seen.Traits, usage.OfIdle(time.Hour)) {
		t.Errorf("an hour later: %v, %v", a.Seen.Traits, err)
	}
}
