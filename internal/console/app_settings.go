package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// appSettingsBody is a form of an app's settings.
type appSettingsBody struct {
	Action  string
	Version string
	Flows   []flowRow // of the OAuth settings
	Since   page.Moment
	Parts   []formPart
	May     bool
	Alarm   *page.Fault // what belongs to no field
}

// flowRow is one row of the flow table with the app's switch.
type flowRow struct {
	Switch  page.Switch
	Unknown bool // this version does not serve it
	Needs   []string
	Used    page.Moment
	Counted bool
	Finding *findingLine
	Spec    string
}

// flowControls are the controls that judge whether a flow should be on.
var flowControls = map[flow.Name]string{
	flow.CodeAndCredentials: "code-and-credentials-flow", flow.ClientCredentials: "client-credentials-off", flow.Device: "device-flow-off",
	flow.JWTBearer: "jwt-bearer-flow", flow.TokenExchange: "token-exchange", flow.RefreshToken: "refresh-rotation",
	flow.AuthorizationCode: "require-secret-code",
}

// oauthPage shows the flows and what they must prove.
func (c *Console) oauthPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	return v.oauthForm(http.StatusOK, a, nil, nil)
}

func (v *visit) oauthForm(status int, a *client.Client, back typed, faults admin.Invalid) (web.Answer, error) {
	b := v.settingsOf(a, "/oauth", oauthSections, back, faults)
	use, since, err := v.desk.FlowUse(v.ctx(), a.ID)
	if err != nil {
		return web.Answer{}, err
	}
	findings, _, err := v.desk.AppFindings(v.ctx(), a.ID)
	if err != nil {
		return web.Answer{}, err
	}
	org, err := v.desk.Org(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	for _, f := range flow.All {
		r := v.flowRow(org, a, f, findings)
		if back != nil {
			r.Switch.On = back["flow."+string(f.Name)] == "on"
		}
		if i := slices.IndexFunc(faults, func(x admin.Fault) bool { return x.Field == "flow" }); i >= 0 && f.Name == flow.All[0].Name {
			r.Switch.Fault = &page.Fault{Text: sentence(faults[i].Text)}
		}
		r.Used, r.Counted = v.at(use[f.Name]), !since.IsZero()
		b.Flows = append(b.Flows, r)
	}
	b.Since = v.at(since)
	return v.pageStatus(status, "app-settings", v.appFrame(a, "OAuth settings", b))
}

func (v *visit) settingsOf(a *client.Client, path string, sections []section, back typed, faults admin.Invalid) appSettingsBody {
	b := appSettingsBody{
		Action: appPath(a.ID) + path, Version: strconv.FormatInt(a.Version, 10), Parts: v.parts(a, sections, back, faults), May: v.may("edit-apps"),
	}
	for _, f := range faults {
		if !inSections(f.Field, sections) && f.Field != "flow" {
			b.Alarm = &page.Fault{Text: labelOf(f.Field) + ": " + f.Text}
		}
	}
	return b
}

func inSections(field string, sections []section) bool {
	return slices.ContainsFunc(sections, func(s section) bool {
		return slices.ContainsFunc(s.settings, func(x setting) bool { return x.field() == field })
	})
}

func (v *visit) flowRow(org client.Org, a *client.Client, f flow.Flow, findings []review.Finding) flowRow {
	sw := a.Settings.Flows[f.Name]
	r := flowRow{
		Switch:  page.Switch{Name: "flow." + string(f.Name), Label: "Enable " + f.Title, Hint: f.What, On: sw.On},
		Unknown: !f.Served, Needs: needsOf(org, a, f), Spec: f.Spec,
	}
	switch public := a.Type == client.Public; {
	case !v.may("edit-apps"):
		r.Switch.Off = true
	case !f.Served && !sw.On:
		r.Switch.Off, r.Switch.Why = true, "This version does not serve it."
	case slices.Contains(org.FlowsOff, f.Name):
		r.Switch.Why = "Switched off for every app under Settings: this switch has no effect."
	case public && f.Credentials == flow.Always && !sw.On:
		r.Switch.Off, r.Switch.Why = true, "For apps that prove who they are, so not for a public app."
	}
	i := slices.IndexFunc(findings, func(x review.Finding) bool {
		return x.Control == flowControls[f.Name] && (x.Status == review.Fail || x.Status == review.Mitigated || sw.On && x.Status == review.Pass)
	})
	if i >= 0 {
		x := findings[i]
		reason := reasonOf(x)
		if x.Status == review.Pass {
			reason = "" // it lists everything that is right
		}
		r.Finding = &findingLine{Title: x.Title, Path: findingPath(x.Control, "", x.App), Reason: reason, Level: flowBadge(x)}
	}
	return r
}

// flowBadge is the verdict about a flow, with its severity where it fails.
func flowBadge(f review.Finding) page.Badge {
	if f.Status == review.Fail && !f.Waived() {
		b := levelBadge(f)
		b.Text = f.Severity.Level + " finding"
		return b
	}
	return statusBadge(f)
}

// needsOf says what a flow demands of this app, as it is.
func needsOf(org client.Org, a *client.Client, f flow.Flow) []string {
	e := client.Resolve(org, a).Flow(f.Name)
	var out []string
	if f.Person {
		out = append(out, "a person")
	}
	switch {
	case f.Credentials == flow.Always:
		out = append(out, "the app's credentials, always")
	case f.Credentials == flow.PerApp && e.RequireSecret:
		out = append(out, "the app's credentials")
	case f.Credentials == flow.PerApp:
		out = append(out, "no credentials of the app")
	}
	if f.PKCE != flow.Never {
		out = append(out, map[bool]string{true: "PKCE", false: "no PKCE"}[e.RequirePKCE])
	}
	if f.Name == flow.CodeAndCredentials {
		out = append(out, map[bool]string{true: "a first-party app (it is one)", false: "a first-party app (it is none: the flow is refused)"}[a.FirstParty])
		if a.Settings.PostOnly {
			out = append(out, "passwords in the POST body")
		}
	}
	return out
}

// saveOAuth takes the form in: it shows what the change would do.
func (c *Console) saveOAuth(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	back, sets := v.sent(a, oauthSections)
	for _, f := range flow.All {
		name := "flow." + string(f.Name)
		was, is := a.Settings.Flows[f.Name].On, v.form(name) == "on"
		if !f.Served && !was {
			is = false
		}
		if back[name] = switchWord(is); was != is {
			sets = append(sets, admin.Set{Field: "flow", Values: []string{string(f.Name) + "=" + switchWord(is)}})
		}
	}
	return v.propose(a, "/oauth", sets, func(faults admin.Invalid) (web.Answer, error) {
		return v.oauthForm(http.StatusUnprocessableEntity, a, back, faults)
	})
}

// policiesPage shows what the administrator decides.
func (c *Console) policiesPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	return v.policiesForm(http.StatusOK, a, nil, nil)
}

func (v *visit) policiesForm(status int, a *client.Client, back typed, faults admin.Invalid) (web.Answer, error) {
	return v.pageStatus(status, "app-settings", v.appFrame(a, "Policies", v.settingsOf(a, "/policies", policySections, back, faults)))
}

func (c *Console) savePolicies(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	back, sets := v.sent(a, policySections)
	return v.propose(a, "/policies", sets, func(faults admin.Invalid) (web.Answer, error) {
		return v.policiesForm(http.StatusUnprocessableEntity, a, back, faults)
	})
}

func flowLines(v *visit, org client.Org, a *client.Client, use map[flow.Name]time.Time) []flowLine {
	var out []flowLine
	for _, f := range flow.All {
		if !a.Settings.Flows[f.Name].On {
			continue
		}
		l := flowLine{Title: f.Title, Used: v.at(use[f.Name])}
		switch {
		case !f.Served:
			l.Note = "not served by this version"
		case slices.Contains(org.FlowsOff, f.Name):
			l.Note = "switched off for every app"
		case f.Name == flow.CodeAndCredentials && !a.FirstParty:
			l.Note = "refused: the app is not first-party"
		}
		out = append(out, l)
	}
	return out
}
