package admin

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"countersign/internal/jose"
	"countersign/internal/key"
)

// TestOneReviewKeyServesUntilItIsRotated makes the key once, uses it again, and
// lets a rotated one verify but not sign.
func TestOneReviewKeyServesUntilItIsRotated(t *testing.T) {
	o := open(t)
	if err := o.FirstKeys(ctx); err != nil {
		t.Fatal(err)
	}
	first, again := o.signer(), o.signer()
	if first.KeyID() != again.KeyID() || first.Alg() != jose.EdDSA {
		t.Fatalf("keys %s and %s, %s", first.KeyID(), again.KeyID(), first.Alg())
	}
	if _, err := o.RotateReviewKey(ctx); err != nil {
		t.Fatal(err)
	}
	second := o.signer()
	if second.KeyID() == first.KeyID() {
		t.Error("the old key signs after its rotation")
	}
	o.verifies(first, second)
	if err := o.RetireKey(ctx, first.KeyID()); err != nil {
		t.Fatal(err)
	}
	o.verifies(second)
	if err := o.RetireKey(ctx, second.KeyID()); err != nil { // it signs, and no other has to take its place
		t.Fatal(err)
	}
	if err := o.RetireKey(ctx, second.KeyID()); !errors.Is(err, ErrKeyGone) {
		t.Errorf("retired twice: %v", err)
	}
	if third := o.signer(); third.KeyID() == second.KeyID() {
		t.Error("a retired key signs")
	}
}

func (o *office) signer() *jose.Signer {
	o.t.Helper()
	s, err := o.ReviewSigner(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// verifies expects exactly these review keys to be handed out.
func (o *office) verifies(want ...*jose.Signer) {
	o.t.Helper()
	keys, set, err := o.ReviewKeys(ctx)
	if err != nil || len(keys) != len(want) {
		o.t.Fatalf("%d keys verify, want %d: %v", len(keys), len(want), err)
	}
	for _, s := range want {
		if _, ok := keys[s.KeyID()]; !ok || !strings.Contains(string(set), s.KeyID()) {
			o.t.Errorf("%s is not handed out", s.KeyID())
		}
	}
}

// TestAReviewKeyDoesNotChangeTheReview: the controls judge the keys of tokens.
func TestAReviewKeyDoesNotChangeTheReview(t *testing.T) {
	o := open(t)
	if err := o.FirstKeys(ctx); err != nil {
		t.Fatal(err)
	}
	o.signer()
	if n, err := o.TurnKeys(ctx); n != 0 || err != nil {
		t.Errorf("turned %d keys: %v", n, err)
	}
	all, err := o.SigningKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	org, err := o.Org(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := o.snapshotOf(org, all, nil, Facts{})
	if algs, _ := s.Server["server.keys.algs"].Data.([]string); slices.Contains(algs, "EdDSA") || len(algs) != 2 {
		t.Errorf("the review sees keys for %v", algs)
	}
	if v := ViewKey(key.Of(key.ForReview, all)[0]); v.Use != string(key.ForReview) {
		t.Errorf("shown as for %q", v.Use)
	}
}
