package sqlstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/oauth"
)

// lived is a file with a life behind it.
type lived struct {
	dir     string
	spent   grant.Redemption // redeemed, and its family rotated once
	flying  grant.Redemption // a code that was issued and not redeemed
	ended   grant.Redemption
	rotated grant.Rotation
}

// live fills a file: more events than one batch, people, apps, grants.
func live(t *testing.T) lived {
	t.Helper()
	l := lived{dir: t.TempDir()}
	db := open(t, Options{Dir: l.dir})
	now := time.Now()
	event := func() audit.Event { return audit.New(now, audit.UserChanged) }
	events := make([]audit.Event, 2*copyBatch+17)
	for i := range events {
		events[i] = event()
	}
	l.spent, l.flying, l.ended = redeem(now), redeem(now), redeem(now)
	a := &account.Account{ID: person, Username: "ada", Email: "ada@example.com", State: account.Active, PasswordHash: "$hash", Profile: account.Profile{Name: "Ada Łovelace"}}
	_, err := db.CountFailure(t.Context(), now, []account.Charge{{Key: account.CounterKey{7}, Cost: time.Hour}}, event())
	for batch := range slices.Chunk(events, 500) { // what a slow machine writes in time
		err = errors.Join(err, db.Record(t.Context(), batch...))
	}
	err = errors.Join(err, db.RegisterAccount(t.Context(), a, event()),
		db.CreateClient(t.Context(), &client.Client{ID: "app-benchmark"}, event()),
		db.CreateClient(t.Context(), &client.Client{ID: "app-deleted-1"}, event()), db.DeleteClient(t.Context(), "app-deleted-1", event()))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []grant.Redemption{l.spent, l.ended} {
		if out, err := db.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
	}
	l.rotated = grant.Rotation{Attempt: attempt(now), Now: now, Event: event(), Refresh: grant.Refresh{Grant: l.spent.Code.Grant, Seq: 1}}
	if out, err := db.RotateRefresh(t.Context(), l.rotated); out != oauth.Won || err != nil {
		t.Fatal(out, err)
	}
	if out, err := db.EndGrant(t.Context(), l.ended.Code.ID, 0, now, event()); out != oauth.Won || err != nil {
		t.Fatal(out, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return l
}

// check asks the copy what the file would have answered.
func (l *lived) check(t *testing.T, database string) {
	t.Helper()
	db := open(t, Options{Database: database, MustExist: true})
	for _, c := range []struct {
		what string
		want oauth.Outcome
		do   func() (oauth.Outcome, error)
	}{
		{"a code spent before", oauth.Lost, func() (oauth.Outcome, error) { return db.RedeemCode(t.Context(), another(l.spent)) }},
		{"a code in flight", oauth.Won, func() (oauth.Outcome, error) { return db.RedeemCode(t.Context(), l.flying) }},
		{"the code in flight again", oauth.Lost, func() (oauth.Outcome, error) { return db.RedeemCode(t.Context(), another(l.flying)) }},
		{"an old generation", oauth.Lost, func() (oauth.Outcome, error) {
			l.rotated.Attempt = attempt(time.Now())
			return db.RotateRefresh(t.Context(), l.rotated)
		}},
		{"the present generation", oauth.Won, func() (oauth.Outcome, error) {
			r := l.rotated
			r.Attempt, r.Refresh.Seq, r.Event = attempt(time.Now()), 2, audit.New(time.Now(), audit.TokenRefreshed)
			return db.RotateRefresh(t.Context(), r)
		}},
	} {
		if out, err := c.do(); out != c.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", c.what, out, err, c.want)
		}
	}
	endings := &grant.Endings{}
	db.Follow(func(c Changes) { endings.Add(c.Endings...) })
	if err := db.Poll(t.Context()); err != nil || !endings.Dead(&l.ended.Code.Grant) {
		t.Errorf("a grant that was ended is dead: %v, %v", endings.Dead(&l.ended.Code.Grant), err)
	}
	a, err := db.AccountByIdentifier(t.Context(), "ADA@example.com")
	if err != nil || a.Profile.Name != "Ada Łovelace" || a.PasswordHash != "$hash" {
		t.Errorf("a person: %+v, %v", a, err)
	}
	if apps, err := db.Clients(t.Context()); err != nil || len(apps) != 1 {
		t.Errorf("%d apps, %v; the deleted one must stay deleted", len(apps), err)
	}
}

func copyTo(dir, database string) Options { return Options{Dir: dir, Database: database} }

// TestCopy: everything is there afterwards, the file is not served any more, and
// a second copy is refused; there is a way back.
func TestCopy(t *testing.T) {
	l, database := live(t), newSchema(t)
	out, err := Copy(t.Context(), copyTo(l.dir, database), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, c := range out.Tables {
		rows[c.Name] = c.Rows
	}
	if rows["outbox"] < 2*copyBatch+17 || rows["users"] != 1 || rows["rt_family"] != 2 {
		t.Errorf("copied %v", rows)
	}
	l.check(t, database)
	if _, err := Open(t.Context(), Options{Dir: l.dir}); !errors.Is(err, errCopyMoved) {
		t.Errorf("the file afterwards: %v", err)
	}
	for want, again := range map[error]bool{errCopyMoved: false} {
		if _, err := Copy(t.Context(), copyTo(l.dir, database), again, nil); !errors.Is(err, want) {
			t.Errorf("a second copy: %v, want %v", err, want)
		}
	}
	if err := Unmove(t.Context(), Options{Dir: l.dir}); err != nil {
		t.Fatal(err)
	}
	if err := Unmove(t.Context(), Options{Dir: l.dir}); !errors.Is(err, errCopyNotMoved) {
		t.Errorf("back twice: %v", err)
	}
	open(t, Options{Dir: l.dir})
	if _, err := Copy(t.Context(), copyTo(live(t).dir, database), false, nil); !errors.Is(err, errCopyFilled) {
		t.Errorf("a copy into a database with data: %v", err)
	}
}

// TestCopyGoesOn: a copy is cut short after every step of it, is not served
// meanwhile, and goes on where it was.
func TestCopyGoesOn(t *testing.T) {
	l, database := live(t), newSchema(t)
	cuts := 0
	for steps := 1; ; steps += 4 {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		_, err := Copy(ctx, copyTo(l.dir, database), false, func(string, int64) {
			if n++; n == steps {
				cancel()
			}
		})
		cancel()
		if err == nil {
			break
		}
		if cuts++; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run the same command again") {
			t.Fatalf("cut %d: %v", cuts, err)
		}
		if _, err := Open(t.Context(), Options{Database: database}); !errors.Is(err, errCopyPending) {
			t.Fatalf("half a copy was served: %v", err)
		}
	}
	if cuts < 3 {
		t.Errorf("%d cuts: this proves nothing", cuts)
	}
	l.check(t, database)
}

// TestCopyOfMovingFile: who uses the file between two halves of a copy is told so;
// the copy can begin anew.
func TestCopyOfMovingFile(t *testing.T) {
	l, database := live(t), newSchema(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, _ = Copy(ctx, copyTo(l.dir, database), false, func(table string, _ int64) {
		if table == "users" {
			cancel()
		}
	})
	busy := open(t, Options{Dir: l.dir})
	if _, err := Copy(t.Context(), copyTo(l.dir, database), false, nil); !errors.Is(err, errCopyInUse) {
		t.Errorf("a copy of a file in use: %v", err)
	}
	if err := busy.SetPassword(t.Context(), person, "$hash", audit.New(time.Now(), audit.UserChanged)); err != nil {
		t.Fatal(err)
	}
	if err := busy.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), copyTo(l.dir, database), false, nil); !errors.Is(err, errCopyDiffers) || !strings.Contains(err.Error(), "users") {
		t.Errorf("half of it is older: %v", err)
	}
	if _, err := Copy(t.Context(), copyTo(l.dir, database), true, nil); err != nil {
		t.Errorf("begun anew: %v", err)
	}
	if _, err := Copy(t.Context(), copyTo(live(t).dir, newSchema(t)), true, nil); !errors.Is(err, errCopyNothing) {
		t.Errorf("anew without a beginning: %v", err)
	}
}

// TestCopyRefuses: each fault is one clear sentence.
func TestCopyRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want error
	}{
		{"no directory", Options{Database: "postgres://localhost/x"}, errCopyWhere},
		{"no database", Options{Dir: t.TempDir()}, errCopyWhere},
		{"an empty directory", copyTo(t.TempDir(), "postgres://localhost/x"), ErrNoDatabase},
		{"no URL", copyTo(live(t).dir, "localhost"), errDatabaseURL},
	} {
		if _, err := Copy(t.Context(), c.o, false, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestChecksum: rows that differ in any way differ in their sum; order is no
// difference.
func TestChecksum(t *testing.T) {
	of := func(rows ...[]any) string {
		var s sum
		for _, r := range rows {
			if err := s.add(r); err != nil {
				t.Fatal(err)
			}
		}
		return s.String()
	}
	a, b := []any{int64(1), "x", []byte("y"), nil}, []any{int64(2), "x", []byte{}, nil}
	if of(a, b) != of(b, a) {
		t.Error("order makes a difference")
	}
	seen := map[string][]any{}
	for _, r := range [][]any{a, b, {int64(1), "x", "y", nil}, {int64(1), "xy", []byte(""), nil}, {int64(1), "x", []byte("y"), []byte{}}, {int64(1), "x", []byte("y")}} {
		if other, ok := seen[of(r)]; ok {
			t.Errorf("%v and %v have one sum", r, other)
		}
		seen[of(r)] = r
	}
	if err := new(sum).add([]any{1.5}); err == nil {
		t.Error("a kind of value that no schema has")
	}
}
