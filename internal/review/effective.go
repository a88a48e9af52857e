package review

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

// Effective resolves the settings that interact, so that every rule reads what
// the server would enforce: a flow is on only if server and app allow it and
// the app is usable; a server that requires PKCE overrides the app; client
// type public makes secret requirements moot; credentials confined to a POST
// body are in no URL. Applying it twice changes nothing.
func Effective(s Snapshot) Snapshot {
	s = s.Clone()
	for i := range s.Apps {
		v := s.Apps[i].Values
		for flow, allowed := range flowSwitches {
			if on := v[flow]; on.Presence != Known || on.Data != false {
				v[flow] = narrowed(v, s.Server, flow, allowed)
			}
		}
		if must := s.Server["server.oauth.require_pkce"]; must.is(true) && !v["app.pkce.required"].is(true) {
			v["app.pkce.required"] = must
		}
		if kind := v["app.client_type"]; kind.is("public") {
			for _, name := range []string{"app.require_secret.code", "app.require_secret.refresh", "app.require_secret.token_exchange"} {
				if !v[name].is(false) {
					moot := kind
					moot.Data = false
					v[name] = moot
				}
			}
		}
		if post := v["app.code_and_credentials.post_only"]; post.is(true) && v["app.code_and_credentials.in_url"].is(true) {
			post.Data = false
			v["app.code_and_credentials.in_url"] = post
		}
	}
	return s
}

// narrowed is a flow's switch after the server's switch for it and the app's
// own master switches: one that is off turns it off; one that is unreadable
// makes an on switch unreadable.
func narrowed(app, server Values, flow, allowed string) Value {
	gates := []Value{app["app.enabled"], app["app.oauth.enabled"]}
	if allowed != "" {
		gates = append(gates, server[allowed])
	}
	on := app[flow]
	for _, gate := range gates {
		if gate.is(false) {
			return gate
		}
		if gate.Presence == Unread {
			on.Presence, on.Data = Unread, nil
		}
	}
	return on
}

func (v Value) is(data any) bool { return v.Presence == Known && v.Data == data }
