package sfdx

import "fmt"

// Limits of M17. The score is documented (0.5 to 1); how many attempts are many is
// our number.
const (
	lowestCaptchaScore = 0.5
	mostResetAttempts  = 10
	goodResetAttempts  = "5"
)

// checkSites is M17. The Setup page refuses to save a headless API with neither
// authentication nor captcha; a deploy does not.
func checkSites(p *Project, r *report) {
	for _, o := range p.Orgs {
		for _, n := range o.Networks {
			r.openAPI("registration", "anybody can create accounts by the thousand", n.Registration, n.RegistrationAuth, n.RegistrationCaptcha)
			r.openAPI("forgot password", "anybody can have reset codes sent and guess them", n.ForgotPassword, n.ForgotPasswordAuth, n.ForgotPasswordCaptcha)
			r.openAPI("passwordless login", "anybody can have one-time passwords sent and guess them", n.Passwordless, n.PasswordlessAuth, n.PasswordlessCaptcha)
			checkSiteNumbers(n, r)
		}
	}
}

func (r *report) openAPI(name, danger string, allowed, auth, captcha Setting[bool]) {
	if on(allowed) && off(auth) && off(captcha) {
		r.add(High, "", allowed.place(), fmt.Sprintf("The headless %s API asks for neither authentication nor a captcha: %s.", name, danger),
			fmt.Sprintf("Write <%s>true</%[1]s> or <%s>true</%[2]s>.", auth.tag(), captcha.tag()))
	}
}

func checkSiteNumbers(n *Network, r *report) {
	if s := n.CaptchaScore; s.Origin == Given && s.V < lowestCaptchaScore {
		r.add(Medium, "", s.place(), fmt.Sprintf("recaptchaScoreThreshold is %g: visitors that the captcha takes for robots are let in.", s.V), "Write a score from 0.5 to 1.",
			Change{App: n.Name, Setting: s.Element, Value: "0.5", File: n.File})
	}
	if s := n.ResetAttempts; s.Origin == Given && s.V > mostResetAttempts {
		r.add(Medium, "", s.place(), fmt.Sprintf("maxPasswordResetAttempts is %d: so many guesses at one reset code.", s.V), fmt.Sprintf("Write <%s>%s</%[1]s>.", s.tag(), goodResetAttempts),
			Change{App: n.Name, Setting: s.Element, Value: goodResetAttempts, File: n.File})
	}
}

// checkOrg is X03. The org gate is not judged here: that it is off matters only
// to apps that need it, and M04 names those.
func checkOrg(p *Project, r *report) {
	for _, o := range p.Orgs {
		if off(o.RequirePKCE) {
			r.weak(Medium, o.RequirePKCE, "PKCE is not required in the org: each app that forgets it can lose its codes.", "true", "server.oauth.require_pkce", true)
		}
		if on(o.AllowPassword) {
			r.weak(High, o.AllowPassword, "The username-password flow is not blocked: apps may collect passwords and send them on, past every second factor.", "true", "server.oauth.allow.password", false)
		}
		if on(o.AllowUserAgent) {
			r.weak(High, o.AllowUserAgent, "The user-agent flow is not blocked: access tokens travel in URLs.", "true", "server.oauth.allow.implicit", false)
		}
		if on(o.SecretInREST) {
			r.weak(High, o.SecretInREST, "Client secrets can be read by REST API: one administrator's token gives the secrets of all apps.", "false", "server.secrets.api_read", false)
		}
		if on(o.SecretInMetadata) {
			r.weak(High, o.SecretInMetadata, "Client secrets can be read by Metadata API: each retrieve may carry them into a repository.", "false", "server.secrets.export_includes_secret", false)
		}
	}
}

func (r *report) weak(s Severity, at Setting[bool], message, write, setting string, value bool) {
	r.add(s, "", at.place(), message, fmt.Sprintf("Write <%s>%s</%[1]s>.", at.tag(), write), Change{Setting: setting, Value: value, File: at.File})
}
