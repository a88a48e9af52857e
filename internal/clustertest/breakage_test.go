package clustertest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How hosts break, and how they are mended.

// processes are those of a host.
func (c *cluster) processes(n int) (out []int) {
	text, _ := c.try("ip", "netns", "pids", fmt.Sprintf("%s%d", c.prefix, n))
	for _, word := range strings.Fields(text) {
		if pid, err := strconv.Atoi(word); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// kill ends every process of a host at once, etcd included: the machine is gone.
func (c *cluster) kill(n int) {
	for range 3 { // a process that was being born is there the next time
		for _, pid := range c.processes(n) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// revive starts a host that was killed.
func (c *cluster) revive(n int) {
	c.startEtcd(n)
	c.startPatroni(n)
}

// postmaster is the process of PostgreSQL on a host, and its children.
func (c *cluster) postmaster(n int) (pid int, children []int) {
	c.t.Helper()
	text, err := os.ReadFile(c.path(n, "data/postmaster.pid"))
	if err != nil {
		c.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if pid, err = strconv.Atoi(first); err != nil {
		c.t.Fatal(err)
	}
	for _, p := range c.processes(n) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil {
			continue
		}
		// pid (name) state parent …
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 && fields[1] == first {
			children = append(children, p)
		}
	}
	return pid, children
}

// killPostgres ends PostgreSQL alone, so that none of it can say goodbye.
func (c *cluster) killPostgres(n int) {
	c.t.Helper()
	master, children := c.postmaster(n)
	_ = syscall.Kill(master, syscall.SIGSTOP)
	for _, pid := range append(children, master) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// signalPostgres sends a signal to PostgreSQL and its children.
func (c *cluster) signalPostgres(n int, s syscall.Signal) {
	c.t.Helper()
	master, children := c.postmaster(n)
	for _, pid := range append(children, master) {
		_ = syscall.Kill(pid, s)
	}
}

// route adds or deletes the two black holes between one host and others.
func (c *cluster) route(verb string, n int, from []int) {
	c.t.Helper()
	for _, m := range from {
		for _, pair := range [][2]int{{n, m}, {m, n}} {
			cmd := c.at(context.Background(), pair[0], "ip", "route", verb, "blackhole", address(pair[1])+"/32")
			if out, err := cmd.CombinedOutput(); err != nil {
				c.t.Fatalf("%s: %v: %s", cmd, err, out)
			}
		}
	}
}

func (c *cluster) cut(n int, from []int)  { c.t.Helper(); c.route("add", n, from) }
func (c *cluster) heal(n int, from []int) { c.t.Helper(); c.route("del", n, from) }

// switchover asks Patroni to give another host the lead; it declines for the
// moment in which it has not seen yet that a standby is there.
func (c *cluster) switchover(from int) {
	c.t.Helper()
	within(c.t, 30*time.Second, "Patroni switches over", func() (bool, string) {
		out, err := c.try("patronictl", "-c", c.path(from, "patroni.yml"), "switchover", "--leader", fmt.Sprintf("n%d", from), "--force")
		return err == nil && !strings.Contains(out, "ailed"), out
	})
}
