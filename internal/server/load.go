package server

import (
	"strings"

	"countersign/internal/flow"
	"countersign/internal/load"
	"countersign/internal/usage"
	"countersign/internal/web"
)

// countLoad counts a request for the plots of the console. The console's own
// pages are not counted: looking at the plots would change them.
func (s *Server) countLoad(e web.Event, outcome string) {
	if e.Dialect == "console" {
		return
	}
	switch outcome {
	case web.OutcomeOK:
		s.load.Observe(kindOf(e), e.Duration)
	case web.OutcomeRefused:
		s.load.Observe(load.Refused(e.Rule), e.Duration)
	case web.OutcomeFault:
		s.load.Observe(load.Fault, e.Duration)
	}
}

// kindOf is what a request that succeeded was for.
func kindOf(e web.Event) load.Kind {
	switch e.Seen.What {
	case usage.Login:
		return load.Login
	case usage.Token:
		if e.Seen.Flow == flow.ClientCredentials {
			return load.Client
		}
		return load.Exchange
	case usage.Refresh:
		return load.Refresh
	default: // the other traits come with one of these
	}
	switch name := e.Route[strings.LastIndexByte(e.Route, '/')+1:]; name {
	case "introspect":
		return load.Introspection
	case "userinfo":
		return load.Userinfo
	case "revoke":
		return load.Revocation
	}
	return load.Other
}
