package sqlstore

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Stats are counters since Open and the present state, for metrics and for the
// number of durable writes per operation.
type Stats struct {
	Commits     uint64    // transactions committed, each one fsync
	Operations  uint64    // changes in those commits
	Statements  uint64    // statements run, reads and BEGIN, COMMIT, SAVEPOINT included
	Groups      [8]uint64 // commits by size of group: 1, 2–3, 4–7, … 64
	Failed      uint64    // commits that failed
	Unknown     uint64    // tries whose outcome was unknown
	Refused     uint64    // changes refused because the queue was full
	FailedPolls uint64
	FailedJobs  uint64
	Swept       uint64 // rows removed by the sweeps
	Queue       int    // changes that wait now
	QueueRoom   int    // changes that may wait
	Connections int    // open to the database; 0 for a file
	InUse       int    // of those
	Waits       uint64 // times that somebody waited for one
	Waited      time.Duration
	SlotsBehind int // slots the ring should have passed
	Endings     int // endings of the last minutes that the poll told
	LeaseAge    time.Duration
	Version     int64 // of the configuration this node knows
}

type counters struct {
	commits, operations, statements, failed, unknown, refused atomic.Uint64
	failedPolls, failedJobs, swept                            atomic.Uint64
	groups                                                    [8]atomic.Uint64
	version, endings                                          atomic.Int64
	usage                                                     atomic.Bool  // somebody counts, and the database knows
	usageCut                                                  atomic.Int32 // the day before which usage was forgotten
	loadCut                                                   atomic.Int32 // the slot before which load was forgotten
}

func (c *counters) group(size int, committed bool) {
	if !committed {
		c.failed.Add(1)
		return
	}
	c.commits.Add(1)
	c.operations.Add(uint64(size)) //nolint:gosec // never negative
	c.groups[min(bits.Len(uint(size))-1, len(c.groups)-1)].Add(1)
}

// Stats reads the counters.
func (db *DB) Stats() Stats {
	c := &db.stats
	s := Stats{
		Commits: c.commits.Load(), Operations: c.operations.Load(), Statements: c.statements.Load(),
		Failed: c.failed.Load(), Unknown: c.unknown.Load(), Refused: c.refused.Load(),
		FailedPolls: c.failedPolls.Load(), FailedJobs: c.failedJobs.Load(), Swept: c.swept.Load(),
		SlotsBehind: db.slotsBehind(), LeaseAge: db.lease.age(db.mono()),
	}
	for i := range s.Groups {
		s.Groups[i] = c.groups[i].Load()
	}
	s.Queue, s.QueueRoom = db.eng.queue()
	s.Connections, s.InUse, s.Waits, s.Waited = db.eng.connections()
	s.Endings, s.Version = int(c.endings.Load()), c.version.Load()
	return s
}
