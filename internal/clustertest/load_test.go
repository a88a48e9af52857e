package clustertest

import (
	"context"
	"net/url"
	"sync"
	"time"
)

// workers is how many clients there are, each busy with one login at a time, and
// a breath is what each waits between two requests: servers and databases share
// few cores with us, and what is measured is faults, not speed.
const (
	workers  = 8
	breath   = 15 * time.Millisecond
	patience = 45 * time.Second // a client's, for one change
)

// load is clients that sign in, redeem, refresh and revoke until they are told to
// stop.
type load struct {
	*fleet
	ledger *ledger
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// drive starts the load.
func (f *fleet) drive(ctx context.Context, l *ledger) *load {
	ctx, cancel := context.WithCancel(ctx)
	d := &load{fleet: f, ledger: l, cancel: cancel}
	for i := range workers {
		d.done.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				d.session(ctx, n)
			}
		})
	}
	return d
}

// stop lets every client finish the login that it is busy with.
func (d *load) stop() {
	d.cancel()
	d.done.Wait()
}

// ask sends a change until the answer says something, to another server each
// time. doubt says that an earlier try of it ended unknown.
func (f *fleet) ask(l *ledger, deadline time.Time, path string, form url.Values) (r reply, doubt bool) {
	for try := 0; ; try++ {
		r = f.on(f.any(), path, form)
		if !r.unknown() {
			if doubt {
				l.count(func(t *tally) { t.settled++ })
			}
			return r, doubt
		}
		if !r.unsent() {
			l.count(func(t *tally) { t.unknown++ })
			doubt = true
		}
		wait := min(50*time.Millisecond<<min(try, 4), 500*time.Millisecond)
		if time.Now().Add(wait).After(deadline) {
			return r, doubt
		}
		time.Sleep(wait)
	}
}

// session is one login and its life. One in forty types a password; the others
// begin with a code sealed as for one.
func (d *load) session(ctx context.Context, n int) {
	e := &entry{minted: time.Now()}
	if n%40 == 0 {
		r, _ := d.ask(d.ledger, time.Now().Add(patience), challengePath, login(d.house.person().Username))
		if !r.won() {
			if !r.unknown() {
				d.ledger.fault("a right password is refused: %d %s", r.status, r.Error)
			}
			return
		}
		e.code = r.Code
		d.ledger.count(func(t *tally) { t.logins++ })
	} else {
		e.code = d.house.mint(e.minted)
	}
	if n%16 == 3 {
		d.race(e)
		return
	}
	defer d.ledger.keep(e)
	if !d.redeem(e) {
		return
	}
	for range 3 {
		time.Sleep(breath)
		if ctx.Err() != nil || !d.rotate(e) {
			return
		}
	}
	if n%5 == 0 {
		d.revoke(e)
	}
}

// redeem spends the code. It says whether the client holds a refresh token.
func (d *load) redeem(e *entry) bool {
	r, doubt := d.ask(d.ledger, e.minted.Add(codeLife), tokenPath, redeem(e.code))
	switch {
	case r.won():
		e.refresh = r.Token
		d.ledger.win(func(t *tally) { t.redeemed++ }, e.code, firstOf(r.Token))
		return true
	case r.lost() && doubt: // the try that ended unknown had been applied, or the code has died of age
		e.open = true
		d.ledger.count(func(t *tally) { t.left++ })
	case r.lost():
		d.ledger.fault("LOST: a fresh code is refused: %s", r.Error)
	case !r.unknown():
		d.ledger.fault("a code is answered %d %s", r.status, r.Error)
	}
	return false
}

// firstOf is what a redeemed code brings: any second answer is one too many,
// whatever is in it.
func firstOf(token string) string { return "redeemed for " + token }

// rotate refreshes once, as one client that knows its newest token.
func (d *load) rotate(e *entry) bool {
	r, doubt := d.ask(d.ledger, time.Now().Add(patience), tokenPath, refresh(e.refresh))
	switch {
	case r.won():
		d.ledger.win(func(t *tally) { t.rotated++ }, e.refresh, r.Token)
		e.spent, e.refresh = append(e.spent, e.refresh), r.Token
		return true
	case r.lost() && doubt: // applied; and the grace for lost answers, ten seconds, was over
		e.open = true
		d.ledger.count(func(t *tally) { t.left++ })
	case r.lost():
		d.ledger.fault("LOST: an acknowledged refresh token (the %dth of its login) is refused: %s", len(e.spent)+1, r.Error)
		e.open = true
	case r.unknown():
		e.open = true
	default:
		d.ledger.fault("a refresh token is answered %d %s", r.status, r.Error)
	}
	return false
}

func (d *load) revoke(e *entry) {
	r, _ := d.ask(d.ledger, time.Now().Add(patience), revokePath, revoke(e.refresh))
	switch {
	case r.won():
		e.ended = true
		d.ledger.win(func(t *tally) { t.revoked++ }, "", "")
	case r.unknown():
		e.open = true
	default:
		d.ledger.fault("a revocation is answered %d %s", r.status, r.Error)
	}
}

// race sends one code to two servers at once: at most one may give tokens.
func (d *load) race(e *entry) {
	var wg sync.WaitGroup
	won := make([]bool, 2)
	for i := range won {
		wg.Go(func() {
			r := d.on(d.any(), tokenPath, redeem(e.code))
			if won[i] = r.won(); won[i] {
				d.ledger.win(func(t *tally) { t.redeemed++ }, e.code, firstOf(r.Token))
			} else if r.unknown() {
				d.ledger.count(func(t *tally) { t.unknown++ })
			}
		})
	}
	wg.Wait()
}
