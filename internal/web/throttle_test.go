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
	refused := func(app oauth.ClientID, from netip.Addr) bool { return errors.Is(th.Check(app, from), ErrThrottled) }
	if refused("app-00001", here) {
		t.Error("refused before any failure")
	}
	for range appFailures {
		if refused("app-00001", here) {
			t.Fatal("refused too early")
		}
		th.Failed("app-00001", here)
	}
	if !refused("app-00001", here) || !refused("app-00001", netip.MustParseAddr("2001:db8::2")) {
		t.Error("not refused, or only from one address of the network")
	}
	if refused("app-00001", there) || refused("app-00002", here) {
		t.Error("others are refused, too")
	}
	if e := oauth.From(th.Check("app-00001", here)); e.RetryAfter != failureEvery {
		t.Error("come back after", e.RetryAfter)
	}
	now = now.Add(failureEvery)
	if refused("app-00001", here) {
		t.Error("refused after the time it named")
	}
	for i := range netFailures {
		th.Failed(oauth.ClientID(string(rune('a'+i%26))+"-guess"), here)
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
		th.Failed("app-00001", netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)}))
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
