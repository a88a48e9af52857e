package sfdx

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func wishText(at func(*App) Setting[string]) func(*plan, *App, any) error {
	return func(p *plan, a *App, v any) error {
		s, err := asString(v)
		if err == nil {
			p.text(at(a), s)
		}
		return err
	}
}

func wishList(at func(*App) Setting[[]string], translate func([]string) []string) func(*plan, *App, any) error {
	return func(p *plan, a *App, v any) error {
		want, err := asList(v)
		if err != nil {
			return err
		}
		if translate != nil {
			want = translate(want)
		}
		p.list(a, at(a), want, ", ")
		return nil
	}
}

func wishPKCEMethods(p *plan, _ *App, v any) error {
	want, err := asList(v)
	if err == nil && !slices.Equal(want, []string{"S256"}) {
		p.task("Salesforce accepts S256 and nothing else; there is no setting.")
	}
	return err
}

func wishClientType(p *plan, a *App, v any) error {
	s, err := asString(v)
	switch {
	case err != nil:
		return err
	case s == wordPublic:
		p.opposite(a.SecretForCode, false)
		p.flag(a.SecretForRefresh, false)
		if on(a.ClientCredentials) || a.Certificate.V != "" {
			p.task("The app stays confidential as long as it uses client credentials or has a certificate; switch those off first.")
		}
	case s == wordConfidential:
		p.opposite(a.SecretForCode, true)
		p.flag(a.SecretForRefresh, true)
	default:
		return errValue
	}
	return nil
}

func wishClientAuth(p *plan, a *App, v any) error {
	s, err := asString(v)
	switch {
	case err != nil:
		return err
	case s == "none":
		return wishClientType(p, a, wordPublic)
	case s == "client_secret_basic" || s == "client_secret_post":
		return wishClientType(p, a, wordConfidential)
	case s == "private_key_jwt":
		wishJWTBearer(p, a, true)
		p.task("Salesforce takes the secret beside the certificate; have the client use its key, then draw a new secret and store it nowhere.")
		return wishClientType(p, a, wordConfidential)
	}
	p.task("Salesforce does not offer this method.")
	return nil
}

func wishFormat(p *plan, a *App, v any) error {
	s, err := asString(v)
	if err != nil {
		return err
	}
	if s != wordJWT && s != wordOpaque {
		return errValue
	}
	p.flag(a.NamedUserJWT, s == wordJWT)
	return nil
}

// wishAccessTTL sets the timeout that counts: that of the JWT, or the session's.
func wishAccessTTL(p *plan, a *App, v any) error {
	d, err := asDuration(v)
	if err != nil {
		return err
	}
	if !on(a.NamedUserJWT) {
		p.session(a, minutes(d))
		return nil
	}
	if a.Kind == ConnectedApp {
		p.task("A Connected App has no element for the life of its JWTs; move it to an External Client App.")
		return nil
	}
	allowed := jwtTimeouts[0]
	for _, t := range jwtTimeouts {
		if n, _ := strconv.Atoi(t); time.Duration(n)*time.Minute <= d {
			allowed = t
		}
	}
	n, _ := strconv.Atoi(allowed)
	set(p, a.NamedUserJWTMinutes, n, allowed)
	p.text(a.NamedUserJWTTimeoutType, timeoutCustom)
	if on(a.GuestCodeCredentials) {
		set(p, a.GuestJWTMinutes, n, allowed)
		p.text(a.GuestJWTTimeoutType, timeoutCustom)
	}
	return nil
}

func (p *plan) session(a *App, m int) { set(p, a.SessionMinutes, m, strconv.Itoa(m)) }

func wishSessionTimeout(p *plan, a *App, v any) error {
	d, err := asDuration(v)
	if err != nil {
		return err
	}
	if on(a.NamedUserJWT) {
		p.task("The access tokens are JWTs, to which the session timeout does not apply; set app.access_token.ttl.")
		return nil
	}
	p.session(a, minutes(d))
	return nil
}

func wishIDTokenTTL(p *plan, a *App, v any) error {
	d, err := asDuration(v)
	if err == nil {
		m := min(minutes(d), 720)
		set(p, a.IDTokenMinutes, m, strconv.Itoa(m))
	}
	return err
}

func wishIDTokenAttributes(p *plan, a *App, v any) error {
	want, err := asList(v)
	if err != nil {
		return err
	}
	p.flag(a.IDTokenAttributes, len(want) > 0)
	for _, key := range want {
		if !slices.Contains(a.attributeKeys(), key) {
			p.task("The custom attribute %q has no formula yet; add it to <customAttributes>.", clip(key, 60))
		}
	}
	for _, key := range a.attributeKeys() {
		if len(want) > 0 && !slices.Contains(want, key) {
			p.task("The custom attribute %q goes into the ID token with the others; Salesforce has one switch for all. Remove it from <customAttributes>.", clip(key, 60))
		}
	}
	return nil
}

// wishScopes takes the names scopes have on the wire. A name that is no standard
// scope must be a custom scope that the app has already.
func wishScopes(p *plan, a *App, v any) error {
	want, err := asList(v)
	if err != nil {
		return err
	}
	var standard, custom []string
	for _, wire := range want {
		if name, ok := MetadataScope(wire); ok {
			standard = append(standard, keepSpelling(a.Scopes.V, name))
		} else {
			custom = append(custom, wire)
		}
	}
	p.list(a, a.Scopes, standard, ", ")
	for _, s := range custom {
		if !slices.Contains(a.CustomScopes.V, s) && !slices.Contains(a.PolicyScopes.V, s) {
			p.task("%q is no standard scope of Salesforce; add it as an OauthCustomScope.", clip(s, 60))
		}
	}
	keep := slices.DeleteFunc(slices.Clone(a.CustomScopes.V), func(s string) bool { return !slices.Contains(custom, s) })
	if len(keep) != len(a.CustomScopes.V) {
		p.list(a, a.CustomScopes, keep, ", ")
	}
	return nil
}

// keepSpelling keeps SFApiPlatform where a file has it, and OfflineAccess where it
// stands for RefreshToken.
func keepSpelling(have []string, name string) string {
	for _, h := range have {
		if w, _ := WireScope(h); h != name {
			if own, _ := MetadataScope(w); own == name {
				return h
			}
		}
	}
	return name
}

func wishCallbacks(p *plan, a *App, v any) error {
	want, err := asList(v)
	if err != nil {
		return err
	}
	for _, uri := range want {
		if strings.TrimSpace(uri) != uri || strings.ContainsAny(uri, "\r\n") || uri == "" {
			return errValue
		}
	}
	p.list(a, a.CallbackURLs, want, "\n")
	return nil
}

func wishPermittedUsers(p *plan, a *App, v any) error {
	s, err := asString(v)
	if err != nil {
		return err
	}
	want := map[string]string{"self_authorize": SelfAuthorized, "admin_preauthorized": AdminApproved}[s]
	if want == "" {
		return errValue
	}
	raw := want
	if a.Kind == ConnectedApp {
		raw = strconv.FormatBool(want == AdminApproved)
	}
	set(p, a.PermittedUsers, want, raw)
	return nil
}

// wishGroups takes names of profiles and permission sets. A profile that is named
// already stays a profile; every new name becomes a permission set.
func wishGroups(p *plan, a *App, v any) error {
	want, err := asList(v)
	if err != nil {
		return err
	}
	var profiles, sets []string
	for _, g := range want {
		if slices.Contains(a.Profiles.V, g) {
			profiles = append(profiles, g)
		} else {
			sets = append(sets, g)
		}
	}
	p.list(a, a.Profiles, profiles, ", ")
	p.list(a, a.PermissionSets, sets, ", ")
	return nil
}

func wishIP(p *plan, a *App, v any) error {
	s, err := asString(v)
	if err != nil {
		return err
	}
	i := slices.Index(ipWords, s)
	if i < 0 {
		return errValue
	}
	raw := ipRelaxations[i]
	if a.Kind == ConnectedApp {
		raw = ipRelaxationsOld[i]
	}
	set(p, a.IPRelaxation, ipRelaxations[i], raw)
	return nil
}

func wishAssurance(p *plan, a *App, v any) error {
	s, err := asString(v)
	if err != nil {
		return err
	}
	i := slices.Index(assuranceWords, s)
	if i < 0 {
		return errValue
	}
	p.text(a.SessionLevel, sessionLevels[i])
	return nil
}
