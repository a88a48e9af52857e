package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/secret"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type personBody struct {
	ID, Username string
	State        page.Badge
	Facts        []page.Fact
	Grants       []grantRow
	MoreGrants   bool
	Failures     []eventRow
	Events       []eventRow
	Audit        string
	Path         string
	Disabled     bool
}

// grantRow is a living session: what the person allowed an app, kept alive by its
// refresh token.
type grantRow struct {
	ID, App, AppPath, Flow, Scopes string
	Begun, Used                    page.Moment
	End                            string
}

const (
	grantsShown = 50
	eventsShown = 12
)

// person finds who the address names.
func (v *visit) person() (*account.Account, error) {
	a, err := v.desk.User(v.ctx(), v.path("user"))
	if admin.IsNotFound(err) {
		return nil, ErrGone
	}
	return a, err
}

// personPage shows a person: profile, sessions and grants, failures, events.
func (c *Console) personPage(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	b := personBody{
		ID: string(a.ID), Username: a.Username, State: stateBadge(a.State), Facts: v.personFacts(a), Path: personPath(a.ID, ""),
		Disabled: a.State == account.Disabled, Audit: "/console/audit?" + url.Values{"user": {string(a.ID)}}.Encode(),
	}
	if err := b.read(v, a); err != nil {
		return web.Answer{}, err
	}
	return v.page("person", page.Frame{Title: a.Username, Wide: true, Crumbs: []page.Link{{Text: "People", Path: "/console/people"}}, Body: b})
}

func (b *personBody) read(v *visit, a *account.Account) error {
	families, err := v.desk.FamiliesOf(v.ctx(), a.ID, "", grantsShown+1)
	if err != nil {
		return err
	}
	if b.MoreGrants = len(families) > grantsShown; b.MoreGrants {
		families = families[:grantsShown]
	}
	for _, f := range families {
		row := grantRow{
			ID: f.ID.String(), App: string(f.Client), AppPath: "/console/apps/" + url.PathEscape(string(f.Client)), Flow: string(f.Flow),
			Scopes: f.Scopes.String(), Begun: v.at(f.ID.Time()), Used: v.at(f.Issued),
		}
		if v.may("edit-people") {
			row.End = personPath(a.ID, "/grants/"+f.ID.String()+"/end")
		}
		b.Grants = append(b.Grants, row)
	}
	if !v.may("read-audit") {
		return nil
	}
	for name, rows := range map[audit.Name]*[]eventRow{audit.LoginFailed: &b.Failures, "": &b.Events} {
		events, err := v.desk.Events(v.ctx(), audit.Filter{User: a.ID, Name: name, Newest: true, Limit: eventsShown, Since: v.c.Now().AddDate(0, 0, -30)})
		if err != nil {
			return err
		}
		for _, e := range events {
			*rows = append(*rows, v.eventRow(e))
		}
	}
	return nil
}

func (v *visit) personFacts(a *account.Account) []page.Fact {
	facts := []page.Fact{
		{Name: "Id", Value: string(a.ID), Code: true},
		{Name: "E-mail address", Value: verified(a.Email, a.Profile.EmailVerified)},
		{Name: "Name", Value: orNone(a.Profile.Name)},
		{Name: "Groups", Value: orNone(strings.Join(a.Groups, ", "))},
		{Name: "Phone number", Value: verified(a.Profile.Phone, a.Profile.PhoneVerified)},
		{Name: "Language", Value: orNone(a.Profile.Locale)},
		{Name: "Created", Value: v.at(a.Created).Text},
	}
	password := "none yet: nobody can sign in"
	if a.PasswordHash != "" {
		password = "set " + v.at(a.LastPassword).Text
	}
	return append(facts, page.Fact{Name: "Password", Value: password})
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func verified(text string, is bool) string {
	switch {
	case text == "":
		return "none"
	case is:
		return text + " (verified)"
	}
	return text + " (not verified)"
}

// asking is what is asked before something is done to a person.
var asking = map[string]struct {
	title, button string
	effects       []string
	typed         bool
}{
	"disable": {"Disable this person?", "Disable", []string{
		"Nobody can sign in as this person any more.", "Every token is dead within a second, on every node.", "Everything is kept: the person can be enabled again, but old tokens stay dead.",
	}, false},
	"reset": {"Give a new password?", "Draw a new password", []string{
		"A new password is drawn and shown to you once.", "Every token of the person is dead within a second: all apps ask to sign in again.",
	}, false},
	"delete": {"Delete this person?", "Delete for ever", []string{
		"The person, the profile and the password are gone. This cannot be undone.", "Every token is dead within a second.", "The id is never given to anybody again; the audit log keeps it.",
	}, true},
	"end": {"End every session?", "End every session", []string{
		"Every app asks this person to sign in again; tokens are dead within a second.",
	}, false},
}

// askPage asks before something is done to a person.
func (c *Console) askPage(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	if _, ok := asking[v.path("what")]; !ok {
		return web.Answer{}, ErrGone
	}
	return v.page("confirm", askFrame(a, v.path("what"), nil))
}

func askFrame(a *account.Account, what string, fault *page.Fault) page.Frame {
	q := asking[what]
	body := page.Confirm{
		Action: personPath(a.ID, "/ask/"+what), Lead: a.Username, Effects: q.effects, Button: q.button, Back: personPath(a.ID, ""),
	}
	if q.typed {
		body.Field = &page.Field{Name: "name", Label: "Type the user name to confirm", Required: true, Autocomplete: "off", Fault: fault}
	}
	return page.Frame{
		Title: q.title, Body: body,
		Crumbs: []page.Link{{Text: "People", Path: "/console/people"}, {Text: a.Username, Path: personPath(a.ID, "")}},
	}
}

// askDone does what was asked.
func (c *Console) askDone(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	switch v.path("what") {
	case "disable":
		return v.said(v.desk.DisableUser(v.ctx(), a.ID), a, a.Username+" is disabled. Nothing of theirs works any more.")
	case "reset":
		password := secret.Text(18)
		if err := v.desk.SetPassword(v.ctx(), a, password, ""); err != nil {
			return web.Answer{}, err
		}
		return v.done(personPath(a.ID, ""), page.Notice{
			Tone: page.Good, Text: a.Username + " has a new password.", Reveal: []page.Fact{{Name: "Password", Value: password, Code: true}},
			Lines: []string{"It is shown this once. Hand it over on a safe way."},
		})
	case "end":
		n, err := v.desk.EndGrants(v.ctx(), a.ID, "")
		return v.said(err, a, fmt.Sprintf("%s ended.", page.Count(n, "session is", "sessions are")))
	case "delete":
		if v.form("name") != a.Username {
			fault := &page.Fault{Text: "This is not the user name.", Remedy: "Type " + a.Username + "."}
			return v.pageStatus(http.StatusUnprocessableEntity, "confirm", askFrame(a, "delete", fault))
		}
		if err := v.desk.DeleteUser(v.ctx(), a.ID); err != nil && !errors.Is(err, account.ErrNotFound) {
			return web.Answer{}, err
		}
		return v.done("/console/people", page.Notice{Tone: page.Good, Text: a.Username + " is deleted."})
	}
	return web.Answer{}, ErrGone
}

// said goes back to the person with a sentence.
func (v *visit) said(err error, a *account.Account, text string) (web.Answer, error) {
	if err != nil {
		return web.Answer{}, err
	}
	return v.done(personPath(a.ID, ""), page.Notice{Tone: page.Good, Text: text})
}

// enablePerson lets somebody in again.
func (c *Console) enablePerson(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	return v.said(v.desk.EnableUser(v.ctx(), a.ID), a, a.Username+" can sign in again. Old tokens stay dead.")
}

// unlockPerson forgets failed logins.
func (c *Console) unlockPerson(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	return v.said(v.desk.UnlockUser(v.ctx(), a), a, a.Username+" can try again at once.")
}

// endGrant ends one session of a person.
func (c *Console) endGrant(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	families, err := v.desk.FamiliesOf(v.ctx(), a.ID, "", 10_000)
	if err != nil {
		return web.Answer{}, err
	}
	for _, f := range families { // of this person, not of somebody whose id was put in
		if f.ID.String() == v.path("grant") {
			return v.said(v.desk.EndGrant(v.ctx(), f.ID.String()), a, "The session with "+string(f.Client)+" is ended.")
		}
	}
	return v.done(personPath(a.ID, ""), page.Notice{Tone: page.Info, Text: "That session had ended already."})
}

type editPersonBody struct {
	Action, Back string
	Fields       []page.Field
	Switches     []page.Switch
	Fault        *page.Fault
}

// profile is what the form of a profile has, by the names of admin.UserFields.
var profile = []struct{ name, label, kind string }{
	{"email", "E-mail address", "email"},
	{"name", "Full name", ""},
	{"given-name", "Given name", ""},
	{"family-name", "Family name", ""},
	{"nickname", "Nickname", ""},
	{"phone-number", "Phone number", ""},
	{"locale", "Language", ""},
	{"zoneinfo", "Time zone", ""},
	{"picture", "Address of a picture", "url"},
	{"group", "Groups, with a blank between", ""},
}

// checked are the switches of the same form.
var checked = []struct{ name, label string }{
	{"email-verified", "The e-mail address is verified"}, {"phone-number-verified", "The phone number is verified"},
}

// editPersonPage shows the profile as a form.
func (c *Console) editPersonPage(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	now := admin.UserSettings(a)
	return v.page("person-edit", editPersonFrame(a, func(name string) string { return now[name] }, nil))
}

func editPersonFrame(a *account.Account, value func(string) string, faults admin.Invalid) page.Frame {
	b := editPersonBody{Action: personPath(a.ID, "/edit"), Back: personPath(a.ID, "")}
	by := map[string]*page.Fault{}
	for _, f := range faults {
		by[f.Field] = faultText(f.Text)
	}
	for _, p := range profile {
		b.Fields = append(b.Fields, page.Field{Name: p.name, Label: p.label, Kind: p.kind, Value: value(p.name), Fault: by[p.name], Autocomplete: "off"})
	}
	for _, s := range checked {
		b.Switches = append(b.Switches, page.Switch{Name: s.name, Label: s.label, On: value(s.name) == "on", Fault: by[s.name]})
	}
	return page.Frame{
		Title: "Change profile", Body: b,
		Crumbs: []page.Link{{Text: "People", Path: "/console/people"}, {Text: a.Username, Path: personPath(a.ID, "")}},
	}
}

// editPerson writes the profile.
func (c *Console) editPerson(v *visit) (web.Answer, error) {
	a, err := v.person()
	if err != nil {
		return web.Answer{}, err
	}
	var sets []admin.Set
	for _, p := range profile {
		values := []string{strings.TrimSpace(v.form(p.name))}
		if p.name == "group" {
			if values = strings.Fields(v.form(p.name)); len(values) == 0 {
				values = []string{""}
			}
		}
		sets = append(sets, admin.Set{Field: p.name, Values: values})
	}
	for _, s := range checked {
		value := "off"
		if v.form(s.name) == "on" {
			value = "on"
		}
		sets = append(sets, admin.Set{Field: s.name, Values: []string{value}})
	}
	_, changes, err := v.desk.ChangeUser(v.ctx(), a.ID, sets)
	var faults admin.Invalid
	if errors.Is(err, account.ErrTaken) {
		faults, err = admin.Invalid{{Field: "email", Text: account.ErrTaken.Error()}}, nil
	} else if errors.As(err, &faults) {
		err = nil
	}
	if err != nil {
		return web.Answer{}, err
	}
	if faults != nil {
		return v.pageStatus(http.StatusUnprocessableEntity, "person-edit", editPersonFrame(a, v.form, faults))
	}
	return v.said(nil, a, page.Count(len(changes), "setting", "settings")+" of the profile changed.")
}
