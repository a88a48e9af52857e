package probe

import (
	"net/http"
	"time"

	"countersign/internal/evidence"
)

var machineIdentity = Scenario{
	ID: "probe.machine-identity", Title: "Machine tokens beyond their identity", Controls: []string{"client-credentials-policy"},
	Story: evidence.Story{
		Attacker: "Whoever got into the machine that the app runs on.",
		Holds:    "The app's credentials.",
		Wants:    "A person's rights with a machine's token: a scope beyond the app's, an interface for people, a call from elsewhere.",
		Defence:  "A token without a person says so, and opens what the app itself may open, from where it may be used.",
	},
	Applies: func(t *Target) string {
		switch {
		case t.settings().Disabled:
			return "the app is switched off"
		case !t.settings().ClientCredentials:
			return "the app gets no tokens for itself"
		}
		return ""
	},
	Cases: []Case{
		{Number: 0, Title: "A token of its own", Changed: "nothing", Expect: "200", Try: func(t *Trial) { t.machineToken() }},
		{
			Number: 1, Title: "Whose token it is", Changed: "read", Expect: "the app's, and no person's", Needs: []Piece{NeedIntrospect},
			Try: func(t *Trial) {
				a := t.Send(t.IntrospectRequest(t.App, t.machineToken()))
				if who := a.Text("client_id"); who != "" && who != t.App.ID {
					t.Broken("the token says it is of %s", who)
				}
				if a.Text("username") != "" {
					t.Broken("a token without a person names one")
				}
			},
		},
		{
			Number: 2, Title: "A scope beyond", Changed: "a scope outside the app's list", Expect: "400 invalid_scope",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.grant(clientCredentials, "asks for a scope beyond the app's", "scope", "probe_unlisted")), ScopeRefused)
			},
		},
		{
			Number: 3, Title: "Where people are asked for", Changed: "userinfo", Expect: "403", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				t.declined(t.Send(t.UserinfoRequest(t.machineToken()), By("a machine", "asks whose profile it has")), Forbidden, TokenRefused)
			},
		},
		{
			Number: 4, Title: "Beyond its quota", Changed: "four tokens where three in an hour are allowed", Expect: "429 for the fourth",
			Needs: []Piece{NeedClock}, Try: beyondQuota,
		},
		{
			Number: 5, Title: "From outside", Changed: "another address", Expect: "refused", Needs: []Piece{NeedNetworkB},
			Try: func(t *Trial) {
				if !t.settings().Fenced {
					t.Skip("the app is not fenced by address")
				}
				t.Refused(t.Send(t.grant(clientCredentials, "asks from outside"), By("a thief", "asks from outside"), Outside), NotAdmitted, GrantRefused)
			},
		},
		{
			Number: 6, Title: "An app named like a person", Changed: "a client_id that is a person's id", Expect: "refused", Once: true,
			Try: func(t *Trial) { t.Skip("ids of apps are checked where they are made") },
		},
	},
}

// beyondQuota gives the app a quota and uses it up. The hour that ends the case
// gives back what it took.
//
// Spec: RFC 6585 §4.
func beyondQuota(t *Trial) {
	const hourly = 3
	if t.Operator.Quota == nil {
		t.Skip("there is no operator who could set a quota")
	}
	t.operate(t.Operator.Quota(t.ctx, t.App.ID, hourly))
	defer func() {
		t.operate(t.Operator.Quota(t.ctx, t.App.ID, 0))
		t.Advance(time.Hour)
	}()
	for range hourly {
		t.machineToken()
	}
	a := t.Send(t.grant(clientCredentials, "asks once more"), By("whoever has the machine", "asks for one token more than the quota"))
	t.Refused(a)
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Remark("refused with %s, where 429 with Retry-After is usual", a.short())
	}
}

func (t *Trial) machineToken() string {
	a := t.Send(t.grant(clientCredentials, "asks for a token of its own"))
	t.Must(a, "the app's own token", http.StatusOK)
	return a.Text("access_token")
}

var claimSurplus = Scenario{
	ID: "probe.claim-surplus", Title: "Undeclared claims", Controls: []string{"custom-attributes"},
	Story: evidence.Story{
		Attacker: "An app that collects what it gets.",
		Holds:    "A person's consent to something small.",
		Wants:    "More about the person than it was given: an address, a telephone number.",
		Defence:  "Claims follow scopes, wherever they are written.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "Allowed claims arrive", Changed: "nothing", Expect: "sub", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				if !t.has("openid") {
					t.Skip("the app may not ask who somebody is")
				}
				if a := t.Send(t.UserinfoRequest(t.SignIn().Access)); a.Status != http.StatusOK {
					t.Inconclusive("userinfo refused the app: %s", a.short())
				}
			},
		},
		{
			Number: 1, Title: "With openid alone", Changed: "no scope for profile, e-mail or telephone", Expect: "none of them, in no token and not at userinfo", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) { t.onlyDeclared(t.Tokens(t.App, t.Code(With("scope", "openid")))) },
		},
		{
			Number: 2, Title: "The claims parameter", Changed: "claims asks for e-mail and telephone", Expect: "they are not given", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				t.onlyDeclared(t.Tokens(t.App, t.Code(With("scope", "openid"), With("claims", `{"userinfo":{"email":null,"phone_number":null},"id_token":{"email":null}}`))))
			},
		},
		{Number: 3, Title: "One person at two apps", Changed: "sub at another app", Expect: "different where subjects are pairwise", Try: func(t *Trial) { t.Skip("subjects of this server are public") }},
	},
}

func (t *Trial) has(scope string) bool {
	for _, s := range t.App.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// onlyDeclared searches everything the app got for what it did not ask for.
func (t *Trial) onlyDeclared(f Tokens) {
	if t.Door.Dialect == Salesforce {
		t.Skip("in this dialect userinfo is the person's record; the interface asks for its own scope")
	}
	places := map[string]map[string]any{"the access token": claimsOf(f.Access), "the ID token": claimsOf(f.ID)}
	places["userinfo"] = t.Send(t.UserinfoRequest(f.Access)).JSON
	for place, claims := range places {
		for _, name := range []string{"email", "phone_number", "name", "given_name", "family_name", "address", "birthdate"} {
			if claims[name] != nil {
				t.Broken("%s carries %s, which was not asked for", place, name)
			}
		}
	}
}
