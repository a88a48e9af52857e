package console

import (
	"strings"

	"countersign/internal/staff"
	"countersign/internal/web/page"
)

// entry is one place of the navigation. It shows where its path is a route.
type entry struct {
	text, path, icon string
	need             staff.Permission
}

// places is the navigation.
var places = []struct {
	title   string
	entries []entry
}{
	{"", []entry{
		{"Overview", "/console/", "home", staff.Read},
		{"Apps", "/console/apps", "app", staff.Read},
		{"Health review", "/console/review", "shield", staff.Read},
		{"People", "/console/people", "people", staff.ReadPeople},
	}},
	{"What happens", []entry{
		{"Traffic", "/console/traffic", "traffic", staff.Read},
		{"Audit", "/console/audit", "audit", staff.ReadAudit},
	}},
	{"This server", []entry{
		{"Signing keys", "/console/keys", "key", staff.Read},
		{"Settings", "/console/settings", "settings", staff.Read},
		{"Administrators", "/console/staff", "staff", staff.Read},
	}},
	{"You", []entry{
		{"Your account", "/console/account", "you", staff.Read},
	}},
}

// nav is the navigation as whoever is there sees it.
func (c *Console) nav(v *visit) []page.Group {
	var out []page.Group
	at := v.r.HTTP.URL.Path
	for _, p := range places {
		g := page.Group{Title: p.title}
		for _, e := range p.entries {
			if !c.known[e.path] || !v.may(string(e.need)) {
				continue
			}
			here := at == e.path || e.path != "/console/" && strings.HasPrefix(at, e.path+"/")
			g.Links = append(g.Links, page.Link{Text: e.text, Path: e.path, Icon: e.icon, Current: here})
		}
		if g.Links != nil {
			out = append(out, g)
		}
	}
	return out
}
