package web

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"countersign/internal/oauth"
)

func TestThrottleOfFailedClientAuthenticationsD01(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	th := &Throttle{Now: func() time.Time { return now }}
	here, there := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8:0:1::1")
	refused := func(app oauth.ClientID, from netip.Addr) bool {
		byApp, byNet := th.keys(app, from)
		return th.wait(byApp, appFailures, now) > 0 || th.wait(byNet, netFailures, now) > 0
	}
	for range appFailures {
		if err := th.Failed("app-00001", here); err != nil {
			t.Fatal("told to wait too early")
		}
	}
	if e := oauth.From(th.Failed("app-00001", netip.MustParseAddr("2001:db8::2"))); !errors.Is(e, ErrThrottled) || e.RetryAfter != failureEvery {
		t.Error("the next one, from the same network:", e)
	}
	if refused("app-00001", there) || refused("app-00002", here) {
		t.Error("others are told to wait, too")
	}
	now = now.Add(failureEvery)
	if refused("app-00001", here) {
		t.Error("told to wait after the time it named")
	}
	for i := range netFailures {
		_ = th.Failed(oauth.ClientID(string(rune('a'+i%26))+"-guess"), here)
	}
	if !refused("app-00003", here) || refused("app-00003", there) {
		t.Error("the network's own bucket does not count")
	}
	now = now.Add(time.Hour)
	if refused("app-00001", here) {
		t.Error("never empty again")
	}
}

func TestThrottleForgetsRatherThanGrows(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	th := &Throttle{Now: func() time.Time { return now }}
	for i := range maxThrottled {
		_ = th.Failed("app-00001", netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)}))
		if len(th.full) > maxThrottled+2 {
			t.Fatal(len(th.full))
		}
	}
	now = now.Add(time.Hour)
	for range 2 {
		th.sweep(now)
	}
	if len(th.full) != 0 {
		t.Error("empty buckets are kept: ", len(th.full))
	}
}
