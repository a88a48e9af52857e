package key

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/jose"
	"countersign/internal/secret"
)

func reviewKey(t *testing.T, keys *secret.Keyring) *Key {
	t.Helper()
	k, err := GenerateForReview(keys, noon)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestAReviewKeyNeverMeetsAToken (H11) puts a review key beside signing keys: the
// ring neither signs nor verifies with it, and does not publish it.
func TestAReviewKeyNeverMeetsAToken(t *testing.T) {
	keys := keyring(t)
	tokens, proofs := generate(t, keys, noon).Moved(Active, noon), reviewKey(t, keys)
	var r Ring
	if err := r.Apply(keys, []*Key{proofs, tokens}); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Verifiers()[proofs.ID]; ok || strings.Contains(string(r.Set()), proofs.ID) {
		t.Error("the review key verifies tokens, or is published among their keys")
	}
	if s, err := r.Signer(jose.EdDSA); err == nil {
		t.Errorf("%s signs tokens", s.KeyID())
	}
	if len(r.Algs()) != 1 {
		t.Errorf("the server signs with %v", r.Algs())
	}
	signer, err := proofs.Signer(keys)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.Sign("at+jwt", []byte(`{"sub":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jose.VerifyOwn(token, "at+jwt", r.Verifiers()); err == nil {
		t.Error("a token signed with the review key is taken")
	}
}

// TestTheClockOfTokensLeavesReviewKeysAlone: nothing is due for a review key,
// however old; evidence of years ago still verifies.
func TestTheClockOfTokensLeavesReviewKeysAlone(t *testing.T) {
	keys := keyring(t)
	tokens, proofs := generate(t, keys, noon).Moved(Active, noon), reviewKey(t, keys)
	old := proofs.Moved(Retiring, noon)
	late := noon.Add(10000 * time.Hour)
	if due := Due([]*Key{proofs, old}, late); len(due) > 0 {
		t.Errorf("due for a review key: %v", due[0].Key.State)
	}
	if algs := Ageing([]*Key{tokens.Moved(Active, late), proofs}, late); len(algs) > 0 {
		t.Errorf("successors for %v", algs)
	}
	verify, set, err := Verifying(Of(ForReview, []*Key{tokens, old, proofs.Moved(Removed, noon)}))
	if _, ok := verify[proofs.ID]; err != nil || len(verify) != 1 || !ok || !strings.Contains(string(set), proofs.ID) {
		t.Errorf("verifying: %v, %v", verify, err)
	}
}

func TestAKeyWithoutAPrivateHalfDoesNotSign(t *testing.T) {
	keys := keyring(t)
	if _, err := reviewKey(t, keys).Moved(Removed, noon).Signer(keys); err == nil {
		t.Error("a removed key signs")
	}
	if _, err := reviewKey(t, keys).Signer(keyring(t)); err == nil {
		t.Error("a key opens under another master key")
	}
}
