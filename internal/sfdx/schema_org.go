package sfdx

var oidcType = fileType{
	folder: "settings", suffix: ".settings", file: "OauthOidc",
	element: tree(typeOidc,
		yes("agentAuthLinking"), yes("blockOAuthUnPwFlow"), yes("blockOAuthUsrAgtFlow"), yes("enableHdlessFgtPswFlow"),
		yes("isPkceRequired").from(59), yes("oAuthCdCrdtFlowEnable"),
	),
}

var ecaOrgType = fileType{
	folder: "settings", suffix: ".settings", file: "ExternalClientApp",
	element: tree(typeECAOrg,
		yes("enableClientSecretInRestApiAccess").from(62), yes("enableConsumerSecretApiAccess"),
		yes("enableExternalClientApps"), yes("enablePackageEcaOauthFromDevOrg").from(62),
	),
}

var caOrgType = fileType{
	folder: "settings", suffix: ".settings", file: "ConnectedApp",
	element: tree(typeCAOrg,
		yes("enableAdminApprovedAppsOnly"), yes("enableAdminApprovedAppsOnlyForExternalUser"),
		yes("enableSkipUserProvisioningWizardWelcomePage"),
	),
}

var securityType = fileType{
	folder: "settings", suffix: ".settings", file: "Security",
	element: tree(typeSecurity, tree("sessionSettings", yes("enableOauthCorsPolicy")).loose()).loose(),
}

var networkType = fileType{
	folder: "networks", suffix: ".network",
	element: tree(typeNetwork,
		str("changePasswordTemplate").must(), str("emailSenderAddress").must(), str("emailSenderName").must(),
		str("forgotPasswordTemplate").must(), str("headlessForgotPasswordTemplate"), str("headlessRegistrationTemplate"),
		tree("networkAuthApiSettings", siteSettings...).from(60),
		str("site").must(), str("status").must(), skip("tabs").must(), str("urlPathPrefix"), str("welcomeTemplate").must(),
	).loose(),
}

// siteSettings are the headless login settings of an Experience Cloud site.
var siteSettings = []element{
	yes("doesForgotPasswordRequireAuth"), yes("doesPasswordLoginRequireAuth"), yes("doesPwdlessLoginRequireAuth"),
	yes("doesRegistrationRequireAuth"),
	tree("emailTmplsAllowlist", str("emailTemplate")).many(),
	str("headlessDiscoveryExecutionUser"), str("headlessDiscoveryHandler"),
	yes("isFirstPartyAppsAllowed"), yes("isForgotPwdAllowed"), yes("isForgotPwdEmailTemplateAllowlistingEnabled"),
	yes("isHeadlessUserRegistrationAllowed"), yes("isPwdlessLoginAllowed"), yes("IsPwdlessLoginAllowed"),
	yes("isRecaptchaRequiredForgotPwd"), yes("isRecaptchaRequiredPwdlessLogin"), yes("isRecaptchaRequiredRgstr"),
	yes("isUniversalClientRgstrAllowed"), yes("isUserDisambiguationAllowedForgotPwd"), yes("isUserDisambiguationAllowedUsernamePwd"),
	num("maxPasswordResetAttempts"),
	{name: "recaptchaScoreThreshold", kind: decimal},
	str("recaptchaSecretKey").hidden(),
	str("registrationExecutionUser"), str("registrationHandler"), str("registrationUserDefaultProfile"),
}

var handlerType = fileType{
	folder: "oauthtokenexchangehandlers", suffix: ".oauthtokenexchangehandler",
	element: tree(typeHandler,
		str("description").must(), str("developerName").must(),
		tree("enablements", str("apexExecutionUser").must(), str("connectedApp"), str("externalClientApp"), yes("isDefault").must()).many(),
		yes("isAccessTokenSupported").must(), yes("isContactCreationAllowed").must(), yes("isEnabled").must(),
		yes("isIdTokenSupported").must(), yes("isJwtSupported").must(), yes("isProtected"), yes("isRefreshTokenSupported").must(),
		yes("isSaml2Supported").must(), yes("isUserCreationAllowed").must(), str("masterLabel").must(), str("tokenHandlerApex").must(),
	),
}

var scopeType = fileType{
	folder: "oauthcustomscopes", suffix: ".oauthcustomscope",
	element: tree(typeScope,
		tree("assignedTo", str("connectedApp").must()).many().from(49), str("description").must(), str("developerName").must(),
		yes("isProtected"), yes("isPublic"), str("masterLabel").must(),
	),
}

var corsType = fileType{
	folder: "corsWhitelistOrigins", suffix: ".corsWhitelistOrigin",
	element: tree(typeCors, str("urlPattern").must()),
}
