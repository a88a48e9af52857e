package sfdx

import "strings"

// attributes are custom attributes: repeated groups of key and formula.
type attributes struct {
	typ       string
	connected string
	at        func(*App) *Setting[[]Attribute]
}

func (f attributes) home() (typ, path, connected string) {
	return f.typ, "customAttributes", f.connected
}

func (f attributes) load(a *App) {
	l := a.look(f.typ, "customAttributes", f.connected)
	*f.at(a) = loadGroups(l, func(e located) Attribute {
		return Attribute{Key: e.text("key"), Formula: e.text("formula")}
	})
}

func (f attributes) render(a *App) []*output {
	var out []*output
	for _, v := range f.at(a).V {
		out = append(out, &output{name: "customAttributes", children: []*output{
			{name: "formula", text: v.Formula}, {name: "key", text: v.Key},
		}})
	}
	return out
}

func (f attributes) plain(a *App) bool { return len(f.at(a).V) == 0 }

// ipRanges are the trusted ranges, whose elements have other names in a Connected App.
type ipRanges struct {
	at func(*App) *Setting[[]IPRange]
}

func (f ipRanges) home() (typ, path, connected string) {
	return typeSettings, "trustedIpRanges", "ipRanges"
}

func (f ipRanges) load(a *App) {
	start, end := "startIpAddress", "endIpAddress"
	if a.Kind == ConnectedApp {
		start, end = "start", "end"
	}
	*f.at(a) = loadGroups(a.look(f.home()), func(e located) IPRange {
		return IPRange{Description: e.text("description"), Start: e.text(start), End: e.text(end)}
	})
}

func (f ipRanges) render(a *App) []*output {
	var out []*output
	for _, v := range f.at(a).V {
		group := &output{name: "trustedIpRanges"}
		if v.Description != "" {
			group.children = append(group.children, &output{name: "description", text: v.Description})
		}
		group.children = append(group.children,
			&output{name: "endIpAddress", text: v.End}, &output{name: "startIpAddress", text: v.Start})
		out = append(out, group)
	}
	return out
}

func (f ipRanges) plain(a *App) bool { return len(f.at(a).V) == 0 }

func loadGroups[T any](l look, read func(located) T) Setting[[]T] {
	out := Setting[[]T]{Element: l.element, File: l.file, Line: l.line}
	if !l.defined {
		return out
	}
	out.Origin = Default
	for i, e := range l.set() {
		if i == 0 {
			out.File, out.Line, out.Origin = e.file.Path, e.Line, Given
		}
		out.V = append(out.V, read(e))
	}
	return out
}

// loadOthers reads what does not fit one element for one setting.
func (a *App) loadOthers() {
	secret := a.look(typeGlobal, "consumerSecret", "oauthConfig.consumerSecret")
	a.SecretCommitted = presence(secret)
	if a.Kind == ConnectedApp {
		a.loadConnected()
	}
	a.loadPlugins()
}

// presence says whether an element gives a value, without keeping the value.
func presence(l look) Setting[bool] {
	out := Setting[bool]{Element: l.element, File: l.file, Line: l.line}
	if !l.defined {
		return out
	}
	out.Origin = Default
	if set := l.set(); len(set) > 0 {
		out.V, out.Origin, out.File, out.Line = true, Given, set[0].file.Path, set[0].Line
	}
	return out
}

// notCarried are the parts of a Connected App that an External Client App keeps
// elsewhere or that cannot run here.
var notCarried = []struct{ path, reason string }{
	{"canvas", "the canvas plugin is not carried over"},
	{"canvasConfig", "the canvas plugin is not carried over"},
	{"mobileAppConfig", "the mobile plugin is not carried over"},
	{"mobileStartUrl", "an External Client App has one start page; startUrl is used"},
	{"samlConfig", "the SAML plugin is not carried over"},
	{"plugin", "an Apex class cannot run here; its name is kept as apexHandler"},
}

// loadConnected reads what only a Connected App has.
func (a *App) loadConnected() {
	a.NotCarried = nil
	for _, f := range a.files[typeConnected] {
		if !f.readable() {
			return
		}
		config := f.Root.first("oauthConfig")
		a.OAuthPlugin.V, a.OAuthPlugin.Origin = config != nil, Given
		a.OAuthPlugin.Element, a.OAuthPlugin.File, a.OAuthPlugin.Line = typeConnected+".oauthConfig", f.Path, f.Root.Line
		if config != nil {
			a.OAuthPlugin.Line = config.Line
		}
		for _, n := range notCarried {
			for _, e := range f.Root.all(n.path) {
				if e.set() {
					a.NotCarried = append(a.NotCarried, Leftover{n.path, f.Path, e.Line, n.reason})
				}
			}
		}
	}
	if blank(a.StartURL) {
		a.StartURL = loadScalar(a.look(typePlugins, "startUrl", "mobileStartUrl"),
			scalar[string]{parse: parseText, defConnected: Setting[string]{Origin: Default}}, a.Kind)
	}
	if !blank(a.StartURL) && a.StartURL.Known() {
		a.StartPage.V, a.StartPage.Origin = "Custom", a.StartURL.Origin
	}
}

// loadPlugins reads the plugin files that tell something about tokens.
func (a *App) loadPlugins() {
	if a.Kind == ConnectedApp {
		return
	}
	l := a.look(typeNotify, "notificationTypes.notificationType", "")
	a.NotificationTypes = Setting[[]string]{Element: l.element, File: l.file, Line: l.line}
	if l.defined {
		a.NotificationTypes.Origin = Given
		for _, e := range l.set() {
			a.NotificationTypes.V = append(a.NotificationTypes.V, e.value())
		}
	}
	unset := scalar[bool]{parse: parseBool}
	a.ScreenLock = loadScalar(a.look(typeMobile, "isScreenLockEnabled", ""), unset, a.Kind)
	a.PushFullContent = loadScalar(a.look(typePush, "isFullContent", ""), unset, a.Kind)
}

// holdsPrivateKey says whether a text contains a private key in PEM form.
func holdsPrivateKey(text string) bool {
	_, rest, found := strings.Cut(text, "-----BEGIN ")
	if !found {
		return false
	}
	label, _, _ := strings.Cut(rest, "-----")
	return strings.Contains(label, "PRIVATE KEY") || holdsPrivateKey(rest)
}
