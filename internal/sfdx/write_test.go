package sfdx

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func written(t *testing.T, apps []*App, o WriteOptions) fstest.MapFS {
	t.Helper()
	files, err := Write(apps, o)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, f := range files {
		out[f.Path] = &fstest.MapFile{Data: f.Data}
	}
	return out
}

func TestWriteAndReadAgain(t *testing.T) {
	for _, name := range []string{"healthy", "risky"} {
		p := mustRead(t, sample(t, name))
		var apps []*App
		for _, a := range p.Apps {
			if !a.Undeclared && !a.Unreadable {
				apps = append(apps, a)
			}
		}
		for _, format := range []Format{Source, Metadata} {
			back := mustRead(t, written(t, apps, WriteOptions{Format: format}))
			for _, a := range apps {
				sameValues(t, a, back.App(a.Name))
			}
			for _, f := range back.Check() {
				if slices.Contains([]string{"M02", "M03", "M20", "X00", "X02"}, f.ID) || f.ID == "M01" && !strings.Contains(f.Message, "ChatterApi") {
					t.Errorf("what was written has %s: %s", f.ID, f.Message)
				}
			}
			if back.Orgs[0].APIVersion != SchemaAPIVersion {
				t.Errorf("API version %d", back.Orgs[0].APIVersion)
			}
		}
	}
}

// sameValues compares an app with what was written and read again.
func sameValues(t *testing.T, a, b *App) {
	t.Helper()
	if b == nil || b.Kind != ExternalClientApp {
		t.Fatalf("%s is not there", a.Name)
	}
	want, got := plainValues(a), plainValues(b)
	delete(want, "app.events.subscriptions") // no part of the export
	for name := range got {
		if _, ok := want[name]; !ok && (a.Kind == ConnectedApp || name == "app.policy.ip" || name == "app.first_party") {
			// A Connected App cannot tell it, or the file had something that is no
			// value; it is left out, and then has its default.
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got, anyOrder); diff != "" {
		t.Errorf("%s (-want +got):\n%s", a.Name, diff)
	}
}

func TestWriteIsAtRest(t *testing.T) {
	p := mustRead(t, sample(t, "healthy"))
	first := written(t, p.Apps, WriteOptions{})
	second := written(t, mustRead(t, first).Apps, WriteOptions{})
	if !slices.Equal(slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second))) {
		t.Fatal("the second export has other files")
	}
	for name, f := range first {
		if diff := cmp.Diff(string(f.Data), string(second[name].Data)); diff != "" {
			t.Errorf("%s (-first +second):\n%s", name, diff)
		}
	}
}

func TestWriteLooksLikeSalesforce(t *testing.T) {
	p := mustRead(t, sample(t, "healthy"))
	files := written(t, p.Apps, WriteOptions{})
	for _, name := range []string{
		"externalClientApps/Shop_Login.eca-meta.xml",
		"extlClntAppOauthPolicies/Shop_Server_oauth_defaultPolicy.ecaOauthPlcy-meta.xml",
	} {
		want := string(sample(t, "healthy")[main+name].Data)
		if diff := cmp.Diff(want, string(files[main+name].Data)); diff != "" {
			t.Errorf("%s (-sample +written):\n%s", name, diff)
		}
	}
	if _, ok := files[main+"extlClntAppPolicies/Shop_Login_plcy.ecaPlcy-meta.xml"]; ok {
		t.Error("a plugin policy with nothing but defaults is written")
	}
}

func TestWriteNeverWritesASecret(t *testing.T) {
	apps := []*App{mustRead(t, sample(t, "risky")).App("Risky_Login")}
	for name, f := range written(t, apps, WriteOptions{}) {
		if bytes.Contains(f.Data, []byte("FAKE")) || bytes.Contains(f.Data, []byte("consumerKey")) {
			t.Errorf("%s holds a secret or key", name)
		}
	}
	var all bytes.Buffer
	for _, f := range written(t, apps, WriteOptions{WithConsumerKey: true}) {
		all.Write(f.Data)
	}
	if !strings.Contains(all.String(), "FAKEexampleConsumerKey0001") || strings.Contains(all.String(), "FAKEnot") {
		t.Error("on request the key, and only the key, is written")
	}
	a := NewApp("A")
	a.Certificate = Set("-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----")
	if _, err := Write([]*App{a}, WriteOptions{}); err == nil {
		t.Error("a private key is written")
	}
}

func TestWriteANewApp(t *testing.T) {
	a := NewApp("New_App")
	if !on(a.RequirePKCE) || a.RequirePKCE.Origin != Default || !is(a.RefreshPolicy, RefreshLifetime) || !on(a.SecretForCode) {
		t.Errorf("a new app lacks its defaults: %+v %+v", a.RequirePKCE, a.RefreshPolicy)
	}
	files := written(t, []*App{a}, WriteOptions{})
	if len(files) != 4 {
		t.Errorf("a new app has %d files, want manifest, header, global and OAuth settings: %v", len(files), slices.Sorted(maps.Keys(files)))
	}
	a.SecretForCode = Set(false)
	a.CodeCredentials = Set(true)
	a.GuestJWTMinutes = Set(15)
	a.Enabled = Set(false)
	a.Attributes = Set([]Attribute{{"a&b", "<f>"}})
	a.TrustedIPRanges = Set([]IPRange{{"", "192.0.2.1", "192.0.2.2"}})
	a.CallbackURLs = Set([]string{"https://a.example.test/?x=1&y=2", "com.example:/cb"})
	b := mustRead(t, written(t, []*App{a}, WriteOptions{})).App("New_App")
	got := []any{b.SecretForCode.V, b.CodeCredentials.V, b.GuestJWTMinutes.V, b.Enabled.V, b.Attributes.V, b.TrustedIPRanges.V, b.CallbackURLs.V}
	want := []any{false, true, 15, false, a.Attributes.V, a.TrustedIPRanges.V, a.CallbackURLs.V}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriteRefusesBadNames(t *testing.T) {
	for _, name := range []string{"", "../x", "a/b", ".x", "a\\b", "a\nb", strings.Repeat("x", 300)} {
		if _, err := Write([]*App{NewApp(name)}, WriteOptions{}); err == nil {
			t.Errorf("%q is taken as a file name", name)
		}
	}
	if _, err := Write([]*App{NewApp("A"), NewApp("a")}, WriteOptions{}); err == nil {
		t.Error("two apps share a file where case does not count")
	}
	a := NewApp("A")
	a.Label = Set("\x00")
	if _, err := Write([]*App{a}, WriteOptions{}); err == nil {
		t.Error("a text that XML cannot hold is written")
	}
}
