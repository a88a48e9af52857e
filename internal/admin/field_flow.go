package admin

import (
	"fmt"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
)

// flowFields are the switches of the flow table. Each takes flow=on|off; a bare
// flow name means on. Requirements also take on|off for every flow at once.
func flowFields() []Field[client.Client] {
	return []Field[client.Client]{
		{
			Name: "flow", Hint: "FLOW[=on|off]", Many: true, Spec: "RFC 9700 §2",
			What:  "Switch a flow on or off. Off ends the tokens that were obtained by it, and they stay dead.",
			read:  perFlow("flow", func(flow.Flow) bool { return true }, func(s flow.Switch) bool { return s.On }),
			write: writeFlow,
		},
		{
			Name: "require-secret", Hint: "[FLOW=]on|off", Many: true, Spec: "RFC 6749 §3.2.1",
			What:  "Must the app prove who it is when it redeems? Off makes a stolen code or refresh token usable by others.",
			read:  perFlow("require-secret", needs(credentials), func(s flow.Switch) bool { return s.RequireSecret }),
			write: writeNeed("client authentication", credentials, func(s *flow.Switch, on bool) { s.RequireSecret = on }),
		},
		{
			Name: "require-pkce", Hint: "[FLOW=]on|off", Many: true, Spec: "RFC 9700 §2.1.1",
			What:  "Must a code be bound to a PKCE challenge? Public apps always must.",
			read:  perFlow("require-pkce", needs(pkce), func(s flow.Switch) bool { return s.RequirePKCE }),
			write: writeNeed("PKCE", pkce, func(s *flow.Switch, on bool) { s.RequirePKCE = on }),
		},
	}
}

func credentials(f flow.Flow) flow.Need { return f.Credentials }
func pkce(f flow.Flow) flow.Need        { return f.PKCE }

func needs(column func(flow.Flow) flow.Need) func(flow.Flow) bool {
	return func(f flow.Flow) bool { return column(f) == flow.PerApp }
}

func perFlow(name string, has func(flow.Flow) bool, is func(flow.Switch) bool) func(*client.Client) []Line {
	return func(c *client.Client) []Line {
		var out []Line
		for _, f := range flow.All {
			if has(f) {
				out = append(out, Line{name + "." + string(f.Name), word(is(c.Settings.Flows[f.Name]))})
			}
		}
		return out
	}
}

// dated is when a switch that ends tokens was last moved: what was given up to
// then is dead, and stays dead when it is on again. On is dated, too, if it was
// off before: for up to a second, a node that had not heard of it went on giving.
func dated(was, on bool, before, now time.Time) time.Time {
	switch {
	case was && !on:
		return now.UTC()
	case on && !was && !before.IsZero():
		return now.UTC().Add(-time.Millisecond) // what begins at this moment lives
	}
	return before
}

// writeFlow switches flows, and dates it.
func writeFlow(c *client.Client, values []string, now time.Time) error {
	for _, v := range values {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		f, on, err := parseFlow(v)
		if err != nil {
			return err
		}
		sw := c.Settings.Flows[f.Name]
		sw.NotBefore = dated(sw.On, on, sw.NotBefore, now)
		sw.On = on
		c.Settings.Flows[f.Name] = sw
	}
	return nil
}

func parseFlow(v string) (flow.Flow, bool, error) {
	name, state, has := strings.Cut(v, "=")
	n, ok := flow.ParseName(name)
	if !ok {
		return flow.Flow{}, false, fmt.Errorf("%q is no flow; the flows are %s", name, flowNames())
	}
	f, _ := flow.ByName(n)
	if !has {
		return f, true, nil
	}
	on, err := parseOnOff(state)
	return f, on, err
}

func flowNames() string {
	names := make([]string, len(flow.All))
	for i, f := range flow.All {
		names[i] = string(f.Name)
	}
	return strings.Join(names, ", ")
}

// writeNeed sets a requirement on one flow, or on every flow whose row of the
// table leaves it to the app.
func writeNeed(what string, column func(flow.Flow) flow.Need, set func(*flow.Switch, bool)) func(*client.Client, []string, time.Time) error {
	return func(c *client.Client, values []string, _ time.Time) error {
		for _, v := range values {
			if on, err := parseOnOff(v); err == nil {
				for _, f := range flow.All {
					if column(f) == flow.PerApp {
						flip(c, f.Name, on, set)
					}
				}
				continue
			}
			f, on, err := parseFlow(v)
			if err != nil {
				return err
			}
			switch n := column(f); {
			case n == flow.Never && on:
				return fmt.Errorf("the flow %s cannot carry %s (%s)", f.Name, what, f.Spec)
			case n == flow.Always && !on:
				return fmt.Errorf("the flow %s always demands %s (%s)", f.Name, what, f.Spec)
			case n == flow.PerApp:
				for _, same := range alike(v, f) {
					flip(c, same, on, set)
				}
			}
		}
		return nil
	}
}

// alike are the flows that a word of the command line means: "code" means every
// flow that redeems a code, since the token endpoint cannot tell them apart
// before it has seen who asks.
func alike(word string, f flow.Flow) []flow.Name {
	name, _, _ := strings.Cut(word, "=")
	if strings.TrimSpace(name) != "code" {
		return []flow.Name{f.Name}
	}
	var out []flow.Name
	for _, g := range flow.All {
		if g.GrantType == f.GrantType {
			out = append(out, g.Name)
		}
	}
	return out
}

func flip(c *client.Client, n flow.Name, on bool, set func(*flow.Switch, bool)) {
	sw := c.Settings.Flows[n]
	set(&sw, on)
	c.Settings.Flows[n] = sw
}
