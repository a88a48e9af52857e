package browsertest

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// violation is what axe-core says of a page.
type violation struct {
	ID, Impact, Help string
	Nodes            []string
}

// judge runs the rules of WCAG 2.2 A and AA.
const judge = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r =>
  r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map(n => n.html.slice(0, 200) + " " + (n.any[0] || {message: ""}).message)})))`

// TestAccessible has axe-core judge every page in both themes and widths.
func TestAccessible(t *testing.T) {
	script := axe(t)
	s := open(t)
	s.furnish(t)
	tab := s.tab(t, true)
	accessible(t, tab, script, s.URL+"/console/login")
	accessible(t, tab, script, s.link)
	s.join(t, tab)
	paths := s.crawl(t, tab, 1)
	if len(paths) < 4 {
		t.Errorf("only %d pages were found: %v", len(paths), paths)
	}
	for _, path := range paths {
		accessible(t, tab, script, s.URL+path)
	}
}

// TestAxeIsAwake: a page with faults is found out.
func TestAxeIsAwake(t *testing.T) {
	script := axe(t)
	s := open(t)
	tab := s.tab(t, true)
	run(t, tab, look("light", 1280), chromedp.Navigate(s.URL+"/console/login"))
	ask(t, tab, chromedp.Evaluate[bool](`document.querySelector("label").remove(), document.querySelector(".panel p").style.color = "#ccc", true`))
	found := ""
	for _, v := range verdicts(t, tab, script) {
		found += v.ID + " "
	}
	if !strings.Contains(found, "label") || !strings.Contains(found, "color-contrast") {
		t.Errorf("a field without a label and a text without contrast: %s", found)
	}
}

func axe(t *testing.T) string {
	t.Helper()
	file := os.Getenv("TEST_AXE")
	if file == "" {
		t.Skip("TEST_AXE names no axe.min.js")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func accessible(t *testing.T, tab context.Context, script, address string) {
	t.Helper()
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1280} {
			run(t, tab, look(theme, width), chromedp.Navigate(address))
			for _, v := range verdicts(t, tab, script) {
				t.Errorf("%s, %s, %d wide: %s (%s): %s\n  %s", address, theme, width, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n  "))
			}
		}
	}
}

func verdicts(t *testing.T, tab context.Context, script string) []violation {
	t.Helper()
	ask(t, tab, chromedp.Evaluate[bool](script+"\ntrue"))
	return ask(t, tab, chromedp.Evaluate[[]violation](judge, chromedp.EvalAwaitPromise))
}
