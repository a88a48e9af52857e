package sqlstore

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

const crashDir = "COUNTERSIGN_TEST_CRASH_DIR"

// TestCrash kills a process without warning, several times, while it redeems and
// rotates for 32 callers, and then asks of everything that was acknowledged: is
// it there, and can it be done twice?
func TestCrash(t *testing.T) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashLoad(dir)
		return
	}
	dir := t.TempDir()
	l := ledger{spent: map[secret.ID]bool{}, generation: map[secret.ID]int64{}}
	for round := range 3 {
		l.run(t, dir, 400*(round+1))
		l.check(t, dir)
	}
	t.Logf("%d redemptions and %d rotations were acknowledged", len(l.spent), l.rotations)
}

// ledger is what the dying process acknowledged.
type ledger struct {
	spent      map[secret.ID]bool
	generation map[secret.ID]int64 // the newest acknowledged of a family
	rotations  int
}

// run starts a process, reads its acknowledgements, and kills it when there are
// enough.
func (l *ledger) run(t *testing.T, dir string, enough int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == enough {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		var text string
		var seq int64
		if _, err := fmt.Sscanf(lines.Text(), "ack %s %d", &text, &seq); err != nil || !strings.HasSuffix(lines.Text(), ".") {
			continue // the line that was cut
		}
		id, err := secret.ParseID(text)
		if err != nil {
			continue
		}
		l.spent[id] = true
		l.generation[id] = max(l.generation[id], seq)
		if seq > 1 {
			l.rotations++
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended before it was killed")
	}
}

// check opens what is left and tries to do everything again.
func (l *ledger) check(t *testing.T, dir string) {
	t.Helper()
	db := open(t, Options{Dir: dir, MustExist: true})
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	reported := map[string]int64{} // events of a grant: one for each generation
	for _, e := range allEvents(db)(t) {
		reported[e.Grant]++
	}
	for id := range l.spent {
		r := redeem(db.o.Now())
		r.Code.ID = id
		if out, err := db.RedeemCode(t.Context(), r); out != oauth.Lost || err != nil {
			t.Errorf("an acknowledged code was redeemed again: %v, %v", out, err)
		}
		f, err := db.Family(t.Context(), id, 0)
		if err != nil || f.Seq < l.generation[id] {
			t.Errorf("generation %d was acknowledged, %d is there, %v", l.generation[id], f.Seq, err)
		}
		if reported[id.String()] != f.Seq {
			t.Errorf("%d events of a family of generation %d", reported[id.String()], f.Seq)
		}
		stale := grant.Rotation{
			Attempt: attempt(r.Now), Now: r.Now, Event: audit.New(r.Now, audit.TokenRefreshed),
			Refresh: grant.Refresh{Grant: r.Code.Grant, Seq: f.Seq - 1},
		}
		if out, err := db.RotateRefresh(t.Context(), stale); out != oauth.Lost || err != nil {
			t.Errorf("an acknowledged rotation was done again: %v, %v", out, err)
		}
	}
}

// crashLoad is the process that dies: each caller redeems a code, rotates its
// family three times, and acknowledges each on standard output after the store
// did.
func crashLoad(dir string) {
	db, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	ack := func(id secret.ID, seq int64) {
		out.Lock()
		defer out.Unlock()
		fmt.Fprintf(os.Stdout, "ack %s %d .\n", id, seq)
	}
	stop := time.Now().Add(time.Minute) // never reached: the parent kills sooner
	var callers sync.WaitGroup
	for range 32 {
		callers.Go(func() {
			for time.Now().Before(stop) {
				r := redeem(time.Now())
				if got, err := db.RedeemCode(context.Background(), r); got != oauth.Won || err != nil {
					fmt.Fprintln(os.Stderr, "redeem:", got, err)
					os.Exit(1)
				}
				ack(r.Code.ID, 1)
				for seq := range int64(3) {
					e := audit.New(r.Now, audit.TokenRefreshed)
					e.Grant = r.Code.ID.String()
					got, err := db.RotateRefresh(context.Background(), grant.Rotation{
						Attempt: attempt(time.Now()), Now: time.Now(), Event: e,
						Refresh: grant.Refresh{Grant: r.Code.Grant, Seq: seq + 1},
					})
					if got != oauth.Won || err != nil {
						fmt.Fprintln(os.Stderr, "rotate:", got, err)
						os.Exit(1)
					}
					ack(r.Code.ID, seq+2)
				}
			}
		})
	}
	callers.Wait()
}
