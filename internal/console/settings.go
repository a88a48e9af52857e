package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type settingsBody struct {
	Version  int64
	Name     page.Field
	Flows    []settingSwitch
	PKCE     settingSwitch
	Access   page.Field
	AccessOf []opinion
	Refresh  page.Field
	OfLives  []opinion
	MayEdit  bool
}

// settingSwitch is a switch with what the review says about it.
type settingSwitch struct {
	Switch   page.Switch
	Opinions []opinion
	Apps     string // how many apps have it on
}

// opinion is a control that a setting decides about, with its verdict over all
// apps.
type opinion struct {
	Badge page.Badge
	Title string
	Path  string
}

// settingControls are the controls that ask about what a setting decides.
var settingControls = map[string][]string{
	"flow." + string(flow.CodeAndCredentials): {"code-and-credentials-flow"},
	"flow." + string(flow.RefreshToken):       {"refresh-rotation"},
	"flow." + string(flow.ClientCredentials):  {"client-credentials-off"},
	"flow." + string(flow.JWTBearer):          {"jwt-bearer-flow"},
	"flow." + string(flow.Device):             {"device-flow-off"},
	"flow." + string(flow.TokenExchange):      {"token-exchange"},
	"require-pkce":                            {"require-pkce"},
	"max-access-ttl":                          {"session-timeout"},
	"max-refresh-ttl":                         {"refresh-token-lifetime"},
}

// settingsPage shows what holds for every app, with the review's opinion.
func (c *Console) settingsPage(v *visit) (web.Answer, error) {
	return c.settings(v, http.StatusOK, nil, nil)
}

func (c *Console) settings(v *visit, code int, typed map[string]string, wrong map[string]*page.Fault) (web.Answer, error) {
	o, err := v.desk.Org(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	run, err := v.judge()
	if err != nil {
		return web.Answer{}, err
	}
	apps, err := v.desk.AllApps(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	kept := map[string]string{}
	for _, l := range admin.Lines(admin.OrgFields, &o) {
		kept[l.Name] = typeable(l.Value)
	}
	value := func(name string) string {
		if t, ok := typed[name]; ok {
			return t
		}
		return kept[name]
	}
	fixed := !v.may("edit-settings")
	b := settingsBody{Version: o.Version, MayEdit: !fixed}
	b.Name = page.Field{Name: "name", Label: "Name of this server", Hint: "Shown to people who are asked for something, and at the top of this console.", Value: value("name"), Fault: wrong["name"], Most: 100}
	for _, f := range flow.All {
		name := "flow." + string(f.Name)
		s := settingSwitch{Opinions: opinions(run, name), Apps: page.Count(usersOf(apps, f.Name), "app has it on", "apps have it on")}
		s.Switch = page.Switch{Name: name, Label: f.Title, Hint: f.What, On: f.Served && value(name) == "on", Off: fixed}
		if !f.Served {
			s.Switch.Off, s.Switch.Why = true, "This version does not serve it."
		}
		b.Flows = append(b.Flows, s)
	}
	b.PKCE = settingSwitch{Opinions: opinions(run, "require-pkce"), Switch: page.Switch{
		Name: "require-pkce", Label: "Demand PKCE of every app", On: value("require-pkce") == "on", Off: fixed,
		Hint: "A code can then be redeemed only by whoever began the login, whatever an app's own settings say.",
	}}
	b.Access = page.Field{
		Name: "max-access-ttl", Label: "Longest life of an access token", Value: value("max-access-ttl"), Narrow: true, Fault: wrong["max-access-ttl"],
		Hint: "30s to 24h, such as 15m. Apps that ask for less keep less.", Mono: true,
	}
	b.Refresh = page.Field{
		Name: "max-refresh-ttl", Label: "Longest time since a login that a refresh token lives", Value: value("max-refresh-ttl"), Narrow: true, Fault: wrong["max-refresh-ttl"],
		Hint: "Such as 30d or 12h; none for no limit.", Mono: true,
	}
	b.AccessOf, b.OfLives = opinions(run, "max-access-ttl"), opinions(run, "max-refresh-ttl")
	return v.pageStatus(code, "settings", page.Frame{Title: "Settings", Body: b})
}

func usersOf(apps []*client.Client, name flow.Name) int {
	n := 0
	for _, a := range apps {
		if a.Settings.Flows[name].On {
			n++
		}
	}
	return n
}

// opinions are the verdicts of the controls that a setting decides about.
func opinions(run *review.Run, setting string) []opinion {
	var out []opinion
	for _, id := range settingControls[setting] {
		counts := map[review.Status]int{}
		title := run.Rules[id].Title
		for _, f := range run.Findings {
			if f.Control == id {
				counts[f.Status]++
			}
		}
		o := opinion{Title: title, Path: "/console/review/" + id, Badge: page.Badge{Tone: page.Calm, Text: "No app is concerned"}}
		switch {
		case counts[review.Fail] > 0:
			o.Badge = page.Badge{Tone: page.Critical, Text: page.Count(counts[review.Fail], "app fails", "apps fail")}
		case counts[review.Mitigated] > 0:
			o.Badge = page.Badge{Tone: page.Medium, Text: page.Count(counts[review.Mitigated], "app is covered otherwise", "apps are covered otherwise")}
		case counts[review.Pass] > 0:
			o.Badge = page.Badge{Tone: page.Good, Text: page.Count(counts[review.Pass], "app passes", "apps pass")}
		}
		out = append(out, o)
	}
	return out
}

// typedSettings are the settings of a form, as text: switches that are not sent
// are off, those that cannot be changed are left out.
func (v *visit) typedSettings() map[string]string {
	typed := map[string]string{"name": v.form("name"), "max-access-ttl": v.form("max-access-ttl"), "max-refresh-ttl": v.form("max-refresh-ttl")}
	for _, f := range flow.All {
		if f.Served {
			typed["flow."+string(f.Name)] = onOff(v.form("flow." + string(f.Name)))
		}
	}
	typed["require-pkce"] = onOff(v.form("require-pkce"))
	return typed
}

func onOff(text string) string {
	if text == "on" {
		return "on"
	}
	return "off"
}

// typeable is a value as it is typed: without the remark that it is the default.
func typeable(value string) string { return strings.TrimSuffix(value, " (default)") }

// settingSets are those of the typed settings that differ from what is kept.
func settingSets(o client.Org, typed map[string]string) []admin.Set {
	var sets []admin.Set
	for _, l := range admin.Lines(admin.OrgFields, &o) {
		text, ok := typed[l.Name]
		if !ok || text == typeable(l.Value) {
			continue
		}
		if name, of := strings.CutPrefix(l.Name, "flow."); of {
			sets = append(sets, admin.Set{Field: "flow", Values: []string{name + "=" + text}})
			continue
		}
		sets = append(sets, admin.Set{Field: l.Name, Values: []string{text}})
	}
	return sets
}

type settingsPreviewBody struct {
	Changes       []admin.Change
	Before, After page.Ring
	Moves         []settingMove
	Breaks        []string
	Counted       string
	Hidden        []page.Fact
}

type settingMove struct {
	Title, Path, App string
	Before, After    page.Badge
}

// previewSettings shows what a change would do, before it is saved.
func (c *Console) previewSettings(v *visit) (web.Answer, error) {
	typed := v.typedSettings()
	o, err := v.desk.Org(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	if strconv.FormatInt(o.Version, 10) != v.form("version") {
		return v.done("/console/settings", changedMeanwhile)
	}
	p, err := v.desk.PreviewOrg(v.ctx(), settingSets(o, typed))
	switch {
	case err != nil:
		return web.Answer{}, err
	case len(p.Faults) > 0:
		return c.settings(v, http.StatusUnprocessableEntity, typed, faults(p.Faults))
	case len(p.Changes) == 0:
		return v.done("/console/settings", page.Notice{Tone: page.Info, Text: "Nothing was changed, so nothing was saved."})
	}
	run, err := v.judge()
	if err != nil {
		return web.Answer{}, err
	}
	b := settingsPreviewBody{Changes: p.Changes, Before: ringOf(p.Before), After: ringOf(p.After), Moves: movesOf(p.Moves, run)}
	for _, f := range p.Breaks {
		text := f.Name + ": " + page.Number(int(f.Refused)) + " of " + page.Count(int(f.Of), "request", "requests") + " of the last " + page.Count(f.Days, "day", "days") + " would have been refused."
		if f.Refused == 0 {
			text = f.Name + ": nobody recorded whether requests depend on " + strings.Join(f.Unknown, ", ") + "."
		}
		b.Breaks = append(b.Breaks, text)
	}
	b.Hidden = append(b.Hidden, page.Fact{Name: "version", Value: v.form("version")})
	for _, name := range sortedKeys(typed) {
		b.Hidden = append(b.Hidden, page.Fact{Name: name, Value: typed[name]})
	}
	return v.page("settings-preview", page.Frame{Title: "Look before you save", Crumbs: []page.Link{{Text: "Settings", Path: "/console/settings"}}, Body: b})
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func movesOf(d review.Difference, run *review.Run) []settingMove {
	names := appNames(run)
	var out []settingMove
	for _, list := range [][]review.Transition{d.Broken, d.Fixed, d.Changed} {
		for _, t := range list {
			out = append(out, settingMove{
				Title: run.Rules[t.Control].Title, Path: "/console/review/" + t.Control, App: subject(t.App, names),
				Before: page.Badge{Tone: toneOfStatus(t.Before), Text: t.Before.Words()}, After: page.Badge{Tone: toneOfStatus(t.After), Text: t.After.Words()},
			})
		}
	}
	return out
}

// saveSettings writes what the preview showed, if nobody changed it meanwhile.
func (c *Console) saveSettings(v *visit) (web.Answer, error) {
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return web.Answer{}, oauth.ErrParamSyntax
	}
	o, err := v.desk.Org(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	typed := v.typedSettings()
	changes, err := v.desk.ChangeOrgSince(v.ctx(), version, settingSets(o, typed))
	switch wrong := faults(err); {
	case wrong != nil:
		return c.settings(v, http.StatusUnprocessableEntity, typed, wrong)
	case errors.Is(err, client.ErrConflict):
		return v.done("/console/settings", changedMeanwhile)
	case err != nil:
		return web.Answer{}, err
	}
	n := page.Notice{Tone: page.Good, Text: "Saved. It holds everywhere within a second."}
	for _, c := range changes {
		n.Lines = append(n.Lines, c.String())
	}
	return v.done("/console/settings", n)
}
