package admin

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
)

// setting says how a name of the review is written here: to which field of an
// app or of the server, and with which words. No is why a value cannot be
// written, if some can and some cannot.
type setting struct {
	field string
	words func(data any) []string // nil: the value in the field's usual words
	no    func(data any) string
}

// settings is every name of the review that a field of this version stands for.
// Flow names follow app.flows. and server.oauth.allow.; see fieldOf.
var settings = map[string]setting{
	"app.enabled":                        {field: "enabled"},
	"app.client_auth":                    {field: "auth-method", no: unservedAuth},
	"app.platform":                       {field: "platform"},
	"app.first_party":                    {field: "first-party"},
	"app.verified_publisher":             {field: "verified-publisher"},
	"app.pkce.required":                  {field: "require-pkce"},
	"app.require_secret.code":            {field: "require-secret", words: ofFlow("code")},
	"app.require_secret.refresh":         {field: "require-secret", words: ofFlow(string(flow.RefreshToken))},
	"app.require_secret.token_exchange":  {field: "require-secret", words: ofFlow(string(flow.TokenExchange))},
	"app.code.ttl":                       {field: "code-ttl"},
	"app.code_and_credentials.post_only": {field: "post-body-only"},
	"app.redirect_uris":                  {field: "redirect-uri"},
	"app.cors.origins":                   {field: "cors-origin"},
	"app.scopes":                         {field: "scope"},
	"app.claims.allow":                   {field: "claim"},
	"app.access_token.format":            {field: "token-format"},
	"app.access_token.ttl":               {field: "access-ttl"},
	"app.access_token.alg":               {field: "access-alg"},
	"app.access_token.audience":          {field: "audience"},
	"app.id_token.ttl":                   {field: "id-token-ttl"},
	"app.id_token.audience":              {field: "id-token-audience"},
	"app.id_token.nonce_required":        {field: "nonce-required"},
	"app.id_token.standard_claims":       {field: "id-token-claims"},
	"app.refresh.rotation":               {field: "rotation"},
	"app.refresh.grace":                  {field: "refresh-grace"},
	"app.refresh.policy":                 {field: "refresh-policy"}, // these three together: see refreshSets
	"app.refresh.idle_ttl":               {field: "refresh-ttl"},
	"app.refresh.absolute_ttl":           {field: "refresh-absolute"},
	"app.policy.permitted_users":         {field: "permitted-users"},
	"app.policy.groups":                  {field: "group"},
	"app.policy.ip":                      {field: "ip"},
	"app.policy.ip_ranges":               {field: "ip-range"},
	"app.policy.session_timeout":         {field: "session-timeout"},
	"app.policy.session_assurance":       {field: "assurance", no: noSecondFactor},
	"app.policy.introspect_all":          {field: "introspect-all"},
	"app.policy.rate_limit":              {field: "rate-limit"},
	"app.resource_server":                {field: "introspect-all"},
	"app.usage.owner":                    {field: "owner"},
	"app.usage.review_due":               {field: "review-due"},
	"server.oauth.require_pkce":          {field: "require-pkce"},
}

func ofFlow(name string) func(any) []string {
	return func(data any) []string { return []string{name + "=" + usual(data)[0]} }
}

func unservedAuth(data any) string {
	switch data {
	case string(client.AuthNone), string(client.AuthSecretBasic), string(client.AuthSecretPost):
		return ""
	}
	return "this version checks no keys of apps"
}

func noSecondFactor(data any) string {
	if data == string(client.AssuranceHigh) {
		return "this version knows no second factor, so nobody could sign in"
	}
	return ""
}

// beyond is what this version has no setting for, by the beginning of the name,
// and what to do instead. The longest beginning counts.
var beyond = map[string]string{
	"app.":                          "this version has no such setting",
	"app.keys":                      "this version checks no keys of apps",
	"app.par.":                      "this version takes no pushed requests",
	"app.access_token.binding":      "this version binds no tokens to keys",
	"app.logout.":                   "this version sends no logout to apps",
	"app.refresh.revoke_on_logout":  "this version knows no logout",
	"app.consent.":                  "this version shows no consent page",
	"app.mobile.":                   "this version knows no devices",
	"app.push.":                     "this version pushes nothing",
	"app.events.":                   "this version delivers no events",
	"app.token_exchange.":           "this version exchanges no tokens",
	"app.subject_type":              "this version gives every app the same sub",
	"app.policy.run_as":             "this version serves no machine flow",
	"app.secret.rotation_scheduled": "countersign app rotate-secret APP draws a new secret and ends the old one",
	"app.oauth.enabled":             "every app of this server is an OAuth app",
	"app.pkce.methods":              "S256 is the only method of this version",
	"app.code_and_credentials.":     "this version admits no guests and takes no credentials in a URL",
	"app.refresh.reuse_detection":   "this version always does it",
	"app.static_credentials":        "this version knows none",
	"app.id_token.":                 "this version puts nothing of the kind into ID tokens",
	"app.access_token.typ":          "at+jwt is the only one of this version",
	"app.cors.endpoints":            "the table of routes decides it for every app",
	"server.":                       "no setting of this version does it",
	"server.http.token_in_query":    "the Salesforce dialect takes oauth_token; without it: salesforce.enabled: false in the configuration",
	"server.http.":                  "the table of routes decides it",
	"server.logs.":                  "this version always does it",
	"server.pages.":                 "this version has no pages",
	"server.admin.":                 "only processes of this machine that can read the data reach the administration",
	"server.audit.":                 "this version keeps the audit log in its database and chains no hashes",
	"server.secrets.":               "this version keeps hashes of secrets and can show none",
	"server.logout.":                "this version knows no logout",
	"server.mfa.":                   "this version knows no second factor",
	"server.oauth.":                 "this version has no switch for it",
	"server.oauth.iss_parameter":    "this version redirects nobody",
	"server.introspection.":         "this version always does it",
	"server.revocation.":            "this version always does it",
	"server.limits.":                "limits are keys of the configuration; see login in docs/reference/configuration.md",
	"server.keys.":                  "countersign key rotate and key retire change the keys",
}

// Beyond says why a step of a fix cannot be written by this version; "" if it
// can. It is what a review of this server is told.
func Beyond(s review.Step) string {
	if _, in, ok := fieldOf(s.Name); ok {
		if in.no != nil {
			return in.no(s.Value().Data)
		}
		return ""
	}
	best, why := -1, "this version has no such setting"
	for prefix, text := range beyond {
		if strings.HasPrefix(s.Name, prefix) && len(prefix) > best {
			best, why = len(prefix), text
		}
	}
	return why
}

// Flag is the setting of app set or org set that a name of the review stands
// for; "" if there is none.
func Flag(name string) string {
	field, _, ok := fieldOf(name)
	if !ok {
		return ""
	}
	return field
}

// fieldOf finds the setting of a name. Names of flows that the table of flows
// does not have are no settings.
func fieldOf(name string) (field string, s setting, ok bool) {
	for _, prefix := range []string{"app.flows.", "server.oauth.allow."} {
		if text, is := strings.CutPrefix(name, prefix); is {
			f, known := flow.ByName(flow.Name(text))
			return "flow", setting{field: "flow", words: ofFlow(text), no: func(on any) string {
				if on == true && !f.Served {
					return "this version does not serve the flow"
				}
				return ""
			}}, known
		}
	}
	s, ok = settings[name]
	return s.field, s, ok
}

// usual writes a value as fields take it.
func usual(data any) []string {
	switch d := data.(type) {
	case bool:
		return []string{word(d)}
	case string:
		return []string{d}
	case time.Duration:
		if d == review.Forever {
			return []string{"default"}
		}
		return []string{client.Duration(d).String()}
	case time.Time:
		return []string{d.Format(time.DateOnly)}
	case []string:
		if len(d) == 0 {
			return []string{""}
		}
		return slices.Clone(d)
	}
	return []string{fmt.Sprint(data)}
}

// Patch is what a list of steps comes to for one app or, with an empty app, for
// the server: settings to write, and what only people can do.
type Patch struct {
	App   oauth.ClientID
	Sets  []Set
	Steps []review.Step // those behind Sets
	Tasks []review.Step
}

// patchFor turns the steps of one subject into settings. c is nil for the server.
func patchFor(org client.Org, c *client.Client, steps []review.Step) Patch {
	p := Patch{}
	var refresh []review.Step
	for _, s := range steps {
		if s.Name == "app.policy.permitted_users" && c != nil && len(c.Policy.Groups) == 0 {
			p.Tasks = append(p.Tasks, s) // it needs a group, or nobody could sign in
			continue
		}
		field, how, ok := fieldOf(s.Name)
		if !ok || s.Value().Presence != review.Known || how.no != nil && how.no(s.Value().Data) != "" {
			p.Tasks = append(p.Tasks, s)
			continue
		}
		p.Steps = append(p.Steps, s)
		if strings.HasPrefix(s.Name, "app.refresh.") && strings.HasPrefix(field, "refresh-") && field != "refresh-grace" {
			refresh = append(refresh, s)
			continue
		}
		words := how.words
		if words == nil {
			words = usual
		}
		p.Sets = alsoSet(p.Sets, field, words(s.Value().Data))
	}
	if c != nil {
		p.App = c.ID
		p.Sets = append(p.Sets, refreshSets(client.Resolve(org, c), refresh)...)
	}
	return p
}

// alsoSet adds words to a set of the same field, each once: require-secret takes
// one word for each flow.
func alsoSet(sets []Set, field string, words []string) []Set {
	for i := range sets {
		if sets[i].Field != field {
			continue
		}
		for _, w := range words {
			sets[i].Values = with(sets[i].Values, w)
		}
		return sets
	}
	return append(sets, Set{field, words})
}

// refreshSets writes policy and lifetimes of refresh tokens together: which
// field holds a lifetime depends on the policy.
func refreshSets(e *client.Effective, steps []review.Step) []Set {
	if len(steps) == 0 {
		return nil
	}
	policy, idle, absolute := e.RefreshPolicy, e.RefreshIdle, e.RefreshAbsolute
	for _, s := range steps {
		switch d := s.Value().Data.(type) {
		case string:
			policy = client.RefreshPolicy(d)
		case time.Duration:
			if s.Name == "app.refresh.idle_ttl" {
				idle = d
				if policy != client.RefreshZero {
					policy = client.RefreshInactivity // the only one that counts disuse
				}
			} else {
				absolute = d
			}
		}
	}
	length := func(d time.Duration) []string {
		if d == 0 {
			return []string{"default"}
		}
		return []string{client.Duration(d).String()}
	}
	out := []Set{{"refresh-policy", []string{string(policy)}}}
	switch policy {
	case client.RefreshInactivity:
		out = append(out, Set{"refresh-ttl", length(idle)}, Set{"refresh-absolute", length(absolute)})
	case client.RefreshLifetime:
		out = append(out, Set{"refresh-ttl", length(absolute)})
	case client.RefreshInfinite, client.RefreshZero:
	}
	return out
}
