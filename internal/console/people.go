package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type peopleBody struct {
	Find page.Filters
	Rows []personRow
	More string // address of the next part
	None *page.Empty
	Text string
}

type personRow struct {
	Path, Username, Name, Email string
	State                       page.Badge
	Created                     page.Moment
}

const peopleAPage = 50

// peoplePage searches people.
func (c *Console) peoplePage(v *visit) (web.Answer, error) {
	text, state := v.query("q"), account.State(v.query("state"))
	found, err := v.desk.FindPeople(v.ctx(), text, state, oauth.UserID(v.query("after")), peopleAPage)
	if err != nil {
		return web.Answer{}, err
	}
	b := peopleBody{Text: page.Count(len(found.People), "person", "people"), Find: page.Filters{
		Action: "/console/people", Active: text != "" || state != "", Fields: []page.Field{
			{Name: "q", Label: "Search", Kind: "search", Value: text, Placeholder: "name, e-mail address or id"},
			{Name: "state", Label: "State", Kind: "select", Options: []page.Option{
				{Label: "Any"},
				{Value: string(account.Active), Label: "Active", Chosen: state == account.Active},
				{Value: string(account.Disabled), Label: "Disabled", Chosen: state == account.Disabled},
			}},
		},
	}}
	for _, a := range found.People {
		b.Rows = append(b.Rows, v.personRow(a))
	}
	if found.More {
		b.More = "/console/people?" + url.Values{"q": {text}, "state": {string(state)}, "after": {string(found.Last)}}.Encode()
	}
	if len(b.Rows) == 0 {
		b.None = noPeople(b.Find.Active, found.More, v.may("edit-people"))
	}
	return v.page("people", page.Frame{Title: "People", Wide: true, Body: b})
}

func noPeople(searched, more, may bool) *page.Empty {
	switch {
	case more:
		return &page.Empty{Title: "Nobody so far", Text: "The search has not looked at everybody yet. Go on, or give a whole user name or e-mail address, which is found at once."}
	case searched:
		return &page.Empty{Title: "Nobody is like that", Text: "Part of a name or address is enough."}
	case !may:
		return &page.Empty{Title: "Nobody is registered yet", Text: "An editor can create people here, or on the command line: countersign user create."}
	}
	return &page.Empty{
		Title: "Nobody is registered yet", Text: "Create somebody here, or many on the command line, with their old password hashes: countersign user create.",
		Action: &page.Link{Text: "Create a person", Path: "/console/people/new"},
	}
}

func (v *visit) personRow(a *account.Account) personRow {
	return personRow{
		Path: personPath(a.ID, ""), Username: a.Username, Name: a.Profile.Name, Email: a.Email, State: stateBadge(a.State), Created: v.at(a.Created),
	}
}

func personPath(id oauth.UserID, what string) string {
	return "/console/people/" + url.PathEscape(string(id)) + what
}

func stateBadge(s account.State) page.Badge {
	if s == account.Disabled {
		return page.Badge{Tone: page.Critical, Text: "disabled"}
	}
	return page.Badge{Tone: page.Good, Text: "active"}
}

type newPersonBody struct {
	Username, Email, Name, Password page.Field
	Fault                           *page.Fault
}

func newPersonForm(username, email, name string) newPersonBody {
	return newPersonBody{
		Username: page.Field{Name: "username", Label: "User name", Value: username, Required: true, Focus: true, Autocomplete: "off", Most: 320, Hint: "What the person types to sign in. It stays as it is."},
		Email:    page.Field{Name: "email", Label: "E-mail address", Kind: "email", Value: email, Autocomplete: "off", Most: 320, Hint: "It may be used to sign in, too. Leave it empty if there is none."},
		Name:     page.Field{Name: "name", Label: "Full name", Value: name, Autocomplete: "off", Most: 200},
		Password: page.Field{Name: "password", Label: "Password", Kind: "password", Autocomplete: "new-password", Hint: "Leave it empty, and one is drawn and shown to you once."},
	}
}

func newPersonFrame(b newPersonBody) page.Frame {
	return page.Frame{Title: "Create a person", Crumbs: []page.Link{{Text: "People", Path: "/console/people"}}, Body: b}
}

// newPersonPage asks for what a person needs.
func (c *Console) newPersonPage(v *visit) (web.Answer, error) {
	return v.page("people-new", newPersonFrame(newPersonForm("", "", "")))
}

func (c *Console) createPerson(v *visit) (web.Answer, error) {
	b := newPersonForm(v.form("username"), v.form("email"), v.form("name"))
	password, drawn := v.form("password"), false
	if password == "" {
		password, drawn = secret.Text(18), true
	}
	n := admin.NewUser{Username: strings.TrimSpace(b.Username.Value), Password: password}
	for field, value := range map[string]string{"email": b.Email.Value, "name": b.Name.Value} {
		if value = strings.TrimSpace(value); value != "" {
			n.Sets = append(n.Sets, admin.Set{Field: field, Values: []string{value}})
		}
	}
	a, err := v.desk.CreateUser(v.ctx(), n)
	if err != nil {
		if !b.blame(err) {
			return web.Answer{}, err
		}
		return v.pageStatus(http.StatusUnprocessableEntity, "people-new", newPersonFrame(b))
	}
	notice := page.Notice{Tone: page.Good, Text: a.Username + " can sign in now."}
	if drawn {
		notice.Reveal = []page.Fact{{Name: "Password", Value: password, Code: true}}
		notice.Lines = []string{"The password is shown this once. Hand it over on a safe way."}
	}
	return v.done(personPath(a.ID, ""), notice)
}

// blame puts each fault beside its field. It says false for an error that is not
// about the form.
func (b *newPersonBody) blame(err error) bool {
	if errors.Is(err, account.ErrTaken) {
		b.Fault = &page.Fault{Text: sentence(account.ErrTaken.Error())}
		return true
	}
	var faults admin.Invalid
	if !errors.As(err, &faults) {
		return false
	}
	for _, f := range faults {
		fault := faultText(f.Text)
		switch f.Field {
		case "username":
			b.Username.Fault = fault
		case "email":
			b.Email.Fault = fault
		case "name":
			b.Name.Fault = fault
		case "password":
			b.Password.Fault = fault
		default:
			b.Fault = fault
		}
	}
	return true
}
