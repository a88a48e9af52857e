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
	policy, limit := w.limit(a)
	if policy == RefreshInfinite || policy == RefreshZero {
		p.refresh(a, policy, 0)
		return p, nil
	}
	if limit <= 0 {
		missing := "app.refresh.idle_ttl"
		if policy == RefreshLifetime {
			missing = "app.refresh.absolute_ttl"
		}
		return p.task("%s needs a period; set %s.", policy, missing), nil
	}
	p.refresh(a, policy, limit)
	if policy == RefreshLifetime && (w.policy == "inactivity" || w.hasAbsolute && limit < w.absolute) {
		p.task("Salesforce keeps one limit: a lifetime as long as the idle time keeps both. Whoever uses the app logs in again when it is over.")
	}
	return p, nil
}

// limit gives the one policy and limit that Salesforce can keep. A token that
// ends after its lifetime cannot lie idle for longer, so where both limits are
// wished or there, a lifetime of the shorter one keeps both.
func (w *refreshWish) limit(a *App) (policy string, limit time.Duration) {
	idle, absolute := finite(w.idle), finite(w.absolute)
	if life, byDisuse, known := a.refreshLife(); known {
		switch {
		case byDisuse && !w.hasIdle:
			idle = finite(life)
		case !byDisuse && !w.hasAbsolute && w.policy != "inactivity":
			absolute = finite(life)
		}
	}
	if w.policy != "" {
		policy = refreshPolicies[slices.Index(refreshWords, w.policy)]
	}
	switch {
	case policy == RefreshInfinite || policy == RefreshZero:
		return policy, 0
	case absolute > 0 && idle > 0:
		return RefreshLifetime, min(absolute, idle)
	case policy == RefreshLifetime || policy == "" && absolute > 0:
		return RefreshLifetime, absolute
	}
	return RefreshInactivity, idle
}

// finite is a length of time, or 0 for one without end.
func finite(d time.Duration) time.Duration {
	if d == Forever {
		return 0
	}
	return d
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
