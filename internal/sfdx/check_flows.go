package sfdx

import "fmt"

// to is a change that would mend a finding.
func to[T any](a *App, s Setting[T], raw any) Change {
	return Change{App: a.ID, Setting: s.Element, Value: raw}
}

// checkOrgGate is M04.
func checkOrgGate(a *App, r *report) {
	gate := a.Org.CodeCredentials
	if !on(a.CodeCredentials) || !off(gate) {
		return
	}
	r.add(Medium, a.ID, a.CodeCredentials.place(),
		fmt.Sprintf("%s is on, but the org gate oAuthCdCrdtFlowEnable is off (%s:%d): headless logins are answered with an HTML login page.", a.CodeCredentials.tag(), gate.File, gate.Line),
		fmt.Sprintf("Set <oAuthCdCrdtFlowEnable>true</oAuthCdCrdtFlowEnable> in %s, which opens the flow for the whole org, or <%s>false</%[2]s> here.", gate.File, a.CodeCredentials.tag()))
}

// checkGuestNeedsJWT is M05.
func checkGuestNeedsJWT(a *App, r *report) {
	if on(a.GuestCodeCredentials) && off(a.NamedUserJWT) {
		r.add(Medium, a.ID, a.GuestCodeCredentials.place(),
			fmt.Sprintf("The guest flow is on, but JWT access tokens are off (%s:%d): guests get JWT tokens only, so their logins are refused.", a.NamedUserJWT.File, a.NamedUserJWT.Line),
			fmt.Sprintf("Set <isNamedUserJwtEnabled>true</isNamedUserJwtEnabled> in %s, or <isGuestCodeCredFlowEnabled>false</isGuestCodeCredFlowEnabled> here.", a.NamedUserJWT.File),
			to(a, a.NamedUserJWT, "true"))
	}
}

// checkTimeoutType is M06. Below API version 65 the type does not exist and the
// number counts by itself, so the finding is a reminder only.
func checkTimeoutType(a *App, r *report) {
	check := func(minutes Setting[int], typ Setting[string]) {
		if minutes.Origin != Given || !typ.Known() || typ.V == timeoutCustom {
			return
		}
		severity, says := Medium, "is not set"
		switch {
		case typ.Origin == Given:
			says = "is " + typ.V
		case a.Org.APIVersion < longJWTTimeoutSince:
			severity = Low
		}
		r.add(severity, a.ID, minutes.place(),
			fmt.Sprintf("%s is %d, but %s %s: from API version 65 the number counts with Custom only, else the token lives as long as the user's session.", minutes.tag(), minutes.V, typ.tag(), says),
			fmt.Sprintf("Add <%s>Custom</%[1]s>, or remove <%s>.", typ.tag(), minutes.tag()),
			to(a, typ, timeoutCustom))
	}
	check(a.NamedUserJWTMinutes, a.NamedUserJWTTimeoutType)
	check(a.GuestJWTMinutes, a.GuestJWTTimeoutType)
}

// checkPostOnly is M09.
func checkPostOnly(a *App, r *report) {
	if on(a.CodeCredentials) && off(a.PostBodyOnly) {
		r.add(High, a.ID, a.PostBodyOnly.place(),
			fmt.Sprintf("%s is off: the login also takes user name and password from a URL, from where they reach access logs, histories and proxies.", a.PostBodyOnly.tag()),
			fmt.Sprintf("Write <%s>true</%[1]s>; clients then send the credentials in the POST body.", a.PostBodyOnly.tag()),
			to(a, a.PostBodyOnly, "true"))
	}
}

// checkSelfAuthorized is M10.
func checkSelfAuthorized(a *App, r *report) {
	if !a.Headless() || !is(a.PermittedUsers, SelfAuthorized) {
		return
	}
	at := firstPlace(a.PermittedUsers.place(), a.CodeCredentials.place(), a.FirstPartyChallenge.place())
	by := "permittedUsersPolicyType AdminApprovedPreAuthorized, with profiles or permission sets"
	if a.Kind == ConnectedApp {
		by = "<isAdminApproved>true</isAdminApproved>, with <profileName> or <permissionSetName>"
	}
	r.add(Medium, a.ID, at, "Headless login is open to every user of the org (AllSelfAuthorized), and no consent page ever asks them.", "Write "+by+".")
}

// checkNobodyApproved is M11.
func checkNobodyApproved(a *App, r *report) {
	if !is(a.PermittedUsers, AdminApproved) || !blank(a.Profiles) || !blank(a.PermissionSets) {
		return
	}
	where := "<commaSeparatedProfile> or <commaSeparatedPermissionSet>"
	if a.Kind == ConnectedApp {
		where = "<profileName> or <permissionSetName>"
	}
	r.add(Medium, a.ID, a.PermittedUsers.place(), "Only approved users may use this app, and neither a profile nor a permission set is named: nobody can log in.",
		"Name at least one in "+where+".")
}

// checkClientCredentials is M12.
func checkClientCredentials(a *App, r *report) {
	app, policy, user := a.ClientCredentials, a.ClientCredentialsAllowed, a.RunAsUser
	named := user.Known() && user.V != ""
	both := "<isClientCredentialsFlowEnabled> in the .ecaGlblOauth and the .ecaOauthPlcy file"
	switch {
	case on(app) && on(policy) && blank(user):
		tag := user.tag()
		r.add(Medium, a.ID, firstPlace(policy.place(), app.place()), "The client credentials flow is on without a run-as user: every call ends in invalid_grant.",
			fmt.Sprintf("Name a user with API access only in <%s>, or switch the flow off.", tag))
	case on(app) && off(policy) && named:
		r.add(Medium, a.ID, firstPlace(policy.place(), app.place()), "The client credentials flow has a run-as user and is on in the app, but off in the policy: it does not work.",
			"Set "+both+" alike; remove <clientCredentialsFlowUser> if the flow stays off.")
	case on(app) && off(policy):
		r.add(Medium, a.ID, firstPlace(policy.place(), app.place()), "The client credentials flow is on in the app and off in the policy: it does not work.", "Set "+both+" alike.")
	case off(app) && on(policy):
		r.add(Medium, a.ID, policy.place(), "The client credentials flow is on in the policy and off in the app: it does not work.", "Set "+both+" alike.")
	case off(app) && off(policy) && named:
		r.add(Low, a.ID, user.place(), "A run-as user is named, but the client credentials flow is off: the name is a trap for whoever switches it on.",
			fmt.Sprintf("Remove <%s>.", user.tag()), to(a, user, nil))
	}
}

// checkTokenExchange is M13.
func checkTokenExchange(p *Project, r *report) {
	for _, a := range p.Apps {
		checkExchangeSwitches(a, r)
	}
	for _, o := range p.Orgs {
		for _, h := range o.Handlers {
			if !on(h.Enabled) {
				continue
			}
			for _, e := range h.Enablements {
				a := o.app(e.App, e.Kind)
				if a != nil && off(a.TokenExchange) && !a.Undeclared {
					r.add(Medium, a.ID, place{h.File, e.Line}, fmt.Sprintf("The handler is enabled for %s, whose token exchange is off (%s:%d).", a.Name, a.TokenExchange.File, a.TokenExchange.Line),
						"Remove the enablement, or switch token exchange on in the app and its policy.")
				}
			}
		}
	}
}

func checkExchangeSwitches(a *App, r *report) {
	app, policy := a.TokenExchange, a.TokenExchangeAllowed
	both := "<isTokenExchangeEnabled> in the .ecaGlblOauth and <isTokenExchangeFlowEnabled> in the .ecaOauthPlcy file"
	if a.Kind == ConnectedApp {
		both = "<isTokenExchangeEnabled> in <oauthConfig> and <isTokenExchangeFlowEnabled> in <oauthPolicy>"
	}
	switch {
	case on(app) && off(policy):
		r.add(Medium, a.ID, firstPlace(policy.place(), app.place()), "Token exchange is on in the app and off in the policy: it does not work.", "Set "+both+" alike.")
	case off(app) && on(policy):
		r.add(Medium, a.ID, policy.place(), "Token exchange is on in the policy and off in the app: it does not work.", "Set "+both+" alike.")
	case on(app) && on(policy) && !a.Org.exchanges(a):
		severity, says := Medium, "no enabled handler of this project names the app"
		if len(a.Org.Handlers) == 0 {
			severity, says = Low, "the project has no handler at all"
		}
		r.add(severity, a.ID, firstPlace(policy.place(), app.place()), "Token exchange is on, but "+says+": every exchange is refused.",
			fmt.Sprintf("Add an <enablements> entry with <externalClientApp>%s</externalClientApp> to an enabled OauthTokenExchangeHandler, or switch token exchange off.", a.Name))
	}
}

// exchanges says whether an enabled handler names the app, or may name it: a
// handler that cannot be read is reported by itself.
func (o *Org) exchanges(a *App) bool {
	for _, h := range o.Handlers {
		if h.broken || on(h.Enabled) && h.serves(a) {
			return true
		}
	}
	return false
}

func (o *Org) app(name string, k Kind) *App {
	for _, a := range o.Apps {
		if a.Name == name && a.Kind == k {
			return a
		}
	}
	return nil
}
