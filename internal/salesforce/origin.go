package salesforce

import (
	"cmp"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// ErrOrigin refuses a web page of an origin that the app did not register,
// before any credential is looked at.
var ErrOrigin = oauth.Refuse(oauth.AccessDenied, "salesforce.origin", "Salesforce CORS for OAuth endpoints; draft-ietf-oauth-first-party-apps-04 §9.8",
	"pages of this origin may not call for the app: an administrator must add the origin to the app's CORS origins")

// app notes the app that a request names, if it exists: for the log, and so that
// only pages of that app may read the answer. It returns the id, empty if there
// is no such app.
func (d *door) app(r *web.Request, id string) oauth.ClientID {
	if d.Directory.Lookup(oauth.ClientID(id)) != nil {
		r.Event.App = oauth.ClientID(id)
	}
	return r.Event.App
}

// fromApp says whether a request that a page sent comes from an origin of the
// app; of any app, where the app is not known. A page of our own origin is no
// stranger. Requests without an Origin come from no page. Errors: ErrOrigin.
//
// Spec: WHATWG Fetch §3.2; docs/divergences.md, origins.
func (d *door) fromApp(r *web.Request, app oauth.ClientID) error {
	origins := r.HTTP.Header["Origin"]
	if len(origins) == 0 {
		return nil
	}
	o := origins[0]
	switch {
	case len(origins) > 1 || o == "" || o == "null":
		return ErrOrigin
	case o == d.instance || o == origin(d.Issuer) || d.Origins(o, app):
		return nil
	}
	return ErrOrigin
}

// throttled runs what authenticates an app. Wrong secrets are counted, and told
// to wait while there were too many from this address.
//
// Spec: OAuth 2.1 §2.4.1.
func (d *door) throttled(r *web.Request, c client.Credentials, run func() error) error {
	err := run()
	if refusal := oauth.From(err); c.Method != client.AuthNone && refusal != nil &&
		(refusal.Code == oauth.InvalidClient || refusal.Code == oauth.UnknownClient) {
		return cmp.Or(d.Throttle.Failed(c.ID, r.Address()), err)
	}
	return err
}
