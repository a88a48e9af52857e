package review

// appTerms: what an app is, its flows and what they must prove.
var appTerms = []Term{
	{
		Name: "app.client_type", Kind: Word, Words: []string{"public", "confidential"},
		Label: "the client type is",
		Means: "Whether the app can keep a secret.",
	},
	{
		Name: "app.first_party", Kind: Bool, Worse: IfFalse,
		Yes: "the app is first-party", No: "the app is third-party",
		Means: "An administrator marked the app as ours; never self-declared.",
	},
	{
		Name: "app.verified_publisher", Kind: Bool, Worse: IfFalse,
		Yes: "the publisher is verified", No: "the publisher is not verified",
		Means: "An administrator verified who publishes the app.",
	},
	{
		Name: "app.platform", Kind: Word, Words: []string{"web", "spa", "mobile", "native", "machine"},
		Label: "the platform is",
		Means: "What the app runs on.",
	},
	{
		Name: "app.resource_server", Kind: Bool,
		Yes: "the app is a resource server", No: "the app is not a resource server",
		Means: "The app is an API or gateway that checks tokens.",
	},
	{
		Name: "app.uses_api", Kind: Bool, Worse: IfTrue,
		Yes: "the app calls an API", No: "the app calls no API",
		Means: "The app calls an API; false for a mere launcher or sign-in entry.",
	},
	{
		Name: "app.enabled", Kind: Bool, Worse: IfTrue,
		Yes: "the app is enabled", No: "the app is disabled",
		Means: "The app is switched on.",
	},
	{
		Name: "app.blocked", Kind: Bool, Worse: IfFalse,
		Yes: "the app is blocked", No: "the app is not blocked",
		Means: "An administrator blocked the app.",
	},
	{
		Name: "app.created", Kind: Time,
		Label: "the app was created",
		Means: "When the app was created.",
	},
	{
		Name: "app.oauth.enabled", Kind: Bool, Worse: IfFalse,
		Yes: "OAuth is on for the app", No: "OAuth is off for the app",
		Means: "OAuth is switched on for the app.",
	},
	{
		Name: "app.static_credentials", Kind: List, Words: []string{"api_key", "basic", "session_id"}, Worse: IfFuller,
		Label: "static credentials the app can use are",
		Means: "Long-lived credentials other than OAuth that the app can use.",
	},
	{
		Name: "app.redirect_uris", Kind: List,
		Label: "registered redirect URIs are",
		Means: "Registered redirect URIs.",
	},
	{
		Name: "app.flows.authorization_code", Kind: Bool, Worse: IfTrue,
		Yes: "the browser code flow is on", No: "the browser code flow is off",
		Means: "Browser code flow.",
	},
	{
		Name: "app.flows.code_and_credentials", Kind: Bool,
		Yes: "headless login is on", No: "headless login is off",
		Means: "Headless login, in either dialect (response_type=code_credentials, or the authorization challenge endpoint).",
	},
	{
		Name: "app.flows.client_credentials", Kind: Bool, Worse: IfTrue,
		Yes: "the client credentials flow is on", No: "the client credentials flow is off",
		Means: "Client credentials grant.",
	},
	{
		Name: "app.flows.jwt_bearer", Kind: Bool,
		Yes: "the JWT bearer flow is on", No: "the JWT bearer flow is off",
		Means: "JWT bearer assertion grant.",
	},
	{
		Name: "app.flows.device", Kind: Bool, Worse: IfTrue,
		Yes: "the device flow is on", No: "the device flow is off",
		Means: "Device grant.",
	},
	{
		Name: "app.flows.token_exchange", Kind: Bool, Worse: IfTrue,
		Yes: "token exchange is on", No: "token exchange is off",
		Means: "Token exchange.",
	},
	{
		Name: "app.flows.refresh_token", Kind: Bool, Worse: IfTrue,
		Yes: "refresh tokens are issued", No: "no refresh tokens are issued",
		Means: "The app can obtain refresh tokens.",
	},
	{
		Name: "app.code_and_credentials.post_only", Kind: Bool, Worse: IfFalse,
		Yes: "user credentials are taken in a POST body only", No: "user credentials are not confined to a POST body",
		Means: "User credentials are accepted in a POST body only.",
	},
	{
		Name: "app.code_and_credentials.in_url", Kind: Bool, Worse: IfTrue,
		Yes: "user credentials are accepted in a URL", No: "user credentials are never accepted in a URL",
		Means: "User credentials are accepted in a URL. Always false for Countersign's own apps: it never reads a password from a query string, whatever the switch says. For Salesforce metadata it is true unless the POST-body-only switch is on.",
	},
	{
		Name: "app.code_and_credentials.guest", Kind: Bool, Worse: IfTrue,
		Yes: "headless login is open to guests", No: "headless login is closed to guests",
		Means: "Headless login is open to guests.",
	},
	{
		Name: "app.pkce.required", Kind: Bool, Worse: IfFalse,
		Yes: "PKCE is required", No: "PKCE is not required",
		Means: "A code needs a challenge and its verifier.",
	},
	{
		Name: "app.pkce.methods", Kind: List, Words: []string{"S256", "plain"},
		Label: "accepted PKCE methods are",
		Means: "Accepted challenge methods.",
	},
	{
		Name: "app.par.required", Kind: Bool, Worse: IfFalse,
		Yes: "authorization requests must be pushed", No: "authorization requests need not be pushed",
		Means: "Authorization requests must be pushed.",
	},
	{
		Name: "app.code.ttl", Kind: Duration, Worse: IfMore,
		Label: "codes live",
		Means: "Life of an authorization code.",
	},
	{
		Name: "app.client_auth", Kind: Word, Words: []string{"none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"},
		Label: "client authentication is",
		Means: "The one registered method. client_secret_jwt occurs in imported metadata only; Countersign does not offer it.",
	},
	{
		Name: "app.require_secret.code", Kind: Bool, Worse: IfFalse,
		Yes: "client authentication is required to redeem a code", No: "no client authentication is required to redeem a code",
		Means: "Client authentication is required to redeem a code.",
	},
	{
		Name: "app.require_secret.refresh", Kind: Bool, Worse: IfFalse,
		Yes: "client authentication is required to refresh", No: "no client authentication is required to refresh",
		Means: "Client authentication is required to refresh.",
	},
	{
		Name: "app.require_secret.token_exchange", Kind: Bool, Worse: IfFalse,
		Yes: "client authentication is required to exchange a token", No: "no client authentication is required to exchange a token",
		Means: "Client authentication is required to exchange a token.",
	},
	{
		Name: "app.secret.bits", Kind: Int, Worse: IfLess,
		Label: "the weakest secret has an entropy in bits of",
		Means: "Entropy of the weakest live secret.",
	},
	{
		Name: "app.secret.server_generated", Kind: Bool, Worse: IfFalse,
		Yes: "the server drew every secret", No: "a secret was chosen by a person",
		Means: "Every live secret was drawn by the server.",
	},
	{
		Name: "app.secret.age", Kind: Duration, Worse: IfMore,
		Label: "the oldest secret has an age of", Drifts: true,
		Means: "Age of the oldest live secret.",
	},
	{
		Name: "app.secret.rotation_scheduled", Kind: Bool, Worse: IfFalse,
		Yes: "a secret rotation is scheduled", No: "no secret rotation is scheduled",
		Means: "A staged rotation with overlap has a date.",
	},
	{
		Name: "app.keys", Kind: Keys,
		Label: "registered keys are",
		Means: "Public keys or certificates registered for the app.",
	},
	{
		Name: "app.device.code_ttl", Kind: Duration, Worse: IfMore,
		Label: "device codes live",
		Means: "Life of device_code and user_code.",
	},
	{
		Name: "app.device.user_code_bits", Kind: Int, Worse: IfLess,
		Label: "user codes have an entropy in bits of",
		Means: "Entropy of the user code.",
	},
	{
		Name: "app.device.confirm_page", Kind: Bool, Worse: IfFalse,
		Yes: "the device page asks for an explicit yes", No: "the device page asks for no explicit yes",
		Means: "The verification page names app, scopes and place and asks for an explicit yes.",
	},
	{
		Name: "app.token_exchange.trusted_issuers", Kind: List, Worse: IfEmptier,
		Label: "issuers trusted for token exchange are",
		Means: "Issuers whose tokens may be exchanged.",
	},
	{
		Name: "app.token_exchange.audiences", Kind: List, Worse: IfEmptier,
		Label: "audiences demanded of a subject token are",
		Means: "Audiences a subject token must name.",
	},
	{
		Name: "app.token_exchange.auto_provision", Kind: Word, Words: []string{"off", "no_privilege_group", "on"}, Worse: IfLater,
		Label: "automatic provisioning is",
		Means: "What happens to unknown subjects.",
	},
}
