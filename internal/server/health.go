package server

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// health answers /healthz (the process lives) and /readyz (it may be sent
// requests). It stands before the routes: probes leave no line in the log.
type health struct {
	checks   []check
	draining atomic.Bool
	next     http.Handler
}

type check struct {
	name string
	run  func() error
}

// Readiness is what /readyz says. Its JSON names are stable.
type Readiness struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // ok, or what is wrong
}

func (h *health) readiness() Readiness {
	r := Readiness{Ready: true, Checks: map[string]string{}}
	for _, c := range h.checks {
		r.Checks[c.name] = "ok"
		if err := c.run(); err != nil {
			r.Ready, r.Checks[c.name] = false, err.Error()
		}
	}
	if h.draining.Load() {
		r.Ready, r.Checks["serving"] = false, "the server is stopping"
	}
	return r
}

// ServeHTTP answers the two probes and passes everything else on.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		look(w, r, http.StatusOK, map[string]string{"status": "ok"})
	case "/readyz":
		state := h.readiness()
		status := http.StatusOK
		if !state.Ready {
			status = http.StatusServiceUnavailable
		}
		look(w, r, status, state)
	default:
		h.next.ServeHTTP(w, r)
	}
}

func look(w http.ResponseWriter, r *http.Request, status int, v any) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := json.Marshal(v)
	if err != nil { // texts and booleans only
		status = http.StatusInternalServerError
	}
	head.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
