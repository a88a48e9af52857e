package probe

import (
	"net/http"
	"strings"

	"countersign/internal/evidence"
)

var leakCanary = Scenario{
	ID: "probe.leak-canary", Title: "Secrets in headers, caches and logs", Controls: []string{"no-store-no-leak"}, Server: true,
	Story: evidence.Story{
		Attacker: "Somebody who never touches the server: they read its logs, a cache on the way, a history.",
		Holds:    "Access to what is written down.",
		Wants:    "A secret that somebody wrote down by accident.",
		Defence:  "Answers with secrets may be kept by nobody; secrets in a URL are refused, so that nobody learns to send them there; and no log has ever seen one.",
	},
	Cases: []Case{
		{Number: 0, Title: "Every flow runs once", Changed: "nothing", Expect: "200", Needs: []Piece{NeedCodes}, Try: func(t *Trial) { t.tour() }},
		{
			Number: 1, Title: "Caches", Changed: "the headers of every answer, refusals included", Expect: "Cache-Control: no-store", Needs: []Piece{NeedCodes},
			Try: func(t *Trial) {
				for _, a := range t.tour() {
					if a.Fault == "" && !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
						t.Broken("an answer with status %d may be cached", a.Status)
					}
				}
			},
		},
		{Number: 2, Title: "Pages", Changed: "references to other origins", Expect: "none", Try: func(t *Trial) { t.Skip("no flow of this server shows a page to people who sign in") }},
		{
			Number: 3, Title: "Secrets in the URL", Changed: "token and code in the query", Expect: "refused", Needs: []Piece{NeedCodes, NeedUserinfo},
			Try: func(t *Trial) {
				t.tokenInURL(t.SignIn().Access)
				t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("a careless app", "sends the code in the URL"), InQuery("code", "code_verifier")), RequestRefused, GrantRefused)
			},
		},
		{
			Number: 4, Title: "Logs", Changed: "log, metrics and audit log are searched for every secret of this scenario", Expect: "no hit", Needs: []Piece{NeedTraces, NeedCodes},
			Try: func(t *Trial) {
				t.tour()
				all := t.wire.o.Mask.Secrets()
				for _, text := range all {
					if len(text) > 32 {
						all = append(all, text[len(text)-16:])
					}
				}
				t.notInTraces("a secret, or the end of one,", all...)
			},
		},
	},
}

// tour uses every endpoint once, rightly and wrongly, and gives the answers.
func (t *Trial) tour() []*Answer {
	v := t.NewVerifier()
	login := t.Send(t.Login(t.App, t.Person, v))
	code := Code{Text: codeIn(login), Verifier: v, Redirect: t.redirectOf()}
	if code.Text == "" {
		t.Inconclusive("the honest login was refused: %s", login.short())
	}
	redeemed := t.Send(t.Redeem(t.App, code))
	t.Must(redeemed, "the honest redemption")
	f := tokensIn(redeemed)
	all := []*Answer{login, redeemed}
	if t.Door.Userinfo != "" {
		all = append(all, t.Send(t.UserinfoRequest(f.Access)), t.Send(t.UserinfoRequest(f.Access+"x"), By("a thief", "shows a wrong token")))
	}
	if t.Door.Introspect != "" {
		all = append(all, t.Send(t.IntrospectRequest(t.App, f.Access)))
	}
	if f.Refresh != "" {
		all = append(all, t.Send(t.RefreshRequest(t.App, f.Refresh)))
	}
	all = append(all, t.Send(t.Redeem(t.App, code), By("a thief", "redeems the code again")))
	if t.Door.Revoke != "" {
		all = append(all, t.Send(t.RevokeRequest(t.App, f.Access)))
	}
	wrong := &Person{Username: t.Person.Username, Password: t.NewVerifier()}
	return append(all, t.Send(t.Login(t.App, wrong, t.NewVerifier()), By("a thief", "tries a wrong password"), Outside))
}

var nativeBrowser = Scenario{
	ID: "probe.native-browser", Title: "Neighbours on the user's device", Controls: []string{"native-and-browser-apps"},
	Story: evidence.Story{
		Attacker: "A page in another tab, or another app on the same telephone.",
		Holds:    "Whatever any page and any app can do.",
		Wants:    "To read an answer of the server from a page that is not the app's, or to catch the app's redirect.",
		Defence:  "No page reads anything but those of origins an administrator registered; redirect URIs of apps on devices are ones nobody else can claim.",
	},
	Applies: noCodes,
	Cases: []Case{
		{Number: 0, Title: "The app signs somebody in", Changed: "nothing", Expect: "200", Try: func(t *Trial) { t.SignIn() }},
		{
			Number: 1, Title: "A stranger's page at the token endpoint", Changed: "Origin: https://attacker.example", Expect: "no Access-Control-Allow-Origin",
			Try: func(t *Trial) {
				t.unreadable(t.Send(t.Redeem(t.App, t.Code()), By("a stranger's page", "redeems a code"), Header("Origin", strangersOrigin)))
				t.unreadable(t.Send(t.UserinfoRequest("x"), By("a stranger's page", "asks for userinfo"), Header("Origin", strangersOrigin)))
			},
		},
		{
			Number: 2, Title: "A stranger's page asks whether it may", Changed: "preflight at login and token endpoint", Expect: "no Access-Control-Allow-Origin",
			Try: func(t *Trial) {
				for _, address := range []string{t.Door.Login, t.Door.Token, t.Door.Introspect} {
					if address == "" {
						continue
					}
					t.unreadable(t.Send(t.request(http.MethodOptions, address, "asks whether it may", nil, nil), By("a stranger's page", "asks whether it may"),
						Header("Origin", strangersOrigin), Header("Access-Control-Request-Method", "POST"), Header("Access-Control-Request-Headers", "authorization")))
				}
			},
		},
		{
			Number: 3, Title: "localhost for the address", Changed: "redirect URI with the name localhost", Expect: "refused at the request",
			Try: func(t *Trial) {
				if !strings.HasPrefix(t.App.Redirect, "http://127.0.0.1") {
					t.Skip("the app has no redirect URI on the loopback address")
				}
				t.fuzzed(strings.Replace(t.App.Redirect, "127.0.0.1", "localhost", 1))
			},
		},
		{
			Number: 4, Title: "A scheme that anybody can claim", Changed: "a private scheme without a dot", Expect: "refused at registration", Once: true,
			Try: func(t *Trial) {
				if t.Operator.Register == nil {
					t.Skip("there is no operator who could register it")
				}
				if t.Operator.Register(t.ctx, "redirect-uri", "myapp:/callback") == nil {
					t.Broken("a private scheme without a dot was registered")
				}
			},
		},
		{Number: 5, Title: "Loopback with another port", Changed: "another port", Expect: "it works", Try: loopbackURI},
	},
}

const strangersOrigin = "https://attacker.example"

// unreadable: a page at a stranger's origin cannot read the answer.
//
// Spec: Fetch, CORS protocol.
func (t *Trial) unreadable(a *Answer) {
	if allowed := a.Header.Get("Access-Control-Allow-Origin"); allowed == "*" || allowed == strangersOrigin {
		t.Broken("a page at %s may read the answer", strangersOrigin)
	}
}
