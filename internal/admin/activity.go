package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"countersign/internal/load"
)

// Activity is what happened over a span, in steps of equal length, the oldest
// first. Its JSON names are stable.
type Activity struct {
	From    time.Time      `json:"from"`
	Step    time.Duration  `json:"-"`
	Seconds int            `json:"step_seconds"`
	Steps   []ActivityStep `json:"steps"`
	Rules   []RuleCount    `json:"rules"` // refusals of the whole span by rule, the most frequent first
}

// ActivityStep is what happened in one step.
type ActivityStep struct {
	Begin    time.Time               `json:"begin"`
	Served   map[load.Kind]int64     `json:"served"`
	Refused  map[string]int64        `json:"refused"` // by rule
	Faults   int64                   `json:"faults"`
	Duration map[load.Kind]Quantiles `json:"duration"`
}

// Quantiles are durations that half, 95 and 99 of a hundred requests did not
// exceed, in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
}

// RuleCount is how often a rule refused.
type RuleCount struct {
	Rule string `json:"rule"`
	N    int64  `json:"n"`
}

// Activity reads what happened until now in so many steps; a step is rounded up
// to whole slots of ten minutes. The step under way is the last one.
func (d *Desk) Activity(ctx context.Context, step time.Duration, steps int) (Activity, error) {
	slots := load.Slot(max(1, (step+load.SlotLength-1)/load.SlotLength)) //nolint:gosec // a few hundred
	end := load.SlotOf(d.Now())/slots*slots + slots
	from := end - slots*load.Slot(steps) //nolint:gosec // a few hundred
	sums, err := d.Load.Load(ctx, from, end)
	if err != nil {
		return Activity{}, err
	}
	a := Activity{From: from.Begin(), Step: time.Duration(slots) * load.SlotLength}
	a.Seconds = int(a.Step / time.Second)
	byStep := make([]map[load.Kind]load.Sum, steps)
	for k, s := range sums {
		i := int((k.Slot - from) / slots)
		if byStep[i] == nil {
			byStep[i] = map[load.Kind]load.Sum{}
		}
		byStep[i][k.Kind] = byStep[i][k.Kind].Plus(s)
	}
	rules := map[string]int64{}
	for i, kinds := range byStep {
		a.Steps = append(a.Steps, stepOf((from+slots*load.Slot(i)).Begin(), kinds, rules))
	}
	a.Rules = []RuleCount{}
	for rule, n := range rules {
		a.Rules = append(a.Rules, RuleCount{rule, n})
	}
	slices.SortFunc(a.Rules, func(x, y RuleCount) int { return cmp.Or(cmp.Compare(y.N, x.N), cmp.Compare(x.Rule, y.Rule)) })
	return a, nil
}

func stepOf(begin time.Time, kinds map[load.Kind]load.Sum, rules map[string]int64) ActivityStep {
	out := ActivityStep{Begin: begin, Served: map[load.Kind]int64{}, Refused: map[string]int64{}, Duration: map[load.Kind]Quantiles{}}
	for kind, sum := range kinds {
		n := sum.N()
		if rule, ok := kind.Rule(); ok {
			out.Refused[rule] += n
			rules[rule] += n
			continue
		}
		if kind == load.Fault {
			out.Faults += n
			continue
		}
		out.Served[kind] = n
		out.Duration[kind] = Quantiles{ms(sum.Quantile(.5)), ms(sum.Quantile(.95)), ms(sum.Quantile(.99))}
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
