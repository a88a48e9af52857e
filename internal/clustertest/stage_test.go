package clustertest

import (
	"fmt"
	"os"
	"testing"
	"time"

	countersign "countersign/internal/server"
)

// stage is a whole cluster, three servers in front of it, and the ledger of what
// they acknowledged.
type stage struct {
	*cluster
	*fleet
	ledger *ledger
	dir    string // the servers' master key
}

// stages are the faults, in their order. Those that tell most are part of every
// run of the tests; scripts/test cluster-all runs all.
var stages = []struct {
	name  string
	every bool
	run   func(*stage)
}{
	{"postgres killed", true, (*stage).postgresKilled},
	{"node killed", true, (*stage).nodeKilled},
	{"partition", true, (*stage).partitioned},
	{"commit wait cancelled", true, (*stage).waitCancelled},
	{"black hole", true, (*stage).blackHole},
	{"switchover", false, (*stage).switchedOver},
	{"server killed", false, (*stage).serverKilled},
	{"clock of a server", false, (*stage).serverClock},
	{"clock of a database", false, (*stage).databaseClock},
	{"storage-check", false, (*stage).storageCheck},
	{"disk full", false, (*stage).diskFull},
}

func TestCluster(t *testing.T) {
	c := startCluster(t)
	s := &stage{cluster: c, ledger: newLedger(), dir: t.TempDir()}
	s.fleet = s.serveAll(t, databaseURL(members()...))
	for _, f := range stages {
		if !f.every && os.Getenv(everyVariable) == "" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			c.t = t
			defer func() { c.t = nil }()
			f.run(s)
		})
	}
	c.t = t
	s.sum()
}

// serveAll furnishes a database and puts three servers in front of it.
func (s *stage) serveAll(t *testing.T, database string) *fleet {
	t.Helper()
	h := furnish(t, countersign.DataOptions{Dir: s.dir, Database: database})
	var all []*server
	for _, name := range []string{"A", "B", "C"} {
		all = append(all, serve(t, name, nil, "--data", s.dir, "--database", database))
	}
	return newFleet(h, all...)
}

// under puts the load on the servers, breaks something, waits until writes are
// acknowledged again, mends it, and holds the ledger against the truth.
func (s *stage) under(name string, breakIt, mendIt func()) {
	t := s.t
	t.Helper()
	s.whole()
	d := s.drive(t.Context(), s.ledger)
	stopped := false
	defer func() {
		if !stopped {
			d.stop()
		}
	}()
	waitFor(t, s.ledger, 200)
	before := s.ledger.phase()
	breakIt()
	waitFor(t, s.ledger, 200)
	_, without, _ := s.ledger.state()
	s.ledger.phase()
	mendIt()
	waitFor(t, s.ledger, 100)
	_, again, _ := s.ledger.state()
	d.stop()
	stopped = true
	s.settle(name, before, seconds(without))
	if again > 5*time.Second {
		s.say("%s: while it was mended, %s more without a write", name, seconds(again))
	}
}

// settle checks the ledger once the cluster is whole, and reports.
func (s *stage) settle(name string, before tally, without string) {
	t := s.t
	t.Helper()
	s.whole()
	s.check(s.ledger, time.Minute)
	now, _, faults := s.ledger.state()
	for _, f := range faults {
		t.Error(f)
	}
	s.ledger.mu.Lock()
	s.ledger.faults = nil // said
	s.ledger.mu.Unlock()
	d := now.minus(before)
	t.Logf("%s without a write for %s; %+v", name, without, d)
	if name != "" {
		s.say("%s: no write for %s", name, without)
	}
	if d.redeemed == 0 || d.rotated == 0 || d.refused == 0 {
		t.Errorf("the load was one-sided: %+v", d)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// sum reports what the whole run acknowledged.
func (s *stage) sum() {
	n, _, _ := s.ledger.state()
	verdict := "0 lost, 0 spent twice"
	if s.t.Failed() {
		verdict = "NOT SOUND"
	}
	s.say("%d logins, %d rotations, %d revocations acknowledged: %s; %d answers unknown, %d of them settled, %d clients must sign in again",
		n.redeemed, n.rotated, n.revoked, verdict, n.unknown, n.settled, n.left)
}

// say adds a line to the report, if one is kept.
func (s *stage) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	s.t.Log(line)
	path := os.Getenv(reportVariable)
	if path == "" {
		return
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	if _, err := fmt.Fprintln(out, line); err != nil {
		s.t.Fatal(err)
	}
}
