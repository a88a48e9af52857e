package review

import (
	"maps"
	"slices"
	"time"
)

// Values holds values by the names of the vocabulary. A name that is absent
// could not be read.
type Values map[string]Value

// Snapshot is everything a review judges, taken at one moment. It holds no
// secret: only storage form, length, origin and age of secrets.
type Snapshot struct {
	Taken         time.Time // the moment; controls measure ages from it
	ServerVersion string
	Source        string // "server", "metadata" …: what the values were read from
	Server        Values // server.*
	Apps          []App
	Scopes        map[string]Values // scope.* by the scope's name
	Attestations  []Attestation
	Waivers       []Waiver
	Principals    []string  // who can own things; nil if not recorded
	Problems      []Problem // what the reader of the snapshot found wrong itself
	// Untold says which names the source of the snapshot can never tell. A verdict
	// that only they keep open is manual: somebody has to look elsewhere. Nil: the
	// source could tell every name.
	Untold func(name string) bool
}

// App is one External Client App in a snapshot.
type App struct {
	ID     string // client_id or metadata name
	Name   string
	Values Values // app.*; derived names are computed and ignored here
	File   string // where the app is described, if in files
}

// Attestation is what somebody states about the world outside the server. It
// makes a verdict manual at best, and counts for nothing once it has ended.
type Attestation struct {
	Kind  string // "private-link" …
	App   string // app id, or "" for the server
	Text  string
	Owner string
	Until time.Time
}

// Problem is a defect met while reading: a broken file, a dangling reference,
// a committed secret. It becomes a finding with Rule as its control, and does
// not count in the score, which covers the catalogue only.
type Problem struct {
	Rule     string // stable id, such as "metadata-broken-file"
	App      string // app id, or ""
	Subject  string // what tells two problems of one rule and app apart, such as path and element
	Status   Status // Fail, or Inconclusive where something could not be read
	Severity float64
	Actual   string
	Expected string
	Reason   string
	File     string
	Line     int
}

// Clone copies the snapshot so far that values can be replaced in the copy
// without being seen in the original.
func (s Snapshot) Clone() Snapshot {
	s.Server = maps.Clone(s.Server)
	if s.Server == nil {
		s.Server = Values{}
	}
	s.Apps = slices.Clone(s.Apps)
	for i := range s.Apps {
		s.Apps[i].Values = maps.Clone(s.Apps[i].Values)
		if s.Apps[i].Values == nil {
			s.Apps[i].Values = Values{}
		}
	}
	return s
}

// app finds an app by its id.
func (s Snapshot) app(id string) (*App, bool) {
	for i := range s.Apps {
		if s.Apps[i].ID == id {
			return &s.Apps[i], true
		}
	}
	return nil, false
}
