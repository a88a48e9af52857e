package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/jose"
	"countersign/internal/key"
)

// Errors about signing keys.
var (
	ErrKeyAlg  = errors.New("this server signs with ES256 or RS256 (RFC 7518 §3.1)")
	ErrOnlyKey = errors.New("this key signs and no other can take its place; first: key rotate --now")
	ErrKeyGone = errors.New("this key is removed already")
)

// SigningKeys reads all keys, oldest first, removed ones included.
func (d *Desk) SigningKeys(ctx context.Context) ([]*key.Key, error) { return d.Signing.Keys(ctx) }

// RotateKey makes a key of the algorithm. It is published at once and signs after
// key.PublishBefore; with now it signs at once, and the present one retires: for
// a key that leaked, at the price that verifiers with an old key set wait until
// they fetch a new one. Errors: ErrKeyAlg.
func (d *Desk) RotateKey(ctx context.Context, alg jose.Alg, now bool) (*key.Key, error) {
	if alg != jose.ES256 && alg != jose.RS256 {
		return nil, ErrKeyAlg
	}
	k, err := key.Generate(d.Keys, alg, d.Now())
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	if err := d.Signing.AddKey(ctx, k, d.keyEvent(audit.KeyAdded, k)); err != nil {
		return nil, fmt.Errorf("add key: %w", err)
	}
	if !now {
		return k, nil
	}
	return d.activate(ctx, k.ID)
}

// activate lets a key sign and retires those of its algorithm that did. The new
// one comes first: at no moment does nobody sign.
func (d *Desk) activate(ctx context.Context, kid string) (*key.Key, error) {
	all, err := d.Signing.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	i := slices.IndexFunc(all, func(k *key.Key) bool { return k.ID == kid })
	if i < 0 {
		return nil, key.ErrNotFound
	}
	next := all[i].Moved(key.Active, d.Now())
	if err := d.Signing.ReplaceKey(ctx, next, d.keyEvent(audit.KeyActivated, next)); err != nil {
		return nil, fmt.Errorf("activate key: %w", err)
	}
	for _, k := range all {
		if k.ID == kid || k.Alg != next.Alg || k.State != key.Active {
			continue
		}
		if err := d.moveKey(ctx, k, key.Retiring); err != nil {
			return nil, err
		}
	}
	return next, nil
}

func (d *Desk) moveKey(ctx context.Context, k *key.Key, to key.State) error {
	moved := k.Moved(to, d.Now())
	e := d.keyEvent(audit.KeyRetired, moved).With("state", string(to))
	if err := d.Signing.ReplaceKey(ctx, moved, e); err != nil {
		return fmt.Errorf("retire key: %w", err)
	}
	return nil
}

// RetireKey removes a key at once: what it signed verifies no more. A key that
// signs is replaced by the next one of its algorithm. Errors: key.ErrNotFound,
// ErrOnlyKey, ErrKeyGone.
func (d *Desk) RetireKey(ctx context.Context, kid string) error {
	all, err := d.Signing.Keys(ctx)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	i := slices.IndexFunc(all, func(k *key.Key) bool { return k.ID == kid })
	if i < 0 {
		return fmt.Errorf("%q: %w", kid, key.ErrNotFound)
	}
	old := all[i]
	switch old.State {
	case key.Removed:
		return ErrKeyGone
	case key.Active:
		if old.Use == key.ForReview {
			break // the next proof makes another
		}
		j := slices.IndexFunc(all, func(k *key.Key) bool { return k.Alg == old.Alg && k.State == key.Next })
		if j < 0 {
			return ErrOnlyKey
		}
		if _, err := d.activate(ctx, all[j].ID); err != nil {
			return err
		}
		return d.RetireKey(ctx, kid) // it is retiring now
	case key.Next, key.Retiring:
	}
	return d.moveKey(ctx, old, key.Removed)
}

// TurnKeys does what is due: a key that grew old gets a successor, next keys
// begin to sign, old ones retire, retired ones are removed. Every node calls it; whoever comes second finds nothing to
// do. It returns how many keys it moved.
func (d *Desk) TurnKeys(ctx context.Context) (int, error) {
	all, err := d.Signing.Keys(ctx)
	if err != nil {
		return 0, fmt.Errorf("read keys: %w", err)
	}
	for _, alg := range key.Ageing(all, d.Now()) {
		if _, err := d.RotateKey(ctx, alg, false); err != nil {
			return 0, fmt.Errorf("successor of an old %s key: %w", alg, err)
		}
	}
	steps := key.Due(all, d.Now())
	slices.SortStableFunc(steps, func(a, b key.Step) int { return later(a) - later(b) })
	for i, s := range steps {
		err := d.Signing.ReplaceKey(ctx, s.Key, s.Event)
		if errors.Is(err, key.ErrConflict) {
			return i, nil // another node was faster; the rest waits for the next turn
		}
		if err != nil {
			return i, fmt.Errorf("turn keys: %w", err)
		}
	}
	return len(steps), nil
}

// later puts activations first: at no moment does nobody sign.
func later(s key.Step) int {
	if s.Key.State == key.Active {
		return 0
	}
	return 1
}

// FirstKeys makes the keys that a new database lacks, one of each algorithm, and
// lets them sign at once: nobody can hold an older key set.
func (d *Desk) FirstKeys(ctx context.Context) error {
	all, err := d.Signing.Keys(ctx)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	for _, alg := range []jose.Alg{jose.ES256, jose.RS256} {
		has := slices.ContainsFunc(all, func(k *key.Key) bool { return k.Alg == alg && k.State != key.Removed })
		if has {
			continue
		}
		if _, err := d.RotateKey(ctx, alg, true); err != nil {
			return fmt.Errorf("first %s key: %w", alg, err)
		}
	}
	return nil
}

func (d *Desk) keyEvent(name audit.Name, k *key.Key) audit.Event {
	e := d.event(name).With("kid", k.ID).With("alg", string(k.Alg))
	if k.Use != key.ForTokens {
		e = e.With("use", string(k.Use))
	}
	return e
}
