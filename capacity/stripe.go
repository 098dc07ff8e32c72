package capacity

import "sync"

// stripes is how many parts a table's state has. An operation touches one, that
// of its partition key, so that operations on many keys do not meet.
const stripes = 64

// stripe is the part of a table's state that operations on some of its
// partition keys use.
//
// Buckets behind one lock would let one core at a time into a table. So a stripe
// borrows tokens from the table's meters, those of 5 ms at most, and
// serves from them; nothing is refused before all stripes have given back what
// they hold, so that the answer is as exact as with one lock. Where units are
// scarce nothing more is lent than is asked for.
type stripe struct {
	// What most operations write is one cache line.
	mu   sync.Mutex
	now  int64   // of the last operation
	base [2]slot // of a table without indexes

	slots      []slot      // two for the table and each index: reads, writes
	partitions *partitions // nil until a partition is used

	_ [32]byte // no two stripes share a cache line, nor a pair of them
}

// slot is what a stripe has of one meter.
type slot struct {
	tokens float64 // borrowed, never negative
	since  int64   // when they were borrowed
	used   float64 // taken, and settled, in the minute that runs
}

// take takes units from the slot, and borrows when it has too few. With need 0 it
// asks whether the meter is in debt.
func (x *slot) take(m *meter, now int64, need float64) bool {
	if x.tokens > 0 {
		if d := now - x.since; d > returnTime || d < -jitter {
			m.give(x.tokens)
			x.tokens = 0
		} else if x.tokens >= need {
			x.tokens -= need
			x.used += need
			return true
		}
	}
	more, ok := m.lend(now, max(need-x.tokens, 0))
	if !ok {
		return false
	}
	if x.tokens == 0 {
		x.since = now
	}
	x.tokens = max(x.tokens+more-need, 0)
	x.used += need
	return true
}

// undo takes back a take of an operation that something else refused.
func (x *slot) undo(m *meter, need float64) {
	x.used -= need
	m.give(need)
}

// settle corrects what was taken by so many units, and reports whether the
// meter is in debt while other stripes may hold tokens.
func (x *slot) settle(m *meter, more float64) (gather bool) {
	x.used += more
	if more > 0 {
		held := min(more, x.tokens)
		x.tokens -= held
		more -= held
	}
	return more != 0 && m.give(-more)
}
