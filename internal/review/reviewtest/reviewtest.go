// Package reviewtest writes snapshots as text, for tests: one "name = value"
// a line over a healthy server and app. It judges nothing.
package reviewtest

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/review"
)

//go:embed healthy.settings
var healthy string

// Taken is the moment at which every snapshot of this package was taken.
func Taken() time.Time { return time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC) }

// Case is a snapshot with what a test expects of it.
type Case struct {
	Snapshot review.Snapshot
	Proofs   []review.Proof
	Reasons  []string // texts the verdict's sentence must contain
	Severity float64  // the computed severity, if not zero
}

// ErrLine says that a line of a case cannot be read.
var ErrLine = errors.New("unreadable line")

// Healthy is a server with one app, "shop", at which no control has anything
// to find.
func Healthy() review.Snapshot {
	c := Case{Snapshot: review.Snapshot{
		Taken: Taken(), ServerVersion: "test", Source: "server",
		Server: review.Values{}, Scopes: map[string]review.Values{},
		Apps: []review.App{{ID: "shop", Name: "Shop", Values: review.Values{}}},
	}}
	if err := c.read(healthy); err != nil {
		panic(err) // the file is part of this package; a test of it fails first
	}
	return c.Snapshot
}

// Parse reads a case over [Healthy]. Besides "name = value", where the value is
// in the form of review.ParseValue, a line may be
//
//	app ID              a further app like the first; the lines after it are its
//	scope NAME          a scope of the catalogue; the lines after it are its
//	probe ID = RESULT   the proof for the present app (or for the server, if no app is left)
//	attest KIND         an attestation in force for the present app
//	no apps             removes every app
//	reason: TEXT        the sentence of the verdict contains TEXT
//	severity: NUMBER    the computed severity
func Parse(text string) (Case, error) {
	c := Case{Snapshot: Healthy()}
	err := c.read(text)
	return c, err
}

// place is where the next line belongs.
type place struct{ app, scope string }

func (c *Case) read(text string) error {
	var at place
	if len(c.Snapshot.Apps) > 0 {
		at.app = c.Snapshot.Apps[0].ID
	}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := c.line(&at, line); err != nil {
			return fmt.Errorf("%w %d: %q: %w", ErrLine, n+1, line, err)
		}
	}
	return nil
}

func (c *Case) line(at *place, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "app":
		return c.another(at, rest)
	case "scope":
		at.scope = rest
		c.Snapshot.Scopes[rest] = maps.Clone(c.Snapshot.Scopes[rest])
		if c.Snapshot.Scopes[rest] == nil {
			c.Snapshot.Scopes[rest] = review.Values{}
		}
		return nil
	case "probe":
		id, result, _ := strings.Cut(rest, " = ")
		c.Proofs = append(c.Proofs, review.Proof{Probe: id, App: at.app, Result: review.Result(result), RanAt: Taken()})
		return nil
	case "attest":
		c.Snapshot.Attestations = append(c.Snapshot.Attestations, review.Attestation{
			Kind: rest, App: at.app, Text: "seen on site", Owner: "dana", Until: Taken().Add(30 * review.Day),
		})
		return nil
	case "no":
		c.Snapshot.Apps, *at = nil, place{}
		return nil
	case "reason:":
		c.Reasons = append(c.Reasons, rest)
		return nil
	case "severity:":
		n, err := strconv.ParseFloat(rest, 64)
		c.Severity = n
		return err
	}
	return c.set(at, line)
}

// another adds an app like the first of [Healthy].
func (c *Case) another(at *place, id string) error {
	if slices.ContainsFunc(c.Snapshot.Apps, func(a review.App) bool { return a.ID == id }) {
		*at = place{app: id}
		return nil
	}
	like := Healthy().Apps[0]
	like.ID, like.Name = id, id
	c.Snapshot.Apps = append(c.Snapshot.Apps, like)
	*at = place{app: id}
	return nil
}

func (c *Case) set(at *place, line string) error {
	name, text, ok := strings.Cut(line, " = ")
	if !ok {
		return ErrLine
	}
	v, err := review.ParseValue(name, text)
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(name, ".")
	v.Layer = map[string]string{"server": "server default", "app": "app setting", "scope": "scope catalogue"}[kind]
	switch {
	case kind == "scope" && at.scope != "":
		c.Snapshot.Scopes[at.scope][name] = v
	case kind == "app" && at.app != "":
		i := slices.IndexFunc(c.Snapshot.Apps, func(a review.App) bool { return a.ID == at.app })
		c.Snapshot.Apps[i].Values[name] = v
	case kind == "server":
		c.Snapshot.Server[name] = v
	default:
		return ErrLine
	}
	return nil
}
