package review

import "slices"

// flowSwitches names the server's switch for each flow of an app that has one.
var flowSwitches = map[string]string{
	"app.flows.code_and_credentials": "server.oauth.allow.code_and_credentials",
	"app.flows.client_credentials":   "server.oauth.allow.client_credentials",
	"app.flows.device":               "server.oauth.allow.device",
	"app.flows.token_exchange":       "server.oauth.allow.token_exchange",
	"app.flows.authorization_code":   "",
	"app.flows.jwt_bearer":           "",
	"app.flows.refresh_token":        "",
}

// secretRequirements are moot for an app that can keep no secret.
var secretRequirements = []string{"app.require_secret.code", "app.require_secret.refresh", "app.require_secret.token_exchange"}

// Effective resolves the settings that interact, so that every rule reads what
// the server would enforce: a flow is on only if server and app allow it and
// the app is usable; a server that requires PKCE overrides the app; client
// type public makes secret requirements moot; credentials confined to a POST
// body are in no URL. What cannot be read is taken into account as what it
// might be. Applying it twice changes nothing.
func Effective(s Snapshot) Snapshot {
	s = s.Clone()
	for i := range s.Apps {
		v := s.Apps[i].Values
		for flow, allowed := range flowSwitches {
			gates := []Value{v["app.enabled"], v["app.oauth.enabled"]}
			if allowed != "" {
				gates = append(gates, s.Server[allowed])
			}
			v[flow] = onlyWhile(v[flow], gates...)
		}
		v["app.pkce.required"] = orElse(v["app.pkce.required"], s.Server["server.oauth.require_pkce"])
		for _, name := range secretRequirements {
			v[name] = onlyWhile(v[name], v["app.client_type"].mapped("confidential"))
		}
		v["app.code_and_credentials.in_url"] = onlyWhile(v["app.code_and_credentials.in_url"], v["app.code_and_credentials.post_only"].mapped(false))
	}
	return s
}

// onlyWhile is a switch behind gates: one that is known to be off turns it
// off, one that could not be read makes an on switch unreadable.
func onlyWhile(on Value, gates ...Value) Value {
	if on.is(false) {
		return on
	}
	if i := slices.IndexFunc(gates, func(g Value) bool { return g.is(false) }); i >= 0 {
		return gates[i]
	}
	for _, gate := range gates {
		if gate.Presence == Unread {
			on.Presence, on.Data = Unread, nil
		}
	}
	return on
}

// orElse is a switch that another one overrides: on if either is, unreadable
// if the other might be on.
func orElse(on, other Value) Value {
	switch {
	case on.is(true):
	case other.is(true):
		return other
	case other.Presence == Unread:
		on.Presence, on.Data = Unread, nil
	}
	return on
}

// mapped is the answer to whether a value has some data, with the layer and
// place of the value.
func (v Value) mapped(data any) Value {
	if v.Presence == Known {
		v.Data = v.Data == data
	}
	return v
}

func (v Value) is(data any) bool { return v.Presence == Known && v.Data == data }
