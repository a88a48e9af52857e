package sfdx

import (
	"fmt"
	"slices"
	"strings"
)

// checkReadable is X00: a file nobody could judge. It is graver than it looks,
// because whatever it says has escaped all other checks.
func checkReadable(p *Project, r *report) {
	for _, f := range p.Files {
		if f.Broken != nil {
			r.add(High, appOf(f), place{f.Path, f.Broken.Line}, "Unreadable, so nothing in it was checked: "+f.Broken.Reason+".", f.Broken.Remedy)
		}
	}
	for _, m := range p.Manifests {
		used := slices.ContainsFunc(p.Orgs, func(o *Org) bool { return o.Manifest == m })
		if m.Broken != nil && used {
			r.add(High, "", place{m.Path, m.Broken.Line}, "Unreadable, so the API version is not known: "+m.Broken.Reason+".", m.Broken.Remedy)
		}
	}
}

// checkReferences is M02. The files of an app are tied by the content of
// <externalClientApplication>; file names mean nothing.
func checkReferences(p *Project, r *report) {
	for _, f := range p.Files {
		if !f.readable() || !f.schema().tied {
			continue
		}
		e := f.Root.first(tie)
		if e == nil || !e.set() {
			r.add(Medium, "", place{f.Path, f.Root.Line}, fmt.Sprintf("This <%s> names no app, so it belongs to none.", f.Type),
				"Add <externalClientApplication> with the API name of the app: the name of its .eca file.")
			continue
		}
		if a := f.app; a != nil && a.Undeclared {
			r.dangling(a.Org, a.ID, e.value(), ExternalClientApp, place{f.Path, e.Line})
		}
	}
	for _, o := range p.Orgs {
		for _, h := range o.Handlers {
			for _, e := range h.Enablements {
				if !o.declares(e.App, e.Kind) {
					r.dangling(o, "", e.App, e.Kind, place{h.File, e.Line})
				}
			}
		}
	}
}

func (r *report) dangling(o *Org, id, name string, k Kind, at place) {
	var names []string
	for _, a := range o.Apps {
		if a.Kind == k && !a.Undeclared {
			names = append(names, a.Name)
		}
	}
	remedy := fmt.Sprintf("Correct the name, or add externalClientApps/%s.eca-meta.xml.", clip(name, 80))
	if k == ConnectedApp {
		remedy = fmt.Sprintf("Correct the name, or add connectedApps/%s.connectedApp-meta.xml.", clip(name, 80))
	}
	if near := sameName(name, names); near != "" {
		remedy = fmt.Sprintf("Is %s meant? %s", near, remedy)
	}
	r.add(Medium, id, at, fmt.Sprintf("The %s %q does not exist in this project.", k, clip(name, 80)), remedy)
}

// declares says whether the project has an app of this name.
func (o *Org) declares(name string, k Kind) bool {
	return slices.ContainsFunc(o.Apps, func(a *App) bool { return a.Name == name && a.Kind == k && !a.Undeclared })
}

// checkCommitted is M03. No value is ever quoted.
func checkCommitted(p *Project, r *report) {
	for _, f := range p.Files {
		if !f.readable() {
			continue
		}
		app := appOf(f)
		f.Root.walk("", func(path string, e *Element) {
			if len(e.Children) > 0 || e.value() == "" {
				return
			}
			at, setting := place{f.Path, e.Line}, f.Type+"."+path
			switch {
			case e.Name == "consumerSecret":
				r.add(Critical, app, at, "The client secret stands in the file: whoever can read the repository, or its history, can act as this app.",
					"Draw a new secret in the org first, then remove <consumerSecret>; removing alone leaves it in the history.",
					Change{App: app, Setting: setting})
			case e.Name == "recaptchaSecretKey":
				r.add(High, app, at, "The reCAPTCHA secret key stands in the file: whoever has it can pass robots off as people.",
					"Make a new key with the reCAPTCHA provider, then remove <recaptchaSecretKey> and enter the new one in Setup.")
			case e.Name == "consumerKey":
				r.add(Low, app, at, "The consumer key stands in the file. It is no secret, but it ties the file to one org and tells strangers which client to imitate.",
					"Remove <consumerKey>; the org keeps its own.", Change{App: app, Setting: setting})
			case holdsPrivateKey(e.Text):
				r.add(Critical, app, at, fmt.Sprintf("A private key stands in <%s>: whoever can read the repository, or its history, can sign as this app.", e.Name),
					"Make a new key pair, register the new certificate, and keep the private key out of metadata.")
			}
		})
	}
}

// checkAPIVersion is M20, one finding per project.
func checkAPIVersion(p *Project, r *report) {
	for _, o := range p.Orgs {
		if o.Manifest == nil || o.APIVersion == 0 {
			continue
		}
		var use versionUse
		for _, f := range p.Files {
			if f.readable() && p.dirOf(f) == o.Dir {
				use.file(f, o.APIVersion)
			}
		}
		if use.highest > o.APIVersion {
			r.add(Medium, "", place{o.Manifest.Path, o.Manifest.Line},
				fmt.Sprintf("API version %d.0 is lower than fields in use need: %s. A deploy at this version refuses or drops them.", o.APIVersion, use.examples()),
				fmt.Sprintf(`Write "%d.0" or higher.`, use.highest))
		}
	}
}

// versionUse collects the fields that need more than a given API version.
type versionUse struct {
	highest int
	fields  map[int][]string // by first version, without repetition
}

func (u *versionUse) file(f *File, have int) {
	t := f.schema()
	u.note(t.since, have, t.name)
	f.Root.walk("", func(path string, e *Element) {
		schema, ok := t.at(path)
		if !ok || !e.set() {
			return
		}
		u.note(schema.since, have, e.Name)
		if strings.HasSuffix(e.Name, "JwtTimeout") && slices.Index(jwtTimeouts, e.value()) > slices.Index(jwtTimeouts, "30") {
			u.note(longJWTTimeoutSince, have, e.Name+" above 30")
		}
	})
}

func (u *versionUse) note(since, have int, name string) {
	if since <= have {
		return
	}
	if u.fields == nil {
		u.fields = map[int][]string{}
	}
	u.highest = max(u.highest, since)
	if !slices.Contains(u.fields[since], name) {
		u.fields[since] = append(u.fields[since], name)
	}
}

// examples names up to two fields per version, newest first.
func (u *versionUse) examples() string {
	var parts []string
	for v := u.highest; v > 0; v-- {
		if names := u.fields[v]; len(names) > 0 {
			slices.Sort(names)
			more := ""
			if len(names) > 2 {
				more = fmt.Sprintf(" and %d more", len(names)-2)
			}
			parts = append(parts, fmt.Sprintf("%s%s (%d)", strings.Join(names[:min(2, len(names))], ", "), more, v))
		}
	}
	return strings.Join(parts, "; ")
}
