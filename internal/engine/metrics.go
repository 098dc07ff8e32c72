package engine

import (
	"errors"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/statordb/stator/api"
)

// The counters of what operations did. They are always on, so each operation
// adds to few of them, and 16 goroutines on one table do not wait for each
// other's cache line: every counter has a few copies, of which an operation takes any.
//
// A table's counters belong to its id and pass from one definition to the next.

// maxCopies bounds the copies of a counter.
const maxCopies = 8

// meters are the counters of an engine.
type meters struct {
	since   time.Time
	copies  uint32       // a power of two
	general *tableMeters // of requests that name no table that there is
}

func newMeters(now time.Time) meters {
	copies := uint32(1)
	for int(copies) < min(runtime.GOMAXPROCS(0), maxCopies) {
		copies *= 2
	}
	return meters{since: now, copies: copies, general: newTableMeters(copies)}
}

// any returns one of the copies.
func (m *meters) any() uint32 { return rand.Uint32() & (m.copies - 1) }

// instant returns a time to take differences of. The system's clock is read in the
// cheapest way: it is read twice for each request.
func (e *Engine) instant() time.Duration {
	if e.opt.system {
		return time.Since(e.meters.since)
	}
	return e.opt.Now().Sub(e.meters.since)
}

// tableMeters are the counters of one table.
type tableMeters struct {
	copies     []tableCounters
	operations [operationCount]atomic.Pointer[operationMeters] // made when the first request comes
}

// tableCounters fill a cache line.
type tableCounters struct {
	units      unitCounters
	conditions atomic.Int64 // ConditionalCheckFailedRequests
	conflicts  atomic.Int64 // TransactionConflict
	userErrors atomic.Int64
	expired    atomic.Int64 // TimeToLiveDeletedItemCount
}

// unitCounters are of a table or a global index. Units are counted in halves.
type unitCounters struct {
	read, write                   atomic.Int64
	readThrottled, writeThrottled atomic.Int64
}

// indexMeters are the counters of one global index.
type indexMeters struct {
	copies []indexCounters
}

type indexCounters struct {
	unitCounters
	_ [32]byte // to a cache line
}

func newTableMeters(copies uint32) *tableMeters {
	return &tableMeters{copies: make([]tableCounters, copies)}
}

// operationMeters are the counters of one operation on one table.
type operationMeters struct {
	copies []operationCounters
}

type operationCounters struct {
	latency   atomic.Int64 // ns, of all that succeeded
	buckets   [latencyBuckets]atomic.Int64
	items     atomic.Int64 // ReturnedItemCount
	throttled atomic.Int64
	failed    atomic.Int64 // SystemErrors
	bytes     atomic.Int64 // ReturnedBytes
	records   atomic.Int64 // ReturnedRecordsCount
}

// latencyBuckets are those up to 16 µs, 32 µs, … 1 s and beyond.
const (
	latencyBuckets     = 18
	firstLatencyBucket = 16 * time.Microsecond
)

// latencyBucket returns the bucket of a duration.
func latencyBucket(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	return min(bits.Len64(uint64(d-1)/uint64(firstLatencyBucket)), latencyBuckets-1)
}

// The operations that are measured, by table.
const (
	opGetItem = iota
	opPutItem
	opUpdateItem
	opDeleteItem
	opQuery
	opScan
	opBatchGetItem
	opBatchWriteItem
	opTransactGetItems
	opTransactWriteItems
	opExecuteStatement
	opBatchExecuteStatement
	opExecuteTransaction
	opGetRecords
	opImportItems
	operationCount
)

var operationNames = [operationCount]string{"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
	"TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction", "GetRecords", "ImportItems"}

// meter gives a new definition the counters of the one before it, or new ones.
// It must not be published yet.
func (e *Engine) meter(t, before *table) {
	if before != nil && before.id != t.id {
		before = nil
	}
	t.meters = newTableMetersUnless(before, e.meters.copies)
	for _, x := range t.indexes {
		if x.local {
			continue
		}
		if before != nil {
			if i := slices.IndexFunc(before.indexes, func(y *index) bool { return y.id == x.id }); i >= 0 {
				x.meters = before.indexes[i].meters
				continue
			}
		}
		x.meters = &indexMeters{copies: make([]indexCounters, e.meters.copies)}
	}
}

func newTableMetersUnless(before *table, copies uint32) *tableMeters {
	if before != nil {
		return before.meters
	}
	return newTableMeters(copies)
}

// countRead adds the units that a read used.
func (e *Engine) countRead(t *table, u *readUsage) {
	c := e.meters.any()
	units := u.table
	switch {
	case u.x == nil:
	case u.x.local:
		units += u.index
	default:
		u.x.meters.copies[c].read.Add(halves(u.index))
	}
	if units > 0 {
		t.meters.copies[c].units.read.Add(halves(units))
	}
}

// countWrite adds the units that a write used.
func (e *Engine) countWrite(t *table, u *writeUsage) {
	c := e.meters.any()
	units := u.table
	for i, x := range t.indexes {
		switch n := u.indexes[i]; {
		case n == 0:
		case x.local:
			units += n
		default:
			x.meters.copies[c].write.Add(halves(n))
		}
	}
	if units > 0 {
		t.meters.copies[c].units.write.Add(halves(units))
	}
}

func halves(units float64) int64 { return int64(2 * units) }

// countThrottled counts an event for each resource that the Limiter's reasons
// name; without reasons, one for what the operation takes from.
func (e *Engine) countThrottled(t *table, estimate *api.Usage, err error) {
	c := e.meters.any()
	count := func(u *unitCounters, write bool) {
		if write {
			u.writeThrottled.Add(1)
		} else {
			u.readThrottled.Add(1)
		}
	}
	fault, _ := errors.AsType[*api.Error](err)
	named := false
	for _, r := range fault.ThrottlingReasons {
		write := strings.Contains(r.Reason, "Write")
		_, name, ofIndex := strings.Cut(r.Resource, "/index/")
		if !ofIndex {
			count(&t.meters.copies[c].units, write)
			named = true
		} else if x := t.index(name); x != nil && !x.local {
			count(&x.meters.copies[c].unitCounters, write)
			named = true
		}
	}
	if named {
		return
	}
	if estimate.Read == 0 && estimate.Write == 0 { // the page of a global index
		for i := range estimate.Indexes {
			if estimate.Indexes[i].Touched {
				count(&t.indexes[i].meters.copies[c].unitCounters, false)
				return
			}
		}
	}
	count(&t.meters.copies[c].units, estimate.Write > 0)
}
