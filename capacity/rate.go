package capacity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/statordb/stator/api"
)

// RateOptions configures Rate. Bounds of 0 do not bind; negative ones, and such as
// are no numbers, are faults.
type RateOptions struct {
	Operations float64 // a second; each item of a batch or transaction is one, and each page of a Query or Scan
	ReadUnits  float64 // a second, of tables and global indexes together
	WriteUnits float64 // a second, likewise

	// Burst is for how long unused operations and units are kept. 0 means a second; negative is a fault.
	Burst time.Duration

	// PerTable true gives each table the bounds for itself. Else all share them.
	PerTable bool

	// Now is the clock; nil means the system's. One that jumps has no other effect than with a Service.
	Now func() time.Time
}

// RateLimit is an [api.Limiter] that bounds operations and units a second,
// whatever the tables were given. It is safe for concurrent use.
type RateLimit struct {
	opt   RateOptions
	clock func() int64

	mu     sync.Mutex
	shared *rates
	tables map[string]*rates // by table id, with PerTable
	swept  int64             // when idle tables were last forgotten
}

var _ api.Limiter = (*RateLimit)(nil)

// rates are the buckets that operations share: operations, reads, writes.
type rates [3]bucket

// Rate returns a plain rate limit. nil bounds nothing. The error names all faults of opt.
func Rate(opt *RateOptions) (*RateLimit, error) {
	l := &RateLimit{tables: map[string]*rates{}}
	if opt != nil {
		l.opt = *opt
	}
	var faults []error
	for _, b := range []struct {
		name string
		rate float64
	}{{"Operations", l.opt.Operations}, {"ReadUnits", l.opt.ReadUnits}, {"WriteUnits", l.opt.WriteUnits}} {
		if !(b.rate >= 0) || math.IsInf(b.rate, 1) {
			faults = append(faults, fmt.Errorf("RateOptions.%s is %v, allowed are 0 and more", b.name, b.rate))
		}
	}
	if l.opt.Burst < 0 {
		faults = append(faults, fmt.Errorf("RateOptions.Burst is %v, allowed are 0 and more", l.opt.Burst))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if l.opt.Burst == 0 {
		l.opt.Burst = time.Second
	}
	l.clock = (&Options{Now: l.opt.Now}).clock()
	l.shared = l.rates(l.clock())
	return l, nil
}

// rates returns full buckets.
func (l *RateLimit) rates(now int64) *rates {
	var r rates
	for i, rate := range [...]float64{l.opt.Operations, l.opt.ReadUnits, l.opt.WriteUnits} {
		// A burst below what one operation needs would refuse all.
		size := max(rate*l.opt.Burst.Seconds(), min(rate, 1))
		r[i] = bucket{rate: rate, size: size, tokens: size, last: now}
	}
	return &r
}

// Take takes an operation and its units. It never waits. The error is a
// ThrottlingException with RetryAfter. An operation of more units than the bounds give in a second is
// granted when those of a second, or of the burst if that is shorter, are there.
func (l *RateLimit) Take(_ context.Context, estimate api.Usage) error {
	now := l.clock()
	read, write := sums(&estimate)
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.of(estimate.Table, now)
	need := [...]float64{1, read, write}
	var wait int64
	for i := range r {
		b := &r[i]
		if b.rate == 0 {
			continue
		}
		b.refill(now)
		if need[i] > 0 || b.tokens < 0 && i == 0 {
			if missing := b.lacks(min(need[i], b.size)); missing > 0 {
				wait = max(wait, b.wait(missing), 1)
			}
		}
	}
	if wait > 0 {
		return &api.Error{Code: api.CodeThrottling, Message: "Rate of requests exceeds the allowed throughput.", RetryAfter: time.Duration(wait)}
	}
	for i := range r {
		r[i].tokens -= need[i]
	}
	return nil
}

// Settle corrects the units that Take took; the operation stays counted.
func (l *RateLimit) Settle(estimate, used api.Usage) {
	r1, w1 := sums(&estimate)
	r2, w2 := sums(&used)
	if r1 == r2 && w1 == w2 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.shared
	if l.opt.PerTable && estimate.Table != nil {
		if r = l.tables[estimate.Table.ID]; r == nil {
			return
		}
	}
	r[1].tokens = min(r[1].tokens+r1-r2, r[1].size)
	r[2].tokens = min(r[2].tokens+w1-w2, r[2].size)
}

// of returns the buckets of a table. A table whose buckets are full is as good as
// one that was never seen, and so idle ones are forgotten.
func (l *RateLimit) of(t *api.TableCapacity, now int64) *rates {
	if !l.opt.PerTable || t == nil {
		return l.shared
	}
	r := l.tables[t.ID]
	if r == nil {
		r = l.rates(now)
		l.tables[t.ID] = r
	}
	if idle := now - l.swept; idle > minute || idle < -jitter {
		l.swept = now
		for id, x := range l.tables {
			if x != r && x.full(now) {
				delete(l.tables, id)
			}
		}
	}
	return r
}

func (r *rates) full(now int64) bool {
	for i := range r {
		if r[i].refill(now); r[i].tokens < r[i].size {
			return false
		}
	}
	return true
}

// sums returns the reads and writes of an operation, those of global indexes with them.
func sums(u *api.Usage) (read, write float64) {
	read, write = units(u.Read), units(u.Write)
	if u.Table == nil {
		return read, write
	}
	for i := range min(len(u.Table.GlobalIndexes), api.MaxGlobalIndexes) {
		if n := units(u.Indexes[i].Units); u.Write > 0 {
			write += n
		} else {
			read += n
		}
	}
	return read, write
}
