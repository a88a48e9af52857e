package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/oauth"
)

type tape struct {
	*Recorder
	now    time.Time
	log    bytes.Buffer
	events []audit.Event
	writes int
	fail   error
}

func newTape() *tape {
	c := &tape{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	c.Recorder = &Recorder{
		Now: func() time.Time { return c.now }, Log: slog.New(slog.NewJSONHandler(&c.log, nil)),
		Write: func(_ context.Context, events ...audit.Event) error {
			if c.fail != nil {
				return c.fail
			}
			c.writes++
			c.events = append(c.events, events...)
			return nil
		},
	}
	return c
}

func (c *tape) summary() []string {
	var out []string
	for _, e := range c.events {
		out = append(out, strings.TrimSpace(fmt.Sprint(e.Name, " ", e.Rule, " ", e.App, " ", e.Address, " ", e.Detail["times"])))
	}
	return out
}

var someone = Event{RequestID: "r1", App: "app-00001", User: "005000000000001AAA", Address: netip.MustParseAddr("198.51.100.9")}

func TestEveryRefusalIsOneEvent(t *testing.T) {
	c := newTape()
	c.Refused(someone, errTest)
	c.Refused(Event{RequestID: "r2"}, ErrMethod)
	c.Flush(t.Context())
	want := []string{"request.refused test.refused app-00001 198.51.100.9", "request.refused http.method"}
	if diff := cmp.Diff(want, c.summary()); diff != "" {
		t.Error(diff)
	}
	if c.events[0].RequestID != "r1" || c.events[0].User != someone.User || c.writes != 1 {
		t.Error(c.events[0], c.writes)
	}
	c.Flush(t.Context())
	if c.writes != 1 {
		t.Error("nothing waits, but something was written")
	}
}

func TestNotedEventsAreGatheredLikeRefusals(t *testing.T) {
	c := newTape()
	issued := func(app oauth.ClientID) audit.Event {
		e := audit.New(c.now, audit.TokenIssued)
		e.App, e.Address, e.Grant = app, "198.51.100.9", "g"
		return e
	}
	for range ownEvents + 3 {
		c.Note(issued("app-00001"))
	}
	c.Note(issued("app-00002"))
	c.Refused(someone, errTest) // counted apart
	c.Flush(t.Context())
	if len(c.events) != ownEvents+2 || c.writes != 1 || c.events[0].Grant != "g" {
		t.Errorf("%d writes: %v", c.writes, c.summary())
	}
	c.now = c.now.Add(time.Minute)
	c.Flush(t.Context())
	last := c.summary()[len(c.events)-1]
	if last != "token.issued  app-00001 198.51.100.9 3" {
		t.Error(last)
	}
}

func TestNotedEventsOfManyAppsAreCountedTogether(t *testing.T) {
	c := newTape()
	for i := range allEvents + 10 {
		e := audit.New(c.now, audit.TokenIssued)
		e.App = oauth.ClientID(fmt.Sprintf("app-%05d", i))
		c.Note(e)
	}
	c.now = c.now.Add(time.Minute)
	c.Flush(t.Context())
	if last := c.summary()[len(c.events)-1]; len(c.events) != allEvents+1 || strings.Fields(last)[1] != "10" {
		t.Errorf("%d events, the last: %s", len(c.events), last)
	}
}

func TestWhatTheCoreRecordedIsNotRecordedAgain(t *testing.T) {
	c := newTape()
	for _, rule := range []string{"login.failed", "login.throttled", "code.spent", "refresh.reused"} {
		c.Refused(someone, &oauth.Error{Rule: rule})
	}
	c.Refused(someone, &oauth.Error{Rule: "login.busy"}) // nobody else writes this one
	c.Flush(t.Context())
	if len(c.events) != 1 {
		t.Error(c.summary())
	}
}

func TestHammeringIsCountedNotWritten(t *testing.T) {
	c := newTape()
	for range 1000 {
		c.Refused(someone, errTest)
	}
	other := someone
	other.Address = netip.MustParseAddr("203.0.113.5")
	c.Refused(other, errTest)
	c.now = c.now.Add(time.Second)
	c.Flush(t.Context())
	if len(c.events) != ownEvents+1 {
		t.Fatal(c.summary())
	}
	c.now = c.now.Add(tallyPeriod)
	c.Flush(t.Context())
	last := c.summary()[len(c.events)-1]
	if len(c.events) != ownEvents+2 || last != "request.refused test.refused app-00001 198.51.100.9 995" {
		t.Error(c.summary())
	}
	c.Refused(someone, errTest)
	c.Flush(t.Context())
	if len(c.events) != ownEvents+3 {
		t.Error("the next minute begins with events of their own: ", c.summary())
	}
}

func TestManyAddressesAreCountedByRule(t *testing.T) {
	c := newTape()
	const n = 50000
	for i := range n {
		e := someone
		e.Address = netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
		c.Refused(e, errTest)
	}
	if len(c.tallies) > allEvents+1 {
		t.Error("tallies: ", len(c.tallies))
	}
	c.now = c.now.Add(tallyPeriod)
	c.Flush(t.Context())
	last := c.events[len(c.events)-1]
	if len(c.events) != allEvents+1 || last.Detail["times"] != fmt.Sprint(n-allEvents) || last.Address != "" {
		t.Error(len(c.events), last)
	}
}

func TestEventsWaitForTheDatabaseAndMemoryIsBounded(t *testing.T) {
	c := newTape()
	c.fail = errors.New("disk full")
	for i := range maxWaiting + 500 {
		if i%2000 == 0 {
			c.now = c.now.Add(tallyPeriod)
		}
		e := someone
		e.Address = netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
		c.Refused(e, errTest)
	}
	c.Flush(t.Context())
	for _, word := range []string{"refusals not recorded", `"audit events dropped","events":500`} {
		if len(c.waiting) != maxWaiting || !strings.Contains(c.log.String(), word) {
			t.Error(len(c.waiting), word, c.log.String())
		}
	}
	c.fail = nil
	c.Flush(t.Context())
	if len(c.events) != maxWaiting || c.Lost() < 500 {
		t.Error(len(c.events), c.Lost())
	}
}

func TestRunFlushesAtEveryTickAndAtTheEnd(t *testing.T) {
	c := newTape()
	ctx, cancel := context.WithCancel(t.Context())
	tick, done := make(chan time.Time), make(chan struct{})
	go func() { c.Run(ctx, tick); close(done) }()
	c.Refused(someone, errTest)
	tick <- c.now
	for range 7 {
		c.Refused(someone, errTest)
	}
	cancel()
	<-done
	if len(c.events) != ownEvents+1 || c.events[ownEvents].Detail["times"] != "3" {
		t.Error(c.summary())
	}
}
