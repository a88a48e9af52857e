package admin

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/sfdx"
)

// Draft is an app that Salesforce metadata describes: what to set on it, and what
// it could not bring along.
type Draft struct {
	Source string         // name in the files
	ID     oauth.ClientID // empty: one is drawn
	Name   string
	Sets   []Set
	Losses []Loss
	Reason string // why it cannot be imported at all; empty if it can
}

// LossKind says what became of something that was not carried over as it is.
type LossKind string

// Lost: it has no place here. Changed: our rules are stricter, or spell it
// otherwise. Assumed: the files do not say it, so it has our default.
const (
	Lost    LossKind = "lost"
	Changed LossKind = "changed"
	Assumed LossKind = "assumed"
)

// Loss is one thing that was not carried over as it is, and where it stands.
type Loss struct {
	Kind    LossKind `json:"kind"`
	Element string   `json:"element"`
	File    string   `json:"file,omitempty"`
	Line    int      `json:"line,omitempty"`
	Reason  string   `json:"reason"`
}

// Drafts turns the apps of the metadata into drafts, in the order of the files.
// keepIDs makes consumer keys client_ids where their form allows it. Secrets are
// never taken over. The last result lists what belongs to no single app.
func (m Metadata) Drafts(keepIDs bool) (drafts []Draft, general []Loss) {
	labels := map[string]int{}
	for _, a := range m.Apps {
		labels[a.Label.V]++
	}
	for _, a := range m.Apps {
		d := &drafting{m: m, a: a, values: a.Values(a.Org), org: a.Org}
		d.out.Source, d.out.Name = a.ID, a.Label.V
		if d.out.Name == "" || labels[a.Label.V] > 1 || checkName(d.out.Name) != nil {
			d.out.Name = a.Name
		}
		switch {
		case a.Unreadable:
			d.out.Reason = "its file cannot be read"
		case a.Undeclared:
			d.out.Reason = "files name it, but none describes it"
		default:
			d.draft(keepIDs)
		}
		drafts = append(drafts, d.out)
	}
	return drafts, m.generalLosses()
}

func (m Metadata) generalLosses() []Loss {
	var out []Loss
	for _, o := range m.Orgs {
		for _, h := range o.Handlers {
			out = append(out, Loss{Lost, "OauthTokenExchangeHandler", m.Path(h.File), h.Line, "the token exchange handler " + h.Name + " is Apex code, which does not run here"})
		}
		for _, n := range o.Networks {
			out = append(out, Loss{Lost, "Network", m.Path(n.File), n.Line, "the site " + n.Name + " and its headless registration and password reset are not served here"})
		}
	}
	return out
}

// drafting is one app on its way.
type drafting struct {
	m      Metadata
	a      *sfdx.App
	org    *sfdx.Org
	values map[string]sfdx.Value
	public bool
	flows  map[flow.Name]bool
	out    Draft
}

func (d *drafting) set(field string, values ...string) {
	d.out.Sets = append(d.out.Sets, Set{field, values})
}

// says reads a yes or no of the control vocabulary; a value nobody tells is no.
func (d *drafting) says(name string) bool {
	v, _ := d.values[name].V.(bool)
	return v
}

// loss records what became of a setting.
func loss[T any](d *drafting, kind LossKind, s sfdx.Setting[T], format string, args ...any) {
	element := s.Element[strings.LastIndexByte(s.Element, '.')+1:]
	d.out.Losses = append(d.out.Losses, Loss{kind, element, d.m.Path(s.File), s.Line, fmt.Sprintf(format, args...)})
}

func isOn(s sfdx.Setting[bool]) bool  { return s.Known() && s.V }
func isOff(s sfdx.Setting[bool]) bool { return s.Known() && !s.V }

func (d *drafting) draft(keepIDs bool) {
	d.identity(keepIDs)
	d.switches()
	d.proofs()
	d.wires()
	d.tokens()
	d.refresh()
	d.policy()
	d.otherLosses()
}

func (d *drafting) identity(keepIDs bool) {
	a := d.a
	d.set("name", d.out.Name)
	kind := client.Confidential
	if d.values["app.client_type"].V == string(client.Public) {
		kind, d.public = client.Public, true
	}
	d.set("type", string(kind))
	d.set("platform", string(d.platform()))
	d.set("first-party", word(d.says("app.first_party")))
	d.set("enabled", word(!isOff(a.Enabled) && !isOff(a.OAuthPlugin)))
	if v := a.ContactEmail; v.V != "" {
		if checkShort(v.V) == nil {
			d.set("owner", v.V)
		} else {
			loss(d, Lost, v, "too long for an owner")
		}
	}
	key := oauth.ClientID(a.ConsumerKey.V)
	switch {
	case key == "":
	case !keepIDs:
		loss(d, Changed, a.ConsumerKey, "the client_id is drawn anew; --keep-ids keeps the consumer key")
	case checkClientID(key) != nil:
		loss(d, Changed, a.ConsumerKey, "no client_id of ours: %s; one is drawn", checkClientID(key)[0].Text)
	default:
		d.out.ID = key
	}
	if isOn(a.SecretCommitted) {
		loss(d, Lost, a.SecretCommitted, "a secret that stood in a file is not taken over: others may know it. A new one is made")
	}
}

// platform is guessed: metadata has no word for it, and it only chooses advice.
func (d *drafting) platform() client.Platform {
	if !d.public {
		if isOn(d.a.ClientCredentials) && !d.a.Headless() {
			return client.Machine
		}
		return client.Web
	}
	if len(d.origins()) > 0 {
		return client.SPA
	}
	return client.Mobile
}

// origins are the origins that the org lets browsers call from and to which the
// app's codes go: a page there is the app.
func (d *drafting) origins() []string {
	if d.org == nil {
		return nil
	}
	var out []string
	for _, o := range d.org.CORSOrigins.V {
		if checkOrigin(o) != nil || slices.Contains(out, o) {
			continue
		}
		for _, callback := range d.a.CallbackURLs.V {
			if u, err := url.Parse(callback); err == nil && u.Scheme+"://"+u.Host == o {
				out = append(out, o)
				break
			}
		}
	}
	return out
}

// switches carries the flows over. Both layers must allow one, as in Salesforce.
func (d *drafting) switches() {
	a := d.a
	d.flows = map[flow.Name]bool{
		flow.CodeAndCredentials: a.Headless(),
		flow.ClientCredentials:  isOn(a.ClientCredentials) && !isOff(a.ClientCredentialsAllowed),
		flow.Device:             isOn(a.DeviceFlow),
		flow.TokenExchange:      isOn(a.TokenExchange) && !isOff(a.TokenExchangeAllowed),
	}
	if d.org != nil && a.Headless() && isOff(d.org.CodeCredentials) {
		d.flows[flow.CodeAndCredentials] = false
		loss(d, Changed, d.org.CodeCredentials, "headless login is off, because the org forbids it")
	}
	if a.Certificate.V != "" {
		loss(d, Lost, a.Certificate, "the JWT bearer flow is not served, and public keys of apps are not kept: the flow stays off")
	}
	d.browserFlow()
	d.refreshFlow()
	for _, f := range flow.All {
		d.set("flow", string(f.Name)+"="+word(d.flows[f.Name]))
		if d.flows[f.Name] && !f.Served {
			loss(d, Lost, d.switchOf(f.Name), "the switch of the flow %s is carried over, but this version does not serve the flow", f.Name)
		}
	}
}

func (d *drafting) switchOf(n flow.Name) sfdx.Setting[bool] {
	switch n {
	case flow.ClientCredentials:
		return d.a.ClientCredentials
	case flow.Device:
		return d.a.DeviceFlow
	case flow.TokenExchange:
		return d.a.TokenExchange
	case flow.AuthorizationCode, flow.CodeAndCredentials, flow.RefreshToken, flow.JWTBearer:
	}
	return sfdx.Setting[bool]{Element: "callbackUrl", File: d.a.CallbackURLs.File, Line: d.a.CallbackURLs.Line}
}

// browserFlow: in Salesforce a callback alone opens it. Here it is switched on
// for an app that has no other way to log in.
func (d *drafting) browserFlow() {
	other := d.a.Certificate.V != ""
	for _, on := range d.flows {
		other = other || on
	}
	if len(d.redirects()) > 0 && !other && !d.a.Headless() {
		d.flows[flow.AuthorizationCode] = true
	}
}

func (d *drafting) refreshFlow() {
	asked := slices.Contains(d.a.Scopes.V, "RefreshToken") || slices.Contains(d.a.Scopes.V, "OfflineAccess")
	for _, f := range flow.All {
		if asked && f.Refresh && d.flows[f.Name] {
			d.flows[flow.RefreshToken] = true
		}
	}
}

// proofs: what the app must prove at the token endpoint.
func (d *drafting) proofs() {
	a := d.a
	pkce := d.says("app.pkce.required")
	if d.public {
		if !pkce {
			loss(d, Changed, a.RequirePKCE, "PKCE is required: it cannot be switched off for a public app (RFC 9700 §2.1.1)")
		}
		return
	}
	for _, n := range []flow.Name{flow.AuthorizationCode, flow.CodeAndCredentials} {
		d.set("require-pkce", string(n)+"="+word(pkce))
		d.set("require-secret", string(n)+"="+word(!isOff(a.SecretForCode)))
	}
	d.set("require-secret", string(flow.RefreshToken)+"="+word(!isOff(a.SecretForRefresh)))
	d.set("require-secret", string(flow.TokenExchange)+"="+word(!isOff(a.SecretForTokenExchange)))
	// Salesforce takes the secret in the body and in the header; its own clients
	// send it in the body.
	d.set("auth-method", string(client.AuthSecretPost))
	loss(d, Assumed, sfdx.Setting[bool]{}, "the app sends its secret in the body (auth-method client_secret_post): Salesforce does not say, and here it is one method")
}

// redirects are the callbacks that may be registered here.
func (d *drafting) redirects() []string {
	return slices.DeleteFunc(slices.Clone(d.a.CallbackURLs.V), func(u string) bool { return client.ValidateRedirectURI(u) != nil })
}

func (d *drafting) wires() {
	a := d.a
	for _, u := range a.CallbackURLs.V {
		if err := client.ValidateRedirectURI(u); err != nil {
			loss(d, Lost, a.CallbackURLs, "%s", err)
		}
	}
	uris := d.redirects()
	if len(uris) > maxList {
		loss(d, Lost, a.CallbackURLs, "%d of %d: an app has %d redirect URIs at most", len(uris)-maxList, len(uris), maxList)
		uris = uris[:maxList]
	}
	d.set("redirect-uri", uris...)
	if origins := d.origins(); d.public && len(origins) > 0 {
		d.set("cors-origin", origins...)
	}
	d.set("post-body-only", word(isOn(a.PostBodyOnly)))
	d.scopes()
}

func (d *drafting) scopes() {
	a := d.a
	var names []string
	for _, s := range a.Scopes.V {
		names = append(names, scopeName(s))
	}
	var scopes []string
	for _, s := range slices.Concat(names, a.CustomScopes.V, a.PolicyScopes.V) {
		if _, err := oauth.ParseScopes(s); err != nil || strings.ContainsAny(s[:1], "+-") {
			loss(d, Lost, a.Scopes, "%q is no scope: visible ASCII without quote and backslash (RFC 6749 §3.3)", s)
		} else if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	d.set("scope", scopes...)
	if slices.Contains(scopes, "full") || slices.Contains(scopes, "web") {
		loss(d, Lost, a.Scopes, "the scopes full and web are carried over as names; what they open is Salesforce's")
	}
}
