package console

import (
	"errors"
	"net/http"
	"net/url"

	"countersign/internal/admin"
	"countersign/internal/gate"
	"countersign/internal/staff"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type staffBody struct {
	Members []memberRow
	Roles   []staff.RoleEntry
}

type memberRow struct {
	ID, Name, Role, Open string
	State, Factor        page.Badge
	LastSeen, Created    page.Moment
	You                  bool
}

var memberStates = map[staff.State]page.Badge{
	staff.Invited: {Tone: page.Info, Text: "Invited"}, staff.Active: {Tone: page.Good, Text: "Active"}, staff.Disabled: {Tone: page.Calm, Text: "Switched off"},
}

// staffPage lists the administrators and what each role may do.
func (c *Console) staffPage(v *visit) (web.Answer, error) {
	all, err := v.desk.Staff(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	b := staffBody{Roles: staff.Roles}
	for _, m := range all {
		row, err := c.memberRow(v, m)
		if err != nil {
			return web.Answer{}, err
		}
		b.Members = append(b.Members, row)
	}
	return v.page("staff", page.Frame{Title: "Administrators", Body: b})
}

func (c *Console) memberRow(v *visit, m *staff.Member) (memberRow, error) {
	row := memberRow{
		ID: string(m.ID), Name: m.Name, Role: string(m.Role), State: memberStates[m.State], Created: v.at(m.Created), You: m.ID == v.who.Member.ID,
		Factor: page.Badge{Tone: page.High, Text: "Password only"},
	}
	if gate.HasFactor(m) {
		row.Factor = page.Badge{Tone: page.Good, Text: "Authenticator"}
	}
	if m.PasswordHash == "" {
		row.Factor = page.Badge{Tone: page.Calm, Text: "Not here yet"}
	}
	if v.may("edit-staff") {
		row.Open = "/console/staff/" + row.ID
	}
	all, err := c.Gate.SessionsOf(v.ctx(), m.ID)
	if err == nil && len(all) > 0 {
		row.LastSeen = v.at(all[0].Seen)
	}
	return row, err
}

type inviteBody struct {
	Name page.Field
	Role page.Choice
}

func roleChoice(chosen staff.Role, fault *page.Fault) page.Choice {
	c := page.Choice{Name: "role", Label: "Role", Fault: fault}
	for _, r := range staff.Roles {
		c.Options = append(c.Options, page.Option{Value: string(r.Role), Label: string(r.Role), Hint: r.What, Chosen: r.Role == chosen})
	}
	return c
}

var staffCrumbs = []page.Link{{Text: "Administrators", Path: "/console/staff"}}

func inviteFrame(name string, role staff.Role, fault, roleFault *page.Fault) page.Frame {
	return page.Frame{Title: "Invite an administrator", Crumbs: staffCrumbs, Body: inviteBody{
		Name: page.Field{
			Name: "name", Label: "Name", Hint: "What they sign in with: an e-mail address, or any name. It cannot be changed later.", Value: name, Required: true,
			Fault: fault, Focus: true, Most: 320,
		},
		Role: roleChoice(role, roleFault),
	}}
}

func (c *Console) invitePage(v *visit) (web.Answer, error) {
	return v.page("staff-invite", inviteFrame("", staff.Auditor, nil, nil))
}

// invite makes the administrator and shows the link this once.
func (c *Console) invite(v *visit) (web.Answer, error) {
	name, role := v.form("name"), staff.Role(v.form("role"))
	m, link, err := v.desk.InviteStaff(v.ctx(), name, role)
	wrong := faults(err)
	switch {
	case err == nil:
		return v.done("/console/staff/"+string(m.ID), v.linkNotice(m, link))
	case errors.Is(err, staff.ErrTaken):
		wrong = map[string]*page.Fault{"name": {Text: "Another administrator has this name."}}
	case wrong == nil:
		return web.Answer{}, err
	}
	return v.pageStatus(http.StatusUnprocessableEntity, "staff-invite", inviteFrame(name, role, wrong["name"], wrong["role"]))
}

func (v *visit) linkNotice(m *staff.Member, link string) page.Notice {
	address := v.c.Address + "/console/join?" + url.Values{"link": {link}}.Encode()
	return page.Notice{
		Tone: page.Good, Text: "Send this link to " + m.Name + " in a way that only they can read. It works once, and is not shown again.",
		Reveal: []page.Fact{{Name: "Link", Value: address}},
	}
}

type memberBody struct {
	Member memberRow
	Role   page.Choice
	Facts  []page.Fact
	Link   string // what a new link is called
	Off    bool
}

// memberPage is one administrator, for owners.
func (c *Console) memberPage(v *visit) (web.Answer, error) {
	m, err := v.member()
	if err != nil {
		return web.Answer{}, err
	}
	return c.memberForm(v, http.StatusOK, m, nil)
}

func (c *Console) memberForm(v *visit, code int, m *staff.Member, fault *page.Fault) (web.Answer, error) {
	row, err := c.memberRow(v, m)
	if err != nil {
		return web.Answer{}, err
	}
	b := memberBody{Member: row, Role: roleChoice(m.Role, fault), Link: "Make a link for a new password", Off: m.State == staff.Disabled, Facts: []page.Fact{
		{Name: "Id", Value: string(m.ID), Code: true}, {Name: "Recovery codes left", Value: page.Number(len(m.Recovery))},
	}}
	if m.State == staff.Invited {
		b.Link = "Make a new invitation link"
	}
	return v.pageStatus(code, "staff-member", page.Frame{Title: m.Name, Crumbs: staffCrumbs, Body: b})
}

func (v *visit) member() (*staff.Member, error) {
	m, err := v.desk.StaffMember(v.ctx(), v.path("id"))
	if errors.Is(err, staff.ErrNotFound) {
		return nil, ErrGone
	}
	return m, err
}

// changeMember does something to the administrator of the address, and says what
// came of it.
func (c *Console) changeMember(v *visit, do func(*staff.Member) error, done string) (web.Answer, error) {
	m, err := v.member()
	if err != nil {
		return web.Answer{}, err
	}
	err = do(m)
	wrong := faults(err)
	switch {
	case err == nil:
		return v.done("/console/staff/"+string(m.ID), page.Notice{Tone: page.Good, Text: done})
	case errors.Is(err, staff.ErrLastOwner), errors.Is(err, admin.ErrOwnRole):
		return c.memberForm(v, http.StatusUnprocessableEntity, m, &page.Fault{Text: sentence(rootOf(err).Error())})
	case wrong != nil:
		return c.memberForm(v, http.StatusUnprocessableEntity, m, wrong["role"])
	case errors.Is(err, staff.ErrConflict):
		return v.done("/console/staff/"+string(m.ID), changedMeanwhile)
	}
	return web.Answer{}, err
}

// rootOf is the error inside all that was wrapped around it.
func rootOf(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

func (c *Console) setRole(v *visit) (web.Answer, error) {
	role := staff.Role(v.form("role"))
	return c.changeMember(v, func(m *staff.Member) error { return v.desk.SetStaffRole(v.ctx(), m, role) }, "The role is "+string(role)+" now, from the next click on.")
}

func (c *Console) setState(v *visit) (web.Answer, error) {
	on := v.form("state") == "on"
	text := "Switched off. Every session is over."
	if on {
		text = "Switched on again."
	}
	return c.changeMember(v, func(m *staff.Member) error { return v.desk.SetStaffState(v.ctx(), m, on) }, text)
}

func (c *Console) memberLink(v *visit) (web.Answer, error) {
	m, err := v.member()
	if err != nil {
		return web.Answer{}, err
	}
	link, err := v.desk.StaffLink(v.ctx(), m)
	if err != nil {
		return web.Answer{}, err
	}
	return v.done("/console/staff/"+string(m.ID), v.linkNotice(m, link))
}

func (c *Console) removePage(v *visit) (web.Answer, error) {
	m, err := v.member()
	if err != nil {
		return web.Answer{}, err
	}
	return v.page("confirm", removeFrame(m, nil))
}

func removeFrame(m *staff.Member, fault *page.Fault) page.Frame {
	path := "/console/staff/" + string(m.ID)
	return page.Frame{
		Title: "Remove " + m.Name + "?", Crumbs: append(staffCrumbs[:1:1], page.Link{Text: m.Name, Path: path}),
		Body: page.Confirm{
			Action: path + "/remove", Lead: "They cannot sign in any more.", Button: "Remove the administrator", Back: path, Fault: fault,
			Effects: []string{"Every session and every open link ends at once.", "The name is free for somebody else.", "What they did stays in the audit log."},
		},
	}
}

func (c *Console) remove(v *visit) (web.Answer, error) {
	m, err := v.member()
	if err != nil {
		return web.Answer{}, err
	}
	err = v.desk.RemoveStaff(v.ctx(), m)
	if errors.Is(err, staff.ErrLastOwner) || errors.Is(err, admin.ErrOwnRole) {
		return v.pageStatus(http.StatusUnprocessableEntity, "confirm", removeFrame(m, &page.Fault{Text: sentence(rootOf(err).Error())}))
	} else if err != nil {
		return web.Answer{}, err
	}
	return v.done("/console/staff", page.Notice{Tone: page.Good, Text: m.Name + " is removed."})
}
