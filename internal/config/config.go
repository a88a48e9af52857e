// Package config owns the server's configuration: one struct, its defaults, and
// how file, environment and flags fill it, in that order. It reports every fault
// at once, each with its place. It knows nothing of apps and people: those are
// records, changed while the server runs.
package config

import (
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/client"
	"countersign/internal/gate"
	"countersign/internal/login"
)

// Config is everything that is set before the server starts. The tag yaml is the
// key, doc the sentence of the reference. A Secret may also be given as
// <key>_file; reload says that a running server takes up a new value. Every key has the environment variable COUNTERSIGN_ + its path in
// upper case, with _ for the dot.
type Config struct {
	Listen         string          `yaml:"listen" doc:"Address and port to serve on. Port 0 takes a free one and prints it."`
	Issuer         string          `yaml:"issuer" doc:"The server's name in every token: the https URL under which apps reach it. Empty: http and the address it listens on, for trials."`
	Data           string          `yaml:"data" doc:"Directory of the embedded database and the generated master key. With a PostgreSQL database it holds the key alone."`
	Database       Secret          `yaml:"database" doc:"URL of a PostgreSQL database, 15 or newer, in place of the embedded one: postgres://USER@HOST:PORT/NAME. Several hosts are separated by commas; PGPASSFILE, PGPASSWORD and PGSSLROOTCERT are honoured."`
	MasterKey      Secret          `yaml:"master_key" doc:"The key that seals everything else: one or more lines of 32 bytes in base64, the current one first. Empty: the file master.key in the data directory, made at the first start."`
	MetricsListen  string          `yaml:"metrics_listen" doc:"Address and port of /metrics, apart from the public one. Empty: off. If nobody sets it and the port is taken, a free one is used and logged."`
	TLS            TLS             `yaml:"tls"`
	TrustedProxies []string        `yaml:"trusted_proxies" reload:"yes" doc:"Addresses or ranges of reverse proxies whose word on the client's address is believed."`
	ProxyHeader    string          `yaml:"proxy_header" reload:"yes" doc:"What those proxies write: x-forwarded-for or forwarded."`
	LogLevel       string          `yaml:"log_level" reload:"yes" doc:"debug, info, warn or error. Each request is one line at info."`
	Password       Password        `yaml:"password"`
	Login          Login           `yaml:"login" reload:"yes"`
	Salesforce     Salesforce      `yaml:"salesforce"`
	Console        Console         `yaml:"console"`
	AdminAPI       AdminAPI        `yaml:"admin_api"`
	AuditRetention client.Duration `yaml:"audit_retention" doc:"How long audit events are kept. 0s: forever."`
	PollInterval   client.Duration `yaml:"poll_interval" doc:"How often the database is asked for changes. Half a second at most, so that a change is in force everywhere within one."`
	ShutdownGrace  client.Duration `yaml:"shutdown_grace" doc:"How long requests under way may take after SIGTERM."`
	DrainWait      client.Duration `yaml:"drain_wait" doc:"How long /readyz says no before connections are refused, so that a load balancer notices."`
}

// URL is the database's, in the clear: what comes from a file ends in a newline.
func (c *Config) URL() string { return strings.TrimSpace(string(c.Database)) }

// TLS says which certificate to serve with. The files are read again when they
// change.
type TLS struct {
	Certificate string `yaml:"certificate_file" doc:"PEM file of the certificate and its chain. Empty: plain HTTP, for a reverse proxy or for trials."`
	Key         string `yaml:"key_file" doc:"PEM file of the certificate's key; only its owner may read it."`
}

// Password says how passwords are judged and hashed.
type Password struct {
	MemoryKiB   int             `yaml:"memory_kib" doc:"Memory of one argon2id hash, in KiB."`
	Time        int             `yaml:"time" doc:"Passes over that memory."`
	Parallelism int             `yaml:"parallelism" doc:"Lanes of one hash."`
	MinLength   int             `yaml:"min_length" doc:"Least number of characters of a new password; 8 or more, 15 where the password is the only factor."`
	Workers     int             `yaml:"workers" doc:"How many passwords are hashed at the same time. 0: one for each core."`
	Queue       int             `yaml:"queue" doc:"How many more may wait."`
	Wait        client.Duration `yaml:"wait" doc:"How long one may wait before it is answered 503."`
}

// Login bounds failed logins.
type Login struct {
	PersonAddress Rule            `yaml:"person_address"`
	Person        Rule            `yaml:"person"`
	Address       Rate            `yaml:"address"`
	App           Rate            `yaml:"app"`
	SuspectBurst  int             `yaml:"suspect_burst" doc:"Failures at once of each address, while a public app's limit is reached."`
	KnownFor      client.Duration `yaml:"known_for" doc:"How long an address where the person signed in passes the person's own limit. 0s: never."`
	Tracked       int             `yaml:"tracked" doc:"Most entries of each table of failures in memory."`
}

// Rule is a progressive limit on failures, kept in the database.
type Rule struct {
	Free    int             `yaml:"free" doc:"Failures that cost no wait. -1: no limit."`
	Window  client.Duration `yaml:"window" doc:"Time in which the free failures are forgotten."`
	First   client.Duration `yaml:"first_wait" doc:"Wait after the first failure beyond the free ones; doubled by each further one."`
	Longest client.Duration `yaml:"longest_wait" doc:"Longest wait."`
}

// Rate is a limit on failures, kept in memory.
type Rate struct {
	Burst int             `yaml:"burst" doc:"Failures at once. -1: no limit."`
	Every client.Duration `yaml:"every" doc:"One more each."`
}

// Salesforce says how the Salesforce dialect is served.
type Salesforce struct {
	Enabled    Bool   `yaml:"enabled" doc:"Serve /services/oauth2/ and /id/."`
	BaseURL    string `yaml:"base_url" doc:"What instance_url and identity URLs begin with. Empty: the issuer."`
	SitePrefix string `yaml:"site_prefix" doc:"Path of the Experience Cloud site in front of every address, such as /customers. Empty: none."`
}

// Console says how the pages for administrators are served.
type Console struct {
	Enabled      Bool            `yaml:"enabled" doc:"Serve /console/ to administrators."`
	SecondFactor Bool            `yaml:"second_factor" doc:"Ask every administrator for an authenticator app; without one they come no further than setting it up."`
	Idle         client.Duration `yaml:"idle" doc:"How long a session lives without a request."`
	Absolute     client.Duration `yaml:"absolute" doc:"How long a session lives, whatever happens."`
	Proof        client.Duration `yaml:"proof" doc:"How long a password or code counts for secrets and for what cannot be undone."`
	Link         client.Duration `yaml:"link" doc:"How long a one-time link for an administrator can be used."`
}

// AdminAPI says how this server can be administered over HTTP.
type AdminAPI struct {
	Enabled Bool `yaml:"enabled" doc:"Serve /api/v1, for apps that an owner gave rights over this server. Without such an app nobody gets in."`
}

// Default is the configuration of somebody who sets nothing.
func Default() Config {
	d := login.DefaultLimits
	return Config{
		Listen: "127.0.0.1:8480", Data: "countersign-data", MetricsListen: "127.0.0.1:9480",
		ProxyHeader: "x-forwarded-for", LogLevel: "info",
		Password: Password{
			MemoryKiB: int(account.DefaultParams.MemoryKiB), Time: int(account.DefaultParams.Time),
			Parallelism: int(account.DefaultParams.Parallelism), MinLength: account.DefaultMinPassword,
			Queue: login.DefaultQueue, Wait: client.Duration(login.DefaultWait),
		},
		Login: Login{
			PersonAddress: rule(d.PersonAddress), Person: rule(d.Person), Address: rate(d.Address), App: rate(d.App),
			SuspectBurst: d.Suspect, KnownFor: client.Duration(d.KnownFor), Tracked: d.Tracked,
		},
		Salesforce: Salesforce{Enabled: true},
		Console: Console{
			Enabled: true, SecondFactor: true, Idle: client.Duration(gate.DefaultLives.Idle), Absolute: client.Duration(gate.DefaultLives.Absolute),
			Proof: client.Duration(gate.DefaultLives.Proof), Link: client.Duration(gate.DefaultLives.Link),
		},
		AdminAPI:       AdminAPI{Enabled: true},
		AuditRetention: client.Duration(400 * 24 * time.Hour),
		PollInterval:   client.Duration(400 * time.Millisecond),
		ShutdownGrace:  client.Duration(20 * time.Second),
	}
}

func rule(r login.Rule) Rule {
	return Rule{r.Free, client.Duration(r.Window), client.Duration(r.First), client.Duration(r.Most)}
}

func rate(r login.Rate) Rate { return Rate{r.Burst, client.Duration(r.Every)} }

// Limits returns the limits on failed logins as login wants them.
func (l Login) Limits() login.Limits {
	known := time.Duration(l.KnownFor)
	if known == 0 {
		known = -1 // there, zero means the default
	}
	return login.Limits{
		PersonAddress: l.PersonAddress.limit(), Person: l.Person.limit(), Address: l.Address.limit(), App: l.App.limit(),
		Suspect: l.SuspectBurst, KnownFor: known, Tracked: l.Tracked,
	}
}

func (r Rule) limit() login.Rule {
	return login.Rule{Free: r.Free, Window: time.Duration(r.Window), First: time.Duration(r.First), Most: time.Duration(r.Longest)}
}

func (r Rate) limit() login.Rate { return login.Rate{Burst: r.Burst, Every: time.Duration(r.Every)} }

// Params returns the cost of a password hash.
func (p Password) Params() account.Params {
	return account.Params{
		MemoryKiB:   uint32(p.MemoryKiB),  //nolint:gosec // bounded by Check
		Time:        uint32(p.Time),       //nolint:gosec // bounded by Check
		Parallelism: uint8(p.Parallelism), //nolint:gosec // bounded by Check
	}
}
