package sfdx

import (
	"slices"
	"strconv"
	"strings"
)

// Closed value lists. Salesforce spells the same choice differently in an External
// Client App and in a Connected App; both spellings are listed where they belong.
var (
	distributionStates = []string{"Local", "Packaged", "Managed", "AutoInstalled"}
	managedTypes       = []string{"Local", "Global"}
	permittedUsers     = []string{SelfAuthorized, AdminApproved}
	policyActions      = []string{"Block", "RaiseSessionLevel", "StepUpMFA"}
	refreshPolicies    = []string{RefreshInfinite, RefreshZero, RefreshLifetime, RefreshInactivity}
	refreshUnits       = []string{"Days", "Hours", "Months"}
	sessionLevels      = []string{"LOW", "STANDARD", "HIGH_ASSURANCE"}
	timeoutTypes       = []string{"UserSession", timeoutCustom}
	jwtTimeouts        = []string{"1", "5", "10", "15", "30", "60", "90", "120", "240", "480", "720"}
	ipRelaxations      = []string{IPEnforce, IPBypass, IPBypassMFA, IPRelaxRefresh}
	ipRelaxationsOld   = []string{"ENFORCE", "BYPASS", "BYPASS_2FACTOR", "ENFORCE_RELAXREFRESH"}
	startPages         = []string{"None", "Custom", "OAuth", "SAML"}
)

// Values of App settings, as an External Client App spells them.
const (
	SelfAuthorized = "AllSelfAuthorized"
	AdminApproved  = "AdminApprovedPreAuthorized"

	RefreshInfinite   = "Infinite"
	RefreshZero       = "Zero"
	RefreshLifetime   = "SpecificLifetime"
	RefreshInactivity = "SpecificInactivity"

	IPEnforce      = "Enforce"
	IPBypass       = "Bypass"
	IPBypassMFA    = "Bypass_2factor"
	IPRelaxRefresh = "Enforce_RelaxRefresh"

	timeoutCustom = "Custom"
)

// longJWTTimeoutSince is the API version that brought timeouts above 30 minutes
// and, with them, the elements that say whether the number counts.
const longJWTTimeoutSince = 65

// scopeNames pairs the name of a scope in metadata with its name on the wire.
var scopeNames = [][2]string{
	{"Basic", "id"},
	{"Api", "api"},
	{"Web", "web"},
	{"Full", "full"},
	{"Chatter", "chatter_api"},
	{"CustomApplications", "visualforce"},
	{"RefreshToken", "refresh_token"},
	{"OfflineAccess", "offline_access"},
	{"OpenID", "openid"},
	{"Profile", "profile"},
	{"Email", "email"},
	{"Address", "address"},
	{"Phone", "phone"},
	{"CustomPermissions", "custom_permissions"},
	{"Wave", "wave_api"},
	{"Eclair", "eclair_api"},
	{"Pardot", "pardot_api"},
	{"Lightning", "lightning"},
	{"CDP", "cdp_api"},
	{"CDPIngest", "cdp_ingest_api"},
	{"CDPProfile", "cdp_profile_api"},
	{"CDPQuery", "cdp_query_api"},
	{"CDPSegment", "cdp_segment_api"},
	{"CDPIdentityResolution", "cdp_identityresolution_api"},
	{"CDPCalculatedInsight", "cdp_calculated_insight_api"},
	{"DataCloudUserClaims", "data_cloud_user_claims"},
	{"Chatbot", "chatbot_api"},
	{"SFAP", "sfap_api"},
	{"Interaction", "interaction_api"},
	{"EinsteinGPT", "einstein_gpt_api"},
	{"PwdlessLogin", "pwdless_login_api"},
	{"ForgotPassword", "forgot_password"},
	{"UserRegistration", "user_registration_api"},
	{"MCP", "mcp_api"},
	{"SCRT", "scrt_api"},
	{"Content", "content"},
}

// sfapInExternalClientApp is the second spelling of SFAP, which the documentation
// of External Client Apps uses; both are read.
const sfapInExternalClientApp = "SFApiPlatform"

var (
	scopeList    = metadataScopes()
	scopeListECA = append(slices.Clone(scopeList), sfapInExternalClientApp)
)

func metadataScopes() []string {
	out := make([]string, len(scopeNames))
	for i, pair := range scopeNames {
		out[i] = pair[0]
	}
	return out
}

// WireScope returns the name a scope has on the wire for its name in metadata
// (RefreshToken: refresh_token). A name that no list has is returned unchanged
// with false.
func WireScope(metadata string) (string, bool) {
	if metadata == sfapInExternalClientApp {
		metadata = "SFAP"
	}
	for _, pair := range scopeNames {
		if pair[0] == metadata {
			return pair[1], true
		}
	}
	return metadata, false
}

// MetadataScope is the way back: refresh_token gives RefreshToken. A name that no
// list has is returned unchanged with false; it may be a custom scope.
func MetadataScope(wire string) (string, bool) {
	for _, pair := range scopeNames {
		if pair[1] == wire {
			return pair[0], true
		}
	}
	return wire, false
}

// oldRefreshPolicy reads the refresh token policy of a Connected App:
// infinite, zero, specific_lifetime:N:DAYS or specific_inactivity:N:DAYS. Which
// units exist besides DAYS is not documented, so the three of External Client
// Apps are read in either case.
func oldRefreshPolicy(s string) (policy string, period int, unit string, ok bool) {
	parts := strings.Split(strings.TrimSpace(s), ":")
	switch parts[0] {
	case "infinite":
		return RefreshInfinite, 0, "", len(parts) == 1
	case "zero":
		return RefreshZero, 0, "", len(parts) == 1
	case "specific_lifetime":
		policy = RefreshLifetime
	case "specific_inactivity":
		policy = RefreshInactivity
	}
	if policy == "" || len(parts) != 3 {
		return "", 0, "", false
	}
	period, err := strconv.Atoi(parts[1])
	for _, u := range refreshUnits {
		if strings.EqualFold(u, parts[2]) {
			unit = u
		}
	}
	return policy, period, unit, err == nil && period > 0 && unit != ""
}

func isOldRefreshPolicy(s string) bool {
	_, _, _, ok := oldRefreshPolicy(s)
	return ok
}
