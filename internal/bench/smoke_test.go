package bench

import (
	"strings"
	"testing"
)

// TestEachOnce does every operation once, so that the benchmarks cannot rot. It
// holds no time against anything; what is written does not depend on the machine.
func TestEachOnce(t *testing.T) {
	s := furnish(t, 1).serve(t)
	ws, err := crew(s.url, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dismiss(ws) })
	for _, o := range operations {
		if o.prepare != nil {
			if err := o.prepare(ws[0]); err != nil {
				t.Fatalf("%s: prepare: %v", o.name, err)
			}
		}
		wrote := o.durable + 1
		for try := 0; wrote != o.durable && try < 5; try++ { // a janitor may write at the same time, but not each time
			if wrote, err = o.once(ws); err != nil {
				t.Fatalf("%s: %v", o.name, err)
			}
		}
		if wrote != o.durable {
			t.Errorf("%s: %v durable changes, want %v", o.name, wrote, o.durable)
		}
	}
}

// once does the operation once and says how many changes the store counted.
func (o operation) once(ws []*worker) (float64, error) {
	items, err := o.mints(ws, 1)
	if err != nil {
		return 0, err
	}
	before, err := ws[0].s.count()
	if err != nil {
		return 0, err
	}
	if err := o.do(ws[0], items[0]); err != nil {
		return 0, err
	}
	after, err := ws[0].s.count()
	return after.minus(before).changes, err
}

// TestFloor asks the floor for every primitive once.
func TestFloor(t *testing.T) {
	floor := startFloor(t)
	ws, err := crew(floor.url, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dismiss(ws) })
	for _, p := range primitives() {
		if _, err := load(ws, 1, primitive(p.name)); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}

func TestBill(t *testing.T) {
	cost := map[string]float64{"json": 20, "es256": 60, "sqlite": 90, "verify-es256": 120, "argon2id": 25000}
	for _, tt := range []struct {
		bill bill
		text string
		sum  float64
	}{
		{bill{}, "json", 20},
		{bill{s: 2, w: 1}, "json + 2 S + W", 20 + 2*40 + 70},
		{bill{v: 1}, "json + V", 120},
		{bill{password: true}, "argon2id", 25000},
	} {
		if got := tt.bill.sum(cost); got != tt.sum || tt.bill.String() != tt.text {
			t.Errorf("%v: %v, want %s: %v", tt.bill, got, tt.text, tt.sum)
		}
	}
}

// TestReport: what misses its target is listed with the reason, and nothing else is.
func TestReport(t *testing.T) {
	kept := results
	defer func() { results = kept }()
	results.floor, results.operation = map[string]float64{}, map[string]figures{}
	for _, o := range operations {
		results.operation[o.name] = figures{sample: sample{cpu: 1, floor: 1}, ratio: o.target}
	}
	results.starvation = starvation{1, 1, 1, 1}
	if got := page(); !strings.Contains(got, "missed\n\nNone.\n") {
		t.Errorf("at the targets:\n%s", got)
	}
	for _, o := range operations {
		results.operation[o.name] = figures{sample: sample{cpu: 1, floor: 1}, ratio: o.target * 1.01}
	}
	results.footprint, results.starvation = footprint{31, 101, 31}, starvation{1, 1, 4, 4}
	got := page()
	if n := strings.Count(got, "\n- **"); n != len(operations)+4 {
		t.Errorf("%d targets listed, %d are missed:\n%s", n, len(operations)+4, got)
	}
}
