package sfdx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// plan is what a change in the words of the vocabulary means for files.
type plan struct {
	edits []edit
	tasks []string
}

func (p *plan) task(format string, args ...any) plan {
	p.tasks = append(p.tasks, fmt.Sprintf(format, args...))
	return *p
}

// set plans a text for a setting, unless it has that value already.
func set[T comparable](p *plan, s Setting[T], have T, raw string) {
	switch {
	case s.Known() && s.V == have:
	case strings.HasSuffix(s.Element, "."):
		p.task("A Connected App has no element for this; move it to an External Client App.")
	default:
		p.edits = append(p.edits, edit{setting: s.Element, values: []string{raw}})
	}
}

func (p *plan) flag(s Setting[bool], want bool) { set(p, s, want, strconv.FormatBool(want)) }

// opposite plans a flag that the file writes the other way round.
func (p *plan) opposite(s Setting[bool], want bool) { set(p, s, want, strconv.FormatBool(!want)) }

func (p *plan) text(s Setting[string], want string) { set(p, s, want, want) }

// drop plans the removal of an element that is there.
func drop[T any](p *plan, s Setting[T]) {
	if s.Origin == Given {
		p.edits = append(p.edits, edit{setting: s.Element, remove: true})
	}
}

// list plans a list; in a Connected App it stands in repeated elements.
func (p *plan) list(a *App, s Setting[[]string], want []string, separator string) {
	if s.Known() && slices.Equal(slices.Sorted(slices.Values(s.V)), slices.Sorted(slices.Values(want))) {
		return // the order means nothing
	}
	e := edit{setting: s.Element, values: []string{strings.Join(want, separator)}}
	if a.Kind == ConnectedApp && separator == ", " {
		e.values = want
	}
	p.edits = append(p.edits, e)
}

// applyVocabulary carries out a change whose setting is a name of the vocabulary.
func (b *batch) applyVocabulary(c Change) error {
	if s, ok := orgWishes[c.Setting]; ok {
		return b.applyOrg(c, s)
	}
	if strings.HasPrefix(c.Setting, "server.") {
		b.task(c, "Salesforce metadata has no setting for this.")
		return nil
	}
	a := b.p.App(c.App)
	if a == nil {
		return fmt.Errorf("there is no app %q", c.App)
	}
	if a.Unreadable {
		b.task(c, "%s cannot be read; repair it first.", a.at().file)
		return nil
	}
	p, err := b.planFor(a, c)
	if err != nil {
		return err
	}
	for _, t := range p.tasks {
		b.task(c, "%s", t)
	}
	for _, e := range p.edits {
		if err := b.write(c, e); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) planFor(a *App, c Change) (plan, error) {
	if slices.Contains(refreshLimits, c.Setting) {
		return b.planRefreshLimits(a, c)
	}
	var p plan
	if wish, ok := boolWishes[c.Setting]; ok {
		want, err := asBool(c.Value)
		if err == nil {
			wish(&p, a, want)
		}
		return p, err
	}
	if wish, ok := otherWishes[c.Setting]; ok {
		err := wish(&p, a, c.Value)
		return p, err
	}
	p.task("Salesforce metadata has no setting for this.")
	return p, nil
}

// missed makes a task of every change that has not come true although nothing was
// said about it: another layer decides, such as the org gate of headless logins.
func (b *batch) missed() {
	for _, c := range b.changes {
		a := b.p.App(c.App)
		if a == nil || a.Unreadable || !strings.HasPrefix(c.Setting, "app.") {
			continue
		}
		said := slices.ContainsFunc(b.tasks, func(t Task) bool {
			together := slices.Contains(refreshLimits, t.Setting) && slices.Contains(refreshLimits, c.Setting)
			return t.App == c.App && (t.Setting == c.Setting || together)
		})
		got, known := a.Values(a.Org)[c.Setting]
		if said || !known || reached(c.Value, got.V) {
			continue
		}
		b.task(c, "The value stays %v, because %s decides.", got.V, where(got))
	}
}

func where(v Value) string {
	if v.File == "" {
		return "Salesforce"
	}
	return fmt.Sprintf("%s:%d", v.File, v.Line)
}

// orgWish is one org setting by its vocabulary name.
type orgWish struct {
	element  string
	inverted bool
}

var orgWishes = map[string]orgWish{
	"server.oauth.allow.code_and_credentials": {element: typeOidc + ".oAuthCdCrdtFlowEnable"},
	"server.oauth.require_pkce":               {element: typeOidc + ".isPkceRequired"},
	"server.oauth.allow.implicit":             {element: typeOidc + ".blockOAuthUsrAgtFlow", inverted: true},
	"server.oauth.allow.password":             {element: typeOidc + ".blockOAuthUnPwFlow", inverted: true},
	"server.secrets.api_read":                 {element: typeECAOrg + ".enableClientSecretInRestApiAccess"},
	"server.secrets.export_includes_secret":   {element: typeECAOrg + ".enableConsumerSecretApiAccess"},
	"server.oauth.admin_approved_apps_only":   {element: typeCAOrg + ".enableAdminApprovedAppsOnly"},
}

func (b *batch) applyOrg(c Change, w orgWish) error {
	want, err := asBool(c.Value)
	if err != nil {
		return err
	}
	c.App = ""
	elements := []string{w.element}
	if c.Setting == "server.oauth.admin_approved_apps_only" {
		elements = append(elements, w.element+"ForExternalUser")
	}
	for _, e := range elements {
		if err := b.write(c, edit{setting: e, values: []string{strconv.FormatBool(want != w.inverted)}}); err != nil {
			return err
		}
	}
	return nil
}

// boolWishes are the vocabulary names that take true or false.
var boolWishes = map[string]func(p *plan, a *App, want bool){
	"app.flows.code_and_credentials": func(p *plan, a *App, want bool) {
		p.flag(a.CodeCredentials, want)
		if !want && on(a.FirstPartyChallenge) {
			p.flag(a.FirstPartyChallenge, false)
		}
	},
	"app.flows.client_credentials": func(p *plan, a *App, want bool) {
		p.flag(a.ClientCredentials, want)
		if a.Kind == ExternalClientApp {
			p.flag(a.ClientCredentialsAllowed, want)
		}
		if !want {
			drop(p, a.RunAsUser)
		}
	},
	"app.flows.token_exchange": func(p *plan, a *App, want bool) {
		p.flag(a.TokenExchange, want)
		p.flag(a.TokenExchangeAllowed, want)
	},
	"app.flows.device":        func(p *plan, a *App, want bool) { p.flag(a.DeviceFlow, want) },
	"app.flows.jwt_bearer":    wishJWTBearer,
	"app.flows.refresh_token": wishRefreshToken,
	"app.flows.authorization_code": func(p *plan, _ *App, _ bool) {
		p.task("Salesforce has no switch for the browser code flow: it is open to every app with a callback.")
	},
	"app.code_and_credentials.post_only": func(p *plan, a *App, want bool) { p.flag(a.PostBodyOnly, want) },
	"app.code_and_credentials.in_url":    func(p *plan, a *App, want bool) { p.flag(a.PostBodyOnly, !want) },
	"app.code_and_credentials.guest":     func(p *plan, a *App, want bool) { p.flag(a.GuestCodeCredentials, want) },
	"app.pkce.required":                  func(p *plan, a *App, want bool) { p.flag(a.RequirePKCE, want) },
	"app.require_secret.code":            func(p *plan, a *App, want bool) { p.opposite(a.SecretForCode, want) },
	"app.require_secret.refresh":         func(p *plan, a *App, want bool) { p.flag(a.SecretForRefresh, want) },
	"app.require_secret.token_exchange":  func(p *plan, a *App, want bool) { p.flag(a.SecretForTokenExchange, want) },
	"app.refresh.rotation":               func(p *plan, a *App, want bool) { p.flag(a.RefreshRotation, want) },
	// Rotation brings the detection of reuse with it; neither exists alone.
	"app.refresh.reuse_detection":     func(p *plan, a *App, want bool) { p.flag(a.RefreshRotation, want) },
	"app.policy.introspect_all":       func(p *plan, a *App, want bool) { p.flag(a.IntrospectAll, want) },
	"app.id_token.standard_claims":    func(p *plan, a *App, want bool) { p.flag(a.IDTokenClaims, want) },
	"app.id_token.custom_permissions": func(p *plan, a *App, want bool) { p.flag(a.IDTokenPermissions, want) },
	"app.enabled":                     func(p *plan, a *App, want bool) { p.flag(a.Enabled, want) },
	"app.oauth.enabled": func(p *plan, a *App, want bool) {
		if a.Kind == ConnectedApp {
			if off(a.OAuthPlugin) == want {
				p.task("A Connected App has OAuth by having <oauthConfig>; add or remove it by hand.")
			}
			return
		}
		p.flag(a.OAuthPlugin, want)
	},
}

func wishJWTBearer(p *plan, a *App, want bool) {
	has := a.Certificate.Known() && a.Certificate.V != ""
	switch {
	case want && !has:
		p.task("Upload the certificate of the app's key as <certificate>; its presence switches the flow on.")
	case !want:
		drop(p, a.Certificate)
	}
}

func wishRefreshToken(p *plan, a *App, want bool) {
	refresh := []string{"RefreshToken", "OfflineAccess"}
	has := slices.ContainsFunc(a.Scopes.V, func(s string) bool { return slices.Contains(refresh, s) })
	if a.Scopes.Known() && has == want {
		return
	}
	scopes := slices.DeleteFunc(slices.Clone(a.Scopes.V), func(s string) bool { return slices.Contains(refresh, s) })
	if want {
		scopes = append(scopes, "RefreshToken")
	}
	p.list(a, a.Scopes, scopes, ", ")
}

var errValue = errors.New("not a value of this setting")

// otherWishes are the vocabulary names with other values.
var otherWishes = map[string]func(p *plan, a *App, v any) error{
	"app.pkce.methods":             wishPKCEMethods,
	"app.client_type":              wishClientType,
	"app.client_auth":              wishClientAuth,
	"app.refresh.grace":            func(*plan, *App, any) error { return nil }, // Salesforce tolerates no spent token
	"app.access_token.format":      wishFormat,
	"app.access_token.ttl":         wishAccessTTL,
	"app.policy.session_timeout":   wishSessionTimeout,
	"app.id_token.ttl":             wishIDTokenTTL,
	"app.id_token.audience":        wishList(func(a *App) Setting[[]string] { return a.IDTokenAudience }, nil),
	"app.id_token.attributes":      wishIDTokenAttributes,
	"app.scopes":                   wishScopes,
	"app.redirect_uris":            wishCallbacks,
	"app.logout.backchannel_uri":   wishText(func(a *App) Setting[string] { return a.PolicyLogoutURL }),
	"app.policy.run_as":            wishText(func(a *App) Setting[string] { return a.RunAsUser }),
	"app.policy.permitted_users":   wishPermittedUsers,
	"app.policy.groups":            wishGroups,
	"app.policy.ip":                wishIP,
	"app.policy.session_assurance": wishAssurance,
}
