package api

import (
	"slices"

	"countersign/internal/admin"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// operation is one row: what is served, which rights it needs, which parameters
// it knows.
type operation struct {
	id     string // operationId in the document
	method string
	path   string // below Base
	rights []oauth.Scope
	query  []string
	do     func(*call) (web.Answer, error)
}

// rights makes a column of rights.
func rights(s ...oauth.Scope) []oauth.Scope { return s }

// repeated are parameters that may occur several times.
var repeated = []string{"apps", "controls"}

// operations is the table. A test walks it with every right and without, and
// holds it against the document both ways.
var operations = []operation{
	{"whoAmI", "GET", "/self", nil, nil, self},

	{"listApps", "GET", "/apps", rights(admin.AppsRead), []string{"name", "search", "limit", "cursor"}, listApps},
	{"createApp", "POST", "/apps", rights(admin.AppsWrite), nil, createApp},
	{"showApp", "GET", "/apps/{app_id}", rights(admin.AppsRead), nil, showApp},
	{"changeApp", "PATCH", "/apps/{app_id}", rights(admin.AppsWrite), nil, changeApp},
	{"deleteApp", "DELETE", "/apps/{app_id}", rights(admin.AppsWrite), nil, deleteApp},
	{"rotateSecret", "POST", "/apps/{app_id}/secrets", rights(admin.AppsWrite), nil, rotateSecret},
	{"removeSecret", "DELETE", "/apps/{app_id}/secrets/{secret_id}", rights(admin.AppsWrite), nil, removeSecret},

	{"listPeople", "GET", "/people", rights(admin.PeopleRead), []string{"identifier", "limit", "cursor"}, listPeople},
	{"createPerson", "POST", "/people", rights(admin.PeopleWrite), nil, createPerson},
	{"showPerson", "GET", "/people/{user_id}", rights(admin.PeopleRead), nil, showPerson},
	{"changePerson", "PATCH", "/people/{user_id}", rights(admin.PeopleWrite), nil, changePerson},
	{"deletePerson", "DELETE", "/people/{user_id}", rights(admin.PeopleWrite), nil, deletePerson},
	{"setPassword", "POST", "/people/{user_id}/password", rights(admin.PeopleWrite), nil, setPassword},
	{"disablePerson", "POST", "/people/{user_id}/disable", rights(admin.PeopleWrite), nil, disablePerson},
	{"enablePerson", "POST", "/people/{user_id}/enable", rights(admin.PeopleWrite), nil, enablePerson},
	{"unlockPerson", "POST", "/people/{user_id}/unlock", rights(admin.PeopleWrite), nil, unlockPerson},

	{"listGrants", "GET", "/grants", rights(admin.GrantsRead), []string{"app", "user", "limit"}, listGrants},
	{"endGrants", "POST", "/grants/end", rights(admin.GrantsWrite), nil, endGrants},
	{"endGrant", "DELETE", "/grants/{grant_id}", rights(admin.GrantsWrite), nil, endGrant},

	{"listKeys", "GET", "/keys", rights(admin.KeysRead), []string{"all"}, listKeys},
	{"rotateKey", "POST", "/keys", rights(admin.KeysWrite), nil, rotateKey},
	{"retireKey", "DELETE", "/keys/{kid}", rights(admin.KeysWrite), nil, retireKey},

	{"listEvents", "GET", "/audit", rights(admin.AuditRead), []string{"app", "user", "event", "rule", "since", "order", "limit", "cursor"}, listEvents},

	{"showSettings", "GET", "/settings", rights(admin.SettingsRead), nil, showSettings},
	{"changeSettings", "PATCH", "/settings", rights(admin.SettingsWrite), nil, changeSettings},

	{"review", "GET", "/review", rights(admin.ReviewRead), repeated, reviewNow},
	{"listControls", "GET", "/review/controls", rights(admin.ReviewRead), nil, listControls},
	{"showControl", "GET", "/review/controls/{control_id}", rights(admin.ReviewRead), nil, showControl},
	{"listRuns", "GET", "/review/runs", rights(admin.ReviewRead), nil, listRuns},
	{"keepRun", "POST", "/review/runs", rights(admin.ReviewRead, admin.ReviewWrite), nil, keepRun},
	{"showRun", "GET", "/review/runs/{run_id}", rights(admin.ReviewRead), nil, showRun},
	{"compareRuns", "GET", "/review/diff", rights(admin.ReviewRead), []string{"from", "to"}, compareRuns},
	{"previewFix", "POST", "/review/fix/preview", rights(admin.ReviewRead), nil, previewFix},
	{"applyFix", "POST", "/review/fix", rights(admin.ReviewRead, admin.AppsWrite, admin.SettingsWrite), nil, applyFix},
	{"listWaivers", "GET", "/review/waivers", rights(admin.ReviewRead), nil, listWaivers},
	{"addWaiver", "POST", "/review/waivers", rights(admin.ReviewWrite), nil, addWaiver},
	{"endWaiver", "DELETE", "/review/waivers/{waiver_id}", rights(admin.ReviewWrite), nil, endWaiver},

	{"listUsage", "GET", "/usage", rights(admin.UsageRead), []string{"app", "days"}, listUsage},
}

// known refuses parameters that the operation does not have: a misspelt filter
// would answer with everything. Errors: ErrParameter.
func (o operation) known(r *web.Request) error {
	for name := range r.HTTP.URL.Query() {
		if !slices.Contains(o.query, name) {
			return explain(r, ErrParameter, quoted(name)+" is no parameter of this operation")
		}
	}
	return nil
}
