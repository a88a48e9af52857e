package sfdx

import (
	"slices"
	"strconv"
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
