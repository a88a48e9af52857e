package console

import (
	"slices"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/web/page"
)

// setting is how a field of admin.AppFields stands in a form.
type setting struct {
	name  string // of the input: the field, and for fields that are set by flow a word after a dot
	label string // as Salesforce Setup has it, where it has one
	kind  string // switch, select, area, length, text, date, number
	hint  string // instead of the field's own sentence
}

// field is the name in admin.AppFields.
func (s setting) field() string {
	name, _, _ := strings.Cut(s.name, ".")
	return name
}

// section is a part of a form.
type section struct {
	title, lead string
	settings    []setting
}

// oauthSections are the settings of OAuth; the flows come before them.
var oauthSections = []section{
	{"Security", "What a request must prove. Words in these labels are those of Salesforce Setup, so that nobody has to translate.", []setting{
		{"require-pkce", "Require Proof Key for Code Exchange (PKCE)", "switch", "A code is bound to a secret of the one login it belongs to. Public apps always must."},
		{"require-secret.code", "Require Secret for Web Server Flow", "switch", "The app proves who it is when it redeems a code. Off makes a stolen code usable by whoever holds its verifier."},
		{"require-secret.refresh_token", "Require Secret for Refresh Token Flow", "switch", "The app proves who it is when it refreshes. Off makes a stolen refresh token usable by others."},
		{"require-secret.token_exchange", "Require Secret for Token Exchange Flow", "switch", "The app proves who it is when it exchanges a token."},
		{"rotation", "Enable Refresh Token Rotation", "switch", "Each use of a refresh token replaces it; an old one that is used again ends the whole grant."},
		{"post-body-only", "Require user credentials in the POST body", "switch", "Passwords in headers stay in logs of proxies. On refuses them there; in a URL they are refused always."},
		{"person-address", "The app tells where the person is", "switch", ""},
		{"nonce-required", "Require a nonce", "switch", ""},
		{"response-type-optional", "Serve clients older than draft -03", "switch", ""},
		{"token-format", "Format of access tokens", "select", "A JWT is checked by the resource itself; an opaque token is asked about, and a revocation is seen at once."},
		{"auth-method", "How the app proves who it is", "select", ""},
	}},
	{"Scopes and callback URLs", "One a line. Callback URLs are compared character by character.", []setting{
		{"scope", "Selected OAuth scopes", "area", ""},
		{"redirect-uri", "Callback URLs", "area", ""},
		{"cors-origin", "Origins of pages that may call", "area", ""},
		{"audience", "Resources that access tokens are for", "area", ""},
		{"claim", "Claims that the app wants", "area", ""},
	}},
	{"Tokens", "Lifetimes are written 30s, 15m, 8h, 30d. Left empty, the default holds.", []setting{
		{"code-ttl", "A code lives", "length", ""},
		{"access-ttl", "An access token lives", "length", ""},
		{"refresh-grace", "A lost refresh may be repeated for", "length", ""},
		{"id-token-ttl", "An ID token is accepted for", "length", ""},
		{"access-alg", "Access tokens are signed with", "select", ""},
		{"id-token-alg", "ID tokens are signed with", "select", ""},
		{"id-token-claims", "Include standard claims in ID tokens", "switch", ""},
		{"id-token-audience", "Further audiences of ID tokens", "area", ""},
	}},
}

// policySections are the administrator's.
var policySections = []section{
	{"The app", "", []setting{
		{"enabled", "The app is on", "switch", "Off refuses every request and ends all its tokens. They stay dead when it is on again."},
		{"name", "Name", "text", ""},
		{"owner", "Owner", "text", "The e-mail address of whoever answers for the app."},
		{"review-due", "Look at it again by", "date", ""},
		{"platform", "Runs on", "select", ""},
		{"first-party", "First-party app", "switch", "The app is yours, so it may collect passwords itself. Never for an app of somebody else."},
		{"verified-publisher", "Verified publisher", "switch", ""},
	}},
	{"Permitted users", "", []setting{
		{"permitted-users", "Who may use it", "select", ""},
		{"group", "Groups, one a line", "area", ""},
		{"assurance", "Required session level", "select", ""},
	}},
	{"Network", "", []setting{
		{"ip", "IP relaxation", "select", ""},
		{"ip-range", "Trusted IP ranges, one a line", "area", ""},
	}},
	{"Refresh token policy", "Lifetimes are written 30s, 15m, 8h, 30d. Left empty, the default holds.", []setting{
		{"refresh-policy", "Refresh tokens end", "select", ""},
		{"refresh-ttl", "After", "length", ""},
		{"refresh-absolute", "And always, counted from the login, after", "length", ""},
		{"session-timeout", "Session timeout", "length", ""},
	}},
	{"More", "", []setting{
		{"rate-limit", "Tokens an hour", "number", ""},
		{"introspect-all", "Introspect All Tokens", "switch", ""},
	}},
}

// valueLabels are values that people read in other words.
var valueLabels = map[string]string{
	"jwt": "JWT", "client_secret_basic": "secret in the Authorization header", "client_secret_post": "secret in the POST body", "none": "not at all (a public app)",
	"web": "a server", "spa": "a page in a browser", "mobile": "phones", "native": "computers", "machine": "a machine, without a person",
	"self_authorize": "everybody with an account", "admin_preauthorized": "members of its groups only", "enforce": "enforce the ranges",
	"relax_refresh": "not for refreshes", "relax_mfa": "not after a second factor", "bypass": "do not look at addresses",
	"inactivity": "when they are not used", "lifetime": "by age", "zero": "at once: none are given", "infinite": "never",
}

// fieldNamed finds a field.
func fieldNamed(name string) admin.Field[client.Client] {
	i := slices.IndexFunc(admin.AppFields, func(f admin.Field[client.Client]) bool { return f.Name == name })
	return admin.AppFields[i]
}

// labelOf is what the forms call a line of a diff.
func labelOf(name string) string {
	field, word, perFlow := strings.Cut(name, ".")
	if perFlow {
		f, _ := flow.ByName(flow.Name(word))
		switch field {
		case "flow":
			return f.Title
		case "require-secret":
			return "Require secret, " + short(f)
		case "require-pkce":
			return "Require PKCE, " + short(f)
		}
	}
	for _, s := range slices.Concat(oauthSections, policySections) {
		for _, x := range s.settings {
			if x.field() == field {
				return x.label
			}
		}
	}
	return map[string]string{"secrets": "Secrets", "type": "Type"}[field] + map[bool]string{true: name}[field != "secrets" && field != "type"]
}

func shownValue(v string) string {
	if v == "" {
		return "none"
	}
	return v
}

// formValue is what an input shows of an app: on or off, or a text.
func formValue(c *client.Client, s setting, values map[string][]string) string {
	switch s.name {
	case "require-pkce":
		return switchWord(c.Settings.Flows[flow.CodeAndCredentials].RequirePKCE)
	case "require-secret.code":
		return switchWord(c.Settings.Flows[flow.CodeAndCredentials].RequireSecret)
	case "require-secret.refresh_token", "require-secret.token_exchange":
		return switchWord(c.Settings.Flows[flow.Name(strings.TrimPrefix(s.name, "require-secret."))].RequireSecret)
	}
	text := strings.Join(values[s.field()], "\n")
	if s.kind == "length" && text == "default" || s.kind == "number" && text == "none" {
		return ""
	}
	return text
}

func switchWord(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// formRow is one input.
type formRow struct {
	Switch *page.Switch
	Field  *page.Field
}

// formPart is a section as a page shows it.
type formPart struct {
	Title, Lead string
	Rows        []formRow
}

// typed are the values of a form that came back, by input; nil for a fresh one.
type typed map[string]string

// parts makes inputs of sections. Faults stand at their fields.
func (v *visit) parts(c *client.Client, sections []section, back typed, faults admin.Invalid) []formPart {
	values := admin.Values(c)
	said := map[string]bool{} // each fault once
	fault := func(s setting) *page.Fault {
		for _, f := range faults {
			if f.Field == s.field() && !said[f.Field+f.Text] {
				said[f.Field+f.Text] = true
				return &page.Fault{Text: sentence(f.Text)}
			}
		}
		return nil
	}
	var out []formPart
	for _, sec := range sections {
		part := formPart{Title: sec.title, Lead: sec.lead}
		for _, s := range sec.settings {
			value := formValue(c, s, values)
			if back != nil {
				value = back[s.name]
			}
			part.Rows = append(part.Rows, v.row(c, s, value, fault(s)))
		}
		out = append(out, part)
	}
	return out
}

func (v *visit) row(c *client.Client, s setting, value string, fault *page.Fault) formRow {
	f := fieldNamed(s.field())
	hint := s.hint
	if hint == "" {
		hint = f.What
	}
	if f.Spec != "" {
		hint += " (" + f.Spec + ")"
	}
	if s.kind == "switch" {
		sw := &page.Switch{Name: s.name, Label: s.label, Hint: hint, On: value == "on", Fault: fault}
		sw.Off, sw.Why = v.fixed(c, s)
		return formRow{Switch: sw}
	}
	in := &page.Field{Name: s.name, Label: s.label, Hint: hint, Value: value, Fault: fault}
	switch s.kind {
	case "select":
		in.Kind = "select"
		for _, w := range strings.Split(f.Hint, "|") {
			label := valueLabels[w]
			if label == "" {
				label = w
			}
			in.Options = append(in.Options, page.Option{Value: w, Label: label, Chosen: w == value})
		}
	case "area":
		in.Kind, in.Mono = "area", true
	case "length":
		in.Narrow, in.Mono, in.Placeholder = true, true, f.Hint
	case "number":
		in.Kind, in.Narrow, in.Placeholder = "number", true, "none"
	case "date":
		in.Kind, in.Narrow = "date", true
	default:
		in.Most = 120
	}
	return formRow{Field: in}
}

// fixed says whether a switch cannot be moved, and why.
func (v *visit) fixed(c *client.Client, s setting) (bool, string) {
	public := c.Type == client.Public
	switch {
	case !v.may("edit-apps"):
		return true, ""
	case public && s.name == "require-pkce":
		return true, "Always on for a public app (RFC 9700 §2.1.1)."
	case public && strings.HasPrefix(s.name, "require-secret."):
		return true, "A public app has no secret (RFC 6749 §2.1)."
	case public && s.name == "rotation":
		return true, "Always on for a public app (RFC 9700 §4.14.2)."
	}
	return false, ""
}

// sent reads a form: what was typed, and the settings that differ from those of
// the app.
func (v *visit) sent(c *client.Client, sections []section) (typed, []admin.Set) {
	back, values := typed{}, admin.Values(c)
	var sets []admin.Set
	for _, sec := range sections {
		for _, s := range sec.settings {
			was, is := formValue(c, s, values), v.form(s.name)
			if s.kind == "switch" {
				if off, _ := v.fixed(c, s); off {
					is = was // a browser does not send what cannot be moved
				}
				is = switchWord(is == "on")
			}
			if back[s.name] = is; same(s, was, is) {
				continue
			}
			sets = append(sets, setOf(s, is))
		}
	}
	return back, sets
}

func same(s setting, was, is string) bool {
	if s.kind == "area" {
		return slices.Equal(strings.Fields(was), strings.Fields(is))
	}
	return strings.TrimSpace(was) == strings.TrimSpace(is)
}

// setOf is a setting in the words of admin.
func setOf(s setting, value string) admin.Set {
	_, word, perFlow := strings.Cut(s.name, ".")
	switch {
	case perFlow:
		return admin.Set{Field: s.field(), Values: []string{word + "=" + value}}
	case s.kind == "area":
		if list := strings.Fields(value); len(list) > 0 {
			return admin.Set{Field: s.field(), Values: list}
		}
		return admin.Set{Field: s.field(), Values: []string{""}}
	case s.kind == "length" && strings.TrimSpace(value) == "":
		value = "default"
	case s.kind == "number" && strings.TrimSpace(value) == "":
		value = "none"
	}
	return admin.Set{Field: s.field(), Values: []string{strings.TrimSpace(value)}}
}
