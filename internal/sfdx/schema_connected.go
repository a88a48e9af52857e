package sfdx

import "strconv"

// connectedType is the older app type: what an External Client App spreads over
// five files stands in one.
var connectedType = fileType{
	folder: "connectedApps", suffix: ".connectedApp",
	element: tree(typeConnected,
		tree("attributes", str("formula").must(), str("key").must()).many(),
		skip("canvas"), skip("canvasConfig"), str("contactEmail").must(), str("contactPhone"), str("description"),
		str("iconUrl"), str("infoUrl"),
		tree("ipRanges", str("description"), str("end").must(), str("start").must()).many(),
		str("label").must(), str("logoUrl"), skip("mobileAppConfig"), str("mobileStartUrl"),
		oauthConfig,
		tree("oauthPolicy",
			enum("ipRelaxation", ipRelaxationsOld).must(), yes("isTokenExchangeFlowEnabled"),
			str("refreshTokenPolicy").must().where(isOldRefreshPolicy), str("singleLogoutUrl"),
		).from(49),
		str("permissionSetName").many().from(46), str("plugin"), str("pluginExecutionUser").from(46),
		str("profileName").many().from(46), skip("samlConfig"),
		tree("sessionPolicy", str("policyAction"), str("sessionLevel"), num("sessionTimeout")).from(49),
		str("startUrl"),
	),
}

var oauthConfig = tree("oauthConfig",
	tree("assetTokenConfig",
		str("assetAudiences").must(), yes("assetIncludeAttributes").must(), yes("assetIncludeCustomPerms").must(),
		str("assetSigningCertId").must(), num("assetValidityPeriod").must(),
	).from(49),
	str("callbackUrl").must(), str("certificate"), str("consumerKey"), str("consumerSecret").hidden().from(32),
	tree("idTokenConfig",
		str("idTokenAudience"), yes("idTokenIncludeAttributes"), yes("idTokenIncludeCustomPerms"),
		yes("idTokenIncludeStandardClaims"), num("idTokenValidity").where(isIDTokenValidity),
	).from(43),
	yes("isAdminApproved").from(46), yes("isClientCredentialEnabled").from(56), yes("isCodeCredentialEnabled").from(57),
	yes("isCodeCredentialPostOnly").from(57), yes("isConsumerSecretOptional").from(49), yes("isIntrospectAllTokens").from(49),
	yes("isNamedUserJwtEnabled").from(59), yes("isPkceRequired").from(59), yes("isRefreshTokenRotationEnabled").from(60),
	yes("isSecretRequiredForRefreshToken").from(51), yes("isSecretRequiredForTokenExchange").from(60),
	yes("isTokenExchangeEnabled").from(60), str("oauthClientCredentialUser").from(56),
	enum("scopes", scopeList).many(), str("singleLogoutUrl"),
)

// isIDTokenValidity holds for 1 to 720 minutes.
func isIDTokenValidity(value string) bool {
	minutes, err := strconv.Atoi(value)
	return err == nil && minutes >= 1 && minutes <= 720
}
