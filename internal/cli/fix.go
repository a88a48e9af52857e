package cli

import "strings"

// fixOf says what to do about a rule. A rule without a line of its own has that
// of its area.
func fixOf(rule string) string {
	if fix, ok := fixes[rule]; ok {
		return fix
	}
	area, _, _ := strings.Cut(rule, ".")
	return fixes[area]
}

// fixes are written to whoever reads the log line: an administrator, or the
// developer of the app. Keys are rules, and areas for the rest of their rules.
var fixes = map[string]string{
	"account":       "Choose another user name or e-mail address.",
	"challenge":     "Correct the app's request to the challenge endpoint; the description says what is missing.",
	"client":        "Look at the app: countersign app show APP; compare id, method and secret with what it sends.",
	"code":          "Let the app log the person in again; a code is redeemed once, by the app it was issued to, within a minute.",
	"data":          "This server has no such record; only User records can be read.",
	"flow":          "countersign app show APP says which flows are on and what each demands.",
	"headless":      "countersign app show APP; the headless login needs the flow code_and_credentials and a first-party app.",
	"http":          "Correct the app's request; the description says what HTTP it must speak.",
	"identity":      "Let the app use the identity URL from the token response, with that person's access token.",
	"introspect":    "Let the resource server authenticate with its own client_id and secret, and send the token.",
	"key":           "countersign key list; if no key of the algorithm is active: countersign key rotate --alg ES256 --now.",
	"login":         "Look at the audit log: countersign audit list --event login.failed --user USER.",
	"nonce":         "Let the app send one nonce of at most 512 characters with each login.",
	"password":      "Choose another password; the description says which rule it breaks.",
	"password-hash": "Import hashes of argon2id, bcrypt, scrypt or PBKDF2 in the forms of the reference, or set a password.",
	"pkce":          "Let the app make a new verifier for each login, send its S256 challenge first and the verifier with the code.",
	"policy":        "Look at the app's policy: countersign app show APP.",
	"redirect":      "Compare the app's redirect URI with countersign app show APP, character by character.",
	"refresh":       "Let the app log the person in again; countersign grant list --app APP --user USER shows what lives.",
	"request":       "Correct the app's request; the description says what is wrong with its parameters.",
	"revoke":        "Let the app authenticate and send the token to be revoked.",
	"salesforce":    "Correct the app's request to the Salesforce dialect; the description says what is wrong.",
	"scope":         "countersign app show APP says which scopes it may be granted; app set APP --scope=+SCOPE adds one.",
	"server":        "Look the request id up in the server's log.",
	"store":         "The app tries again by itself after Retry-After; if it lasts, look at /readyz, the disk and the log.",
	"token":         "countersign token introspect --data DIR says what the token is and why it is not alive.",

	"challenge.session":                "Let the app begin the challenge anew, without auth_session.",
	"client.authentication-failed":     "The log and the audit log name the exact rule: countersign audit list --event request.refused.",
	"client.disabled":                  "countersign app set APP --enabled switches it on again; earlier tokens stay dead.",
	"client.public-with-secret":        "A public app sends no secret. If it is a server, make a new confidential app.",
	"client.throttled":                 "Stop whoever sends the wrong secret; the right one is taken all the while.",
	"client.two-methods":               "Let the app send its secret once: in the header or in the body.",
	"client.unknown":                   "Check the client_id: countersign app list.",
	"client.wrong-method":              "Let the app use its registered method, or: countersign app set APP --auth-method client_secret_post.",
	"client.wrong-secret":              "If the secret is lost or replaced: countersign app rotate-secret APP.",
	"code.ended":                       "The person, the app or the grant was switched off or changed since the code was issued; log in again.",
	"code.other-app":                   "Somebody redeems codes of another app: look for a mix-up of client_ids, or a theft.",
	"code.redirect-mismatch":           "Let the app send the same redirect_uri to the token endpoint as before.",
	"code.spent":                       "A code was redeemed twice: an app that repeats requests, or a thief. Everything that came from it is revoked; log in again.",
	"console.cross-origin":             "Open the console in a browser and send the form from there. Behind a proxy, pass on Host, Origin and Sec-Fetch-Site.",
	"console.not-found":                "Go back to the list: somebody may have removed it.",
	"console.permission":               "Ask an owner; countersign staff list says who that is.",
	"code.unproven":                    "Demand a proof: countersign app set APP --require-secret=on --require-pkce=on.",
	"flow.credentials":                 "Let the app send its secret, or, at your risk: countersign app set APP --require-secret FLOW=off.",
	"flow.off":                         "countersign app set APP --flow FLOW=on; if that is done already, the server forbids it: countersign org show.",
	"headless.client-unproven":         "Let the app send its secret with the challenge request, too.",
	"headless.credentials-in-url":      "Move the credentials into the POST body at once, and change the password: URLs are logged on their way.",
	"headless.credentials-missing":     "Let the app send username and password.",
	"headless.credentials-not-in-body": "Let the app send the credentials in the body, or: countersign app set APP --post-body-only=off.",
	"headless.flow-off":                "countersign app set APP --flow code_and_credentials=on.",
	"headless.third-party":             "If the app is yours: countersign app set APP --first-party=on. An app of others must never collect passwords.",
	"http.method":                      "Let the app use a method that Allow lists.",
	"http.path":                        "Check the address; the metadata at /.well-known/openid-configuration lists every endpoint.",
	"login.busy":                       "Raise password.workers or add nodes if it lasts; the metric countersign_password_queue shows the load.",
	"login.failed":                     "The detail of the event tells unknown names, wrong passwords and disabled people apart: countersign audit list --event login.failed.",
	"login.throttled":                  "Wait, or help the person: countersign user unlock USER.",
	"nonce.missing":                    "Let the app send a nonce, or: countersign app set APP --nonce-required=off.",
	"pkce.challenge-missing":           "Let the app send code_challenge; public apps always must, and require-pkce says who else.",
	"pkce.method":                      "Let the app send code_challenge_method=S256.",
	"policy.address":                   "countersign app set APP --ip-range=+CIDR admits the address.",
	"policy.assurance":                 "This version signs people in by password alone: countersign app set APP --assurance standard.",
	"policy.not-assigned":              "countersign user set USER --group=+GROUP, with a group of the app; or app set APP --permitted-users self_authorize.",
	"redirect.unexpected":              "Leave redirect_uri out at the challenge endpoint.",
	"redirect.unregistered":            "countersign app set APP --redirect-uri=+URI registers one more.",
	"refresh.expired":                  "countersign app set APP --refresh-absolute or --refresh-ttl lengthens what comes next; log in again.",
	"refresh.idle":                     "countersign app set APP --refresh-ttl lengthens what comes next; log in again.",
	"refresh.other-app":                "Somebody uses refresh tokens of another app: look for a mix-up of client_ids, or a theft.",
	"refresh.reused":                   "An old refresh token came back after the grace time: an app that keeps old tokens, or a thief. Log in again.",
	"salesforce.origin":                "countersign app set APP --cors-origin=+ORIGIN.",
	"scope.beyond-machine":             "Let the app ask for scopes of its own that are not about a person: countersign app show APP.",
	"staff.link-over":                  "Make another link: Administrators in the console, or countersign staff link NAME.",
	"staff.session-over":               "Sign in again at /console/login.",
	"store.busy":                       "The disk does not keep up; the metric countersign_store_queue shows it.",
	"token.flow-off":                   "countersign app set APP --flow FLOW=on; for refresh tokens the flow is refresh_token.",
	"token.grant-type-unknown":         "countersign explain flows lists what is served.",
	"token.in-query":                   "Let the app send the token in the Authorization header.",
	"token.quota":                      "Let the app keep its tokens until they expire; countersign app set APP --rate-limit N raises the limit.",
	"token.not-admitted":               "Look at the app's policy: permitted users and address ranges.",
	"token.no-person":                  "Let the app use its own token for its own calls; who a person is, only their token says.",
	"token.scope-openid":               "Let the app ask for the scope openid when it logs the person in.",
}
