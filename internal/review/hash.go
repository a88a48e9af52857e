package review

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// valueHash fingerprints the values a verdict rests on, down to those that
// derived values were computed from. Values that drift by themselves, such as
// ages, are left out, so that waiting changes nothing.
func (r *judging) valueHash(app *App, v Verdict) string {
	lines := map[string]string{}
	r.hashed(app, v.Reads, lines)
	return digest(lines)
}

func (r *judging) hashed(app *App, reads []Read, into map[string]string) {
	for _, read := range reads {
		name, _, _ := strings.Cut(read.Name, " of ")
		t, ok := terms[name]
		if !ok || t.Drifts {
			continue
		}
		into[read.Name] = read.Value.Text()
		if t.Derived != "" && app != nil {
			if d, ok := r.derive(app, name); ok {
				r.hashed(app, d.reads, into)
			}
		}
	}
}

// ConfigurationHash fingerprints the settings of an app together with the
// server's, or the server's alone if app is empty. A proof made under another
// hash was made for another configuration.
func ConfigurationHash(s Snapshot, app string) string {
	lines := map[string]string{}
	add := func(values Values) {
		for name, v := range values {
			if !terms[name].Drifts {
				lines[name] = v.Text()
			}
		}
	}
	add(s.Server)
	if a, ok := s.app(app); ok {
		add(a.Values)
	}
	return digest(lines)
}

// SnapshotHash fingerprints everything that was judged.
func SnapshotHash(s Snapshot) string {
	lines := map[string]string{"server": ConfigurationHash(s, "")}
	for _, a := range s.Apps {
		lines["app "+a.ID] = ConfigurationHash(s, a.ID)
	}
	for scope, values := range s.Scopes {
		for name, v := range values {
			lines["scope "+scope+" "+name] = v.Text()
		}
	}
	return digest(lines)
}

func digest(lines map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		h.Write([]byte(name + "=" + lines[name] + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
