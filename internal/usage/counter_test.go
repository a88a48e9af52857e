package usage

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/oauth"
)

// shelf keeps what is flushed, or refuses it.
type shelf struct {
	Store
	kept map[Key]Count
	full error
}

func (s *shelf) CountUsage(_ context.Context, counts map[Key]Count) error {
	if s.full != nil {
		return s.full
	}
	for k, n := range counts {
		s.kept[k] = Count{s.kept[k].N + n.N, n.Last}
	}
	return nil
}

func TestCounter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := &shelf{kept: map[Key]Count{}}
	c := &Counter{Store: s, Now: func() time.Time { return now }}
	seen := Seen{
		App: "shop", Flow: "code_and_credentials", What: Login, Scopes: oauth.Scopes{"openid"},
		Traits: []Trait{NoChallenge}, Secret: "s1", Address: netip.MustParseAddr("192.0.2.77"),
	}
	c.See(seen)
	c.See(Seen{App: "shop"}) // nothing that is counted
	c.See(Seen{What: Login}) // by nobody
	s.full = errors.New("disk full")
	if err := c.Flush(t.Context()); err == nil {
		t.Error("the fault of the store is not told")
	}
	s.full = nil
	c.See(seen)
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[Key]Count{}
	for _, trait := range []Trait{Login, NoChallenge, OfScope("openid"), OfSecret("s1"), OfNetwork(netip.MustParsePrefix("192.0.2.0/24"))} {
		want[Key{"shop", "code_and_credentials", DayOf(now), trait}] = Count{2, now}
	}
	if diff := cmp.Diff(want, s.kept); diff != "" {
		t.Error(diff)
	}
}

// TestNetworksAreBounded: a stranger who comes from everywhere fills no table.
func TestNetworksAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := &shelf{kept: map[Key]Count{}}
	c := &Counter{Store: s, Now: func() time.Time { return now }}
	for i := range 3 * mostNetworks {
		c.See(Seen{App: "shop", What: Login, Address: netip.MustParseAddr(fmt.Sprintf("10.0.%d.1", i))})
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	apart, together := 0, int64(0)
	for k, n := range s.kept {
		switch p, ok := k.Trait.Network(); {
		case ok && p.IsValid():
			apart++
		case ok:
			together = n.N
		}
	}
	if apart != mostNetworks || together != 2*mostNetworks {
		t.Errorf("%d networks apart and %d requests together, want %d and %d", apart, together, mostNetworks, 2*mostNetworks)
	}
}

func TestTraits(t *testing.T) {
	if s, ok := OfScope("api").Scope(); !ok || s != "api" {
		t.Errorf("scope %q %v", s, ok)
	}
	if _, ok := Login.Scope(); ok {
		t.Error("login is no scope")
	}
	if s, ok := OfSecret("s1").Secret(); !ok || s != "s1" {
		t.Errorf("secret %q %v", s, ok)
	}
	if p, ok := OtherNetworks.Network(); !ok || p.IsValid() {
		t.Errorf("other networks: %v %v", p, ok)
	}
	if got := DayOf(time.Date(1970, 1, 3, 23, 0, 0, 0, time.UTC)); got != 2 {
		t.Errorf("day %d, want 2", got)
	}
}
