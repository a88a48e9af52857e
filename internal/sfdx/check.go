package sfdx

import (
	"cmp"
	"slices"
	"strings"
)

// Severity grades a finding.
type Severity int

// Severities, from the least to the gravest.
const (
	Low Severity = iota
	Medium
	High
	Critical
)

// String gives the word used in reports.
func (s Severity) String() string {
	switch s {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	case Critical:
		return "critical"
	}
	return "unknown"
}

// Finding is one thing wrong in one place.
type Finding struct {
	ID       string // of the check
	Severity Severity
	App      string // id of the app; "" for an org setting, a site or the project
	File     string
	Line     int
	Message  string   // what is wrong
	Remedy   string   // what to write instead
	Fix      []Change // the remedy as a patch; empty if a person has to decide
}

// Check is one rule about metadata files. Ids never change.
type Check struct {
	ID    string
	Title string
	Reads string // the files it looks at
	run   func(*Project, *report)
}

// Checks are all checks, in the order of their ids: the twenty of the reference,
// then, with X, those that fall out of its facts.
var Checks = []Check{
	{"M01", "Unknown element, value outside its list, wrong suffix or folder", "every file", checkShape},
	{"M02", "Reference to an app that does not exist", "External Client App files, token exchange handlers", checkReferences},
	{"M03", "Secret or key committed", "global OAuth settings, Connected Apps, sites", checkCommitted},
	{"M04", "Headless login is on, the org gate is off", "global OAuth settings, Connected Apps, OauthOidc settings", eachApp(checkOrgGate)},
	{"M05", "Guest flow without JWT access tokens", "OAuth policies, global OAuth settings", eachApp(checkGuestNeedsJWT)},
	{"M06", "JWT timeout that does not count", "OAuth policies, project", eachApp(checkTimeoutType)},
	{"M07", "Public client without PKCE", "global OAuth settings, Connected Apps, OauthOidc settings", eachApp(checkPublicPKCE)},
	{"M08", "Refresh token that a thief can use for long", "global OAuth settings, OAuth policies, Connected Apps", eachApp(checkRefresh)},
	{"M09", "User credentials accepted in a URL", "global OAuth settings, Connected Apps", eachApp(checkPostOnly)},
	{"M10", "Headless login open to every user", "OAuth policies, global OAuth settings, Connected Apps", eachApp(checkSelfAuthorized)},
	{"M11", "Approved users only, and none is approved", "OAuth policies, Connected Apps", eachApp(checkNobodyApproved)},
	{"M12", "Client credentials flow half configured", "global OAuth settings, OAuth policies, Connected Apps", eachApp(checkClientCredentials)},
	{"M13", "Token exchange half configured", "global OAuth settings, OAuth policies, token exchange handlers", checkTokenExchange},
	{"M14", "Scope too wide", "OAuth settings, global OAuth settings, Connected Apps", eachApp(checkScopes)},
	{"M15", "Unsafe or sloppy callback URL", "global OAuth settings, Connected Apps", checkCallbacks},
	{"M16", "IP restrictions bypassed", "OAuth policies, Connected Apps", eachApp(checkIPRelaxation)},
	{"M17", "Headless site API open to robots", "sites", checkSites},
	{"M18", "Key or secret changes at every deploy", "global OAuth settings", eachApp(checkRotateOnDeploy)},
	{"M19", "Policy without effect", "OAuth policies, global OAuth settings", eachApp(checkIdlePolicy)},
	{"M20", "API version too low for the fields in use", "sfdx-project.json, package.xml, every file", checkAPIVersion},
	{"X00", "Unreadable file", "every file", checkReadable},
	{"X01", "Inverted flag misread", "global OAuth settings, Connected Apps, OAuth policies", eachApp(checkMisreadFlag)},
	{"X02", "Connected App still in use", "Connected Apps", eachApp(checkOldType)},
	{"X03", "Weak org setting", "OauthOidc and ExternalClientApp settings", checkOrg},
}

// report collects findings of one check.
type report struct {
	id    string
	found []Finding
}

// longest text of one message; names in files have no limit of their own.
const longestMessage = 700

func (r *report) add(s Severity, app string, at place, message, remedy string, fix ...Change) {
	r.found = append(r.found, Finding{
		ID: r.id, Severity: s, App: app, File: at.file, Line: at.line,
		Message: clip(message, longestMessage), Remedy: clip(remedy, longestMessage), Fix: fix,
	})
}

func eachApp(check func(*App, *report)) func(*Project, *report) {
	return func(p *Project, r *report) {
		for _, a := range p.Apps {
			check(a, r)
		}
	}
}

// Check runs all checks. The findings are sorted by file, line and id, so that two
// runs over the same files give the same list.
func (p *Project) Check() []Finding {
	var all []Finding
	for _, c := range Checks {
		r := report{id: c.ID}
		c.run(p, &r)
		all = append(all, r.found...)
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.Message, b.Message))
	})
	return all
}

// Note is something worth knowing that is no fault.
type Note struct {
	File    string
	Line    int
	Message string
}

// Notes lists what the checks accept in silence but a careful reader may want to
// see: required elements that are missing (which of them are required depends on
// the API version) and projects that name no API version.
func (p *Project) Notes() []Note {
	var out []Note
	for _, f := range p.Files {
		if f.readable() {
			out = append(out, missing(f, f.Root, f.schema().element)...)
		}
	}
	for _, o := range p.Orgs {
		if o.Manifest != nil && o.Manifest.Broken == nil && o.APIVersion == 0 {
			out = append(out, Note{o.Manifest.Path, 1, "no sourceApiVersion: the version of the org decides which fields exist"})
		}
	}
	return out
}

func missing(f *File, e *Element, schema element) []Note {
	var out []Note
	for _, want := range schema.children {
		children := e.all(want.name)
		if len(children) == 0 && want.required {
			out = append(out, Note{f.Path, e.Line, "<" + want.name + "> is missing in <" + e.Name + ">; depending on the API version it is required"})
		}
		for _, c := range children {
			out = append(out, missing(f, c, want)...)
		}
	}
	return out
}

// clip shortens a text that comes from a file.
func clip(s string, longest int) string {
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(s[:longest], "") + "…"
}
