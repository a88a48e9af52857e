package admin

import (
	"context"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/jose"
	"countersign/internal/key"
)

// ReviewSigner is the key that signs transcripts of proofs: the newest one that
// signs, or a new one where there is none yet.
func (d *Desk) ReviewSigner(ctx context.Context) (*jose.Signer, error) {
	all, err := d.Signing.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var newest *key.Key
	for _, k := range key.Of(key.ForReview, all) {
		if k.State == key.Active {
			newest = k
		}
	}
	if newest == nil {
		if newest, err = d.addReviewKey(ctx); err != nil {
			return nil, err
		}
	}
	return newest.Signer(d.Keys)
}

// RotateReviewKey makes a review key that signs from now on. Earlier ones sign
// no more, and verify what they signed until somebody retires them.
func (d *Desk) RotateReviewKey(ctx context.Context) (*key.Key, error) {
	all, err := d.Signing.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	next, err := d.addReviewKey(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range key.Of(key.ForReview, all) {
		if k.State == key.Active {
			if err := d.moveKey(ctx, k, key.Retiring); err != nil {
				return nil, err
			}
		}
	}
	return next, nil
}

func (d *Desk) addReviewKey(ctx context.Context) (*key.Key, error) {
	k, err := key.GenerateForReview(d.Keys, d.Now())
	if err != nil {
		return nil, fmt.Errorf("make review key: %w", err)
	}
	if err := d.Signing.AddKey(ctx, k, d.keyEvent(audit.KeyAdded, k)); err != nil {
		return nil, fmt.Errorf("add review key: %w", err)
	}
	return k, nil
}

// ReviewKeys are the public halves of the keys that vouch for transcripts, and
// the same as a key set for those who verify without this database.
func (d *Desk) ReviewKeys(ctx context.Context) (jose.Keys, []byte, error) {
	all, err := d.Signing.Keys(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read keys: %w", err)
	}
	return key.Verifying(key.Of(key.ForReview, all))
}
