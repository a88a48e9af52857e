package review

// policyTerms: scopes, policies and use of an app.
var policyTerms = []Term{
	{
		Name: "app.scopes", Kind: List,
		Label: "scopes are",
		Means: "Scopes the app may be granted.",
	},
	{
		Name: "scope.privileged", Kind: Bool, Worse: IfTrue,
		Yes: "the scope is privileged", No: "the scope is not privileged",
		Means: "Administrative or destructive, or reaches other users' data.",
	},
	{
		Name: "scope.wildcard", Kind: Bool, Worse: IfTrue,
		Yes: "the scope stands for everything", No: "the scope is no wildcard",
		Means: "Stands for every resource or every action (full access).",
	},
	{
		Name: "scope.confidential", Kind: Bool, Worse: IfTrue,
		Yes: "the scope opens confidential data", No: "the scope opens no confidential data",
		Means: "Opens confidential or personal data (read by waivers).",
	},
	{
		Name: "scope.identity", Kind: Bool,
		Yes: "the scope is an identity scope", No: "the scope is no identity scope",
		Means: "One of openid, profile, email, address, phone.",
	},
	{
		Name: "scope.resource", Kind: Word,
		Label: "the resource of the scope is",
		Means: "The resource the scope belongs to.",
	},
	{
		Name: "scope.actions", Kind: List, Worse: IfEmptier,
		Label: "the actions of the scope are",
		Means: "The actions it allows.",
	},
	{
		Name: "scope.resource_rechecks", Kind: Bool, Worse: IfFalse,
		Yes: "the resource checks the user's own rights again", No: "the resource does not check the user's own rights again",
		Means: "The resource server checks the user's own rights again and probe.scope-ceiling case 4 showed it.",
	},
	{
		Name: "app.policy.permitted_users", Kind: Word, Words: []string{"admin_preauthorized", "self_authorize"}, Worse: IfLater,
		Label: "users are admitted by",
		Means: "Who may use the app.",
	},
	{
		Name: "app.policy.groups", Kind: List, Worse: IfEmptier,
		Label: "assigned groups are",
		Means: "Groups assigned to the app.",
	},
	{
		Name: "app.policy.ip", Kind: Word, Words: []string{"enforce", "relax_refresh", "relax_mfa", "bypass"}, Worse: IfLater,
		Label: "the address policy is",
		Means: "How address ranges are enforced.",
	},
	{
		Name: "app.policy.ip_ranges", Kind: List, Worse: IfEmptier,
		Label: "address ranges are",
		Means: "Addresses from which tokens may be obtained and used. A fence; never an exemption from sign-in.",
	},
	{
		Name: "app.policy.session_timeout", Kind: Duration, Worse: IfMore,
		Label: "sessions may idle for",
		Means: "Longest idle time of a session of this app.",
	},
	{
		Name: "app.policy.session_assurance", Kind: Word, Words: []string{"high", "standard", "low"}, Worse: IfLater,
		Label: "the session assurance is",
		Means: "Assurance the user's session must have.",
	},
	{
		Name: "app.policy.run_as", Kind: Word,
		Label: "machine tokens run as",
		Means: "Principal under which machine tokens run.",
	},
	{
		Name: "app.policy.run_as.privileged", Kind: Bool, Worse: IfTrue,
		Yes: "the run-as principal is privileged", No: "the run-as principal is not privileged",
		Means: "That principal holds privileged rights.",
	},
	{
		Name: "app.policy.run_as.interactive", Kind: Bool, Worse: IfTrue,
		Yes: "the run-as principal can sign in", No: "the run-as principal cannot sign in",
		Means: "That principal is a person or can sign in.",
	},
	{
		Name: "app.policy.run_as.apps", Kind: Int, Worse: IfMore,
		Label: "apps that run as the same principal number",
		Means: "Number of apps that run as it.",
	},
	{
		Name: "app.policy.rate_limit", Kind: Int, Worse: IfMore,
		Label: "requests allowed per hour are",
		Means: "Token requests and API calls allowed per hour; unset if none.",
	},
	{
		Name: "app.policy.introspect_all", Kind: Bool, Worse: IfTrue,
		Yes: "the app may introspect tokens of other apps", No: "the app may introspect its own tokens only",
		Means: "The app may introspect tokens of other apps.",
	},
	{
		Name: "app.consent.explicit", Kind: Bool, Worse: IfFalse,
		Yes: "the user is asked before the first grant", No: "the user is not asked before the first grant",
		Means: "The user is asked before the first grant.",
	},
	{
		Name: "app.consent.reask_on_wider_scope", Kind: Bool, Worse: IfFalse,
		Yes: "wider scopes ask the user again", No: "wider scopes are granted without asking again",
		Means: "The user is asked again when scopes grow.",
	},
	{
		Name: "app.cors.origins", Kind: List, Worse: IfFuller,
		Label: "registered origins are",
		Means: "Origins registered for the app.",
	},
	{
		Name: "app.cors.endpoints", Kind: List, Worse: IfFuller,
		Label: "endpoints open to other origins are",
		Means: "Endpoints that answer these origins.",
	},
	{
		Name: "app.logout.backchannel_uri", Kind: Word,
		Label: "the logout receiver is",
		Means: "Back-channel logout receiver.",
	},
	{
		Name: "app.logout.post_logout_redirect_uris", Kind: List, Worse: IfFuller,
		Label: "logout redirect URIs are",
		Means: "Where the browser may go after logout (read by probe.logout-propagation).",
	},
	{
		Name: "app.mobile.screen_lock", Kind: Word, Words: []string{"required", "off"}, Worse: IfLater,
		Label: "the published screen lock policy is",
		Means: "Published device policy.",
	},
	{
		Name: "app.mobile.policy_claim", Kind: Bool, Worse: IfFalse,
		Yes: "the device policy reaches the app", No: "the device policy does not reach the app",
		Means: "The device policy reaches the app in userinfo or a policy claim.",
	},
	{
		Name: "app.mobile.key_attested", Kind: Word, Words: []string{"hardware_user_auth", "hardware", "none"}, Worse: IfLater,
		Label: "the attestation of the app's key is",
		Means: "What the platform's key attestation says about the app's key; the last value means the key works only after an unlock.",
	},
	{
		Name: "app.push.payload_mode", Kind: Word, Words: []string{"reference_only", "text", "full"}, Worse: IfLater,
		Label: "push messages contain",
		Means: "What a push message contains.",
	},
	{
		Name: "app.push.end_to_end", Kind: Bool, Worse: IfFalse,
		Yes: "push messages are encrypted end to end", No: "push messages can be read on the way",
		Means: "Only the app on the device can read a push message.",
	},
	{
		Name: "app.events.subscriptions", Kind: List,
		Label: "subscribed events are",
		Means: "Event types the app asked for.",
	},
	{
		Name: "app.events.delivered", Kind: List, Worse: IfFuller,
		Label: "delivered events are", Drifts: true,
		Means: "Event types delivered in the last 90 days.",
	},
	{
		Name: "app.events.signed", Kind: Bool, Worse: IfFalse,
		Yes: "event deliveries are signed", No: "event deliveries are not signed",
		Means: "Deliveries are signed.",
	},
	{
		Name: "app.resources.introspect_every_call", Kind: Bool,
		Yes: "resource servers introspect every call", No: "resource servers do not introspect every call",
		Means: "Declared by the app's resource servers and confirmed by the introspection log.",
	},
	{
		Name: "app.usage.last_used", Kind: Time,
		Label: "the app was last used", Drifts: true,
		Means: "Last token issued or refreshed.",
	},
	{
		Name: "app.usage.live_tokens", Kind: Int, Worse: IfMore,
		Label: "tokens alive number", Drifts: true,
		Means: "Refresh tokens and long access tokens alive.",
	},
	{
		Name: "app.usage.scopes_used", Kind: List,
		Label: "scopes used in 90 days are", Drifts: true,
		Means: "Scopes exercised in the last 90 days.",
	},
	{
		Name: "app.usage.owner", Kind: Word,
		Label: "the owner is",
		Means: "Person answerable for the app.",
	},
	{
		Name: "app.usage.review_due", Kind: Time,
		Label: "the next review is due", Drifts: true,
		Means: "When the owner must confirm the app.",
	},
}
