package key

import (
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/internal/jose"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func keyring(t *testing.T) *secret.Keyring {
	t.Helper()
	k, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func generate(t *testing.T, keys *secret.Keyring, at time.Time) *Key {
	t.Helper()
	k, err := Generate(keys, jose.ES256, at)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// step applies what is due and returns the keys after it.
func step(all []*Key, now time.Time) []*Key {
	due := Due(all, now)
	out := append([]*Key{}, all...)
	for _, s := range due {
		for i, k := range out {
			if k.ID == s.Key.ID {
				out[i] = s.Key
			}
		}
	}
	return out
}

func states(all []*Key) string {
	var s []string
	for _, k := range all {
		s = append(s, string(k.State))
	}
	return strings.Join(s, " ")
}

func TestLifeOfAKey(t *testing.T) {
	keys := keyring(t)
	all := []*Key{generate(t, keys, noon)}
	at := noon
	for _, row := range []struct {
		after time.Duration
		add   bool
		want  string
	}{
		{0, false, "active"},                                // the first key of all signs at once
		{24 * time.Hour, true, "active next"},               // published, not signing
		{PublishBefore - time.Second, false, "active next"}, // still not
		{time.Second, false, "retiring active"},             // now it signs, the old one verifies
		{KeepAfter - time.Second, false, "retiring active"}, // the last token of the old one may still live
		{time.Second, false, "removed active"},              // now it cannot
		{1000 * time.Hour, false, "removed active"},         // an active key does not end by itself
	} {
		at = at.Add(row.after)
		if row.add {
			all = append(all, generate(t, keys, at))
		}
		all = step(all, at)
		if got := states(all); got != row.want {
			t.Fatalf("%v after noon: %s, want %s", at.Sub(noon), got, row.want)
		}
	}
	if all[0].Sealed != nil {
		t.Error("a removed key keeps its private half")
	}
}

func TestAnOldKeyGetsASuccessor(t *testing.T) {
	keys := keyring(t)
	all := []*Key{generate(t, keys, noon).Moved(Active, noon)}
	if got := Ageing(all, noon.Add(RotateAfter-time.Second)); got != nil {
		t.Errorf("too early: %v", got)
	}
	if got := Ageing(all, noon.Add(RotateAfter)); len(got) != 1 || got[0] != jose.ES256 {
		t.Errorf("after %v: %v", RotateAfter, got)
	}
	all = append(all, generate(t, keys, noon.Add(RotateAfter)))
	if got := Ageing(all, noon.Add(RotateAfter)); got != nil {
		t.Errorf("a successor waits already: %v", got)
	}
}

func TestRingSignsWithTheActiveAndVerifiesWithAllButRemoved(t *testing.T) {
	keys := keyring(t)
	old, now, next, gone := generate(t, keys, noon).Moved(Retiring, noon), generate(t, keys, noon).Moved(Active, noon),
		generate(t, keys, noon), generate(t, keys, noon).Moved(Removed, noon)
	var r Ring
	if _, err := r.Signer(jose.ES256); !errors.Is(err, ErrNoSigner) || string(r.Set()) != `{"keys":[]}` {
		t.Errorf("an empty ring: %v %s", err, r.Set())
	}
	if err := r.Apply(keys, []*Key{old, now, next, gone}); err != nil {
		t.Fatal(err)
	}
	s, err := r.Signer(jose.ES256)
	if err != nil || s.KeyID() != now.ID {
		t.Errorf("signer %v, %v; want %s", s, err, now.ID)
	}
	if _, err := r.Signer(jose.RS256); !errors.Is(err, ErrNoSigner) || oauth.From(err).Code != oauth.TemporarilyUnavailable {
		t.Errorf("RS256: %v", err)
	}
	for _, k := range []*Key{old, now, next} {
		if _, ok := r.Verifiers()[k.ID]; !ok || !strings.Contains(string(r.Set()), k.ID) {
			t.Errorf("key in state %s is not published", k.State)
		}
	}
	if _, ok := r.Verifiers()[gone.ID]; ok || strings.Contains(string(r.Set()), gone.ID) {
		t.Error("a removed key verifies or is published")
	}
	if strings.Contains(string(r.Set()), `"d"`) {
		t.Error("H11: the set has a private member")
	}
}

func TestAKeyOfAnotherDeploymentKeepsTheRing(t *testing.T) {
	keys := keyring(t)
	var r Ring
	if err := r.Apply(keys, []*Key{generate(t, keys, noon).Moved(Active, noon)}); err != nil {
		t.Fatal(err)
	}
	foreign := generate(t, keyring(t), noon).Moved(Active, noon)
	if err := r.Apply(keys, []*Key{foreign}); !errors.Is(err, secret.ErrSeal) {
		t.Errorf("a foreign key: %v", err)
	}
	if _, err := r.Signer(jose.ES256); err != nil {
		t.Error("a failed change emptied the ring")
	}
}
