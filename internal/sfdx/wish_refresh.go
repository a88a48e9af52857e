package sfdx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refreshLimits are read together: the vocabulary has three values where Salesforce
// has one policy with one limit.
var refreshLimits = []string{"app.refresh.policy", "app.refresh.idle_ttl", "app.refresh.absolute_ttl"}

// refreshWish is what a batch wants of one app's refresh tokens.
type refreshWish struct {
	policy               string
	idle, absolute       time.Duration
	hasIdle, hasAbsolute bool
}

func (b *batch) planRefreshLimits(a *App, c Change) (plan, error) {
	var w refreshWish
	for i, other := range b.changes {
		if other.App != c.App || !slices.Contains(refreshLimits, other.Setting) {
			continue
		}
		b.done[i] = true
		if err := w.take(other); err != nil {
			return plan{}, err
		}
	}
	return w.plan(a)
}

func (w *refreshWish) take(c Change) error {
	var err error
	switch c.Setting {
	case "app.refresh.policy":
		if w.policy, err = asString(c.Value); err == nil && !slices.Contains(refreshWords, w.policy) {
			err = errValue
		}
	case "app.refresh.idle_ttl":
		w.idle, err = asDuration(c.Value)
		w.hasIdle = true
	default:
		w.absolute, err = asDuration(c.Value)
		w.hasAbsolute = true
	}
	return err
}

func (w *refreshWish) plan(a *App) (plan, error) {
	var p plan
	policy, limit, missing := w.limit(a)
	if policy == RefreshInfinite || policy == RefreshZero {
		p.refresh(a, policy, 0)
		return p, nil
	}
	if limit <= 0 {
		return p.task("%s needs a period; set %s.", policy, missing), nil
	}
	p.refresh(a, policy, limit)
	switch {
	case policy == RefreshInactivity && w.hasAbsolute:
		p.task("Salesforce keeps one limit: the idle time is set, an absolute limit beside it is not possible.")
	case policy == RefreshLifetime && w.hasIdle && w.idle < limit:
		p.task("Salesforce keeps one limit: the absolute one is set, a shorter idle time beside it is not possible.")
	}
	return p, nil
}

// limit gives the one policy and limit that Salesforce can keep; where the batch
// names none, the limit stays as it is, if it is one of that policy.
func (w *refreshWish) limit(a *App) (policy string, limit time.Duration, missing string) {
	policy = RefreshInactivity
	switch {
	case w.policy != "":
		policy = refreshPolicies[slices.Index(refreshWords, w.policy)]
	case !w.hasIdle:
		policy = RefreshLifetime
	}
	limit, missing = w.idle, "app.refresh.idle_ttl"
	given := w.hasIdle
	if policy == RefreshLifetime {
		limit, missing, given = w.absolute, "app.refresh.absolute_ttl", w.hasAbsolute
	}
	if life, idle, known := a.refreshLife(); !given && known && life != Forever && idle == (policy == RefreshInactivity) {
		limit = life
	}
	return policy, limit, missing
}

// refresh plans policy and period.
func (p *plan) refresh(a *App, policy string, limit time.Duration) {
	n, unit := max(1, int(limit/time.Hour)), "Hours"
	if limit >= day && limit%day == 0 {
		n, unit = int(limit/day), "Days"
	}
	if a.Kind == ConnectedApp {
		old := map[string]string{RefreshInfinite: "infinite", RefreshZero: "zero"}[policy]
		if old == "" {
			kind := map[string]string{RefreshLifetime: "specific_lifetime", RefreshInactivity: "specific_inactivity"}[policy]
			old = fmt.Sprintf("%s:%d:%s", kind, n, strings.ToUpper(unit))
		}
		if !is(a.RefreshPolicy, policy) || limit > 0 && (!is(a.RefreshPeriod, n) || !is(a.RefreshUnit, unit)) {
			p.edits = append(p.edits, edit{setting: a.RefreshPolicy.Element, values: []string{old}})
		}
		return
	}
	if a.RefreshPolicy.Origin != Given || a.RefreshPolicy.V != policy {
		p.edits = append(p.edits, edit{setting: a.RefreshPolicy.Element, values: []string{policy}})
	}
	if limit == 0 {
		drop(p, a.RefreshPeriod)
		drop(p, a.RefreshUnit)
		return
	}
	set(p, a.RefreshPeriod, n, strconv.Itoa(n))
	p.text(a.RefreshUnit, unit)
}
