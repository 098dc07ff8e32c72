package capacity

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/statordb/stator/api"
)

// Service is an [api.Limiter] that gives tables what DynamoDB would give them.
// It is safe for concurrent use. What it knows lives in memory: a process that
// starts knows no bursts and no peaks of the one before.
type Service struct {
	opt   Options
	clock func() int64

	// views finds a table by its settings: *api.TableCapacity → *view. recent
	// has some of them by their table's id, which is quicker.
	views  sync.Map
	recent [256]atomic.Pointer[view]

	// mu guards what follows, and is taken before any lock of a table.
	mu     sync.Mutex
	tables map[string]*table // by name
	old    []*view           // superseded views that operations may still name, the oldest first
}

var _ api.Limiter = (*Service)(nil)

// view is a table as one of its definitions has it.
type view struct {
	caps   *api.TableCapacity
	table  *table
	meters []int // where the meters of the definition's indexes are; reads, and writes next to them

	superseded superseded
}

// New returns a Service. opt may be nil.
func New(opt *Options) *Service {
	o := opt.filled()
	return &Service{opt: o, clock: o.clock(), tables: map[string]*table{}}
}

// Take takes an operation's units from the partition, the table and the global
// indexes that it touches, or takes nothing and says which lack what.
//
// The error is an *api.Error: ProvisionedThroughputExceededException for a
// provisioned table, ThrottlingException for one on demand, and
// RequestLimitExceeded where the account's quota is what keeps it from growing
// ("Error handling with DynamoDB", "Diagnosing throttling"). ThrottlingReasons names
// everything that is short, RetryAfter is when it will do.
//
// Take never waits. A Usage without a Table is granted.
func (s *Service) Take(_ context.Context, estimate api.Usage) error {
	if estimate.Table == nil {
		return nil
	}
	now := s.clock()
	v := s.view(estimate.Table, now)
	t := v.table
	if now/minute != t.minute.Load() {
		t.endMinutes(now)
	}
	key := v.partition(&estimate)
	x := &t.stripes[key[1]%stripes]
	x.mu.Lock()
	ok := t.grant(x, v, &estimate, key, now)
	x.mu.Unlock()
	if ok {
		return nil
	}
	return s.refuse(v, x, &estimate, key, now)
}

// Settle corrects what Take took to what was used. A table, partition or index
// that lacks the difference goes into debt.
func (s *Service) Settle(estimate, used api.Usage) {
	if estimate.Table == nil || same(&estimate, &used) {
		return
	}
	v := s.known(estimate.Table)
	if v == nil { // forgotten meanwhile
		return
	}
	key := v.partition(&estimate)
	x := &v.table.stripes[key[1]%stripes]
	x.mu.Lock()
	gather := v.table.settle(x, v, &estimate, &used, key)
	x.mu.Unlock()
	if gather {
		v.table.gather()
	}
}

// same reports whether nothing is to be settled.
func same(a, b *api.Usage) bool {
	if a.Read != b.Read || a.Write != b.Write {
		return false
	}
	for i := range a.Table.GlobalIndexes {
		if i < len(a.Indexes) && a.Indexes[i].Units != b.Indexes[i].Units {
			return false
		}
	}
	return true
}

// refuse tries once more with what all stripes hold, and returns the error if
// that is too little. It tries again when others gave units back just after it
// was refused, so that it lacks nothing any more: nothing is granted that was not taken.
func (s *Service) refuse(v *view, x *stripe, u *api.Usage, key [2]uint64, now int64) error {
	for {
		v.table.gather()
		x.mu.Lock()
		ok := v.table.grant(x, v, u, key, now)
		var short []shortage
		if !ok {
			short = v.table.shortages(x, v, u, key)
		}
		x.mu.Unlock()
		switch {
		case ok:
			return nil
		case len(short) > 0:
			return s.throttled(v, short)
		}
	}
}

// partition returns the key of the partition that an operation uses: of the
// table, or of the index when it reads nothing else.
func (v *view) partition(u *api.Usage) [2]uint64 {
	of := 0
	if u.Read == 0 && u.Write == 0 {
		for i := range v.meters {
			if u.Indexes[i].Touched || u.Indexes[i].Units > 0 {
				of = v.meters[i]
				break
			}
		}
	}
	return partitionKey(&u.Partition, of)
}
