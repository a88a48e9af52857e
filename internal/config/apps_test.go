package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/admin"
	"countersign/internal/client"
)

const appFile = `apps:
  - client_id: shop_server
    name: Shop
    first_party: on
    flow: [headless, refresh]
    require_secret: {code: on}
    redirect_uri: ["https://shop.example/cb"]
    access_ttl: 10m
`

func TestReadApps(t *testing.T) {
	apps, err := ReadApps("a.yaml", []byte(appFile))
	if err != nil || len(apps) != 1 {
		t.Fatalf("%v, %v", apps, err)
	}
	want := admin.Wanted{
		ID: "shop_server", Place: "a.yaml:2",
		Sets: []admin.Set{
			{Field: "name", Values: []string{"Shop"}},
			{Field: "first-party", Values: []string{"on"}},
			{Field: "flow", Values: []string{
				"headless", "refresh", "authorization_code=off", "client_credentials=off", "jwt_bearer=off", "device=off", "token_exchange=off",
			}},
			{Field: "require-secret", Values: []string{"code=on"}},
			{Field: "redirect-uri", Values: []string{"https://shop.example/cb"}},
			{Field: "access-ttl", Values: []string{"10m"}},
		},
		Places: map[string]string{
			"name": "a.yaml:3", "first-party": "a.yaml:4", "flow": "a.yaml:5", "require-secret": "a.yaml:6", "redirect-uri": "a.yaml:7", "access-ttl": "a.yaml:8",
		},
	}
	if d := cmp.Diff(want, apps[0]); d != "" {
		t.Errorf("want (-), have (+):\n%s", d)
	}
}

// Each row spoils the file in one place and expects one fault there.
func TestReadAppsRefuses(t *testing.T) {
	for _, c := range []struct{ old, spoiled, want string }{
		{"first_party: on", "frist_party: on", "a.yaml:4: frist_party: there is no such key; is first_party meant?"},
		{"first_party: on", "first-party: on", "a.yaml:4: first-party: there is no such key"},
		{"first_party: on", "name: Shop", "a.yaml:4: name: this key is given twice"},
		{"first_party: on", "client_secret: x", "a.yaml:4: client_secret: a secret never stands in this file"},
		{"first_party: on", "secret: x", "a.yaml:4: secret: a secret never stands in this file"},
		{"first_party: on", "first_party:", "a.yaml:4: first_party: expected one value"},
		{"first_party: on", "first_party: [on]", "a.yaml:4: first_party: expected one value"},
		{"name: Shop", "name: &n Shop", "a.yaml:3: name: anchors"},
		{`["https://shop.example/cb"]`, "https://shop.example/cb", "a.yaml:7: redirect_uri: expected a list"},
		{`["https://shop.example/cb"]`, "[+https://shop.example/cb]", "a.yaml:7: redirect_uri: \"+https"},
		{`["https://shop.example/cb"]`, "[&u https://shop.example/cb]", "a.yaml:7: redirect_uri: anchors"},
		{"[headless, refresh]", "headless", "a.yaml:5: flow: expected flows"},
		{"[headless, refresh]", "[headless=on]", "a.yaml:5: flow: in a list stand the flows that are on"},
		{"{code: on}", "{code: on, code: off}", "a.yaml:6: code: this key is given twice"},
		{"  - client_id: shop_server\n    name", "  - name", "a.yaml:2: client_id: is missing"},
		{"apps:", "app:", "a.yaml:1: app: there is no such key"},
		{"apps:", "apps: {", "a.yaml:"},
		{appFile, "", "a.yaml:1: there is no app here"},
		{appFile, "apps: 7", "a.yaml:1: apps: expected a list of apps"},
		{appFile, "apps: [7]", "a.yaml:1: apps: expected keys and values"},
		{appFile, "7", "a.yaml:1: expected the key apps"},
	} {
		_, err := ReadApps("a.yaml", []byte(strings.Replace(appFile, c.old, c.spoiled, 1)))
		var faults Faults
		if !errors.As(err, &faults) || !strings.HasPrefix(faults[0].String(), c.want) {
			t.Errorf("%q: %v, want %q", c.spoiled, err, c.want)
		}
	}
}

// What is written is read as what it was.
func TestWriteAppsIsReadBack(t *testing.T) {
	apps, err := ReadApps("a.yaml", []byte(appFile))
	if err != nil {
		t.Fatal(err)
	}
	c, faults := admin.DraftApp(apps[0])
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	c.Name, c.Owner = "on", "7"
	c.Secrets = append(c.Secrets, client.Secret{ID: "never", Hint: "never"})
	text, err := WriteApps([]*client.Client{c})
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadApps("b.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	back, faults := admin.DraftApp(again[0])
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if d := cmp.Diff(admin.Lines(admin.AppFields, c), admin.Lines(admin.AppFields, back)); d != "" {
		t.Errorf("written (-), read (+):\n%s\n%s", d, text)
	}
	if strings.Contains(string(text), "never") {
		t.Errorf("a secret is written:\n%s", text)
	}
}

func FuzzReadApps(f *testing.F) {
	f.Add(appFile)
	f.Add("apps: [{client_id: a, flow: {x: [1]}}]")
	f.Fuzz(func(t *testing.T, text string) {
		apps, err := ReadApps("f.yaml", []byte(text))
		for _, w := range apps {
			if err == nil && w.ID == "" {
				t.Error("an app without client_id")
			}
		}
	})
}
