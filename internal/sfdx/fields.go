package sfdx

import (
	"slices"
	"strconv"
)

// fields are the settings of an app, in schema order of their files, with what the
// same setting is called in a Connected App and the documented default.
var fields = slices.Concat(headerFields, globalFields, settingsFields, policyFields, pluginFields)

func boolean(typ, path, connected string, at func(*App) *Setting[bool]) scalar[bool] {
	return scalar[bool]{
		typ: typ, path: path, connected: connected, at: at,
		parse: parseBool,
		print: strconv.FormatBool,
	}
}

func words(typ, path, connected string, at func(*App) *Setting[string]) scalar[string] {
	return scalar[string]{typ: typ, path: path, connected: connected, at: at, parse: parseText, print: printText}.orElse("")
}

func number(typ, path, connected string, at func(*App) *Setting[int]) scalar[int] {
	return scalar[int]{typ: typ, path: path, connected: connected, at: at, parse: parseInt, print: printInt}.orElse(0)
}

// choice is a text with a closed list of values.
func choice(typ, path, connected string, values []string, at func(*App) *Setting[string]) scalar[string] {
	return scalar[string]{
		typ: typ, path: path, connected: connected, at: at, print: printText,
		parse: func(s string) (string, bool) {
			for _, v := range values {
				if v == s {
					return v, true
				}
			}
			return "", false
		},
	}
}

var headerFields = []field{
	words(typeHeader, "contactEmail", "contactEmail", func(a *App) *Setting[string] { return &a.ContactEmail }),
	words(typeHeader, "contactPhone", "contactPhone", func(a *App) *Setting[string] { return &a.ContactPhone }),
	words(typeHeader, "description", "description", func(a *App) *Setting[string] { return &a.Description }),
	choice(typeHeader, "distributionState", "", distributionStates, func(a *App) *Setting[string] { return &a.Distribution }).
		orElse("Local").unknownConnected(),
	words(typeHeader, "iconUrl", "iconUrl", func(a *App) *Setting[string] { return &a.IconURL }),
	words(typeHeader, "infoUrl", "infoUrl", func(a *App) *Setting[string] { return &a.InfoURL }),
	boolean(typeHeader, "isProtected", "", func(a *App) *Setting[bool] { return &a.Protected }).orElse(false).unknownConnected(),
	words(typeHeader, "label", "label", func(a *App) *Setting[string] { return &a.Label }),
	words(typeHeader, "logoUrl", "logoUrl", func(a *App) *Setting[string] { return &a.LogoURL }),
	choice(typeHeader, "managedType", "", managedTypes, func(a *App) *Setting[string] { return &a.ManagedType }).orElse(""),
	words(typeHeader, "orgScopedExternalApp", "", func(a *App) *Setting[string] { return &a.OrgScopedApp }),
}

var globalFields = []field{
	list{
		typ: typeGlobal, path: "callbackUrl", connected: "oauthConfig.callbackUrl", split: splitLines, join: "\n",
		at: func(a *App) *Setting[[]string] { return &a.CallbackURLs },
	},
	words(typeGlobal, "certificate", "oauthConfig.certificate", func(a *App) *Setting[string] { return &a.Certificate }),
	words(typeGlobal, "consumerKey", "oauthConfig.consumerKey", func(a *App) *Setting[string] { return &a.ConsumerKey }),
	list{
		typ: typeGlobal, path: "idTokenConfig.idTokenAudience", connected: "oauthConfig.idTokenConfig.idTokenAudience",
		split: splitList, join: ", ", at: func(a *App) *Setting[[]string] { return &a.IDTokenAudience },
	},
	boolean(typeGlobal, "idTokenConfig.idTokenIncludeAttributes", "oauthConfig.idTokenConfig.idTokenIncludeAttributes",
		func(a *App) *Setting[bool] { return &a.IDTokenAttributes }),
	boolean(typeGlobal, "idTokenConfig.idTokenIncludeCustomPermissions", "oauthConfig.idTokenConfig.idTokenIncludeCustomPerms",
		func(a *App) *Setting[bool] { return &a.IDTokenPermissions }),
	boolean(typeGlobal, "idTokenConfig.idTokenIncludeStandardClaims", "oauthConfig.idTokenConfig.idTokenIncludeStandardClaims",
		func(a *App) *Setting[bool] { return &a.IDTokenClaims }),
	number(typeGlobal, "idTokenConfig.idTokenValidityInMinutes", "oauthConfig.idTokenConfig.idTokenValidity",
		func(a *App) *Setting[int] { return &a.IDTokenMinutes }).orElse(2),
	boolean(typeGlobal, "isClientCredentialsFlowEnabled", "oauthConfig.isClientCredentialEnabled",
		func(a *App) *Setting[bool] { return &a.ClientCredentials }).orElse(false),
	boolean(typeGlobal, "isCodeCredFlowEnabled", "oauthConfig.isCodeCredentialEnabled",
		func(a *App) *Setting[bool] { return &a.CodeCredentials }).orElse(false),
	boolean(typeGlobal, "isCodeCredPostOnly", "oauthConfig.isCodeCredentialPostOnly",
		func(a *App) *Setting[bool] { return &a.PostBodyOnly }).orElse(false),
	inverted(boolean(typeGlobal, "isConsumerSecretOptional", "oauthConfig.isConsumerSecretOptional",
		func(a *App) *Setting[bool] { return &a.SecretForCode })).orElse(true),
	boolean(typeGlobal, "isDPopEnabled", "", func(a *App) *Setting[bool] { return &a.DPoP }).orElse(false),
	boolean(typeGlobal, "isDeviceFlowEnabled", "", func(a *App) *Setting[bool] { return &a.DeviceFlow }).
		orElse(false).unknownConnected(), // a Connected App has this switch in the user interface only
	boolean(typeGlobal, "isEnforceRefreshTokenTTL", "", func(a *App) *Setting[bool] { return &a.EnforceRefreshTTL }),
	boolean(typeGlobal, "isIntrospectAllTokens", "oauthConfig.isIntrospectAllTokens",
		func(a *App) *Setting[bool] { return &a.IntrospectAll }).orElse(false),
	boolean(typeGlobal, "isNamedUserJwtEnabled", "oauthConfig.isNamedUserJwtEnabled",
		func(a *App) *Setting[bool] { return &a.NamedUserJWT }).orElse(false),
	boolean(typeGlobal, "isPkceRequired", "oauthConfig.isPkceRequired",
		func(a *App) *Setting[bool] { return &a.RequirePKCE }).orElse(true).orElseConnected(false),
	boolean(typeGlobal, "isRefreshTokenRotationEnabled", "oauthConfig.isRefreshTokenRotationEnabled",
		func(a *App) *Setting[bool] { return &a.RefreshRotation }).orElse(false),
	boolean(typeGlobal, "isSecretRequiredForRefreshToken", "oauthConfig.isSecretRequiredForRefreshToken",
		func(a *App) *Setting[bool] { return &a.SecretForRefresh }).orElse(true),
	boolean(typeGlobal, "isSecretRequiredForTokenExchange", "oauthConfig.isSecretRequiredForTokenExchange",
		func(a *App) *Setting[bool] { return &a.SecretForTokenExchange }).orElse(false),
	boolean(typeGlobal, "isTokenExchangeEnabled", "oauthConfig.isTokenExchangeEnabled",
		func(a *App) *Setting[bool] { return &a.TokenExchange }).orElse(false),
	boolean(typeGlobal, "shouldRotateConsumerKey", "", func(a *App) *Setting[bool] { return &a.RotateKeyOnDeploy }).orElse(false),
	boolean(typeGlobal, "shouldRotateConsumerSecret", "", func(a *App) *Setting[bool] { return &a.RotateSecretOnDeploy }).orElse(false),
}

var settingsFields = []field{
	boolean(typeSettings, "areAttributesIncludedInAssetToken", "oauthConfig.assetTokenConfig.assetIncludeAttributes",
		func(a *App) *Setting[bool] { return &a.AssetAttributes }),
	boolean(typeSettings, "areCustomPermsIncludedInAssetToken", "oauthConfig.assetTokenConfig.assetIncludeCustomPerms",
		func(a *App) *Setting[bool] { return &a.AssetPermissions }),
	words(typeSettings, "assetTokenAudiences", "oauthConfig.assetTokenConfig.assetAudiences",
		func(a *App) *Setting[string] { return &a.AssetAudiences }),
	words(typeSettings, "assetTokenSigningCertificate", "oauthConfig.assetTokenConfig.assetSigningCertId",
		func(a *App) *Setting[string] { return &a.AssetCertificate }),
	number(typeSettings, "assetTokenValidity", "oauthConfig.assetTokenConfig.assetValidityPeriod",
		func(a *App) *Setting[int] { return &a.AssetMinutes }),
	words(typeSettings, "clientAssertionCertificate", "", func(a *App) *Setting[string] { return &a.ClientAssertionCertificate }),
	list{
		typ: typeSettings, path: "commaSeparatedCustomScopes", split: splitList, join: ", ",
		at: func(a *App) *Setting[[]string] { return &a.CustomScopes },
	},
	list{
		typ: typeSettings, path: "commaSeparatedOauthScopes", connected: "oauthConfig.scopes", split: splitList, join: ", ",
		at: func(a *App) *Setting[[]string] { return &a.Scopes },
	},
	attributes{typ: typeSettings, connected: "attributes", at: func(a *App) *Setting[[]Attribute] { return &a.Attributes }},
	boolean(typeSettings, "isFirstPartyAppEnabled", "", func(a *App) *Setting[bool] { return &a.FirstPartyChallenge }).orElse(false),
	words(typeSettings, "singleLogoutUrl", "oauthConfig.singleLogoutUrl", func(a *App) *Setting[string] { return &a.LogoutURL }),
	ipRanges{at: func(a *App) *Setting[[]IPRange] { return &a.TrustedIPRanges }},
}

var policyFields = []field{
	words(typePolicy, "apexHandler", "plugin", func(a *App) *Setting[string] { return &a.ApexHandler }),
	words(typePolicy, "clientCredentialsFlowUser", "oauthConfig.oauthClientCredentialUser",
		func(a *App) *Setting[string] { return &a.RunAsUser }),
	list{
		typ: typePolicy, path: "commaSeparatedCustomScopes", split: splitList, join: ", ",
		at: func(a *App) *Setting[[]string] { return &a.PolicyScopes },
	},
	list{
		typ: typePolicy, path: "commaSeparatedPermissionSet", connected: "permissionSetName", split: splitList, join: ", ",
		at: func(a *App) *Setting[[]string] { return &a.PermissionSets },
	},
	list{
		typ: typePolicy, path: "commaSeparatedProfile", connected: "profileName", split: splitList, join: ", ",
		at: func(a *App) *Setting[[]string] { return &a.Profiles },
	},
	attributes{typ: typePolicy, at: func(a *App) *Setting[[]Attribute] { return &a.PolicyAttributes }},
	words(typePolicy, "executeHandlerAs", "pluginExecutionUser", func(a *App) *Setting[string] { return &a.ExecuteHandlerAs }),
	choice(typePolicy, "guestJwtSessionTimeoutType", "", timeoutTypes, func(a *App) *Setting[string] { return &a.GuestJWTTimeoutType }).orElse(""),
	number(typePolicy, "guestJwtTimeout", "", func(a *App) *Setting[int] { return &a.GuestJWTMinutes }),
	choice(typePolicy, "ipRelaxationPolicyType", "oauthPolicy.ipRelaxation", ipRelaxations,
		func(a *App) *Setting[string] { return &a.IPRelaxation }).orElse(IPEnforce).readConnected(fromOldIPRelaxation),
	boolean(typePolicy, "isClientCredentialsFlowEnabled", "oauthConfig.isClientCredentialEnabled",
		func(a *App) *Setting[bool] { return &a.ClientCredentialsAllowed }).orElse(false),
	boolean(typePolicy, "isGuestCodeCredFlowEnabled", "", func(a *App) *Setting[bool] { return &a.GuestCodeCredentials }).orElse(false),
	boolean(typePolicy, "isTokenExchangeFlowEnabled", "oauthPolicy.isTokenExchangeFlowEnabled",
		func(a *App) *Setting[bool] { return &a.TokenExchangeAllowed }).orElse(false),
	choice(typePolicy, "namedUserJwtSessionTimeoutType", "", timeoutTypes,
		func(a *App) *Setting[string] { return &a.NamedUserJWTTimeoutType }).orElse(""),
	number(typePolicy, "namedUserJwtTimeout", "", func(a *App) *Setting[int] { return &a.NamedUserJWTMinutes }),
	choice(typePolicy, "permittedUsersPolicyType", "oauthConfig.isAdminApproved", permittedUsers,
		func(a *App) *Setting[string] { return &a.PermittedUsers }).orElse(SelfAuthorized).readConnected(fromAdminApproved),
	choice(typePolicy, "policyAction", "sessionPolicy.policyAction", policyActions,
		func(a *App) *Setting[string] { return &a.PolicyAction }).orElse("").readConnected(parseText),
	choice(typePolicy, "refreshTokenPolicyType", "oauthPolicy.refreshTokenPolicy", refreshPolicies,
		func(a *App) *Setting[string] { return &a.RefreshPolicy }).orElse(RefreshLifetime).unknownConnected().
		readConnected(func(s string) (string, bool) { p, _, _, ok := oldRefreshPolicy(s); return p, ok }),
	number(typePolicy, "refreshTokenValidityPeriod", "oauthPolicy.refreshTokenPolicy",
		func(a *App) *Setting[int] { return &a.RefreshPeriod }).
		readConnected(func(s string) (int, bool) { _, n, _, ok := oldRefreshPolicy(s); return n, ok }),
	choice(typePolicy, "refreshTokenValidityUnit", "oauthPolicy.refreshTokenPolicy", refreshUnits,
		func(a *App) *Setting[string] { return &a.RefreshUnit }).orElse("").
		readConnected(func(s string) (string, bool) { _, _, u, ok := oldRefreshPolicy(s); return u, ok }),
	choice(typePolicy, "requiredSessionLevel", "sessionPolicy.sessionLevel", sessionLevels,
		func(a *App) *Setting[string] { return &a.SessionLevel }).orElse("STANDARD"),
	number(typePolicy, "sessionTimeoutInMinutes", "sessionPolicy.sessionTimeout", func(a *App) *Setting[int] { return &a.SessionMinutes }),
	words(typePolicy, "singleLogoutUrl", "oauthPolicy.singleLogoutUrl", func(a *App) *Setting[string] { return &a.PolicyLogoutURL }),
	words(typePolicy, "startUrl", "", func(a *App) *Setting[string] { return &a.PolicyStartURL }),
}

var pluginFields = []field{
	boolean(typePlugins, "isCanvasPluginEnabled", "", func(a *App) *Setting[bool] { return &a.CanvasPlugin }),
	boolean(typePlugins, "isEnabled", "", func(a *App) *Setting[bool] { return &a.Enabled }).orElse(true),
	boolean(typePlugins, "isMobilePluginEnabled", "", func(a *App) *Setting[bool] { return &a.MobilePlugin }),
	boolean(typePlugins, "isNotificationPluginEnabled", "", func(a *App) *Setting[bool] { return &a.NotificationPlugin }),
	boolean(typePlugins, "isOauthPluginEnabled", "", func(a *App) *Setting[bool] { return &a.OAuthPlugin }).orElse(true),
	boolean(typePlugins, "isPushPluginEnabled", "", func(a *App) *Setting[bool] { return &a.PushPlugin }),
	boolean(typePlugins, "isSamlPluginEnabled", "", func(a *App) *Setting[bool] { return &a.SAMLPlugin }),
	choice(typePlugins, "startPage", "", startPages, func(a *App) *Setting[string] { return &a.StartPage }).orElse("None"),
	words(typePlugins, "startUrl", "startUrl", func(a *App) *Setting[string] { return &a.StartURL }),
}

func fromAdminApproved(s string) (string, bool) {
	approved, ok := parseBool(s)
	if approved {
		return AdminApproved, ok
	}
	return SelfAuthorized, ok
}

func fromOldIPRelaxation(s string) (string, bool) {
	for i, old := range ipRelaxationsOld {
		if old == s {
			return ipRelaxations[i], true
		}
	}
	return "", false
}
