package controls

// Area is a part of the catalogue, as people look for controls.
type Area struct {
	Name     string // in an address: flows
	Title    string
	Controls []string
}

// Areas sort the catalogue by what a control protects. Each control is in one.
var Areas = []Area{
	{"flows", "Flows and the app's own proof", []string{
		"code-and-credentials-flow", "code-and-credentials-settings", "require-secret-code", "require-secret-refresh", "require-pkce",
		"client-credentials-off", "client-credentials-policy", "jwt-bearer-flow", "digital-signatures", "device-flow-off", "token-exchange",
		"oauth-enabled", "weak-flows-off", "pushed-authorization-requests", "public-client-limits",
	}},
	{"codes", "Codes and redirects", []string{
		"redirect-exact", "code-lifetime", "issuer-in-response", "consent-protection", "no-open-redirect", "native-and-browser-apps",
	}},
	{"tokens", "Tokens and sessions", []string{
		"refresh-rotation", "refresh-token-lifetime", "session-timeout", "jwt-access-tokens", "id-token", "access-token-audience",
		"sender-constrained-tokens", "revocation-propagates", "app-single-logout", "single-logout", "oauth-usage", "introspect-own-only",
	}},
	{"scopes", "Scopes and what is told about people", []string{
		"scope-least-privilege", "custom-scopes", "custom-attributes",
	}},
	{"people", "People and places", []string{
		"permitted-users", "session-assurance", "ip-restrictions", "guessing-throttled", "mobile-screen-lock", "push-and-notifications",
	}},
	{"secrets", "Secrets and keys", []string{
		"secret-strength", "metadata-secret-protection", "rest-secret-masking", "key-hygiene", "no-store-no-leak",
	}},
	{"management", "Who manages apps", []string{
		"app-creation-off", "registration-gated", "admin-plane", "metadata-truth",
	}},
}

// AreaOf is the area of a control; the zero Area if there is no such control.
func AreaOf(control string) Area {
	for _, a := range Areas {
		for _, id := range a.Controls {
			if id == control {
				return a
			}
		}
	}
	return Area{}
}
