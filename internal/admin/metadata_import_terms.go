package admin

import (
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/sfdx"
)

// Bounds of the fields for lengths of time, as the tables of fields have them.
const (
	leastAccess, leastRefresh = 30 * time.Second, time.Minute
	mostIDToken               = 12 * time.Hour
	mostRefresh               = 3650 * 24 * time.Hour
)

// length sets a length of time, within the bounds of its field; the default is
// left unsaid.
func (d *drafting) length(field string, at sfdx.Setting[int], v, usual, least, most time.Duration) {
	if bound := min(max(v, least), most); bound != v {
		loss(d, Changed, at, "%s is %s here, not %s", field, client.Duration(bound), client.Duration(v))
		v = bound
	}
	if v != usual {
		d.set(field, client.Duration(v).String())
	}
}

func (d *drafting) duration(name string) (time.Duration, bool) {
	v, ok := d.values[name].V.(time.Duration)
	return v, ok
}

func (d *drafting) tokens() {
	a := d.a
	format, at := client.FormatOpaque, a.SessionMinutes
	if isOn(a.NamedUserJWT) {
		format, at = client.FormatJWT, a.NamedUserJWTMinutes
	}
	d.set("token-format", string(format))
	if ttl, ok := d.duration("app.access_token.ttl"); ok {
		d.length("access-ttl", at, ttl, client.DefaultAccessTTL, leastAccess, client.AccessTokenCeiling)
	} else {
		loss(d, Assumed, at, "access tokens live %s: in Salesforce they follow the user's session, whose length stands in a profile", client.Duration(client.DefaultAccessTTL))
	}
	if a.IDTokenMinutes.Origin == sfdx.Given {
		d.length("id-token-ttl", a.IDTokenMinutes, time.Duration(a.IDTokenMinutes.V)*time.Minute, client.DefaultIDTokenTTL, leastAccess, mostIDToken)
	}
	var audience []string
	for _, v := range a.IDTokenAudience.V {
		if err := checkAudience(v); err != nil || strings.ContainsAny(v[:1], "+-") {
			loss(d, Lost, a.IDTokenAudience, "%q is no audience", v)
			continue
		}
		audience = append(audience, v)
	}
	d.set("id-token-audience", audience...)
	d.set("id-token-claims", word(isOn(a.IDTokenClaims)))
	d.set("introspect-all", word(isOn(a.IntrospectAll)))
}

func (d *drafting) refresh() {
	a := d.a
	if d.public && !isOn(a.RefreshRotation) {
		loss(d, Changed, a.RefreshRotation, "refresh tokens rotate: those of a public app must (RFC 9700 §4.14.2)")
	}
	d.set("rotation", word(d.public || isOn(a.RefreshRotation)))
	if !a.RefreshPolicy.Known() {
		loss(d, Assumed, a.RefreshPolicy, "refresh tokens end after %s without use", client.Duration(client.DefaultRefreshIdle))
		return
	}
	at := a.RefreshPeriod
	switch a.RefreshPolicy.V {
	case sfdx.RefreshInfinite:
		d.set("refresh-policy", string(client.RefreshInfinite))
	case sfdx.RefreshZero:
		d.set("refresh-policy", string(client.RefreshZero))
	case sfdx.RefreshLifetime:
		d.set("refresh-policy", string(client.RefreshLifetime))
		if v, ok := d.duration("app.refresh.absolute_ttl"); ok {
			d.length("refresh-ttl", at, v, client.DefaultRefreshAbsolute, leastRefresh, mostRefresh)
		}
	case sfdx.RefreshInactivity:
		d.set("refresh-policy", string(client.RefreshInactivity))
		if v, ok := d.duration("app.refresh.idle_ttl"); ok {
			d.length("refresh-ttl", at, v, client.DefaultRefreshIdle, leastRefresh, mostRefresh)
		}
		loss(d, Changed, a.RefreshPolicy, "besides, a login ends after %s: Salesforce has no such limit (refresh-absolute)", client.Duration(client.DefaultRefreshAbsolute))
	}
}

func (d *drafting) policy() {
	a := d.a
	groups := d.groups()
	if len(groups) > 0 {
		d.set("group", groups...)
	}
	if a.PermittedUsers.V == sfdx.AdminApproved {
		d.set("permitted-users", string(client.AdminPreauthorized))
		if len(groups) == 0 {
			nobody := groupName(a.Name) + "_users"
			d.set("group", nobody)
			loss(d, Changed, a.PermittedUsers, "nobody is approved in the files; here the members of the new group %s are", nobody)
		}
	} else {
		d.set("permitted-users", string(client.SelfAuthorize))
	}
	modes := map[string]client.IPMode{
		sfdx.IPEnforce: client.IPEnforce, sfdx.IPBypass: client.IPBypass, sfdx.IPBypassMFA: client.IPRelaxMFA, sfdx.IPRelaxRefresh: client.IPRelaxRefresh,
	}
	if mode, ok := modes[a.IPRelaxation.V]; ok {
		d.set("ip", string(mode))
	}
	levels := map[string]client.Assurance{"LOW": client.AssuranceLow, "STANDARD": client.AssuranceStandard, "HIGH_ASSURANCE": client.AssuranceHigh}
	if level, ok := levels[a.SessionLevel.V]; ok {
		d.set("assurance", string(level))
	}
}

// groups are the profiles and permission sets as groups. A name of ours has no
// blanks.
func (d *drafting) groups() []string {
	var out []string
	for _, s := range []sfdx.Setting[[]string]{d.a.Profiles, d.a.PermissionSets} {
		for _, name := range s.V {
			g := groupName(name)
			if g != name {
				loss(d, Changed, s, "%q becomes the group %s", name, g)
			}
			if !slices.Contains(out, g) {
				out = append(out, g)
			}
		}
	}
	return out
}

// groupName makes a name that a group may have.
func groupName(name string) string {
	g := strings.Map(func(r rune) rune {
		if r <= ' ' || r > 0x7e || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, name)
	return strings.TrimLeft(g[:min(len(g), 200)], "+-")
}

// otherLosses are the settings that have no place here, wherever they are set.
func (d *drafting) otherLosses() {
	a := d.a
	for _, l := range a.NotCarried {
		d.out.Losses = append(d.out.Losses, Loss{Lost, l.Element, d.m.Path(l.File), l.Line, l.Reason})
	}
	for _, t := range []struct {
		s   sfdx.Setting[string]
		why string
	}{
		{a.Description, "apps have no description here"},
		{a.RunAsUser, "an app acts as itself here, not as a user"},
		{a.ApexHandler, "Apex does not run here"},
		{a.ExecuteHandlerAs, "Apex does not run here"},
		{a.PolicyLogoutURL, "logout is not passed on to apps"},
		{a.LogoutURL, "logout is not passed on to apps"},
		{a.PolicyStartURL, "there is no app launcher"},
		{a.StartURL, "there is no app launcher"},
		{a.ClientAssertionCertificate, "public keys of apps are not kept"},
		{a.AssetAudiences, "asset tokens are not served"},
	} {
		if t.s.V != "" {
			loss(d, Lost, t.s, "%s", t.why)
		}
	}
	for _, t := range []struct {
		s   sfdx.Setting[bool]
		why string
	}{
		{a.GuestCodeCredentials, "there is no guest login"},
		{a.DPoP, "DPoP is not served"},
		{a.IDTokenAttributes, "custom attributes are Salesforce formulas"},
		{a.IDTokenPermissions, "custom permissions are Salesforce's"},
		{a.SAMLPlugin, "SAML is not served"},
		{a.CanvasPlugin, "Canvas is Salesforce's"},
		{a.RotateKeyOnDeploy, "keys and secrets change by command here, not by deploying"},
		{a.RotateSecretOnDeploy, "keys and secrets change by command here, not by deploying"},
	} {
		if isOn(t.s) {
			loss(d, Lost, t.s, "%s", t.why)
		}
	}
	if len(a.TrustedIPRanges.V) > 0 {
		loss(d, Lost, a.TrustedIPRanges, "these ranges excuse from verification; ours are a fence (ip-range) and would shut others out")
	}
	for _, s := range []sfdx.Setting[[]sfdx.Attribute]{a.Attributes, a.PolicyAttributes} {
		if len(s.V) > 0 {
			loss(d, Lost, s, "%d custom attributes: Salesforce formulas are not evaluated here", len(s.V))
		}
	}
	if len(a.NotificationTypes.V) > 0 {
		loss(d, Lost, a.NotificationTypes, "notifications are not sent")
	}
}
