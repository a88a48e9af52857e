package token_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/token"
)

// meanwhile is the store, with something that happens after a request was judged
// and before it is written.
type meanwhile struct {
	grant.Store
	happens func()
}

func (m meanwhile) RedeemCode(ctx context.Context, r grant.Redemption) (oauth.Outcome, error) {
	m.happens()
	return m.Store.RedeemCode(ctx, r)
}

func (m meanwhile) RotateRefresh(ctx context.Context, r grant.Rotation) (oauth.Outcome, error) {
	m.happens()
	return m.Store.RotateRefresh(ctx, r)
}

// TestWhatEndsMeanwhileStaysEnded_B14: a password is changed, a person disabled, a
// grant revoked, a flow switched off between the look and the write. Whatever
// comes out is dead at once, and still dead when nobody remembers why.
func TestWhatEndsMeanwhileStaysEnded_B14(t *testing.T) {
	for name, happens := range map[string]func(*housetest.House){
		"password changed": func(h *housetest.House) {
			ok(h, h.DB.SetPassword(ctx, h.Person.ID, "x", h.Event(audit.PasswordChanged)))
		},
		"person disabled and enabled": func(h *housetest.House) {
			ok(h, h.DB.SetState(ctx, h.Person.ID, account.Disabled, h.Event(audit.UserDisabled)))
			ok(h, h.DB.SetState(ctx, h.Person.ID, account.Active, h.Event(audit.UserEnabled)))
		},
		"revoked for the person": func(h *housetest.House) { endGrants(h, h.Person.ID, "") },
		"revoked for the app":    func(h *housetest.House) { endGrants(h, "", housetest.Shop) },
		"revoked for both":       func(h *housetest.House) { endGrants(h, h.Person.ID, housetest.Shop) },
		"flow off and on": func(h *housetest.House) {
			h.ChangeApp(housetest.Shop, func(c *client.Client) {
				sw := c.Settings.Flows[flow.CodeAndCredentials]
				sw.NotBefore = h.Clock.Now()
				c.Settings.Flows[flow.CodeAndCredentials] = sw
			})
		},
	} {
		for what, request := range map[string]func(*housetest.House) token.Request{
			"redeem": func(h *housetest.House) token.Request {
				return h.CodeRequest(housetest.Shop, h.Code(housetest.Shop))
			},
			"refresh": func(h *housetest.House) token.Request {
				return h.RefreshRequest(housetest.Shop, h.Login(housetest.Shop).RefreshToken)
			},
		} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				h := housetest.New(t)
				r := request(h)
				h.Exchanger.Grants = meanwhile{h.DB, func() { happens(h) }}
				a, err := h.Exchanger.Exchange(ctx, r)
				h.Exchanger.Grants = h.DB
				if err != nil {
					return // better still
				}
				if h.Alive(a.AccessToken) {
					t.Error("the access token is alive")
				}
				for range 2 {
					h.Clock.Forward(2 * time.Millisecond)
					if _, err := h.Exchanger.Exchange(ctx, h.RefreshRequest(housetest.Shop, a.RefreshToken)); !errors.Is(err, token.ErrRefreshEnded) {
						t.Errorf("the refresh token: %v", err)
					}
					h.Clock.Forward(26 * time.Hour)
					h.Endings.Sweep(h.Clock.Now().Add(-25 * time.Hour))
				}
			})
		}
	}
}

func endGrants(h *housetest.House, user oauth.UserID, app oauth.ClientID) {
	_, err := h.DB.EndGrants(ctx, user, app, h.Clock.Now(), h.Event(audit.GrantRevoked))
	ok(h, err)
}

func ok(h *housetest.House, err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}
