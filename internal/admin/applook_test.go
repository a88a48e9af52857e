package admin

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/usage"
)

// TestValues: what a form shows, sent back, changes nothing.
func TestValues(t *testing.T) {
	o := open(t)
	for _, words := range [][]string{confidential, public, append(slices.Clone(confidential), "code-ttl=30s", "rate-limit=5", "refresh-grace=0s", "ip-range=10.0.0.0/8")} {
		c := o.create(words...).App
		var sets []Set
		for field, values := range Values(c) {
			sets = append(sets, Set{field, values})
		}
		p, err := o.PreviewApp(ctx, c.ID, sets)
		if err != nil || len(p.Faults) > 0 || len(p.Changes) > 0 {
			t.Errorf("%v: %+v, %v", words, p, err)
		}
	}
}

// TestAppFindings are those of the review.
func TestAppFindings(t *testing.T) {
	o := open(t)
	c := o.create(public...).App
	o.see(c.ID, usage.Login)
	findings, health, err := o.AppFindings(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := o.Review(ctx, Reviewing{Apps: []string{string(c.ID)}})
	if err != nil {
		t.Fatal(err)
	}
	type verdict struct{ Control, Status, Level string }
	var got, want []verdict
	for _, f := range findings {
		got = append(got, verdict{f.Control, string(f.Status), f.Severity.Level})
	}
	for _, f := range ofApp(run.Findings, c.ID) {
		want = append(want, verdict{f.Control, string(f.Status), f.Severity.Level})
	}
	if d := cmp.Diff(want, got); d != "" || health.Words() != run.Apps[0].Words() {
		t.Errorf("%s, the review says %s\n%s", health.Words(), run.Apps[0].Words(), d)
	}
	if _, _, err := o.AppFindings(ctx, "no-such-app"); !IsNotFound(err) {
		t.Errorf("no app: %v", err)
	}
}

// TestUseOfFlowsAndSecrets.
func TestUseOfFlowsAndSecrets(t *testing.T) {
	o := open(t)
	c := o.create(confidential...).App
	if _, since, err := o.FlowUse(ctx, c.ID); err != nil || !since.IsZero() {
		t.Errorf("nobody counted, and since %v, %v", since, err)
	}
	key := c.Secrets[0].ID
	seen := func(what usage.Trait, secret string) {
		t.Helper()
		counter := usage.Counter{Store: o.Seen, Now: o.Now}
		counter.See(usage.Seen{App: c.ID, Flow: flow.CodeAndCredentials, What: what, Secret: secret})
		if err := counter.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	seen(usage.Login, key)
	first := o.now.Truncate(time.Microsecond)
	o.now = o.now.Add(48 * time.Hour)
	seen(usage.Refresh, "")
	second := o.now.Truncate(time.Microsecond)
	flows, since, err := o.FlowUse(ctx, c.ID)
	if err != nil || since.IsZero() || !flows[flow.CodeAndCredentials].Equal(first) || !flows[flow.RefreshToken].Equal(second) {
		t.Errorf("flows %v since %v, %v", flows, since, err)
	}
	secrets, _, err := o.SecretUse(ctx, c.ID)
	if err != nil || len(secrets) != 1 || !secrets[key].Equal(first) {
		t.Errorf("secrets %v, %v", secrets, err)
	}
}

// TestAppGrantIsOfThatApp alone.
func TestAppGrantIsOfThatApp(t *testing.T) {
	o := open(t)
	if _, err := o.AppGrant(ctx, "shop", "no id at all"); !errors.Is(err, grant.ErrNotFound) {
		t.Errorf("no id: %v", err)
	}
	id := o.create(confidential...).App.ID
	family := o.family(id, "0055g00000DGVJ1AAP")
	if f, err := o.AppGrant(ctx, id, family.String()); err != nil || f.ID != family {
		t.Errorf("its own: %+v, %v", f, err)
	}
	if _, err := o.AppGrant(ctx, "other-app", family.String()); !errors.Is(err, grant.ErrNotFound) {
		t.Errorf("another app's: %v", err)
	}
	if err := o.EndGrant(ctx, family.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.AppGrant(ctx, id, family.String()); !errors.Is(err, grant.ErrNotFound) {
		t.Errorf("an ended one: %v", err)
	}
}
