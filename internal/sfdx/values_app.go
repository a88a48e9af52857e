package sfdx

import (
	"slices"
	"time"
)

// Values gives the app's effective settings under the names of the control
// catalogue: the app's switch, then the administrator's policy, then the org, the
// stricter wins. A layer that is not in the project does not hide what the others
// say: its flow is taken as open, which is the worse case. What neither a file nor
// documentation tells is absent. org may be nil.
//
// Two readings are ours. An app is first-party if its header says Local, because
// then it belongs to the org whose project this is; and it is public if nothing in
// its settings needs a secret.
func (a *App) Values(org *Org) map[string]Value {
	if org == nil {
		org = &Org{}
	}
	m := values{}
	a.identityValues(m)
	a.flowValues(m, org)
	a.proofValues(m, org)
	a.tokenValues(m)
	a.idTokenValues(m)
	a.policyValues(m, org)
	a.otherValues(m, org)
	return m
}

// allOf is the effective value of a switch with several layers: false if one says
// false, else true if the first says true. Layers that say nothing do not count,
// except the first.
func allOf(layers ...Setting[bool]) Setting[bool] {
	for _, s := range layers {
		if off(s) {
			return s
		}
	}
	return layers[0]
}

// Public says whether nothing about the app needs a secret, so that anybody who
// has the program can act as the client. False with known false: not known.
func (a *App) public() (isPublic Setting[bool]) {
	s := a.SecretForCode
	isPublic = Setting[bool]{V: false, Origin: s.Origin, File: s.File, Line: s.Line}
	if off(s) {
		isPublic.V = !on(a.SecretForRefresh) && !on(a.ClientCredentials) && blank(a.Certificate)
	}
	return isPublic
}

func (a *App) identityValues(m values) {
	switch {
	case on(a.FirstPartyChallenge):
		put(m, "app.first_party", a.FirstPartyChallenge, true)
	default:
		put(m, "app.first_party", a.Distribution, a.Distribution.V == "Local")
	}
	put(m, "app.enabled", a.Enabled, a.Enabled.V)
	enabled := allOf(a.OAuthPlugin, a.Enabled)
	put(m, "app.oauth.enabled", enabled, enabled.V)
	if a.ContactEmail.Known() {
		put(m, "app.usage.owner", a.ContactEmail, a.ContactEmail.V)
	}
	put(m, "app.redirect_uris", a.CallbackURLs, orEmpty(a.CallbackURLs.V))
	if len(a.files[typeMobile]) > 0 {
		m["app.platform"] = Value{V: "mobile", File: a.files[typeMobile][0].Path, Line: 1}
	}
	lock := map[bool]string{true: "required", false: "off"}[a.ScreenLock.V]
	put(m, "app.mobile.screen_lock", a.ScreenLock, lock)
	payload := map[bool]string{true: "full", false: "text"}[a.PushFullContent.V]
	put(m, "app.push.payload_mode", a.PushFullContent, payload)
	put(m, "app.events.subscriptions", a.NotificationTypes, orEmpty(a.NotificationTypes.V))
}

func (a *App) flowValues(m values, org *Org) {
	flow := func(name string, layers ...Setting[bool]) Setting[bool] {
		s := allOf(append(layers, a.OAuthPlugin, a.Enabled)...)
		put(m, name, s, s.V)
		return s
	}
	headless := a.CodeCredentials
	if on(a.FirstPartyChallenge) {
		headless = a.FirstPartyChallenge // the other way to log in without a browser
	}
	login := flow("app.flows.code_and_credentials", headless, org.CodeCredentials)
	flow("app.flows.client_credentials", a.ClientCredentials, a.ClientCredentialsAllowed)
	flow("app.flows.device", a.DeviceFlow)
	flow("app.flows.token_exchange", a.TokenExchange, a.TokenExchangeAllowed)
	flow("app.flows.jwt_bearer", truth(a.Certificate, a.Certificate.V != ""))
	// There is no switch for the browser flow: a callback is enough.
	browser := flow("app.flows.authorization_code", truth(a.CallbackURLs, len(a.CallbackURLs.V) > 0))
	refresh := slices.Contains(a.Scopes.V, "RefreshToken") || slices.Contains(a.Scopes.V, "OfflineAccess")
	if off(login) && off(browser) && off(a.DeviceFlow) && off(a.TokenExchange) {
		refresh = false
	}
	flow("app.flows.refresh_token", truth(a.Scopes, refresh))
	put(m, "app.code_and_credentials.post_only", a.PostBodyOnly, a.PostBodyOnly.V)
	put(m, "app.code_and_credentials.in_url", a.PostBodyOnly, !a.PostBodyOnly.V)
	guest := allOf(a.GuestCodeCredentials, login)
	put(m, "app.code_and_credentials.guest", guest, guest.V)
}

// truth is a setting turned into a yes or no, in the same place.
func truth[T any](s Setting[T], v bool) Setting[bool] {
	return Setting[bool]{V: v, Origin: s.Origin, File: s.File, Line: s.Line, Element: s.Element}
}

func (a *App) proofValues(m values, org *Org) {
	pkce := a.RequirePKCE
	if on(org.RequirePKCE) && !on(pkce) {
		pkce = org.RequirePKCE
	}
	put(m, "app.pkce.required", pkce, pkce.V)
	m.fact("app.pkce.methods", []string{"S256"})
	isPublic := a.public()
	kind, auth := wordConfidential, "client_secret_post"
	if isPublic.V {
		kind, auth = wordPublic, "none"
	}
	put(m, "app.client_type", isPublic, kind)
	if isPublic.Known() {
		// Which of its methods a confidential client uses is not written down; the
		// secret always works.
		m["app.client_auth"] = Value{V: auth, Default: isPublic.Origin == Default || !isPublic.V, File: isPublic.File, Line: isPublic.Line}
	}
	put(m, "app.require_secret.code", a.SecretForCode, a.SecretForCode.V)
	put(m, "app.require_secret.refresh", a.SecretForRefresh, a.SecretForRefresh.V)
	put(m, "app.require_secret.token_exchange", a.SecretForTokenExchange, a.SecretForTokenExchange.V)
	keys := []string{}
	for _, k := range a.Keys() {
		keys = append(keys, k.String())
	}
	put(m, "app.keys", a.Certificate, keys)
}

func (a *App) tokenValues(m values) {
	put(m, "app.refresh.rotation", a.RefreshRotation, a.RefreshRotation.V)
	// With rotation, an old token ends the current ones at once.
	put(m, "app.refresh.reuse_detection", a.RefreshRotation, a.RefreshRotation.V)
	if on(a.RefreshRotation) {
		m.fact("app.refresh.grace", time.Duration(0))
	}
	if a.RefreshPolicy.Known() {
		put(m, "app.refresh.policy", a.RefreshPolicy, refreshWords[slices.Index(refreshPolicies, a.RefreshPolicy.V)])
	}
	if life, idle, known := a.refreshLife(); known {
		absolute := life
		if idle {
			absolute = Forever
		}
		// A token that ends after its lifetime cannot lie idle for longer.
		put(m, "app.refresh.idle_ttl", a.RefreshPolicy, life)
		put(m, "app.refresh.absolute_ttl", a.RefreshPolicy, absolute)
	}
	if off(a.DPoP) {
		put(m, "app.access_token.binding", a.DPoP, "none")
	}
	switch {
	case on(a.NamedUserJWT):
		put(m, "app.access_token.format", a.NamedUserJWT, wordJWT)
		m.fact("app.access_token.typ", "JWT")
		m.fact("app.access_token.alg", "RS256")
		a.jwtTTL(m)
	case off(a.NamedUserJWT):
		put(m, "app.access_token.format", a.NamedUserJWT, wordOpaque)
		if a.SessionMinutes.Origin == Given {
			d := time.Duration(a.SessionMinutes.V) * time.Minute
			put(m, "app.access_token.ttl", a.SessionMinutes, d)
			put(m, "app.policy.session_timeout", a.SessionMinutes, d)
		}
	}
}

// jwtTTL gives the longest life of a JWT. It is not known if it follows the user's
// session, whose length stands in a profile.
func (a *App) jwtTTL(m values) {
	longest := a.NamedUserJWTMinutes
	if !a.timeoutCounts(a.NamedUserJWTMinutes, a.NamedUserJWTTimeoutType) {
		return
	}
	if on(a.GuestCodeCredentials) {
		if !a.timeoutCounts(a.GuestJWTMinutes, a.GuestJWTTimeoutType) {
			return
		}
		if a.GuestJWTMinutes.V > longest.V {
			longest = a.GuestJWTMinutes
		}
	}
	put(m, "app.access_token.ttl", longest, time.Duration(longest.V)*time.Minute)
}

func (a *App) timeoutCounts(n Setting[int], typ Setting[string]) bool {
	if n.Origin != Given || !typ.Known() {
		return false
	}
	old := typ.Origin == Default && a.Org != nil && a.Org.APIVersion > 0 && a.Org.APIVersion < longJWTTimeoutSince
	return typ.V == timeoutCustom || old
}
