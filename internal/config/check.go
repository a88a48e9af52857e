package config

import (
	"fmt"
	"iter"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/client"
	"countersign/internal/secret"
)

// check judges values, alone and together.
func (l *loader) check(c *Config) {
	fault := func(path, format string, args ...any) {
		l.fault(l.place(path), path, fmt.Sprintf(format, args...))
	}
	checkAddress(fault, "listen", c.Listen, false)
	checkAddress(fault, "metrics_listen", c.MetricsListen, true)
	checkIssuer(fault, c)
	checkPlaces(fault, c)
	checkProxies(fault, c)
	checkPassword(fault, c.Password)
	checkLogin(fault, c.Login)
	checkConsole(fault, c.Console)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		fault("log_level", "%q is none of debug, info, warn, error", c.LogLevel)
	}
	within(fault, "poll_interval", c.PollInterval, 10*time.Millisecond, 500*time.Millisecond)
	within(fault, "shutdown_grace", c.ShutdownGrace, 0, 10*time.Minute)
	within(fault, "drain_wait", c.DrainWait, 0, 10*time.Minute)
	if c.AuditRetention != 0 {
		within(fault, "audit_retention", c.AuditRetention, 24*time.Hour, 100*365*24*time.Hour)
	}
}

// place says where a value came from.
func (l *loader) place(path string) string {
	if p, ok := l.sources[path]; ok {
		return p
	}
	return "default"
}

type faulter func(path, format string, args ...any)

func within(fault faulter, path string, d client.Duration, least, most time.Duration) {
	if time.Duration(d) < least || time.Duration(d) > most {
		fault(path, "%s is not between %s and %s", d, client.Duration(least), client.Duration(most))
	}
}

func checkAddress(fault faulter, path, v string, mayBeEmpty bool) {
	if v == "" && mayBeEmpty {
		return
	}
	_, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		fault(path, "%q is no address and port; write 127.0.0.1:8480 or :8480", v)
	}
}

// checkIssuer: tokens name the issuer, so it is a URL that cannot be read in two
// ways, and https wherever it leaves the machine.
//
// Spec: RFC 8414 §2.
func checkIssuer(fault faulter, c *Config) {
	if c.Issuer != "" {
		checkURL(fault, "issuer", c.Issuer)
	}
	if c.Salesforce.BaseURL != "" {
		checkURL(fault, "salesforce.base_url", c.Salesforce.BaseURL)
	}
	if p := c.Salesforce.SitePrefix; p != "" {
		u, err := url.Parse(p)
		if err != nil || u.Path != p || p[0] != '/' || strings.HasSuffix(p, "/") || strings.Contains(p, "//") || strings.Contains(p, "/.") {
			fault("salesforce.site_prefix", "%q is no path; write /customers", p)
		}
	}
}

func checkURL(fault faulter, path, v string) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		fault(path, "%q is no URL; write https://login.example.com (RFC 8414 §2)", v)
	case u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(v, "?#"):
		fault(path, "%q: no query and no fragment (RFC 8414 §2)", v)
	case strings.HasSuffix(v, "/"):
		fault(path, "%q: no slash at the end; clients compare character by character (RFC 8414 §3.3)", v)
	case u.Host != strings.ToLower(u.Host):
		fault(path, "%q: the host in lower case; clients compare character by character (RFC 8414 §3.3)", v)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		fault(path, "%q: https, unless the host is this machine (RFC 8414 §2)", v)
	}
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func checkPlaces(fault faulter, c *Config) {
	switch {
	case c.Data == "" && c.Database == "":
		fault("data", "name a directory for the database")
	case c.Data == "" && c.MasterKey == "":
		fault("master_key", "without data there is no place for a generated master key: give master_key_file")
	}
	if d := string(c.Database); d != "" && !strings.HasPrefix(d, "postgres://") && !strings.HasPrefix(d, "postgresql://") {
		fault("database", "it is no URL of PostgreSQL; write postgres://USER@HOST:PORT/NAME")
	}
	checkCertificate(fault, c)
	if c.MasterKey != "" {
		if _, err := secret.ParseKeyring([]byte(c.MasterKey)); err != nil {
			fault("master_key", "%s", err)
		}
	}
}

func checkCertificate(fault faulter, c *Config) {
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		fault("tls.certificate_file", "certificate_file and key_file go together")
		return
	}
	for _, f := range [][2]string{{"tls.certificate_file", c.TLS.Certificate}, {"tls.key_file", c.TLS.Key}} {
		if _, err := os.Stat(f[1]); f[1] != "" && err != nil {
			fault(f[0], "%s cannot be read: it is missing, or a folder above it is closed", f[1])
		}
	}
}

func checkProxies(fault faulter, c *Config) {
	for _, p := range c.TrustedProxies {
		_, err1 := netip.ParsePrefix(p)
		_, err2 := netip.ParseAddr(p)
		if err1 != nil && err2 != nil {
			fault("trusted_proxies", "%q is neither an address nor a range such as 10.0.0.0/8", p)
		}
	}
	if c.ProxyHeader != "x-forwarded-for" && c.ProxyHeader != "forwarded" {
		fault("proxy_header", "%q is neither x-forwarded-for nor forwarded", c.ProxyHeader)
	}
}

// checkConsole bounds sessions as the standard does for those whose loss hurts.
//
// Spec: NIST SP 800-63B-4 §2.2.3.
func checkConsole(fault faulter, c Console) {
	within(fault, "console.idle", c.Idle, time.Minute, time.Hour)
	within(fault, "console.absolute", c.Absolute, 5*time.Minute, 24*time.Hour)
	within(fault, "console.proof", c.Proof, time.Minute, time.Hour)
	within(fault, "console.link", c.Link, 5*time.Minute, 30*24*time.Hour)
}

func checkPassword(fault faulter, p Password) {
	if p.Parallelism < 1 || p.Parallelism > 16 || p.MemoryKiB < 0 || p.Time < 0 {
		fault("password.parallelism", "%s", account.ErrParams)
	} else if err := p.Params().Check(); err != nil {
		fault("password.memory_kib", "%s", err)
	}
	if p.MinLength < account.FloorMinPassword || p.MinLength > 64 {
		fault("password.min_length", "%d is not between %d and 64 (NIST SP 800-63B-4 §3.1.1.2)", p.MinLength, account.FloorMinPassword)
	}
	if p.Workers < 0 || p.Workers > 1024 {
		fault("password.workers", "%d is not between 0 and 1024", p.Workers)
	}
	if p.Queue < 0 || p.Queue > 1<<20 {
		fault("password.queue", "%d is not between 0 and %d", p.Queue, 1<<20)
	}
	within(fault, "password.wait", p.Wait, 10*time.Millisecond, 30*time.Second)
}

func checkLogin(fault faulter, lo Login) {
	for path, r := range pairs("login.person_address", lo.PersonAddress, "login.person", lo.Person) {
		if r.Free == 0 {
			fault(path+".free", "0 would lock people out for one slip; -1 switches the limit off")
		}
		within(fault, path+".window", r.Window, time.Second, 30*24*time.Hour)
		within(fault, path+".first_wait", r.First, 10*time.Millisecond, time.Duration(max(r.Longest, client.Duration(10*time.Millisecond))))
		within(fault, path+".longest_wait", r.Longest, time.Second, 24*time.Hour)
	}
	for path, r := range pairs("login.address", lo.Address, "login.app", lo.App) {
		if r.Burst == 0 {
			fault(path+".burst", "0 would refuse everybody; -1 switches the limit off")
		}
		within(fault, path+".every", r.Every, time.Microsecond, time.Hour)
	}
	if lo.SuspectBurst < 1 {
		fault("login.suspect_burst", "%d is less than 1", lo.SuspectBurst)
	}
	if lo.Tracked < 1024 {
		fault("login.tracked", "%d is less than 1024", lo.Tracked)
	}
}

// pairs goes through two named values in order.
func pairs[T any](name1 string, v1 T, name2 string, v2 T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		if yield(name1, v1) {
			yield(name2, v2)
		}
	}
}
