package sqlstore

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"countersign/internal/oauth"
)

// load redeems codes from eight callers until the returned function is called.
func fill(t *testing.T, db *DB) (stop func()) {
	done := make(chan struct{})
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if out, err := db.RedeemCode(context.Background(), redeem(time.Now())); out != oauth.Won || err != nil {
					t.Error(out, err)
				}
			}
		})
	}
	return func() {
		close(done)
		callers.Wait()
	}
}

// TestBackup: a copy made under load opens and is consistent.
func TestBackup(t *testing.T) {
	db := open(t, Options{})
	first := redeem(time.Now())
	if out, err := db.RedeemCode(t.Context(), first); out != oauth.Won || err != nil {
		t.Fatal(out, err)
	}
	stop := fill(t, db)
	path := filepath.Join(t.TempDir(), fileName)
	err := db.Backup(t.Context(), path)
	stop()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy's mode: %v, %v", info.Mode(), err)
	}
	restored := open(t, Options{Dir: filepath.Dir(path), MustExist: true})
	if out, err := restored.RedeemCode(t.Context(), first); out != oauth.Lost || err != nil {
		t.Errorf("in the copy a spent code is spendable: %v, %v", out, err)
	}
	families, err := restored.Families(t.Context(), first.Code.User, "", 1<<20)
	if events := allEvents(restored)(t); err != nil || len(families) != len(events) {
		t.Errorf("%d families and %d events in the copy, %v", len(families), len(events), err)
	}
}

// TestBackupRefuses: no file is replaced, and what was cut short leaves nothing.
func TestBackupRefuses(t *testing.T) {
	db := open(t, Options{})
	dir := t.TempDir()
	path := filepath.Join(dir, "copy.db")
	if err := db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), path); err == nil {
		t.Error("a backup replaced another one")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Backup(ctx, filepath.Join(dir, "cancelled.db")); err == nil {
		t.Error("a backup whose caller left")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("files: %v, want the first copy alone", left)
	}
}
