package storagecheck

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

var storeChecks = []check{
	{"store", "the store makes its tables and passes its self-test", func(ctx context.Context, s *scratch) (string, error) {
		_, err := s.open(ctx)
		return "", err
	}},
	{"store", "of 64 requests that redeem one code, one wins", storeRedeem},
	{"store", "of 64 requests that rotate one token, one wins", storeRotate},
	{"store", "a grant that ended is not rotated any more", storeEnd},
	{"store", "a lost family leaves no trace", storeLost},
}

// redemption is a code as a login makes it.
func (s *scratch) redemption() grant.Redemption {
	now := s.o.Now()
	expires := now.Add(time.Minute)
	return grant.Redemption{
		Attempt: s.attempt(), Now: now, Refresh: true, Event: audit.New(now, audit.CodeRedeemed),
		Code: grant.Code{
			Grant: grant.Grant{
				ID: secret.NewID(now), Client: "storage-check", User: "storage-check", Flow: flow.CodeAndCredentials,
				Scopes: oauth.Scopes{oauth.ScopeOfflineAccess}, AuthTime: now,
			},
			Expires: expires, Slot: secret.SlotOf(expires),
		},
	}
}

func (s *scratch) attempt() (a grant.Attempt) {
	copy(a[:], s.id())
	return a
}

func (s *scratch) rotation(r grant.Redemption, seq int64) grant.Rotation {
	now := s.o.Now()
	return grant.Rotation{
		Attempt: s.attempt(), Now: now, Event: audit.New(now, audit.TokenRefreshed),
		Refresh: grant.Refresh{Grant: r.Code.Grant, Seq: seq, Issued: r.Now, SK: r.Code.SK},
	}
}

// outcomes lets callers do something at once, and counts how they end.
func outcomes(do func() (oauth.Outcome, error)) (map[oauth.Outcome]int, error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	var all error
	out := map[oauth.Outcome]int{}
	for range callers {
		group.Go(func() {
			o, err := do()
			mu.Lock()
			defer mu.Unlock()
			all = errors.Join(all, err)
			out[o]++
		})
	}
	group.Wait()
	return out, all
}

func oneWon(got map[oauth.Outcome]int, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if got[oauth.Won] != 1 || got[oauth.Lost] != callers-1 {
		return "", fmt.Errorf("%d won, %d lost, %d unknown; want 1 and %d", got[oauth.Won], got[oauth.Lost], got[oauth.Unknown], callers-1)
	}
	return "", nil
}

func storeRedeem(ctx context.Context, s *scratch) (string, error) {
	db, err := s.open(ctx)
	if err != nil {
		return "", err
	}
	r := s.redemption()
	return oneWon(outcomes(func() (oauth.Outcome, error) {
		mine := r
		mine.Attempt, mine.Event = s.attempt(), audit.New(r.Now, audit.CodeRedeemed)
		return db.RedeemCode(ctx, mine)
	}))
}

// redeemed is a family, and its code.
func (s *scratch) redeemed(ctx context.Context) (*sqlstore.DB, grant.Redemption, error) {
	db, err := s.open(ctx)
	if err != nil {
		return nil, grant.Redemption{}, err
	}
	r := s.redemption()
	out, err := db.RedeemCode(ctx, r)
	if err == nil && out != oauth.Won {
		err = fmt.Errorf("redeeming a fresh code: %s", out)
	}
	return db, r, err
}

func storeRotate(ctx context.Context, s *scratch) (string, error) {
	db, r, err := s.redeemed(ctx)
	if err != nil {
		return "", err
	}
	return oneWon(outcomes(func() (oauth.Outcome, error) { return db.RotateRefresh(ctx, s.rotation(r, 1)) }))
}

func storeEnd(ctx context.Context, s *scratch) (string, error) {
	db, r, err := s.redeemed(ctx)
	if err != nil {
		return "", err
	}
	now := s.o.Now()
	if out, err := db.EndGrant(ctx, r.Code.ID, r.Code.SK, now, audit.New(now, audit.GrantRevoked)); err != nil || out != oauth.Won {
		return "", errors.Join(fmt.Errorf("ending a grant: %s", out), err)
	}
	if out, err := db.RotateRefresh(ctx, s.rotation(r, 1)); err != nil || out != oauth.Lost {
		return "", errors.Join(fmt.Errorf("rotating an ended grant: %s, want lost", out), err)
	}
	return "", nil
}

func storeLost(ctx context.Context, s *scratch) (string, error) {
	db, r, err := s.redeemed(ctx)
	if err != nil {
		return "", err
	}
	again := r
	again.Attempt, again.Event = s.attempt(), audit.New(r.Now, audit.CodeRedeemed)
	if out, err := db.RedeemCode(ctx, again); err != nil || out != oauth.Lost {
		return "", errors.Join(fmt.Errorf("redeeming a spent code: %s, want lost", out), err)
	}
	f, err := db.Family(ctx, r.Code.ID, r.Code.SK)
	if err == nil && (f.Seq != 1 || f.Attempt != r.Attempt) {
		err = errors.New("the loser changed the winner's family")
	}
	return "", err
}
