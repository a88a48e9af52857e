package sfdx

import (
	"slices"
	"time"
)

func (a *App) idTokenValues(m values) {
	put(m, "app.id_token.ttl", a.IDTokenMinutes, time.Duration(a.IDTokenMinutes.V)*time.Minute)
	put(m, "app.id_token.audience", a.IDTokenAudience, orEmpty(a.IDTokenAudience.V))
	put(m, "app.id_token.standard_claims", a.IDTokenClaims, a.IDTokenClaims.V)
	put(m, "app.id_token.custom_permissions", a.IDTokenPermissions, a.IDTokenPermissions.V)
	keys := []string{}
	if on(a.IDTokenAttributes) {
		keys = orEmpty(a.attributeKeys())
	}
	put(m, "app.id_token.attributes", a.IDTokenAttributes, keys)
	m.fact("app.subject_type", "public")
}

func (a *App) attributeKeys() []string {
	var out []string
	for _, at := range slices.Concat(a.Attributes.V, a.PolicyAttributes.V) {
		if !slices.Contains(out, at.Key) {
			out = append(out, at.Key)
		}
	}
	return out
}

func (a *App) policyValues(m values, org *Org) {
	words := map[string]string{SelfAuthorized: "self_authorize", AdminApproved: "admin_preauthorized"}
	put(m, "app.policy.permitted_users", a.PermittedUsers, words[a.PermittedUsers.V])
	if a.Profiles.Known() && a.PermissionSets.Known() {
		groups := a.Profiles
		if a.Profiles.Origin != Given {
			groups = a.PermissionSets
		}
		put(m, "app.policy.groups", groups, orEmpty(slices.Concat(a.Profiles.V, a.PermissionSets.V)))
	}
	switch {
	case is(a.PermittedUsers, AdminApproved):
		put(m, "app.consent.explicit", a.PermittedUsers, false) // approved users see no consent page
	case is(a.PermittedUsers, SelfAuthorized) && off(a.CodeCredentials) && !on(a.FirstPartyChallenge):
		put(m, "app.consent.explicit", a.PermittedUsers, true)
	}
	// No address ranges: those of metadata exempt from verification, they fence nothing.
	if i := slices.Index(ipRelaxations, a.IPRelaxation.V); i >= 0 {
		put(m, "app.policy.ip", a.IPRelaxation, ipWords[i])
	}
	if i := slices.Index(sessionLevels, a.SessionLevel.V); i >= 0 {
		put(m, "app.policy.session_assurance", a.SessionLevel, assuranceWords[i])
	}
	put(m, "app.policy.run_as", a.RunAsUser, a.RunAsUser.V)
	if n := org.runAs(a.RunAsUser.V); n > 1 {
		// One is no proof: apps outside this project may share the user.
		put(m, "app.policy.run_as.apps", a.RunAsUser, int64(n))
	}
	put(m, "app.policy.introspect_all", a.IntrospectAll, a.IntrospectAll.V)
}

// runAs counts the apps of the org that run as a user.
func (o *Org) runAs(user string) int {
	n := 0
	for _, a := range o.Apps {
		if user != "" && a.RunAsUser.V == user {
			n++
		}
	}
	return n
}

// identityScopes open nothing but what the user is.
var identityScopes = []string{"openid", "profile", "email", "address", "phone", "id", "refresh_token", "offline_access"}

func (a *App) otherValues(m values, org *Org) {
	if a.Scopes.Known() {
		scopes, api := []string{}, false
		for _, s := range a.Scopes.V {
			wire, _ := WireScope(s)
			scopes = append(scopes, wire)
			api = api || !slices.Contains(identityScopes, wire)
		}
		custom := slices.Concat(a.CustomScopes.V, a.PolicyScopes.V)
		put(m, "app.scopes", a.Scopes, slices.Concat(scopes, custom))
		put(m, "app.uses_api", a.Scopes, api || len(custom) > 0)
	}
	logout := a.PolicyLogoutURL
	if blank(logout) && a.LogoutURL.Origin == Given {
		logout = a.LogoutURL
	}
	put(m, "app.logout.backchannel_uri", logout, logout.V)
	put(m, "app.cors.origins", org.CORSOrigins, orEmpty(org.CORSOrigins.V))
	switch {
	case on(org.OAuthCORS):
		put(m, "app.cors.endpoints", org.OAuthCORS, []string{"userinfo", "authorize", "token", "revocation", "introspection"})
	case off(org.OAuthCORS):
		put(m, "app.cors.endpoints", org.OAuthCORS, []string{"userinfo"})
	}
	for _, h := range org.Handlers {
		if !on(h.Enabled) || !h.serves(a) || !h.UserCreation.Known() {
			continue
		}
		if _, have := m["app.token_exchange.auto_provision"]; !have || h.UserCreation.V {
			word := map[bool]string{true: "on", false: "off"}[h.UserCreation.V]
			put(m, "app.token_exchange.auto_provision", h.UserCreation, word)
		}
	}
}

// orEmpty keeps a known empty list from looking like no value.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
