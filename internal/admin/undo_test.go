package admin

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
)

// settingsOf is everything that can be set on an app, as it is kept.
func (o *office) settingsOf(c *client.Client) map[string]string {
	o.t.Helper()
	kept, err := o.App(ctx, string(c.ID))
	if err != nil {
		o.t.Fatal(err)
	}
	out := map[string]string{}
	for _, l := range Lines(AppFields, kept) {
		out[l.Name] = l.Value
	}
	return out
}

// TestUndo: every kind of field goes back to what it was, by one step, and
// forward again by another; the audit log says what was undone.
func TestUndo(t *testing.T) {
	for _, change := range [][]string{
		{"name=Other"},
		{"name=Shop (default)"},
		{"platform=spa"},
		{"owner=ann@example.com", "review-due=2027-01-31"},
		{"redirect-uri=https://shop.example/two https://shop.example/three"},
		{"redirect-uri=+https://shop.example/two", "scope=-offline_access", "cors-origin=https://shop.example"},
		{"code-ttl=30s", "access-ttl=5m", "refresh-grace=0s", "refresh-ttl=7d"},
		{"refresh-policy=lifetime", "refresh-ttl=default"},
		{"permitted-users=admin_preauthorized", "group=staff"},
		{"ip=bypass", "ip-range=192.0.2.0/24"},
		{"flow=code_and_credentials=off", "require-secret=refresh=off"},
		{"enabled=off"},
	} {
		o := open(t)
		shop := o.create(confidential...).App
		first := o.settingsOf(shop)
		changed, err := o.ChangeApp(ctx, shop.ID, set(change...), Consent{Force: true})
		if err != nil {
			t.Fatalf("%v: %v", change, err)
		}
		turn := changed.App.Turn
		if turn == nil || turn.By != "test" || len(turn.Changes) != len(changed.Changes) {
			t.Fatalf("%v: turn %+v", change, turn)
		}
		second := o.settingsOf(shop)
		o.now = o.now.Add(time.Minute)
		undone, err := o.UndoApp(ctx, shop.ID, turn.ID, Consent{Force: true})
		if err != nil {
			t.Fatalf("undo %v: %v", change, err)
		}
		if d := cmp.Diff(first, o.settingsOf(shop)); d != "" {
			t.Errorf("after %v and undo:\n%s", change, d)
		}
		if undone.App.Turn.Undoes != turn.ID {
			t.Errorf("%v: the undo is %+v", change, undone.App.Turn)
		}
		o.now = o.now.Add(time.Minute)
		if _, err := o.UndoApp(ctx, shop.ID, "", Consent{Force: true}); err != nil {
			t.Fatalf("undo the undo of %v: %v", change, err)
		}
		if d := cmp.Diff(second, o.settingsOf(shop)); d != "" {
			t.Errorf("after undoing the undo of %v:\n%s", change, d)
		}
		var details []string
		for _, e := range o.events(audit.AppChanged) {
			details = append(details, e.Detail["undoes"])
		}
		if d := cmp.Diff([]string{"", turn.ID, undone.App.Turn.ID}, details); d != "" {
			t.Errorf("events of %v:\n%s", change, d)
		}
	}
}

func TestUndoRefusals(t *testing.T) {
	o := open(t)
	shop := o.create(confidential...).App
	if _, err := o.UndoApp(ctx, shop.ID, ""); !errors.Is(err, ErrNothingToUndo) {
		t.Errorf("a new app: %v", err)
	}
	if _, err := o.UndoApp(ctx, "no-such-app", ""); !IsNotFound(err) {
		t.Errorf("no app: %v", err)
	}
	if _, err := o.PreviewUndo(ctx, shop.ID); !errors.Is(err, ErrNothingToUndo) {
		t.Errorf("preview of a new app: %v", err)
	}
	one, err := o.ChangeApp(ctx, shop.ID, set("code-ttl=30s"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.RotateSecret(ctx, shop.ID, time.Hour); err != nil {
		t.Fatal(err)
	}
	if c, _ := o.App(ctx, string(shop.ID)); c.Turn == nil || c.Turn.ID != one.App.Turn.ID {
		t.Errorf("a new secret is no turn, and there is %+v", c.Turn)
	}
	if _, err := o.ChangeApp(ctx, shop.ID, set("code-ttl=20s")); err != nil {
		t.Fatal(err)
	}
	if _, err := o.UndoApp(ctx, shop.ID, one.App.Turn.ID); !errors.Is(err, ErrTurnPassed) {
		t.Errorf("an older change: %v", err)
	}
	if got := o.settingsOf(shop)["code-ttl"]; got != "20s" {
		t.Errorf("after the refusal code-ttl is %s", got)
	}
}

// TestUndoIsLinted: taking a mend back is as critical as the setting was.
func TestUndoIsLinted(t *testing.T) {
	o := open(t)
	made, err := o.CreateApp(ctx, "", set(append(public, "redirect-uri=https://phone.example/cb")...))
	if err != nil {
		t.Fatal(err)
	}
	app, bad := made.App, critical(t, o, made.App)
	if _, err := o.ChangeApp(ctx, app.ID, bad, Consent{Force: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.UndoApp(ctx, app.ID, ""); err != nil {
		t.Fatalf("back to what was safe: %v", err)
	}
	var stopped Stopped
	if _, err := o.UndoApp(ctx, app.ID, ""); !errors.As(err, &stopped) || len(stopped) == 0 {
		t.Fatalf("forward to what is critical: %v", err)
	}
	p, err := o.PreviewUndo(ctx, app.ID)
	if err != nil || len(p.Stops) == 0 || p.Stops[0].Mend == "" {
		t.Errorf("the preview says %+v, %v", p, err)
	}
}

// critical is a change of the app that the review stops.
func critical(t *testing.T, o *office, c *client.Client) []Set {
	t.Helper()
	for _, words := range [][]string{
		{"require-secret=off"},
		{"require-pkce=off"},
		{"scope=full openid"},
		{"refresh-policy=infinite"},
		{"introspect-all=on"},
		{"redirect-uri=http://127.0.0.1/cb"},
		{"ip=bypass"},
		{"permitted-users=self_authorize"},
		{"claim=email"},
	} {
		var stopped Stopped
		if _, err := o.ChangeApp(ctx, c.ID, set(words...)); errors.As(err, &stopped) {
			return set(words...)
		}
	}
	t.Fatal("nothing that this test knows is stopped")
	return nil
}

// TestFlowThatIsUndoneKeepsItsTokensDead.
func TestFlowThatIsUndoneKeepsItsTokensDead(t *testing.T) {
	o := open(t)
	shop := o.create(confidential...).App
	o.now = o.now.Add(time.Minute)
	off, err := o.ChangeApp(ctx, shop.ID, set("flow=code_and_credentials=off"))
	if err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Minute)
	on, err := o.UndoApp(ctx, shop.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	was, is := off.App.Settings.Flows[flow.CodeAndCredentials], on.App.Settings.Flows[flow.CodeAndCredentials]
	if !is.On || is.NotBefore.Before(was.NotBefore) || is.NotBefore.IsZero() {
		t.Errorf("off: %+v, undone: %+v", was, is)
	}
}

// TestChangeOfAnotherVersion: what was looked at is what is changed, or nothing.
func TestChangeOfAnotherVersion(t *testing.T) {
	o := open(t)
	shop := o.create(confidential...).App
	p, err := o.PreviewApp(ctx, shop.ID, set("code-ttl=30s"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.ChangeApp(ctx, shop.ID, set("name=Other")); err != nil {
		t.Fatal(err)
	}
	o.Saw = p.Version
	if _, err := o.ChangeApp(ctx, shop.ID, set("code-ttl=30s")); !errors.Is(err, ErrChanged) {
		t.Errorf("the app changed meanwhile: %v", err)
	}
	if p, err = o.PreviewApp(ctx, shop.ID, set("code-ttl=30s")); err != nil {
		t.Fatal(err)
	}
	o.Saw = p.Version
	if _, err := o.ChangeApp(ctx, shop.ID, set("code-ttl=30s")); err != nil {
		t.Errorf("looked at anew: %v", err)
	}
}
