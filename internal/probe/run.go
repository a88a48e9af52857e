package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/evidence"
)

// Limits keep a run polite.
type Limits struct {
	Requests int           // of one scenario at most; 0: 500
	AtATime  int           // 0: 20
	Every    time.Duration // between requests; 0: as fast as answers come
}

// Options are what a run needs besides its target.
type Options struct {
	Now    func() time.Time
	Pause  func(ctx context.Context, d time.Duration) // waits; needed where Limits.Every is set
	Limits Limits
	OnCase func(evidence.Case) // hears of each case when it is done, secrets hidden; may be nil
	Mask   *evidence.Mask      // what is secret; nil: a new one for the run
}

// Run makes a scenario and returns its transcript, secrets hidden. When the
// positive control fails, no other case is made: nothing would follow from it.
func Run(ctx context.Context, t *Target, s Scenario, o Options) *evidence.Transcript {
	if o.Mask == nil {
		o.Mask = evidence.NewMask()
	}
	began := o.Now()
	tr := &evidence.Transcript{
		Schema: evidence.Schema, Probe: s.ID, Title: s.Title, Controls: s.Controls, Story: s.Story,
		Issuer: t.Issuer, Started: began.UTC(),
	}
	if t.App != nil && !s.Server {
		tr.Subject, tr.Name = t.App.ID, t.App.Name
	}
	w := newWire(t, o, began)
	defer w.close()
	run(ctx, t, s, w, func(c evidence.Case) {
		one := evidence.Transcript{Cases: []evidence.Case{c}}
		one.Hide(o.Mask)
		tr.Cases = append(tr.Cases, one.Cases...)
		if o.OnCase != nil {
			o.OnCase(one.Cases[0])
		}
	})
	tr.Hide(o.Mask) // secrets that a later case learned
	tr.Took, tr.Requests = o.Now().Sub(began), w.sent()
	tr.Conclude()
	return tr
}

// run makes the cases in order, each at its doors.
func run(ctx context.Context, t *Target, s Scenario, w *wire, done func(evidence.Case)) {
	if s.Applies != nil {
		if why := s.Applies(t); why != "" {
			for _, c := range s.Cases {
				done(blank(c, nil, evidence.NotApplicable, why))
			}
			return
		}
	}
	if len(t.Doors) == 0 {
		done(blank(s.Cases[0], nil, evidence.Inconclusive, "no endpoint of the server is known"))
		return
	}
	control := map[int]evidence.Case{} // what became of it at each door
	for _, c := range s.Cases {
		for i := range t.Doors {
			if c.Once && i > 0 {
				break
			}
			d := &t.Doors[i]
			was, made := control[i]
			if !made {
				was = control[0] // it was made once, for every door
			}
			switch {
			case c.Number > 0 && was.Result == evidence.NotApplicable:
				done(blank(c, d, evidence.NotApplicable, was.Why))
				continue
			case c.Number > 0 && was.Result != evidence.Held:
				done(blank(c, d, evidence.Inconclusive, "the honest flow did not work at this door"))
				continue
			}
			e := attempt(ctx, t, d, c, w)
			if c.Number == 0 {
				control[i] = e
			}
			done(e)
		}
	}
}

func blank(c Case, d *Door, r evidence.Result, why string) evidence.Case {
	e := evidence.Case{Number: c.Number, Title: c.Title, Changed: c.Changed, Expect: c.Expect, Result: r, Why: why, Exchanges: []evidence.Exchange{}}
	if d != nil {
		e.Door = string(d.Dialect)
	}
	return e
}

// stop ends a trial with a verdict.
type stop struct {
	result evidence.Result
	why    string
}

// attempt makes one case at one door.
func attempt(ctx context.Context, t *Target, d *Door, c Case, w *wire) (e evidence.Case) {
	e = blank(c, d, evidence.Held, "")
	if piece, missing := t.lacks(d, c.Needs); missing {
		e.Result, e.Why = evidence.Inconclusive, "a piece is missing: "+string(piece)
		return e
	}
	tr := &Trial{Target: t, Door: d, ctx: ctx, wire: w, number: c.Number}
	defer func() {
		if v := recover(); v != nil {
			s, ok := v.(stop)
			if !ok {
				panic(v)
			}
			e.Result, e.Why = s.result, s.why
		}
		tr.mu.Lock()
		defer tr.mu.Unlock()
		e.Exchanges = append(e.Exchanges, tr.exchanges...)
		e.Remarks, e.AnsweredBy = tr.remarks, tr.answeredBy
		if c.Number == 0 && e.Result == evidence.Broken { // the honest flow fails, nobody broke in
			e.Result = evidence.Inconclusive
		}
	}()
	c.Try(tr)
	return e
}

// Errors of the wire.
var (
	ErrTooMany = errors.New("the scenario used up its requests")
	errNoPause = fmt.Errorf("%w: a rate is set, but nothing to wait with", errors.ErrUnsupported)
)
