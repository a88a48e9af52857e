package probe

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"countersign/internal/evidence"
)

var expiry = Scenario{
	ID: "probe.expiry", Title: "Use after the end", Controls: []string{"session-timeout", "refresh-token-lifetime"},
	Story: evidence.Story{
		Attacker: "Somebody who finds old things: a token in a log of last week, a telephone in a drawer.",
		Holds:    "Tokens whose time is over.",
		Wants:    "That nobody looks at the clock.",
		Defence:  "Every token has an end, the same one everywhere it is written, and every endpoint looks at it.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "Tokens work before their end", Changed: "nothing", Expect: "200", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				if t.LifeOf(t.SignIn().Access, "does the access token work?") == Dead {
					t.Inconclusive("a fresh access token does not work")
				}
			},
		},
		{Number: 1, Title: "One end, wherever it is written", Changed: "expires_in, exp and introspection compared with the settings", Expect: "all agree", Try: endsAgree},
		{
			Number: 2, Title: "An idle session", Changed: "prompt=none after the session's timeout", Expect: "login_required",
			Try: func(t *Trial) { t.Skip("a login without pages leaves no session behind") },
		},
		{
			Number: 3, Title: "An access token after its end", Changed: "used when its time is over", Expect: "401 invalid_token, inactive", Needs: []Piece{NeedClock, NeedUserinfo},
			Try: func(t *Trial) {
				f := t.SignIn()
				life := t.settings().AccessTTL
				if n, ok := f.Answer.JSON["expires_in"].(float64); ok {
					life = max(life, time.Duration(n)*time.Second)
				}
				t.Advance(life + 2*time.Second)
				t.declined(t.Send(t.UserinfoRequest(f.Access), By("a finder", "uses the old access token")), TokenRefused)
				if t.Door.Introspect != "" && !t.App.Public() {
					if active, _ := t.Send(t.IntrospectRequest(t.App, f.Access)).JSON["active"].(bool); active {
						t.Broken("introspection calls an access token active after its end")
					}
				}
			},
		},
		{Number: 4, Title: "A refresh token after its end", Changed: "used after the idle time; in another family, after the absolute time in spite of regular use", Expect: "400 invalid_grant", Needs: []Piece{NeedClock}, Try: refreshEnds},
	},
}

func endsAgree(t *Trial) {
	f := t.SignIn()
	lives := map[string]time.Duration{}
	if n, ok := f.Answer.JSON["expires_in"].(float64); ok {
		lives["expires_in"] = time.Duration(n) * time.Second
	}
	if claims := claimsOf(f.Access); claims != nil {
		lives["the token"] = lifeIn(claims)
	}
	if t.Door.Introspect != "" && !t.App.Public() {
		if a := t.Send(t.IntrospectRequest(t.App, f.Access)); a.JSON["exp"] != nil && a.JSON["iat"] != nil {
			lives["introspection"] = lifeIn(a.JSON)
		}
	}
	if t.told() {
		lives["the settings"] = t.settings().AccessTTL
	}
	var first string
	for where, life := range lives {
		if first == "" {
			first = where
		}
		if d := life - lives[first]; d > time.Second || d < -time.Second {
			t.Broken("%s says %s, %s says %s", where, life, first, lives[first])
		}
	}
}

// lifeIn is exp - iat of claims.
func lifeIn(claims map[string]any) time.Duration {
	exp, _ := claims["exp"].(float64)
	iat, _ := claims["iat"].(float64)
	return time.Duration(exp-iat) * time.Second
}

// claimsOf reads a JWT without trusting it; nil is no JWT.
func claimsOf(token string) map[string]any { return segment(token, 1) }

func segment(token string, n int) map[string]any {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err != nil {
		return nil
	}
	var out map[string]any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}

// mostRefreshes bounds how often a family is refreshed on its way to the end.
const mostRefreshes = 25

func refreshEnds(t *Trial) {
	if why := noRefresh(t.Target); why != "" {
		t.Skip("%s", why)
	}
	s := t.settings()
	if !t.told() {
		t.Inconclusive("nobody told when refresh tokens end")
	}
	if s.RefreshIdle > 0 {
		f := t.family()
		t.Advance(s.RefreshIdle + 2*time.Second)
		t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("a finder", "refreshes after the idle time")), GrantRefused)
	}
	end := s.RefreshAbsolute
	if end == 0 {
		end = 400 * 24 * time.Hour
	}
	step := end + 2*time.Second
	if s.RefreshIdle > 0 {
		step = s.RefreshIdle * 9 / 10
	}
	if end/step > mostRefreshes {
		t.Remark("the absolute end was not tried: it takes more than %d refreshes to get there", mostRefreshes)
		return
	}
	f := t.family()
	for gone := time.Duration(0); gone <= end; gone += step {
		t.Advance(step)
		a := t.Send(t.RefreshRequest(t.App, f.Refresh), By("a thief", "refreshes regularly"))
		if a.Status != http.StatusOK {
			t.Refused(a, GrantRefused)
			if gone+step <= end-2*time.Second {
				t.Inconclusive("the refresh token ended early, after %s", gone+step)
			}
			return
		}
		if next := a.Text("refresh_token"); next != "" {
			f.Refresh = next
		}
	}
	t.Broken("a refresh token that is used regularly works after %s", end)
}
