package clustertest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cluster is three hosts, each with etcd, Patroni and PostgreSQL, in network
// namespaces of their own. Host 4 is ours.
type cluster struct {
	t      *testing.T
	prefix string
	dir    string
	bin    string // of PostgreSQL
}

var databaseHosts = []int{1, 2, 3}

const (
	databasePort = 54320
	databaseName = "countersign"
)

func address(n int) string { return fmt.Sprintf("10.77.0.%d", n) }

func member(n int) string { return fmt.Sprintf("%s:%d", address(n), databasePort) }

// databaseURL is the database as a server is told of it: its members, and whichever
// takes writes.
func databaseURL(members ...string) string {
	return "postgres://postgres@" + strings.Join(members, ",") + "/" + databaseName +
		"?target_session_attrs=read-write&sslmode=disable&connect_timeout=2"
}

// adminURL is the database that every PostgreSQL has.
func adminURL(members ...string) string {
	return strings.Replace(databaseURL(members...), "/"+databaseName, "/postgres", 1)
}

func members() (out []string) {
	for _, n := range databaseHosts {
		out = append(out, member(n))
	}
	return out
}

// startCluster starts all hosts and waits until a standby confirms what the
// primary commits.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	prefix := os.Getenv(networkVariable)
	if prefix == "" {
		t.Skip("needs the network that ./scripts/test cluster makes")
	}
	dir, err := os.MkdirTemp("", "cluster") //nolint:usetesting // user postgres does not reach what is below t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, prefix: prefix, dir: dir, bin: postgresBin(t)}
	t.Cleanup(c.remove)
	c.run("chmod", "755", dir)
	for _, n := range databaseHosts {
		for _, sub := range []string{"socket", "etcd"} {
			if err := os.MkdirAll(c.path(n, sub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(c.path(n, "patroni.yml"), []byte(c.patroni(n)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c.run("chown", "-R", "postgres:postgres", dir)
	for _, n := range databaseHosts {
		c.startEtcd(n)
	}
	for _, n := range databaseHosts {
		c.startPatroni(n)
	}
	c.whole()
	c.run("psql", "-Xqc", "CREATE DATABASE "+databaseName, adminURL(members()...))
	for _, m := range members() { // one that has not heard of it yet would refuse a server
		within(t, 30*time.Second, "every host has the database", func() (bool, string) {
			out, err := c.try("psql", "-XAtc", "SELECT 1", strings.Replace(databaseURL(m), "read-write", "any", 1))
			return err == nil, out
		})
	}
	return c
}

// postgresBin is the newest that is installed.
func postgresBin(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Fatal("no PostgreSQL below /usr/lib/postgresql")
	}
	return found[len(found)-1]
}

// path is a file of a host.
func (c *cluster) path(n int, name string) string {
	return filepath.Join(c.dir, fmt.Sprintf("host%d", n), name)
}

// patroni is the configuration of a host. The times are Patroni's lowest but for
// loop_wait: a failover costs ttl, and some seconds.
func (c *cluster) patroni(n int) string {
	return fmt.Sprintf(`scope: countersign
name: n%[1]d
restapi: {listen: "%[2]s:18008", connect_address: "%[2]s:18008"}
etcd3: {hosts: "10.77.0.1:23791,10.77.0.2:23791,10.77.0.3:23791"}
bootstrap:
  dcs: {ttl: 20, loop_wait: 2, retry_timeout: 3, primary_start_timeout: 0, synchronous_mode: true, synchronous_mode_strict: true,
        postgresql: {use_pg_rewind: true, parameters: {max_connections: 200, wal_log_hints: 'on', wal_keep_size: 256MB, max_wal_size: 2GB}}}
  initdb: [{encoding: UTF8}, data-checksums, {auth: trust}]
  pg_hba: [local all all trust, host all all 127.0.0.0/8 trust, host all all 10.77.0.0/24 trust, host replication all 10.77.0.0/24 trust]
postgresql: {listen: "%[2]s:%[5]d", connect_address: "%[2]s:%[5]d", data_dir: %[3]s/data, bin_dir: %[4]s, pgpass: %[3]s/pgpass,
  authentication: {superuser: {username: postgres, password: x}, replication: {username: repl, password: x}, rewind: {username: postgres, password: x}},
  parameters: {unix_socket_directories: %[3]s/socket}}
`, n, address(n), filepath.Dir(c.path(n, "x")), c.bin, databasePort)
}

func (c *cluster) startEtcd(n int) {
	var peers []string
	for _, m := range databaseHosts {
		peers = append(peers, fmt.Sprintf("e%d=http://%s:23801", m, address(m)))
	}
	peer, client := fmt.Sprintf("http://%s:23801", address(n)), fmt.Sprintf("http://%s:23791", address(n))
	c.spawn(n, "etcd.log", "etcd", "--name", fmt.Sprintf("e%d", n), "--data-dir", c.path(n, "etcd"), "--pre-vote",
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--listen-client-urls", client, "--advertise-client-urls", client,
		"--initial-cluster", strings.Join(peers, ","), "--initial-cluster-state", "new")
}

// startPatroni starts Patroni, which starts PostgreSQL. environ is for both.
func (c *cluster) startPatroni(n int, environ ...string) {
	c.spawn(n, "patroni.log", append(append([]string{"env"}, environ...), "patroni", c.path(n, "patroni.yml"))...)
}

// spawn leaves a program running on a host, as user postgres.
func (c *cluster) spawn(n int, log string, words ...string) {
	c.t.Helper()
	out, err := os.OpenFile(c.path(n, log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	defer out.Close()
	cmd := c.at(context.Background(), n, append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, words...)...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, "/"
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
}

// at is a command on a host.
func (c *cluster) at(ctx context.Context, n int, words ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", fmt.Sprintf("%s%d", c.prefix, n)}, words...)...)
}

// run runs a command here, for so long as any should take, and fails the test
// when it fails.
func (c *cluster) run(name string, args ...string) string {
	c.t.Helper()
	out, err := c.try(name, args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func (c *cluster) try(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// query asks the primary.
func (c *cluster) query(query string) (string, error) {
	return c.try("psql", "-XAtc", query, adminURL(members()...))
}

// leader is the host whose database takes writes.
func (c *cluster) leader() int {
	c.t.Helper()
	var n int
	within(c.t, 60*time.Second, "there is a primary", func() (bool, string) {
		out, err := c.query("SELECT host(inet_server_addr())")
		if err != nil {
			return false, out
		}
		_, err = fmt.Sscanf(out, "10.77.0.%d", &n)
		return err == nil, out
	})
	return n
}

func others(n int) (out []int) {
	for _, m := range databaseHosts {
		if m != n {
			out = append(out, m)
		}
	}
	return out
}

// whole waits until there is a primary, both standbys follow it, one of them
// confirms its commits, and Patroni knows which.
func (c *cluster) whole() {
	c.t.Helper()
	within(c.t, 90*time.Second, "the cluster is whole", func() (bool, string) {
		out, err := c.query("SELECT count(*) || ' ' || (count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) > 0) FROM pg_stat_replication WHERE state = 'streaming'")
		if err != nil || out != "2 true" {
			return false, out
		}
		client := http.Client{Timeout: 2 * time.Second}
		resp, err := client.Get(fmt.Sprintf("http://%s:18008/cluster", address(c.leader())))
		if err != nil {
			return false, err.Error()
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return err == nil && (strings.Contains(string(text), "sync_standby") || strings.Contains(string(text), "quorum_standby")), string(text)
	})
}

// remove ends everything on the hosts, and removes their files.
func (c *cluster) remove() {
	if c.t.Failed() {
		for _, n := range databaseHosts {
			c.t.Logf("host %d, the last words of Patroni:\n%s", n, tail(c.path(n, "patroni.log"), 12))
		}
	}
	for _, n := range databaseHosts {
		c.kill(n)
	}
	_ = os.RemoveAll(c.dir)
}
