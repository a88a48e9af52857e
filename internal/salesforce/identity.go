package salesforce

import (
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// Refusals of an identity URL.
var (
	ErrWrongOrg = oauth.Refuse(oauth.AccessDenied, "identity.wrong-org", "Salesforce identity URLs",
		"the identity URL names another org than this server's")
	ErrBadID = oauth.Refuse(oauth.AccessDenied, "identity.bad-id", "Salesforce identity URLs",
		"the identity URL does not end in the record ids of an org and a person")
	ErrNotYours = oauth.Refuse(oauth.AccessDenied, "identity.not-yours", "Salesforce identity URLs",
		"the access token is not of the person that the identity URL names")
)

// identify answers an identity URL: the person behind the token, if the URL
// names them. Whether another person exists is not told.
//
// Spec: Salesforce identity URLs; docs/divergences.md, identity URL.
func (d *door) identify(r *web.Request) (web.Answer, error) {
	callback, err := jsonp(r)
	if err != nil {
		return web.Answer{}, err
	}
	in := inputOf(r)
	p, err := d.holder(r, in)
	if err != nil {
		return web.Answer{}, err
	}
	org, user := r.HTTP.PathValue("org"), r.HTTP.PathValue("user")
	switch {
	case !secret.ValidRecordID(secret.PrefixOrg, org) || !secret.ValidRecordID(secret.PrefixUser, user):
		return web.Answer{}, ErrBadID
	case secret.RecordID18(org) != d.Directory.Org().ID:
		return web.Answer{}, ErrWrongOrg
	case secret.RecordID18(user) != string(p.Account.ID):
		return web.Answer{}, ErrNotYours
	}
	f := d.factsOf(p)
	o := d.profile(&f, version(in.text("version")))
	if callback != "" {
		return script(callback, o), nil
	}
	return render(o, wanted(r, in), "user", r.HTTP.Header.Get("X-Prettyprint") == "1"), nil
}

// latestVersion is what version=latest means: the newest whose addresses we know.
const latestVersion = "66.0"

// version reads the parameter; a text that is no version leaves the placeholder.
func version(text string) string {
	if text == "latest" {
		return latestVersion
	}
	if len(text) == 4 && text[0] >= '1' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9' && text[2:] == ".0" {
		return text
	}
	return ""
}

// profile are the members of an identity. What this server does not keep is
// null, as clients know it.
func (d *door) profile(f *facts, version string) object {
	return object{
		{"id", f.id},
		{"asserted_user", true},
		{"user_id", f.user},
		{"organization_id", f.org},
		{"username", f.username},
		{"nick_name", f.Nickname},
		{"display_name", f.display()},
		{"email", f.Email},
		{"email_verified", f.emailVerified},
		{"first_name", f.GivenName},
		{"last_name", f.FamilyName},
		{"timezone", f.Zone},
		{"photos", f.photos()},
		{"addr_street", nil},
		{"addr_city", nil},
		{"addr_state", nil},
		{"addr_country", nil},
		{"addr_zip", nil},
		{"mobile_phone", f.Phone},
		{"mobile_phone_verified", f.phoneVerified},
		{"is_lightning_login_user", false},
		{"status", object{{"created_date", nil}, {"body", nil}}},
		{"urls", d.urls(f, version)},
		{"active", f.active},
		{"user_type", userType},
		{"language", f.language},
		{"locale", f.locale},
		{"utcOffset", f.offset},
		{"last_modified_date", timestamp(f.updated)},
		{"is_app_installed", true},
	}
}
