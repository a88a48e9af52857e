package console

import (
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type homeBody struct {
	Hello string
	Doors []homeDoor
}

type homeDoor struct{ Text, Path, Icon, What string }

// doors say what is behind each place of the navigation.
var doors = map[string]string{
	"/console/apps":     "External Client Apps: which flows they may use, and what each flow must prove.",
	"/console/review":   "What is risky, why, and how to mend it.",
	"/console/people":   "Who can sign in, their sessions and what they allowed.",
	"/console/traffic":  "Logins, refreshes and refusals over time.",
	"/console/audit":    "Everything that happened, line by line.",
	"/console/keys":     "What tokens are signed with.",
	"/console/settings": "What holds for every app.",
	"/console/staff":    "Who may come in here, and what each may do.",
	"/console/account":  "Your password, your authenticator, where you are signed in.",
}

// homePage is the overview.
func (c *Console) homePage(v *visit) (web.Answer, error) {
	b := homeBody{Hello: v.who.Member.Name}
	for _, g := range c.nav(v) {
		for _, l := range g.Links {
			if what := doors[l.Path]; what != "" {
				b.Doors = append(b.Doors, homeDoor{l.Text, l.Path, l.Icon, what})
			}
		}
	}
	return v.page("home", page.Frame{Title: "Overview", Body: b})
}
