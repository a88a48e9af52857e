package admin

import "countersign/internal/review"

// told are the names that Salesforce metadata can tell, in some project. The rest
// of the vocabulary is about use, about what a server does, or about devices.
var told = map[string]bool{
	"app.access_token.alg":                    true,
	"app.access_token.binding":                true,
	"app.access_token.format":                 true,
	"app.access_token.ttl":                    true,
	"app.access_token.typ":                    true,
	"app.client_auth":                         true,
	"app.client_type":                         true,
	"app.code_and_credentials.guest":          true,
	"app.code_and_credentials.in_url":         true,
	"app.code_and_credentials.post_only":      true,
	"app.consent.explicit":                    true,
	"app.cors.endpoints":                      true,
	"app.cors.origins":                        true,
	"app.enabled":                             true,
	"app.events.subscriptions":                true,
	"app.first_party":                         true,
	"app.flows.authorization_code":            true,
	"app.flows.client_credentials":            true,
	"app.flows.code_and_credentials":          true,
	"app.flows.device":                        true,
	"app.flows.jwt_bearer":                    true,
	"app.flows.refresh_token":                 true,
	"app.flows.token_exchange":                true,
	"app.id_token.attributes":                 true,
	"app.id_token.audience":                   true,
	"app.id_token.custom_permissions":         true,
	"app.id_token.standard_claims":            true,
	"app.id_token.ttl":                        true,
	"app.keys":                                true,
	"app.logout.backchannel_uri":              true,
	"app.mobile.screen_lock":                  true,
	"app.oauth.enabled":                       true,
	"app.pkce.methods":                        true,
	"app.pkce.required":                       true,
	"app.platform":                            true,
	"app.policy.groups":                       true,
	"app.policy.introspect_all":               true,
	"app.policy.ip":                           true,
	"app.policy.ip_ranges":                    true,
	"app.policy.permitted_users":              true,
	"app.policy.run_as":                       true,
	"app.policy.run_as.apps":                  true,
	"app.policy.session_assurance":            true,
	"app.policy.session_timeout":              true,
	"app.push.payload_mode":                   true,
	"app.redirect_uris":                       true,
	"app.refresh.absolute_ttl":                true,
	"app.refresh.grace":                       true,
	"app.refresh.idle_ttl":                    true,
	"app.refresh.policy":                      true,
	"app.refresh.reuse_detection":             true,
	"app.refresh.rotation":                    true,
	"app.require_secret.code":                 true,
	"app.require_secret.refresh":              true,
	"app.require_secret.token_exchange":       true,
	"app.scopes":                              true,
	"app.subject_type":                        true,
	"app.token_exchange.auto_provision":       true,
	"app.usage.owner":                         true,
	"app.uses_api":                            true,
	"server.oauth.admin_approved_apps_only":   true,
	"server.oauth.allow.client_credentials":   true,
	"server.oauth.allow.code_and_credentials": true,
	"server.oauth.allow.device":               true,
	"server.oauth.allow.implicit":             true,
	"server.oauth.allow.password":             true,
	"server.oauth.allow.token_exchange":       true,
	"server.oauth.require_pkce":               true,
	"server.secrets.api_read":                 true,
	"server.secrets.export_includes_secret":   true,
}

// untold says whether no metadata file could ever tell a name. A derived name
// counts as told: its parts may be.
func untold(name string) bool {
	term, ok := review.TermOf(name)
	if !ok || told[name] {
		return false
	}
	return term.Derived == "" || name == "app.scopes.unused"
}
