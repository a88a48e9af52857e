package admin

import (
	"maps"
	"slices"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
)

// appValues are the effective values of an app in the words of the review.
func appValues(org client.Org, c *client.Client, u *Usage, now time.Time) review.Values {
	e := client.Resolve(org, c)
	v := review.Values{}
	set := func(layer string, values map[string]any) {
		for name, data := range values {
			if data == nil {
				v[name] = review.Nothing(layer)
				continue
			}
			v[name] = review.Of(data, layer)
		}
	}
	set(byApp, identityValues(c, e))
	set(byApp, wireValues(c, e))
	set(byApp, tokenValues(c, e))
	set(byPolicy, policyValues(c, e))
	set(byVersion, unserved)
	for name, data := range secretValues(c, now) {
		v[name] = review.Of(data, byApp)
	}
	usageValues(v, c, u)
	return v
}

func identityValues(c *client.Client, e *client.Effective) map[string]any {
	out := map[string]any{
		"app.enabled": e.Enabled, "app.blocked": c.Disabled, "app.oauth.enabled": true, "app.client_type": string(c.Type),
		"app.client_auth": string(c.Settings.AuthMethod), "app.platform": string(c.Platform), "app.first_party": c.FirstParty,
		"app.verified_publisher": c.Verified, "app.created": c.Created,
	}
	for _, f := range flow.All {
		out["app.flows."+string(f.Name)] = e.Flow(f.Name).On
	}
	return out
}

func wireValues(c *client.Client, e *client.Effective) map[string]any {
	return map[string]any{
		"app.pkce.required": e.Flow(flow.CodeAndCredentials).RequirePKCE, "app.pkce.methods": []string{oauth.ChallengeS256},
		"app.require_secret.code":             e.Flow(flow.CodeAndCredentials).RequireSecret,
		"app.require_secret.refresh":          e.Flow(flow.RefreshToken).RequireSecret,
		"app.require_secret.token_exchange":   e.Flow(flow.TokenExchange).RequireSecret,
		"app.code.ttl":                        e.CodeTTL,
		"app.code_and_credentials.post_only":  c.Settings.PostOnly,
		"app.code_and_credentials.in_url":     false, // never, whatever the switch says
		"app.code_and_credentials.guest":      false,
		"app.redirect_uris":                   append([]string{}, c.Settings.RedirectURIs...),
		"app.cors.origins":                    append([]string{}, c.Settings.Origins...),
		"app.cors.endpoints":                  []string{"token", "revoke", "userinfo"},
		"app.scopes":                          texts(c.Settings.Scopes),
		"app.uses_api":                        !onlyIdentity(c.Settings.Scopes),
		"app.claims.allow":                    append([]string{}, c.Settings.Attributes...),
		"app.resource_server":                 c.Policy.IntrospectAll,
		"app.resources.introspect_every_call": false,
	}
}

func tokenValues(c *client.Client, e *client.Effective) map[string]any {
	return map[string]any{
		"app.access_token.format": string(e.AccessFormat), "app.access_token.ttl": e.AccessTTL, "app.access_token.alg": e.AccessAlg,
		"app.access_token.typ": "at+jwt", "app.access_token.binding": "none",
		"app.access_token.audience": audience(c, e),
		"app.id_token.ttl":          e.IDTokenTTL, "app.id_token.audience": append([]string{}, c.Settings.IDToken.Audience...), // besides the app itself
		"app.id_token.audience_reviewed": false, "app.id_token.attributes": []string{}, "app.id_token.custom_permissions": false,
		"app.id_token.nonce_required": c.Settings.IDToken.NonceRequired, "app.id_token.standard_claims": c.Settings.IDToken.Claims,
		"app.refresh.rotation": e.Rotation, "app.refresh.reuse_detection": true, "app.refresh.grace": e.Grace,
		"app.refresh.policy": string(e.RefreshPolicy), "app.refresh.idle_ttl": endless(e.RefreshIdle),
		"app.refresh.absolute_ttl": endless(e.RefreshAbsolute), "app.refresh.revoke_on_logout": false,
		"app.subject_type": "public",
	}
}

// audience is who the app's access tokens are for. Without one they name the
// issuer, which is right as long as they open nothing but this server.
func audience(c *client.Client, e *client.Effective) []string {
	if len(e.AccessAudience) == 0 && onlyIdentity(c.Settings.Scopes) {
		return []string{"the issuer"}
	}
	return append([]string{}, e.AccessAudience...)
}

func policyValues(c *client.Client, e *client.Effective) map[string]any {
	ranges := []string{}
	for _, p := range e.IPRanges {
		ranges = append(ranges, p.String())
	}
	out := map[string]any{
		"app.policy.permitted_users": string(e.PermittedUsers), "app.policy.groups": append([]string{}, e.Groups...),
		"app.policy.ip": string(e.IP), "app.policy.ip_ranges": ranges, "app.policy.session_assurance": string(e.Assurance),
		"app.policy.session_timeout": e.AccessTTL, "app.policy.introspect_all": c.Policy.IntrospectAll,
		"app.policy.rate_limit": nil, "app.policy.run_as": nil, "app.policy.run_as.apps": nil,
		"app.policy.run_as.interactive": nil, "app.policy.run_as.privileged": nil,
	}
	maps.Copy(out, machineValues(e))
	if c.Policy.RateLimit > 0 {
		out["app.policy.rate_limit"] = c.Policy.RateLimit
	}
	return out
}

// machineValues are who an app acts as when no person takes part: itself. Nobody
// signs in as an app, no other app can be it, and it may do what its scopes say.
//
// Spec: RFC 9068 §2.2.
func machineValues(e *client.Effective) map[string]any {
	out := map[string]any{}
	if onlyMachine(e) { // nobody is admitted but, if at all, the app, which an administrator chose
		out["app.policy.permitted_users"] = string(client.AdminPreauthorized)
	}
	if !e.Flow(flow.ClientCredentials).On {
		return out
	}
	maps.Copy(out, map[string]any{
		"app.policy.run_as": "the app itself", "app.policy.run_as.apps": 1, "app.policy.run_as.interactive": false,
		"app.policy.run_as.privileged": slices.ContainsFunc(e.Scopes, oauth.Scope.Admin),
	})
	return out
}

// onlyMachine says whether no person can use the app.
func onlyMachine(e *client.Effective) bool {
	for _, f := range flow.All {
		if f.Name != flow.ClientCredentials && e.Flow(f.Name).On {
			return false
		}
	}
	return true
}

// unserved are the values of features that this version does not have: off, or
// not set. The controls about them do not apply or say so.
var unserved = map[string]any{
	"app.consent.explicit": false, "app.consent.reask_on_wider_scope": false, "app.par.required": false,
	"app.device.code_ttl": nil, "app.device.confirm_page": nil, "app.device.user_code_bits": nil,
	"app.token_exchange.audiences": []string{}, "app.token_exchange.trusted_issuers": []string{}, "app.token_exchange.auto_provision": "off",
	"app.keys": []review.Key{}, "app.logout.backchannel_uri": nil, "app.logout.post_logout_redirect_uris": []string{},
	"app.mobile.key_attested": nil, "app.mobile.policy_claim": nil, "app.mobile.screen_lock": nil,
	"app.push.end_to_end": nil, "app.push.payload_mode": nil,
	"app.events.delivered": []string{}, "app.events.signed": nil, "app.events.subscriptions": []string{},
	"app.static_credentials": []string{},
}

func secretValues(c *client.Client, now time.Time) map[string]any {
	if len(c.Secrets) == 0 {
		return nil
	}
	out := map[string]any{"app.secret.bits": 256, "app.secret.server_generated": true, "app.secret.rotation_scheduled": false}
	oldest := now
	for _, s := range c.Secrets {
		if s.Created.Before(oldest) {
			oldest = s.Created
		}
		if s.Expires.After(now) {
			out["app.secret.rotation_scheduled"] = true
		}
	}
	out["app.secret.age"] = now.Sub(oldest).Truncate(time.Second)
	return out
}

func usageValues(v review.Values, c *client.Client, u *Usage) {
	v["app.usage.owner"], v["app.usage.review_due"] = review.Nothing(byApp), review.Nothing(byApp)
	if c.Owner != "" {
		v["app.usage.owner"] = review.Of(c.Owner, byApp)
	}
	if !c.ReviewDue.IsZero() {
		v["app.usage.review_due"] = review.Of(c.ReviewDue, byApp)
	}
	for _, name := range []string{"app.secret.age", "app.secret.bits", "app.secret.rotation_scheduled", "app.secret.server_generated"} {
		if _, ok := v[name]; !ok {
			v[name] = review.Nothing(byApp)
		}
	}
	if u == nil { // nobody kept it: what is unknown is never a pass
		return
	}
	v["app.usage.last_used"] = review.Nothing(byUse)
	if !u.LastUsed.IsZero() {
		v["app.usage.last_used"] = review.Of(u.LastUsed, byUse)
	}
	v["app.usage.scopes_used"] = review.Of(texts(u.ScopesUsed), byUse)
	v["app.usage.live_tokens"] = review.Of(u.LiveTokens, byUse)
}

func endless(d time.Duration) time.Duration {
	if d == 0 {
		return review.Forever
	}
	return d
}

func texts(s oauth.Scopes) []string {
	out := make([]string, len(s))
	for i, x := range s {
		out[i] = string(x)
	}
	return out
}

func onlyIdentity(s oauth.Scopes) bool {
	return s.Within(oauth.Scopes{
		oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopePhone, oauth.ScopeAddress,
		oauth.ScopeOfflineAccess, oauth.ScopeRefreshToken,
	})
}
