package cli

import "strings"

// The pair of RFC 7636 Appendix B: good enough to paste, never for an app.
const (
	demoVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	demoChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// text is what the demo prints: commands that can be pasted as they are.
func (d demo) text() string {
	return strings.NewReplacer(
		"{url}", d.URL, "{app}", d.App, "{secret}", d.Secret, "{public}", d.Public, "{redirect}", d.Redirect,
		"{username}", d.Username, "{password}", d.Password, "{verifier}", demoVerifier, "{challenge}", demoChallenge, "{dir}", d.Dir, "{console}", d.Console,
	).Replace(demoText)
}

const demoText = `Countersign is serving on {url}

  person             {username}   password {password}
  confidential app   {app}     secret {secret}
  public app         {public}
  console            {console}

1. Log in without a page: the app sends the credentials and gets a code, which
   only the app itself can redeem.

CODE=$(curl -s {url}/oauth2/challenge -u '{app}:{secret}' \
  -d response_type=code -d 'scope=openid profile offline_access' \
  -d code_challenge={challenge} -d code_challenge_method=S256 \
  --data-urlencode 'username={username}' --data-urlencode 'password={password}' \
  | sed 's/.*"authorization_code":"\([^"]*\)".*/\1/')
curl -s {url}/oauth2/token -u '{app}:{secret}' \
  -d grant_type=authorization_code -d code=$CODE -d code_verifier={verifier}

2. The same from a mobile app, which has no secret: PKCE takes its place.

CODE=$(curl -s {url}/oauth2/challenge -d client_id={public} \
  -d response_type=code -d 'scope=openid profile offline_access' \
  -d code_challenge={challenge} -d code_challenge_method=S256 \
  --data-urlencode 'username={username}' --data-urlencode 'password={password}' \
  | sed 's/.*"authorization_code":"\([^"]*\)".*/\1/')
curl -s {url}/oauth2/token -d client_id={public} \
  -d grant_type=authorization_code -d code=$CODE -d code_verifier={verifier}

3. The same as an app written for Salesforce Headless Identity does it.

CODE=$(curl -s -L {url}/services/oauth2/authorize -H 'Auth-Request-Type: Named-User' \
  -H "Authorization: Basic $(printf %s '{username}:{password}' | base64)" \
  -d response_type=code_credentials -d client_id={app} -d redirect_uri={redirect} \
  -d code_challenge={challenge} -d 'scope=openid refresh_token' \
  | sed 's/.*"code" *: *"\([^"]*\)".*/\1/')
curl -s {url}/services/oauth2/token -d grant_type=authorization_code -d code=$CODE \
  -d client_id={app} -d client_secret={secret} -d redirect_uri={redirect} -d code_verifier={verifier}

What happened is in the audit log:   countersign audit list --data {dir}
Stop with Ctrl-C.
`
