package cli

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review/controls"
	"countersign/internal/server"
)

type explainCommand struct {
	What string `arg:"" help:"A rule such as code.other-app, a flow, an event, a control, or one of: rules, flows, events."`
}

// Run explains one thing, or lists all of a kind.
func (c *explainCommand) Run(s *session) error {
	switch c.What {
	case "rules":
		return list(s, ruleViews(), []string{"RULE", "CODE", "SECTION", "WHAT IT SAYS"}, func(r ruleView) []string {
			return []string{r.Rule, string(r.Code), r.Spec, r.Description}
		})
	case "flows":
		return list(s, flowViews(), []string{"FLOW", "CREDENTIALS", "PKCE", "PERSON", "REFRESH", "SERVED", "SECTION"}, func(f flowView) []string {
			return []string{string(f.Name), f.Credentials, f.PKCE, yes(f.Person), yes(f.Refresh), yes(f.Served), f.Spec}
		})
	case "events":
		return list(s, audit.Catalogue, []string{"EVENT", "WHAT HAPPENED"}, func(e audit.Entry) []string {
			return []string{string(e.Name), e.What}
		})
	}
	if rule := ruleNamed(c.What); rule != nil {
		return s.explainRule(*rule)
	}
	if name, ok := flow.ParseName(c.What); ok {
		f, _ := flow.ByName(name)
		v := viewFlow(f)
		return one(s, v, v.lines())
	}
	for _, e := range audit.Catalogue {
		if string(e.Name) == c.What {
			return one(s, e, [][]string{{"event", string(e.Name)}, {"what happened", e.What}})
		}
	}
	if _, ok := controls.Control(c.What); ok {
		return s.showControl(c.What)
	}
	return notFound{fmt.Sprintf("there is no rule, flow, event or control %q; see: countersign explain rules, flows or events, countersign control list", c.What)}
}

// notFound is an error with the exit code of something that does not exist.
type notFound struct{ text string }

func (n notFound) Error() string { return n.text }

// ruleView is a rule as it is explained. Its JSON names are stable.
type ruleView struct {
	Rule        string            `json:"rule"`
	Code        oauth.Code        `json:"code"`
	Spec        string            `json:"spec"`
	Description string            `json:"description"`
	Fix         string            `json:"fix"`
	Wire        []server.Spelling `json:"wire,omitempty"`
}

func ruleViews() []ruleView {
	var out []ruleView
	for _, e := range oauth.Declared() {
		out = append(out, ruleView{Rule: e.Rule, Code: e.Code, Spec: e.Spec, Description: e.Description, Fix: fixOf(e.Rule)})
	}
	return out
}

func ruleNamed(name string) *oauth.Error {
	all := oauth.Declared()
	i := slices.IndexFunc(all, func(e *oauth.Error) bool { return e.Rule == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

func (s *session) explainRule(e oauth.Error) error {
	wire, err := server.Spellings(&e)
	if err != nil {
		return err
	}
	v := ruleView{e.Rule, e.Code, e.Spec, e.Description, fixOf(e.Rule), wire}
	if s.Output == "json" {
		return s.json(v)
	}
	lines := [][]string{
		{"rule", v.Rule},
		{"says", v.Description},
		{"comes from", v.Spec},
		{"fix", v.Fix},
	}
	for _, w := range wire {
		lines = append(lines, []string{"at " + w.Route, strings.TrimSpace(fmt.Sprintf("%d %s", w.Status, w.Error))})
	}
	return s.table(lines)
}

// flowView is a row of the flow table. Its JSON names are stable.
type flowView struct {
	Name        flow.Name       `json:"flow"`
	Title       string          `json:"title"`
	What        string          `json:"what"`
	GrantType   oauth.GrantType `json:"grant_type,omitempty"`
	Credentials string          `json:"credentials"`
	PKCE        string          `json:"pkce"`
	Person      bool            `json:"person"`
	Refresh     bool            `json:"refresh"`
	Served      bool            `json:"served"`
	Spec        string          `json:"spec"`
}

func flowViews() []flowView {
	out := make([]flowView, len(flow.All))
	for i, f := range flow.All {
		out[i] = viewFlow(f)
	}
	return out
}

func viewFlow(f flow.Flow) flowView {
	return flowView{f.Name, f.Title, f.What, f.GrantType, f.Credentials.String(), f.PKCE.String(), f.Person, f.Refresh, f.Served, f.Spec}
}

func (v flowView) lines() [][]string {
	return [][]string{
		{"flow", string(v.Name)},
		{"title", v.Title},
		{"what", v.What},
		{"grant_type", string(v.GrantType)},
		{"app's credentials", v.Credentials},
		{"PKCE", v.PKCE},
		{"a person takes part", yes(v.Person)},
		{"may give a refresh token", yes(v.Refresh)},
		{"served by this version", yes(v.Served)},
		{"comes from", v.Spec},
		{"switch", "countersign app set APP --flow " + string(v.Name) + "=on|off"},
	}
}
