package probe

import (
	"net/http"

	"countersign/internal/evidence"
)

var unassignedUser = Scenario{
	ID: "probe.unassigned-user", Title: "A user who is not assigned", Controls: []string{"permitted-users"}, Spoils: true,
	Story: evidence.Story{
		Attacker: "Somebody with an account, who has no business with this app.",
		Holds:    "Their own name and password, and the app, which anybody can install.",
		Wants:    "To get in because they are somebody, though not somebody who may.",
		Defence:  "Where an administrator decides who may use the app, a right password alone gives nothing, and whoever loses the right loses it with the next refresh.",
	},
	Applies: func(t *Target) string {
		if t.told() && !t.settings().AssignedOnly {
			return "everybody with an account may use the app"
		}
		return noCodes(t)
	},
	Cases: []Case{
		{Number: 0, Title: "Somebody who is assigned", Changed: "nothing", Expect: "200", Try: func(t *Trial) { t.SignIn() }},
		{Number: 1, Title: "By browser", Changed: "a person who is not assigned", Expect: "access_denied", Try: func(t *Trial) { t.Skip("this server has no browser flow") }},
		{
			Number: 2, Title: "By headless login", Changed: "a person who is not assigned", Expect: "access_denied", Needs: []Piece{NeedLogin, NeedPersonB},
			Try: func(t *Trial) {
				t.Refused(t.Send(t.Login(t.App, t.PersonB, t.NewVerifier()), By("somebody without assignment", "signs in with the right password")), NotAdmitted)
			},
		},
		{Number: 3, Title: "By device", Changed: "approval of a device", Expect: "access_denied", Try: func(t *Trial) { t.Skip("this server has no device flow") }},
		{Number: 4, Title: "By token exchange", Changed: "a subject token", Expect: "invalid_grant", Try: func(t *Trial) { t.Skip("this server has no token exchange") }},
		{Number: 5, Title: "By assertion", Changed: "sub", Expect: "invalid_grant", Try: func(t *Trial) { t.Skip("this server has no assertion grant") }},
		{
			Number: 6, Title: "After the assignment is gone", Changed: "the assignment is taken away before a refresh", Expect: "400 invalid_grant", Needs: []Piece{NeedOperator},
			Try: func(t *Trial) {
				if why := noRefresh(t.Target); why != "" {
					t.Skip("%s", why)
				}
				f := t.family()
				t.operate(t.Operator.Assign(t.ctx, t.Person.Username, false))
				defer func() { t.operate(t.Operator.Assign(t.ctx, t.Person.Username, true)) }()
				t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("the app", "refreshes for somebody who lost the right")), NotAdmitted, GrantRefused)
			},
		},
	},
}

var ipPolicy = Scenario{
	ID: "probe.ip-policy", Title: "Use from outside the fence", Controls: []string{"ip-restrictions"},
	Story: evidence.Story{
		Attacker: "Somebody who took something home: a code, a token, an app with its secret.",
		Holds:    "Everything that is right, in the wrong place.",
		Wants:    "That nobody looks where they come from, or believes what they say about it.",
		Defence:  "The server looks at the connection's own address. What a header claims counts only from a proxy that is trusted.",
	},
	Applies: func(t *Target) string {
		if t.told() && !t.settings().Fenced {
			return "the app is not fenced by address"
		}
		return noCodes(t)
	},
	Cases: []Case{
		{Number: 0, Title: "From inside", Changed: "nothing", Expect: "200", Needs: []Piece{NeedNetworkB}, Try: func(t *Trial) { t.SignIn() }},
		fenced(1, "A login", "signs in", func(t *Trial) *Request { return t.Login(t.App, t.Person, t.NewVerifier()) }),
		fenced(2, "A code", "redeems a code that was got inside", func(t *Trial) *Request { return t.Redeem(t.App, t.Code()) }),
		fenced(3, "A refresh", "refreshes", func(t *Trial) *Request {
			if why := noRefresh(t.Target); why != "" {
				t.Skip("%s", why)
			}
			if !t.settings().FencedRefresh {
				t.Skip("the policy lets refreshes through from anywhere")
			}
			return t.RefreshRequest(t.App, t.family().Refresh)
		}),
		{
			Number: 4, Title: "An access token", Changed: "used from outside", Expect: "401", Needs: []Piece{NeedNetworkB, NeedUserinfo},
			Try: func(t *Trial) {
				if a := t.Send(t.UserinfoRequest(t.SignIn().Access), By("an insider", "uses an access token at home"), Outside); a.Status == http.StatusOK {
					t.Remark("an access token that was got inside works outside until its end")
				} else {
					t.declined(a, TokenRefused)
				}
			},
		},
		{
			Number: 5, Title: "With forged headers", Changed: "X-Forwarded-For and Forwarded claim an inside address", Expect: "as without them", Needs: []Piece{NeedNetworkB},
			Try: func(t *Trial) {
				for _, forged := range []Change{
					Header("X-Forwarded-For", t.Inside.String()), Header("Forwarded", "for="+t.Inside.String()), Header("X-Real-Ip", t.Inside.String()),
				} {
					t.Refused(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("an insider", "claims to be inside"), Outside, forged), NotAdmitted)
				}
			},
		},
	},
}

func fenced(number int, title, does string, request func(*Trial) *Request) Case {
	return Case{
		Number: number, Title: title, Changed: "from an address outside", Expect: "access_denied or invalid_grant", Needs: []Piece{NeedNetworkB},
		Try: func(t *Trial) {
			t.Refused(t.Send(request(t), By("an insider", does+" from outside"), Outside), NotAdmitted, GrantRefused)
		},
	}
}
