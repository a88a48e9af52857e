package sfdx

import (
	"fmt"
	"slices"
	"time"
)

// longRefresh is where M08 calls the life of a refresh token long. No source has a
// number; this one is ours.
const longRefresh = 90 * 24 * time.Hour

// checkPublicPKCE is M07.
func checkPublicPKCE(a *App, r *report) {
	if off(a.SecretForCode) && off(a.RequirePKCE) && !on(a.Org.RequirePKCE) {
		r.add(High, a.ID, a.RequirePKCE.place(),
			"Neither the client secret (isConsumerSecretOptional is true) nor PKCE is required: whoever catches a code can redeem it.",
			"Write <isPkceRequired>true</isPkceRequired>.", to(a, a.RequirePKCE, "true"))
	}
}

// checkRefresh is M08.
func checkRefresh(a *App, r *report) {
	optional := a.SecretForRefresh
	if off(a.SecretForCode) {
		optional = a.SecretForCode
	}
	life, _, known := a.refreshLife()
	if !off(optional) || !off(a.RefreshRotation) || !known || life <= longRefresh {
		return
	}
	says := "never expires"
	if life != Forever {
		says = fmt.Sprintf("lives for %d days", life/(24*time.Hour))
	}
	limit := []Change{to(a, a.RefreshPolicy, RefreshInactivity), to(a, a.RefreshPeriod, "30"), to(a, a.RefreshUnit, "Days")}
	write := "refreshTokenPolicyType SpecificInactivity with 30 Days"
	if a.Kind == ConnectedApp {
		limit = []Change{to(a, a.RefreshPolicy, "specific_inactivity:30:DAYS")}
		write = "<refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy>"
	}
	r.add(High, a.ID, firstPlace(a.RefreshPolicy.place(), a.RefreshRotation.place()),
		fmt.Sprintf("The refresh token %s, is not replaced when used, and the secret is optional (%s): a stolen one works for its whole life, unnoticed.", says, optional.tag()),
		"Write <isRefreshTokenRotationEnabled>true</isRefreshTokenRotationEnabled> and "+write+"; if the app can keep a secret, require it as well.",
		append([]Change{to(a, a.RefreshRotation, "true")}, limit...)...)
}

// Forever is the duration of what never expires.
const Forever = time.Duration(1<<63 - 1)

// refreshLife returns how long a refresh token may live: after its last use if
// idle is true, else after the login. Not known if a value is missing or wrong.
func (a *App) refreshLife() (life time.Duration, idle, known bool) {
	if !a.RefreshPolicy.Known() {
		return 0, false, false
	}
	switch a.RefreshPolicy.V {
	case RefreshInfinite:
		return Forever, false, true
	case RefreshZero:
		return 0, false, true
	}
	n, unit := a.RefreshPeriod, a.RefreshUnit
	if a.RefreshPolicy.Origin == Default && n.Origin == Default {
		return 365 * 24 * time.Hour, false, true // the policy the org creates by itself
	}
	if !n.Known() || !unit.Known() || n.V <= 0 || n.V > 100_000 {
		return 0, false, false
	}
	each := 24 * time.Hour
	switch unit.V {
	case "Hours":
		each = time.Hour
	case "Months":
		each = 30 * 24 * time.Hour
	}
	return time.Duration(n.V) * each, a.RefreshPolicy.V == RefreshInactivity, true
}

// checkScopes is M14.
func checkScopes(a *App, r *report) {
	if slices.Contains(a.Scopes.V, "Full") {
		r.add(High, a.ID, a.Scopes.place(), "The scope Full gives the app everything its users may do.",
			"Name the scopes the app needs instead, such as Api, OpenID, RefreshToken.")
	}
	if a.Headless() && slices.Contains(a.Scopes.V, "Web") {
		r.add(Medium, a.ID, a.Scopes.place(), "The scope Web turns a token into a browser session; a headless app has no browser to open, a thief has.",
			"Remove Web from the scopes.")
	}
}

// checkIPRelaxation is M16.
func checkIPRelaxation(a *App, r *report) {
	if !is(a.IPRelaxation, IPBypass) {
		return
	}
	enforce := IPEnforce
	if a.Kind == ConnectedApp {
		enforce = "ENFORCE"
	}
	r.add(High, a.ID, a.IPRelaxation.place(), "The IP restrictions of the org are bypassed for this app: stolen credentials and tokens work from anywhere.",
		fmt.Sprintf("Write <%s>%s</%[1]s>.", a.IPRelaxation.tag(), enforce), to(a, a.IPRelaxation, enforce))
}

// checkRotateOnDeploy is M18.
func checkRotateOnDeploy(a *App, r *report) {
	for what, s := range map[string]Setting[bool]{"key": a.RotateKeyOnDeploy, "secret": a.RotateSecretOnDeploy} {
		if on(s) {
			r.add(Medium, a.ID, s.place(), fmt.Sprintf("%s was left true: every deploy draws a new consumer %s and cuts off all running clients.", s.tag(), what),
				fmt.Sprintf("Write <%s>false</%[1]s> once the rotation is done.", s.tag()), to(a, s, "false"))
		}
	}
}

// checkIdlePolicy is M19.
func checkIdlePolicy(a *App, r *report) {
	if a.SessionMinutes.Origin == Given && on(a.NamedUserJWT) {
		r.add(Low, a.ID, a.SessionMinutes.place(),
			fmt.Sprintf("%s has no effect: the access tokens are JWTs, which follow their own timeout.", a.SessionMinutes.tag()),
			fmt.Sprintf("Remove <%s>; set namedUserJwtTimeout with namedUserJwtSessionTimeoutType Custom.", a.SessionMinutes.tag()), to(a, a.SessionMinutes, nil))
	}
	if !off(a.GuestCodeCredentials) {
		return
	}
	var idle []Change
	at := place{}
	if a.GuestJWTTimeoutType.Origin == Given {
		at, idle = a.GuestJWTTimeoutType.place(), append(idle, to(a, a.GuestJWTTimeoutType, nil))
	}
	if a.GuestJWTMinutes.Origin == Given {
		at, idle = firstPlace(at, a.GuestJWTMinutes.place()), append(idle, to(a, a.GuestJWTMinutes, nil))
	}
	if len(idle) > 0 {
		r.add(Low, a.ID, at, "The guest timeouts have no effect: the guest flow is off.",
			"Remove <guestJwtTimeout> and <guestJwtSessionTimeoutType>.", idle...)
	}
}

// checkMisreadFlag is X01: the checkbox "Require Secret for Web Server Flow" is
// ticked when isConsumerSecretOptional is false. Whoever read it the other way
// round gets an app that can keep a secret and is not asked for it.
func checkMisreadFlag(a *App, r *report) {
	if !off(a.SecretForCode) {
		return
	}
	why := ""
	switch {
	case on(a.ClientCredentials):
		why = "uses client credentials"
	case a.Certificate.Known() && a.Certificate.V != "":
		why = "has a certificate"
	case on(a.SecretForRefresh):
		why = "needs its secret for every refresh"
	default:
		return
	}
	r.add(High, a.ID, a.SecretForCode.place(),
		fmt.Sprintf("isConsumerSecretOptional is true, yet the app %s, so it can keep a secret. The field is the opposite of the checkbox Require Secret for Web Server Flow: here a code is redeemed without the secret.", why),
		"Write <isConsumerSecretOptional>false</isConsumerSecretOptional>. If the app really is public, switch off what needs its secret.",
		to(a, a.SecretForCode, "false"))
}

// checkOldType is X02.
func checkOldType(a *App, r *report) {
	if a.Kind == ConnectedApp && !a.Unreadable {
		r.add(Low, a.ID, a.at(), "A Connected App: the older app type, whose creation Salesforce restricts.",
			"Move it to an External Client App.")
	}
}
