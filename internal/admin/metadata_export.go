package admin

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/sfdx"
)

// Exported are the files of a Salesforce project that describe apps, and what
// they cannot say, by client_id.
type Exported struct {
	Files  []sfdx.OutFile
	Losses map[oauth.ClientID][]Loss
}

// ExportMetadata writes apps as External Client Apps. Secrets are never written;
// the client_id only with keepIDs, since it ties the files to one server. What an
// import of the files would not bring back is listed, for each app.
func ExportMetadata(apps []*client.Client, format sfdx.Format, keepIDs bool, now time.Time) (Exported, error) {
	out := Exported{Losses: map[oauth.ClientID][]Loss{}}
	var described []*sfdx.App
	taken := map[string]bool{}
	for _, c := range apps {
		a := describeApp(c, taken)
		if keepIDs {
			a.ConsumerKey = sfdx.Set(string(c.ID))
		}
		described = append(described, a)
		out.Losses[c.ID] = lostBy(c, a, now)
	}
	var err error
	out.Files, err = sfdx.Write(described, sfdx.WriteOptions{Format: format, WithConsumerKey: keepIDs})
	return out, err
}

// describeApp says of an app what an External Client App can say.
func describeApp(c *client.Client, taken map[string]bool) *sfdx.App {
	a := sfdx.NewApp(apiName(c.Name, taken))
	e := client.Resolve(client.Org{}, c)
	a.Label = sfdx.Set(c.Name)
	a.ContactEmail = sfdx.Set(c.Owner)
	// A Local app belongs to the org of the project; ours of others come from
	// elsewhere, as packaged ones do.
	a.Distribution = sfdx.Set(map[bool]string{true: "Local", false: "Packaged"}[c.FirstParty])
	a.Enabled = sfdx.Set(!c.Disabled)
	a.OAuthPlugin = sfdx.Set(true)
	describeFlows(a, c)
	a.CallbackURLs = sfdx.Set(c.Settings.RedirectURIs)
	a.PostBodyOnly = sfdx.Set(c.Settings.PostOnly)
	var scopes, custom []string
	for _, s := range c.Settings.Scopes {
		if name, ok := sfdx.MetadataScope(string(s)); ok {
			scopes = append(scopes, name)
		} else {
			custom = append(custom, string(s))
		}
	}
	a.Scopes, a.CustomScopes = sfdx.Set(scopes), sfdx.Set(custom)
	describeTokens(a, c, e)
	describeRefresh(a, c, e)
	describePolicy(a, c)
	return a
}

// apiName makes a name that Salesforce accepts for an app, and that no other app
// of the export has.
func apiName(name string, taken map[string]bool) string {
	base := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return r
		}
		return '_'
	}, name)
	for strings.Contains(base, "__") {
		base = strings.ReplaceAll(base, "__", "_")
	}
	base = strings.Trim(base, "_")
	if base == "" || base[0] >= '0' && base[0] <= '9' {
		base = "App_" + base
	}
	base = strings.TrimRight(base[:min(len(base), 70)], "_")
	unique := base
	for n := 2; taken[strings.ToLower(unique)]; n++ {
		unique = fmt.Sprintf("%s_%d", base, n)
	}
	taken[strings.ToLower(unique)] = true
	return unique
}

func describeFlows(a *sfdx.App, c *client.Client) {
	on := func(n flow.Name) sfdx.Setting[bool] { return sfdx.Set(c.Settings.Flows[n].On) }
	secret := func(n flow.Name) sfdx.Setting[bool] {
		return sfdx.Set(c.Type == client.Confidential && c.Settings.Flows[n].RequireSecret)
	}
	a.CodeCredentials = on(flow.CodeAndCredentials)
	a.ClientCredentials, a.ClientCredentialsAllowed = on(flow.ClientCredentials), on(flow.ClientCredentials)
	a.DeviceFlow = on(flow.Device)
	a.TokenExchange, a.TokenExchangeAllowed = on(flow.TokenExchange), on(flow.TokenExchange)
	code := flow.CodeAndCredentials
	if !c.Settings.Flows[code].On && c.Settings.Flows[flow.AuthorizationCode].On {
		code = flow.AuthorizationCode
	}
	a.SecretForCode, a.SecretForRefresh = secret(code), secret(flow.RefreshToken)
	a.SecretForTokenExchange = secret(flow.TokenExchange)
	a.RequirePKCE = sfdx.Set(c.Type == client.Public || c.Settings.Flows[code].RequirePKCE)
}

func describeTokens(a *sfdx.App, c *client.Client, e *client.Effective) {
	minutes := max(int(e.AccessTTL/time.Minute), 1)
	a.NamedUserJWT = sfdx.Set(e.AccessFormat == client.FormatJWT)
	if a.NamedUserJWT.V {
		// Salesforce has a list of lengths: the longest that is not too long.
		allowed := []int{1, 5, 10, 15, 30, 60, 90, 120, 240, 480, 720}
		i := slices.IndexFunc(allowed, func(n int) bool { return n > minutes })
		if i < 0 {
			i = len(allowed)
		}
		a.NamedUserJWTMinutes, a.NamedUserJWTTimeoutType = sfdx.Set(allowed[max(i-1, 0)]), sfdx.Set("Custom")
	} else {
		a.SessionMinutes = sfdx.Set(minutes)
	}
	a.IDTokenMinutes = sfdx.Set(max(int(e.IDTokenTTL/time.Minute), 1))
	a.IDTokenAudience = sfdx.Set(c.Settings.IDToken.Audience)
	a.IDTokenClaims = sfdx.Set(c.Settings.IDToken.Claims)
	a.IntrospectAll = sfdx.Set(c.Policy.IntrospectAll)
}

func describeRefresh(a *sfdx.App, c *client.Client, e *client.Effective) {
	a.RefreshRotation = sfdx.Set(c.Settings.Rotation)
	var ttl time.Duration
	switch e.RefreshPolicy {
	case client.RefreshInfinite:
		a.RefreshPolicy = sfdx.Set(sfdx.RefreshInfinite)
	case client.RefreshZero:
		a.RefreshPolicy = sfdx.Set(sfdx.RefreshZero)
	case client.RefreshLifetime:
		a.RefreshPolicy, ttl = sfdx.Set(sfdx.RefreshLifetime), e.RefreshAbsolute
	case client.RefreshInactivity:
		a.RefreshPolicy, ttl = sfdx.Set(sfdx.RefreshInactivity), e.RefreshIdle
	}
	switch day := 24 * time.Hour; {
	case ttl == 0:
	case ttl%day == 0:
		a.RefreshPeriod, a.RefreshUnit = sfdx.Set(int(ttl/day)), sfdx.Set("Days")
	default:
		a.RefreshPeriod, a.RefreshUnit = sfdx.Set(max(int(ttl/time.Hour), 1)), sfdx.Set("Hours")
	}
}

func describePolicy(a *sfdx.App, c *client.Client) {
	a.PermittedUsers = sfdx.Set(sfdx.SelfAuthorized)
	if c.Policy.PermittedUsers == client.AdminPreauthorized {
		a.PermittedUsers = sfdx.Set(sfdx.AdminApproved)
	}
	a.PermissionSets = sfdx.Set(c.Policy.Groups)
	modes := map[client.IPMode]string{
		"": sfdx.IPEnforce, client.IPEnforce: sfdx.IPEnforce, client.IPBypass: sfdx.IPBypass,
		client.IPRelaxMFA: sfdx.IPBypassMFA, client.IPRelaxRefresh: sfdx.IPRelaxRefresh,
	}
	a.IPRelaxation = sfdx.Set(modes[c.Policy.IP])
	levels := map[client.Assurance]string{
		"": "LOW", client.AssuranceLow: "LOW", client.AssuranceStandard: "STANDARD", client.AssuranceHigh: "HIGH_ASSURANCE",
	}
	a.SessionLevel = sfdx.Set(levels[c.Policy.Assurance])
}

// lostBy imports what was described and lists every setting that would not come
// back as it is: nothing is lost in silence, whatever the reason.
func lostBy(c *client.Client, a *sfdx.App, now time.Time) []Loss {
	d := &drafting{a: a, values: a.Values(nil)}
	d.out.Name = c.Name
	d.draft(false)
	back, _ := draftApp(c.ID, d.out.Sets, now)
	have := map[string]string{}
	for _, l := range Lines(AppFields, back) {
		have[l.Name] = strings.TrimSuffix(l.Value, " (default)")
	}
	var out []Loss
	for _, l := range Lines(AppFields, c) {
		if v := strings.TrimSuffix(l.Value, " (default)"); v != have[l.Name] {
			out = append(out, Loss{Lost, l.Name, "", 0, fmt.Sprintf("is %s; an import of the files gives %s", shown(v), shown(have[l.Name]))})
		}
	}
	if len(c.Secrets) > 0 {
		out = append(out, Loss{Lost, "secrets", "", 0, "are never written"})
	}
	return out
}
