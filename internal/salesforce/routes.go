package salesforce

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/oauth"
	"countersign/internal/web"
)

// requestHeaders are what a page of an app may send.
const requestHeaders = "Authorization, Content-Type, Auth-Request-Type, Auth-Verification-Type, Uvid-Hint"

// Routes is the dialect's table: every route once without a prefix and once
// behind Prefix. Apps are told an instance_url, which has no path; so the table
// stands at the root, and also below the issuer's own path and that of Base.
// Errors: an issuer or a base that is no http or https URL, a prefix that is no
// path.
func Routes(deps Deps) ([]web.Route, error) {
	if deps.Base == "" {
		deps.Base = deps.Issuer
	}
	if p := deps.Prefix; p != "" && (p[0] != '/' || strings.HasSuffix(p, "/")) {
		return nil, fmt.Errorf("site prefix %q is no path such as /customers", p)
	}
	paths := []string{""}
	for _, text := range []string{deps.Issuer, deps.Base} {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("%q: an https URL without query and fragment is needed", text)
		}
		if p := strings.TrimSuffix(u.Path, "/"); !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	var out []web.Route
	for _, p := range paths {
		out = append(out, newDoor(deps, "").routes(p)...)
		if deps.Prefix != "" {
			out = append(out, newDoor(deps, deps.Prefix).behind(p+deps.Prefix)...)
		}
	}
	return out, nil
}

// behind is the table behind the site's prefix, with discovery: without the
// prefix, that is the standard dialect's.
func (d *door) behind(prefix string) []web.Route {
	return append(d.routes(prefix), web.Route{
		Methods: "GET", Pattern: prefix + "/.well-known/openid-configuration", Handle: d.discovery,
		CORS: web.AnyOrigin, Cache: web.FiveMinutes, Dialect: spoken(d.refuse),
	})
}

// spoken is the dialect with one of its ways to refuse.
func spoken(refuse func(*web.Request, *oauth.Error) web.Answer) *web.Dialect {
	return &web.Dialect{Name: "salesforce", Refuse: refuse, Headers: requestHeaders}
}

// routes are one page on purpose: what is served, how it is read, who may read
// the answer, and in which words it is refused.
func (d *door) routes(prefix string) []web.Route {
	json, form, text, data := spoken(d.refuse), spoken(d.refuseRevoke), spoken(refuseResource), spoken(refuseData)
	table := []web.Route{
		{Methods: "GET POST", Pattern: "/services/oauth2/authorize", Handle: d.authorize, Reads: web.ReadForm, CORS: web.AppOrigins, Dialect: json},
		{Methods: "GET", Pattern: "/services/oauth2/echo", Handle: d.echo, Reads: web.ReadForm, CORS: web.AppOrigins, Dialect: json},
		{Methods: "POST", Pattern: "/services/oauth2/token", Handle: d.exchange, Reads: web.ReadRaw, CORS: web.AppOrigins, Dialect: json},
		{Methods: "GET POST", Pattern: "/services/oauth2/revoke", Handle: d.revoke, Reads: web.ReadForm, CORS: web.AppOrigins, Dialect: form},
		{Methods: "POST", Pattern: "/services/oauth2/introspect", Handle: d.introspect, Reads: web.ReadForm, CORS: web.AppOrigins, Dialect: json},
		{Methods: "GET POST", Pattern: "/services/oauth2/userinfo", Handle: d.userinfo, Reads: web.ReadForm, CORS: web.AppOrigins, Dialect: text},
		{Methods: "GET", Pattern: "/services/oauth2/pkce/generator", Handle: d.pkce, CORS: web.AppOrigins, Dialect: json},
		{Methods: "GET", Pattern: "/id/keys", Handle: d.keySet, CORS: web.AnyOrigin, Cache: web.FiveMinutes, Dialect: json},
		{Methods: "GET POST", Pattern: "/id/{org}/{user}", Handle: d.identify, Reads: web.ReadForm, Dialect: text},
		{Methods: "GET", Pattern: "/services/data/{version}", Handle: d.resources, Reads: web.ReadForm, Dialect: data},
		{Methods: "GET", Pattern: "/services/data/{version}/sobjects/User/{id}", Handle: d.user, Reads: web.ReadForm, Dialect: data},
	}
	// anything else of the record system, as deep as its clients ask
	for _, rest := range []string{"", "/{a}/{b}", "/{a}/{b}/{c}", "/{a}/{b}/{c}/{d}", "/{a}/{b}/{c}/{d}/{e}", "/{a}/{b}/{c}/{d}/{e}/{f}", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}"} {
		table = append(table, web.Route{
			Methods: "GET POST PUT PATCH DELETE", Pattern: "/services/data" + rest, Handle: d.noResource, Dialect: data,
		})
	}
	for i := range table {
		table[i].Pattern = prefix + table[i].Pattern
	}
	return table
}
