package client

import (
	"maps"
	"sync/atomic"
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Entry is one app with its effective values. Immutable.
type Entry struct {
	*Client
	Effective *Effective
}

// Honours says whether what the app got by the flow at that time may still be
// alive: app and flow are on, and neither was switched off since.
//
// Spec: RFC 7009 §2.1.
func (e *Entry) Honours(name flow.Name, begun time.Time) bool {
	sw := e.Effective.Flow(name)
	return e.Effective.Enabled && sw.On && begun.After(sw.NotBefore) && begun.After(e.NotBefore)
}

// Directory answers look-ups of apps from memory. It is an immutable snapshot
// that a poller replaces when the configuration's version grows; readers never
// wait and never touch the database. The zero value is an empty directory.
type Directory struct {
	snap atomic.Pointer[snapshot]
}

type snapshot struct {
	org     Org
	entries map[oauth.ClientID]*Entry
}

// Apply replaces the settings of the server (if org is not nil) and of the given
// apps; an app that is nil was deleted. Every app is resolved anew when the
// server's settings change.
func (d *Directory) Apply(org *Org, apps map[oauth.ClientID]*Client) {
	next := &snapshot{entries: map[oauth.ClientID]*Entry{}}
	if old := d.snap.Load(); old != nil {
		next.org = old.org
		next.entries = maps.Clone(old.entries)
	}
	if org != nil {
		next.org = *org
		for id, e := range next.entries {
			next.entries[id] = &Entry{Client: e.Client, Effective: Resolve(next.org, e.Client)}
		}
	}
	for id, c := range apps {
		if c == nil {
			delete(next.entries, id)
			continue
		}
		next.entries[id] = &Entry{Client: c, Effective: Resolve(next.org, c)}
	}
	d.snap.Store(next)
}

// Lookup returns the app with this id, nil if there is none.
func (d *Directory) Lookup(id oauth.ClientID) *Entry {
	if s := d.snap.Load(); s != nil {
		return s.entries[id]
	}
	return nil
}

// Org returns the server-wide settings.
func (d *Directory) Org() Org {
	if s := d.snap.Load(); s != nil {
		return s.org
	}
	return Org{}
}

// All calls yield for every app until it returns false.
func (d *Directory) All(yield func(*Entry) bool) {
	if s := d.snap.Load(); s != nil {
		for _, e := range s.entries {
			if !yield(e) {
				return
			}
		}
	}
}
