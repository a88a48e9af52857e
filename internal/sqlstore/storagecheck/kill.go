package storagecheck

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/sqlstore"
)

const killArea = "kill"

// killChecks need an operator: nobody but them knows how their primary dies.
var killChecks = []check{
	{killArea, "what was acknowledged while the primary was killed is kept, and spent once", killTest},
}

// survivor is what one client was told of one login.
type survivor struct {
	code  grant.Redemption
	seq   int64 // the newest generation that was acknowledged; 0: the redemption itself ended unknown
	doubt bool  // the last change ended unknown
}

// killing is a load with a ledger.
type killing struct {
	s  *scratch
	db *sqlstore.DB

	mu       sync.Mutex
	all      []survivor
	won      int
	unknown  int
	refused  int // the store said that nothing was written
	last     time.Time
	longest  time.Duration
	contrary error
}

// felt is how long nothing may succeed before it is taken for the kill.
const felt = 2 * time.Second

// killTest drives logins until the operator has killed the primary and another one
// acknowledges writes, and then asks for everything again.
func killTest(ctx context.Context, s *scratch) (string, error) {
	db, err := s.open(ctx)
	if err != nil {
		return "", err
	}
	k := &killing{s: s, db: db, last: time.Now()}
	load, stop := context.WithCancel(ctx)
	defer stop()
	var clients sync.WaitGroup
	for range connections {
		clients.Go(func() {
			for load.Err() == nil {
				k.login(ctx)
			}
		})
	}
	s.o.Tell(fmt.Sprintf("KILL THE PRIMARY NOW: its process, its machine or its network, within %v. Writes are under way.", s.o.Wait))
	err = k.awaitKill(ctx)
	stop()
	clients.Wait()
	if err != nil {
		return "", err
	}
	return k.verify(ctx)
}

// login redeems a code and rotates its token some times.
func (k *killing) login(ctx context.Context) {
	v := survivor{code: k.s.redemption()}
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.all = append(k.all, v)
	}()
	if out, err := k.db.RedeemCode(ctx, v.code); !k.note(out, err) {
		v.doubt = err == nil
		return
	}
	v.seq = 1
	for range 5 {
		if out, err := k.db.RotateRefresh(ctx, k.s.rotation(v.code, v.seq)); !k.note(out, err) {
			v.doubt = err == nil
			return
		}
		v.seq++
	}
}

// note counts an outcome, and says whether it was won. Lost is what must not be:
// each client changes its own rows alone.
func (k *killing) note(out oauth.Outcome, err error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err != nil:
		k.refused++
	case out == oauth.Unknown:
		k.unknown++
	case out == oauth.Lost:
		k.contrary = errors.New("a change that nobody else made was lost")
	default:
		k.won++
		now := time.Now()
		k.longest, k.last = max(k.longest, now.Sub(k.last)), now
		return true
	}
	return false
}

func (k *killing) awaitKill(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	before := k.db.Stats().Unknown
	var trouble time.Time // when the kill was felt first
	for began, told := time.Now(), false; ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		k.mu.Lock()
		last, quiet := k.last, time.Since(k.last)
		k.mu.Unlock()
		if trouble.IsZero() && (quiet >= felt || k.db.Stats().Unknown > before) {
			trouble = time.Now()
		}
		switch {
		case quiet >= felt && !told:
			told = true
			k.s.o.Tell("The kill is felt: nothing is acknowledged. Waiting for another primary.")
		case !trouble.IsZero() && last.Sub(trouble) > felt: // those that succeed began after it
			k.s.o.Tell("Writes are acknowledged again. Checking what was.")
			return nil
		case time.Since(began) > k.s.o.Wait && told:
			return fmt.Errorf("no write was acknowledged within %v", k.s.o.Wait)
		case time.Since(began) > k.s.o.Wait:
			return fmt.Errorf("%w: nothing was killed within %v", errSkipped, k.s.o.Wait)
		}
	}
}

// verify asks for everything again: an acknowledged generation may not have gone
// back, and a code may not be spent a second time.
func (k *killing) verify(ctx context.Context) (string, error) {
	lost, twice, applied := 0, 0, 0
	for _, v := range k.all {
		f, err := k.db.Family(ctx, v.code.Code.ID, v.code.Code.SK)
		switch {
		case errors.Is(err, grant.ErrNotFound):
			f.Seq = 0
		case err != nil:
			return "", err
		}
		switch {
		case f.Seq < v.seq:
			lost++
		case f.Seq > v.seq && v.doubt:
			applied++
		case f.Seq > v.seq:
			twice++
		}
		again, err := k.again(ctx, v)
		if err != nil {
			return "", err
		}
		if again {
			twice++
		}
	}
	detail := fmt.Sprintf("%d acknowledged, %d lost, %d spent twice; %d unknown, %d of them applied; %.1f s without a write",
		k.won, lost, twice, k.unknown, applied, k.longest.Seconds())
	if lost+twice > 0 || k.contrary != nil {
		return "", errors.Join(errors.New(detail), k.contrary)
	}
	return detail, nil
}

// again says whether a code that is known to be spent can be spent once more.
func (k *killing) again(ctx context.Context, v survivor) (bool, error) {
	if v.seq == 0 || k.s.o.Now().After(v.code.Code.Expires) {
		return false, nil
	}
	r := v.code
	r.Attempt, r.Event = k.s.attempt(), audit.New(r.Now, audit.CodeRedeemed)
	out, err := k.db.RedeemCode(ctx, r)
	return out == oauth.Won, err
}
