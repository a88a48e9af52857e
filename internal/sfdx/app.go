package sfdx

// Kind is the type of an app.
type Kind int

// The two kinds of apps. A Connected App is shown in the words of an External
// Client App.
const (
	ExternalClientApp Kind = iota
	ConnectedApp
)

// String names the kind as the documentation does.
func (k Kind) String() string {
	if k == ConnectedApp {
		return "Connected App"
	}
	return "External Client App"
}

// Attribute is a custom attribute: a key and the formula that fills it.
type Attribute struct{ Key, Formula string }

// IPRange is a range from which a login needs no further verification. It is an
// exemption and no fence.
type IPRange struct{ Description, Start, End string }

// Leftover is something a file holds that has no place in an External Client App
// or cannot run here.
type Leftover struct {
	Element string
	File    string
	Line    int
	Reason  string
}

// App is one External Client App, or one Connected App in the same words. Every
// setting knows where it stands and whether it is only the documented default.
// Booleans say what their name says: renamed and inverted flags are translated.
// A text or list that is known and empty, and a number that is known and 0, is
// "not set".
type App struct {
	ID   string // unique in the project: Name, with its kind or folder if two share it
	Name string
	Kind Kind
	Org  *Org
	// Undeclared: files name the app, but it has no header file. Unreadable: its
	// only file is broken and every setting unknown.
	Undeclared, Unreadable bool
	NotCarried             []Leftover

	// Header.
	Label, Description, ContactEmail, ContactPhone Setting[string]
	IconURL, InfoURL, LogoURL                      Setting[string]
	Distribution, ManagedType, OrgScopedApp        Setting[string]
	Protected                                      Setting[bool]

	// Flows. A flow with two switches needs both: the developer's and, as
	// …Allowed, the administrator's.
	CodeCredentials            Setting[bool]
	PostBodyOnly               Setting[bool] // user credentials in a POST body only
	GuestCodeCredentials       Setting[bool]
	ClientCredentials          Setting[bool]
	ClientCredentialsAllowed   Setting[bool]
	RunAsUser                  Setting[string]
	DeviceFlow                 Setting[bool]
	Certificate                Setting[string] // its presence switches the JWT bearer flow on
	TokenExchange              Setting[bool]
	TokenExchangeAllowed       Setting[bool]
	FirstPartyChallenge        Setting[bool] // the authorization challenge endpoint
	ClientAssertionCertificate Setting[string]
	Enabled, OAuthPlugin       Setting[bool]

	// What a client must prove.
	CallbackURLs           Setting[[]string] // trimmed, empty lines dropped
	RequirePKCE            Setting[bool]
	SecretForCode          Setting[bool] // the opposite of isConsumerSecretOptional
	SecretForRefresh       Setting[bool]
	SecretForTokenExchange Setting[bool]
	ConsumerKey            Setting[string]
	SecretCommitted        Setting[bool] // a secret stands in the file; its value is never kept here
	RotateKeyOnDeploy      Setting[bool]
	RotateSecretOnDeploy   Setting[bool]
	DPoP                   Setting[bool] // undocumented

	// Tokens.
	RefreshRotation                              Setting[bool]
	EnforceRefreshTTL                            Setting[bool] // undocumented
	RefreshPolicy                                Setting[string]
	RefreshPeriod                                Setting[int]
	RefreshUnit                                  Setting[string]
	NamedUserJWT                                 Setting[bool]
	NamedUserJWTMinutes, GuestJWTMinutes         Setting[int]
	NamedUserJWTTimeoutType, GuestJWTTimeoutType Setting[string]
	IntrospectAll                                Setting[bool]
	IDTokenAudience                              Setting[[]string]
	IDTokenAttributes, IDTokenPermissions        Setting[bool]
	IDTokenClaims                                Setting[bool]
	IDTokenMinutes                               Setting[int]
	AssetAttributes, AssetPermissions            Setting[bool]
	AssetAudiences, AssetCertificate             Setting[string]
	AssetMinutes                                 Setting[int]

	// Users, network, session.
	PermittedUsers                 Setting[string]
	Profiles, PermissionSets       Setting[[]string]
	IPRelaxation                   Setting[string]
	TrustedIPRanges                Setting[[]IPRange]
	SessionMinutes                 Setting[int]
	SessionLevel, PolicyAction     Setting[string]
	LogoutURL, PolicyLogoutURL     Setting[string]
	ApexHandler, ExecuteHandlerAs  Setting[string]
	PolicyStartURL                 Setting[string]
	StartPage, StartURL            Setting[string]
	CanvasPlugin, MobilePlugin     Setting[bool]
	NotificationPlugin, PushPlugin Setting[bool]
	SAMLPlugin                     Setting[bool]

	// Scopes and attributes. Scopes have the names of metadata.
	Scopes, CustomScopes, PolicyScopes Setting[[]string]
	Attributes, PolicyAttributes       Setting[[]Attribute]

	// Other plugins, as far as they tell something about tokens.
	NotificationTypes Setting[[]string]
	ScreenLock        Setting[bool]
	PushFullContent   Setting[bool]

	files map[string][]*File // by type
	unit  *unit
}

// NewApp returns an External Client App with every setting at its documented
// default, for building an app that is then written.
func NewApp(name string) *App {
	a := &App{ID: name, Name: name, Kind: ExternalClientApp, files: map[string][]*File{}, unit: &unit{dir: "."}}
	for _, t := range []string{typeHeader, typeGlobal, typeSettings} {
		// A header without content stands for the files to be written: what they
		// leave out has its default.
		a.files[t] = []*File{{Type: t, Root: &Element{Name: t}}}
	}
	a.load()
	for _, t := range []string{typeHeader, typeGlobal, typeSettings} {
		delete(a.files, t)
	}
	return a
}

// Headless says whether users log in without a browser: the authorization code and
// credentials flow, or the authorization challenge endpoint, is on.
func (a *App) Headless() bool { return on(a.CodeCredentials) || on(a.FirstPartyChallenge) }

// Files lists the files the app was read from, by type.
func (a *App) Files() []string {
	var out []string
	for i := range types {
		for _, f := range a.files[types[i].name] {
			out = append(out, f.Path)
		}
	}
	return out
}

// at is where a finding about the whole app points.
func (a *App) at() place {
	for _, t := range []string{typeConnected, typeGlobal, typePolicy, typeHeader, typeSettings, typePlugins} {
		if len(a.files[t]) == 0 {
			continue
		}
		f := a.files[t][0]
		if f.Root == nil {
			return place{f.Path, 1}
		}
		return place{f.Path, f.Root.Line}
	}
	return place{}
}

// load reads every setting from the files of the app.
func (a *App) load() {
	for _, f := range fields {
		f.load(a)
	}
	a.loadOthers()
}
