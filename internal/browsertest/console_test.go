package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWithoutScript walks through the console in a browser that runs no script:
// everything must work.
func TestWithoutScript(t *testing.T) {
	s := open(t)
	tab := s.tab(t, false)
	s.join(t, tab)
	run(t, tab,
		chromedp.Click(`a[href="/console/keys"]`), chromedp.WaitVisible(`a[href="/console/keys/rotate"]`),
		chromedp.Click(`a[href="/console/keys/rotate"]`), chromedp.WaitVisible(`form.panel`),
		chromedp.Click(`form.panel button`), chromedp.WaitVisible(`.notice`))
	if text := ask(t, tab, chromedp.Text(`.notice`)); !strings.Contains(text, "was made and is published") {
		t.Errorf("after making a key: %s", text)
	}
	run(t, tab, chromedp.Click(`button[name="theme"]`), chromedp.WaitVisible(`html[data-theme="dark"]`))
	run(t, tab, chromedp.Click(`.tools form:last-of-type button`), chromedp.WaitVisible(`#f-password`))
	run(t, tab,
		chromedp.SendKeys("#f-name", Owner), chromedp.SendKeys("#f-password", "not it at all"), chromedp.Click("form.panel button"),
		chromedp.WaitVisible(`[role="alert"]`))
	run(t, tab,
		chromedp.SendKeys("#f-password", Password), chromedp.Click("form.panel button"), chromedp.WaitVisible("nav.nav"))
}
