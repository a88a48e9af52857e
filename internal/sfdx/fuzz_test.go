package sfdx

import (
	"bytes"
	"testing"
	"testing/fstest"
)

// FuzzRead feeds the reader arbitrary files: it must neither panic nor lose its
// bounds, and a file that can be read can be patched without being broken.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"healthy", "risky"} {
		for _, file := range sample(f, name) {
			f.Add(file.Data)
		}
	}
	f.Add([]byte(root(typeGlobal, "<externalClientApplication>A</externalClientApplication><isPkceRequired xsi:nil='true' />")))
	f.Add([]byte("\xEF\xBB\xBF<ConnectedApp\r\n xmlns='" + namespace + "'><oauthConfig><![CDATA[x]]><!-- --></oauthConfig></ConnectedApp>"))
	names := []string{
		"externalClientApps/A.eca-meta.xml", "extlClntAppGlobalOauthSets/A.ecaGlblOauth", "connectedApps/A.connectedApp",
		"networks/A.network", "oauthtokenexchangehandlers/A.oauthtokenexchangehandler", "settings/OauthOidc.settings",
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"sfdx-project.json": {Data: data}, "package.xml": {Data: data}}
		for _, name := range names {
			fsys[name] = &fstest.MapFile{Data: data}
		}
		p, err := Read(fsys)
		if err != nil {
			t.Fatal(err)
		}
		p.Check()
		p.Notes()
		for _, file := range p.Files {
			bounded(t, file)
		}
		for _, a := range p.Apps {
			a.Values(a.Org)
			if a.Undeclared || a.Unreadable {
				continue
			}
			diffs, _, err := p.Patch([]Change{{App: a.ID, Setting: "app.pkce.required", Value: true}, {App: a.ID, Setting: "app.refresh.rotation", Value: true}})
			if err != nil {
				t.Fatalf("%v\n%s", err, data)
			}
			for _, d := range diffs {
				if d.Created {
					continue
				}
				if _, _, broken := parse(d.After); broken != nil {
					t.Fatalf("the patch breaks the file: %v\n%s\n%s", broken, d.Before, d.After)
				}
			}
		}
	})
}

// bounded checks that every place of an element lies in the file, in order.
func bounded(t *testing.T, f *File) {
	t.Helper()
	if f.Broken != nil || f.Root == nil {
		return
	}
	f.Root.walk("", func(path string, e *Element) {
		if e.open < 0 || e.open >= e.inner || e.inner > e.close || e.close > e.end || e.end > len(f.data) || f.data[e.open] != '<' {
			t.Fatalf("%s has the places %d %d %d %d", path, e.open, e.inner, e.close, e.end)
		}
		if line := 1 + bytes.Count(f.data[:e.open], []byte("\n")); line != e.Line {
			t.Fatalf("%s stands in line %d, not %d", path, line, e.Line)
		}
		for _, s := range e.texts {
			if s.from < e.inner || s.to > e.close {
				t.Fatalf("text of %s lies outside", path)
			}
		}
	})
}
