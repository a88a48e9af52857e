package sfdx

// Names of the metadata types this package knows best.
const (
	typeHeader    = "ExternalClientApplication"
	typeGlobal    = "ExtlClntAppGlobalOauthSettings"
	typeSettings  = "ExtlClntAppOauthSettings"
	typePolicy    = "ExtlClntAppOauthConfigurablePolicies"
	typePlugins   = "ExtlClntAppConfigurablePolicies"
	typeNotify    = "ExtlClntAppNotificationSettings"
	typeMobile    = "ExtlClntAppMobileSettings"
	typePush      = "ExtlClntAppPushConfigurablePolicies"
	typeConnected = "ConnectedApp"
	typeOidc      = "OauthOidcSettings"
	typeECAOrg    = "ExternalClientAppSettings"
	typeCAOrg     = "ConnectedAppSettings"
	typeSecurity  = "SecuritySettings"
	typeNetwork   = "Network"
	typeHandler   = "OauthTokenExchangeHandler"
	typeCors      = "CorsWhitelistOrigin"
	typeScope     = "OauthCustomScope"
)

const tie = "externalClientApplication"

// types are all metadata types, with their elements in schema order, which is the
// order in which a missing element is inserted and a new file is written. The
// elements at the end of a list are not in the schema but occur in real files.
var types = []fileType{
	headerType, globalType, settingsType, policyType, pluginsType, notifyType,
	unlisted("ExtlClntAppOauthSecuritySettings", "extlClntAppOauthSecuritySettings", ".ecaOauthSecurity"),
	unlisted(typeMobile, "extlClntAppMobileSettings", ".ecaMobile"),
	unlisted("ExtlClntAppMobileConfigurablePolicies", "extlClntAppMobilePolicies", ".ecaMobilePlcy"),
	unlisted("ExtlClntAppPushSettings", "extlClntAppPushSettings", ".ecaPush"),
	unlisted(typePush, "extlClntAppPushPolicies", ".ecaPushPlcy"),
	unlisted("ExtlClntAppSamlConfigurablePolicies", "extlClntAppSamlConfigurablePolicies", ".ecaSamlPlcy"),
	unlisted("ExtlClntAppCanvasSettings", "extlClntAppCanvasSettings", ".ecaCanvas"),
	connectedType, oidcType, ecaOrgType, caOrgType, securityType,
	networkType, scopeType, handlerType, corsType,
}

// unlisted is a type of which no complete list of elements is known: its files are
// tied to their app and not checked for unknown elements.
func unlisted(name, folder, suffix string) fileType {
	return fileType{folder: folder, suffix: suffix, tied: true, element: tree(name, str(tie).must()).loose()}
}

var headerType = fileType{
	folder: "externalClientApps", suffix: ".eca",
	element: tree(typeHeader,
		str("contactEmail"), str("contactPhone"), str("description"), enum("distributionState", distributionStates),
		str("iconUrl"), str("infoUrl"), yes("isProtected"), str("label"), str("logoUrl"),
		enum("managedType", managedTypes), str("orgScopedExternalApp"),
	),
}

var globalType = fileType{
	folder: "extlClntAppGlobalOauthSets", suffix: ".ecaGlblOauth", tied: true,
	element: tree(typeGlobal,
		str("callbackUrl"), str("certificate").from(60), str("consumerKey"), str("consumerSecret").hidden(), str(tie).must(),
		tree("idTokenConfig",
			str("idTokenAudience"), yes("idTokenIncludeAttributes"), yes("idTokenIncludeCustomPermissions"),
			yes("idTokenIncludeStandardClaims"), num("idTokenValidityInMinutes").where(isIDTokenValidity),
		),
		yes("isClientCredentialsFlowEnabled").from(60), yes("isCodeCredFlowEnabled").from(61), yes("isCodeCredPostOnly").from(61),
		yes("isConsumerSecretOptional"), yes("isDPopEnabled"), yes("isDeviceFlowEnabled").from(60), yes("isEnforceRefreshTokenTTL"),
		yes("isIntrospectAllTokens"), yes("isNamedUserJwtEnabled").from(61), yes("isPkceRequired"),
		yes("isRefreshTokenRotationEnabled").from(60), yes("isSecretRequiredForRefreshToken"),
		yes("isSecretRequiredForTokenExchange").from(60), yes("isTokenExchangeEnabled").from(60), str("label"),
		yes("shouldRotateConsumerKey"), yes("shouldRotateConsumerSecret"),
	),
}

var settingsType = fileType{
	folder: "extlClntAppOauthSettings", suffix: ".ecaOauth", tied: true,
	element: tree(typeSettings,
		yes("areAttributesIncludedInAssetToken").from(61), yes("areCustomPermsIncludedInAssetToken").from(61),
		str("assetTokenAudiences").from(61), str("assetTokenSigningCertificate").from(61), num("assetTokenValidity").from(61),
		str("clientAssertionCertificate"), str("commaSeparatedCustomScopes").list(nil),
		str("commaSeparatedOauthScopes").list(scopeListECA),
		tree("customAttributes", str("formula").must(), str("key").must()).many(),
		str(tie).must(), yes("isFirstPartyAppEnabled"), str("label"), str("oauthLink"), str("singleLogoutUrl"),
		tree("trustedIpRanges", str("description"), str("endIpAddress").must(), str("startIpAddress").must()).many(),
	),
}

var policyType = fileType{
	folder: "extlClntAppOauthPolicies", suffix: ".ecaOauthPlcy", tied: true,
	element: tree(typePolicy,
		str("apexHandler").from(61), str("clientCredentialsFlowUser").from(60), str("commaSeparatedCustomScopes").from(61).list(nil),
		str("commaSeparatedPermissionSet").list(nil), str("commaSeparatedProfile").list(nil),
		tree("customAttributes", str("formula").must(), str("key").must()).many(),
		str("executeHandlerAs").from(61), str(tie).must(),
		enum("guestJwtSessionTimeoutType", timeoutTypes).from(65), element{name: "guestJwtTimeout", kind: integer, values: jwtTimeouts, since: 61},
		enum("ipRelaxationPolicyType", ipRelaxations), yes("isClientCredentialsFlowEnabled").from(60),
		yes("isGuestCodeCredFlowEnabled").from(61), yes("isNamedUserJwtEnabled"), yes("isTokenExchangeFlowEnabled").from(60), str("label"),
		enum("namedUserJwtSessionTimeoutType", timeoutTypes).from(65), element{name: "namedUserJwtTimeout", kind: integer, values: jwtTimeouts, since: 61},
		enum("permittedUsersPolicyType", permittedUsers), enum("policyAction", policyActions),
		enum("refreshTokenPolicyType", refreshPolicies), num("refreshTokenValidityPeriod"), enum("refreshTokenValidityUnit", refreshUnits),
		enum("requiredSessionLevel", sessionLevels), num("sessionTimeoutInMinutes"), str("singleLogoutUrl"), str("startUrl"),
	),
}

var pluginsType = fileType{
	folder: "extlClntAppPolicies", suffix: ".ecaPlcy", tied: true,
	element: tree(typePlugins,
		str(tie).must(), yes("isCanvasPluginEnabled").from(66), yes("isEnabled").must().from(60),
		yes("isMobilePluginEnabled").from(63), yes("isNotificationPluginEnabled").from(63), yes("isOauthPluginEnabled").from(60),
		yes("isPushPluginEnabled").from(63), yes("isSamlPluginEnabled").from(63), str("label"),
		enum("startPage", startPages).from(63), str("startUrl").from(63),
	),
}

var notifyType = fileType{
	folder: "extlClntAppNotifSettings", suffix: ".ecaNotifications", tied: true,
	element: tree(typeNotify,
		str(tie).must(), str("label"),
		tree("notificationTypes", str("notificationType").must(), yes("pushByDefault")).many(),
	).from(64),
}
