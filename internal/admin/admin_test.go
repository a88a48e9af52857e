package admin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/jose"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

var ctx = context.Background()

// office is a desk on a real database, with a clock that is set by hand.
type office struct {
	*Desk
	t   *testing.T
	now time.Time
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, now: time.Now().UTC()}
	clock := func() time.Time { return o.now }
	db, err := sqlstore.Open(ctx, sqlstore.Options{Dir: t.TempDir(), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	o.Desk = &Desk{
		Apps: db, People: db, Grants: db, Signing: db, Members: db, Log: db, Book: db, Seen: db, Keys: keys, Actor: "test", Now: clock,
		Password: PasswordRules{Params: account.Params{MemoryKiB: 64, Time: 1, Parallelism: 1}},
	}
	return o
}

// set reads "field=value value" as the command line would.
func set(words ...string) []Set {
	var out []Set
	for _, w := range words {
		name, text, _ := strings.Cut(w, "=")
		values := []string{text}
		if !strings.HasSuffix(name, "name") && name != "no-such" {
			values = strings.Split(text, " ")
		}
		out = append(out, Set{name, values})
	}
	return out
}

var confidential = []string{
	"name=Shop", "type=confidential", "flow=code_and_credentials", "first-party=on",
	"redirect-uri=https://shop.example/cb", "scope=openid offline_access",
}

var public = []string{
	"name=Phone", "type=public", "platform=mobile", "flow=headless", "first-party=on", "redirect-uri=com.example.shop:/cb", "scope=openid",
}

func (o *office) create(words ...string) AppResult {
	o.t.Helper()
	r, err := o.CreateApp(ctx, "", set(words...))
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) events(name audit.Name) []audit.Event {
	o.t.Helper()
	list, err := o.Log.List(ctx, audit.Filter{Name: name})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

func TestNewAppIsSafe(t *testing.T) {
	o := open(t)
	for name, tt := range map[string]struct {
		words  []string
		flows  []flow.Name
		method client.AuthMethod
		secret bool
	}{
		"confidential": {confidential, []flow.Name{flow.CodeAndCredentials, flow.RefreshToken}, client.AuthSecretBasic, true},
		"public":       {public, []flow.Name{flow.CodeAndCredentials}, client.AuthNone, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := o.create(tt.words...)
			kept, err := o.Apps.Client(ctx, r.App.ID)
			if err != nil {
				t.Fatal(err)
			}
			s := kept.Settings
			if diff := cmp.Diff(tt.flows, FlowsOn(s.Flows)); diff != "" {
				t.Errorf("flows on:\n%s", diff)
			}
			if s.AuthMethod != tt.method || !s.Rotation {
				t.Errorf("method %s, rotation %v", s.AuthMethod, s.Rotation)
			}
			if (r.Secret != "") != tt.secret || (len(kept.Secrets) == 1) != tt.secret {
				t.Errorf("secret %q, kept %d; want one: %v", r.Secret, len(kept.Secrets), tt.secret)
			}
			e := client.Resolve(client.Org{}, kept)
			sw := e.Flow(flow.CodeAndCredentials)
			if !sw.RequirePKCE || sw.RequireSecret != tt.secret || !e.Enabled {
				t.Errorf("effective switch %+v", sw)
			}
			if got := o.events(audit.AppCreated); len(got) == 0 || got[len(got)-1].Actor != "test" {
				t.Errorf("events %v", got)
			}
		})
	}
}

func TestSecretAuthenticates(t *testing.T) {
	o := open(t)
	r := o.create(confidential...)
	if !o.accepts(r.App.ID, r.Secret) {
		t.Error("the secret that was printed does not authenticate")
	}
	if o.accepts(r.App.ID, r.Secret+"x") {
		t.Error("another secret authenticates")
	}
}

func (o *office) accepts(id oauth.ClientID, text string) bool {
	o.t.Helper()
	c, err := o.Apps.Client(ctx, id)
	if err != nil {
		o.t.Fatal(err)
	}
	d := &client.Directory{}
	d.Apply(&client.Org{}, map[oauth.ClientID]*client.Client{id: c})
	v := client.Verifier{Directory: d, Keys: o.Keys, Now: o.Now}
	_, err = v.Authenticate(client.Credentials{ID: id, Method: client.AuthSecretBasic, Secret: text})
	return err == nil
}

func (o *office) expect(when string, id oauth.ClientID, want map[string]bool) {
	o.t.Helper()
	for text, good := range want {
		if o.accepts(id, text) != good {
			o.t.Errorf("%s: a secret is accepted: %v, want %v", when, !good, good)
		}
	}
}

// TestAppRules: a sound app; each row spoils one value and expects one fault.
func TestAppRules(t *testing.T) {
	o := open(t)
	tests := []struct {
		base []string
		word string
		want string
	}{
		{confidential, "name=", "an app needs a name"},
		{confidential, "name=a\x00b", "none of them invisible"},
		{confidential, "name=" + strings.Repeat("x", 121), "at most 120 characters"},
		{confidential, "type=secret", "is none of confidential, public"},
		{confidential, "platform=fridge", "is none of web"},
		{confidential, "first-party=maybe", "neither on nor off"},
		{confidential, "auth-method=none", "a confidential app proves who it is"},
		{confidential, "auth-method=private_key_jwt", "is none of client_secret_basic"},
		{confidential, "flow=password", "is no flow"},
		{confidential, "flow=device=perhaps", "neither on nor off"},
		{confidential, "require-secret=client_credentials=off", "always demands client authentication"},
		{confidential, "require-pkce=device=on", "cannot carry PKCE"},
		{confidential, "require-pkce=banana", "is no flow"},
		{confidential, "redirect-uri=http://shop.example/cb", "use https"},
		{confidential, "redirect-uri=https://shop.example/*", "wildcards"},
		{confidential, "cors-origin=https://shop.example/", "is not an origin"},
		{confidential, "cors-origin=*", "is not an origin"},
		{confidential, "cors-origin=https://Shop.example", "is not an origin"},
		{confidential, "cors-origin=http://shop.example", "an origin is https"},
		{confidential, `scope=a"b`, "RFC 6749 §3.3"},
		{confidential, "scope=+a b", "mixes +value"},
		{confidential, "code-ttl=3m", "is not between 1s and 2m"},
		{confidential, "code-ttl=0s", "is not between 1s and 2m"},
		{confidential, "code-ttl=soon", "expected a length of time"},
		{confidential, "access-ttl=25h", "is not between 30s and 1d"},
		{confidential, "id-token-ttl=13h", "is not between 30s and 12h"},
		{confidential, "access-alg=HS256", "is none of ES256, RS256"},
		{confidential, "token-format=saml", "is none of jwt, opaque"},
		{confidential, "audience=https://a.example#x", "without a fragment"},
		{confidential, "claim=a\tb", "visible ASCII"},
		{confidential, "refresh-grace=5m", "is not between 0s and 2m"},
		{confidential, "refresh-policy=never", "is none of inactivity"},
		{confidential, "refresh-ttl=1s", "is not between 1m"},
		{confidential, "permitted-users=friends", "is none of self_authorize"},
		{confidential, "permitted-users=admin_preauthorized", "lets nobody in"},
		{confidential, "group=" + strings.Repeat("g", 256), "255 characters at most"},
		{confidential, "ip-range=10.0.0.1/8", "did you mean 10.0.0.0/8?"},
		{confidential, "ip-range=10.0.0.1", "is no address range"},
		{confidential, "ip-range=::ffff:10.0.0.0/104", "dotted form"},
		{confidential, "review-due=tomorrow", "is no date"},
		{confidential, "owner=a\nb", "none of them invisible"},
		{confidential, "no-such=1", "there is no such setting"},
		{[]string{"name=x", "type=confidential"}, "flow=authorization_code", "needs at least one redirect URI"},
		{public, "auth-method=client_secret_post", "a public app cannot keep a secret"},
		{public, "require-secret=on", "a public app has no secret to require"},
		{public, "require-pkce=off", "PKCE cannot be switched off for a public app"},
		{public, "rotation=off", "must rotate"},
		{public, "flow=client_credentials", "not for public apps"},
	}
	for _, tt := range tests {
		t.Run(tt.word, func(t *testing.T) {
			_, err := o.CreateApp(ctx, "", set(append(append([]string{}, tt.base...), tt.word)...))
			var faults Invalid
			if !errors.As(err, &faults) {
				t.Fatalf("error %v, want faults", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("faults %q, want %q", err, tt.want)
			}
		})
	}
	if all, _ := o.AllApps(ctx); len(all) != 0 {
		t.Errorf("%d apps were made by refused requests", len(all))
	}
}

func TestEveryFaultOfAnApp(t *testing.T) {
	o := open(t)
	_, err := o.CreateApp(ctx, "short", set("name=", "code-ttl=9m", "scope=\x7f"))
	var faults Invalid
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	for _, f := range faults {
		fields[f.Field] = true
	}
	for _, want := range []string{"client-id", "name", "code-ttl", "scope"} {
		if !fields[want] {
			t.Errorf("no fault for %s in:\n%v", want, err)
		}
	}
}

func TestClientID(t *testing.T) {
	o := open(t)
	for id, want := range map[oauth.ClientID]string{
		"spaced id": "8 to 256", "short": "8 to 256", oauth.ClientID(strings.Repeat("x", 257)): "8 to 256",
		oauth.ClientID(secret.NewRecordID(secret.PrefixUser, o.now)): "id of a person",
	} {
		if _, err := o.CreateApp(ctx, id, set(confidential...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", id, err, want)
		}
	}
	for range 2 {
		_, err := o.CreateApp(ctx, "my-own.id_1", set(confidential...))
		if err != nil && !errors.Is(err, client.ErrExists) {
			t.Error(err)
		}
	}
	if _, err := o.CreateApp(ctx, "my-own.id_1", set(confidential...)); !errors.Is(err, client.ErrExists) {
		t.Errorf("a second app with the same id: %v", err)
	}
}

func TestWarnings(t *testing.T) {
	o := open(t)
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"name=x"}, "no flow is switched on"},
		{[]string{"name=x", "flow=device"}, "does not serve it"},
		{[]string{"name=x", "flow=headless"}, "until it is marked as ours"},
		{[]string{"name=x", "flow=headless", "first-party=on"}, "without a redirect URI"},
		{append(confidential[:len(confidential):len(confidential)], "require-secret=headless=off"), "whoever steals a code"},
		{append(confidential[:len(confidential):len(confidential)], "flow=headless refresh=off"), "none will be given"},
		{[]string{"name=x", "platform=spa", "flow=headless"}, "--cors-origin"},
		{confidential, ""},
	} {
		r, err := o.CreateApp(ctx, "", set(tt.words...), Consent{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		own := slices.DeleteFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "the review would find") }) // TestLint has those
		got := strings.Join(own, "\n")
		if !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%v: warnings %q, want %q", tt.words, got, tt.want)
		}
	}
}

func TestChangeSaysWhatChanged(t *testing.T) {
	o := open(t)
	id := o.create(confidential...).App.ID
	r, err := o.ChangeApp(ctx, id, set("code-ttl=30s", "scope=+email -openid", "require-pkce=off", "refresh-grace=0s", "name=Shop"), Consent{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{"require-pkce.code_and_credentials", "on", "off"},
		{"require-pkce.authorization_code", "on", "off"},
		{"scope", "openid offline_access", "offline_access email"},
		{"code-ttl", "60s (default)", "30s"},
		{"refresh-grace", "10s (default)", "0s"},
	}
	if diff := cmp.Diff(want, r.Changes); diff != "" {
		t.Errorf("changes:\n%s", diff)
	}
	e := o.events(audit.AppChanged)
	if len(e) != 1 || e[0].Detail["code-ttl"] != "60s (default) -> 30s" || e[0].App != id {
		t.Errorf("event %+v", e)
	}
	kept, _ := o.Apps.Client(ctx, id)
	if eff := client.Resolve(client.Org{}, kept); eff.Grace != 0 || eff.CodeTTL != 30*time.Second {
		t.Errorf("effective grace %v, code %v", eff.Grace, eff.CodeTTL)
	}
	if r, err = o.ChangeApp(ctx, id, set("code-ttl=30s")); err != nil || len(r.Changes) != 0 || len(o.events(audit.AppChanged)) != 1 {
		t.Errorf("the same again: %v, %v", r.Changes, err)
	}
	if r, err = o.ChangeApp(ctx, id, set("refresh-grace=default", "code-ttl=default")); err != nil || len(r.Changes) != 2 || r.App.Settings.Grace != 0 {
		t.Errorf("back to the defaults: %v, %v", r.Changes, err)
	}
}

func TestChangeReads(t *testing.T) {
	for want, c := range map[string]Change{"a: x -> y": {"a", "x", "y"}, "a: (none) -> b": {Name: "a", New: "b"}} {
		if c.String() != want {
			t.Errorf("the diff reads %q, want %q", c, want)
		}
	}
}

func TestChangeIsWholeOrNothing(t *testing.T) {
	o := open(t)
	id := o.create(confidential...).App.ID
	_, err := o.ChangeApp(ctx, id, set("type=public"))
	if err == nil || !strings.Contains(err.Error(), "cannot change after creation") {
		t.Errorf("changing the type: %v", err)
	}
	if _, err = o.ChangeApp(ctx, id, set("code-ttl=9m", "name=New")); err == nil {
		t.Error("a change with a fault was taken")
	}
	if c, _ := o.Apps.Client(ctx, id); c.Name != "Shop" {
		t.Error("a change with a fault was done by half")
	}
	if _, err = o.ChangeApp(ctx, "no-such-app", set("name=x")); !IsNotFound(err) {
		t.Errorf("an app that does not exist: %v", err)
	}
}

// TestSwitchingOffIsFinal: what was issued before stays dead when the flow or
// the app is switched on again.
func TestSwitchingOffIsFinal(t *testing.T) {
	o := open(t)
	id := o.create(confidential...).App.ID
	o.now = o.now.Add(time.Hour)
	for _, words := range [][]string{{"flow=headless=off", "enabled=off"}, {"flow=headless=on", "enabled=on"}} {
		want := o.now.Truncate(time.Millisecond)
		if words[0] == "flow=headless=on" { // a node that had not heard of the first went on
			want = want.Add(-time.Millisecond)
		}
		r, err := o.ChangeApp(ctx, id, set(words...))
		if err != nil {
			t.Fatal(err)
		}
		if !r.App.NotBefore.Equal(want) { // in the change itself, not only once the grants are ended
			t.Errorf("%v: the app's tokens are dead before %v, want %v", words, r.App.NotBefore, want)
		}
		c, _ := o.Apps.Client(ctx, id)
		if at := c.Settings.Flows[flow.CodeAndCredentials].NotBefore; !at.Equal(want) {
			t.Errorf("%v: the flow's tokens are dead before %v, want %v", words, at, want)
		}
		if late := c.NotBefore.Sub(want); late < 0 || late > time.Second { // ending the grants may move it on
			t.Errorf("%v: the app's tokens are dead before %v, want %v", words, c.NotBefore, want)
		}
		o.now = o.now.Add(time.Hour)
	}
}

// TestForbiddingAFlowIsFinal: the same of a flow that was forbidden for every
// app.
func TestForbiddingAFlowIsFinal(t *testing.T) {
	o := open(t)
	id := o.create(confidential...).App.ID
	for i, word := range []string{"flow=headless=on", "flow=headless=off", "flow=headless=off", "flow=headless=on"} {
		o.now = o.now.Add(time.Hour)
		at := o.now
		after, _, err := o.ChangeOrg(ctx, set(word, "name="+strings.Repeat("x", i+1)))
		if err != nil {
			t.Fatal(err)
		}
		c, _ := o.Apps.Client(ctx, id)
		sw := client.Resolve(after, c).Flow(flow.CodeAndCredentials)
		want := []time.Time{{}, at, at.Add(-time.Hour), at.Add(-time.Millisecond)}[i]
		if !sw.NotBefore.Equal(want) || sw.On != strings.HasSuffix(word, "on") {
			t.Errorf("%d %s: %v, want not before %v", i, word, sw, want)
		}
	}
}

func TestSwitchingOffEndsGrants(t *testing.T) {
	o := open(t)
	id := o.create(confidential...).App.ID
	family := o.family(id, "0055g00000DGVJ1AAP")
	if _, err := o.ChangeApp(ctx, id, set("enabled=off")); err != nil {
		t.Fatal(err)
	}
	if f, err := o.Grants.Family(ctx, family, 0); err != nil || f.Ended.IsZero() {
		t.Errorf("family after the app was switched off: %+v, %v", f, err)
	}
}

// family opens a refresh family as a redeemed code does.
func (o *office) family(app oauth.ClientID, user oauth.UserID) secret.ID {
	o.t.Helper()
	c := grant.Code{
		Grant: grant.Grant{ID: secret.NewID(o.now), Client: app, User: user, Flow: flow.CodeAndCredentials, Scopes: oauth.Scopes{"openid"}},
		Slot:  secret.SlotOf(o.now.Add(time.Minute)), Expires: o.now.Add(time.Minute),
	}
	var at grant.Attempt
	copy(at[:], c.ID[:])
	out, err := o.Grants.RedeemCode(ctx, grant.Redemption{Attempt: at, Code: c, Now: o.now, Refresh: true, Event: o.event(audit.CodeRedeemed)})
	if err != nil || out != oauth.Won {
		o.t.Fatalf("redeem: %v, %v", out, err)
	}
	return c.ID
}

func TestGrants(t *testing.T) {
	o := open(t)
	const ann, bob = "0055g00000DGVJ1AAP", "0055g00000DGVJ2AAP"
	one, two := o.family("app-number-1", ann), o.family("app-number-1", bob)
	list, err := o.FamiliesOf(ctx, ann, "", 10)
	if err != nil || len(list) != 1 || list[0].ID != one {
		t.Fatalf("families of one person: %v, %v", list, err)
	}
	if v := ViewGrant(list[0]); v.ID != one.String() || v.Refreshes != 0 {
		t.Errorf("view %+v", v)
	}
	if n, err := o.EndGrants(ctx, ann, ""); err != nil || n != 1 {
		t.Errorf("ended %d, %v; want 1", n, err)
	}
	if err := o.EndGrant(ctx, two.String()); err != nil {
		t.Error(err)
	}
	for _, id := range []secret.ID{one, two} {
		if f, err := o.Grants.Family(ctx, id, 0); err != nil || f.Ended.IsZero() {
			t.Errorf("family %s lives: %v", id, err)
		}
	}
	if err := o.EndGrant(ctx, "no id"); err == nil {
		t.Error("no id was taken for one")
	}
}

func TestSecretsOverlap(t *testing.T) {
	o := open(t)
	first := o.create(confidential...)
	id := first.App.ID
	second, err := o.RotateSecret(ctx, id, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	o.expect("in the overlap", id, map[string]bool{first.Secret: true, second.Secret: true})
	o.now = o.now.Add(30 * time.Minute)
	third, err := o.RotateSecret(ctx, id, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	o.expect("after a third", id, map[string]bool{first.Secret: false, second.Secret: true, third.Secret: true})
	o.now = o.now.Add(25 * time.Hour)
	o.expect("after the overlap", id, map[string]bool{second.Secret: false, third.Secret: true})
	fourth, err := o.RotateSecret(ctx, id, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.expect("without an overlap", id, map[string]bool{third.Secret: false, fourth.Secret: true})
	if got := len(fourth.App.Secrets); got != 1 {
		t.Errorf("%d secrets are kept, want 1", got)
	}
	for _, e := range append(o.events(audit.AppSecretAdded), o.events(audit.AppCreated)...) {
		for _, s := range []string{first.Secret, second.Secret, third.Secret, fourth.Secret} {
			if strings.Contains(string(e.Encode()), s) {
				t.Errorf("event %s holds a secret", e.Name)
			}
		}
	}
}

func TestRotateSecretRules(t *testing.T) {
	o := open(t)
	id := o.create(confidential...).App.ID
	for _, overlap := range []time.Duration{-1, 91 * 24 * time.Hour} {
		if _, err := o.RotateSecret(ctx, id, overlap); err == nil {
			t.Errorf("overlap %v was taken", overlap)
		}
	}
	if _, err := o.RotateSecret(ctx, o.create(public...).App.ID, 0); !errors.Is(err, ErrPublic) {
		t.Errorf("a secret for a public app: %v", err)
	}
}

func TestRemoveSecret(t *testing.T) {
	o := open(t)
	first := o.create(confidential...)
	id, old := first.App.ID, first.App.Secrets[0].ID
	if _, err := o.RemoveSecret(ctx, id, old); !errors.Is(err, ErrLastSecret) {
		t.Errorf("removing the only secret: %v", err)
	}
	if _, err := o.RotateSecret(ctx, id, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := o.RemoveSecret(ctx, id, "no-such"); !IsNotFound(err) {
		t.Errorf("removing a secret that is not there: %v", err)
	}
	if _, err := o.RemoveSecret(ctx, id, old); err != nil || o.accepts(id, first.Secret) {
		t.Errorf("the removed secret counts: %v", err)
	}
}

func TestFindApp(t *testing.T) {
	o := open(t)
	one := o.create(confidential...).App
	if c, err := o.App(ctx, "Shop"); err != nil || c.ID != one.ID {
		t.Errorf("by name: %v", err)
	}
	if _, err := o.App(ctx, "Nobody"); !IsNotFound(err) {
		t.Errorf("unknown: %v", err)
	}
	o.create(confidential...)
	if _, err := o.App(ctx, "Shop"); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("two of one name: %v", err)
	}
	if err := o.DeleteApp(ctx, one.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.DeleteApp(ctx, one.ID); !IsNotFound(err) {
		t.Errorf("deleting twice: %v", err)
	}
}

// TestKeys walks through the life of signing keys.
func TestKeys(t *testing.T) {
	o := open(t)
	rotate := func(now bool) func() (int, error) {
		return func() (int, error) {
			_, err := o.RotateKey(ctx, jose.ES256, now)
			return 0, err
		}
	}
	turn := func() (int, error) { return o.TurnKeys(ctx) }
	first := func() (int, error) { return 0, o.FirstKeys(ctx) }
	for _, step := range []struct {
		name  string
		after time.Duration
		do    func() (int, error)
		moved int
		want  string
	}{
		{"a new database", 0, first, 0, "active"},
		{"a second start", 0, first, 0, "active"},
		{"rotation", time.Second, rotate(false), 0, "active next"},
		{"too early", time.Second, turn, 0, "active next"},
		{"after the publication", key.PublishBefore, turn, 2, "retiring active"},
		{"after the last token", key.KeepAfter, turn, 1, "removed active"},
		{"at once", time.Second, rotate(true), 0, "removed retiring active"},
	} {
		o.now = o.now.Add(step.after)
		if n, err := step.do(); err != nil || n != step.moved || o.keyStates() != step.want {
			t.Errorf("%s: %d moved, %v, %s; want %d, %s", step.name, n, err, o.keyStates(), step.moved, step.want)
		}
	}
}

// watched counts the signing keys after each change.
type watched struct {
	key.Store
	t *testing.T
}

func (w watched) ReplaceKey(ctx context.Context, k *key.Key, e audit.Event) error {
	err := w.Store.ReplaceKey(ctx, k, e)
	all, _ := w.Keys(ctx)
	if !slices.ContainsFunc(all, func(x *key.Key) bool { return x.State == key.Active && x.Alg == k.Alg }) {
		w.t.Errorf("after key %s became %s nobody signs %s", k.ID, k.State, k.Alg)
	}
	return err
}

// TestSomebodyAlwaysSigns: between two commits of a rotation, too.
func TestSomebodyAlwaysSigns(t *testing.T) {
	o := open(t)
	if err := o.FirstKeys(ctx); err != nil {
		t.Fatal(err)
	}
	o.Signing = watched{o.Signing, t}
	for _, alg := range []jose.Alg{jose.ES256, jose.RS256} {
		if _, err := o.RotateKey(ctx, alg, false); err != nil {
			t.Fatal(err)
		}
	}
	o.now = o.now.Add(key.PublishBefore + time.Second)
	if n, err := o.TurnKeys(ctx); n != 4 || err != nil {
		t.Errorf("%d moved, %v", n, err)
	}
	if _, err := o.RotateKey(ctx, jose.ES256, true); err != nil {
		t.Error(err)
	}
}

// keyStates names the states of the ES256 keys, oldest first.
func (o *office) keyStates() string {
	o.t.Helper()
	all, err := o.SigningKeys(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	var out []string
	for _, k := range all {
		if k.Alg == jose.ES256 {
			out = append(out, string(k.State))
		}
	}
	return strings.Join(out, " ")
}

func TestKeyRules(t *testing.T) {
	o := open(t)
	only, err := o.RotateKey(ctx, jose.ES256, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.RetireKey(ctx, only.ID); !errors.Is(err, ErrOnlyKey) {
		t.Errorf("retiring the only key: %v", err)
	}
	o.now = o.now.Add(time.Second)
	if _, err := o.RotateKey(ctx, jose.ES256, true); err != nil {
		t.Fatal(err)
	}
	if err := o.RetireKey(ctx, only.ID); err != nil {
		t.Errorf("retiring a retiring key: %v", err)
	}
	if err := o.RetireKey(ctx, only.ID); !errors.Is(err, ErrKeyGone) {
		t.Errorf("retiring a removed key: %v", err)
	}
	if _, err := o.RotateKey(ctx, "HS256", false); !errors.Is(err, ErrKeyAlg) {
		t.Errorf("a key of another algorithm: %v", err)
	}
	if err := o.RetireKey(ctx, "no-such"); !IsNotFound(err) {
		t.Errorf("retiring a key that is not there: %v", err)
	}
}

// TestRetireActive: the next key takes over at once.
func TestRetireActive(t *testing.T) {
	o := open(t)
	first, err := o.RotateKey(ctx, jose.ES256, true)
	if err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Second)
	second, err := o.RotateKey(ctx, jose.ES256, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.RetireKey(ctx, first.ID); err != nil {
		t.Fatal(err)
	}
	all, _ := o.SigningKeys(ctx)
	got := map[string]key.State{}
	for _, k := range all {
		got[k.ID] = k.State
		if k.State == key.Removed && k.Sealed != nil {
			t.Error("a removed key keeps its private half")
		}
	}
	if diff := cmp.Diff(map[string]key.State{first.ID: key.Removed, second.ID: key.Active}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOrg(t *testing.T) {
	o := open(t)
	before, err := o.Org(ctx)
	if err != nil || !secret.ValidRecordID(secret.PrefixOrg, before.ID) || !secret.ValidRecordID(secret.PrefixSite, before.SiteID) {
		t.Fatalf("org %+v, %v", before, err)
	}
	after, changes, err := o.ChangeOrg(ctx, set("flow=device=off", "require-pkce=on", "max-access-ttl=1h"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{{"flow.device", "on", "off"}, {"require-pkce", "off", "on"}, {"max-access-ttl", "24h (default)", "1h"}}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
	if after.ID != before.ID || !after.RequirePKCE {
		t.Errorf("org %+v", after)
	}
	if _, changes, err = o.ChangeOrg(ctx, set("flow=device=on")); err != nil || len(changes) != 1 {
		t.Errorf("on again: %v, %v", changes, err)
	}
	for _, word := range []string{"flow=device", "flow=x=on", "max-access-ttl=25h", "max-refresh-ttl=1s", "name=a\nb", "x=1"} {
		if _, _, err := o.ChangeOrg(ctx, set(word)); err == nil {
			t.Errorf("%s was taken", word)
		}
	}
	if len(o.events(audit.OrgChanged)) != 2 {
		t.Error("each change of the settings is one event")
	}
}
