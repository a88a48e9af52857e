package probe

import (
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/evidence"
)

var redirectFuzz = Scenario{
	ID: "probe.redirect-fuzz", Title: "Redirect URIs that almost match", Controls: []string{"redirect-exact"},
	Story: evidence.Story{
		Attacker: "Somebody who gets a person to click a link.",
		Holds:    "The app's client_id, and an address of their own that looks like the app's.",
		Wants:    "The code, delivered to them instead of the app.",
		Defence:  "A redirect URI is compared character by character. The one freedom is the port of a loopback address; whatever else differs is answered by the server itself, and sent nowhere.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "The registered URI", Changed: "nothing", Expect: "the code arrives there",
			Try: func(t *Trial) {
				t.takesRedirects()
				t.Code()
			},
		},
		fuzz(1, "A path that goes on", "a path suffix, and /../", func(u *url.URL) []string {
			return []string{u.String() + "/more", u.String() + "/../evil", u.Scheme + "://" + u.Host + "/x/.." + u.Path}
		}),
		fuzz(2, "Another query", "a query is added", func(u *url.URL) []string { return []string{u.String() + "?a=b", u.String() + "?"} }),
		fuzz(3, "A host that only begins alike", "a subdomain, and a longer host", func(u *url.URL) []string {
			return []string{
				u.Scheme + "://" + u.Host + ".attacker.example" + u.Path, u.Scheme + "://app." + u.Host + u.Path, u.Scheme + "://" + u.Host + "0" + u.Path,
			}
		}),
		fuzz(4, "User information", "userinfo@ before the host", func(u *url.URL) []string {
			return []string{u.Scheme + "://user@" + u.Host + u.Path, u.Scheme + "://" + u.Host + "@attacker.example" + u.Path}
		}),
		fuzz(5, "Another case", "upper case in path and scheme", func(u *url.URL) []string {
			return []string{u.Scheme + "://" + u.Host + strings.ToUpper(u.Path), strings.ToUpper(u.Scheme) + "://" + u.Host + u.Path}
		}),
		fuzz(6, "Encoded letters", "a letter of the path is percent-encoded", func(u *url.URL) []string {
			return []string{u.Scheme + "://" + u.Host + "/%" + strings.ToUpper(hexOf(u.Path[1:2])) + u.Path[2:]}
		}),
		fuzz(7, "A trailing dot or slash", "a dot after the host, a slash after the path", func(u *url.URL) []string {
			return []string{u.Scheme + "://" + u.Host + "." + u.Path, u.String() + "/"}
		}),
		fuzz(8, "A fragment", "a fragment is added", func(u *url.URL) []string { return []string{u.String() + "#x", u.String() + "#"} }),
		{
			Number: 9, Title: "Two URIs", Changed: "redirect_uri twice", Expect: "400, no redirect",
			Try: func(t *Trial) {
				t.takesRedirects()
				t.stays(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("an attacker", "names two redirect URIs"), Again("redirect_uri", "https://attacker.example/cb")))
			},
		},
		{
			Number: 10, Title: "Another app's URI", Changed: "the redirect URI of another app", Expect: "400, no redirect", Needs: []Piece{NeedAppB},
			Try: func(t *Trial) {
				if t.AppB.Redirect == "" || t.AppB.Redirect == t.App.Redirect {
					t.Skip("the other app has no redirect URI of its own")
				}
				t.fuzzed(t.AppB.Redirect)
			},
		},
		{
			Number: 11, Title: "No URI", Changed: "redirect_uri is left out", Expect: "400, no redirect",
			Try: func(t *Trial) {
				t.takesRedirects()
				t.stays(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("an attacker", "names no redirect URI"), Without("redirect_uri")))
			},
		},
		{Number: 12, Title: "Loopback", Changed: "another port, which is allowed; localhost for the address", Expect: "the port works, the name does not", Try: loopbackURI},
		fuzz(13, "Tricks with characters", "backslash, tab, line break, scripting schemes", func(u *url.URL) []string {
			return []string{
				u.Scheme + `:\\` + u.Host + u.Path, u.Scheme + "://" + u.Host + "\t" + u.Path, u.String() + "\r\nX: y",
				"javascript:alert(1)//" + u.Host, "data:text/html,x", " " + u.String(),
			}
		}),
		{
			Number: 14, Title: "An error to be sent elsewhere", Changed: "a bad scope together with an unregistered URI", Expect: "400, no redirect",
			Try: func(t *Trial) {
				t.takesRedirects()
				t.stays(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("an attacker", "asks for an error at an address of their own"),
					With("redirect_uri", "https://attacker.example/cb"), With("scope", "probe_unlisted")))
			},
		},
	},
}

func hexOf(letter string) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[letter[0]>>4], digits[letter[0]&15]})
}

// fuzz is a case that asks with variants of the registered URI.
func fuzz(number int, title, changed string, variants func(*url.URL) []string) Case {
	return Case{
		Number: number, Title: title, Changed: changed, Expect: "400, no redirect",
		Try: func(t *Trial) {
			u, err := url.Parse(t.App.Redirect)
			if err != nil || len(u.Path) < 2 {
				t.Skip("the app's redirect URI has no path to vary")
			}
			for _, v := range variants(u) {
				t.fuzzed(v)
			}
		},
	}
}

// takesRedirects ends the trial where a login names no redirect URI.
func (t *Trial) takesRedirects() {
	if t.redirectOf() == "" {
		t.Skip("a login at this door names no redirect URI: the code is in the answer itself")
	}
}

func (t *Trial) fuzzed(uri string) {
	t.takesRedirects()
	t.stays(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("an attacker", "asks for the code at "+uri), With("redirect_uri", uri)))
}

// stays: the answer sends nobody anywhere.
func (t *Trial) stays(a *Answer, also ...Refusal) {
	if to := a.Header.Get("Location"); to != "" && a.Status/100 == 3 {
		t.Broken("the server redirects to %s", to)
	}
	t.Refused(a, append([]Refusal{RedirectRefused, RequestRefused}, also...)...)
}

func loopbackURI(t *Trial) {
	t.takesRedirects()
	u, err := url.Parse(t.App.Redirect)
	if err != nil || u.Scheme != "http" || u.Hostname() != "127.0.0.1" {
		t.Skip("the app has no redirect URI on the loopback address")
	}
	port := "http://127.0.0.1:49152" + u.Path
	a := t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("the app", "listens on another port this time"), With("redirect_uri", port))
	if a.Status != http.StatusFound && a.Status != http.StatusSeeOther {
		t.Remark("another port of the loopback address is refused: %s", a.short())
	} else if !strings.HasPrefix(a.Header.Get("Location"), port) {
		t.Broken("the code went to %s", a.Header.Get("Location"))
	}
	t.fuzzed("http://localhost" + u.Path)
	t.fuzzed("http://127.0.0.1/other")
	t.fuzzed("http://127.0.0.2" + u.Path)
}
