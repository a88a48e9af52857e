package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/config"
	"countersign/internal/oauth"
	"countersign/internal/probe"
	"countersign/internal/secret"
)

// Lab is where attacks are tried: this very program under this very configuration,
// on loopback, with data of its own. It gets copies of the server-wide settings
// and of the app that is attacked; people, secrets and signing keys are its own,
// and so is its clock, which experiments move by months. Nothing that happens in
// it can reach the data it was copied from, and when it closes nothing is left.
type Lab struct {
	*Server

	base   string // where it answers
	dir    string
	lock   *os.File
	clock  *labClock
	log    *labLog
	http   *http.Server
	stop   context.CancelFunc
	jobs   sync.WaitGroup
	people int
}

// labClock runs with the wall clock, ahead of it.
type labClock struct {
	mu    sync.Mutex
	real  func() time.Time
	ahead time.Duration
}

func (c *labClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.real().Add(c.ahead)
}

func (c *labClock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// labLog keeps what the server logs.
type labLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *labLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// text is what was logged since the last reset.
func (l *labLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *labLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

// labCost is what a password costs in a lab: the same code as everywhere, at a
// fraction of the price. It is still long enough for a stop watch to see whether
// one was hashed.
const labCost = 4 << 10

// OpenLab opens a lab under a configuration, with server-wide settings of their
// own or copied. The caller closes it.
func OpenLab(ctx context.Context, cfg config.Config, org *client.Org, version string, now func() time.Time) (_ *Lab, err error) {
	sweepLabs(os.TempDir())
	l := &Lab{clock: &labClock{real: now}, log: &labLog{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open a lab: %w", err), l.Close())
		}
	}()
	if l.dir, l.lock, err = newLabDir(os.TempDir()); err != nil {
		return nil, err
	}
	l.Server, err = New(ctx, Options{
		Config: labConfig(cfg, l.dir), Version: version, Now: l.clock.Now,
		Log: slog.New(slog.NewJSONHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		return nil, err
	}
	l.Desk.About.Version, l.Desk.Actor = version, "probe"
	if err := l.copyOrg(ctx, org); err != nil {
		return nil, err
	}
	l.base = "http://" + l.Address()
	l.http = l.httpServer(l.Handler())
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	l.jobs.Go(func() { _ = l.http.Serve(l.public) }) // it ends when the lab closes
	l.jobs.Go(func() { l.every(ctx, time.Second, func(ctx context.Context) { _ = l.DB.Poll(ctx) }) })
	return l, nil
}

// labConfig is the configuration of a lab: the one of the server, but for where it
// listens, what it keeps and what its passwords cost. A proxy on loopback is not
// believed: attackers sit there.
func labConfig(c config.Config, dir string) config.Config {
	c.Data, c.Database, c.MasterKey, c.Listen, c.MetricsListen, c.TLS = dir, "", "", "127.0.0.1:0", "", config.TLS{}
	c.DrainWait, c.ShutdownGrace = 0, client.Duration(5*time.Second)
	c.Password.MemoryKiB, c.Password.Time, c.Password.Parallelism = labCost, 1, 1
	c.TrustedProxies = slices.DeleteFunc(slices.Clone(c.TrustedProxies), func(text string) bool {
		p, err := netip.ParsePrefix(text)
		if a, e := netip.ParseAddr(text); e == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		return err != nil || p.Addr().Unmap().IsLoopback() || p.Bits() == 0
	})
	return c
}

func (l *Lab) copyOrg(ctx context.Context, org *client.Org) error {
	if org == nil {
		return nil
	}
	own, err := l.DB.Org(ctx)
	if err != nil {
		return err
	}
	next := *org
	next.Version, next.FlowsNotBefore = own.Version, nil
	return l.DB.ReplaceOrg(ctx, next, l.event(audit.OrgChanged))
}

func (l *Lab) event(name audit.Name) audit.Event {
	e := audit.New(l.clock.Now(), name)
	e.Actor = "probe"
	return e
}

// Advance moves the lab's clock, and lets the server do what it does by then.
func (l *Lab) Advance(ctx context.Context, d time.Duration) error {
	l.clock.forward(d)
	l.DB.Tend(ctx)
	l.DB.Tend(ctx)
	return l.DB.Ready()
}

// Close stops the server and removes everything.
func (l *Lab) Close() error {
	var errs []error
	if l.stop != nil {
		l.stop()
	}
	if l.http != nil {
		errs = append(errs, l.http.Close())
	}
	l.jobs.Wait()
	if l.Server != nil {
		errs = append(errs, l.Server.Close())
	}
	if l.dir != "" {
		errs = append(errs, os.RemoveAll(l.dir))
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Close())
	}
	return errors.Join(errs...)
}

// labPrefix begins the names of the directories of labs.
const labPrefix = "countersign-lab-"

// newLabDir makes a directory and holds a lock in it for as long as the process
// lives, so that others can tell a lab at work from the remains of one.
func newLabDir(parent string) (string, *os.File, error) {
	dir, err := os.MkdirTemp(parent, labPrefix)
	if err != nil {
		return "", nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in the directory that was just made
	if err == nil {
		err = holdLock(lock)
	}
	return dir, lock, err
}

// sweepLabs removes what labs of killed processes left behind. What cannot be
// removed now is removed next time.
func sweepLabs(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, labPrefix+"*", "lock"))
	for _, name := range left {
		f, err := os.OpenFile(name, os.O_RDWR, 0o600) //nolint:gosec // the pattern is ours
		if err != nil {
			continue
		}
		if holdLock(f) == nil {
			_ = os.RemoveAll(filepath.Dir(name))
		}
		_ = f.Close()
	}
}

// newPerson registers somebody whom nobody else knows.
func (l *Lab) newPerson(ctx context.Context, groups []string) (*probe.Person, oauth.UserID, error) {
	l.people++
	p := &probe.Person{
		Username: fmt.Sprintf("probe-%d-%s@probe.invalid", l.people, strings.ToLower(secret.Text(4))), Password: "Probe/" + secret.Text(18),
	}
	a, err := l.register(ctx, p, groups)
	if err != nil {
		return nil, "", err
	}
	return p, a.ID, nil
}

// door is a dialect's endpoints in the lab.
func (l *Lab) door(d probe.Dialect) probe.Door {
	issuer := strings.TrimSuffix(l.Issuer, "/")
	path := ""
	if i := strings.Index(issuer, "://"); i >= 0 {
		if j := strings.Index(issuer[i+3:], "/"); j >= 0 {
			path = issuer[i+3+j:]
		}
	}
	if d == probe.Salesforce {
		at := l.base + "/services/oauth2/"
		return probe.Door{
			Dialect: d, Login: at + "authorize", Authorize: at + "authorize", Token: at + "token", Introspect: at + "introspect", Revoke: at + "revoke",
			Userinfo: at + "userinfo", Keys: l.base + "/id/keys",
		}
	}
	at := l.base + path + "/oauth2/"
	return probe.Door{
		Dialect: d, Login: at + "challenge", Token: at + "token", Introspect: at + "introspect", Revoke: at + "revoke", Userinfo: at + "userinfo",
		Keys: at + "jwks",
		Metadata: []string{
			l.base + "/.well-known/oauth-authorization-server" + path, l.base + "/.well-known/openid-configuration" + path,
		},
	}
}
