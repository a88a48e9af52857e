package sqlstore

import (
	"errors"
	"testing"
	"time"

	"countersign/internal/oauth"
)

// TestSharedClock: a node whose clock is ahead empties nothing under the others,
// whose codes would be refused as spent.
func TestSharedClock(t *testing.T) {
	o := Options{Database: newSchema(t), SharedClock: true, Now: time.Now}
	right := open(t, o)
	floor := right.lease.floor()
	o.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	ahead := open(t, o)
	for _, db := range []*DB{ahead, right} {
		db.beat(t.Context())
	}
	if got := right.lease.floor(); got > floor+1 { // a slot may have ended meanwhile
		t.Errorf("the floor went from %d to %d by a clock that is wrong", floor, got)
	}
	if out, err := right.RedeemCode(t.Context(), redeem(time.Now())); out != oauth.Won || err != nil {
		t.Errorf("a code of a node whose clock is right: %v, %v", out, err)
	}
}

// TestCannotWrite: a database that takes no changes is not the client's fault, and
// passes.
func TestCannotWrite(t *testing.T) {
	o := Options{Database: newSchema(t), Now: time.Now}
	db := open(t, o)
	rawPostgres(t, o.Database, "ALTER TABLE outbox RENAME TO gone")
	if _, err := db.RedeemCode(t.Context(), redeem(time.Now())); !errors.Is(err, ErrCannotWrite) {
		t.Errorf("a change that the database refuses: %v, want store.cannot-write", err)
	}
	if db.Ready() == nil {
		t.Error("the node calls itself ready")
	}
	rawPostgres(t, o.Database, "ALTER TABLE gone RENAME TO outbox")
	if out, err := db.RedeemCode(t.Context(), redeem(time.Now())); out != oauth.Won || err != nil {
		t.Errorf("afterwards: %v, %v", out, err)
	}
}
