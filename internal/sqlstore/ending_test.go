package sqlstore

import (
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/oauth"
)

// pair is a node that makes changes and another one that only polls.
type pair struct {
	*cluster
	near, far               *DB
	nearEndings, farEndings *grant.Endings
}

func newPair(t *testing.T, c *cluster) *pair {
	t.Helper()
	p := &pair{cluster: c, nearEndings: &grant.Endings{}, farEndings: &grant.Endings{}}
	p.near, p.far = p.open(t), p.open(t)
	p.near.Follow(func(c Changes) { p.nearEndings.Add(c.Endings...) })
	p.far.Follow(func(c Changes) { p.farEndings.Add(c.Endings...) })
	p.advance(t, 0)
	a := &account.Account{ID: person, Username: "ada", State: account.Active}
	if err := p.near.RegisterAccount(t.Context(), a, p.event()); err != nil {
		t.Fatal(err)
	}
	if err := p.near.CreateClient(t.Context(), &client.Client{ID: "app-benchmark"}, p.event()); err != nil {
		t.Fatal(err)
	}
	return p
}

const person oauth.UserID = "005000000000001AAA"

func (p *pair) event() audit.Event { return audit.New(p.clock.Now(), audit.UserChanged) }

// TestPersonEnds: a new password, switching off and deleting end every grant of
// the person in the same transaction: in memory of this node before the method
// returns, in the row of the family, and on another node one poll later.
func TestPersonEnds(t *testing.T) { onEachEngine(t, testPersonEnds) }

func testPersonEnds(t *testing.T, fresh func(t *testing.T) *cluster) {
	for _, c := range []struct {
		name string
		do   func(p *pair) error
		ends bool
	}{
		{"password", func(p *pair) error { return p.near.SetPassword(t.Context(), person, "$new", p.event()) }, true},
		{"switched off", func(p *pair) error { return p.near.SetState(t.Context(), person, account.Disabled, p.event()) }, true},
		{"deleted", func(p *pair) error { return p.near.DeleteAccount(t.Context(), person, p.event()) }, true},
		{"switched on", func(p *pair) error { return p.near.SetState(t.Context(), person, account.Active, p.event()) }, false},
		{"rehash", func(p *pair) error { return p.near.Rehash(t.Context(), person, "", "$same", p.event()) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, fresh(t))
			r := redeem(p.clock.Now())
			if out, err := p.near.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
				t.Fatal(out, err)
			}
			p.clock.Add(time.Second)
			if err := c.do(p); err != nil {
				t.Fatal(err)
			}
			if dead := p.nearEndings.Dead(&r.Code.Grant); dead != c.ends {
				t.Errorf("dead in memory before the method returned: %v, want %v", dead, c.ends)
			}
			f, err := p.near.Family(t.Context(), r.Code.ID, 0)
			if err != nil || f.Ended.IsZero() == c.ends {
				t.Errorf("the family's end: %v, %v", f.Ended, err)
			}
			if err := p.far.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if dead := p.farEndings.Dead(&r.Code.Grant); dead != c.ends {
				t.Errorf("dead on another node after one poll: %v, want %v", dead, c.ends)
			}
		})
	}
}

// TestAppEnds: deleting an app, or ending all its grants, is known everywhere;
// the latter is kept in the app itself, because an ending is forgotten in a day.
func TestAppEnds(t *testing.T) { onEachEngine(t, testAppEnds) }

func testAppEnds(t *testing.T, fresh func(t *testing.T) *cluster) {
	for _, c := range []struct {
		name string
		do   func(p *pair) error
	}{
		{"deleted", func(p *pair) error { return p.near.DeleteClient(t.Context(), "app-benchmark", p.event()) }},
		{"grants ended", func(p *pair) error {
			_, err := p.near.EndGrants(t.Context(), "", "app-benchmark", p.clock.Now(), p.event())
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, fresh(t))
			r := redeem(p.clock.Now())
			if out, err := p.near.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
				t.Fatal(out, err)
			}
			p.clock.Add(time.Second)
			if err := c.do(p); err != nil {
				t.Fatal(err)
			}
			if err := p.far.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !p.nearEndings.Dead(&r.Code.Grant) || !p.farEndings.Dead(&r.Code.Grant) {
				t.Errorf("dead on this node %v, on another %v", p.nearEndings.Dead(&r.Code.Grant), p.farEndings.Dead(&r.Code.Grant))
			}
			if c.name == "deleted" {
				return
			}
			app, err := p.near.Client(t.Context(), "app-benchmark")
			if at := p.clock.Now().Truncate(time.Millisecond); err != nil || !app.NotBefore.Equal(at) {
				t.Errorf("the app's tokens are dead up to %v, %v; the ending was at %v", app.NotBefore, err, at)
			}
		})
	}
}

// TestAppEndsMany: more families than one batch are all marked, and counted.
func TestAppEndsMany(t *testing.T) { onEachEngine(t, testAppEndsMany) }

func testAppEndsMany(t *testing.T, fresh func(t *testing.T) *cluster) {
	p := newPair(t, fresh(t))
	const many = 2*groupMax + 3
	for i := range many {
		r := redeem(p.clock.Now())
		if i%2 == 0 {
			r.Code.Client = "another-app-1"
		}
		if out, err := p.near.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
	}
	n, err := p.near.EndGrants(t.Context(), "", "another-app-1", p.clock.Now(), p.event())
	if err != nil || n != many/2+1 {
		t.Errorf("%d ended, %v; want %d", n, err, many/2+1)
	}
	left, err := p.near.Families(t.Context(), "", "", many)
	if err != nil || len(left) != many/2 {
		t.Errorf("%d families are left, %v; want %d", len(left), err, many/2)
	}
	if _, err := p.near.EndGrants(t.Context(), "", "", p.clock.Now(), p.event()); err == nil {
		t.Error("grants of nobody were ended")
	}
}

// TestEndingMeetsRedeem: a grant is ended while its code is being redeemed, and
// neither sees the other. The family is marked soon all the same, so that it stays
// dead when the ending is forgotten; a later one lives.
func TestEndingMeetsRedeem(t *testing.T) {
	c := newPostgres(t)
	p := newPair(t, c)
	for name, app := range map[string]oauth.ClientID{"everything of a person": "", "one app of a person": "app-benchmark"} {
		r := redeem(p.clock.Now())
		p.clock.Add(time.Second)
		p.near.eng.(*postgresEngine).whole = false // so that its commit stands apart
		hook(p.near)(func(commit func() error) error {
			hook(p.near)(nil)
			if _, err := p.far.EndGrants(t.Context(), person, app, p.clock.Now(), p.event()); err != nil {
				t.Error(err)
			}
			return commit()
		})
		if out, err := p.near.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
		if f, err := p.near.Family(t.Context(), r.Code.ID, 0); err != nil || !f.Ended.IsZero() {
			t.Fatalf("%s: the race was not met: ended %v, %v", name, f.Ended, err)
		}
		p.clock.Add(time.Second)
		later := redeem(p.clock.Now())
		if out, err := p.near.RedeemCode(t.Context(), later); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
		p.advance(t, 2*time.Minute)
		p.near.sweeper.started = false
		if err := p.near.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for of, want := range map[*grant.Redemption]bool{&r: true, &later: false} {
			f, err := p.near.Family(t.Context(), of.Code.ID, 0)
			if err != nil || f.Ended.IsZero() == want {
				t.Errorf("%s: a family begun at %v is ended %v, %v; want %v", name, of.Code.ID.Time(), f.Ended, err, want)
			}
		}
	}
}
