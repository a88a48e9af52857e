package client

import (
	"net/netip"
	"slices"
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Defaults of settings that an app leaves out.
const (
	DefaultCodeTTL         = 60 * time.Second
	MaxCodeTTL             = 120 * time.Second
	DefaultAccessTTL       = 15 * time.Minute
	DefaultIDTokenTTL      = 2 * time.Minute
	DefaultGrace           = 10 * time.Second
	DefaultRefreshIdle     = 30 * 24 * time.Hour
	DefaultRefreshAbsolute = 90 * 24 * time.Hour
)

// Effective are the values that count: server default, then the app's setting,
// then the administrator's policy; the stricter wins. Enforcement and review
// read these and nothing else.
type Effective struct {
	Enabled         bool
	Flows           flow.Switches // On only where app and server allow it and the flow is served
	PKCE            bool          // a code needs a challenge and its verifier
	CodeTTL         time.Duration
	AccessFormat    TokenFormat
	AccessTTL       time.Duration
	AccessAlg       string
	AccessAudience  []string // empty: the issuer
	IDTokenAlg      string
	IDTokenTTL      time.Duration
	RefreshPolicy   RefreshPolicy
	RefreshIdle     time.Duration // 0: no end by disuse
	RefreshAbsolute time.Duration // 0: no end by age
	Rotation        bool
	Grace           time.Duration // 0: none
	PermittedUsers  PermittedUsers
	Groups          []string
	IP              IPMode
	IPRanges        []netip.Prefix
	Assurance       Assurance
	Scopes          oauth.Scopes // what the app may be granted at most
	RateLimit       int          // token requests an hour; 0: no limit
}

// Resolve computes an app's effective values. It is the one place where server,
// app and policy meet.
func Resolve(org Org, c *Client) *Effective {
	s, p := &c.Settings, &c.Policy
	e := &Effective{
		Enabled:        !c.Disabled,
		Flows:          make(flow.Switches, len(flow.All)),
		CodeTTL:        clamp(s.CodeTTL, DefaultCodeTTL, MaxCodeTTL),
		AccessFormat:   or(s.AccessToken.Format, FormatJWT),
		AccessAlg:      or(s.AccessToken.Alg, "ES256"),
		AccessAudience: s.AccessToken.Audience,
		IDTokenAlg:     or(s.IDToken.Alg, "ES256"),
		IDTokenTTL:     clamp(s.IDToken.TTL, DefaultIDTokenTTL, 12*time.Hour),
		Rotation:       s.Rotation || c.Type == Public, // a bearer refresh token without a secret must rotate: RFC 9700 §4.14.2
		Grace:          clamp(s.Grace, DefaultGrace, 2*time.Minute),
		PermittedUsers: or(p.PermittedUsers, SelfAuthorize),
		Groups:         p.Groups,
		IP:             or(p.IP, IPEnforce),
		Assurance:      or(p.Assurance, AssuranceLow),
		Scopes:         s.Scopes,
		RateLimit:      p.RateLimit,
	}
	if s.Grace < 0 {
		e.Grace = 0
	}
	e.AccessTTL = clamp(s.AccessToken.TTL, DefaultAccessTTL, clamp(org.MaxAccess, AccessTokenCeiling, AccessTokenCeiling))
	if e.AccessFormat == FormatOpaque && p.SessionTimeout > 0 {
		e.AccessTTL = min(e.AccessTTL, time.Duration(p.SessionTimeout))
	}
	for _, r := range p.IPRanges {
		if prefix, err := netip.ParsePrefix(r); err == nil {
			e.IPRanges = append(e.IPRanges, prefix.Masked())
		}
	}
	e.resolveFlows(org, c)
	e.resolveRefresh(org, p)
	return e
}

// resolveFlows: a flow is on only if the server serves and allows it and the app
// switched it on; a public app proves itself by PKCE, always.
//
// Spec: OAuth 2.1 §7.5.1.
func (e *Effective) resolveFlows(org Org, c *Client) {
	e.PKCE = org.RequirePKCE || c.Type == Public
	for _, f := range flow.All {
		sw := c.Settings.Flows[f.Name]
		sw.On = sw.On && open(org, c, f)
		if at := org.FlowsNotBefore[f.Name]; at.After(sw.NotBefore) {
			sw.NotBefore = at
		}
		sw.RequireSecret = c.Type == Confidential && (f.Credentials == flow.Always || f.Credentials == flow.PerApp && sw.RequireSecret)
		if f.PKCE == flow.PerApp && sw.RequirePKCE && sw.On {
			e.PKCE = true
		}
		e.Flows[f.Name] = sw
	}
	for _, f := range flow.All {
		sw := e.Flows[f.Name]
		sw.RequirePKCE = f.PKCE != flow.Never && (e.PKCE || sw.RequirePKCE)
		e.Flows[f.Name] = sw
	}
}

// open says whether an app may use a flow at all: this version serves it, the
// server allows it, and a public app is not asked for credentials it cannot have.
func open(org Org, c *Client, f flow.Flow) bool {
	return f.Served && !slices.Contains(org.FlowsOff, f.Name) && (c.Type == Confidential || f.Credentials != flow.Always)
}

func (e *Effective) resolveRefresh(org Org, p *Policy) {
	e.RefreshPolicy = or(p.RefreshPolicy, RefreshInactivity)
	switch e.RefreshPolicy {
	case RefreshInactivity:
		e.RefreshIdle = orDuration(p.RefreshTTL, DefaultRefreshIdle)
		e.RefreshAbsolute = orDuration(p.RefreshAbsolute, DefaultRefreshAbsolute)
	case RefreshLifetime:
		e.RefreshAbsolute = orDuration(p.RefreshTTL, DefaultRefreshAbsolute)
	case RefreshInfinite, RefreshZero:
	}
	if org.MaxRefresh > 0 && (e.RefreshAbsolute == 0 || e.RefreshAbsolute > time.Duration(org.MaxRefresh)) {
		e.RefreshAbsolute = time.Duration(org.MaxRefresh)
	}
}

// Flow returns the effective switch of a flow.
func (e *Effective) Flow(name flow.Name) flow.Switch { return e.Flows[name] }

func or[T ~string](v, def T) T {
	if v == "" {
		return def
	}
	return v
}

func orDuration(v Duration, def time.Duration) time.Duration {
	if v <= 0 {
		return def
	}
	return time.Duration(v)
}

func clamp(v Duration, def, ceiling time.Duration) time.Duration {
	return min(orDuration(v, def), ceiling)
}
