package admin

import (
	"fmt"
	"slices"

	"countersign/internal/client"
	"countersign/internal/flow"
)

// checkApp finds what no single field shows: values that do not go together.
func checkApp(c *client.Client) Invalid {
	var faults Invalid
	fault := func(field, text string) { faults = append(faults, Fault{field, text}) }
	if c.Name == "" {
		fault("name", "an app needs a name")
	}
	switch {
	case c.Type == client.Public && c.Settings.AuthMethod != client.AuthNone:
		fault("auth-method", "a public app cannot keep a secret: its method is none (RFC 6749 §2.1)")
	case c.Type == client.Confidential && c.Settings.AuthMethod == client.AuthNone:
		fault("auth-method", "a confidential app proves who it is: client_secret_basic or client_secret_post (RFC 6749 §2.3)")
	}
	if c.Type == client.Public {
		faults = append(faults, checkPublic(c)...)
	}
	faults = append(faults, checkRights(c)...)
	if c.Settings.Flows[flow.AuthorizationCode].On && len(c.Settings.RedirectURIs) == 0 {
		fault("redirect-uri", "the browser flow needs at least one redirect URI (RFC 6749 §3.1.2.2)")
	}
	if c.Policy.PermittedUsers == client.AdminPreauthorized && len(c.Policy.Groups) == 0 {
		fault("group", "admin_preauthorized without a group lets nobody in; name a group")
	}
	return faults
}

// checkPublic: an app without a secret leans on PKCE and rotation alone.
//
// Spec: RFC 9700 §2.1.1, §4.14.2; OAuth 2.1 §7.5.1.
func checkPublic(c *client.Client) Invalid {
	var faults Invalid
	fault := func(field, text string) { faults = append(faults, Fault{field, text}) }
	for _, f := range flow.All {
		sw := c.Settings.Flows[f.Name]
		if sw.RequireSecret {
			fault("require-secret", fmt.Sprintf("%s: a public app has no secret to require (RFC 6749 §2.1)", f.Name))
		}
		if f.PKCE == flow.PerApp && !sw.RequirePKCE {
			fault("require-pkce", fmt.Sprintf("%s: PKCE cannot be switched off for a public app (RFC 9700 §2.1.1)", f.Name))
		}
		if sw.On && f.Credentials == flow.Always {
			fault("flow", fmt.Sprintf("%s is for apps that prove who they are, so not for public apps (%s)", f.Name, f.Spec))
		}
	}
	if !c.Settings.Rotation {
		fault("rotation", "refresh tokens of a public app must rotate (RFC 9700 §4.14.2)")
	}
	return faults
}

// warnings are what an administrator should know of settings that are allowed.
func warnings(c *client.Client) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	on := FlowsOn(c.Settings.Flows)
	if len(on) == 0 {
		say("no flow is switched on: nobody can obtain a token through this app; use --flow")
	}
	for _, n := range on {
		f, _ := flow.ByName(n)
		switch {
		case !f.Served:
			say("the flow %s has no effect: this version does not serve it", n)
		case c.Type == client.Confidential && f.Credentials == flow.PerApp && !c.Settings.Flows[n].RequireSecret:
			say("the flow %s does not ask for the app's credentials: whoever steals a code or refresh token can use it (RFC 6749 §3.2.1)", n)
		}
	}
	headless := slices.Contains(on, flow.CodeAndCredentials)
	if headless && !c.FirstParty {
		say("the headless login refuses this app until it is marked as ours: app set %s --first-party=on", c.ID)
	}
	if headless && len(c.Settings.RedirectURIs) == 0 {
		say("without a redirect URI the app can use the challenge endpoint, but not the Salesforce dialect")
	}
	if c.Settings.Scopes.Offline() && !slices.Contains(on, flow.RefreshToken) {
		say("the scopes ask for refresh tokens, and the flow refresh_token is off: none will be given")
	}
	if c.Platform == client.SPA && len(c.Settings.Origins) == 0 {
		say("a browser app needs --cors-origin, or browsers will not let it call the token endpoint")
	}
	return out
}
