package clustertest

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// databaseClock gives both standbys clocks that are 90 seconds ahead, and makes one
// of them the primary.
func (s *stage) databaseClock() {
	t := s.t
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		t.Skip("no libfaketime")
	}
	s.whole()
	old := s.leader()
	for _, n := range others(old) {
		s.kill(n)
		s.startEtcd(n)
		s.startPatroni(n, s.wrongClock(n, found[0]))
		s.whole()
	}
	s.under("clock of a database", func() {
		s.switchover(old)
		within(t, 30*time.Second, "a database leads whose clock is ahead", func() (bool, string) {
			out, err := s.query("SELECT extract(epoch FROM now())::bigint")
			var now int64
			_, scan := fmt.Sscan(out, &now)
			return err == nil && scan == nil && now-time.Now().Unix() > 60, out
		})
	}, func() {})
	for _, n := range others(old) {
		s.kill(n)
		s.revive(n)
		s.whole()
	}
}

// wrongClock makes a folder of PostgreSQL's programs in which the server alone
// believes in another time (Patroni's own sleeps would fail), and gives the
// variable that lets Patroni take it.
func (c *cluster) wrongClock(n int, library string) string {
	c.t.Helper()
	dir := c.path(n, "bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	programs, err := os.ReadDir(c.bin)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range programs {
		if p.Name() == "postgres" {
			continue
		}
		if err := os.Symlink(filepath.Join(c.bin, p.Name()), filepath.Join(dir, p.Name())); err != nil {
			c.t.Fatal(err)
		}
	}
	script := fmt.Sprintf("#!/bin/sh\nLD_PRELOAD=%s FAKETIME=+90s FAKETIME_DONT_FAKE_MONOTONIC=1 exec %s/postgres \"$@\"\n", library, c.bin)
	if err := os.WriteFile(filepath.Join(dir, "postgres"), []byte(script), 0o755); err != nil {
		c.t.Fatal(err)
	}
	return "PATRONI_POSTGRESQL_BIN_DIR=" + dir
}

// diskFull fills the disk of a database until it panics: servers fail closed and
// say so; once there is room again, every acknowledged code is spent.
func (s *stage) diskFull() {
	t := s.t
	const host, port = 1, 54399
	dir := s.path(host, "full")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", dir)
	defer func() { _, _ = s.try("umount", "-l", dir) }()
	s.run("chown", "postgres:postgres", dir)
	as := []string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}
	s.run(as[0], append(as[1:], filepath.Join(s.bin, "initdb"), "-D", dir+"/data", "-U", "postgres", "-A", "trust", "--wal-segsize=4", "-E", "UTF8", "--no-sync")...)
	if err := os.WriteFile(dir+"/data/pg_hba.conf", []byte("host all all 10.77.0.0/24 trust\nlocal all all trust\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() {
		s.spawn(host, "full.log", filepath.Join(s.bin, "postgres"), "-D", dir+"/data", "-k", dir, "-p", fmt.Sprint(port),
			"-c", "listen_addresses="+address(host), "-c", "max_wal_size=64MB", "-c", "min_wal_size=8MB", "-c", "max_connections=100", "-c", "restart_after_crash=off")
	}
	target := fmt.Sprintf("%s:%d", address(host), port)
	admin := adminURL(target)
	up := func() {
		within(t, 60*time.Second, "the database of the small disk answers", func() (bool, string) {
			out, err := s.try("psql", "-XAtc", "SELECT 1", admin)
			return err == nil, out
		})
	}
	start()
	up()
	s.run("psql", "-Xqc", "CREATE DATABASE "+databaseName, admin)
	other := &stage{cluster: s.cluster, ledger: newLedger(), dir: t.TempDir()}
	other.fleet = other.serveAll(t, databaseURL(target))
	load := other.drive(t.Context(), other.ledger)
	waitFor(t, other.ledger, 40)
	before := other.ledger.phase()
	ballast := dir + "/ballast"
	if out, err := s.try("dd", "if=/dev/zero", "of="+ballast, "bs=64k"); err == nil {
		t.Errorf("the disk took everything: %s", out)
	}
	within(t, 60*time.Second, "servers say that they cannot write", func() (bool, string) {
		ok, said := other.servers[0].ready()
		return !ok, said
	})
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if _, err := s.try("psql", "-XAtc", "SELECT 1", admin); err != nil { // it panicked
		start()
	}
	up()
	waitFor(t, other.ledger, 40)
	load.stop()
	_, without, _ := other.ledger.state()
	other.settle("disk full", before, seconds(without))
}
