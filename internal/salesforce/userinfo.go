package salesforce

import "countersign/internal/web"

// userinfo answers with the person behind an access token.
//
// Spec: OpenID Connect Core 1.0 §5.3; docs/divergences.md D16, D17.
func (d *door) userinfo(r *web.Request) (web.Answer, error) {
	in := inputOf(r)
	p, err := d.holder(r, in)
	if err != nil {
		return web.Answer{}, err
	}
	if err := d.fromApp(r, p.App.ID); err != nil {
		return web.Answer{}, err
	}
	f := d.factsOf(p)
	return render(d.claims(&f), in.text("format"), "user", false), nil
}

// claims are the members of userinfo. is_salesforce_integration_user must be
// there: the Mobile SDK reads it before it lets anybody in.
func (d *door) claims(f *facts) object {
	return object{
		{"sub", f.id},
		{"user_id", f.user},
		{"organization_id", f.org},
		{"preferred_username", f.username},
		{"nickname", f.Nickname},
		{"name", f.display()},
		{"email", f.Email},
		{"email_verified", f.emailVerified},
		{"given_name", f.GivenName},
		{"family_name", f.FamilyName},
		{"zoneinfo", f.Zone},
		{"photos", f.photos()},
		{"profile", d.instance + "/" + f.user},
		{"picture", f.Picture},
		{"phone_number", f.Phone},
		{"phone_number_verified", f.phoneVerified},
		{"address", object{}},
		{"is_salesforce_integration_user", false},
		{"urls", d.urls(f, "")},
		{"active", f.active},
		{"user_type", userType},
		{"language", f.language},
		{"locale", f.locale},
		{"utcOffset", f.offset},
		{"updated_at", timestamp(f.updated)},
		{"is_app_installed", true},
		{"custom_attributes", object{}},
		{"custom_permissions", object{}},
	}
}

// userType is what everybody is here.
const userType = "STANDARD"
