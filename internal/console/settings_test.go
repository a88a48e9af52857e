package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/console/consoletest"
	"countersign/internal/staff"
)

// settingsForm is the form as it is served: every field with its value.
func settingsForm(t *testing.T, p consoletest.Page) []string {
	t.Helper()
	var out []string
	for _, tag := range regexp.MustCompile(`<input[^>]*>`).FindAllString(p.Body, -1) {
		name := attribute(tag, "name")
		box := strings.Contains(tag, `type="checkbox"`)
		if name == "" || name == "back" || name == "theme" || box && !strings.Contains(tag, " checked") || strings.Contains(tag, " disabled") {
			continue
		}
		out = append(out, name, attribute(tag, "value"))
	}
	if len(out) < 8 {
		t.Fatalf("a form of %v", out)
	}
	return out
}

func attribute(tag, name string) string {
	m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	return m[1]
}

// with changes a field of a form; an empty value takes it out.
func with(form []string, name, value string) []string {
	var out []string
	for i := 0; i+1 < len(form); i += 2 {
		if form[i] != name {
			out = append(out, form[i], form[i+1])
		}
	}
	if value != "" {
		out = append(out, name, value)
	}
	return out
}

func TestSettings(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	p := b.Get("/console/settings")
	consoletest.Golden(t, "settings", p)
	consoletest.Golden(t, "settings-auditor", h.SignedIn(staff.Auditor).Get("/console/settings"))
	form := settingsForm(t, p)

	if p := b.Follow("/console/settings/preview", form...); !strings.Contains(p.Show(), "Nothing was changed, so nothing was saved.") {
		t.Errorf("without a change: %s", p.Show())
	}
	wrong := b.Post("/console/settings/preview", with(form, "max-access-ttl", "30h")...)
	if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Body, `aria-invalid="true"`) || !strings.Contains(wrong.Body, `value="30h"`) {
		t.Errorf("too long a life: %d %s", wrong.Status, wrong.Show())
	}
	change := with(with(form, "max-access-ttl", "5m"), "flow.client_credentials", "")
	preview := b.Post("/console/settings/preview", change...)
	consoletest.Golden(t, "settings-preview", preview)
	if n := len(h.Events(audit.OrgChanged)); n != 0 {
		t.Fatalf("a preview wrote %d times", n)
	}
	p = b.Follow("/console/settings", settingsForm(t, preview)...)
	if !strings.Contains(p.Show(), "max-access-ttl: 24h (default) -> 5m") || !strings.Contains(p.Show(), "flow.client_credentials: on -> off") {
		t.Errorf("saved: %s", p.Show())
	}
	e := h.Events(audit.OrgChanged)
	if len(e) != 1 || e[0].Actor != "staff:owner@example.com" || len(e[0].Detail) != 2 {
		t.Errorf("recorded: %+v", e)
	}
}

// TestSettingsOfAnOldForm: what somebody else saved meanwhile is not undone.
func TestSettingsOfAnOldForm(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	form := with(settingsForm(t, b.Get("/console/settings")), "name", "Mine")
	preview := settingsForm(t, b.Post("/console/settings/preview", form...))
	if _, _, err := h.Desk.ChangeOrg(t.Context(), []admin.Set{{Field: "name", Values: []string{"Theirs"}}}); err != nil {
		t.Fatal(err)
	}
	for path, f := range map[string][]string{"/console/settings/preview": form, "/console/settings": preview} {
		if p := b.Follow(path, f...); !strings.Contains(p.Show(), "Somebody changed this at the same moment") {
			t.Errorf("%s: %s", path, p.Show())
		}
	}
	if o, err := h.Desk.Org(t.Context()); err != nil || o.Name != "Theirs" {
		t.Errorf("%q, %v", o.Name, err)
	}
}
