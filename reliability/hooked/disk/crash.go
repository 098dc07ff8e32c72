package disk

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
)

// Effort is how many crash states are built of one Image.
type Effort struct {
	Subsets int // all subsets of up to so many operations
	Each    int // so many operations are left out, alone, last, or torn, each in turn
	Random  int // random subsets
}

var seed = maphash.MakeSeed()

// Crashes returns what the disk can hold when the power goes before the next
// sync has ended: of the pending operations none, all, as many as were made
// before a moment, all but one, one alone, subsets; writes that overlap in any order; one write torn
// between sectors. No two are the same bytes.
func (im *Image) Crashes(random *rand.Rand, effort Effort) (list []Crash) {
	n, overlap := len(im.Pending), im.overlaps()
	seen := map[uint64]bool{}
	add := func(c Crash) {
		if key := c.key(); !seen[key] {
			seen[key] = true
			list = append(list, c)
		}
	}
	plain := func(what string, arrived []int) { add(im.crash(what, arrived, overlap, -1, nil)) }
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	plain("nothing since the sync", nil)
	plain("everything", all)
	if n <= effort.Subsets {
		for set := range 1 << n {
			plain(fmt.Sprintf("subset %b of %d", set, n), subset(all, func(i int) bool { return set>>i&1 == 1 }))
		}
	}
	for _, i := range some(random, n, effort.Each) {
		plain(fmt.Sprintf("the first %d of %d", i, n), all[:i])
		plain(fmt.Sprintf("all but number %d of %d", i, n), subset(all, func(j int) bool { return j != i }))
		plain(fmt.Sprintf("number %d of %d alone", i, n), all[i:i+1])
	}
	anySubset := func() []int {
		s := subset(all, func(int) bool { return random.IntN(2) == 0 })
		random.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		return s
	}
	for range effort.Random {
		plain(fmt.Sprintf("a random subset of %d", n), anySubset())
	}
	for _, i := range some(random, n, effort.Each) {
		op := im.Pending[i]
		if op.Kind != Write || len(op.Data) <= Sector {
			continue
		}
		sectors := (len(op.Data) + Sector - 1) / Sector
		cut := 1 + random.IntN(sectors-1)
		with := append(slices.DeleteFunc(anySubset(), func(j int) bool { return j == i }), i)
		mask := random.Uint64()
		for _, tear := range []struct {
			what string
			torn func(int) bool
		}{
			{"beginning", func(s int) bool { return s < cut }},
			{"end", func(s int) bool { return s >= cut }},
			{"random sectors", func(s int) bool { return mask>>(s%64)&1 == 1 }},
		} {
			what := fmt.Sprintf("%s of %v, number %d of %d, ", tear.what, op, i, n)
			add(im.crash(what+"and what was before it", all[:i+1], overlap, i, tear.torn))
			add(im.crash(what+"and all others", all, overlap, i, tear.torn))
			add(im.crash(what+"and some others", with, overlap, i, tear.torn))
		}
	}
	return list
}

// key is the same for the same bytes, as far as writes do not overlap.
func (c Crash) key() uint64 {
	patches := c.Patches
	var h maphash.Hash
	h.SetSeed(seed)
	sum := maphash.Bytes(seed, binary.BigEndian.AppendUint64(nil, uint64(c.Size)))
	for _, p := range patches {
		for s := 0; s < len(p.Data); s += Sector {
			h.Reset()
			var at [8]byte
			binary.BigEndian.PutUint64(at[:], uint64(p.Off)+uint64(s))
			_, _ = h.Write(at[:])
			_, _ = h.Write(p.Data[s:min(s+Sector, len(p.Data))])
			sum += h.Sum64()
		}
	}
	return sum
}

func subset(all []int, in func(int) bool) []int {
	var s []int
	for _, i := range all {
		if in(i) {
			s = append(s, i)
		}
	}
	return s
}

// some returns at most most of the numbers below n: the first, the last, and random ones.
func some(random *rand.Rand, n, most int) []int {
	list := random.Perm(n)
	if n <= most {
		slices.Sort(list)
		return list
	}
	list = append(list[:max(most-2, 0)], 0, n-1)
	slices.Sort(list)
	return slices.Compact(list)
}
