package cli

import (
	"net/url"
	"time"

	"countersign/internal/server"
	"countersign/internal/staff"
)

type staffCommands struct {
	List    staffList    `cmd:"" help:"List the administrators, oldest first."`
	Invite  staffInvite  `cmd:"" help:"Invite an administrator; prints a link that works once."`
	Link    staffLink    `cmd:"" help:"Make a link for a new password and authenticator, when one is lost; without a name, for the first owner."`
	Role    staffRole    `cmd:"" help:"Give an administrator another role."`
	Disable staffDisable `cmd:"" help:"Switch an administrator off; every session ends."`
	Enable  staffEnable  `cmd:"" help:"Switch an administrator on again."`
	Remove  staffRemove  `cmd:"" help:"Remove an administrator for good."`
}

// staffView is an administrator as printed. Its JSON names are stable.
type staffView struct {
	ID           staff.ID    `json:"id"`
	Name         string      `json:"name"`
	Role         staff.Role  `json:"role"`
	State        staff.State `json:"state"`
	SecondFactor bool        `json:"second_factor"`
	Created      time.Time   `json:"created"`
	Link         string      `json:"link,omitempty"`
}

func viewStaff(m *staff.Member) staffView {
	return staffView{ID: m.ID, Name: m.Name, Role: m.Role, State: m.State, SecondFactor: len(m.Factor) > 0, Created: m.Created}
}

type staffList struct{}

// Run lists them.
func (c *staffList) Run(s *session) error {
	return s.with(reading, func(d *server.Data) error {
		all, err := d.Desk.Staff(s.ctx)
		if err != nil {
			return err
		}
		views := []staffView{}
		for _, m := range all {
			views = append(views, viewStaff(m))
		}
		return list(s, views, []string{"NAME", "ROLE", "STATE", "SECOND FACTOR", "CREATED"}, func(v staffView) []string {
			factor := "none"
			if v.SecondFactor {
				factor = "authenticator"
			}
			return []string{v.Name, string(v.Role), string(v.State), factor, when(v.Created)}
		})
	})
}

// joinAddress is where a link leads: at the configured issuer, or where the
// server listens by itself.
func (s *session) joinAddress(link string) (string, error) {
	l, err := s.load(nil)
	if err != nil {
		return "", err
	}
	base := "http://" + l.Config.Listen
	if u, err := url.Parse(l.Config.Issuer); err == nil && u.Host != "" {
		base = u.Scheme + "://" + u.Host
	}
	return base + "/console/join?" + url.Values{"link": {link}}.Encode(), nil
}

func (s *session) printLink(m *staff.Member, link string) error {
	address, err := s.joinAddress(link)
	if err != nil {
		return err
	}
	v := viewStaff(m)
	v.Link = address
	return one(s, v, [][]string{{"name", m.Name}, {"role", string(m.Role)}, {"link", address}})
}

type staffInvite struct {
	Name string     `arg:"" help:"What they sign in with."`
	Role staff.Role `help:"owner, editor, reviewer or auditor." default:"auditor" placeholder:"auditor"`
}

// Run invites.
func (c *staffInvite) Run(s *session) error {
	return s.with(changing, func(d *server.Data) error {
		m, link, err := d.Desk.InviteStaff(s.ctx, c.Name, c.Role)
		if err != nil {
			return err
		}
		return s.printLink(m, link)
	})
}

type staffLink struct {
	Name string `arg:"" optional:"" help:"Whose; none for the first owner of a new server."`
}

// Run makes a link.
func (c *staffLink) Run(s *session) error {
	return s.with(changing, func(d *server.Data) error {
		if c.Name == "" {
			link, err := d.Desk.FirstStaffLink(s.ctx)
			if err != nil {
				return err
			}
			address, err := s.joinAddress(link)
			if err != nil {
				return err
			}
			return one(s, map[string]string{"link": address}, [][]string{{"link", address}})
		}
		m, err := d.Desk.StaffMember(s.ctx, c.Name)
		if err != nil {
			return err
		}
		link, err := d.Desk.StaffLink(s.ctx, m)
		if err != nil {
			return err
		}
		return s.printLink(m, link)
	})
}

// withStaff finds an administrator, does something, and says so.
func (s *session) withStaff(name, done string, do func(*server.Data, *staff.Member) error) error {
	return s.with(changing, func(d *server.Data) error {
		m, err := d.Desk.StaffMember(s.ctx, name)
		if err != nil {
			return err
		}
		if err := do(d, m); err != nil {
			return err
		}
		return s.done(done, m.Name)
	})
}

type staffRole struct {
	Name string     `arg:"" help:"Whose."`
	Role staff.Role `arg:"" help:"owner, editor, reviewer or auditor."`
}

// Run gives the role.
func (c *staffRole) Run(s *session) error {
	return s.withStaff(c.Name, "%s has the new role now", func(d *server.Data, m *staff.Member) error {
		return d.Desk.SetStaffRole(s.ctx, m, c.Role)
	})
}

type staffDisable struct {
	Name string `arg:"" help:"Who."`
}

// Run switches off.
func (c *staffDisable) Run(s *session) error {
	return s.withStaff(c.Name, "switched off %s", func(d *server.Data, m *staff.Member) error { return d.Desk.SetStaffState(s.ctx, m, false) })
}

type staffEnable struct {
	Name string `arg:"" help:"Who."`
}

// Run switches on.
func (c *staffEnable) Run(s *session) error {
	return s.withStaff(c.Name, "switched on %s", func(d *server.Data, m *staff.Member) error { return d.Desk.SetStaffState(s.ctx, m, true) })
}

type staffRemove struct {
	Name string `arg:"" help:"Who."`
}

// Run removes.
func (c *staffRemove) Run(s *session) error {
	return s.withStaff(c.Name, "removed %s", func(d *server.Data, m *staff.Member) error { return d.Desk.RemoveStaff(s.ctx, m) })
}
