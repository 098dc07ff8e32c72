package capacity

import "math"

// bucket is a token bucket: units come at a rate and are kept up to a size.
// Below zero it is in debt. It is guarded by whatever it is in.
type bucket struct {
	rate   float64 // units a second
	size   float64 // the most units that are kept
	tokens float64
	last   int64 // when tokens was right, in ns
}

// rounding is what sums of many small parts may be off by, in units.
const rounding = 1e-6

// refill adds what came since the last call. A clock that steps back adds
// nothing; one that was set back counts on from there.
func (b *bucket) refill(now int64) {
	d := now - b.last
	if d <= 0 {
		if d < -jitter {
			b.last = now
		}
		return
	}
	b.last = now
	b.tokens = min(b.tokens+b.rate*(float64(d)/1e9), b.size)
}

// set changes rate and size. What is in the bucket stays, a debt too, as far as
// the new size allows.
func (b *bucket) set(rate, size float64) {
	b.rate, b.size = rate, size
	b.tokens = min(b.tokens, size)
}

// lacks returns how many units are missing before an operation of so many units
// may begin; 0 or less is none. More than the units of a second are never asked
// for, or an item larger than the table's burst could never be written: what is
// over becomes debt.
func (b *bucket) lacks(need float64) float64 {
	if missing := min(need, b.rate) - b.tokens; missing > rounding {
		return missing
	}
	return 0
}

// wait returns how many ns it takes until so many missing units have come.
func (b *bucket) wait(missing float64) int64 {
	if b.rate <= 0 {
		return 0
	}
	return int64(math.Ceil(min(missing/b.rate*1e9, math.MaxInt64/2)))
}

// units makes a number of units what a bucket can count: what is no number, or
// negative, is none.
func units(x float64) float64 {
	if x > 0 {
		return min(x, 1e15)
	}
	return 0
}
