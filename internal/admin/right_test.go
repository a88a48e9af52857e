package admin

import (
	"errors"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/usage"
)

var machineWords = []string{"name=ops", "type=confidential", "platform=machine", "flow=client_credentials"}

// TestRightsAreForMachines: each row is one app that may not hold a right.
func TestRightsAreForMachines(t *testing.T) {
	o := open(t)
	o.Owner = true
	right := append(machineWords, "scope=admin:apps.read")
	if _, err := o.CreateApp(ctx, "", set(right...)); err != nil {
		t.Fatal("a narrow right needs no force:", err)
	}
	for _, words := range [][]string{
		append(machineWords, "scope=admin:everything"),
		{"name=x", "type=public", "platform=mobile", "scope=admin:apps.read"},
		{"name=x", "type=confidential", "platform=web", "flow=client_credentials", "scope=admin:apps.read"},
		{"name=x", "type=confidential", "platform=machine", "flow=client_credentials code_and_credentials", "scope=admin:apps.read"},
	} {
		var faults Invalid
		if _, err := o.CreateApp(ctx, "", set(words...), Consent{Force: true}); !errors.As(err, &faults) {
			t.Errorf("%v: %v", words, err)
		}
	}
}

// TestOnlyOwnersTouchRights: by no way does anybody else make, change or delete an
// app that holds one.
func TestOnlyOwnersTouchRights(t *testing.T) {
	o := open(t)
	o.Owner = true
	r, err := o.CreateApp(ctx, "ops-12345", set(append(machineWords, "scope=admin:apps.read")...))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := o.CreateApp(ctx, "job-12345", set(append(machineWords, "scope=orders.read")...))
	if err != nil {
		t.Fatal(err)
	}
	before := len(events(t, o))
	o.Owner = false
	for name, try := range map[string]func() error{
		"make": func() error {
			_, err := o.CreateApp(ctx, "", set(append(machineWords, "scope=admin:apps.read")...))
			return err
		},
		"change": func() error { _, err := o.ChangeApp(ctx, r.App.ID, set("name=mine")); return err },
		"take":   func() error { _, err := o.ChangeApp(ctx, r.App.ID, set("scope=orders.read")); return err },
		"give":   func() error { _, err := o.ChangeApp(ctx, plain.App.ID, set("scope=+admin:keys.write")); return err },
		"rotate": func() error { _, err := o.RotateSecret(ctx, r.App.ID, time.Hour); return err },
		"remove": func() error { _, err := o.RemoveSecret(ctx, r.App.ID, r.App.Secrets[0].ID); return err },
		"delete": func() error { return o.DeleteApp(ctx, r.App.ID) },
		"mend": func() error {
			return o.Apply(ctx, &Mending{Subjects: []Mend{
				{App: plain.App.ID, patch: Patch{Sets: set("name=changed")}}, {App: r.App.ID, patch: Patch{Sets: set("name=changed")}},
			}}, Consent{Force: true})
		},
	} {
		err := try()
		if name == "remove" && errors.Is(err, ErrLastSecret) {
			continue // refused before anybody asks who it is
		}
		if !errors.Is(err, ErrOwner) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(events(t, o)); n != before {
		t.Errorf("%d events of what was refused", n-before)
	}
	if _, err := o.ChangeApp(ctx, plain.App.ID, set("name=changed")); err != nil {
		t.Errorf("an ordinary machine: %v", err)
	}
}

func events(t *testing.T, o *office) []audit.Event {
	t.Helper()
	list, err := o.Events(ctx, audit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestSaw: a change that was decided on another version of a record is not made.
func TestSaw(t *testing.T) {
	o := open(t)
	r, err := o.CreateApp(ctx, "shop-12345", set("name=Shop", "type=confidential"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := o.CreateUser(ctx, NewUser{Username: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	org, err := o.Org(ctx)
	if err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Second)
	for name, row := range map[string]struct {
		version int64
		try     func() error
	}{
		"app":      {r.App.Version, func() error { _, err := o.ChangeApp(ctx, r.App.ID, set("owner=x@example.com")); return err }},
		"person":   {VersionOfUser(u), func() error { _, _, err := o.ChangeUser(ctx, u.ID, set("nickname=a")); return err }},
		"settings": {org.Version, func() error { _, _, err := o.ChangeOrg(ctx, set("require-pkce=on")); return err }},
	} {
		if o.Saw = row.version + 1; !errors.Is(row.try(), ErrChanged) {
			t.Errorf("%s: another version was good enough", name)
		}
		if o.Saw = row.version; row.try() != nil {
			t.Errorf("%s: %v", name, row.try())
		}
		o.Saw = 0
	}
	o.Saw = r.App.Version
	if err := o.DeleteApp(ctx, r.App.ID); !errors.Is(err, ErrChanged) {
		t.Errorf("delete: %v", err)
	}
}

// TestWhereTheServerIsAdministeredFrom: the review knows what apps with rights
// make of it.
func TestWhereTheServerIsAdministeredFrom(t *testing.T) {
	app := func(change func(*client.Client)) *client.Client {
		c := &client.Client{ID: "ops", Type: client.Confidential, Settings: client.Settings{
			Flows: flow.Switches{flow.ClientCredentials: {On: true}}, Scopes: oauth.Scopes{"admin:apps.read"},
		}}
		change(c)
		return c
	}
	fence := func(ranges ...string) func(*client.Client) {
		return func(c *client.Client) { c.Policy.IPRanges = ranges }
	}
	for want, apps := range map[string][]*client.Client{
		"socket": {
			app(func(c *client.Client) { c.Settings.Scopes = oauth.Scopes{"orders"} }), app(func(c *client.Client) { c.Disabled = true }),
			app(func(c *client.Client) { c.Settings.Flows = nil }),
		},
		"loopback":  {app(fence("127.0.0.0/8", "::1/128"))},
		"allowlist": {app(fence("127.0.0.0/8", "10.0.0.0/8")), app(fence("127.0.0.0/8"))},
		"any":       {app(fence()), app(fence("10.0.0.0/8"))},
	} {
		if got := planeValues(apps)["server.admin.network"]; got != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
}

func TestUsageOf(t *testing.T) {
	o := open(t)
	today := usage.DayOf(o.now)
	err := o.Seen.CountUsage(ctx, map[usage.Key]usage.Count{
		{App: "shop", Flow: flow.RefreshToken, Day: today, Trait: usage.Refresh}:     {N: 3, Last: o.now},
		{App: "shop", Flow: flow.RefreshToken, Day: today - 1, Trait: usage.Refresh}: {N: 4, Last: o.now},
		{App: "other", Flow: flow.RefreshToken, Day: today, Trait: usage.Refresh}:    {N: 5, Last: o.now},
	})
	if err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int][]int64{1: {3}, 2: {3, 4}, 1000: {3, 4}} {
		list, _, err := o.UsageOf(ctx, "shop", days)
		var got []int64
		for _, s := range list {
			got = append(got, s.Count)
		}
		if err != nil || len(got) != len(want) || got[0] != want[0] || list[0].Day != o.now.Format(time.DateOnly) {
			t.Errorf("%d days: %v %v", days, list, err)
		}
	}
	if list, _, err := o.UsageOf(ctx, "", 1); err != nil || len(list) != 2 {
		t.Errorf("of every app: %v %v", list, err)
	}
}
