package key

import (
	"crypto"
	"crypto/x509"
	"slices"
	"sync/atomic"
	"time"

	"countersign/internal/audit"
	"countersign/internal/jose"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// ErrNoSigner says that no key of the wanted algorithm is active.
var ErrNoSigner = oauth.Refuse(oauth.TemporarilyUnavailable, "key.none-active", "RFC 7517 §4.5",
	"the server has no active signing key for this algorithm")

// Ring answers from memory which key signs and which verify. It is a snapshot
// that the poll of the database replaces. The zero value has no keys.
type Ring struct {
	snap atomic.Pointer[ringState]
}

type ringState struct {
	signers map[jose.Alg]*jose.Signer
	verify  jose.Keys
	set     []byte
	keys    []*Key
}

// Apply replaces the keys by the given ones, all of them; those for other uses
// than tokens are left out. Private halves are opened with keys; a key that does not open is an error, and the ring stays as
// it was.
func (r *Ring) Apply(keys *secret.Keyring, all []*Key) error {
	next := &ringState{signers: map[jose.Alg]*jose.Signer{}, keys: all}
	tokens := Of(ForTokens, all)
	var err error
	if next.verify, next.set, err = Verifying(tokens); err != nil {
		return err
	}
	for _, k := range tokens {
		if k.State != Active {
			continue
		}
		if next.signers[k.Alg], err = k.Signer(keys); err != nil {
			return err
		}
	}
	r.snap.Store(next)
	return nil
}

func open(keys *secret.Keyring, k *Key) (*jose.Signer, error) {
	der, err := keys.OpenRow(sealPurpose, k.ID, k.Sealed)
	if err != nil {
		return nil, err
	}
	private, err := jose.ParsePrivate(der)
	if err != nil {
		return nil, err
	}
	return jose.NewSigner(k.Alg, k.ID, private)
}

// Signer returns the key that signs with the algorithm. Errors: ErrNoSigner.
func (r *Ring) Signer(alg jose.Alg) (*jose.Signer, error) {
	if s := r.snap.Load(); s != nil && s.signers[alg] != nil {
		return s.signers[alg], nil
	}
	return nil, ErrNoSigner
}

// Verifiers returns the keys that verify, by kid.
func (r *Ring) Verifiers() jose.Keys {
	if s := r.snap.Load(); s != nil {
		return s.verify
	}
	return nil
}

// Set returns the published key set (JWKS).
//
// Spec: RFC 7517 §5.
func (r *Ring) Set() []byte {
	if s := r.snap.Load(); s != nil {
		return s.set
	}
	return []byte(`{"keys":[]}`)
}

// Algs returns the algorithms that can sign now, sorted.
func (r *Ring) Algs() []jose.Alg {
	s := r.snap.Load()
	if s == nil {
		return nil
	}
	var out []jose.Alg
	for a := range s.signers {
		out = append(out, a)
	}
	slices.Sort(out)
	return out
}

const sealPurpose = "signing key"

// Generate makes a key in state next: published, not signing.
func Generate(keys *secret.Keyring, alg jose.Alg, now time.Time) (*Key, error) {
	private, err := jose.Generate(alg)
	if err != nil {
		return nil, err
	}
	kid, err := jose.KeyID(private.Public())
	if err != nil {
		return nil, err
	}
	der, err := jose.MarshalPrivate(private)
	if err != nil {
		return nil, err
	}
	public, err := marshalPublic(private.Public())
	if err != nil {
		return nil, err
	}
	return &Key{
		ID: kid, Alg: alg, State: Next, Created: now.UTC(), Public: public,
		Sealed: keys.SealRow(sealPurpose, kid, der),
	}, nil
}

func marshalPublic(pub crypto.PublicKey) ([]byte, error) { return x509.MarshalPKIXPublicKey(pub) }

// The clock of a rotation. A key is published this long before it signs, so that
// every cache of the key set has it; it stays published until the last token it
// signed has expired.
const (
	PublishBefore = 15 * time.Minute
	KeepAfter     = 25 * time.Hour
	// RotateAfter is the age at which an active key gets a successor by itself.
	RotateAfter = 90 * 24 * time.Hour
)

// Step is one change of state that is due.
type Step struct {
	Key   *Key // with its new state
	Event audit.Event
}

// Due returns the changes of state that are due now: a next key older than
// PublishBefore signs, and the one it replaces retires; a retiring key is
// removed KeepAfter it stopped signing. Where an algorithm has no active key
// its oldest next key signs at once: nobody can hold a cached key set yet.
func Due(all []*Key, now time.Time) []Step {
	var out []Step
	all = Of(ForTokens, all)
	active := map[jose.Alg]*Key{}
	for _, k := range all {
		if k.State == Active {
			active[k.Alg] = k
		}
	}
	for _, k := range all {
		switch {
		case k.State == Next && (active[k.Alg] == nil || now.Sub(k.Created) >= PublishBefore):
			if old := active[k.Alg]; old != nil {
				out = append(out, Step{old.Moved(Retiring, now), event(now, audit.KeyRetired, old).With("state", string(Retiring))})
			}
			out = append(out, Step{k.Moved(Active, now), event(now, audit.KeyActivated, k)})
			active[k.Alg] = k
		case k.State == Retiring && now.Sub(k.Retired) >= KeepAfter:
			out = append(out, Step{k.Moved(Removed, now), event(now, audit.KeyRetired, k).With("state", string(Removed))})
		}
	}
	return out
}

// Ageing returns the algorithms whose active key is older than RotateAfter and
// has no successor yet.
func Ageing(all []*Key, now time.Time) []jose.Alg {
	var out []jose.Alg
	all = Of(ForTokens, all)
	for _, k := range all {
		old := k.State == Active && now.Sub(k.Activated) >= RotateAfter
		next := slices.ContainsFunc(all, func(n *Key) bool { return n.Alg == k.Alg && n.State == Next })
		if old && !next {
			out = append(out, k.Alg)
		}
	}
	return out
}

// Moved returns a copy of the key in another state; a removed key keeps no
// private half.
func (k *Key) Moved(s State, now time.Time) *Key {
	c := *k
	c.State = s
	switch s {
	case Active:
		c.Activated = now.UTC()
	case Retiring:
		c.Retired = now.UTC()
	case Removed:
		c.Sealed = nil
		if c.Retired.IsZero() {
			c.Retired = now.UTC()
		}
	case Next:
	}
	return &c
}

func event(now time.Time, name audit.Name, k *Key) audit.Event {
	return audit.New(now, name).With("kid", k.ID).With("alg", string(k.Alg))
}
