package token_test

import (
	"context"
	"errors"
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
	"countersign/internal/secret"
	"countersign/internal/token"
)

var ctx = context.Background()

func switchOff(name flow.Name) func(*client.Client) {
	return func(c *client.Client) { delete(c.Settings.Flows, name) }
}

// TestCode: one valid redemption; each row spoils one thing and expects one rule,
// no token, and that the honest app can still redeem.
func TestCode(t *testing.T) {
	type spoil func(*housetest.House, *token.Request)
	for name, row := range map[string]struct {
		spoil spoil
		want  error
		after bool // may the honest app still redeem?
	}{
		"valid":              {func(*housetest.House, *token.Request) {}, nil, false},
		"no grant type":      {func(_ *housetest.House, r *token.Request) { r.Grant = "" }, token.ErrGrantMissing, true},
		"G01 password grant": {func(_ *housetest.House, r *token.Request) { r.Grant = "password" }, token.ErrGrantType, true},
		"B03 thief without credentials": {func(_ *housetest.House, r *token.Request) {
			r.Client = client.Credentials{ID: housetest.Shop, Method: client.AuthNone}
		}, token.ErrCredentials, true},
		"B03 thief with a wrong secret": {func(_ *housetest.House, r *token.Request) { r.Client.Secret = "css_wrong" }, client.ErrWrongSecret, true},
		"B03 another app, its own credentials": {func(h *housetest.House, r *token.Request) {
			r.Client = h.Credentials(housetest.Other)
		}, token.ErrCodeOtherApp, true},
		"B03 a public app": {func(h *housetest.House, r *token.Request) { r.Client = h.Credentials(housetest.Mobile) }, token.ErrCodeOtherApp, true},
		"no code":          {func(_ *housetest.House, r *token.Request) { r.Code = "" }, token.ErrCodeMissing, true},
		"B06 code cut":     {func(_ *housetest.House, r *token.Request) { r.Code = r.Code[:len(r.Code)-1] }, grant.ErrCodeForeign, true},
		"B06 code of 100 kB": {func(_ *housetest.House, r *token.Request) {
			r.Code = strings.Repeat("A", 100_000)
		}, grant.ErrCodeForeign, true},
		"B04 expired":           {func(h *housetest.House, _ *token.Request) { h.Clock.Forward(time.Minute) }, grant.ErrCodeExpired, false},
		"another redirect URI":  {func(_ *housetest.House, r *token.Request) { r.RedirectURI += "/" }, token.ErrCodeRedirect, true},
		"redirect URI left out": {func(_ *housetest.House, r *token.Request) { r.RedirectURI = "" }, token.ErrCodeRedirectMissing, true},
		"B08 verifier missing":  {func(_ *housetest.House, r *token.Request) { r.Verifier = "" }, token.ErrVerifierMissing, true},
		"B09 verifier wrong":    {func(_ *housetest.House, r *token.Request) { r.Verifier = strings.Repeat("x", 43) }, token.ErrVerifierWrong, true},
		"verifier short":        {func(_ *housetest.House, r *token.Request) { r.Verifier = strings.Repeat("x", 42) }, token.ErrVerifierSyntax, true},
		"verifier long":         {func(_ *housetest.House, r *token.Request) { r.Verifier = strings.Repeat("x", 129) }, token.ErrVerifierSyntax, true},
		"verifier too long for any dialect": {func(_ *housetest.House, r *token.Request) {
			r.Verifier, r.LongVerifier = strings.Repeat("x", 257), true
		}, token.ErrVerifierSyntax, true},
		"verifier with a blank": {func(_ *housetest.House, r *token.Request) { r.Verifier = strings.Repeat("x", 43) + " " }, token.ErrVerifierSyntax, true},
		"flow off": {func(h *housetest.House, _ *token.Request) {
			h.ChangeApp(housetest.Shop, switchOff(flow.CodeAndCredentials))
		}, token.ErrFlowOff, false},
		"app disabled": {func(h *housetest.House, _ *token.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Disabled = true })
		}, client.ErrClientDisabled, false},
		"flow off and on again": {func(h *housetest.House, _ *token.Request) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) {
				sw := c.Settings.Flows[flow.CodeAndCredentials]
				sw.NotBefore = h.Clock.Now()
				c.Settings.Flows[flow.CodeAndCredentials] = sw
			})
		}, token.ErrCodeEnded, false},
		"B14 person disabled": {func(h *housetest.House, _ *token.Request) {
			if err := h.DB.SetState(ctx, h.Person.ID, account.Disabled, h.Event(audit.UserDisabled)); err != nil {
				h.T.Fatal(err)
			}
		}, token.ErrCodeEnded, false},
		"B14 password changed": {func(h *housetest.House, _ *token.Request) {
			if err := h.DB.SetPassword(ctx, h.Person.ID, "x", h.Event(audit.PasswordChanged)); err != nil {
				h.T.Fatal(err)
			}
		}, token.ErrCodeEnded, false},
		"K09 person deleted": {func(h *housetest.House, _ *token.Request) {
			if err := h.DB.DeleteAccount(ctx, h.Person.ID, h.Event(audit.UserDeleted)); err != nil {
				h.T.Fatal(err)
			}
		}, token.ErrCodeEnded, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := housetest.New(t)
			code := h.Code(housetest.Shop)
			r := h.CodeRequest(housetest.Shop, code)
			row.spoil(h, &r)
			a, err := h.Exchanger.Exchange(ctx, r)
			if row.want == nil {
				if err != nil || a.AccessToken == "" || a.RefreshToken == "" || a.IDToken == "" || !h.Alive(a.AccessToken) {
					t.Fatalf("%+v, %v", a, err)
				}
				return
			}
			if !errors.Is(err, row.want) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if a.AccessToken+a.RefreshToken+a.IDToken != "" {
				t.Error("a refusal hands out a token")
			}
			_, err = h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Shop, code))
			if (err == nil) != row.after {
				t.Errorf("the honest redemption after it: %v", err)
			}
		})
	}
}

func TestCodeWithoutAChallenge(t *testing.T) {
	h := housetest.New(t)
	bare := func(c *grant.Code) { c.Challenge = [32]byte{} }
	r := h.CodeRequest(housetest.Shop, h.Code(housetest.Shop, bare))
	if _, err := h.Exchanger.Exchange(ctx, r); !errors.Is(err, token.ErrVerifierUnexpected) {
		t.Errorf("B10 a verifier that no challenge asked for: %v", err)
	}
	r.Verifier = ""
	if _, err := h.Exchanger.Exchange(ctx, r); err != nil {
		t.Errorf("an app that authenticated needs no verifier: %v", err)
	}
	r = h.CodeRequest(housetest.Mobile, h.Code(housetest.Mobile, bare))
	r.Verifier = ""
	if _, err := h.Exchanger.Exchange(ctx, r); !errors.Is(err, token.ErrCodeUnproven) {
		t.Errorf("neither credentials nor verifier: %v", err)
	}
}

func TestCodeWithoutARedirect(t *testing.T) {
	h := housetest.New(t)
	bare := func(c *grant.Code) { c.Redirect = [32]byte{} }
	r := h.CodeRequest(housetest.Shop, h.Code(housetest.Shop, bare))
	if _, err := h.Exchanger.Exchange(ctx, r); !errors.Is(err, token.ErrCodeRedirect) {
		t.Errorf("a redirect URI that the challenge did not have: %v", err)
	}
	r.RedirectURI = ""
	if _, err := h.Exchanger.Exchange(ctx, r); err != nil {
		t.Error(err)
	}
}

func TestB01ReplayEndsEverythingThatCameFromTheCode(t *testing.T) {
	h := housetest.New(t)
	code := h.Code(housetest.Shop)
	first, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Shop, code))
	if err != nil {
		t.Fatal(err)
	}
	next, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, first.RefreshToken))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Shop, code)); !errors.Is(err, token.ErrCodeSpent) {
		t.Fatalf("second redemption: %v", err)
	}
	for i, tok := range []string{first.AccessToken, next.AccessToken} {
		if h.Alive(tok) {
			t.Errorf("access token %d survives the replay", i)
		}
	}
	if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, next.RefreshToken)); !errors.Is(err, token.ErrRefreshEnded) {
		t.Errorf("refresh after the replay: %v", err)
	}
	if _, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Shop, code)); !errors.Is(err, token.ErrCodeEnded) {
		t.Errorf("third redemption: %v", err)
	}
	if e := h.Events(audit.CodeReplayed); len(e) != 1 || e[0].App != housetest.Shop || e[0].User != h.Person.ID {
		t.Errorf("audit of the replay: %+v", e)
	}
}

func TestB02OneOfSixtyFourWins(t *testing.T) {
	h := housetest.New(t)
	r := h.CodeRequest(housetest.Shop, h.Code(housetest.Shop))
	var wg sync.WaitGroup
	errs := make([]error, 64)
	for i := range errs {
		wg.Go(func() { _, errs[i] = h.Exchanger.Exchange(ctx, r) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, token.ErrCodeSpent) && !errors.Is(err, token.ErrCodeEnded) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 64 redemptions won", won)
	}
}

func TestB05OtherKindsAreNoCode(t *testing.T) {
	h := housetest.New(t)
	a := h.Login(housetest.Shop)
	for name, text := range map[string]string{"refresh token": a.RefreshToken, "access token": a.AccessToken, "id token": a.IDToken} {
		if _, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Shop, text)); !errors.Is(err, grant.ErrCodeForeign) {
			t.Errorf("%s as code: %v", name, err)
		}
		if name == "refresh token" {
			continue
		}
		if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, text)); !errors.Is(err, grant.ErrRefreshForeign) {
			t.Errorf("%s as refresh token: %v", name, err)
		}
	}
	if a.IDToken == "" || secret.KindCode.Prefix() == secret.KindRefresh.Prefix() {
		t.Error("nothing was tried")
	}
}

// TestSecretIsSeen: the counters learn which of an app's secrets is in use.
func TestSecretIsSeen(t *testing.T) {
	h := housetest.New(t)
	key := h.Directory.Lookup(housetest.Shop).Secrets[0].ID
	a := h.Login(housetest.Shop)
	if a.Seen.Secret != key || key == "" {
		t.Errorf("redeemed with secret %q, seen %q", key, a.Seen.Secret)
	}
	if a := h.Login(housetest.Mobile); a.Seen.Secret != "" {
		t.Errorf("an app without a secret was seen with %q", a.Seen.Secret)
	}
	login, err := h.Headless.Login(t.Context(), h.HeadlessRequest(housetest.Shop))
	if err != nil || login.Seen.Secret != key {
		t.Errorf("signed in with secret %q, seen %q, %v", key, login.Seen.Secret, err)
	}
}
