// Package console owns the pages for administrators at /console: which there
// are, who may see and do what, and how a form becomes an operation of admin. It
// decides nothing about an app, a person or a key: admin does, and gate decides
// who is in. How pages look is web/page's.
//
// # To add a page
//
//  1. A row in routes.go: method, path, permission, proof, handler. Paths begin
//     with /console/; a page that belongs into the navigation has a row in
//     nav.go, too (it shows when the route exists and the role may see it).
//
//  2. A file NAME.go with the handlers, and pages/NAME.html that defines
//     "content" (see web/page for frame, widgets and charts):
//
//     func (c *Console) thingsPage(v *visit) (web.Answer, error) {
//     things, err := v.desk.Things(v.ctx())
//     if err != nil {
//     return web.Answer{}, err // a refusal is rendered, any other error is logged
//     }
//     return v.page("things", page.Frame{Title: "Things", Body: thingsBody{…}})
//     }
//
//     The body is a struct of texts, page.Badge, page.Moment (v.at), page.Field …
//     Never build markup in Go, never use template.HTML: what apps, people and
//     logs say is hostile.
//
//  3. A golden test: see keys_test.go. consoletest.New gives a furnished house,
//     house.SignedIn(staff.Owner) a browser; Golden compares a page with
//     testdata/golden/NAME.html, and `go test ./internal/console -update` writes it.
//
// # To add a form action
//
// A POST row and a handler that calls one operation of v.desk. Then
//
//   - v.done(path, notice): 303 to a page that says what happened. Secrets go
//     into notice.Reveal: they are sealed into a cookie and shown once.
//   - or, when the input is wrong, the page again with status 422
//     (v.pageStatus), what was typed (never a password) and page.FaultOf(err)
//     at its field.
//
// Every POST has been checked already: same origin (Sec-Fetch-Site or Origin),
// session, permission, proof. A form needs no token of its own. What cannot be
// undone asks first: a GET page with page.Confirm and the POST, both with the
// proof recent, so that whoever finds an open browser must prove who they are.
//
// # To add a permission
//
// A row in staff/role.go, in Permissions and in the roles that have it, and in
// its test. The matrix test takes every role to every route of the table by
// itself. In a page, {{if call .May "edit-apps"}} hides what would be refused.
package console

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"countersign/internal/admin"
	"countersign/internal/gate"
	"countersign/internal/secret"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

//go:embed pages
var pageFiles embed.FS

// Deps are what the console stands on.
type Deps struct {
	Desk *admin.Desk // a copy of it gets whoever is signed in as Actor
	Gate *gate.Gate
	Keys *secret.Keyring
	// Address is the origin under which browsers reach the server, for links that
	// are sent to people: https://login.example.com
	Address string
	Issuer  string // for code that logs in: the one in every token
	HTTPS   bool   // cookies are for https alone, and named __Host-
	Now     func() time.Time
}

// Console serves the pages.
type Console struct {
	Deps
	pages  *page.Set
	origin *http.CrossOriginProtection
	known  map[string]bool // patterns that exist, for the navigation
	proofs proofs
}

// Routes is the console as routes of the server: one for each path, from the
// table in routes.go. Errors: a page that cannot be read.
func Routes(d Deps) ([]web.Route, error) {
	sub, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	set, err := page.New(sub)
	if err != nil {
		return nil, fmt.Errorf("read the pages of the console: %w", err)
	}
	c := &Console{Deps: d, pages: set, origin: http.NewCrossOriginProtection(), known: map[string]bool{}}
	return c.compile(c.table()), nil
}
