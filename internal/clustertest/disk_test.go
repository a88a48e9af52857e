package clustertest

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// databaseClock gives one database a clock that is 90 seconds ahead and makes it
// the primary.
func (s *stage) databaseClock() {
	t := s.t
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		t.Skip("no libfaketime")
	}
	s.whole()
	old := s.leader()
	ahead := others(old)[0]
	s.kill(ahead)
	s.startEtcd(ahead)
	s.startPatroni(ahead, "LD_PRELOAD="+found[0], "FAKETIME=+90s", "FAKETIME_DONT_FAKE_MONOTONIC=1")
	s.under("clock of a database 90 s ahead", func() {
		s.switchover(old, ahead)
		if n := s.leader(); n != ahead {
			t.Errorf("host %d leads, want %d", n, ahead)
		}
	}, func() {
		out, err := s.query("SELECT extract(epoch FROM now())::bigint")
		var now int64
		if _, scan := fmt.Sscan(out, &now); err != nil || scan != nil || now-time.Now().Unix() < 60 {
			t.Errorf("the database's clock is not ahead: %s, %v", out, err)
		}
	})
	s.kill(ahead)
	s.revive(ahead)
	s.whole()
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
