package token_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/client"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/token"
)

func TestQuota(t *testing.T) {
	h := housetest.New(t)
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.RateLimit = 2 })
	first := h.CodeRequest(housetest.Shop, h.Code(housetest.Shop))
	a, err := h.Exchanger.Exchange(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a request that is refused for another reason does not count", func(t *testing.T) {
		bad := h.CodeRequest(housetest.Shop, h.Code(housetest.Shop))
		bad.Verifier = ""
		for range 5 {
			if _, err := h.Exchanger.Exchange(ctx, bad); !errors.Is(err, token.ErrVerifierMissing) {
				t.Fatal(err)
			}
		}
	})
	second := h.RefreshRequest(housetest.Shop, a.RefreshToken)
	if a, err = h.Exchanger.Exchange(ctx, second); err != nil {
		t.Fatal(err)
	}
	third := h.RefreshRequest(housetest.Shop, a.RefreshToken)
	_, err = h.Exchanger.Exchange(ctx, third)
	if e := oauth.From(err); !errors.Is(err, token.ErrQuota) || e.RetryAfter.Round(time.Second) != 30*time.Minute {
		t.Fatalf("got %v after %v, want token.quota after 30m", err, e.RetryAfter)
	}
	t.Run("another app", func(t *testing.T) {
		if _, err := h.Exchanger.Exchange(ctx, h.CodeRequest(housetest.Other, h.Code(housetest.Other))); err != nil {
			t.Error(err)
		}
	})
	h.Clock.Forward(30 * time.Minute)
	if _, err := h.Exchanger.Exchange(ctx, third); err != nil {
		t.Errorf("the grant did not outlive the refusal: %v", err)
	}
}

// TestQuotaAtOnce: of many at once no more than the limit get tokens.
func TestQuotaAtOnce(t *testing.T) {
	const limit, asked = 5, 24
	h := housetest.New(t)
	h.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.RateLimit = limit })
	var requests [asked]token.Request
	for i := range requests {
		requests[i] = h.CodeRequest(housetest.Shop, h.Code(housetest.Shop))
	}
	var won atomic.Int64
	var wg sync.WaitGroup
	for _, r := range requests {
		wg.Go(func() {
			switch _, err := h.Exchanger.Exchange(ctx, r); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, token.ErrQuota):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != limit {
		t.Errorf("%d got tokens, want %d", won.Load(), limit)
	}
}
