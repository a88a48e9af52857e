package endpoint_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"countersign/internal/housetest"
)

// sent answers a form of a stranger, a minute after the last one: the throttles
// forget, so that every form is looked at.
func (p *place) sent(path, body string, header ...string) *httptest.ResponseRecorder {
	p.Clock.Forward(time.Minute)
	p.log.Reset()
	p.refused = nil
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return p.send(r)
}

// whoever knows no secret gets no token and causes no fault.
func refusedOrThrottled(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code < 400 || w.Code >= 500 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if m := members(t, w); m["error"] == nil || m["access_token"] != nil || m["authorization_code"] != nil {
		t.Error(m)
	}
}

func FuzzTokenForm(f *testing.F) {
	for _, seed := range []string{
		"grant_type=authorization_code&code=csc1_x&client_id=mobile-public&code_verifier=x",
		"grant_type=refresh_token&refresh_token=csr1_AAAA&client_id=shop-confidential&client_secret=x",
		"grant_type=password&username=a&password=b", "client_id=%00", "a=1&a=2", "scope=%22", "=&=", "%",
		"client_id=mobile-public&grant_type=authorization_code&code=%F0%9F%94%91&scope=a++b",
	} {
		f.Add(seed)
	}
	p := open(f)
	f.Fuzz(func(t *testing.T, body string) {
		refusedOrThrottled(t, p.sent("/oauth2/token", body))
	})
}

func FuzzChallengeForm(f *testing.F) {
	valid := opening()
	valid.Set("client_id", string(housetest.Mobile))
	valid.Set("password", "wrong")
	for _, seed := range []string{
		valid.Encode(), "response_type=code&client_id=mobile-public", "auth_session=x&client_id=mobile-public",
		"client_id=mobile-public&response_type=code&code_challenge=x&code_challenge_method=plain", "username=a&username=b", "&&&", "%zz=1",
	} {
		f.Add(seed)
	}
	p := open(f)
	p.Headless.Ready = func() error { return nil } // the store does not keep up with this clock
	f.Fuzz(func(t *testing.T, body string) {
		refusedOrThrottled(t, p.sent("/oauth2/challenge", body))
	})
}

func FuzzBasicHeader(f *testing.F) {
	p := open(f)
	right := base64.StdEncoding.EncodeToString([]byte(string(housetest.Shop) + ":" + p.Secrets[housetest.Shop]))
	for _, seed := range []string{right + "=", right + "\n", "eDp5", "eDp5==", "OnB3", "eA==", "%", "", "eDolenp6", strings.Repeat("A", 4096)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.TrimLeft(value, " ") == right { // the one spelling
			return
		}
		w := p.sent("/oauth2/introspect", "token=x", "Authorization", "Basic "+value)
		if strings.Trim(value, " ") == right {
			t.Skip("a blank at the end")
		}
		refusedOrThrottled(t, w)
	})
}
