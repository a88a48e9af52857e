// Package browsertest looks at the pages with a real browser: Chromium, against
// the real server on a loopback port. Its tests are skipped unless TEST_BROWSER
// names a Chromium; the stage browser of scripts/test does. TEST_AXE is axe-core's
// axe.min.js, for the test of accessibility. TEST_SCREENSHOTS is a folder outside
// the repository: with it, every page is written there as a picture, in both
// themes and two widths.
package browsertest

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"countersign/internal/admin"
	"countersign/internal/config"
	"countersign/internal/servertest"
)

// What the first owner signs in with.
const (
	Owner    = "olga@example.com"
	Password = "quite a long walk by the river"
)

// site is a running server with things in it, and what the tests know of it.
type site struct {
	*servertest.Node
	link string // for the first owner
}

// chromium is the browser of all tests of a run, started by the first.
var chromium context.Context

// open starts the server; skipped where there is no browser. Each change is made
// to the configuration before.
func open(t *testing.T, changes ...func(*config.Config)) *site {
	t.Helper()
	if os.Getenv("TEST_BROWSER") == "" {
		t.Skip("TEST_BROWSER names no Chromium")
	}
	n := servertest.StartForTest(t, func(c *config.Config) {
		c.Console.SecondFactor, c.Console.Idle, c.Console.Proof = false, c.Console.Proof*6, c.Console.Proof*6
		for _, change := range changes {
			change(c)
		}
	})
	link, err := n.Server().Bootstrap(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &site{n, link}
}

// desk is where the test works beside the browser.
func (s *site) desk() *admin.Desk { return s.Server().Desk }

// tab opens a tab with cookies of its own. Script says whether the pages may run
// any.
func (s *site) tab(t *testing.T, script bool) context.Context {
	t.Helper()
	if chromium == nil {
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(os.Getenv("TEST_BROWSER")), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("hide-scrollbars", true))
		alloc, _ := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, _ := chromedp.NewContext(alloc)
		if err := chromedp.Do(ctx); err != nil {
			t.Fatal("start Chromium: ", err)
		}
		chromium = ctx
	}
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, scripts(script)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// scripts lets pages run scripts, or forbids it as some people's browsers do.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// closeBrowser ends the browser.
func closeBrowser() {
	if chromium != nil {
		_ = chromedp.Cancel(chromium)
	}
}

// run does things in a tab.
func run(t *testing.T, tab context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, actions...); err != nil {
		t.Fatal(err)
	}
}

// ask gets a value from a tab.
func ask[T any](t *testing.T, tab context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(tab, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// join lets the first owner in.
func (s *site) join(t *testing.T, tab context.Context) {
	t.Helper()
	run(t, tab,
		chromedp.Navigate(s.link),
		chromedp.SendKeys("#f-name", Owner),
		chromedp.SendKeys("#f-password", Password),
		chromedp.Click("form.panel button"),
		chromedp.WaitVisible("nav.nav"),
	)
}

// crawl finds pages by following links from the overview: at most some of every
// kind, told apart by their path without ids.
func (s *site) crawl(t *testing.T, tab context.Context, each int) []string {
	t.Helper()
	seen, kinds := map[string]bool{"/console/": true}, map[string]int{}
	todo := []string{"/console/"}
	var out []string
	for len(todo) > 0 && len(out) < 150 {
		path := todo[0]
		todo = todo[1:]
		if err := chromedp.Do(tab, chromedp.Navigate(s.URL+path)); err != nil && strings.Contains(err.Error(), "ERR_ABORTED") {
			continue // a file to download
		} else if err != nil {
			t.Fatal(err)
		}
		media := ask(t, tab, chromedp.Evaluate[string](`document.contentType`))
		links := ask(t, tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href]")].filter(a => !a.hasAttribute("download")).map(a => a.href)`))
		if media != "text/html" {
			continue
		}
		out = append(out, path)
		for _, l := range links {
			u, err := url.Parse(l)
			if err != nil || u.Scheme+"://"+u.Host != s.URL || !strings.HasPrefix(u.Path, "/console/") || strings.Contains(u.Path, "/static/") || strings.Contains(u.Path, "/download") {
				continue
			}
			u.Fragment = ""
			next := u.RequestURI()
			if kind := kindOf(u); !seen[next] && kinds[kind] < each {
				kinds[kind]++
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	return out
}

// kindOf is a path with its ids taken out, and the names of its query.
func kindOf(u *url.URL) string {
	parts := strings.Split(u.Path, "/")
	for i, p := range parts {
		if i > 2 && (len(p) > 15 || strings.ContainsAny(p, "0123456789") || i == 3) && !isAction(p) {
			parts[i] = "*"
		}
	}
	kind := strings.Join(parts, "/")
	for name := range u.Query() {
		kind += "?" + name
	}
	return kind
}

// isAction says whether a segment is the word of an action, not an id.
func isAction(p string) bool {
	switch p {
	case "new", "rotate", "invite", "runs", "diff", "password", "authenticator", "waivers", "recovery":
		return true
	}
	return false
}
