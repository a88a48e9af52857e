package review

// serverTerms: the settings of the server.
var serverTerms = []Term{
	{
		Name: "server.secrets.export_includes_secret", Kind: Bool, Worse: IfTrue,
		Yes: "exports contain client secrets", No: "exports contain no client secret",
		Means: "Configuration exports contain client secrets.",
	},
	{
		Name: "server.secrets.api_read", Kind: Bool, Worse: IfTrue,
		Yes: "the management API hands out client secrets", No: "the management API hands out no existing secret",
		Means: "The management API hands out an existing client secret.",
	},
	{
		Name: "server.secrets.storage", Kind: Word, Words: []string{"hashed", "encrypted", "plain"}, Worse: IfLater,
		Label: "client secrets are stored",
		Means: "How client secrets lie at rest.",
	},
	{
		Name: "server.secrets.last_export", Kind: Time,
		Label: "the last configuration export was", Drifts: true,
		Means: "Last configuration export in the audit log; unset if never.",
	},
	{
		Name: "server.keys.algs", Kind: List,
		Label: "signing algorithms are",
		Means: "Signing algorithms in use.",
	},
	{
		Name: "server.keys.min_bits", Kind: Int, Worse: IfLess,
		Label: "the smallest signing key has a strength in bits of",
		Means: "Smallest RSA modulus among the server's signing keys (EC P-256 and Ed25519 count as 3072).",
	},
	{
		Name: "server.keys.max_age", Kind: Duration, Worse: IfMore,
		Label: "signing keys are replaced after",
		Means: "Age at which the signing key is replaced.",
	},
	{
		Name: "server.keys.overlap", Kind: Duration, Worse: IfLess,
		Label: "a retired key stays published for",
		Means: "How long a retired key stays published for verification.",
	},
	{
		Name: "server.admin.mfa", Kind: Bool, Worse: IfFalse,
		Yes: "operators use a second factor", No: "operators need no second factor",
		Means: "Operators sign in with a second factor.",
	},
	{
		Name: "server.admin.scoped_tokens", Kind: Bool, Worse: IfFalse,
		Yes: "operator tokens carry scopes", No: "operator tokens carry no scopes",
		Means: "Operator tokens carry scopes and are checked against them.",
	},
	{
		Name: "server.admin.token_ttl", Kind: Duration, Worse: IfMore,
		Label: "operator tokens live",
		Means: "Life of an operator token.",
	},
	{
		Name: "server.admin.session_ttl", Kind: Duration, Worse: IfMore,
		Label: "console sessions live",
		Means: "Life of an operator's console session.",
	},
	{
		Name: "server.admin.step_up_for_secret", Kind: Bool, Worse: IfFalse,
		Yes: "showing a secret asks for a second factor", No: "a secret is shown without a second factor",
		Means: "Showing a secret asks for a fresh second factor.",
	},
	{
		Name: "server.admin.network", Kind: Word, Words: []string{"socket", "loopback", "allowlist", "any"}, Worse: IfLater,
		Label: "the management API is reachable from",
		Means: "From where the management API can be reached.",
	},
	{
		Name: "server.admin.config_readers", Kind: Int, Worse: IfMore,
		Label: "principals who may read configuration number",
		Means: "Principals who may read configuration.",
	},
	{
		Name: "server.audit.append_only", Kind: Bool, Worse: IfFalse,
		Yes: "audit events can only be added", No: "audit events can be changed",
		Means: "Audit events can be added only.",
	},
	{
		Name: "server.audit.hash_chain", Kind: Bool, Worse: IfFalse,
		Yes: "audit events are chained by hash", No: "audit events are not chained",
		Means: "Each audit event carries the hash of the one before.",
	},
	{
		Name: "server.audit.secret_read_event", Kind: Bool, Worse: IfFalse,
		Yes: "reading a secret is audited", No: "reading a secret leaves no audit event",
		Means: "Reading a secret writes an audit event.",
	},
	{
		Name: "server.alerts.app_created", Kind: Bool, Worse: IfFalse,
		Yes: "a new app raises an alert", No: "a new app raises no alert",
		Means: "A new app raises an alert and the last test alert arrived.",
	},
	{
		Name: "server.alerts.anomaly", Kind: Bool, Worse: IfFalse,
		Yes: "unusual volume raises an alert", No: "unusual volume raises no alert",
		Means: "Unusual token or API volume raises an alert and the last test alert arrived.",
	},
	{
		Name: "server.oauth.require_pkce", Kind: Bool, Worse: IfFalse,
		Yes: "the server requires PKCE of every app", No: "the server does not require PKCE of every app",
		Means: "PKCE is required of every app.",
	},
	{
		Name: "server.oauth.pkce_downgrade_check", Kind: Bool, Worse: IfFalse,
		Yes: "a verifier without a challenge is refused", No: "a verifier without a challenge is accepted",
		Means: "A code_verifier is accepted only if a code_challenge was sent.",
	},
	{
		Name: "server.oauth.allow.implicit", Kind: Bool, Worse: IfTrue,
		Yes: "the implicit flow is served", No: "the implicit flow is not served",
		Means: "A response type that returns a token from the authorization endpoint is served.",
	},
	{
		Name: "server.oauth.allow.password", Kind: Bool, Worse: IfTrue,
		Yes: "the password grant is served", No: "the password grant is not served",
		Means: "grant_type=password is served.",
	},
	{
		Name: "server.oauth.allow.code_and_credentials", Kind: Bool,
		Yes: "headless login is served", No: "headless login is not served by this server",
		Means: "Headless login is served at all; false switches the flow off for every app.",
	},
	{
		Name: "server.oauth.allow.device", Kind: Bool, Worse: IfTrue,
		Yes: "the device grant is served", No: "the device grant is not served by this server",
		Means: "The device grant is served at all; false switches the flow off for every app.",
	},
	{
		Name: "server.oauth.allow.client_credentials", Kind: Bool, Worse: IfTrue,
		Yes: "client credentials are served", No: "client credentials are not served by this server",
		Means: "The client credentials grant is served at all; false switches the flow off for every app.",
	},
	{
		Name: "server.oauth.allow.token_exchange", Kind: Bool, Worse: IfTrue,
		Yes: "token exchange is served", No: "token exchange is not served by this server",
		Means: "Token exchange is served at all; false switches the flow off for every app.",
	},
	{
		Name: "server.oauth.app_creation", Kind: Word, Words: []string{"off", "admins", "members", "anyone"}, Worse: IfLater,
		Label: "apps may be created by",
		Means: "Who may create an app.",
	},
	{
		Name: "server.oauth.new_apps_start_disabled", Kind: Bool, Worse: IfFalse,
		Yes: "new apps wait for approval", No: "new apps work at once",
		Means: "A new app is unusable until an administrator approves it.",
	},
	{
		Name: "server.oauth.dcr", Kind: Word, Words: []string{"off", "software_statement", "initial_access_token", "open"}, Worse: IfLater,
		Label: "dynamic registration is",
		Means: "Who may register an app dynamically.",
	},
	{
		Name: "server.oauth.dcr_grants", Kind: List, Worse: IfFuller,
		Label: "grants a dynamically registered app may have are",
		Means: "Grants a dynamically registered app may have.",
	},
	{
		Name: "server.oauth.admin_approved_apps_only", Kind: Bool, Worse: IfFalse,
		Yes: "only approved apps get tokens", No: "apps nobody approved get tokens",
		Means: "Apps no administrator approved get no tokens.",
	},
	{
		Name: "server.oauth.redirect_uri_allowlist", Kind: List, Worse: IfEmptier,
		Label: "hosts a redirect URI may name are",
		Means: "Hosts a redirect URI may name.",
	},
	{
		Name: "server.oauth.code_replay_revokes", Kind: Bool, Worse: IfFalse,
		Yes: "replaying a code revokes its tokens", No: "replaying a code has no consequence",
		Means: "Replaying a code revokes the tokens it gave.",
	},
	{
		Name: "server.oauth.iss_parameter", Kind: Bool, Worse: IfFalse,
		Yes: "authorization responses carry iss", No: "authorization responses lack iss",
		Means: "Authorization responses carry iss and the metadata says so.",
	},
	{
		Name: "server.introspection.checks_audience", Kind: Bool, Worse: IfFalse,
		Yes: "introspection checks the audience", No: "introspection does not check the audience",
		Means: "Introspection answers inactive to a resource server that is not in the audience.",
	},
	{
		Name: "server.revocation.cascades", Kind: Bool, Worse: IfFalse,
		Yes: "revoking a refresh token ends its access tokens", No: "access tokens outlive the revocation of their refresh token",
		Means: "Revoking a refresh token ends its access tokens.",
	},
	{
		Name: "server.revocation.latency", Kind: Duration, Worse: IfMore,
		Label: "a revocation holds everywhere within",
		Means: "Longest time until a revocation holds on every node.",
	},
	{
		Name: "server.resource_servers", Kind: Int, Worse: IfMore,
		Label: "resource servers number",
		Means: "Resource servers that accept this server's tokens.",
	},
	{
		Name: "server.metadata.walk", Kind: Word, Words: []string{"clean", "mismatch", "not_run"}, Worse: IfLater,
		Label: "the last metadata walk was", Drifts: true,
		Means: "Result of the last metadata walk since the configuration changed.",
	},
	{
		Name: "server.http.no_store", Kind: Bool, Worse: IfFalse,
		Yes: "credentialed answers are not cached", No: "credentialed answers may be cached",
		Means: "Answers that carry credentials say Cache-Control: no-store.",
	},
	{
		Name: "server.http.token_in_query", Kind: Bool, Worse: IfTrue,
		Yes: "tokens are accepted in a query string", No: "tokens in a query string are refused",
		Means: "A token in a query string is accepted somewhere.",
	},
	{
		Name: "server.logs.redacted", Kind: Bool, Worse: IfFalse,
		Yes: "secrets never reach a log", No: "secrets may reach a log",
		Means: "Codes, tokens, secrets, verifiers and passwords never reach a log.",
	},
	{
		Name: "server.pages.frame_ancestors", Kind: Word, Words: []string{"none", "self", "list"}, Worse: IfLater,
		Label: "login pages may be framed by",
		Means: "Who may frame login and consent pages.",
	},
	{
		Name: "server.pages.csrf", Kind: Bool, Worse: IfFalse,
		Yes: "login and consent forms carry a session-bound token", No: "login and consent forms can be forged",
		Means: "Login and consent forms carry a token bound to the session.",
	},
	{
		Name: "server.pages.referrer_policy", Kind: Word,
		Label: "the Referrer-Policy of login pages is",
		Means: "Referrer-Policy of login and consent pages.",
	},
	{
		Name: "server.pages.third_party_content", Kind: Bool, Worse: IfTrue,
		Yes: "login pages load content from elsewhere", No: "login pages load nothing from elsewhere",
		Means: "Login or consent pages load something from another origin.",
	},
	{
		Name: "server.pages.credential_redirect_status", Kind: Int,
		Label: "the redirect after credentials has status",
		Means: "Status of the redirect after a form that carried credentials.",
	},
	{
		Name: "server.pages.untrusted_errors", Kind: Word, Words: []string{"page", "redirect"}, Worse: IfLater,
		Label: "errors of untrusted requests go to a",
		Means: "Where an error goes when client or redirect URI is not trusted.",
	},
	{
		Name: "server.limits.login", Kind: List, Words: []string{"client", "user", "address"}, Worse: IfEmptier,
		Label: "failed logins are counted by",
		Means: "What failed logins are counted by.",
	},
	{
		Name: "server.limits.token", Kind: List, Words: []string{"client", "user", "address"}, Worse: IfEmptier,
		Label: "failed client authentications are counted by",
		Means: "What failed client authentications are counted by.",
	},
	{
		Name: "server.limits.device", Kind: List, Words: []string{"client", "user", "address"}, Worse: IfEmptier,
		Label: "wrong user codes are counted by",
		Means: "What wrong user codes are counted by.",
	},
	{
		Name: "server.limits.introspection", Kind: List, Words: []string{"client", "user", "address"}, Worse: IfEmptier,
		Label: "introspection calls are counted by",
		Means: "What introspection calls are counted by.",
	},
	{
		Name: "server.trusted_proxies", Kind: List, Worse: IfFuller,
		Label: "forwarding headers are believed from",
		Means: "Addresses whose forwarding headers are believed (read by probe.ip-policy).",
	},
	{
		Name: "server.mfa.required", Kind: Bool, Worse: IfFalse,
		Yes: "every user signs in with a second factor", No: "a second factor is not required of every user",
		Means: "Every user signs in with a second factor.",
	},
	{
		Name: "server.mfa.required_for_admins", Kind: Bool, Worse: IfFalse,
		Yes: "privileged users sign in with a second factor", No: "privileged users need no second factor",
		Means: "Users with privileged rights sign in with a second factor.",
	},
	{
		Name: "server.ciba.enabled", Kind: Bool, Worse: IfTrue,
		Yes: "backchannel authentication is served", No: "backchannel authentication is not served",
		Means: "Backchannel authentication is served.",
	},
	{
		Name: "server.push.enabled", Kind: Bool, Worse: IfTrue,
		Yes: "the server sends push messages", No: "the server sends no push messages",
		Means: "The server sends push messages to devices.",
	},
	{
		Name: "server.logout.enabled", Kind: Bool, Worse: IfFalse,
		Yes: "an end-session endpoint is published", No: "no end-session endpoint is published",
		Means: "An end-session endpoint is published.",
	},
}
