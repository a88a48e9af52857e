package clustertest

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// entry is one login as its client knows it: what it was told, never what the
// server may think.
type entry struct {
	code    string
	minted  time.Time
	refresh string   // the newest token that was acknowledged
	spent   []string // the ones before it
	ended   bool     // a revocation was acknowledged
	// open says that an answer was lost on the way and the next one could not tell
	// what became of it: the client must sign in again, and the ledger cannot say
	// more than that nothing was given twice.
	open bool
}

// tally counts what clients were told.
type tally struct {
	logins, redeemed, rotated, revoked int // acknowledged
	unknown                            int // answers lost, or 503
	settled                            int // of those, requests whose repetition was answered
	left                               int // clients that must sign in again after one
	refused                            int // replays, refused as they must be
	late                               int // codes too old to be asked for again
}

func (t tally) minus(o tally) tally {
	return tally{
		t.logins - o.logins, t.redeemed - o.redeemed, t.rotated - o.rotated, t.revoked - o.revoked,
		t.unknown - o.unknown, t.settled - o.settled, t.left - o.left, t.refused - o.refused, t.late - o.late,
	}
}

// ledger keeps every acknowledged change and what contradicts it.
type ledger struct {
	mu      sync.Mutex
	tally   tally
	open    []*entry            // not held against the truth yet
	given   map[string][]string // what each code and refresh token brought: one successor, ever
	faults  []string
	lastWin time.Time
	longest time.Duration // without an acknowledged write
}

func newLedger() *ledger { return &ledger{given: map[string][]string{}} }

// count changes the tally.
func (l *ledger) count(change func(*tally)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.tally)
}

// win notes an acknowledged write, and what it brought for what was spent. A
// second, other successor of the same token is what must never be.
func (l *ledger) win(change func(*tally), spent, got string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.tally)
	now := time.Now()
	if !l.lastWin.IsZero() {
		l.longest = max(l.longest, now.Sub(l.lastWin))
	}
	l.lastWin = now
	if spent == "" || slices.Contains(l.given[spent], got) {
		return
	}
	if l.given[spent] = append(l.given[spent], got); len(l.given[spent]) > 1 {
		l.faults = append(l.faults, fmt.Sprintf("SPENT TWICE: %.16s… brought %d different answers", spent, len(l.given[spent])))
	}
}

// fault notes a contradiction.
func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// keep hands an entry over for the check.
func (l *ledger) keep(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, e)
}

// take gives what is to be checked.
func (l *ledger) take() []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.open
	l.open = nil
	return out
}

// phase begins a new stretch without a write.
func (l *ledger) phase() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.longest, l.lastWin = 0, time.Now()
	return l.tally
}

func (l *ledger) state() (t tally, longest time.Duration, faults []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally, max(l.longest, time.Since(l.lastWin)), slices.Clone(l.faults)
}

// check holds every entry against the truth, on a whole cluster: an acknowledged
// refresh token works, so nothing was lost; an acknowledged revocation is not
// forgotten; an acknowledged code is spent, at every server; and asking for it
// again ends what came from it.
func (f *fleet) check(l *ledger, limit time.Duration) {
	entries := l.take()
	work := make(chan *entry)
	var wg sync.WaitGroup
	deadline := time.Now().Add(limit)
	for range 8 {
		wg.Go(func() {
			for e := range work {
				f.checkOne(l, e, deadline)
			}
		})
	}
	for _, e := range entries {
		work <- e
	}
	close(work)
	wg.Wait()
}

func (f *fleet) checkOne(l *ledger, e *entry, deadline time.Time) {
	if !e.open && e.refresh != "" {
		f.checkFamily(l, e, deadline)
	}
	if time.Since(e.minted) > codeLife-5*time.Second {
		l.count(func(t *tally) { t.late++ })
		return
	}
	r, _ := f.ask(l, deadline, tokenPath, redeem(e.code))
	switch {
	case r.won() && e.refresh != "":
		l.fault("SPENT TWICE: a code was redeemed, and after the fault once more")
	case r.won(): // every try of the client had ended unknown, and none was applied
	case r.lost():
		l.count(func(t *tally) { t.refused++ })
		if e.refresh == "" || e.open {
			return
		}
		if r, _ := f.ask(l, deadline, tokenPath, refresh(e.refresh)); r.won() {
			l.fault("REPLAY: a code was redeemed again and what came from it lives on")
		}
	default:
		l.fault("a redeemed code cannot be checked: %d %s %v", r.status, r.Error, r.err)
	}
}

func (f *fleet) checkFamily(l *ledger, e *entry, deadline time.Time) {
	r, _ := f.ask(l, deadline, tokenPath, refresh(e.refresh))
	switch {
	case r.won() && e.ended:
		l.fault("LOST: a revocation was acknowledged, and the refresh token works")
	case r.won():
		l.win(func(t *tally) { t.rotated++ }, e.refresh, r.Token)
		e.spent, e.refresh = append(e.spent, e.refresh), r.Token
	case r.lost() && e.ended:
	case r.lost():
		l.fault("LOST: an acknowledged refresh token (the %dth of its login) is refused: %s", len(e.spent)+1, r.Error)
	default:
		l.fault("an acknowledged refresh token cannot be checked: %d %s %v", r.status, r.Error, r.err)
	}
}
