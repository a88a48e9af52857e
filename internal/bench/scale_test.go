package bench

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// scaled is one operation on an empty database and on a full one.
type scaled struct {
	title       string
	empty, full sample
	ratio       float64
}

// mostScaled is what an operation may cost on a full database, times the empty one.
const mostScaled = 1.3

// scaledOperations are those that touch the database, as on the empty one; the
// last one is a refresh of a family of the crowd at random, which nobody has used
// since it was loaded.
var scaledOperations = []string{"code-exchange", "refresh", "introspect-opaque", "userinfo", "revocation"}

// BenchmarkScale measures operations on an empty database and on one with a crowd,
// turn by turn.
func BenchmarkScale(b *testing.B) {
	if *families == 0 || *users == 0 {
		b.Skip("needs -bench.users and -bench.families")
	}
	empty := furnish(b, connections).serve(b)
	full := furnish(b, connections)
	c := newCrowd(b, full, *users, *families)
	crowded := full.serve(b)
	for _, name := range scaledOperations {
		for _, o := range operations {
			if o.name == name {
				b.Run(name, func(b *testing.B) { o.scale(b, empty, crowded, o) })
			}
		}
	}
	drawn := c.draw() // no family is drawn again in the rounds to come
	b.Run("refresh-at-random", func(b *testing.B) {
		for _, o := range operations {
			if o.name == "refresh" {
				cold := o
				cold.title, cold.prepare, cold.mint = "refresh of any family of the crowd", nil, drawn
				cold.do = func(w *worker, token string) error {
					w.token = token
					return refresh(w, "")
				}
				o.scale(b, empty, crowded, cold)
			}
		}
	})
}

// draw gives families of the crowd at random, each once.
func (c *crowd) draw() func(*worker) (string, error) {
	var mu sync.Mutex
	drawn := map[int]bool{}
	return func(*worker) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		for {
			if i := rand.IntN(c.families); !drawn[i] {
				drawn[i] = true
				return c.token(i), nil
			}
		}
	}
}

// scale measures o on the empty server and other on the full one.
func (o operation) scale(b *testing.B, empty, full *countersign, other operation) {
	few, many := o.crew(b, empty), other.crew(b, full)
	var a, z []sample
	for range b.N {
		x, err := o.run(few, o.times)
		if err != nil {
			b.Fatal(err)
		}
		y, err := other.run(many, o.times)
		if err != nil {
			b.Fatal(err)
		}
		y.floor, x.floor = x.cpu+x.db, x.cpu+x.db
		a, z = append(a, x), append(z, y)
	}
	r := scaled{title: other.title}
	r.empty, _ = middle(a)
	r.full, _ = middle(z)
	r.ratio = (r.full.cpu + r.full.db) / (r.empty.cpu + r.empty.db)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(r.empty.cpu+r.empty.db, "empty-CPU-µs/op")
	b.ReportMetric(r.full.cpu+r.full.db, "full-CPU-µs/op")
	b.ReportMetric(r.ratio, "x-empty")
	results.scaled = slices.DeleteFunc(results.scaled, func(old scaled) bool { return old.title == r.title }) // of a shorter run
	results.scaled, results.rounds = append(results.scaled, r), b.N
}
