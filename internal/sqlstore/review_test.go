package sqlstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/secret"
	"countersign/internal/usage"
)

// openAt opens a new database whose clock is set by hand.
func openAt(t *testing.T, c *cluster, now *time.Time) *DB {
	t.Helper()
	c.o.Now = func() time.Time { return *now }
	return open(t, c.o)
}

// TestUsage: counters add up over flushes, and nobody who never counted says
// that nothing was used.
func TestUsage(t *testing.T) { onBoth(t, testUsage) }

func testUsage(t *testing.T, c *cluster) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	db := openAt(t, c, &now)
	if _, since, err := db.Usage(t.Context(), 0); err != nil || !since.IsZero() {
		t.Fatalf("counted since %v, %v before anybody counted", since, err)
	}
	if err := db.CountUsage(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	k := usage.Key{App: "shop", Flow: flow.CodeAndCredentials, Day: usage.DayOf(now), Trait: usage.Login}
	other := k
	other.Trait = usage.OfScope("api")
	for range 2 {
		counts := map[usage.Key]usage.Count{k: {N: 3, Last: now}, other: {N: 1, Last: now.Add(-time.Hour)}}
		if err := db.CountUsage(t.Context(), counts); err != nil {
			t.Fatal(err)
		}
	}
	got, since, err := db.Usage(t.Context(), usage.DayOf(now))
	want := map[usage.Key]usage.Count{k: {N: 6, Last: now}, other: {N: 2, Last: now.Add(-time.Hour)}}
	if err != nil || !since.Equal(now) || !cmp.Equal(want, got) {
		t.Errorf("since %v, %v\n%s", since, err, cmp.Diff(want, got))
	}
	if got, _, _ := db.Usage(t.Context(), usage.DayOf(now)+1); len(got) != 0 {
		t.Errorf("tomorrow has %v", got)
	}
	now = now.Add(91 * day)
	if err := db.sweepUsage(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := db.Usage(t.Context(), 0); len(got) != 0 {
		t.Errorf("after 91 days there is still %v", got)
	}
}

func neverCounted(t *testing.T, db *DB) {
	t.Helper()
	one, since, err := db.AppUsage(t.Context(), "shop", 0)
	all, sinceAll, errAll := db.LastUses(t.Context(), 0)
	if errors.Join(err, errAll) != nil || !since.IsZero() || !sinceAll.IsZero() || len(one)+len(all) != 0 {
		t.Fatalf("before anybody counted: %v since %v, %v since %v, %v", one, since, all, sinceAll, errors.Join(err, errAll))
	}
}

// TestUsageOfOneApp: only its own counters, and for lists the last use alone.
func TestUsageOfOneApp(t *testing.T) { onBoth(t, testUsageOfOneApp) }

func testUsageOfOneApp(t *testing.T, c *cluster) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	db := openAt(t, c, &now)
	neverCounted(t, db)
	begun := now
	k := func(app oauth.ClientID, trait usage.Trait) usage.Key {
		return usage.Key{App: app, Flow: flow.CodeAndCredentials, Day: usage.DayOf(now), Trait: trait}
	}
	count := func(keys ...usage.Key) map[usage.Key]usage.Count {
		t.Helper()
		counts := map[usage.Key]usage.Count{}
		for _, k := range keys {
			counts[k] = usage.Count{N: 1, Last: now}
		}
		if err := db.CountUsage(t.Context(), counts); err != nil {
			t.Fatal(err)
		}
		return counts
	}
	want := count(k("shop", usage.Login), k("shop", usage.OfSecret("s1")), k("shop", usage.OfScope("api")))
	count(k("other", usage.Login))
	now = now.Add(2 * day)
	maps.Copy(want, count(k("shop", usage.Login)))
	got, since, err := db.AppUsage(t.Context(), "shop", 0)
	if err != nil || !since.Equal(begun) || !cmp.Equal(want, got) {
		t.Errorf("since %v, %v\n%s", since, err, cmp.Diff(want, got))
	}
	if got, _, _ := db.AppUsage(t.Context(), "shop", usage.DayOf(now)); len(got) != 1 {
		t.Errorf("of today: %v", got)
	}
	lasts, since, err := db.LastUses(t.Context(), 0)
	slices.SortFunc(lasts, func(a, b usage.LastUse) int {
		return strings.Compare(string(a.App)+string(a.What), string(b.App)+string(b.What))
	})
	use := func(app oauth.ClientID, what usage.Trait, at time.Time) usage.LastUse {
		return usage.LastUse{App: app, Flow: flow.CodeAndCredentials, What: what, At: at}
	}
	last := []usage.LastUse{use("other", usage.Login, begun), use("shop", usage.Login, now), use("shop", usage.OfScope("api"), begun)}
	if err != nil || !since.Equal(begun) || !cmp.Equal(last, lasts) {
		t.Errorf("since %v, %v\n%s", since, err, cmp.Diff(last, lasts))
	}
}

// TestRunsAreKept: the newest 200, and none older than 400 days but the newest.
func TestRunsAreKept(t *testing.T) { onBoth(t, testRunsAreKept) }

func testRunsAreKept(t *testing.T, c *cluster) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	db := openAt(t, c, &now)
	if _, err := db.ReviewRun(t.Context(), ""); !errors.Is(err, review.ErrNoRun) {
		t.Errorf("no run: %v", err)
	}
	keep := func() string {
		t.Helper()
		r := review.KeptRun{ID: secret.NewID(now).String(), Score: "71", Grade: review.Good, Fails: 2, Document: []byte("{}")}
		if err := db.KeepRun(t.Context(), r, audit.New(now, audit.ReviewRun)); err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	count := func() int {
		t.Helper()
		runs, err := db.ReviewRuns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(runs)
	}
	for range review.MostRuns + 3 {
		keep()
		now = now.Add(time.Minute)
	}
	if n := count(); n != review.MostRuns {
		t.Errorf("%d runs are kept, want %d", n, review.MostRuns)
	}
	last := keep()
	got, err := db.ReviewRun(t.Context(), "")
	if err != nil || got.ID != last || string(got.Document) != "{}" || got.Grade != review.Good || !got.Taken.Equal(now) {
		t.Errorf("the newest run is %+v, %v", got, err)
	}
	if named, err := db.ReviewRun(t.Context(), last); err != nil || !cmp.Equal(named, got) {
		t.Errorf("by its id: %v %s", err, cmp.Diff(got, named))
	}
	if _, err := db.ReviewRun(t.Context(), "nonsense"); !errors.Is(err, review.ErrNoRun) {
		t.Errorf("nonsense: %v", err)
	}
	now = now.Add(401 * day)
	keep()
	if n := count(); n != 1 {
		t.Errorf("after 401 days %d runs are kept, want the new one", n)
	}
}

// TestWaivers: a waiver is added once and ended once, by whoever read it last.
func TestWaivers(t *testing.T) { onBoth(t, testWaivers) }

func testWaivers(t *testing.T, c *cluster) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	db := openAt(t, c, &now)
	ctx, event := context.Background(), func(n audit.Name) audit.Event { return audit.New(now, n) }
	w := review.KeptWaiver{ID: "w1", Waiver: review.Waiver{Control: "require-pkce", App: "shop", Reason: "r", Owner: "o", Until: now.Add(day), Since: now}}
	if err := db.AddWaiver(ctx, &w, event(audit.WaiverAdded)); err != nil {
		t.Fatal(err)
	}
	list, err := db.Waivers(ctx)
	if err != nil || len(list) != 1 || !cmp.Equal(list[0], w) {
		t.Fatalf("%v %s", err, cmp.Diff([]review.KeptWaiver{w}, list))
	}
	stale := w
	w.Ended = now
	if err := db.EndWaiver(ctx, &w, event(audit.WaiverEnded)); err != nil {
		t.Fatal(err)
	}
	if err := db.EndWaiver(ctx, &stale, event(audit.WaiverEnded)); !errors.Is(err, review.ErrWaiverChanged) {
		t.Errorf("ending it twice: %v", err)
	}
	stale.ID = "nobody"
	if err := db.EndWaiver(ctx, &stale, event(audit.WaiverEnded)); !errors.Is(err, review.ErrNoWaiver) {
		t.Errorf("ending nothing: %v", err)
	}
	if list, _ := db.Waivers(ctx); len(list) != 1 || list[0].Ended.IsZero() {
		t.Errorf("an ended waiver is hidden: %+v", list)
	}
	events, err := db.List(ctx, audit.Filter{})
	if err != nil || len(events) != 2 {
		t.Errorf("%d events, %v; want one for each change", len(events), err)
	}
}
