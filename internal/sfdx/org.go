package sfdx

// Org is what a project says about the org as a whole. Settings whose file is not
// in the project are unknown, not default.
type Org struct {
	Dir        string    // folder of the project the settings belong to
	APIVersion int       // 0 if no manifest names one
	Manifest   *Manifest // nil if there is none

	CodeCredentials           Setting[bool] // the gate of every headless login
	RequirePKCE               Setting[bool]
	AllowUserAgent            Setting[bool] // the opposite of blockOAuthUsrAgtFlow
	AllowPassword             Setting[bool] // the opposite of blockOAuthUnPwFlow
	SecretInREST              Setting[bool]
	SecretInMetadata          Setting[bool] // deprecated in Salesforce
	AdminApprovedOnly         Setting[bool]
	AdminApprovedOnlyExternal Setting[bool]
	OAuthCORS                 Setting[bool]

	Networks    []*Network
	Handlers    []*Handler
	CORSOrigins Setting[[]string]
	Apps        []*App

	files map[string][]*File
}

// Network is an Experience Cloud site with its headless login settings.
type Network struct {
	Name string
	File string
	Line int

	Registration, RegistrationAuth, RegistrationCaptcha       Setting[bool]
	ForgotPassword, ForgotPasswordAuth, ForgotPasswordCaptcha Setting[bool]
	Passwordless, PasswordlessAuth, PasswordlessCaptcha       Setting[bool]
	PasswordLoginAuth, FirstPartyApps                         Setting[bool]
	CaptchaScore                                              Setting[float64] // 0: not set
	ResetAttempts                                             Setting[int]     // 0: not set
}

// Handler is an OAuth token exchange handler and the apps it is enabled for.
type Handler struct {
	Name         string
	File         string
	Line         int
	Enabled      Setting[bool]
	UserCreation Setting[bool]
	Enablements  []Enablement
	broken       bool
}

// Enablement opens a token exchange handler to one app.
type Enablement struct {
	App  string
	Kind Kind
	Line int
}

// lookup finds an element in the files of a type.
func lookup(files []*File, typ, path string) look {
	l := look{element: typ + "." + path, defined: len(files) > 0}
	for _, f := range files {
		if !f.readable() {
			l.defined = false
			continue
		}
		if l.file == "" {
			l.file, l.line = f.Path, f.Root.Line
		}
		for _, e := range f.Root.all(path) {
			l.found = append(l.found, located{e, f})
		}
	}
	return l
}

func (o *Org) flag(typ, path string) Setting[bool] {
	return loadScalar(lookup(o.files[typ], typ, path), scalar[bool]{parse: parseBool}.orElse(false), ExternalClientApp)
}

func (o *Org) block(typ, path string) Setting[bool] {
	return loadScalar(lookup(o.files[typ], typ, path), inverted(scalar[bool]{}).orElse(true), ExternalClientApp)
}

// load reads the settings of the org from its files.
func (o *Org) load() {
	o.Networks, o.Handlers = nil, nil
	o.CodeCredentials = o.flag(typeOidc, "oAuthCdCrdtFlowEnable")
	o.RequirePKCE = o.flag(typeOidc, "isPkceRequired")
	o.AllowUserAgent = o.block(typeOidc, "blockOAuthUsrAgtFlow")
	o.AllowPassword = o.block(typeOidc, "blockOAuthUnPwFlow")
	o.SecretInREST = o.flag(typeECAOrg, "enableClientSecretInRestApiAccess")
	o.SecretInMetadata = o.flag(typeECAOrg, "enableConsumerSecretApiAccess")
	o.AdminApprovedOnly = o.flag(typeCAOrg, "enableAdminApprovedAppsOnly")
	o.AdminApprovedOnlyExternal = o.flag(typeCAOrg, "enableAdminApprovedAppsOnlyForExternalUser")
	o.OAuthCORS = o.flag(typeSecurity, "sessionSettings.enableOauthCorsPolicy")
	for _, f := range o.files[typeNetwork] {
		if f.readable() {
			o.Networks = append(o.Networks, newNetwork(f))
		}
	}
	for _, f := range o.files[typeHandler] {
		o.Handlers = append(o.Handlers, newHandler(f))
	}
	o.loadOrigins()
}

func (o *Org) loadOrigins() {
	found := lookup(o.files[typeCors], typeCors, "urlPattern")
	o.CORSOrigins = Setting[[]string]{Element: found.element, File: found.file, Line: found.line}
	if !found.defined {
		return
	}
	o.CORSOrigins.Origin = Given
	for _, e := range found.set() {
		o.CORSOrigins.V = append(o.CORSOrigins.V, e.value())
	}
}

const sitePath = "networkAuthApiSettings."

func newNetwork(f *File) *Network {
	n := &Network{Name: f.Name, File: f.Path, Line: f.Root.Line}
	flag := func(name string) Setting[bool] {
		return loadScalar(lookup([]*File{f}, typeNetwork, sitePath+name), scalar[bool]{parse: parseBool}.orElse(false), ExternalClientApp)
	}
	n.Registration, n.RegistrationAuth = flag("isHeadlessUserRegistrationAllowed"), flag("doesRegistrationRequireAuth")
	n.RegistrationCaptcha = flag("isRecaptchaRequiredRgstr")
	n.ForgotPassword, n.ForgotPasswordAuth = flag("isForgotPwdAllowed"), flag("doesForgotPasswordRequireAuth")
	n.ForgotPasswordCaptcha = flag("isRecaptchaRequiredForgotPwd")
	n.Passwordless, n.PasswordlessAuth = flag("isPwdlessLoginAllowed"), flag("doesPwdlessLoginRequireAuth")
	if other := flag("IsPwdlessLoginAllowed"); other.Origin == Given {
		n.Passwordless = other
	}
	n.PasswordlessCaptcha = flag("isRecaptchaRequiredPwdlessLogin")
	n.PasswordLoginAuth, n.FirstPartyApps = flag("doesPasswordLoginRequireAuth"), flag("isFirstPartyAppsAllowed")
	n.CaptchaScore = loadScalar(lookup([]*File{f}, typeNetwork, sitePath+"recaptchaScoreThreshold"),
		scalar[float64]{parse: parseDecimal}.orElse(0), ExternalClientApp)
	n.ResetAttempts = loadScalar(lookup([]*File{f}, typeNetwork, sitePath+"maxPasswordResetAttempts"),
		scalar[int]{parse: parseInt}.orElse(0), ExternalClientApp)
	return n
}

func newHandler(f *File) *Handler {
	h := &Handler{Name: f.Name, File: f.Path, Line: 1, broken: !f.readable()}
	if h.broken {
		return h
	}
	h.Line = f.Root.Line
	flag := func(name string) Setting[bool] {
		return loadScalar(lookup([]*File{f}, typeHandler, name), scalar[bool]{parse: parseBool}.orElse(false), ExternalClientApp)
	}
	h.Enabled, h.UserCreation = flag("isEnabled"), flag("isUserCreationAllowed")
	for _, e := range f.Root.all("enablements") {
		if app := e.first("externalClientApp"); app != nil && app.set() {
			h.Enablements = append(h.Enablements, Enablement{app.value(), ExternalClientApp, app.Line})
		}
		if app := e.first("connectedApp"); app != nil && app.set() {
			h.Enablements = append(h.Enablements, Enablement{app.value(), ConnectedApp, app.Line})
		}
	}
	return h
}

// serves says whether the handler is enabled for an app.
func (h *Handler) serves(a *App) bool {
	for _, e := range h.Enablements {
		if e.Kind == a.Kind && e.App == a.Name {
			return true
		}
	}
	return false
}
