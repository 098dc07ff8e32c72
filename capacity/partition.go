package capacity

import (
	"encoding/binary"
	"math"
)

// partitions remembers the partition keys of one stripe that are in use.
//
// The ceilings of a partition hold a second's units, so that a key without
// traffic for a second is as good as one that was never seen. So nothing is
// lost when a key is forgotten that has all its units, and no more than a
// moment's when the coolest of several is: a fixed number of places does, and
// neither memory nor time depends on how many keys a table has.
type partitions struct {
	sets [partitionSets][partitionWays]partition
}

// With 64 stripes a table remembers 512 keys, in 20 KB. A key at its ceiling
// stays: others in its set are cooler. As a table of the highest default
// quota, 40,000 units, can feed 40 such keys, there is room.
const (
	partitionSets = 2
	partitionWays = 4
)

// partition is what is left of a partition's ceilings.
type partition struct {
	key         [2]uint64
	read, write float64
	last        int64 // 0: unused
}

// partitionKey returns what a partition is found by: the hash of its key and
// which table or index it is of. Its second part is spread over all its bits.
func partitionKey(hash *[16]byte, of int) [2]uint64 {
	a, b := binary.LittleEndian.Uint64(hash[:8]), binary.LittleEndian.Uint64(hash[8:])
	b += uint64(of) * 0x9e3779b97f4a7c15
	mixed := (a ^ b>>29 ^ b) * 0xbf58476d1ce4e5b9
	return [2]uint64{a ^ b<<1, mixed ^ mixed>>32}
}

// find returns the partition of a key, with what came since it was last used. It takes
// the place of the coolest of its set when it is new.
func (p *partitions) find(key [2]uint64, now int64) *partition {
	set := &p.sets[key[1]>>8%partitionSets]
	for i := range set {
		if x := &set[i]; x.key == key && x.last != 0 {
			x.refill(now)
			return x
		}
	}
	coolest, most := 0, -math.MaxFloat64
	for i := range set {
		if rest := set[i].rest(now); rest > most {
			coolest, most = i, rest
		}
	}
	x := &set[coolest]
	*x = partition{key: key, read: partitionRead, write: partitionWrite, last: max(now, 1)}
	return x
}

// refill adds what came since the last call, as that of a bucket.
func (x *partition) refill(now int64) {
	d := now - x.last
	if d <= 0 {
		if d < -jitter {
			x.last = max(now, 1)
		}
		return
	}
	x.last = now
	s := float64(d) * 1e-9
	x.read = min(x.read+s*partitionRead, partitionRead)
	x.write = min(x.write+s*partitionWrite, partitionWrite)
}

// rest returns which part of its ceiling a partition has left, and what has come
// since: a place that was never used has more than any.
func (x *partition) rest(now int64) float64 {
	return min(x.read*(1./partitionRead), x.write*(1./partitionWrite)) + float64(now-x.last)*1e-9
}

// lacks returns the ns until the partition can serve an operation, 0 when it can.
func (x *partition) lacks(read, write float64) int64 {
	r := min(read, partitionRead) - x.read
	w := min(write, partitionWrite) - x.write
	if r <= rounding && w <= rounding {
		return 0
	}
	return int64(max(r/partitionRead, w/partitionWrite)*1e9) + 1
}
