package console

import (
	"errors"
	"net/http"
	"strconv"

	"countersign/internal/gate"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/staff"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type accountBody struct {
	Facts     []page.Fact
	May       []string
	Factor    page.Badge
	HasFactor bool
	Left      int // recovery codes
	Old, New  page.Field
	Sessions  []sessionRow
	Others    bool
}

type sessionRow struct {
	Name, Agent, Address string
	Begun, Seen          page.Moment
	This, Pending        bool
}

// permissionWords say what a permission is, for people.
var permissionWords = map[staff.Permission]string{
	staff.Read: "See apps, the review, traffic, keys and settings", staff.ReadPeople: "See people and what they allowed",
	staff.ReadAudit: "Read the audit log", staff.RunReview: "Run the review and prove findings", staff.Waive: "Accept findings for a time",
	staff.EditApps: "Create and change apps", staff.EditPeople: "Create, disable and reset people", staff.EditKeys: "Make and remove signing keys",
	staff.EditSettings: "Change what holds for every app", staff.EditStaff: "Invite administrators and give roles",
}

// accountPage is one's own account: password, authenticator, sessions.
func (c *Console) accountPage(v *visit) (web.Answer, error) {
	return c.account(v, http.StatusOK, nil, nil)
}

func (c *Console) account(v *visit, code int, oldFault, newFault *page.Fault) (web.Answer, error) {
	m := v.who.Member
	b := accountBody{
		Facts: []page.Fact{{Name: "Name", Value: m.Name}, {Name: "Role", Value: string(m.Role)}, {Name: "Here since", Value: m.Created.UTC().Format("2 January 2006")}},
		Left:  len(m.Recovery), HasFactor: gate.HasFactor(m), Factor: page.Badge{Tone: page.High, Text: "Not set up"},
		Old: page.Field{Name: "old", Label: "Password until now", Kind: "password", Required: true, Autocomplete: "current-password", Fault: oldFault},
		New: page.Field{
			Name: "new", Label: "New password", Kind: "password", Required: true, Autocomplete: "new-password", Fault: newFault,
			Hint: "15 characters or more. All your sessions end but this one.",
		},
	}
	if b.HasFactor {
		b.Factor = page.Badge{Tone: page.Good, Text: "Set up"}
	}
	for _, p := range staff.Permissions {
		if m.Role.May(p) {
			b.May = append(b.May, permissionWords[p])
		}
	}
	all, err := c.Gate.SessionsOf(v.ctx(), m.ID)
	if err != nil {
		return web.Answer{}, err
	}
	for _, s := range all {
		this := s.Hash == v.who.Session.Hash
		b.Others = b.Others || !this
		b.Sessions = append(b.Sessions, sessionRow{
			Name: c.Gate.Name(s), Agent: browserName(s.Agent), Address: s.Address, Begun: v.at(s.Begun), Seen: v.at(s.Seen), This: this, Pending: s.Pending,
		})
	}
	return v.pageStatus(code, "account", page.Frame{Title: "Your account", Body: b})
}

// setPassword replaces one's own password.
func (c *Console) setPassword(v *visit) (web.Answer, error) {
	e, err := c.Gate.SetPassword(v.ctx(), *v.who, v.form("old"), v.form("new"), v.from())
	refusal := oauth.From(err)
	switch {
	case err == nil:
	case errors.Is(err, staff.ErrConflict):
		return v.done("/console/account", changedMeanwhile)
	case refusal == oauth.ErrFault:
		return web.Answer{}, err
	case errors.Is(err, login.ErrFailed), errors.Is(err, login.ErrThrottled), errors.Is(err, login.ErrBusy), errors.Is(err, login.ErrPasswordTooLong):
		fault := &page.Fault{Text: "This is not your password.", Rule: refusal.Rule}
		if !errors.Is(err, login.ErrFailed) {
			fault.Text = saying(err, refusal)
		}
		return c.account(v, http.StatusUnprocessableEntity, fault, nil)
	default:
		fault := page.FaultOf(err)
		fault.Text = sentence(fault.Text)
		return c.account(v, http.StatusUnprocessableEntity, nil, fault)
	}
	v.setCookie(sessionCookie, e.Token, 0)
	v.who = &e
	return v.done("/console/account", page.Notice{Tone: page.Good, Text: "Your password is changed. You are signed out everywhere else."})
}

var changedMeanwhile = page.Notice{Tone: page.Info, Text: "Somebody changed this at the same moment. Nothing was done; look again and repeat it if it is still needed."}

type enrolBody struct {
	Must  bool
	Again bool // one is set up already
	QR    page.QR
	Offer gate.Offer
	Code  page.Field
}

// enrolPage shows a secret to scan, new each time.
func (c *Console) enrolPage(v *visit) (web.Answer, error) {
	return c.enrolForm(v, http.StatusOK, c.Gate.Offer(*v.who, issuerName), nil)
}

// issuerName is what authenticator apps file the account under.
const issuerName = "Countersign"

func (c *Console) enrolForm(v *visit, code int, o gate.Offer, fault *page.Fault) (web.Answer, error) {
	picture, err := page.NewQR("QR code with the secret for your authenticator app", o.URI)
	if err != nil {
		return web.Answer{}, err
	}
	return v.pageStatus(code, "authenticator", page.Frame{
		Title: "Set up an authenticator", Crumbs: []page.Link{{Text: "Your account", Path: "/console/account"}},
		Body: enrolBody{
			Must: c.Gate.MustEnrol(v.who.Member), Again: gate.HasFactor(v.who.Member), QR: picture, Offer: o,
			Code: page.Field{
				Name: "code", Label: "The code that the app shows now", Kind: "code", Required: true, Narrow: true, Autocomplete: "one-time-code", Fault: fault, Most: 16,
			},
		},
	})
}

// enrol takes the first code, and shows recovery codes this once.
func (c *Console) enrol(v *visit) (web.Answer, error) {
	seal := v.form("offer")
	codes, err := c.Gate.Enrol(v.ctx(), *v.who, seal, v.form("code"), v.from())
	switch {
	case err == nil:
		return v.recovery("Your authenticator is set up. From now on, signing in asks for its code.", codes)
	case errors.Is(err, staff.ErrConflict):
		return v.done("/console/account", changedMeanwhile)
	case errors.Is(err, gate.ErrCode):
		o, again := c.Gate.Reoffer(*v.who, issuerName, seal)
		if again == nil {
			fault := page.FaultOf(gate.ErrCode)
			fault.Text, fault.Remedy = "This code does not belong to the secret above.", "Look whether the clock of your phone is right, and take the code that it shows now."
			return c.enrolForm(v, http.StatusUnprocessableEntity, o, fault)
		}
		err = again
	}
	if errors.Is(err, gate.ErrOffer) {
		fault := page.FaultOf(gate.ErrOffer)
		fault.Text = sentence(fault.Text)
		return c.enrolForm(v, http.StatusUnprocessableEntity, c.Gate.Offer(*v.who, issuerName), fault)
	}
	return web.Answer{}, err
}

// renewRecovery voids the recovery codes and shows new ones.
func (c *Console) renewRecovery(v *visit) (web.Answer, error) {
	if !gate.HasFactor(v.who.Member) {
		return v.redirect("/console/account/authenticator"), nil
	}
	codes, err := c.Gate.RenewRecovery(v.ctx(), *v.who, v.from())
	if errors.Is(err, staff.ErrConflict) {
		return v.done("/console/account", changedMeanwhile)
	} else if err != nil {
		return web.Answer{}, err
	}
	return v.recovery("These are your new recovery codes; the old ones are void.", codes)
}

func (v *visit) recovery(text string, codes []string) (web.Answer, error) {
	n := page.Notice{Tone: page.Good, Text: text, Lines: []string{
		"Keep these recovery codes where you keep important papers. Each lets you in once, should the phone be lost. They are not shown again.",
	}}
	for i, code := range codes {
		n.Reveal = append(n.Reveal, page.Fact{Name: "Recovery code " + strconv.Itoa(i+1), Value: code})
	}
	return v.done("/console/account", n)
}

// endSession ends one of one's own sessions.
func (c *Console) endSession(v *visit) (web.Answer, error) {
	err := c.Gate.End(v.ctx(), *v.who, v.form("session"), v.from())
	if err != nil && !errors.Is(err, staff.ErrNoSession) {
		return web.Answer{}, err
	}
	return v.done("/console/account", page.Notice{Tone: page.Good, Text: "That session is over."})
}

func (c *Console) endOthers(v *visit) (web.Answer, error) {
	if err := c.Gate.EndOthers(v.ctx(), *v.who, v.from()); err != nil {
		return web.Answer{}, err
	}
	return v.done("/console/account", page.Notice{Tone: page.Good, Text: "You are signed out everywhere else."})
}
