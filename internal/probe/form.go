package probe

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

// htmlForm is a form of a page, as far as a login needs it.
type htmlForm struct {
	action, method string
	fields         []htmlField
}

type htmlField struct {
	name, kind, value string
}

var (
	tag       = regexp.MustCompile(`(?is)<!--.*?-->|<script\b.*?</script>|</?(form|input|button)\b((?:[^>"']|"[^"]*"|'[^']*')*)>`)
	attribute = regexp.MustCompile(`(?is)([a-z_:][-a-z0-9_:.]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?`)
)

// formsOf finds the forms of a page. It reads what login pages are made of and
// makes no claim to be an HTML parser: what it does not find, nobody submits.
func formsOf(page string) []htmlForm {
	var forms []htmlForm
	open := false
	for _, m := range tag.FindAllStringSubmatch(page, -1) {
		name, attributes := strings.ToLower(m[1]), attributesOf(m[2])
		switch {
		case name == "form" && strings.HasPrefix(m[0], "</"):
			open = false
		case name == "form":
			forms = append(forms, htmlForm{action: attributes["action"], method: strings.ToUpper(attributes["method"])})
			open = true
		case open && (name == "input" || name == "button") && !strings.HasPrefix(m[0], "</"):
			kind := strings.ToLower(attributes["type"])
			if kind == "" && name == "button" {
				kind = "submit"
			}
			if _, disabled := attributes["disabled"]; !disabled {
				f := &forms[len(forms)-1]
				f.fields = append(f.fields, htmlField{attributes["name"], kind, attributes["value"]})
			}
		}
	}
	return forms
}

func attributesOf(text string) map[string]string {
	out := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(text, -1) {
		value := m[2]
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') {
			value = value[1 : len(value)-1]
		}
		if name := strings.ToLower(m[1]); out[name] == "" {
			out[name] = html.UnescapeString(value)
		}
	}
	return out
}

// asksPassword says whether the form is a login.
func (f htmlForm) asksPassword() bool {
	for _, x := range f.fields {
		if x.kind == "password" {
			return true
		}
	}
	return false
}

// fill writes a person's credentials into a login, and says yes to everything
// else: the first of several submit buttons that does not say no is pressed.
func (f htmlForm) fill(p *Person) url.Values {
	form := url.Values{}
	pressed := false
	for _, x := range f.fields {
		switch {
		case x.name == "":
		case x.kind == "password":
			form.Set(x.name, p.Password)
		case x.kind == "submit":
			if !pressed && !saysNo(x) {
				form.Set(x.name, x.value)
				pressed = true
			}
		case x.kind == "hidden", x.kind == "checkbox" && x.value != "", x.kind == "radio" && !form.Has(x.name):
			form.Add(x.name, x.value)
		case x.kind == "" || x.kind == "text" || x.kind == "email":
			form.Set(x.name, p.Username)
		}
	}
	return form
}

func saysNo(x htmlField) bool {
	text := strings.ToLower(x.name + " " + x.value)
	for _, no := range []string{"cancel", "deny", "abort", "reject", "decline", "abbrechen", "no"} {
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r < 'a' || r > 'z' }) {
			if word == no {
				return true
			}
		}
	}
	return false
}
