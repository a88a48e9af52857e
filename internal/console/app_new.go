package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type newAppBody struct {
	Kinds  []newKind // the first step
	Kind   string    // the second step
	Why    string
	Fields []page.Field
	Sets   []page.Fact // what the preset decides
	Alarm  *page.Fault
	Stops  []stopLine
}

type newKind struct{ Title, What, Path string }

// newAppPage asks for the kind of app, then what that kind needs to know.
func (c *Console) newAppPage(v *visit) (web.Answer, error) {
	if k, ok := admin.KindNamed(v.query("kind")); ok {
		return v.newAppForm(http.StatusOK, k, nil, nil, nil)
	}
	b := newAppBody{}
	for _, k := range admin.Kinds {
		b.Kinds = append(b.Kinds, newKind{k.Title, k.What, "/console/apps/new?kind=" + k.Name})
	}
	return v.page("app-new", page.Frame{Title: "Make an app", Crumbs: []page.Link{{Text: "Apps", Path: "/console/apps"}}, Body: b})
}

func (v *visit) newAppForm(status int, k admin.Kind, back typed, invalid admin.Invalid, stopped admin.Stopped) (web.Answer, error) {
	at := faults(invalid)
	b := newAppBody{Kind: k.Name, Why: k.Why}
	field := func(name, label string, must bool, hint, example, usual string, most int) {
		f := page.Field{
			Name: name, Label: label, Hint: hint, Placeholder: example, Required: must, Value: usual, Fault: at[name], Most: most,
			Mono: name != "name" && name != "owner", Focus: name == "name" && invalid == nil,
		}
		if back != nil {
			f.Value = back[name]
		}
		b.Fields = append(b.Fields, f)
		delete(at, name)
	}
	field("name", "What people call it", true, "It is shown in lists, in the audit log and to people who look at what they allowed.", "Shop", "", 120)
	field("owner", "Who answers for it", true, "An e-mail address. The review asks for it; you are filled in.", "", v.who.Member.Name, 120)
	for _, a := range k.Asks {
		hint := fieldNamed(a.Field).What
		if !a.Must {
			hint += " May stay empty."
		}
		field(a.Field, labelOf(a.Field), a.Must, hint, a.Hint, a.With(v.c.Issuer), 4000)
	}
	for _, s := range k.Sets {
		name := s.Field
		for _, value := range s.Values {
			if s.Field == "flow" {
				word, state, _ := strings.Cut(value, "=")
				name, value = "flow."+word, state
			}
			if label := valueLabels[value]; label != "" {
				value = label
			}
			b.Sets = append(b.Sets, page.Fact{Name: labelOf(name), Value: value})
		}
	}
	for _, f := range at { // of what the form does not ask
		b.Alarm = f
	}
	for _, r := range stopped {
		b.Stops = append(b.Stops, stopLine{
			Title: r.Title, Path: findingPath(r.Control, "", ""), Control: r.Control, Reason: reasonOf(r.Finding), Level: levelBadge(r.Finding),
			Mend: admin.Remedy(r),
		})
	}
	return v.pageStatus(status, "app-new", page.Frame{
		Title:  k.Title,
		Crumbs: []page.Link{{Text: "Apps", Path: "/console/apps"}, {Text: "Make an app", Path: "/console/apps/new"}}, Body: b,
	})
}

// newApp makes the app. Its secret and the code to begin with are shown next.
func (c *Console) newApp(v *visit) (web.Answer, error) {
	k, ok := admin.KindNamed(v.form("kind"))
	if !ok {
		return c.newAppPage(v)
	}
	back := typed{"name": v.form("name"), "owner": v.form("owner")}
	answers := []admin.Set{{Field: "name", Values: []string{back["name"]}}, {Field: "owner", Values: []string{back["owner"]}}}
	for _, a := range k.Asks {
		back[a.Field] = strings.Join(strings.Fields(v.form(a.Field)), " ")
		if back[a.Field] != "" {
			answers = append(answers, admin.Set{Field: a.Field, Values: strings.Fields(back[a.Field])})
		} else if a.Usual != "" {
			answers = append(answers, admin.Set{Field: a.Field, Values: []string{""}}) // emptied on purpose
		}
	}
	invalid := k.Missing(answers)
	if strings.TrimSpace(back["owner"]) == "" {
		invalid = append(invalid, admin.Fault{Field: "owner", Text: "somebody must answer for an app; write their e-mail address"})
	}
	answers = slices.DeleteFunc(answers, func(s admin.Set) bool { return s.Field == "rate-limit" && s.Values[0] == "" })
	sets := k.Filled(v.c.Issuer, v.c.Now(), answers)
	if p, err := v.desk.PreviewNewApp(v.ctx(), sets); err != nil {
		return web.Answer{}, err
	} else if invalid = append(invalid, unsaid(p.Faults, invalid)...); len(invalid) > 0 {
		return v.newAppForm(http.StatusUnprocessableEntity, k, back, invalid, nil)
	}
	r, err := v.desk.CreateApp(v.ctx(), "", sets)
	var stopped admin.Stopped
	if errors.As(err, &stopped) {
		return v.newAppForm(http.StatusUnprocessableEntity, k, back, nil, stopped)
	} else if err != nil {
		return web.Answer{}, err
	}
	n := page.Notice{Tone: page.Good, Text: r.App.Name + " is made. This is code to begin with."}
	if r.App.Type == client.Confidential {
		n.Text += " Copy the secret now: it is shown this once, and kept nowhere."
		n.Reveal = []page.Fact{{Name: "client_id", Value: string(r.App.ID), Code: true}, {Name: secretName, Value: r.Secret, Code: true}}
	}
	return v.done(appPath(r.App.ID)+"/code", n)
}

// unsaid leaves out faults of fields that have one already.
func unsaid(list, have admin.Invalid) admin.Invalid {
	return slices.DeleteFunc(list, func(f admin.Fault) bool {
		return slices.ContainsFunc(have, func(h admin.Fault) bool { return h.Field == f.Field })
	})
}

const secretName = "client_secret"

type codeBody struct {
	Snippets []admin.Snippet
	None     *page.Empty
	Secret   bool // the app has one, and it is not in the code
}

// appCodePage shows code that logs in through the app. Right after a secret was
// made, and only then, it is in the code for curl.
func (c *Console) appCodePage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	at := admin.Place{Issuer: v.c.Issuer}
	v.takeNotice()
	if v.notice != nil {
		for _, f := range v.notice.Reveal {
			if f.Name == secretName {
				at.Secret = f.Value
			}
		}
	}
	b := codeBody{Secret: a.Type == client.Confidential && at.Secret == ""}
	b.Snippets, err = v.desk.Snippets(v.ctx(), a, at)
	if errors.Is(err, admin.ErrNoSnippet) {
		b.None = &page.Empty{
			Title:  "There is nothing to paste yet",
			Text:   sentence(strings.TrimPrefix(err.Error(), "the app has no flow to write code for: ")),
			Action: &page.Link{Text: "To the OAuth settings", Path: appPath(a.ID) + "/oauth"},
		}
	} else if err != nil {
		return web.Answer{}, err
	}
	return v.page("app-code", v.appFrame(a, "Code", b))
}
