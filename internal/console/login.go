package console

import (
	"errors"
	"net/http"
	"net/url"

	"countersign/internal/account"
	"countersign/internal/gate"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/staff"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type loginBody struct {
	Action, Back, Lead, Button string
	Alarm                      *page.Fault
	Fields                     []page.Field
}

func (c *Console) toHome(v *visit) (web.Answer, error) { return v.redirect("/console/"), nil }

// loginPage asks for name and password.
func (c *Console) loginPage(v *visit) (web.Answer, error) {
	to := back(v.query("back"))
	if v.who != nil {
		return v.redirect(to), nil
	}
	return v.page("login", loginFrame("", to, nil))
}

func loginFrame(name, to string, alarm *page.Fault) page.Frame {
	return page.Frame{Title: "Sign in", Body: loginBody{
		Action: "/console/login", Back: to, Lead: "For administrators of this server.", Button: "Sign in", Alarm: alarm,
		Fields: []page.Field{
			{Name: "name", Label: "Name", Value: name, Required: true, Autocomplete: "username", Focus: name == "", Most: account.MaxIdentifierBytes},
			{Name: "password", Label: "Password", Kind: "password", Required: true, Autocomplete: "current-password", Focus: name != ""},
		},
	}}
}

// login checks them and begins a session. The browser's earlier session ends, so
// that nobody can plant one.
func (c *Console) login(v *visit) (web.Answer, error) {
	name, to := v.form("name"), back(v.form("back"))
	e, err := c.Gate.SignIn(v.ctx(), name, v.form("password"), v.token, v.from())
	if err != nil {
		return v.failed("login", loginFrame(name, to, nil), err)
	}
	v.setCookie(sessionCookie, e.Token, 0)
	if e.Session.Pending {
		return v.redirect("/console/code?" + url.Values{"back": {to}}.Encode()), nil
	}
	return v.redirect(to), nil
}

// codePage asks for the second factor of somebody who gave the password.
func (c *Console) codePage(v *visit) (web.Answer, error) {
	if v.any == nil || !v.any.Session.Pending {
		return v.redirect("/console/login"), nil
	}
	return v.page("login", codeFrame(back(v.query("back"))))
}

func codeFrame(to string) page.Frame {
	return page.Frame{Title: "The code, please", Body: loginBody{
		Action: "/console/code", Back: to, Button: "Sign in", Lead: "Six digits from your authenticator, or one of your recovery codes.",
		Fields: []page.Field{{Name: "code", Label: "Code", Required: true, Autocomplete: "one-time-code", Focus: true, Most: 32}},
	}}
}

// code checks it; the session that comes out is a new one.
func (c *Console) code(v *visit) (web.Answer, error) {
	to := back(v.form("back"))
	if v.any == nil || !v.any.Session.Pending {
		return v.redirect("/console/login"), nil
	}
	e, err := c.Gate.Confirm(v.ctx(), *v.any, v.token, v.form("code"), v.from())
	if errors.Is(err, gate.ErrSession) {
		return v.redirect("/console/login"), nil
	} else if err != nil {
		return v.failed("login", codeFrame(to), err)
	}
	v.setCookie(sessionCookie, e.Token, 0)
	return v.redirect(to), nil
}

// failed shows a form of coming in again, with what was wrong.
func (v *visit) failed(name string, f page.Frame, err error) (web.Answer, error) {
	e := oauth.From(err)
	code, _ := status(e)
	switch {
	case e == oauth.ErrFault:
		return web.Answer{}, err
	case errors.Is(err, login.ErrFailed):
		code = http.StatusUnprocessableEntity
	case code == http.StatusBadRequest:
		code = http.StatusUnprocessableEntity
	}
	b, _ := f.Body.(loginBody)
	b.Alarm = &page.Fault{Text: saying(err, e), Rule: e.Rule}
	f.Body = b
	v.r.Event.Rule = e.Rule
	a, err := v.pageStatus(code, name, f)
	if e.RetryAfter > 0 {
		a = a.With("Retry-After", seconds(e.RetryAfter))
	}
	return a, err
}

// saying is what a person reads about a failed sign-in.
func saying(err error, e *oauth.Error) string {
	switch {
	case errors.Is(err, login.ErrFailed):
		return "The name or the password is not right. Both are checked for capital letters in the password only."
	case errors.Is(err, login.ErrThrottled):
		return "There were too many failed tries. Try again in " + page.Span(max(e.RetryAfter, 1e9)) + "."
	}
	return sentence(e.Description)
}

func (c *Console) logout(v *visit) (web.Answer, error) {
	if err := c.Gate.SignOut(v.ctx(), *v.who, v.from()); err != nil {
		return web.Answer{}, err
	}
	v.setCookie(sessionCookie, "", -1)
	return v.redirect("/console/login"), nil
}

// joinPage shows what a one-time link is for, and asks for a password. Looking
// does not use the link up: mail programs look at links, too.
func (c *Console) joinPage(v *visit) (web.Answer, error) {
	in, err := c.Gate.Invitation(v.ctx(), v.query("link"))
	if err != nil {
		return web.Answer{}, err
	}
	return v.page("login", joinFrame(in, v.query("link"), "", nil))
}

func joinFrame(in gate.Invitation, link, name string, fault *page.Fault) page.Frame {
	b := loginBody{Action: "/console/join", Back: link, Button: "Set the password and sign in"}
	title := "Welcome"
	switch in.Purpose {
	case staff.Bootstrap:
		b.Lead = "You are the first owner of this server. Choose the name and password you will sign in with."
		b.Fields = append(b.Fields, page.Field{
			Name: "name", Label: "Name", Hint: "Your e-mail address, or any name.", Value: name, Required: true, Autocomplete: "username", Focus: true,
			Most: account.MaxIdentifierBytes,
		})
	case staff.Invite:
		b.Lead = "You were invited as " + string(in.Member.Role) + ". You will sign in as " + in.Member.Name + "; choose a password."
	case staff.Reset:
		title, b.Lead = "A new password", "Choose a new password for "+in.Member.Name+". An authenticator has to be set up again afterwards."
	}
	b.Fields = append(b.Fields, page.Field{
		Name: "password", Label: "Password", Kind: "password", Required: true, Autocomplete: "new-password", Fault: fault,
		Hint: "15 characters or more; a few words in a row are easy to remember and hard to guess. No other rules.",
	})
	return page.Frame{Title: title, Body: b}
}

// join uses the link.
func (c *Console) join(v *visit) (web.Answer, error) {
	link, name := v.form("back"), v.form("name")
	in, err := c.Gate.Invitation(v.ctx(), link)
	if err != nil {
		return web.Answer{}, err
	}
	e, err := c.Gate.Join(v.ctx(), link, name, v.form("password"), v.from())
	switch {
	case err == nil:
	case errors.Is(err, gate.ErrLink), errors.Is(err, staff.ErrTaken):
		return web.Answer{}, gate.ErrLink
	case errors.Is(err, account.ErrUsername):
		f := joinFrame(in, link, name, nil)
		b, _ := f.Body.(loginBody)
		b.Fields[0].Fault = page.FaultOf(err)
		return v.pageStatus(http.StatusUnprocessableEntity, "login", f)
	case oauth.From(err) == oauth.ErrFault:
		return web.Answer{}, err
	default:
		fault := page.FaultOf(err)
		fault.Text = sentence(fault.Text)
		return v.pageStatus(http.StatusUnprocessableEntity, "login", joinFrame(in, link, name, fault))
	}
	v.setCookie(sessionCookie, e.Token, 0)
	return v.redirect("/console/"), nil
}

// provePage asks once more who is there, before something that matters.
func (c *Console) provePage(v *visit) (web.Answer, error) {
	return v.page("login", proveFrame(v, back(v.query("back"))))
}

func proveFrame(v *visit, to string) page.Frame {
	b := loginBody{
		Action: "/console/prove", Back: to, Button: "Go on",
		Lead: "What comes next cannot be undone or shows a secret. Your password again, please, " + v.who.Member.Name + ".",
		Fields: []page.Field{
			{Name: "password", Label: "Password", Kind: "password", Required: true, Autocomplete: "current-password", Focus: true},
		},
	}
	if gate.HasFactor(v.who.Member) {
		b.Lead = "What comes next cannot be undone or shows a secret. A code from your authenticator, please, " + v.who.Member.Name + "."
		b.Fields[0] = page.Field{Name: "password", Label: "Code", Required: true, Autocomplete: "one-time-code", Focus: true, Most: 32}
	}
	return page.Frame{Title: "Is it still you?", Alone: true, Body: b}
}

// prove checks it and notes the time.
func (c *Console) prove(v *visit) (web.Answer, error) {
	to := back(v.form("back"))
	if err := c.Gate.Prove(v.ctx(), *v.who, v.form("password"), v.from()); err != nil {
		return v.failed("login", proveFrame(v, to), err)
	}
	return v.redirect(to), nil
}
