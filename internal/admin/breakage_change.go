package admin

import (
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/usage"
)

// ChangeForecast says who would be refused after a change, going by the requests
// of the last days. Its JSON names are stable.
type ChangeForecast struct {
	Counted bool      `json:"counted"` // false: nobody counted requests, or the app is new
	Days    int       `json:"days"`    // that it rests on
	Of      int64     `json:"of"`      // requests of the app in that time
	Refused int64     `json:"refused"` // how many of them would have been refused
	Last    time.Time `json:"last,omitzero"`
	Unknown []string  `json:"unknown"` // settings whose effect on requests is not recorded
}

// Nobody says whether it is known that nobody breaks.
func (f ChangeForecast) Nobody() bool { return f.Counted && f.Refused == 0 && len(f.Unknown) == 0 }

// change foretells what becomes of an app's requests when its values change.
func (t *traffic) change(before, after review.App) ChangeForecast {
	if t.since.IsZero() {
		return ChangeForecast{Unknown: []string{}}
	}
	id := oauth.ClientID(after.ID)
	f := ChangeForecast{Counted: true, Days: t.days(), Unknown: []string{}}
	f.Of, _ = t.recent(id, "", usage.Login, usage.Token, usage.Refresh)
	if f.Of == 0 {
		return f
	}
	for _, name := range slices.Sorted(maps.Keys(after.Values)) {
		was, is := before.Values[name], after.Values[name]
		if was.Text() == is.Text() || looser(name, was.Data, is.Data) {
			continue
		}
		n, last, known := t.stricter(before, after, name)
		if !known {
			f.Unknown = append(f.Unknown, name)
		}
		if f.Refused += n; last.After(f.Last) {
			f.Last = last
		}
	}
	f.Refused = min(f.Refused, f.Of) // one request may meet several changes
	return f
}

// admitsWhen are settings that admit more when they have this value.
var admitsWhen = map[string]any{
	"app.enabled": true, "app.blocked": false, "app.first_party": true, "app.pkce.required": false, "app.require_secret.code": false,
	"app.require_secret.refresh": false, "app.code_and_credentials.post_only": false, "app.refresh.rotation": false,
	"app.id_token.nonce_required": false, "app.policy.introspect_all": true, "app.resource_server": true,
	"app.policy.permitted_users": string(client.SelfAuthorize), "app.policy.ip": string(client.IPBypass),
}

// unmet are settings that refuse no request of the app, whatever they are: what
// tokens hold, how long they live, and what only describes the app.
var unmet = []string{
	"app.client_type", "app.platform", "app.verified_publisher", "app.created", "app.claims.allow", "app.uses_api", "app.oauth.enabled",
	"app.access_token.ttl", "app.policy.session_timeout", "app.id_token.ttl", "app.id_token.standard_claims", "app.secret.age",
	"app.require_secret.token_exchange", "app.blocked", "app.cors.endpoints",
}

// looser says whether a change admits all that was admitted before.
func looser(name string, was, is any) bool {
	if open, ok := admitsWhen[name]; ok && is == open || slices.Contains(unmet, name) {
		return true
	}
	switch is := is.(type) {
	case bool:
		return is && strings.HasPrefix(name, "app.flows.")
	case time.Duration:
		before, ok := was.(time.Duration)
		return ok && is > before
	case []string:
		before, ok := was.([]string)
		anybody := name == "app.policy.groups" || name == "app.policy.ip_ranges" // an empty list admits all
		switch {
		case anybody && len(is) == 0:
			return true
		case !ok || anybody && len(before) == 0:
			return false
		}
		return !slices.ContainsFunc(before, func(v string) bool { return !slices.Contains(is, v) })
	}
	return false
}

// stricter says how many recent requests a value that became stricter would have
// refused, and whether that is known.
func (t *traffic) stricter(before, after review.App, name string) (n int64, last time.Time, known bool) {
	id := oauth.ClientID(after.ID)
	switch name {
	case "app.enabled":
		n, last = t.recent(id, "", usage.Login, usage.Token, usage.Refresh)
		return n, last, true
	case "app.first_party":
		n, last = t.recent(id, flow.CodeAndCredentials, usage.Login, usage.Token)
		return n, last, true
	case "app.client_auth":
		n, last = t.recent(id, "", usage.Token, usage.Refresh)
		bare, _ := t.recent(id, "", usage.BareToken, usage.BareRefresh)
		return n - bare, last, true
	case "app.policy.ip_ranges", "app.policy.ip":
		if name == "app.policy.ip_ranges" && before.Values["app.policy.ip"].Text() != after.Values["app.policy.ip"].Text() {
			return 0, time.Time{}, true // counted with the mode
		}
		if after.Values["app.policy.ip"].Data == string(client.IPBypass) {
			return 0, time.Time{}, true
		}
		return t.outside(id, after, review.Step{Name: "app.policy.ip", To: "enforce"})
	case "app.redirect_uris", "app.cors.origins", "app.policy.permitted_users", "app.policy.groups", "app.id_token.nonce_required", "app.policy.session_assurance":
		return t.unlessSeen(id, usage.Login)
	case "app.access_token.format", "app.access_token.alg", "app.access_token.audience", "app.id_token.alg", "app.id_token.audience":
		n, _ = t.recent(id, "", usage.Token, usage.Refresh)
		return 0, time.Time{}, n == 0
	}
	return t.broken(after, review.Step{Name: name, To: after.Values[name].Data})
}
