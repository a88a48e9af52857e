package browsertest

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a page may take on a slow machine.
const patience = time.Minute

// shows waits until something is on the page, however often the page changes
// meanwhile. what is an XPath, or a selector of CSS.
func shows(t *testing.T, tab context.Context, what string) {
	t.Helper()
	ctx, stop := context.WithTimeout(tab, patience)
	defer stop()
	err := chromedp.Do(ctx, chromedp.WaitVisible(what))
	if err == nil {
		return
	}
	late, enough := context.WithTimeout(tab, 10*time.Second)
	defer enough()
	text, _ := chromedp.Run(late, chromedp.Text("body"))
	t.Fatalf("%s is not shown: %v\nThe page says:\n%s", what, err, text)
}

// says waits until the page says a text. It has to be one that the page before
// does not say.
func says(t *testing.T, tab context.Context, text string) {
	t.Helper()
	shows(t, tab, "//main[contains(normalize-space(.), "+strconv.Quote(text)+")]")
}

// press clicks the button or link of the page that is called so.
func press(t *testing.T, tab context.Context, name string) {
	t.Helper()
	what := "(//main//*[self::a or self::button][normalize-space(.)=" + strconv.Quote(name) + "])[1]"
	shows(t, tab, what)
	run(t, tab, chromedp.Click(what))
}

// fill puts texts into the fields of a form, by their names, in place of what is
// there.
func fill(t *testing.T, tab context.Context, fields ...string) {
	t.Helper()
	for i := 0; i < len(fields); i += 2 {
		shows(t, tab, "#f-"+fields[i])
		run(t, tab, chromedp.SetValue("#f-"+fields[i], fields[i+1]))
	}
}

// read gets the texts of all elements that a selector of CSS finds, hidden ones
// too.
func read(t *testing.T, tab context.Context, selector string) []string {
	t.Helper()
	texts := ask(t, tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll(`+strconv.Quote(selector)+`)].map(e => e.textContent)`))
	for i := range texts {
		texts[i] = strings.TrimSpace(texts[i])
	}
	return texts
}
