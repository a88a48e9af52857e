package admin

import (
	"slices"
	"testing"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
)

// TestSnapshotSpeaksTheVocabulary: every value has a name the catalogue knows,
// the type that name has, and one of its words; and every name is told, but those
// that are computed or that only use could tell.
func TestSnapshotSpeaksTheVocabulary(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := &client.Client{ID: "a", Type: client.Confidential, Platform: client.Web, Created: now, Secrets: []client.Secret{{Created: now}}}
	c.Settings = client.Settings{AuthMethod: client.AuthSecretBasic, Scopes: oauth.Scopes{"openid", "api"}, Flows: flow.Switches{}}
	all := review.Values{}
	for _, values := range []review.Values{
		serverValues(client.Org{}, nil, nil, Facts{}), appValues(client.Org{}, c, &Usage{LastUsed: now}, now), scopeValues([]*client.Client{c})["api"],
	} {
		for name, v := range values {
			all[name] = v
			term, ok := review.TermOf(name)
			if !ok {
				t.Errorf("%s: not in the vocabulary", name)
				continue
			}
			if v.Presence == review.Known && !fits(term, v.Data) {
				t.Errorf("%s: %v (%T) is no value of it", name, v.Data, v.Data)
			}
		}
	}
	for _, term := range review.Vocabulary() {
		if _, ok := all[term.Name]; !ok && term.Derived == "" {
			t.Errorf("%s: the snapshot says nothing of it", term.Name)
		}
	}
}

func fits(term review.Term, data any) bool {
	switch d := data.(type) {
	case bool:
		return term.Kind == review.Bool
	case int:
		return term.Kind == review.Int
	case string:
		return term.Kind == review.Word && (term.Words == nil || slices.Contains(term.Words, d))
	case time.Duration:
		return term.Kind == review.Duration
	case []review.Key:
		return term.Kind == review.Keys
	case time.Time:
		return term.Kind == review.Time
	case []string:
		return term.Kind == review.List && (term.Words == nil || !slices.ContainsFunc(d, func(s string) bool { return !slices.Contains(term.Words, s) }))
	}
	return false
}

// TestSnapshotOfAMachine: an app that may act for itself is its own principal:
// nobody signs in as it, no other app is it, and only scopes of this server's
// administration make it privileged.
func TestSnapshotOfAMachine(t *testing.T) {
	c := &client.Client{ID: "a", Type: client.Confidential, Settings: client.Settings{
		Flows: flow.Switches{flow.ClientCredentials: {On: true}}, Scopes: oauth.Scopes{"orders.read"},
	}}
	at := func(c *client.Client) review.Values { return appValues(client.Org{}, c, nil, time.Now()) }
	v := at(c)
	if v["app.flows.client_credentials"].Data != true || v["app.policy.run_as.apps"].Data != 1 ||
		v["app.policy.run_as.interactive"].Data != false || v["app.policy.run_as.privileged"].Data != false {
		t.Errorf("%v %v", v["app.flows.client_credentials"], v["app.policy.run_as"])
	}
	c.Settings.Scopes = oauth.Scopes{"admin:apps.read"}
	if at(c)["app.policy.run_as.privileged"].Data != true || scopeValues([]*client.Client{c})["admin:apps.read"]["scope.privileged"].Data != true {
		t.Error("an administrator's scope is not privileged")
	}
	c.Settings.Flows = nil
	if at(c)["app.policy.run_as"].Presence == review.Known {
		t.Error("an app that never acts for itself has a principal")
	}
}
