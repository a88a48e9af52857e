package sfdx

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// checkCallbacks is M15. Each callback stands on a line of its own, and each
// finding names that line.
func checkCallbacks(p *Project, r *report) {
	for _, f := range p.Files {
		if !f.readable() {
			continue
		}
		path := "callbackUrl"
		switch f.Type {
		case typeGlobal:
		case typeConnected:
			path = "oauthConfig.callbackUrl"
		default:
			continue
		}
		c := callbacks{f: f, app: appOf(f), setting: f.Type + "." + path, r: r}
		for _, e := range f.Root.all(path) {
			c.element(e)
		}
	}
}

type callbacks struct {
	f       *File
	app     string
	setting string
	r       *report
}

func (c callbacks) element(e *Element) {
	first := c.f.textLine(e)
	seen := map[string]int{}
	var tidy []string
	if !e.set() {
		return
	}
	lines := strings.Split(strings.ReplaceAll(e.Text, "\r\n", "\n"), "\n")
	for i, raw := range lines {
		line := first + i
		uri := strings.TrimSpace(raw)
		if uri == "" {
			continue
		}
		if _, again := seen[uri]; !again {
			tidy = append(tidy, uri)
		}
		c.judge(uri, raw, line, seen)
	}
	// One tidy list mends blanks and duplicates alike.
	fix := Change{App: c.app, Setting: c.setting, Value: tidy}
	for i := range c.r.found {
		if f := &c.r.found[i]; f.File == c.f.Path && f.Severity == Low {
			f.Fix = []Change{fix}
		}
	}
}

func (c callbacks) judge(uri, raw string, line int, seen map[string]int) {
	at := place{c.f.Path, line}
	shown := clip(uri, 120)
	if raw != uri {
		c.r.add(Low, c.app, at, fmt.Sprintf("Blanks around the callback %q: callbacks are compared letter by letter, so this one never matches.", shown), "Remove the blanks.")
	}
	if strings.Contains(uri, "*") {
		c.r.add(High, c.app, at, fmt.Sprintf("Wildcard in the callback %q: if it matched, a code would go to every host of that name.", shown), "List each callback in full.")
	}
	if insecure(uri) {
		c.r.add(High, c.app, at, fmt.Sprintf("The callback %q is http: the code travels in the clear.", shown), "Use https; http is for localhost only.")
	}
	if before, again := seen[uri]; again {
		c.r.add(Low, c.app, at, fmt.Sprintf("The callback %q stands twice (first in line %d).", shown, before), "Remove one of the two.")
		return
	}
	seen[uri] = line
}

// insecure holds for http to a host other than this machine.
func insecure(uri string) bool {
	if len(uri) < 7 || !strings.EqualFold(uri[:7], "http://") {
		return false
	}
	parsed, err := url.Parse(uri)
	if err != nil {
		return true
	}
	host := strings.ToLower(parsed.Hostname())
	if host == "localhost" {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err != nil || !addr.IsLoopback()
}
