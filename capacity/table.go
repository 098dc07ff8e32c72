package capacity

import (
	"sync"
	"sync/atomic"

	"github.com/statordb/stator/api"
)

// table is the state of a table and its global indexes.
//
// Locks are taken in this order: Service.mu, ending, stripe.mu, meter.mu. No two
// of a kind are held at once.
type table struct {
	stripes [stripes]stripe // the first, for the sake of cache lines

	id     string
	minute atomic.Int64 // the minute that runs, in minutes since 1970

	// meters are two for the table, reads and writes, and two for each index
	// that it has or had. The slice is replaced when it grows, so that a copy
	// of the pointer is as good as a lock.
	meters atomic.Pointer[[]*meter]

	names   []string // of the indexes, the n-th's meters are at 2+2n. Guarded by Service.mu.
	current *view    // guarded by Service.mu

	ending sync.Mutex // held while minutes end
}

func newTable(id string, now int64) *table {
	t := &table{id: id}
	t.minute.Store(now / minute)
	t.meters.Store(&[]*meter{})
	return t
}

// configure gives table and indexes what a definition says, and returns where
// the indexes' meters are. The caller holds Service.mu.
func (t *table) configure(caps *api.TableCapacity, o *Options, now int64) []int {
	t.endMinutes(now)
	t.gather()
	place := make([]int, min(len(caps.GlobalIndexes), api.MaxGlobalIndexes))
	for i := range place {
		place[i] = t.place(caps.GlobalIndexes[i].Name)
	}
	t.enlarge()
	t.set(0, caps, caps.Units, o, now)
	for i := range place {
		t.set(place[i], caps, caps.GlobalIndexes[i].Units, o, now)
	}
	return place
}

// place returns where the meters of an index are.
func (t *table) place(index string) int {
	for i, name := range t.names {
		if name == index {
			return 2 + 2*i
		}
	}
	t.names = append(t.names, index)
	return 2 * len(t.names)
}

// enlarge makes meters and slots for all indexes.
func (t *table) enlarge() {
	n := 2 + 2*len(t.names)
	old := *t.meters.Load()
	if len(old) == n {
		return
	}
	meters := make([]*meter, n)
	copy(meters, old)
	for i := len(old); i < n; i++ {
		meters[i] = &meter{}
	}
	for i := range t.stripes {
		x := &t.stripes[i]
		x.mu.Lock()
		slots := x.base[:]
		if n > len(slots) {
			slots = make([]slot, n, (n+7)&^7) // whole cache lines
			copy(slots, x.slots)
		}
		x.slots = slots
		x.mu.Unlock()
	}
	t.meters.Store(&meters)
}

// set configures the two meters at a place.
func (t *table) set(at int, caps *api.TableCapacity, u api.CapacityUnits, o *Options, now int64) {
	meters := *t.meters.Load()
	common := setting{now: now, full: o.FullBurst, onDemand: caps.OnDemand}
	read, write := common, common
	read.rate, read.most, read.warm, read.firstPeak, read.quota = u.Read, u.MaxRead, u.WarmRead, firstPeakRead, float64(o.TableReadQuota)
	write.rate, write.most, write.warm, write.firstPeak, write.quota = u.Write, u.MaxWrite, u.WarmWrite, firstPeakWrite, float64(o.TableWriteQuota)
	meters[at].configure(read)
	meters[at+1].configure(write)
}

// gather brings what the stripes hold back to the meters.
func (t *table) gather() {
	meters := *t.meters.Load()
	lent := false
	for _, m := range meters {
		m.mu.Lock()
		lent = lent || m.lent
		m.lent = false // what is lent from here on says so again
		m.mu.Unlock()
	}
	if !lent {
		return
	}
	for i := range t.stripes {
		x := &t.stripes[i]
		x.mu.Lock()
		for j := range x.slots {
			if n := x.slots[j].tokens; n > 0 && j < len(meters) {
				x.slots[j].tokens = 0
				meters[j].give(n)
			}
		}
		x.mu.Unlock()
	}
}

// endMinutes closes the minutes that are over. What was used since the last
// time belongs to the first of them.
func (t *table) endMinutes(now int64) {
	t.ending.Lock()
	defer t.ending.Unlock()
	this, last := now/minute, t.minute.Load()
	switch over := this - last; {
	case over == 0 || over == -1: // -1: a reading from just before the minute ended
		return
	case over < 0: // the clock was set back: the minute goes on under a new number
		t.minute.Store(this)
		return
	}
	meters := *t.meters.Load()
	used := make([]float64, len(meters))
	for i := range t.stripes {
		x := &t.stripes[i]
		x.mu.Lock()
		for j := range x.slots {
			if j < len(used) {
				used[j] += x.slots[j].used
				x.slots[j].used = 0
			}
		}
		x.mu.Unlock()
	}
	for i, m := range meters {
		m.endMinute(now, used[i], this-last-1)
	}
	t.minute.Store(this)
}
