package console

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/oauth"
	"countersign/internal/staff"
	"countersign/internal/web"
)

// route is one row: what is done at a path, and what it takes.
type route struct {
	method string
	path   string
	need   staff.Permission
	proof  proof
	do     func(*visit) (web.Answer, error)
}

// Needs besides the permissions of staff: nobody has to be signed in; everybody
// who is may.
const (
	anyone   staff.Permission = "anyone"
	signedIn staff.Permission = "signed-in"
)

// proof says how fresh the proof of who somebody is must be.
type proof int

const (
	standing proof = iota // the session is enough
	recent                // within the last minutes: secrets, and what cannot be undone
)

// table is every page and action of the console: method, path, permission, proof,
// handler. Keep a page's rows together.
func (c *Console) table() []route {
	return slices.Concat(c.doorRows(), c.appRows(), c.reviewRows(), c.peopleRows(), c.serverRows())
}

// doorRows are how one comes in and goes out.
func (c *Console) doorRows() []route {
	return []route{
		// coming in and going out
		{"GET", "/console", signedIn, standing, c.toHome},
		{"GET", "/console/login", anyone, standing, c.loginPage},
		{"POST", "/console/login", anyone, standing, c.login},
		{"GET", "/console/join", anyone, standing, c.joinPage},
		{"POST", "/console/join", anyone, standing, c.join},
		{"GET", "/console/code", anyone, standing, c.codePage},
		{"POST", "/console/code", anyone, standing, c.code},
		{"POST", "/console/logout", signedIn, standing, c.logout},
		{"GET", "/console/prove", signedIn, standing, c.provePage},
		{"POST", "/console/prove", signedIn, standing, c.prove},
		{"POST", "/console/theme", anyone, standing, c.theme},
		{"GET", "/console/static/{file}", anyone, standing, c.static},

		// overview
		{"GET", "/console/", staff.Read, standing, c.homePage},
	}
}

// appRows are External Client Apps.
func (c *Console) appRows() []route {
	return []route{
		// apps
		{"GET", "/console/apps", staff.Read, standing, c.appsPage},
		{"GET", "/console/apps/new", staff.EditApps, standing, c.newAppPage},
		{"POST", "/console/apps/new", staff.EditApps, standing, c.newApp},
		{"GET", "/console/apps/{id}", staff.Read, standing, c.appPage},
		{"GET", "/console/apps/{id}/oauth", staff.Read, standing, c.oauthPage},
		{"POST", "/console/apps/{id}/oauth", staff.EditApps, standing, c.saveOAuth},
		{"GET", "/console/apps/{id}/policies", staff.Read, standing, c.policiesPage},
		{"POST", "/console/apps/{id}/policies", staff.EditApps, standing, c.savePolicies},
		{"POST", "/console/apps/{id}/save", staff.EditApps, standing, c.saveApp},
		{"GET", "/console/apps/{id}/undo", staff.EditApps, standing, c.undoPage},
		{"POST", "/console/apps/{id}/undo", staff.EditApps, standing, c.undoApp},
		{"GET", "/console/apps/{id}/secrets", staff.Read, standing, c.secretsPage},
		{"GET", "/console/apps/{id}/secrets/rotate", staff.EditApps, recent, c.rotateSecretPage},
		{"POST", "/console/apps/{id}/secrets/rotate", staff.EditApps, recent, c.rotateSecret},
		{"GET", "/console/apps/{id}/secrets/{key}/end", staff.EditApps, recent, c.endSecretPage},
		{"POST", "/console/apps/{id}/secrets/{key}/end", staff.EditApps, recent, c.endSecret},
		{"GET", "/console/apps/{id}/grants", staff.ReadPeople, standing, c.appGrantsPage},
		{"POST", "/console/apps/{id}/grants/{grant}/end", staff.EditApps, standing, c.endAppGrant},
		{"GET", "/console/apps/{id}/grants/end", staff.EditApps, recent, c.endAppGrantsPage},
		{"POST", "/console/apps/{id}/grants/end", staff.EditApps, recent, c.endAppGrants},
		{"GET", "/console/apps/{id}/code", staff.Read, standing, c.appCodePage},
		{"GET", "/console/apps/{id}/delete", staff.EditApps, recent, c.deleteAppPage},
		{"POST", "/console/apps/{id}/delete", staff.EditApps, recent, c.deleteApp},
	}
}

// reviewRows are the Security Health Review.
func (c *Console) reviewRows() []route {
	return []route{
		// review
		{"GET", "/console/review", staff.Read, standing, c.reviewPage},
		{"GET", "/console/review/matrix", staff.Read, standing, c.matrixPage},
		{"GET", "/console/review/runs", staff.Read, standing, c.runsPage},
		{"POST", "/console/review/runs", staff.RunReview, standing, c.keepRun},
		{"GET", "/console/review/diff", staff.Read, standing, c.diffPage},
		{"GET", "/console/review/waivers", staff.Read, standing, c.waiversPage},
		{"POST", "/console/review/waivers/{waiver}/end", staff.Waive, standing, c.endWaiver},
		{"GET", "/console/review/report", staff.Read, standing, c.download},
		{"GET", "/console/review/{control}", staff.Read, standing, c.controlPage},
		{"GET", "/console/review/{control}/fix", staff.EditApps, standing, c.fixPage},
		{"POST", "/console/review/{control}/fix", staff.EditApps, standing, c.fix},
		{"GET", "/console/review/{control}/waive", staff.Waive, standing, c.waivePage},
		{"POST", "/console/review/{control}/waive", staff.Waive, standing, c.waive},
		{"POST", "/console/review/{control}/prove", staff.RunReview, standing, c.proveFinding},
		{"GET", "/console/review/{control}/proof", staff.Read, standing, c.proofPage},
	}
}

// peopleRows are people, and what happens.
func (c *Console) peopleRows() []route {
	return []route{
		// people
		{"GET", "/console/people", staff.ReadPeople, standing, c.peoplePage},
		{"GET", "/console/people/new", staff.EditPeople, standing, c.newPersonPage},
		{"POST", "/console/people/new", staff.EditPeople, standing, c.createPerson},
		{"GET", "/console/people/{user}", staff.ReadPeople, standing, c.personPage},
		{"GET", "/console/people/{user}/edit", staff.EditPeople, standing, c.editPersonPage},
		{"POST", "/console/people/{user}/edit", staff.EditPeople, standing, c.editPerson},
		{"POST", "/console/people/{user}/enable", staff.EditPeople, standing, c.enablePerson},
		{"POST", "/console/people/{user}/unlock", staff.EditPeople, standing, c.unlockPerson},
		{"GET", "/console/people/{user}/ask/{what}", staff.EditPeople, recent, c.askPage},
		{"POST", "/console/people/{user}/ask/{what}", staff.EditPeople, recent, c.askDone},
		{"POST", "/console/people/{user}/grants/{grant}/end", staff.EditPeople, standing, c.endGrant},

		// audit
		{"GET", "/console/audit", staff.ReadAudit, standing, c.auditPage},
		{"GET", "/console/audit/export", staff.ReadAudit, standing, c.exportEvents},

		// traffic
		{"GET", "/console/traffic", staff.Read, standing, c.trafficPage},
	}
}

// serverRows are what holds for this server, and who manages it.
func (c *Console) serverRows() []route {
	return []route{
		// keys
		{"GET", "/console/keys", staff.Read, standing, c.keysPage},
		{"GET", "/console/keys/rotate", staff.EditKeys, recent, c.rotatePage},
		{"POST", "/console/keys/rotate", staff.EditKeys, recent, c.rotate},
		{"GET", "/console/keys/{kid}/retire", staff.EditKeys, recent, c.retirePage},
		{"POST", "/console/keys/{kid}/retire", staff.EditKeys, recent, c.retire},

		// settings
		{"GET", "/console/settings", staff.Read, standing, c.settingsPage},
		{"POST", "/console/settings/preview", staff.EditSettings, recent, c.previewSettings},
		{"POST", "/console/settings", staff.EditSettings, recent, c.saveSettings},

		// staff
		{"GET", "/console/staff", staff.Read, standing, c.staffPage},
		{"GET", "/console/staff/invite", staff.EditStaff, recent, c.invitePage},
		{"POST", "/console/staff/invite", staff.EditStaff, recent, c.invite},
		{"GET", "/console/staff/{id}", staff.EditStaff, recent, c.memberPage},
		{"POST", "/console/staff/{id}/role", staff.EditStaff, recent, c.setRole},
		{"POST", "/console/staff/{id}/link", staff.EditStaff, recent, c.memberLink},
		{"POST", "/console/staff/{id}/state", staff.EditStaff, recent, c.setState},
		{"GET", "/console/staff/{id}/remove", staff.EditStaff, recent, c.removePage},
		{"POST", "/console/staff/{id}/remove", staff.EditStaff, recent, c.remove},

		// one's own account: whoever is signed in may
		{"GET", "/console/account", signedIn, standing, c.accountPage},
		{"POST", "/console/account/password", signedIn, standing, c.setPassword},
		{"GET", "/console/account/authenticator", signedIn, recent, c.enrolPage},
		{"POST", "/console/account/authenticator", signedIn, recent, c.enrol},
		{"POST", "/console/account/recovery", signedIn, recent, c.renewRecovery},
		{"POST", "/console/account/sessions/end", signedIn, standing, c.endSession},
		{"POST", "/console/account/sessions/end-others", signedIn, standing, c.endOthers},
	}
}

// mostForm is the longest form the console takes in.
const mostForm = oauth.MaxFormBytes

// repeatable are the fields that a form may send several times: lists.
var repeatable = []string{
	"flow", "scope", "group", "redirect-uri", "cors-origin", "status", "severity", "area", "control", "app",
}

// compile makes one web.Route of all rows of a path.
func (c *Console) compile(table []route) []web.Route {
	rows := map[string]map[string]route{}
	var paths []string
	for _, r := range table {
		if rows[r.path] == nil {
			rows[r.path] = map[string]route{}
			paths = append(paths, r.path)
		}
		rows[r.path][r.method] = r
		c.known[r.path] = true
	}
	out := make([]web.Route, 0, len(paths))
	for _, path := range paths {
		of := rows[path]
		var methods []string
		for _, m := range []string{http.MethodGet, http.MethodPost} {
			if _, ok := of[m]; ok {
				methods = append(methods, m)
			}
		}
		cache := web.NoStore
		if path == "/console/static/{file}" {
			cache = web.FiveMinutes
		}
		out = append(out, web.Route{
			Methods: strings.Join(methods, " "), Pattern: path, Reads: web.ReadForm, Limit: mostForm, Cache: cache,
			Dialect: &web.Dialect{Name: "console", Refuse: c.refuse}, Repeat: repeatable,
			Handle: func(r *web.Request) (web.Answer, error) { return c.serve(r, of) },
		})
	}
	return out
}
