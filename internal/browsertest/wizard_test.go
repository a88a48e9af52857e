package browsertest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tokens are what a login gets.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// TestFromTheWizardToTheEnd makes an app by the wizard, runs the curl snippet as
// it stands on the page, finds the session it began at the person, and ends it:
// with scripts, and in a browser that runs none.
func TestFromTheWizardToTheEnd(t *testing.T) {
	for name, script := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.furnish(t)
			tab := s.tab(t, script)
			s.join(t, tab)
			run(t, tab, chromedp.Navigate(s.URL+"/console/apps/new"))
			says(t, tab, "Each kind comes with a secure preset")
			run(t, tab, chromedp.Click(`a[href="/console/apps/new?kind=server"]`))
			fill(t, tab, "name", "Shop", "redirect-uri", "not an address")
			press(t, tab, "Make the app")
			shows(t, tab, ".field.wrong #f-redirect-uri")
			fill(t, tab, "redirect-uri", "https://shop.example/callback")
			press(t, tab, "Make the app")
			says(t, tab, "Shop is made.")

			credentials := read(t, tab, ".reveal code")
			snippet := read(t, tab, "#curl pre")
			if len(credentials) != 2 || len(snippet) != 1 || !strings.Contains(snippet[0], credentials[1]) {
				t.Fatalf("%d credentials, %d snippets for curl, or a secret that is not in it", len(credentials), len(snippet))
			}
			run(t, tab, chromedp.Reload())
			says(t, tab, "The secret is not in the code")
			if text := read(t, tab, "body"); strings.Contains(text[0], credentials[1]) {
				t.Error("the secret is shown a second time")
			}
			got := paste(t, snippet[0])
			if status := s.refresh(t, credentials, &got); status != http.StatusOK {
				t.Fatalf("a refresh: %d", status)
			}
			s.end(t, tab, credentials[0])
			if status := s.refresh(t, credentials, &got); status != http.StatusBadRequest {
				t.Errorf("a refresh after the session was ended: %d", status)
			}
		})
	}
}

// paste runs a snippet in a shell, as a person would.
func paste(t *testing.T, snippet string) tokens {
	t.Helper()
	for _, tool := range []string{"sh", "curl", "openssl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("the snippet cannot be run here: ", err)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "sh")
	cmd.Stdin = strings.NewReader(snippet)
	cmd.Env = append(os.Environ(), "LOGIN_USER=anna@example.com", "LOGIN_PASSWORD=a password of anna, long enough")
	out, err := cmd.CombinedOutput()
	var got tokens
	if err == nil {
		err = json.Unmarshal(out, &got)
	}
	if err != nil || got.Access == "" || got.Refresh == "" {
		t.Fatalf("the snippet: %v\n%s", err, out)
	}
	return got
}

// refresh asks for new tokens, keeps them, and returns the status.
func (s *site) refresh(t *testing.T, credentials []string, have *tokens) int {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {have.Refresh}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(credentials[0], credentials[1])
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(have); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// end ends the session of anna from her page.
func (s *site) end(t *testing.T, tab context.Context, app string) {
	t.Helper()
	run(t, tab, chromedp.Navigate(s.URL+"/console/people"))
	press(t, tab, "anna@example.com")
	says(t, tab, "Each is what the person allowed one app")
	shows(t, tab, `//section[@aria-label="Sessions and grants"]//a[.="`+app+`"]`)
	press(t, tab, "End")
	says(t, tab, "Nothing is alive")
}
