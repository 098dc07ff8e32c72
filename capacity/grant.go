package capacity

import "github.com/statordb/stator/api"

// grant takes what an operation needs from all that it touches, or nothing. The
// caller holds x.mu.
func (t *table) grant(x *stripe, v *view, u *api.Usage, key [2]uint64, now int64) bool {
	meters := *t.meters.Load()
	var p *partition
	if x.now = now; !u.Whole {
		p = x.partition(key)
		if read, write := v.ofPartition(u); p.lacks(read, write) > 0 {
			return false
		}
	}
	if u.Read > 0 && !x.slots[0].take(meters[0], now, units(u.Read)) {
		return false
	}
	if u.Write > 0 && !x.slots[1].take(meters[1], now, units(u.Write)) {
		x.slots[0].undo(meters[0], units(u.Read))
		return false
	}
	dir := direction(u)
	for i, at := range v.meters {
		n := &u.Indexes[i]
		if !n.Touched && !(n.Units > 0) || x.slots[at+dir].take(meters[at+dir], now, units(n.Units)) {
			continue
		}
		x.slots[0].undo(meters[0], units(u.Read))
		x.slots[1].undo(meters[1], units(u.Write))
		for j, at := range v.meters[:i] {
			x.slots[at+dir].undo(meters[at+dir], units(u.Indexes[j].Units))
		}
		return false
	}
	if p != nil {
		read, write := v.ofPartition(u)
		p.read -= read
		p.write -= write
	}
	return true
}

// settle corrects what grant took, and reports whether a meter is in debt while
// other stripes may hold some of it. The caller holds x.mu.
func (t *table) settle(x *stripe, v *view, taken, used *api.Usage, key [2]uint64) (gather bool) {
	meters := *t.meters.Load()
	gather = x.slots[0].settle(meters[0], units(used.Read)-units(taken.Read))
	gather = x.slots[1].settle(meters[1], units(used.Write)-units(taken.Write)) || gather
	dir := direction(taken)
	for i, at := range v.meters {
		gather = x.slots[at+dir].settle(meters[at+dir], units(used.Indexes[i].Units)-units(taken.Indexes[i].Units)) || gather
	}
	if !taken.Whole {
		read, write := v.ofPartition(taken)
		if r, w := v.ofPartition(used); r != read || w != write {
			p := x.partition(key)
			p.read -= r - read
			p.write -= w - write
		}
	}
	return gather
}

// direction says which meters of the global indexes an operation uses: those of
// writes, 1, when it writes the table, else those of reads, 0.
func direction(u *api.Usage) int {
	if u.Write > 0 {
		return 1
	}
	return 0
}

// ofPartition returns what an operation needs of its partition: of the table's,
// or of the index's that it reads. Where the entries of a write go in the
// indexes is not known here.
func (v *view) ofPartition(u *api.Usage) (read, write float64) {
	read, write = units(u.Read), units(u.Write)
	if read == 0 && write == 0 {
		for i := range v.meters {
			read += units(u.Indexes[i].Units)
		}
	}
	return read, write
}

// partition returns the partition of a key, as of x.now. The caller holds mu.
func (x *stripe) partition(key [2]uint64) *partition {
	if x.partitions == nil {
		x.partitions = &partitions{}
	}
	return x.partitions.find(key, x.now)
}

// shortage is one reason to refuse an operation.
type shortage struct {
	kind  limit
	write bool
	index int   // of the definition, -1 for the table
	wait  int64 // ns until it will do, 0 when that is not known
}

// shortages returns all that an operation lacks, and counts it as throttled
// there. The caller holds x.mu.
func (t *table) shortages(x *stripe, v *view, u *api.Usage, key [2]uint64) []shortage {
	var short []shortage
	meters := *t.meters.Load()
	if !u.Whole {
		p := x.partition(key)
		read, write := v.ofPartition(u)
		index, at := -1, 0
		if u.Read == 0 && u.Write == 0 {
			for i := range v.meters {
				if u.Indexes[i].Touched || u.Indexes[i].Units > 0 {
					index, at = i, v.meters[i]
					break
				}
			}
		}
		if wait := p.lacks(read, 0); wait > 0 {
			short = append(short, shortage{kind: keyRange, index: index, wait: wait})
			meters[at].refused()
		}
		if wait := p.lacks(0, write); wait > 0 {
			short = append(short, shortage{kind: keyRange, write: true, index: index, wait: wait})
			meters[at+1].refused()
		}
	}
	see := func(at int, write bool, index int, need float64) {
		if write {
			at++
		}
		if kind, wait := meters[at].short(x.slots[at].tokens, need); kind != none {
			short = append(short, shortage{kind: kind, write: write, index: index, wait: wait})
		}
	}
	if u.Read > 0 {
		see(0, false, -1, units(u.Read))
	}
	if u.Write > 0 {
		see(0, true, -1, units(u.Write))
	}
	for i, at := range v.meters {
		if n := &u.Indexes[i]; n.Touched || n.Units > 0 {
			see(at, u.Write > 0, i, units(n.Units))
		}
	}
	return short
}

// short returns what refuses so many units to a stripe that holds some, none
// when nothing does. The meter was brought up to date by the attempt before.
func (m *meter) short(held, need float64) (limit, int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	need = max(need-held, 0)
	kind, wait := none, int64(0)
	if n := m.supply.lacks(need); n > 0 {
		wait = m.supply.wait(n)
		switch {
		case !m.onDemand:
			kind = provisioned
		case m.quota > 0 && m.supply.rate >= m.quota:
			kind = account
		default:
			kind = growth
		}
	}
	if m.bounded {
		if n := m.most.lacks(need); n > 0 {
			kind, wait = maximum, max(wait, m.most.wait(n))
		}
	}
	if kind != none {
		m.throttled++
	}
	return kind, wait
}

// refused counts an operation that a partition refused.
func (m *meter) refused() {
	m.mu.Lock()
	m.throttled++
	m.mu.Unlock()
}
