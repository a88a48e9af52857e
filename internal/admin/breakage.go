package admin

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/usage"
)

// harmless are settings that no request meets: who owns an app, what a person
// must do, and what this version does whatever anybody sets.
var harmless = []string{
	"app.usage.", "app.secret.rotation_scheduled", "app.code_and_credentials.guest", "app.code_and_credentials.in_url",
	"app.static_credentials", "app.oauth.enabled", "app.pkce.methods", "app.refresh.reuse_detection", "app.access_token.typ",
	"server.admin.", "server.audit.", "server.secrets.", "server.pages.", "server.logs.", "server.http.no_store",
	"server.oauth.code_replay_revokes", "server.oauth.app_creation", "server.oauth.dcr", "server.oauth.new_apps_start_disabled",
	"server.revocation.", "server.introspection.",
}

// broken says how many of an app's recent requests a step would have refused,
// when the last of them came, and whether that is known at all. What depends on
// something that is not recorded is unknown, not nobody.
func (t *traffic) broken(a review.App, s review.Step) (n int64, last time.Time, known bool) {
	id := oauth.ClientID(a.ID)
	if s.Name == "" || slices.ContainsFunc(harmless, func(p string) bool { return strings.HasPrefix(s.Name, p) }) {
		return 0, time.Time{}, true
	}
	if name, ok := flowOf(s.Name); ok {
		return t.withoutFlow(id, name, s)
	}
	if trait, ok := refusedBy[s.Name]; ok && (s.To == true || trait == usage.Repeated) {
		n, last := t.recent(id, "", trait)
		return n, last, true
	}
	if trait, ok := unrecorded[s.Name]; ok {
		return t.unlessSeen(id, trait)
	}
	switch s.Name {
	case "app.refresh.policy":
		return t.underPolicy(id, s)
	case "app.refresh.idle_ttl":
		return t.beyond(id, usage.Trait.Idle, s.To)
	case "app.refresh.absolute_ttl":
		return t.beyond(id, usage.Trait.Age, s.To)
	case "app.scopes":
		return t.withoutScopes(id, s)
	case "app.policy.ip":
		return t.outside(id, a, s)
	}
	return 0, time.Time{}, false
}

// flowOf is the flow that a name switches.
func flowOf(name string) (flow.Name, bool) {
	for _, prefix := range []string{"app.flows.", "server.oauth.allow."} {
		if text, ok := strings.CutPrefix(name, prefix); ok {
			return flow.Name(text), true
		}
	}
	return "", false
}

// refusedBy says which requests a setting refuses once it is on. A shorter grace
// time refuses at most those that were answered again.
var refusedBy = map[string]usage.Trait{
	"app.pkce.required":                  usage.NoChallenge,
	"server.oauth.require_pkce":          usage.NoChallenge,
	"app.require_secret.code":            usage.BareToken,
	"app.require_secret.refresh":         usage.BareRefresh,
	"app.code_and_credentials.post_only": usage.InHeader,
	"app.refresh.grace":                  usage.Repeated,
}

// unrecorded are settings that refuse some requests of a kind, by something that
// is not recorded: whether the app keeps the next token, how old a token was.
var unrecorded = map[string]usage.Trait{
	"app.refresh.rotation": usage.Refresh, "app.code.ttl": usage.Token,
}

// beyond counts refreshes that a limit would have refused: those of which it is
// sure that they came later. If one may have been on either side of the limit, or
// was counted before such things were, it is unknown.
func (t *traffic) beyond(id oauth.ClientID, span func(usage.Trait) (least, most time.Duration, ok bool), limit any) (n int64, last time.Time, known bool) {
	all, _ := t.recent(id, "", usage.Refresh)
	end, ok := limit.(time.Duration)
	if !ok || all == 0 || end == review.Forever {
		return 0, time.Time{}, all == 0 || ok
	}
	from := usage.DayOf(t.now) - recentDays + 1
	for _, k := range t.apps[id] {
		least, most, ok := span(k.Trait)
		if !ok || k.Day < from {
			continue
		}
		c := t.counts[k]
		switch all -= c.N; {
		case least >= end:
			if n += c.N; c.Last.After(last) {
				last = c.Last
			}
		case most == 0 || most > end:
			return 0, time.Time{}, false
		}
	}
	return n, last, all <= 0
}

// underPolicy: a policy refuses by its limits. Those that the patch does not set
// are the usual ones.
func (t *traffic) underPolicy(id oauth.ClientID, s review.Step) (int64, time.Time, bool) {
	switch s.To {
	case string(client.RefreshInfinite):
		return 0, time.Time{}, true
	case string(client.RefreshZero):
		n, last := t.recent(id, "", usage.Refresh)
		return n, last, true
	case string(client.RefreshLifetime):
		return t.beyond(id, usage.Trait.Age, client.DefaultRefreshAbsolute)
	case string(client.RefreshInactivity):
		idle, at, known := t.beyond(id, usage.Trait.Idle, client.DefaultRefreshIdle)
		old, then, also := t.beyond(id, usage.Trait.Age, client.DefaultRefreshAbsolute)
		if then.After(at) {
			at = then
		}
		return idle + old, at, known && also
	}
	return 0, time.Time{}, false
}

// unlessSeen: nobody breaks if such requests never came; otherwise it is unknown.
func (t *traffic) unlessSeen(id oauth.ClientID, trait usage.Trait) (int64, time.Time, bool) {
	n, _ := t.recent(id, "", trait)
	return 0, time.Time{}, n == 0
}

// withoutFlow: all requests of a flow fail without it; a flow that is switched
// on breaks nobody.
func (t *traffic) withoutFlow(id oauth.ClientID, name flow.Name, s review.Step) (int64, time.Time, bool) {
	switch {
	case s.To == true:
		return 0, time.Time{}, true
	case s.To == nil:
		return 0, time.Time{}, false
	case name == flow.RefreshToken:
		n, last := t.recent(id, "", usage.Refresh)
		return n, last, true
	}
	n, last := t.recent(id, name, usage.Login, usage.Token, usage.Refresh)
	return n, last, true
}

// withoutScopes: whoever was granted a scope that goes away.
func (t *traffic) withoutScopes(id oauth.ClientID, s review.Step) (n int64, last time.Time, known bool) {
	kept, ok := s.To.([]string)
	if !ok {
		return 0, time.Time{}, false
	}
	from := usage.DayOf(t.now) - recentDays + 1
	gone := map[oauth.Scope]int64{}
	for _, k := range t.apps[id] {
		scope, ok := k.Trait.Scope()
		if !ok || k.Day < from || slices.Contains(kept, string(scope)) {
			continue
		}
		c := t.counts[k]
		gone[scope] += c.N
		n = max(n, gone[scope]) // one token may hold several
		if c.Last.After(last) {
			last = c.Last
		}
	}
	return n, last, true
}

// outside: requests from networks that the app's ranges do not cover, once they
// are enforced.
func (t *traffic) outside(id oauth.ClientID, a review.App, s review.Step) (n int64, last time.Time, known bool) {
	texts, _ := a.Values["app.policy.ip_ranges"].Data.([]string)
	if s.To != "enforce" {
		return 0, time.Time{}, false
	}
	if len(texts) == 0 { // no range admits everybody
		return 0, time.Time{}, true
	}
	var ranges []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			ranges = append(ranges, p)
		}
	}
	from := usage.DayOf(t.now) - recentDays + 1
	for _, k := range t.apps[id] {
		net, ok := k.Trait.Network()
		if !ok || k.Day < from {
			continue
		}
		if !net.IsValid() { // networks that were not told apart
			return 0, time.Time{}, false
		}
		covered := func(r netip.Prefix) bool { return r.Overlaps(net) && r.Bits() <= net.Bits() }
		if slices.ContainsFunc(ranges, covered) {
			continue
		}
		if slices.ContainsFunc(ranges, net.Overlaps) { // part of the network only
			return 0, time.Time{}, false
		}
		c := t.counts[k]
		n += c.N
		if c.Last.After(last) {
			last = c.Last
		}
	}
	return n, last, true
}
