package admin

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/review"
)

// Usage is what was seen of an app in the last 90 days. Nil means that nobody
// kept it.
type Usage struct {
	LastUsed   time.Time
	ScopesUsed oauth.Scopes
	LiveTokens int
}

// Facts are what a review needs to know besides the records: how this server was
// started, and what was seen.
type Facts struct {
	Version        string
	TrustedProxies []string
	Salesforce     bool // the dialect is served, with its oauth_token parameter
	Usage          map[oauth.ClientID]*Usage
	Waivers        []review.Waiver
	Attestations   []review.Attestation
}

// Snapshot takes everything a review judges, at one moment. Values are the
// effective ones: client.Resolve computed them, and enforcement reads the same.
func (d *Desk) Snapshot(ctx context.Context, f Facts) (review.Snapshot, error) {
	org, err := d.Apps.Org(ctx)
	if err != nil {
		return review.Snapshot{}, err
	}
	apps, err := d.Apps.Clients(ctx)
	if err != nil {
		return review.Snapshot{}, err
	}
	keys, err := d.Signing.Keys(ctx)
	if err != nil {
		return review.Snapshot{}, err
	}
	return d.snapshotOf(org, keys, apps, f), nil
}

// snapshotOf arranges records, saved or drafted.
func (d *Desk) snapshotOf(org client.Org, keys []*key.Key, apps []*client.Client, f Facts) review.Snapshot {
	s := review.Snapshot{
		Taken: d.Now().UTC().Truncate(time.Second), ServerVersion: f.Version, Source: "server",
		Server: serverValues(org, keys, apps, f), Scopes: scopeValues(apps), Waivers: f.Waivers, Attestations: f.Attestations,
	}
	for _, c := range apps {
		s.Apps = append(s.Apps, d.AppSnapshot(org, c, f))
	}
	return s
}

// AppSnapshot is one app, saved or drafted, as a review sees it.
func (d *Desk) AppSnapshot(org client.Org, c *client.Client, f Facts) review.App {
	return review.App{ID: string(c.ID), Name: c.Name, Values: appValues(org, c, f.Usage[c.ID], d.Now())}
}

// The layers a value may come from.
const (
	byServer  = "server default"
	byApp     = "app setting"
	byPolicy  = "policy"
	byVersion = "this version"
	byUse     = "usage"
)

// promises are what every server of this version does, whatever is configured.
// The metadata walk and the protocol scripts hold it to them.
var promises = map[string]any{
	"server.oauth.allow.implicit": false, "server.oauth.allow.password": false, "server.oauth.app_creation": "admins",
	"server.oauth.new_apps_start_disabled": false, "server.oauth.dcr": "off", "server.oauth.dcr_grants": []string{},
	"server.oauth.admin_approved_apps_only": true, "server.oauth.redirect_uri_allowlist": []string{},
	"server.oauth.code_replay_revokes": true, "server.oauth.pkce_downgrade_check": true, "server.oauth.iss_parameter": false,
	"server.introspection.checks_audience": true, "server.revocation.cascades": true, "server.revocation.latency": time.Second,
	"server.metadata.walk": "not_run", "server.http.no_store": true, "server.logs.redacted": true,
	"server.pages.frame_ancestors": "none", "server.pages.csrf": true, "server.pages.referrer_policy": "no-referrer",
	"server.pages.third_party_content": false, "server.pages.credential_redirect_status": 303, "server.pages.untrusted_errors": "page",
	"server.limits.login": []string{"client", "user", "address"}, "server.limits.token": []string{"client", "address"},
	"server.limits.introspection": []string{"client", "address"}, "server.limits.device": []string{},
	"server.mfa.required": false, "server.mfa.required_for_admins": false, "server.ciba.enabled": false,
	"server.push.enabled": false, "server.logout.enabled": false,
	"server.secrets.api_read": false, "server.secrets.export_includes_secret": false, "server.secrets.storage": "hashed",
	"server.admin.mfa": false, "server.admin.scoped_tokens": true, "server.admin.step_up_for_secret": false,
	"server.audit.append_only": true, "server.audit.hash_chain": false, "server.audit.secret_read_event": true,
	"server.alerts.anomaly": false, "server.alerts.app_created": false, "server.keys.overlap": key.KeepAfter,
}

func serverValues(org client.Org, keys []*key.Key, apps []*client.Client, f Facts) review.Values {
	v := review.Values{}
	for name, data := range promises {
		v[name] = review.Of(data, byVersion)
	}
	for _, n := range []flow.Name{flow.CodeAndCredentials, flow.Device, flow.ClientCredentials, flow.TokenExchange} {
		row, _ := flow.ByName(n)
		v["server.oauth.allow."+string(n)] = review.Of(row.Served && !slices.Contains(org.FlowsOff, n), byServer)
	}
	for name, data := range planeValues(apps) {
		v[name] = review.Of(data, byApp)
	}
	v["server.oauth.require_pkce"] = review.Of(org.RequirePKCE, byServer)
	v["server.http.token_in_query"] = review.Of(f.Salesforce, byVersion)
	v["server.trusted_proxies"] = review.Of(append([]string{}, f.TrustedProxies...), "configuration")
	for _, name := range []string{"server.admin.session_ttl", "server.secrets.last_export", "server.resource_servers", "server.admin.config_readers"} {
		v[name] = review.Nothing(byVersion)
	}
	var algs []string
	bits := 0
	for _, k := range key.Of(key.ForTokens, keys) {
		if k.State != key.Active {
			continue
		}
		algs = append(algs, string(k.Alg))
		if b := keyBits(k); bits == 0 || b < bits {
			bits = b
		}
	}
	if len(algs) == 0 { // the first start makes one of each
		algs, bits = []string{"ES256", "RS256"}, 2048
	}
	slices.Sort(algs)
	v["server.keys.algs"] = review.Of(algs, "signing keys")
	v["server.keys.min_bits"] = review.Of(bits, "signing keys")
	v["server.keys.max_age"] = review.Of(key.RotateAfter, byVersion)
	return v
}

// planeValues are from where, and for how long, this server can be administered
// by apps: without an app that holds rights, from the machine itself alone.
func planeValues(apps []*client.Client) map[string]any {
	network, reach := []string{"socket", "loopback", "allowlist", "any"}, 0
	for _, c := range apps {
		e := client.Resolve(client.Org{}, c)
		if !e.Enabled || !e.Flow(flow.ClientCredentials).On || !slices.ContainsFunc(e.Scopes, oauth.Scope.Admin) {
			continue
		}
		open := len(e.IPRanges) == 0 || e.IP == client.IPBypass
		switch {
		case open:
			reach = 3
		case slices.ContainsFunc(e.IPRanges, func(p netip.Prefix) bool { return !p.Addr().IsLoopback() }):
			reach = max(reach, 2)
		default:
			reach = max(reach, 1)
		}
	}
	return map[string]any{"server.admin.network": network[reach], "server.admin.token_ttl": policy.AdminTokenCeiling}
}

// keyBits counts an elliptic key as the RSA key of the same strength.
func keyBits(k *key.Key) int {
	if k.Alg == "RS256" {
		return 2048
	}
	return 3072
}

// scopeValues describes every scope an app of this server may be granted. What
// lies behind a scope is the resource server's business: only the identity
// scopes and full access are known here.
func scopeValues(apps []*client.Client) map[string]review.Values {
	out := map[string]review.Values{}
	for _, c := range apps {
		for _, s := range c.Settings.Scopes {
			full := s == oauth.ScopeFull
			out[string(s)] = review.Values{
				"scope.identity":          review.Of(onlyIdentity(oauth.Scopes{s}), byVersion),
				"scope.privileged":        review.Of(full || s.Admin(), byVersion),
				"scope.wildcard":          review.Of(full, byVersion),
				"scope.confidential":      review.Of(full || s.Admin(), byVersion),
				"scope.actions":           review.Nothing(byVersion),
				"scope.resource":          review.Nothing(byVersion),
				"scope.resource_rechecks": review.Of(false, byVersion),
			}
		}
	}
	return out
}
