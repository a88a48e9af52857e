package controls

import "countersign/internal/review"

// All lists the controls in the order of the catalogue: flows and client
// proof, secrets, scopes and claims, tokens and sessions, access, devices, and
// those added by us. The texts are attached by [Catalogue].
var All = []review.Control{
	codeAndCredentialsFlow,
	codeAndCredentialsSettings,
	requireSecretCode,
	requireSecretRefresh,
	requirePKCE,
	refreshRotation,
	clientCredentialsOff,
	clientCredentialsPolicy,
	jwtBearerFlow,
	digitalSignatures,
	deviceFlowOff,
	tokenExchange,
	oauthEnabled,
	metadataSecretProtection,
	restSecretMasking,
	scopeLeastPrivilege,
	customScopes,
	customAttributes,
	idToken,
	jwtAccessTokens,
	sessionTimeout,
	refreshTokenLifetime,
	appSingleLogout,
	singleLogout,
	sessionAssurance,
	ipRestrictions,
	permittedUsers,
	oauthUsage,
	introspectOwnOnly,
	appCreationOff,
	weakFlowsOff,
	mobileScreenLock,
	pushAndNotifications,
}
