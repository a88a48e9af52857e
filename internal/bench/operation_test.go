package bench

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// operation is one thing that a client asks of the server.
type operation struct {
	name    string
	title   string
	least   bill
	target  float64 // how many times its floor it may cost
	durable float64 // changes that it writes, each time
	beyond  string  // what it does that its floor does not: shown where the target is missed
	times   int     // in one round
	prepare func(w *worker) error
	mint    func(w *worker) (string, error) // makes what one time uses up; nil: nothing
	do      func(w *worker, item string) error
}

// bill says which primitives an operation cannot do without: json, and so many
// signatures S, durable writes W and verifications V; or one password.
type bill struct {
	s, w, v  float64
	password bool
}

// primitives that the bill is made of.
func (b bill) primitives() []string {
	if b.password {
		return []string{"argon2id"}
	}
	out := []string{"json"}
	for name, n := range map[string]float64{"es256": b.s, durable(): b.w, "verify-es256": b.v} {
		if n > 0 {
			out = append(out, name)
		}
	}
	return out
}

// durable is the primitive that W is made of: what the server's database does.
func durable() string {
	if *databaseURL != "" {
		return "pg"
	}
	return "sqlite"
}

// sum is the floor in microseconds, by what each primitive took.
func (b bill) sum(cost map[string]float64) float64 {
	if b.password {
		return cost["argon2id"]
	}
	json := cost["json"]
	sum := json
	for name, n := range map[string]float64{"es256": b.s, durable(): b.w, "verify-es256": b.v} {
		if n > 0 {
			sum += n * (cost[name] - json)
		}
	}
	return sum
}

func (b bill) String() string {
	if b.password {
		return "argon2id"
	}
	text := "json"
	for _, term := range []struct {
		n    float64
		name string
	}{{b.s, "S"}, {b.w, "W"}, {b.v, "V"}} {
		switch term.n {
		case 0:
		case 1:
			text += " + " + term.name
		default:
			text += fmt.Sprintf(" + %g %s", term.n, term.name)
		}
	}
	return text
}

// operations is the table of what is measured. Targets are those of the design.
var operations = []operation{
	{
		name: "code-exchange", title: "code exchange: access token, ID token, refresh token",
		least: bill{s: 2, w: 1}, target: 1.5, durable: 1, times: 3000, mint: mintCode, do: exchange,
		beyond: "Its one transaction writes three rows in four trees (the spent code, the family and its index, the event), where W is one row. Besides, it reads the person, checks the app's secret, makes three tokens and logs a line. Of a profile: signatures 35 %, the store's writer 24 %, net/http 9 %, garbage collection 9 %, reading the person 7 %.",
	},
	{
		name: "refresh", title: "refresh with rotation, JWT access token",
		least: bill{s: 1, w: 1}, target: 1.5, durable: 1, times: 3000, prepare: signIn(jwt), do: refresh,
		beyond: "It changes a row and writes the event, where W is one row, and it reads the person: a point read through SQLite costs about as much as `json`. Besides, it checks the app's secret, opens and seals a refresh token and logs a line. Of a profile: the signature 28 %, the store's writer 17 %, net/http 16 %, reading the person 10 %, garbage collection 8 %.",
	},
	{
		name: "client-credentials", title: "client credentials: shared secret, JWT access token",
		least: bill{s: 1}, target: 1.5, durable: 0, times: 4000, do: machineToken,
		beyond: "Besides the signature, it reads a form, checks the app's secret, writes the claims and the answer as JSON, keeps the event for the commit of the second, and logs a line.",
	},
	{
		name: "introspect-opaque", title: "introspection of an opaque token",
		least: bill{}, target: 2, durable: 0, times: 6000, prepare: holdAccess(opaque), do: introspect(opaque),
		beyond: "The floor reads no form and checks no secret: `hmac`, which does, is what it should be held against. Of a profile: net/http 51 %, garbage collection 9 %, the log line 8 %, opening the token 6 %, the app's secret 5 %, writing JSON 5 %.",
	},
	{
		name: "introspect-jwt", title: "introspection of a JWT",
		least: bill{v: 1}, target: 1.5, durable: 0, times: 4000, prepare: holdAccess(jwt), do: introspect(jwt),
	},
	{
		name: "userinfo", title: "userinfo, opaque token",
		least: bill{}, target: 3, durable: 0, times: 5000, prepare: holdAccess(opaque), do: userinfo,
		beyond: "The point read of the person takes 28 %, almost as much as `json`; two thirds of it is the SQLite driver. The rest of a profile: net/http 39 %, garbage collection 9 %, the log line 6 %, opening the token 5 %.",
	},
	{
		name: "challenge", title: "challenge: code and credentials, standard dialect",
		least: bill{password: true}, target: 1.03, durable: 1, times: 96, do: challengeWith,
		beyond: "Logins leave the password pool one by one, so each commits alone, which takes about 1.5 % of a hash. And each hash takes 19 MiB anew, which brings on a garbage collection, of a heap larger than the floor's. Everything else is under 1 %.",
	},
	{
		name: "authorize", title: "authorize: code and credentials, Salesforce dialect",
		least: bill{password: true}, target: 1.03, durable: 1, times: 96, do: authorize,
		beyond: "As challenge.",
	},
	{
		name: "discovery", title: "discovery",
		least: bill{}, target: 1.3, durable: 0, times: 8000, do: document("/.well-known/openid-configuration"),
		beyond: "A bare net/http server with this server's time limits, as many header fields and as long a body takes 1.3 times `json` by itself. The handler adds a fifth, half of it the log line; garbage collection is 7 %.",
	},
	{
		name: "jwks", title: "JWKS",
		least: bill{}, target: 1.3, durable: 0, times: 8000, do: document("/oauth2/jwks"),
		beyond: "As discovery.",
	},
	{
		name: "revocation", title: "revocation of a refresh token",
		least: bill{w: 1}, target: 1.5, durable: 1, times: 2500, mint: mintRefresh, do: revoke,
		beyond: "Its transaction marks the family and writes an ending and the event: three rows, where W is one. Of a profile: net/http 24 %, the store's writer 31 %, the poll that carries endings to memory 9 %, garbage collection 5 %.",
	},
}

func jwt(s *countersign) app    { return s.signed }
func opaque(s *countersign) app { return s.opaque }

// mintCode seals a code as a login would: nothing is stored when one is issued,
// so none of it is missing, and it costs the server no password.
func mintCode(w *worker) (string, error) { return sealCode(w, w.s.signed), nil }

func sealCode(w *worker, a app) string {
	now := time.Now()
	return grant.SealCode(w.s.keys, grant.Code{
		Grant: grant.Grant{
			ID: secret.NewID(now), Client: a.id, User: w.person.ID, Epoch: w.person.Epoch, Flow: flow.CodeAndCredentials,
			Scopes:   oauth.Scopes{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopeOfflineAccess},
			AuthTime: now, AMR: []string{"pwd"}, ACR: "urn:countersign:acr:password", Nonce: "n-0S6_WzA2Mj",
		},
		Challenge: grant.ChallengeHash(verifier), Expires: now.Add(2 * time.Minute),
	})
}

func redeem(w *worker, a app, code string) (answer, error) {
	got, err := w.post("/oauth2/token", a.basic, "grant_type=authorization_code&code="+code+"&code_verifier="+verifier)
	if err != nil {
		return got, err
	}
	return got, got.unless(http.StatusOK)
}

func exchange(w *worker, code string) error {
	_, err := redeem(w, w.s.signed, code)
	return err
}

// signIn gives the worker a refresh token of its own.
func signIn(of func(*countersign) app) func(*worker) error {
	return func(w *worker) error {
		a := of(w.s)
		got, err := redeem(w, a, sealCode(w, a))
		w.token = got.member("refresh_token")
		return err
	}
}

// holdAccess gives the worker an access token.
func holdAccess(of func(*countersign) app) func(*worker) error {
	return func(w *worker) error {
		a := of(w.s)
		got, err := redeem(w, a, sealCode(w, a))
		w.token = got.member("access_token")
		return err
	}
}

func mintRefresh(w *worker) (string, error) {
	got, err := redeem(w, w.s.opaque, sealCode(w, w.s.opaque))
	return got.member("refresh_token"), err
}

var errNoRefresh = errors.New("the answer has no new refresh token")

func refresh(w *worker, _ string) error {
	got, err := w.post("/oauth2/token", w.s.signed.basic, "grant_type=refresh_token&refresh_token="+w.token)
	if err != nil {
		return err
	}
	old := w.token
	if w.token = got.member("refresh_token"); got.status == http.StatusOK && (w.token == "" || w.token == old) {
		return errNoRefresh
	}
	return got.unless(http.StatusOK)
}

var errNoAccess = errors.New("the answer has no access token")

func machineToken(w *worker, _ string) error {
	got, err := w.post("/oauth2/token", w.s.signed.basic, "grant_type=client_credentials")
	if err != nil {
		return err
	}
	if got.status == http.StatusOK && got.member("access_token") == "" {
		return errNoAccess
	}
	return got.unless(http.StatusOK)
}

var errInactive = errors.New("the token is not active")

func introspect(of func(*countersign) app) func(*worker, string) error {
	return func(w *worker, _ string) error {
		got, err := w.post("/oauth2/introspect", of(w.s).basic, "token="+w.token)
		if err != nil {
			return err
		}
		if got.status == http.StatusOK && !strings.HasPrefix(string(got.body), `{"active":true`) {
			return errInactive
		}
		return got.unless(http.StatusOK)
	}
}

func userinfo(w *worker, _ string) error {
	got, err := w.get("/oauth2/userinfo", "Authorization: Bearer "+w.token+"\r\n")
	if err != nil {
		return err
	}
	return got.unless(http.StatusOK)
}

func challengeWith(w *worker, _ string) error {
	got, err := w.post("/oauth2/challenge", w.s.signed.basic, url.Values{
		"response_type": {"code"}, "username": {w.person.Username}, "password": {password}, "scope": {"openid offline_access"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode())
	if err != nil {
		return err
	}
	return got.unless(http.StatusOK)
}

var errNoCode = errors.New("the redirect has no code")

func authorize(w *worker, _ string) error {
	basic := base64.StdEncoding.EncodeToString([]byte(w.person.Username + ":" + password))
	got, err := w.post("/services/oauth2/authorize", "Auth-Request-Type: Named-User\r\nAuthorization: Basic "+basic+"\r\n", url.Values{
		"response_type": {"code_credentials"}, "client_id": {string(w.s.signed.id)}, "redirect_uri": {callback}, "code_challenge": {challenge},
	}.Encode())
	if err != nil {
		return err
	}
	if got.status == http.StatusFound && !strings.Contains(got.location, "code=") {
		return errNoCode
	}
	return got.unless(http.StatusFound)
}

func document(path string) func(*worker, string) error {
	return func(w *worker, _ string) error {
		got, err := w.get(path, "")
		if err != nil {
			return err
		}
		return got.unless(http.StatusOK)
	}
}

func revoke(w *worker, token string) error {
	got, err := w.post("/oauth2/revoke", w.s.opaque.basic, "token="+token)
	if err != nil {
		return err
	}
	return got.unless(http.StatusOK)
}
