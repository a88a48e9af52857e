package salesforce

import (
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/web"
)

// callback is where a successful login is redirected to: the app's registered
// URI, and after whatever query it has, code, sfdc_community_url,
// sfdc_community_id and the app's state.
//
// Spec: RFC 6749 §4.1.2.
func (d *door) callback(uri, code, state string) string {
	var b strings.Builder
	b.WriteString(uri)
	switch {
	case !strings.Contains(uri, "?"):
		b.WriteByte('?')
	case !strings.HasSuffix(uri, "?") && !strings.HasSuffix(uri, "&"):
		b.WriteByte('&')
	}
	b.WriteString("code=" + escape(code))
	b.WriteString("&sfdc_community_url=" + escape(d.community))
	b.WriteString("&sfdc_community_id=" + escape(d.Directory.Org().SiteID))
	if state != "" {
		b.WriteString("&state=" + escape(state))
	}
	return b.String()
}

// escape writes a blank as %20: some clients read the query with a decoder of
// URIs, which leaves a plus as it is.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// echoed are the parameters that echo repeats. It repeats nothing else: it is no
// mirror for whoever makes up a link.
var echoed = []string{"code", "sfdc_community_url", "sfdc_community_id", "state"}

// echo is the ready-made callback: it answers its own query as JSON. It looks at
// no header: an HTTP library that followed the redirect may still send the
// person's Basic credentials, and they are neither read nor needed.
func (d *door) echo(r *web.Request) (web.Answer, error) {
	if err := d.fromApp(r, ""); err != nil {
		return web.Answer{}, err
	}
	var o object
	for _, name := range echoed {
		if v := r.Form.Query.Text(name); v != "" {
			o = append(o, member{name, v})
		}
	}
	return web.Answer{Status: http.StatusOK, Media: web.MediaJSON, Body: o.json(nil)}, nil
}
