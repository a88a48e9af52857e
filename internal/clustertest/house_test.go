package clustertest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	countersign "countersign/internal/server"
)

const (
	password = "a quiet river under the old bridge"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 Appendix B
	callback = "https://app.example/callback"
	codeLife = 2 * time.Minute // the longest there is: a code is asked for again after the fault
)

// house is the data behind the servers: one confidential app and some people.
type house struct {
	keys   *secret.Keyring
	app    oauth.ClientID
	basic  string
	people []*account.Account
	next   atomic.Int64
}

// furnish makes new data. Codes are sealed with the house's own keys: nothing is
// stored when a code is issued, and so it costs no password.
func furnish(t *testing.T, o countersign.DataOptions) *house {
	t.Helper()
	o.Actor = "clustertest"
	d, err := countersign.OpenData(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	h := &house{keys: d.Keys, app: "ledger-app"}
	r, err := d.Desk.CreateApp(t.Context(), h.app, []admin.Set{
		{Field: "name", Values: []string{"Ledger"}},
		{Field: "type", Values: []string{"confidential"}},
		{Field: "first-party", Values: []string{"on"}},
		{Field: "flow", Values: []string{"headless"}},
		{Field: "redirect-uri", Values: []string{callback}},
		{Field: "scope", Values: []string{"openid", "offline_access"}},
		{Field: "code-ttl", Values: []string{"120s"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.basic = "Basic " + base64.StdEncoding.EncodeToString([]byte(string(h.app)+":"+r.Secret))
	hash, err := account.HashPassword(account.DefaultParams, password)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		p, err := d.Desk.CreateUser(t.Context(), admin.NewUser{Username: fmt.Sprintf("person%d@example.com", i), Hash: hash})
		if err != nil {
			t.Fatal(err)
		}
		h.people = append(h.people, p)
	}
	return h
}

// person is the next one, round and round.
func (h *house) person() *account.Account {
	return h.people[int(h.next.Add(1))%len(h.people)]
}

var challenge = func() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}()

// mint seals a code as a login would at that time.
func (h *house) mint(at time.Time) string {
	p := h.person()
	return grant.SealCode(h.keys, grant.Code{
		Grant: grant.Grant{
			ID: secret.NewID(at), Client: h.app, User: p.ID, Epoch: p.Epoch, Flow: flow.CodeAndCredentials,
			Scopes:   oauth.Scopes{oauth.ScopeOpenID, oauth.ScopeOfflineAccess},
			AuthTime: at, AMR: []string{"pwd"}, ACR: "urn:countersign:acr:password",
		},
		Challenge: grant.ChallengeHash(verifier), Expires: at.Add(codeLife),
	})
}
