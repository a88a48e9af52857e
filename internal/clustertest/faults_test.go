package clustertest

import (
	"net/http"
	"sync"
	"syscall"
	"time"
)

func (s *stage) postgresKilled() {
	s.under("postgres killed", func() { s.killPostgres(s.leader()) }, func() {})
}

func (s *stage) nodeKilled() {
	var gone int
	s.under("node killed", func() { gone = s.leader(); s.kill(gone) }, func() { s.revive(gone) })
}

func (s *stage) switchedOver() {
	s.under("switchover", func() { s.switchover(s.leader()) }, func() {})
}

// partitioned cuts the primary off from the other hosts, while servers still reach
// all of them: it must acknowledge nothing, whatever it is asked.
func (s *stage) partitioned() {
	var old int
	s.under("partition", func() { old = s.leader(); s.cut(old, others(old)) }, func() { s.heal(old, others(old)) })
}

// serverKilled kills a server and starts it again: its clients go to the others.
func (s *stage) serverKilled() {
	one := s.servers[0]
	s.under("server killed", one.kill, func() {
		if err := one.again(); err != nil {
			s.t.Fatal(err)
		}
	})
}

// waitCancelled stops both standbys, so that every commit waits for one, and
// cancels the waits: PostgreSQL then says "UPDATE 1" for what no standby has, with
// nothing but a warning. None of it may be answered 200.
func (s *stage) waitCancelled() {
	t := s.t
	s.whole()
	leader := s.leader()
	wake := s.freeze(others(leader))
	defer wake()
	codes := make([]string, 6)
	replies := make([]reply, len(codes))
	var asked sync.WaitGroup
	for i := range codes {
		codes[i] = s.house.mint(time.Now())
		asked.Go(func() { replies[i] = s.on(s.servers[i%len(s.servers)], tokenPath, redeem(codes[i])) })
	}
	answered := make(chan struct{})
	go func() { asked.Wait(); close(answered) }()
	cancelled := s.cancelWaits(leader, answered)
	for i, r := range replies {
		if r.won() {
			t.Errorf("answer %d is 200, and no standby has what it says", i)
		}
		if r.err == nil && r.status != http.StatusServiceUnavailable {
			t.Errorf("answer %d is %d %s, want 503", i, r.status, r.Error)
		}
	}
	if cancelled == 0 {
		t.Error("no wait was cancelled: this showed nothing")
	}
	wake()
	s.whole()
	// Each code was spent by a try of the server, or was not: the client learns
	// which, and nobody gets tokens for it twice.
	for _, code := range codes {
		for range 2 {
			if r, _ := s.ask(s.ledger, time.Now().Add(30*time.Second), tokenPath, redeem(code)); r.won() {
				s.ledger.win(func(t *tally) { t.redeemed++ }, code, firstOf(r.Token))
			}
		}
	}
	s.say("%d waits for a standby cancelled: %d answers, none of them 200", cancelled, len(replies))
	s.under("", func() {}, func() {})
}

// freeze stops PostgreSQL on hosts, until wake.
func (c *cluster) freeze(hosts []int) (wake func()) {
	for _, n := range hosts {
		c.signalPostgres(n, syscall.SIGSTOP)
	}
	return sync.OnceFunc(func() {
		for _, n := range hosts {
			c.signalPostgres(n, syscall.SIGCONT)
		}
	})
}

// cancelWaits cancels every wait for a standby that it finds, until the channel is
// closed, and gives how often it found one.
func (c *cluster) cancelWaits(leader int, until <-chan struct{}) (rounds int) {
	for {
		select {
		case <-until:
			return rounds
		case <-time.After(100 * time.Millisecond):
			out, err := c.try("psql", "-XAtc", "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
				adminURL(member(leader)))
			if err == nil && out != "0" {
				rounds++
			}
		}
	}
}

// blackHole puts a proxy between a fourth server and its database: a slow network
// slows it down, a silent one makes it say so, and neither is felt by the others.
func (s *stage) blackHole() {
	t := s.t
	s.whole()
	p := newProxy(t, member(s.leader()))
	d := serve(t, "D", nil, "--data", s.dir, "--database", databaseURL(p.address()))
	redeemed := func() reply { return s.on(d, tokenPath, redeem(s.house.mint(time.Now()))) }
	ready := func(limit time.Duration, what string) {
		within(t, limit, what, d.ready)
	}
	ready(20*time.Second, "the server behind the proxy is ready")
	p.delay(100 * time.Millisecond)
	if r := redeemed(); !r.won() {
		t.Errorf("with 100 ms of delay: %+v", r)
	}
	p.delay(0)

	load := s.drive(t.Context(), s.ledger)
	waitFor(t, s.ledger, 20)
	before := s.ledger.phase()
	p.hole()
	began := time.Now()
	if r := redeemed(); !r.unknown() || r.err != nil {
		t.Errorf("in the hole: %d %s %v, want 503", r.status, r.Error, r.err)
	}
	held := time.Since(began)
	within(t, 20*time.Second, "the server in the hole is not ready", func() (bool, string) {
		ok, said := d.ready()
		return !ok, said
	})
	_, without, _ := s.ledger.state()
	p.mend()
	ready(30*time.Second, "the server is ready after the hole")
	if r := redeemed(); !r.won() {
		t.Errorf("after the hole: %+v", r)
	}
	waitFor(t, s.ledger, 20)
	load.stop()
	t.Logf("in the hole, a redeem was answered 503 after %.1f s", held.Seconds())
	s.settle("black hole", before, seconds(without)+" for the others")
}
