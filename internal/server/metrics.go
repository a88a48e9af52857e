package server

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"countersign/internal/grant"
	"countersign/internal/login"
	"countersign/internal/sqlstore"
	"countersign/internal/web"
)

// metrics counts what this node does. No label holds text of a request: routes,
// outcomes and rules are names out of our own tables.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	unsaid   prometheus.Counter // audit events that could not be written at the first try

	mu       sync.Mutex
	children atomic.Pointer[map[label]child]
}

type label struct{ route, outcome, rule string }

// child is resolved once: finding it anew costs ten times as much as counting.
type child struct {
	count   prometheus.Counter
	latency prometheus.Observer
}

func newMetrics(version string, routes []web.Route) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "countersign_requests_total", Help: "Requests by route, outcome (ok, refused, fault, gone) and the rule that refused.",
		}, []string{"route", "outcome", "rule"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "countersign_request_seconds", Help: "Time from the first byte read to the last byte written, by route.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5},
		}, []string{"route"}),
		unsaid: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "countersign_audit_write_failures_total", Help: "Attempts to write audit events of refusals that failed; they are tried again.",
		}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "countersign_info", Help: "Always 1; the label says which version runs.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(m.requests, m.latency, m.unsaid, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.children.Store(&map[label]child{})
	for _, r := range routes {
		m.child(label{r.Pattern, web.OutcomeOK, ""})
	}
	return m
}

// Observe counts one request.
func (m *metrics) Observe(route, outcome, rule string, d time.Duration) {
	l := label{route, outcome, rule}
	c, ok := (*m.children.Load())[l]
	if !ok {
		c = m.child(l)
	}
	c.count.Inc()
	c.latency.Observe(d.Seconds())
}

func (m *metrics) child(l label) child {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := maps.Clone(*m.children.Load())
	c := child{m.requests.WithLabelValues(l.route, l.outcome, l.rule), m.latency.WithLabelValues(l.route)}
	next[l] = c
	m.children.Store(&next)
	return c
}

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// state reads what other parts count for themselves, once for each scrape.
type state struct {
	store   func() sqlstore.Stats
	pool    func() login.PoolStats
	endings *grant.Endings
	ready   func() bool
	lost    func() uint64

	uncounted func() uint64
}

// gauge and counter are the columns of the table in Collect.
const (
	gauge   = prometheus.GaugeValue
	counter = prometheus.CounterValue
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("countersign_"+name, help, labels, nil)
}

var (
	descReady      = desc("ready", "1 while this node may be sent requests.")
	descCommits    = desc("store_commits_total", "Transactions committed; each is one durable write.")
	descOps        = desc("store_operations_total", "Changes in those transactions.")
	descGroups     = desc("store_commit_groups_total", "Transactions by the number of changes that shared them, rounded down to a power of two.", "size")
	descFailed     = desc("store_failed_commits_total", "Transactions that failed.")
	descUnknown    = desc("store_unknown_outcomes_total", "Tries whose outcome could not be told at once.")
	descRefused    = desc("store_refused_total", "Changes refused because too many waited.")
	descPolls      = desc("store_failed_polls_total", "Polls of the database that failed.")
	descJobs       = desc("store_failed_jobs_total", "Cleaning jobs that failed.")
	descSwept      = desc("store_swept_rows_total", "Rows removed because nothing can need them.")
	descQueue      = desc("store_queue", "Changes that wait to be written.")
	descSlots      = desc("store_slots_behind", "Slots of the ring of spent values that should have been emptied.")
	descLost       = desc("audit_dropped_total", "Audit events of refusals that were dropped because too many waited.")
	descUncounted  = desc("usage_dropped_total", "Observations of requests that were not counted because too many waited.")
	descLease      = desc("store_lease_age_seconds", "Time since the last good poll; at ten nothing is issued.")
	descVersion    = desc("config_version", "Version of apps, keys and settings that this node knows.")
	descEndings    = desc("endings", "Endings of grants and tokens kept in memory.")
	descOpen       = desc("store_connections", "Connections to the database that are open (none to a file).")
	descInUse      = desc("store_connections_in_use", "Connections that run something.")
	descWaits      = desc("store_connection_waits_total", "Times that somebody waited for a connection.")
	descWaited     = desc("store_connection_wait_seconds_total", "Time spent waiting for a connection.")
	descWorkers    = desc("password_workers", "Passwords that can be hashed at the same time.")
	descBusy       = desc("password_workers_busy", "Workers in use.")
	descWaiting    = desc("password_queue", "Logins that wait for a worker.")
	descHashed     = desc("password_checks_total", "Password checks that were served.")
	descOverflowed = desc("password_refused_total", "Password checks that were not served, by reason.", "reason")
)

// Describe implements prometheus.Collector.
func (s *state) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(s, out) }

// Collect implements prometheus.Collector.
func (s *state) Collect(out chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, t, v, labels...)
	}
	st, pool := s.store(), s.pool()
	ready := 0.0
	if s.ready() {
		ready = 1
	}
	put(descReady, gauge, ready)
	for _, c := range []struct {
		d *prometheus.Desc
		v uint64
	}{
		{descCommits, st.Commits},
		{descOps, st.Operations},
		{descFailed, st.Failed},
		{descUnknown, st.Unknown},
		{descRefused, st.Refused},
		{descPolls, st.FailedPolls},
		{descJobs, st.FailedJobs},
		{descSwept, st.Swept},
		{descWaits, st.Waits},
		{descHashed, pool.Done},
		{descLost, s.lost()},
		{descUncounted, s.uncounted()},
	} {
		put(c.d, counter, float64(c.v))
	}
	for i, n := range st.Groups {
		put(descGroups, counter, float64(n), strconv.Itoa(1<<i))
	}
	put(descOverflowed, counter, float64(pool.Overflowed), "queue full")
	put(descOverflowed, counter, float64(pool.Expired), "waited too long")
	put(descOverflowed, counter, float64(pool.Cancelled), "client gone")
	put(descQueue, gauge, float64(st.Queue))
	put(descWaited, counter, st.Waited.Seconds())
	put(descOpen, gauge, float64(st.Connections))
	put(descInUse, gauge, float64(st.InUse))
	put(descSlots, gauge, float64(st.SlotsBehind))
	put(descLease, gauge, st.LeaseAge.Seconds())
	put(descVersion, gauge, float64(st.Version))
	put(descEndings, gauge, float64(s.endings.Len()))
	put(descWorkers, gauge, float64(pool.Workers))
	put(descBusy, gauge, float64(pool.Busy))
	put(descWaiting, gauge, float64(pool.Waiting))
}
