package review

// derivedTerms: facts computed once from the others, so that all rules mean the same thing; the computation is in derived.go.
var derivedTerms = []Term{
	{
		Name: "app.issues_codes", Kind: Bool,
		Yes: "the app obtains codes", No: "the app obtains no codes",
		Derived: "app.flows.authorization_code OR app.flows.code_and_credentials",
	},
	{
		Name: "app.interactive", Kind: Bool,
		Yes: "people sign in through the app", No: "nobody signs in through the app",
		Derived: "app.issues_codes OR app.flows.device",
	},
	{
		Name: "app.has_machine_flow", Kind: Bool, Worse: IfTrue,
		Yes: "a machine flow is on", No: "no machine flow is on",
		Derived: "app.flows.client_credentials OR app.flows.jwt_bearer",
	},
	{
		Name: "app.machine_only", Kind: Bool,
		Yes: "only machines use the app", No: "people use the app",
		Derived: "app.has_machine_flow AND NOT app.interactive",
	},
	{
		Name: "app.issues_user_tokens", Kind: Bool, Worse: IfTrue,
		Yes: "the app obtains tokens for users", No: "the app obtains no tokens for users",
		Derived: "app.interactive OR app.flows.jwt_bearer OR app.flows.token_exchange",
	},
	{
		Name: "app.issues_tokens", Kind: Bool, Worse: IfTrue,
		Yes: "the app obtains tokens", No: "the app obtains no tokens",
		Derived: "app.interactive OR app.has_machine_flow OR app.flows.token_exchange",
	},
	{
		Name: "app.shared_secret", Kind: Bool, Worse: IfTrue,
		Yes: "the app authenticates with a shared secret", No: "the app holds no shared secret",
		Derived: "app.client_auth in [client_secret_basic, client_secret_post, client_secret_jwt]",
	},
	{
		Name: "app.asymmetric_auth", Kind: Bool, Worse: IfFalse,
		Yes: "the app authenticates with a key", No: "the app does not authenticate with a key",
		Derived: "app.client_auth in [private_key_jwt, tls_client_auth, self_signed_tls_client_auth]",
	},
	{
		Name: "app.pkce.enforced", Kind: Bool, Worse: IfFalse,
		Yes: "PKCE with S256 is required", No: "PKCE with S256 is not required",
		Derived: "app.pkce.required AND app.pkce.methods == [S256]",
	},
	{
		Name: "app.keys.sound", Kind: Bool, Worse: IfFalse,
		Yes: "every key of the app is sound", No: "the app has no sound set of keys",
		Derived: "app.keys is not empty AND every key is RSA >= 2048 bits, EC P-256 or stronger, or Ed25519, and ends later than now + 30d",
	},
	{
		Name: "app.refresh.sender_constrained", Kind: Bool, Worse: IfFalse,
		Yes: "refresh tokens are bound to a key", No: "refresh tokens are not bound to a key",
		Derived: "(app.client_type == public AND app.access_token.binding in [dpop, mtls]) OR (app.asymmetric_auth AND app.require_secret.refresh). A DPoP key does not bind the refresh token of a client that authenticates by secret (RFC 9449 §5).",
	},
	{
		Name: "app.policy.ip_fenced", Kind: Bool, Worse: IfFalse,
		Yes: "tokens are fenced to known networks", No: "no address range fences the tokens",
		Derived: "app.policy.ip == enforce AND app.policy.ip_ranges is not empty AND no range is wider than /8 (IPv4) or /32 (IPv6)",
	},
	{
		Name: "app.scopes.any_wildcard", Kind: Bool, Worse: IfTrue,
		Yes: "a scope stands for everything", No: "no scope stands for everything",
		Derived: "any(scope in app.scopes: scope.wildcard)",
	},
	{
		Name: "app.scopes.any_privileged", Kind: Bool, Worse: IfTrue,
		Yes: "a scope is privileged", No: "no scope is privileged",
		Derived: "any(scope in app.scopes: scope.privileged OR scope.wildcard)",
	},
	{
		Name: "app.scopes.only_identity", Kind: Bool, Worse: IfFalse,
		Yes: "only identity scopes are assigned", No: "an API scope is assigned",
		Derived: "every(scope in app.scopes: scope.identity)",
	},
	{
		Name: "app.scopes.offline_access", Kind: Bool, Worse: IfTrue,
		Yes: "offline access is assigned", No: "offline access is not assigned",
		Derived: "app.scopes contains offline_access (refresh_token in the Salesforce dialect)",
	},
	{
		Name: "app.scopes.unused", Kind: List, Worse: IfFuller,
		Label: "scopes unused for 90 days are", Drifts: true,
		Derived: "app.scopes minus app.usage.scopes_used; empty while app.created is within 90d",
	},
}
