package review

// tokenTerms: the tokens of an app.
var tokenTerms = []Term{
	{
		Name: "app.refresh.rotation", Kind: Bool, Worse: IfFalse,
		Yes: "refresh tokens rotate", No: "refresh tokens do not rotate",
		Means: "Each refresh replaces the refresh token.",
	},
	{
		Name: "app.refresh.reuse_detection", Kind: Bool, Worse: IfFalse,
		Yes: "reuse of a refresh token ends its family", No: "reuse of a refresh token goes unnoticed",
		Means: "A spent refresh token ends its family.",
	},
	{
		Name: "app.refresh.grace", Kind: Duration, Worse: IfMore,
		Label: "a spent refresh token is tolerated for",
		Means: "How long a spent refresh token is tolerated.",
	},
	{
		Name: "app.refresh.policy", Kind: Word, Words: []string{"zero", "lifetime", "inactivity", "infinite"}, Worse: IfLater,
		Label: "the refresh token policy is",
		Means: "How refresh tokens expire.",
	},
	{
		Name: "app.refresh.idle_ttl", Kind: Duration, Worse: IfMore,
		Label: "unused refresh tokens live",
		Means: "Life without use.",
	},
	{
		Name: "app.refresh.absolute_ttl", Kind: Duration, Worse: IfMore,
		Label: "refresh tokens live at most",
		Means: "Life counted from the login.",
	},
	{
		Name: "app.refresh.revoke_on_logout", Kind: Bool, Worse: IfFalse,
		Yes: "logout ends the refresh token", No: "logout leaves the refresh token alive",
		Means: "Logout ends the refresh token.",
	},
	{
		Name: "app.access_token.format", Kind: Word, Words: []string{"opaque", "jwt"},
		Label: "access tokens are",
		Means: "Format of access tokens.",
	},
	{
		Name: "app.access_token.ttl", Kind: Duration, Worse: IfMore,
		Label: "access tokens live",
		Means: "Effective life; with jwt the JWT's own timeout counts, not the session timeout.",
	},
	{
		Name: "app.access_token.audience", Kind: List, Worse: IfEmptier,
		Label: "access tokens name the audience",
		Means: "Resources the token names.",
	},
	{
		Name: "app.access_token.typ", Kind: Word,
		Label: "the typ of access tokens is",
		Means: "typ header of a JWT access token.",
	},
	{
		Name: "app.access_token.alg", Kind: Word,
		Label: "access tokens are signed with",
		Means: "Signing algorithm of a JWT access token.",
	},
	{
		Name: "app.access_token.binding", Kind: Word, Words: []string{"dpop", "mtls", "none"}, Worse: IfLater,
		Label: "the sender constraint of access tokens is",
		Means: "Required sender constraint of access tokens.",
	},
	{
		Name: "app.id_token.ttl", Kind: Duration, Worse: IfMore,
		Label: "ID tokens live",
		Means: "Life of an ID token.",
	},
	{
		Name: "app.id_token.audience", Kind: List, Worse: IfFuller,
		Label: "extra audiences of ID tokens are",
		Means: "Audiences of an ID token; client_id is always one.",
	},
	{
		Name: "app.id_token.audience_reviewed", Kind: Bool, Worse: IfFalse,
		Yes: "the extra audiences of ID tokens are approved", No: "the extra audiences of ID tokens are not approved",
		Means: "An administrator approved the extra audiences; none of them is another app.",
	},
	{
		Name: "app.id_token.standard_claims", Kind: Bool, Worse: IfTrue,
		Yes: "ID tokens carry profile claims", No: "ID tokens carry no profile claims",
		Means: "Standard profile claims are included.",
	},
	{
		Name: "app.id_token.attributes", Kind: List, Worse: IfFuller,
		Label: "custom attributes in ID tokens are",
		Means: "Custom attributes included.",
	},
	{
		Name: "app.id_token.custom_permissions", Kind: Bool, Worse: IfTrue,
		Yes: "ID tokens carry custom permissions", No: "ID tokens carry no custom permissions",
		Means: "Custom permissions are included.",
	},
	{
		Name: "app.id_token.nonce_required", Kind: Bool, Worse: IfFalse,
		Yes: "a nonce is required", No: "a nonce is not required",
		Means: "An authorization request without nonce is refused.",
	},
	{
		Name: "app.claims.allow", Kind: List, Worse: IfEmptier,
		Label: "declared claims are",
		Means: "Claims the app declared and may receive; unset if there is no list.",
	},
	{
		Name: "app.subject_type", Kind: Word, Words: []string{"pairwise", "public"}, Worse: IfLater,
		Label: "subjects are",
		Means: "Kind of sub.",
	},
}
