//go:build faults

package servertest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/config"
	"countersign/internal/evidence"
	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/probe"
	"countersign/internal/server"
)

var update = flag.Bool("update", false, "make every proof with every fault, and write docs/proof.md anew")

// proofPage is the matrix that is published.
const proofPage = "../../docs/proof.md"

// provenApps are the apps whose proofs see the faults: between them they have
// every kind of setting that a defence is about.
func provenApps() []*client.Client {
	app := func(id string, change func(*client.Client)) *client.Client {
		c := &client.Client{
			ID: oauth.ClientID(id), Name: id, Type: client.Confidential, Platform: client.Web, FirstParty: true,
			Settings: client.Settings{
				AuthMethod: client.AuthSecretBasic, Rotation: true, PostOnly: true, AccessToken: client.AccessToken{Format: client.FormatJWT},
				Scopes: oauth.Scopes{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeOfflineAccess, "api"},
				Flows: flow.Switches{
					flow.CodeAndCredentials: {On: true, RequireSecret: true, RequirePKCE: true}, flow.RefreshToken: {On: true, RequireSecret: true},
				},
			},
		}
		change(c)
		return c
	}
	return []*client.Client{
		app("server-app", func(*client.Client) {}),
		app("mobile-app", func(c *client.Client) {
			c.Type, c.Platform, c.Settings.AuthMethod, c.Settings.AccessToken.Format = client.Public, client.Native, client.AuthNone, client.FormatOpaque
			c.Settings.Flows = flow.Switches{flow.CodeAndCredentials: {On: true, RequirePKCE: true}, flow.RefreshToken: {On: true}}
		}),
		app("fenced-app", func(c *client.Client) {
			c.Settings.AccessToken.Format = client.FormatOpaque
			c.Policy.PermittedUsers, c.Policy.Groups = client.AdminPreauthorized, []string{"staff"}
			c.Policy.IP, c.Policy.IPRanges = client.IPEnforce, []string{"10.0.0.0/8"}
			c.Policy.RefreshPolicy, c.Policy.RefreshTTL = client.RefreshInactivity, client.Duration(time.Hour)
		}),
		app("loose-app", func(c *client.Client) {
			c.Settings.Flows[flow.CodeAndCredentials] = flow.Switch{On: true, RequireSecret: true}
			c.Settings.PostOnly = false
		}),
		app("machine-app", func(c *client.Client) {
			c.Settings.Flows = flow.Switches{flow.ClientCredentials: {On: true, RequireSecret: true}}
			c.Settings.Scopes = oauth.Scopes{"api"}
		}),
	}
}

// sight is a probe that turned red, and the app it did so for.
type sight struct{ Probe, App string }

// prove makes proofs with a fault and says which scenarios found an attack that
// works; all of them without names.
func prove(t *testing.T, f fault.Name, apps []*client.Client, names ...string) ([]sight, map[sight]*evidence.Transcript) {
	t.Helper()
	fault.Set(f)
	defer fault.Set("")
	cfg := config.Default()
	cfg.Password.MemoryKiB, cfg.Password.Time = 64, 1
	made, err := server.Prover(cfg, "test", time.Now)(t.Context(), admin.Proving{Apps: apps, Scenarios: names})
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	var red []sight
	all := map[sight]*evidence.Transcript{}
	for _, tr := range made {
		s := sight{tr.Probe, orServer(tr.Subject)}
		all[s] = tr
		if tr.Result == evidence.Broken {
			red = append(red, s)
		}
	}
	order := func(s sight) int {
		return slices.IndexFunc(probe.All, func(p probe.Scenario) bool { return p.ID == s.Probe })
	}
	slices.SortFunc(red, func(a, b sight) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return strings.Compare(b.App, a.App)
	})
	return red, all
}

func orServer(app string) string {
	if app == "" {
		return "the server"
	}
	return app
}

// seen says which proof sees which fault. Each row was found by making every
// proof with the fault; the test makes the one that is named here.
var seen = []struct {
	fault      fault.Name
	probe, app string
}{
	{fault.CodeAnyApp, "stolen-code", "server-app"},
	{fault.CodeAnyRedirect, "stolen-code", "server-app"},
	{fault.CodeNeverExpires, "stolen-code", "mobile-app"},
	{fault.CodeSpentAccepted, "stolen-code", "mobile-app"},
	{fault.ReplayIgnored, "refresh-reuse", "server-app"},
	{fault.PKCEUnchecked, "pkce", "server-app"},
	{fault.PKCEOptional, "pkce", "mobile-app"},
	{fault.PKCEPlain, "pkce", "server-app"},
	{fault.PKCEPlain, "metadata-walk", ""},
	{fault.PKCEDowngrade, "pkce", "loose-app"},
	{fault.SecretUnchecked, "secret-rotation", "server-app"},
	{fault.SecretOptional, "stolen-refresh-token", "server-app"},
	{fault.PublicSecret, "stolen-refresh-token", "mobile-app"},
	{fault.PublicSecret, "public-powers", "mobile-app"},
	{fault.RedirectPrefix, "redirect-fuzz", "server-app"},
	{fault.RefreshAnyApp, "stolen-refresh-token", "server-app"},
	{fault.RefreshReuse, "refresh-reuse", "mobile-app"},
	{fault.RefreshForever, "expiry", "server-app"},
	{fault.FlowSwitchIgnored, "client-credentials-refused", "server-app"},
	{fault.EndingsIgnored, "kill-switch", "server-app"},
	{fault.ForeignIntrospected, "foreign-introspection", "server-app"},
	{fault.ForeignRevoked, "foreign-introspection", "server-app"},
	{fault.ScopeUnbounded, "scope-ceiling", "server-app"},
	{fault.MachineUnbounded, "machine-identity", "machine-app"},
	{fault.ThirdParty, "weak-flows", ""},
	{fault.CredentialsInURL, "stolen-code", "loose-app"},
	{fault.PersonNotReread, "kill-switch", "server-app"},
	{fault.TokenUnsigned, "jwt-at-confusion", "server-app"},
	{fault.AlgNone, "jwt-at-confusion", "server-app"},
	{fault.AnyIssuer, "jwt-at-confusion", "server-app"},
	{fault.QuotaIgnored, "machine-identity", "machine-app"},
	{fault.AnyOrigin, "native-browser", "server-app"},
	{fault.TokenNeverExpires, "expiry", "server-app"},
	{fault.AnyScopeUserinfo, "scope-ceiling", "server-app"},
	{fault.NotAssigned, "unassigned-user", "fenced-app"},
	{fault.FenceIgnored, "ip-policy", "fenced-app"},
	{fault.NoThrottle, "throttle", ""},
	{fault.WhoExists, "throttle", ""},
	{fault.CacheableTokens, "leak-canary", ""},
	{fault.SecretLogged, "leak-canary", ""},
}

// unseen says of each other fault why no proof can see it.
var unseen = map[fault.Name]string{
	fault.PersonAdministers: "a twin has no scope of the administration, and `probe.admin-plane` has no operator to sign in as",
	fault.RightIgnored:      "a twin has no scope of the administration, and `probe.admin-plane` has no operator to sign in as",
}

// TestProofsSeeFaults takes one defence after the other away: the proof that is
// named for it must find an attack that works, and that proof must hold while
// every defence is in place.
func TestProofsSeeFaults(t *testing.T) {
	apps := provenApps()
	subject := func(id string) []*client.Client {
		i := slices.IndexFunc(apps, func(c *client.Client) bool { return string(c.ID) == id })
		if i < 0 {
			return nil
		}
		return apps[i : i+1]
	}
	held := map[sight]bool{}
	for _, row := range seen {
		t.Run(string(row.fault), func(t *testing.T) {
			s := sight{"probe." + row.probe, row.app}
			if !held[s] {
				red, all := prove(t, "", subject(row.app), s.Probe)
				if tr := all[sight{s.Probe, orServer(row.app)}]; len(red) > 0 || tr == nil || tr.Result != evidence.Held {
					t.Fatalf("%s does not hold with every defence in place: %+v", s.Probe, tr)
				}
				held[s] = true
			}
			if red, _ := prove(t, row.fault, subject(row.app), s.Probe); len(red) == 0 {
				t.Errorf("%s does not notice", s.Probe)
			}
		})
	}
}

// TestProofPage: the page is fresh, and says of every fault and every probe what
// was seen. What was never seen red is named there as such.
func TestProofPage(t *testing.T) {
	page := proofText()
	if *update {
		if err := os.WriteFile(proofPage, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(proofPage); err != nil || !bytes.Equal(old, page) {
		t.Errorf("docs/proof.md is stale; run: go test -tags faults ./internal/servertest -run TestProofPage -update (%v)", err)
	}
	sees := map[fault.Name]bool{}
	for _, row := range seen {
		if _, ok := probe.ByID("probe." + row.probe); !ok || !slices.Contains(fault.All, row.fault) {
			t.Errorf("%s: no such fault or probe: %s", row.fault, row.probe)
		}
		sees[row.fault] = true
	}
	for _, f := range fault.All {
		if _, why := unseen[f]; why == sees[f] {
			t.Errorf("%s: name the proof that sees it, or say why none does", f)
		}
	}
}

const proofHead = `# What sees a missing defence

A probe that was never seen red proves nothing. A test build can take one defence of the server away at a time
(` + "`internal/fault`" + `); for each of them the probe below must find an attack that works, and must hold while every defence is in
place. The stage ` + "`faults`" + ` of the test command does it for each row. This page is written by the test.

| Defence that is taken away | Probe that turns red | Proven on |
|---|---|---|
`

// proofText is the page.
func proofText() []byte {
	var b bytes.Buffer
	b.WriteString(proofHead)
	red := map[string]int{}
	for _, f := range fault.All {
		for _, row := range seen {
			if row.fault == f {
				fmt.Fprintf(&b, "| %s | `probe.%s` | %s |\n", f, row.probe, orServer(row.app))
				red["probe."+row.probe]++
			}
		}
	}
	b.WriteString("\n## Seen by protocol scripts alone\n\nNo probe sees these; the scripts of `internal/servertest` do.\n\n")
	for _, f := range fault.All {
		if why, ok := unseen[f]; ok {
			fmt.Fprintf(&b, "- %s: %s\n", f, why)
		}
	}
	b.WriteString("\n## Probes that were not seen red yet\n\nUntil a fault turns them red, what they say counts as an observation, not as a proof.\n\n")
	for _, s := range probe.All {
		if red[s.ID] == 0 {
			fmt.Fprintf(&b, "- `%s` %s\n", s.ID, s.Title)
		}
	}
	return b.Bytes()
}
