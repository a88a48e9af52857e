package sfdx

import (
	"slices"
	"strconv"
	"strings"
)

// wishScopes takes the names scopes have on the wire. A name that is no standard
// scope must be a custom scope that the app has already.
func wishScopes(p *plan, a *App, v any) error {
	want, err := asList(v)
	if err != nil {
		return err
	}
	var standard, custom []string
	for _, wire := range want {
		if name, ok := MetadataScope(wire); ok {
			standard = append(standard, keepSpelling(a.Scopes.V, name))
		} else {
			custom = append(custom, wire)
		}
	}
	p.list(a, a.Scopes, standard, ", ")
	for _, s := range custom {
		if !slices.Contains(a.CustomScopes.V, s) && !slices.Contains(a.PolicyScopes.V, s) {
			p.task("%q is no standard scope of Salesforce; add it as an OauthCustomScope.", clip(s, 60))
		}
	}
	keep := slices.DeleteFunc(slices.Clone(a.CustomScopes.V), func(s string) bool { return !slices.Contains(custom, s) })
	if len(keep) != len(a.CustomScopes.V) {
		p.list(a, a.CustomScopes, keep, ", ")
	}
	return nil
}

// keepSpelling keeps SFApiPlatform where a file has it, and OfflineAccess where it
// stands for RefreshToken.
func keepSpelling(have []string, name string) string {
	for _, h := range have {
		if w, _ := WireScope(h); h != name {
			if own, _ := MetadataScope(w); own == name {
				return h
			}
		}
	}
	return name
}

func wishCallbacks(p *plan, a *App, v any) error {
	want, err := asList(v)
	if err != nil {
		return err
	}
	for _, uri := range want {
		if strings.TrimSpace(uri) != uri || strings.ContainsAny(uri, "\r\n") || uri == "" {
			return errValue
		}
	}
	p.list(a, a.CallbackURLs, want, "\n")
	return nil
}

func wishPermittedUsers(p *plan, a *App, v any) error {
	s, err := asString(v)
	if err != nil {
		return err
	}
	want := map[string]string{"self_authorize": SelfAuthorized, "admin_preauthorized": AdminApproved}[s]
	if want == "" {
		return errValue
	}
	raw := want
	if a.Kind == ConnectedApp {
		raw = strconv.FormatBool(want == AdminApproved)
	}
	set(p, a.PermittedUsers, want, raw)
	return nil
}

// wishGroups takes names of profiles and permission sets. A profile that is named
// already stays a profile; every new name becomes a permission set.
func wishGroups(p *plan, a *App, v any) error {
	want, err := asList(v)
	if err != nil {
		return err
	}
	var profiles, sets []string
	for _, g := range want {
		if slices.Contains(a.Profiles.V, g) {
			profiles = append(profiles, g)
		} else {
			sets = append(sets, g)
		}
	}
	p.list(a, a.Profiles, profiles, ", ")
	p.list(a, a.PermissionSets, sets, ", ")
	return nil
}

func wishIP(p *plan, a *App, v any) error {
	s, err := asString(v)
	if err != nil {
		return err
	}
	i := slices.Index(ipWords, s)
	if i < 0 {
		return errValue
	}
	raw := ipRelaxations[i]
	if a.Kind == ConnectedApp {
		raw = ipRelaxationsOld[i]
	}
	set(p, a.IPRelaxation, ipRelaxations[i], raw)
	return nil
}

func wishAssurance(p *plan, a *App, v any) error {
	s, err := asString(v)
	if err != nil {
		return err
	}
	i := slices.Index(assuranceWords, s)
	if i < 0 {
		return errValue
	}
	p.text(a.SessionLevel, sessionLevels[i])
	return nil
}
