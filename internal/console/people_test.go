package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/console/consoletest"
	"countersign/internal/housetest"
	"countersign/internal/load"
	"countersign/internal/staff"
)

// somebody is the person of the house.
func somebody(t *testing.T, h *consoletest.House) *account.Account {
	t.Helper()
	found, err := h.Desk.FindPeople(t.Context(), "", "", "", 10)
	if err != nil || len(found.People) == 0 {
		t.Fatalf("nobody lives here: %v", err)
	}
	return found.People[0]
}

// TestPeople: created, found, changed, disabled, enabled, given a new password
// and deleted, each by its form; what is wrong is said beside its field.
func TestPeople(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Editor)
	p := b.Post("/console/people/new", "username", "", "email", "no address", "password", "tinypw7")
	if p.Status != http.StatusUnprocessableEntity || strings.Count(p.Body, `class="fault"`) != 3 || strings.Contains(p.Body, "tinypw7") || !strings.Contains(p.Body, "<code>password.too-short</code>") {
		t.Errorf("three faults: %d %s", p.Status, p.Show())
	}
	p = b.Follow("/console/people/new", "username", "berta", "email", "berta@example.com", "name", "Berta Berg", "password", "")
	if !strings.Contains(p.Show(), "berta can sign in now.") || !strings.Contains(p.Body, `class="reveal"`) {
		t.Fatalf("created: %s", p.Show())
	}
	a, err := h.Desk.User(t.Context(), "berta")
	if err != nil {
		t.Fatal(err)
	}
	path := "/console/people/" + string(a.ID)
	for _, find := range []string{"berta@example.com", string(a.ID), "erg", "BERTA"} {
		if p := b.Get("/console/people?q=" + find); !strings.Contains(p.Body, path) {
			t.Errorf("searching %q: %s", find, p.Show())
		}
	}
	if p := b.Get("/console/people?q=nobody-like-this"); !strings.Contains(p.Show(), "Nobody is like that") {
		t.Errorf("searching for nobody: %s", p.Show())
	}
	testEdit(t, h, b, path)
	testStates(t, h, b, path)
	testDelete(t, h, b, path)
}

func testEdit(t *testing.T, h *consoletest.House, b *consoletest.Browser, path string) {
	t.Helper()
	p := b.Follow(path+"/edit", "email", "berta@example.com", "name", "Berta Berger", "group", "staff board", "email-verified", "on")
	if a, _ := h.Desk.User(t.Context(), "berta"); a.Profile.Name != "Berta Berger" || len(a.Groups) != 2 || !a.Profile.EmailVerified {
		t.Errorf("changed: %+v, %s", a, p.Show())
	}
	p = b.Post(path+"/edit", "email", "nonsense", "zoneinfo", "Nowhere/Land")
	if p.Status != http.StatusUnprocessableEntity || strings.Count(p.Body, `class="fault"`) != 2 || !strings.Contains(p.Body, "nonsense") {
		t.Errorf("two faults, and what was typed: %d %s", p.Status, p.Show())
	}
}

func testStates(t *testing.T, h *consoletest.House, b *consoletest.Browser, path string) {
	t.Helper()
	b.Follow(path + "/ask/disable")
	var a *account.Account
	if a, _ = h.Desk.User(t.Context(), "berta"); a.State != account.Disabled {
		t.Error("not disabled")
	}
	b.Follow(path + "/enable")
	if a, _ = h.Desk.User(t.Context(), "berta"); a.State != account.Active {
		t.Error("not enabled")
	}
	before := a.PasswordHash
	p := b.Follow(path + "/ask/reset")
	if a, _ = h.Desk.User(t.Context(), "berta"); a.PasswordHash == before || !strings.Contains(p.Body, `class="reveal"`) {
		t.Errorf("no new password: %s", p.Show())
	}
	if again := b.Get(path); strings.Contains(again.Body, `class="reveal"`) {
		t.Error("the password is shown twice")
	}
}

func testDelete(t *testing.T, h *consoletest.House, b *consoletest.Browser, path string) {
	t.Helper()
	if p := b.Post(path+"/ask/delete", "name", "bert"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("deleted without the name: %d", p.Status)
	}
	b.Follow(path+"/ask/delete", "name", "berta")
	if _, err := h.Desk.User(t.Context(), "berta"); !admin.IsNotFound(err) {
		t.Errorf("not deleted: %v", err)
	}
	if p := b.Get(path); p.Status != http.StatusNotFound {
		t.Errorf("the page of somebody who is gone: %d", p.Status)
	}
}

// TestEndSessions: one session ends and the others live; somebody else's cannot
// be ended by putting its id in; then all end.
func TestEndSessions(t *testing.T) {
	h := consoletest.New(t)
	a := somebody(t, h)
	one, two := h.Login(housetest.Shop), h.Login(housetest.Shop)
	other, err := h.Desk.CreateUser(t.Context(), admin.NewUser{Username: "berta", Password: "a long and quiet walk"})
	if err != nil {
		t.Fatal(err)
	}
	families, err := h.Desk.FamiliesOf(t.Context(), a.ID, "", 10)
	if err != nil || len(families) != 2 {
		t.Fatalf("%d families, %v", len(families), err)
	}
	b := h.SignedIn(staff.Editor)
	end := "/grants/" + families[1].ID.String() + "/end"
	b.Follow("/console/people/" + string(other.ID) + end)
	if !h.Alive(one.AccessToken) {
		t.Fatal("a session was ended by way of somebody else")
	}
	b.Follow("/console/people/" + string(a.ID) + end)
	if h.Alive(one.AccessToken) || !h.Alive(two.AccessToken) {
		t.Error("not exactly that session ended")
	}
	b.Follow("/console/people/" + string(a.ID) + "/ask/end")
	if h.Alive(two.AccessToken) {
		t.Error("a session is left")
	}
}

// TestAuditPage: filters choose, the pages follow each other without a gap, the
// export is JSON lines, following asks again without a script.
func TestAuditPage(t *testing.T) {
	h := consoletest.New(t)
	a := somebody(t, h)
	for range 120 {
		e := audit.New(h.Clock.Now(), audit.LoginFailed)
		e.User, e.Rule, e.Address = a.ID, "login.failed", "203.0.113.9"
		if err := h.DB.Record(t.Context(), e.With("try", `"><script>alert(1)</script>`)); err != nil {
			t.Fatal(err)
		}
		h.Clock.Forward(time.Millisecond)
	}
	b := h.SignedIn(staff.Auditor)
	path, seen := "/console/audit?event="+string(audit.LoginFailed), 0
	for pages := 0; path != "" && pages < 5; pages++ {
		p := b.Get(path)
		seen += strings.Count(p.Body, `data-label="When"`)
		if strings.Contains(p.Body, "<script>") {
			t.Fatal("a detail became markup")
		}
		_, rest, more := strings.Cut(p.Body, `rel="next"`)
		path = ""
		if more {
			head := p.Body[:len(p.Body)-len(rest)]
			at := strings.LastIndex(head, `href="`)
			path, _, _ = strings.Cut(head[at+6:], `"`)
			path = strings.ReplaceAll(path, "&amp;", "&")
		}
	}
	if seen != 120 {
		t.Errorf("%d events on all pages, want 120", seen)
	}
	for query, want := range map[string]string{
		"user=" + a.Username + "&rule=login.failed": "login.failed", "user=nobody": "No event is like that", "since=soon": "No event is like that",
	} {
		if p := b.Get("/console/audit?" + query); !strings.Contains(p.Show(), want) {
			t.Errorf("%s: %s", query, p.Show())
		}
	}
	p := b.Get("/console/audit/export?event=" + string(audit.LoginFailed))
	if n := strings.Count(p.Body, "\n"); n != 120 || !strings.HasPrefix(p.Body, `{"time":`) {
		t.Errorf("%d lines: %.80s", n, p.Body)
	}
	if p := b.Get("/console/audit?follow=yes"); !strings.Contains(p.Body, `<noscript><meta http-equiv="refresh" content="2"></noscript>`) || !strings.Contains(p.Body, `hx-trigger="every 2s"`) {
		t.Error("following does not ask again")
	}
	if p := b.Get("/console/audit"); strings.Contains(p.Body, `http-equiv="refresh"`) || strings.Contains(p.Body, "hx-trigger") {
		t.Error("it asks again without being told to")
	}
}

// TestTrafficPage draws what was counted.
func TestTrafficPage(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Auditor)
	if p := b.Get("/console/traffic"); !strings.Contains(p.Show(), "No request yet in this time") {
		t.Errorf("without a request: %s", p.Show())
	}
	now := load.SlotOf(h.Clock.Now())
	sums := map[load.Key]load.Sum{}
	for i := range load.Slot(140) {
		sums[load.Key{Slot: now - i, Kind: load.Login}] = load.Sum{5: int64(20 + i%7)}
		sums[load.Key{Slot: now - i, Kind: load.Refresh}] = load.Sum{1: int64(90 - i%11), 4: 3}
		sums[load.Key{Slot: now - i, Kind: load.Exchange}] = load.Sum{2: 20}
		for n, rule := range []string{"login.failed", "code.spent", "pkce.wrong", "flow.credentials", "client.secret", "http.path", "form.duplicate"} {
			sums[load.Key{Slot: now - i, Kind: load.Refused(rule)}] = load.Sum{1: int64(7 - n)}
		}
	}
	if err := h.DB.AddLoad(t.Context(), sums); err != nil {
		t.Fatal(err)
	}
	consoletest.Golden(t, "traffic", b.Get("/console/traffic"))
	for _, span := range []string{"week", "month", "century"} {
		if p := b.Get("/console/traffic?span=" + span); p.Status != http.StatusOK || !strings.Contains(p.Body, "<rect") {
			t.Errorf("%s: %d", span, p.Status)
		}
	}
}

// TestPeopleLook are the pages as they look. Those with events are not among them:
// events of one millisecond stand in any order.
func TestPeopleLook(t *testing.T) {
	h := consoletest.New(t)
	a := somebody(t, h)
	h.Login(housetest.Shop)
	b := h.SignedIn(staff.Owner)
	for name, path := range map[string]string{
		"people": "/console/people", "people-new": "/console/people/new",
		"person-edit": "/console/people/" + string(a.ID) + "/edit", "person-delete": "/console/people/" + string(a.ID) + "/ask/delete",
	} {
		consoletest.Golden(t, name, b.Get(path))
	}
}

// TestAuditDoesNotSayWhoSomebodyIs: whoever may not see people does not learn from
// the filter which id belongs to a name.
func TestAuditDoesNotSayWhoSomebodyIs(t *testing.T) {
	h := consoletest.New(t)
	person := somebody(t, h)
	e := h.Event(audit.UserDisabled)
	e.User = person.ID
	if err := h.DB.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	for role, tells := range map[staff.Role]bool{staff.Reviewer: false, staff.Auditor: true} {
		b := h.SignedIn(role)
		for _, path := range []string{"/console/audit", "/console/audit/export"} {
			p := b.Get(path + "?user=" + url.QueryEscape(person.Username))
			if got := strings.Contains(p.Body, string(person.ID)); got != tells {
				t.Errorf("%s, %s: the id is told: %v", role, path, got)
			}
		}
	}
}
