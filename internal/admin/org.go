package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
)

type org = client.Org

// OrgFields is everything that can be set for the whole server.
var OrgFields = []Field[client.Org]{
	text("name", "NAME", "What the server is called.", func(o *org) *string { return &o.Name }, checkShort),
	{
		Name: "flow", Hint: "FLOW=on|off", Many: true, Spec: "RFC 9700 §2",
		What:  "Forbid a flow for every app (off), or leave it to the apps (on).",
		read:  orgFlows,
		write: writeOrgFlow,
	},
	onOff("require-pkce", "Demand PKCE of every app, whatever its settings say.", "RFC 9700 §2.1.1", func(o *org) *bool { return &o.RequirePKCE }),
	length("max-access-ttl", "The longest life of any access token.", "RFC 9700 §2.2", func(o *org) *client.Duration { return &o.MaxAccess },
		"24h", 30*time.Second, client.AccessTokenCeiling),
	length("max-refresh-ttl", "The longest time since a login that any refresh token lives.", "RFC 9700 §4.14.2",
		func(o *org) *client.Duration { return &o.MaxRefresh }, "none", time.Minute, 3650*24*time.Hour),
}

func orgFlows(o *org) []Line {
	var out []Line
	for _, f := range flow.All {
		out = append(out, Line{"flow." + string(f.Name), word(!slices.Contains(o.FlowsOff, f.Name))})
	}
	return out
}

// writeOrgFlow forbids flows or leaves them to the apps, and dates it.
func writeOrgFlow(o *org, values []string, now time.Time) error {
	for _, v := range values {
		if !strings.Contains(v, "=") {
			return fmt.Errorf("%q: write FLOW=on or FLOW=off", v)
		}
		f, on, err := parseFlow(v)
		if err != nil {
			return err
		}
		was := !slices.Contains(o.FlowsOff, f.Name)
		if at := dated(was, on, o.FlowsNotBefore[f.Name], now); !at.IsZero() {
			o.FlowsNotBefore = maps.Clone(o.FlowsNotBefore) // the old settings keep theirs
			if o.FlowsNotBefore == nil {
				o.FlowsNotBefore = map[flow.Name]time.Time{}
			}
			o.FlowsNotBefore[f.Name] = at
		}
		next := slices.DeleteFunc(slices.Clone(o.FlowsOff), func(n flow.Name) bool { return n == f.Name })
		if !on {
			next = append(next, f.Name)
		}
		o.FlowsOff = next
	}
	return nil
}

// Org reads the server-wide settings.
func (d *Desk) Org(ctx context.Context) (client.Org, error) { return d.Apps.Org(ctx) }

// ChangeOrg sets server-wide settings and says what changed. Errors: Invalid,
// ErrChanged.
func (d *Desk) ChangeOrg(ctx context.Context, sets []Set) (client.Org, []Change, error) {
	for try := 1; ; try++ {
		old, err := d.Apps.Org(ctx)
		if err != nil {
			return old, nil, fmt.Errorf("read settings: %w", err)
		}
		if err := d.current(old.Version); err != nil {
			return old, nil, err
		}
		next := old
		if faults := apply(OrgFields, &next, sets, d.Now(), false); len(faults) > 0 {
			return old, nil, faults
		}
		changes := diff(OrgFields, &old, &next)
		if len(changes) == 0 {
			return next, nil, nil
		}
		err = d.replaceOrg(ctx, next, changes)
		if errors.Is(err, client.ErrConflict) && try < maxTries {
			continue
		}
		if err != nil {
			return old, nil, err
		}
		return next, changes, nil
	}
}

func (d *Desk) replaceOrg(ctx context.Context, next client.Org, changes []Change) error {
	if err := d.Apps.ReplaceOrg(ctx, next, describe(d.event(audit.OrgChanged), changes)); err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	return nil
}
