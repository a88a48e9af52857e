package clustertest

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"time"
)

// storageCheck plays the operator of countersign storage-check --kill-test: when it
// asks for the primary to be killed, it is.
func (s *stage) storageCheck() {
	t := s.t
	s.whole()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	limit, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(limit, self, "storage-check", "--database", databaseURL(members()...), "--kill-test", "--wait", "90s", "--each", "200ms")
	cmd.Env = append(os.Environ(), roleVariable+"="+roleServer)
	var table bytes.Buffer
	cmd.Stdout = &table
	in, err := cmd.StdinPipe() // its end would end it
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	told, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	for lines := bufio.NewScanner(told); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "KILL") {
			time.Sleep(time.Second) // of writes
			s.killPostgres(s.leader())
			killed = true
		}
	}
	if err := cmd.Wait(); err != nil || !killed || !strings.Contains(table.String(), " 0 lost, 0 spent twice") {
		t.Errorf("killed: %v, %v\n%s", killed, err, table.String())
	}
	for line := range strings.Lines(table.String()) {
		if strings.HasPrefix(line, "kill") {
			_, seen, _ := strings.Cut(line, "  ok  ")
			s.say("storage-check --kill-test: %s", strings.TrimSpace(seen))
		}
	}
	s.whole()
	if out, err := s.try("psql", "-XAtc", `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'countersign\_check%'`, databaseURL(members()...)); err != nil || out != "0" {
		t.Errorf("schemas left behind: %s, %v", out, err)
	}
}
