package sfdx

import (
	"bytes"
	"fmt"
	"testing"
	"testing/fstest"
)

// project2000 makes a project of 400 apps with five files each, every tenth an app
// with the faults of the risky sample.
func project2000(tb testing.TB) fstest.MapFS {
	tb.Helper()
	healthy, risky := sample(tb, "healthy"), sample(tb, "risky")
	out := fstest.MapFS{"sfdx-project.json": healthy["sfdx-project.json"]}
	types := []struct{ folder, shop, login, suffix string }{
		{"externalClientApps", "Shop_Login", "Risky_Login", ".eca"},
		{"extlClntAppGlobalOauthSets", "Shop_Login_glbl", "Risky_Login_glbl", ".ecaGlblOauth"},
		{"extlClntAppOauthSettings", "Shop_Login_oauth", "Risky_Login_oauth", ".ecaOauth"},
		{"extlClntAppOauthPolicies", "Shop_Login_oauth_defaultPolicy", "Risky_Login_oauth_defaultPolicy", ".ecaOauthPlcy"},
		{"extlClntAppPolicies", "Shop_Login_plcy", "", ".ecaPlcy"},
	}
	for i := range 400 {
		name := fmt.Sprintf("App_%03d", i)
		for _, typ := range types {
			src, as, content := healthy, "Shop_Login", typ.shop
			if i%10 == 0 && typ.login != "" {
				src, as, content = risky, "Risky_Login", typ.login
			}
			data := src[main+typ.folder+"/"+content+typ.suffix+sourceSuffix].Data
			file := main + typ.folder + "/" + name + typ.suffix + sourceSuffix
			out[file] = &fstest.MapFile{Data: renamed(data, as, name)}
		}
	}
	return out
}

func TestTwoThousandFiles(t *testing.T) {
	p := mustRead(t, project2000(t))
	if len(p.Files) != 2000 || len(p.Apps) != 400 {
		t.Fatalf("%d files, %d apps", len(p.Files), len(p.Apps))
	}
	apps := map[string]bool{}
	for _, f := range p.Check() {
		apps[f.App] = true
	}
	if len(apps) != 40 {
		t.Errorf("%d apps with findings, want 40", len(apps))
	}
}

// BenchmarkRead2000 reads and checks 2,000 files; the aim is under two seconds.
func BenchmarkRead2000(b *testing.B) {
	fsys := project2000(b)
	b.ReportAllocs()
	for b.Loop() {
		p, err := Read(fsys)
		if err != nil {
			b.Fatal(err)
		}
		if len(p.Check()) == 0 {
			b.Fatal("no findings")
		}
	}
}

func renamed(data []byte, from, to string) []byte {
	old := "<externalClientApplication>" + from + "<"
	return bytes.ReplaceAll(data, []byte(old), []byte("<externalClientApplication>"+to+"<"))
}
