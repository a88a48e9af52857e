package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"

	"countersign/internal/config"
	"countersign/internal/console/consoletest"
)

// TestSignInWithACode: the first owner has to set up an authenticator, signs out,
// and comes in again with the password and a code that was not used before.
func TestSignInWithACode(t *testing.T) {
	s := open(t, func(c *config.Config) { c.Console.SecondFactor = true })
	tab := s.tab(t, true)
	run(t, tab, chromedp.Navigate(s.link))
	fill(t, tab, "name", Owner, "password", Password)
	press(t, tab, "Set the password and sign in")
	says(t, tab, "Set one up to go on")
	shows(t, tab, "svg.qr, .qr svg")
	offered := read(t, tab, ".secret code")
	if len(offered) != 1 {
		t.Fatalf("%d secrets to type", len(offered))
	}
	first := consoletest.Code(offered[0], s.Clock.Now())
	fill(t, tab, "code", first)
	press(t, tab, "Set it up")
	says(t, tab, "Your authenticator is set up")
	if codes := read(t, tab, ".reveal dd"); len(codes) < 8 {
		t.Errorf("%d recovery codes", len(codes))
	}

	shows(t, tab, ".tools form:last-of-type button")
	run(t, tab, chromedp.Click(".tools form:last-of-type button"))
	fill(t, tab, "name", Owner, "password", Password)
	press(t, tab, "Sign in")
	says(t, tab, "Six digits from your authenticator")
	fill(t, tab, "code", first)
	press(t, tab, "Sign in")
	shows(t, tab, `[role="alert"]`) // it was used before
	s.Clock.Forward(2 * 30e9)
	fill(t, tab, "code", consoletest.Code(offered[0], s.Clock.Now()))
	press(t, tab, "Sign in")
	shows(t, tab, "nav.nav")
}
