package admin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/client"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/usage"
)

// stage is what all apps are judged on: the server's settings, its keys, the
// waivers, the day.
type stage struct {
	org   client.Org
	keys  []*key.Key
	facts Facts
	day   int32
}

// setStage makes a new stage when one of its parts is another: then every app is
// judged anew.
func (x *AppIndex) setStage(ctx context.Context, d *Desk) error {
	today := usage.DayOf(d.Now())
	if x.stage != nil && x.stageOf == x.version && x.stage.day == today {
		return nil
	}
	org, errOrg := d.Apps.Org(ctx)
	keys, errKeys := d.Signing.Keys(ctx)
	next := &stage{org, keys, d.About, today}
	var errWaivers error
	next.facts.Waivers, errWaivers = d.waivers(ctx)
	if err := errors.Join(errOrg, errKeys, errWaivers); err != nil {
		return fmt.Errorf("judge apps: %w", err)
	}
	if x.stage == nil || !reflect.DeepEqual(x.stage, next) {
		x.stage = next
	}
	x.stageOf = x.version
	return nil
}

// AppHealth is what the review says of one app today.
type AppHealth struct {
	review.Score
	Worst  string        `json:"worst"` // severity of the worst open finding: critical, high, medium, low; "" if none is open
	Open   int           `json:"open"`  // fails that nobody waived
	Counts review.Counts `json:"counts"`
}

// judgeAll works out the health of apps, on every processor: of ten thousand
// apps it takes seconds, once.
func (x *AppIndex) judgeAll(d *Desk, list []*indexed) {
	now := d.Now()
	next := make(chan *indexed)
	var done sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		done.Go(func() {
			for a := range next {
				x.judge(d, a, now)
			}
		})
	}
	for _, a := range list {
		next <- a
	}
	close(next)
	done.Wait()
}

// judge works out the health of one app, unless nothing changed since. It writes
// to the app alone.
func (x *AppIndex) judge(d *Desk, a *indexed, now time.Time) *AppHealth {
	use := x.seen(a.ID)
	at := judgedAt{x.stage, !x.since.IsZero(), usage.DayOf(use.last), now.Sub(use.last) < accessMayLive, len(use.scopes), x.live[a.ID]}
	if a.health != nil && a.judged == at {
		return a.health
	}
	f := x.stage.facts
	if at.counted {
		f.Usage = map[oauth.ClientID]*Usage{a.ID: useOf(use.last, use.scopes, at.live, now)}
	}
	s := d.snapshotOf(x.stage.org, x.stage.keys, []*client.Client{a.Client}, f)
	run := review.Judge(review.Input{Snapshot: s, Controls: appControls(), Catalogue: controls.Version, Beyond: Beyond})
	a.health, a.judged = healthOf(ofApp(run.Findings, a.ID)), at
	return a.health
}

// appControls are the controls that judge apps.
var appControls = sync.OnceValue(func() []review.Control {
	return slices.DeleteFunc(controls.Catalogue(), func(c review.Control) bool { return c.Scope != review.PerApp })
})

func healthOf(findings []review.Finding) *AppHealth {
	h := &AppHealth{Score: review.ScoreOf(findings), Counts: review.CountsOf(findings)}
	worst := 0.0
	for _, f := range findings {
		if !f.Open() {
			continue
		}
		h.Open++
		if f.Severity.Computed > worst {
			worst, h.Worst = f.Severity.Computed, strings.ToLower(f.Severity.Level)
		}
	}
	return h
}
