package bench

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"countersign/internal/grant/granttest"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

// emptied is what it costs to empty a table of the ring under load.
type emptied struct {
	rows                 int
	quiet50, quiet99     float64 // redeems before, ms
	quietMost            float64
	during99, duringMost float64       // from a second before the table was empty until a second after
	wal                  float64       // MB of the log in that time
	quietWAL             float64       // MB in as long a time before
	took                 time.Duration // from the ring's being set back to the empty table
}

// redeemers ask the store directly: what HTTP and signatures take would hide a
// short wait.
const redeemers = 8

// BenchmarkRing lets a slot with as many rows as there are families pass, under a
// constant load of redeems, and looks for what the clients feel of it.
func BenchmarkRing(b *testing.B) {
	if *families == 0 {
		b.Skip("needs -bench.families")
	}
	if results.emptied.rows > 0 {
		return // one round is enough, and takes long
	}
	h := furnish(b, 1)
	old := secret.SlotOf(time.Now()) - 2 // below the floor: nobody redeems into it
	o := sqlstore.Options{Dir: h.dir, AuditKeep: -1, Now: time.Now}
	if h.db != nil {
		o.Dir, o.Database = "", h.db.url
	}
	db, err := sqlstore.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	go func() { _ = db.Run(ctx) }()
	h.fillSlot(b, old, *families)
	e := h.watchRing(b, ctx, db, old)
	e.rows = *families
	results.emptied = e
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(e.quiet99, "quiet-p99-ms")
	b.ReportMetric(e.during99, "during-p99-ms")
	b.ReportMetric(e.duringMost, "during-max-ms")
	b.ReportMetric(e.wal, "MB-log")
}

// ringStands sets the ring back to the time when the slot was the oldest that is
// accepted.
func (h *house) ringStands(b *testing.B, floor int32) {
	b.Helper()
	h.do(b, "UPDATE slot_floor SET floor_tb = $1, ceil_tb = $2 WHERE id = 1", floor, floor+8)
}

func (h *house) do(b testing.TB, text string, args ...any) {
	b.Helper()
	if h.db != nil {
		if _, err := h.db.conn.Exec(b.Context(), text, args...); err != nil {
			b.Fatal(err)
		}
		return
	}
	db, err := h.sql()
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), text, args...); err != nil {
		b.Fatal(err)
	}
}

func (h *house) fillSlot(b *testing.B, slot int32, n int) {
	b.Helper()
	table := "spent_" + string('0'+slot%8)
	columns := []string{"sk", "tb", "id", "kind", "rid"}
	begin := time.Unix(int64(slot)*secret.SlotSeconds, 0)
	row := func(i int) []any {
		id := secret.FirstID(begin.Add(time.Duration(i) * secret.SlotSeconds * time.Second / time.Duration(n)))
		binary.BigEndian.PutUint64(id[8:], scatter(uint64(i)))
		rid := make([]byte, 32)
		copy(rid, id[:])
		return []any{int16(0), slot, id[:], int16(1), rid}
	}
	began := time.Now()
	var err error
	if h.db != nil {
		_, err = h.db.conn.CopyFrom(b.Context(), pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil }))
		if err == nil {
			_, err = h.db.conn.Exec(b.Context(), "CHECKPOINT")
		}
	} else {
		err = h.insert(b.Context(), table, columns, n, row)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("loaded %d spent values in %v", n, time.Since(began).Round(time.Second))
}

// moment is one redeem.
type moment struct {
	at   time.Time
	took time.Duration
}

// watchRing drives redeems until a second after the slot was emptied.
func (h *house) watchRing(b *testing.B, ctx context.Context, db *sqlstore.DB, old int32) (e emptied) {
	b.Helper()
	load, stop := context.WithCancel(ctx)
	var mu sync.Mutex
	var all []moment
	var clients sync.WaitGroup
	for range redeemers {
		clients.Go(func() {
			for load.Err() == nil {
				began := time.Now()
				r := granttest.NewRedemption(began, "ring", "bench-app-jwt")
				out, err := db.RedeemCode(ctx, r)
				for ; (err != nil || out == oauth.Unknown) && load.Err() == nil; out, err = db.RedeemCode(ctx, r) {
					time.Sleep(20 * time.Millisecond) // a client comes back, and has waited
				}
				if load.Err() != nil {
					return
				}
				if out != oauth.Won {
					b.Errorf("redeem: %s", out)
					return
				}
				mu.Lock()
				all = append(all, moment{began, time.Since(began)})
				mu.Unlock()
				time.Sleep(4 * time.Millisecond)
			}
		})
	}
	const quiet = 5 * time.Second
	time.Sleep(2 * quiet) // what the loading has left behind
	begin := time.Now()
	logBefore := h.log(b)
	time.Sleep(quiet)
	logQuiet := h.log(b)
	h.ringStands(b, old) // set back under it: the next look raises the floor again
	logged := map[time.Time]float64{}
	limit := begin.Add(3 * time.Minute)
	for time.Now().Before(limit) && h.slotRows(b, old) > 0 {
		logged[time.Now()] = h.log(b)
		time.Sleep(50 * time.Millisecond)
	}
	empty := time.Now()
	if empty.After(limit) {
		b.Fatal("the slot was not emptied within three minutes")
	}
	time.Sleep(time.Second)
	logAfter := h.log(b)
	stop()
	clients.Wait()
	before := empty.Add(-time.Second)
	first := logQuiet
	for at, v := range logged {
		if at.Before(before) {
			first = max(first, v)
		}
	}
	e.wal, e.quietWAL = (logAfter-first)/1e6, (logQuiet-logBefore)/1e6*2/quiet.Seconds()
	e.took = empty.Sub(begin.Add(quiet))
	var calm, hot []time.Duration
	for _, m := range all {
		end := m.at.Add(m.took)
		switch {
		case end.After(before) && m.at.Before(empty.Add(time.Second)):
			hot = append(hot, m.took)
		case m.at.After(begin) && m.at.Before(begin.Add(quiet)):
			calm = append(calm, m.took)
		}
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	e.quiet50, e.quiet99, e.quietMost = ms(percentile(.5, calm)), ms(percentile(.99, calm)), ms(percentile(1, calm))
	e.during99, e.duringMost = ms(percentile(.99, hot)), ms(percentile(1, hot))
	return e
}

// slotRows says whether the table of a slot has rows of that slot.
func (h *house) slotRows(b *testing.B, slot int32) (n int) {
	b.Helper()
	text := "SELECT count(*) FROM (SELECT 1 FROM spent_" + string('0'+slot%8) + " WHERE sk = 0 AND tb = $1 LIMIT 1) t"
	var err error
	if h.db != nil {
		err = h.db.conn.QueryRow(b.Context(), text, slot).Scan(&n)
	} else {
		db, failed := h.sql()
		if failed != nil {
			b.Fatal(failed)
		}
		defer db.Close()
		err = db.QueryRowContext(b.Context(), text, slot).Scan(&n)
	}
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// log is how many bytes were written to the log so far; of the embedded database,
// how long it is.
func (h *house) log(b *testing.B) (n float64) {
	b.Helper()
	if h.db != nil {
		if err := h.db.conn.QueryRow(b.Context(), "SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS float8)").Scan(&n); err != nil {
			b.Fatal(err)
		}
		return n
	}
	info, err := os.Stat(filepath.Join(h.dir, "countersign.db-wal"))
	if err != nil {
		return 0
	}
	return float64(info.Size())
}
