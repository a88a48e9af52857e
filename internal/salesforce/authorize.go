package salesforce

import (
	"errors"
	"net/http"

	"countersign/internal/authreq"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/headless"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// Refusals of a request to authorize that never reaches the core.
var (
	ErrResponseTypeMissing = oauth.Refuse(oauth.InvalidRequest, "salesforce.response-type-missing", "RFC 6749 §3.1.1",
		"the request names no response_type; a headless login says code_credentials")
	ErrResponseType = oauth.Refuse(oauth.UnsupportedResponseType, "salesforce.response-type", "RFC 6749 §4.1.2.1; docs/divergences.md, no page",
		"this endpoint serves response_type=code_credentials only")
	ErrHeaders = oauth.Refuse(oauth.InvalidRequest, "salesforce.auth-request-type", "Salesforce Headless Identity, Auth-Request-Type",
		"invalid headers")
	ErrRegistration = oauth.Refuse(oauth.InvalidRequest, "salesforce.registration-not-served", "Salesforce Headless Identity, user-registration",
		"Auth-Request-Type user-registration is not served by this server")
	ErrPasswordless = oauth.Refuse(oauth.InvalidRequest, "salesforce.passwordless-not-served", "Salesforce Headless Identity, passwordless-login",
		"Auth-Request-Type passwordless-login is not served by this server")
	ErrGuest = oauth.Refuse(oauth.InvalidRequest, "salesforce.guest-not-served", "Salesforce Headless Identity, guest",
		"guest flow not enabled")
	ErrDiscovery = oauth.Refuse(oauth.InvalidRequest, "salesforce.login-hint-not-served", "Salesforce Headless Identity, user discovery",
		"a login_hint in place of the user name is not served by this server; send username")
	ErrTwoPeople = oauth.Refuse(oauth.InvalidRequest, "salesforce.credentials-repeated", "RFC 6749 §2.3",
		"the person's credentials stand in the Authorization header and in the body; send them once")
)

// authorize takes a person's credentials for a code. Whatever goes wrong is
// answered in JSON, never with a page and never by a redirect.
//
// Spec: Salesforce Authorization Code and Credentials Flow; docs/divergences.md
// D2, D6 to D9.
func (d *door) authorize(r *web.Request) (web.Answer, error) {
	in := inputOf(r)
	app := d.app(r, in.text("client_id"))
	if err := d.fromApp(r, app); err != nil {
		return web.Answer{}, err
	}
	if err := recognise(r, in); err != nil {
		return web.Answer{}, err
	}
	request, unreadable, err := login(r, in)
	if err != nil {
		return web.Answer{}, err
	}
	var a headless.Answer
	err = d.throttled(r, request.Client, func() (err error) {
		a, err = d.Headless.Login(r.Context(), request)
		return err
	})
	r.Event.User, r.Event.Seen = a.User, a.Seen
	if unreadable != nil && errors.Is(err, headless.ErrNoCredentials) {
		err = unreadable
	}
	if err != nil {
		return web.Answer{}, err
	}
	return web.Answer{Status: http.StatusFound}.With("Location", d.callback(request.Auth.RedirectURI, a.Code, in.text("state"))), nil
}

// recognise says whether the request is a headless login of a kind that is
// served.
func recognise(r *web.Request, in *input) error {
	kinds, kind := r.HTTP.Header["Auth-Request-Type"], in.text("response_type")
	switch {
	case len(kinds) == 0 && kind == "":
		return ErrResponseTypeMissing
	case kind != "" && oauth.ResponseType(kind) != oauth.ResponseCodeCredentials:
		return ErrResponseType
	case len(kinds) != 1:
		return ErrHeaders
	}
	switch kinds[0] {
	case "Named-User":
	case "user-registration":
		return ErrRegistration
	case "passwordless-login":
		return ErrPasswordless
	case "guest":
		return ErrGuest
	default:
		return ErrHeaders
	}
	if kind == "" {
		return ErrResponseTypeMissing
	}
	return nil
}

// login reads a headless login. Credentials of a person that cannot be read come
// back as unreadable, not as an error: the app is judged first, and the core
// finds that there are no credentials.
func login(r *web.Request, in *input) (h headless.Request, unreadable, err error) {
	h = headless.Request{
		Client: client.Credentials{ID: oauth.ClientID(in.text("client_id")), Method: client.AuthNone, AnySecretMethod: true},
		Auth: authreq.Request{
			RedirectURI: in.text("redirect_uri"), Challenge: in.text("code_challenge"),
			ChallengeMethod: in.text("code_challenge_method"), Nonce: in.text("nonce"),
		},
		PersonAddress: in.body.Text("person_address"), Address: r.Address(), RequestID: r.ID(),
	}
	if in.query.Has("client_secret") {
		return h, nil, ErrSecretInURL
	}
	if s := in.body.Text("client_secret"); s != "" { // nobody sends it here; whoever does has it checked
		h.Client.Method, h.Client.Secret = client.AuthSecretPost, s
	}
	if h.Auth.Challenge != "" && h.Auth.ChallengeMethod == "" {
		h.Auth.ChallengeMethod = oauth.ChallengeS256 // D2
	}
	if h.Auth.Scopes, err = in.scopes(); err != nil {
		return h, nil, err
	}
	in.text("state")
	if err := in.check(); err != nil {
		return h, nil, err
	}
	unreadable = person(&h, r, in)
	return h, unreadable, nil
}

// person reads the person's credentials and says where they stood. Name and
// password in a URL are told to the core as such, and go no further.
func person(h *headless.Request, r *web.Request, in *input) error {
	name, password, header, err := basic(r)
	if header {
		h.Place = headless.InHeader
	}
	if in.query.Has("username") || in.query.Has("password") {
		h.Place = headless.InURL
		if fault.Is(fault.CredentialsInURL) {
			h.Username, h.Password = in.query.Text("username"), in.query.Text("password")
		}
		return nil
	}
	body := in.body.Has("username") || in.body.Has("password")
	switch {
	case err != nil:
		return err
	case header && body:
		return ErrTwoPeople
	case header:
		h.Username, h.Password = name, password
	case body && !in.body.Has("username") && in.body.Has("login_hint"):
		return ErrDiscovery
	default:
		h.Username, h.Password = in.body.Text("username"), in.body.Text("password")
	}
	return nil
}
