package keyenc

import "github.com/statordb/stator/internal/num"

const (
	positive = 0x80 // first byte of zero and of the smallest exponent

	// minE is the base-100 exponent of 1E-130.
	minE = num.MinExponent / 2

	// maxNumberLen: the first byte, and 38 digits of which the first stands alone.
	maxNumberLen = 1 + maxPairs
	maxPairs     = 20

	// A Number comes in two halves of 19 digits. The pairs after the first are written as
	// two groups of nine, and one more.
	groupPairs = 9
	ten17      = 100_000_000_000_000_000
	ten18      = 1_000_000_000_000_000_000
)

// pow100 holds the powers of 100 below 10^18, and 10^18.
var pow100 = [groupPairs + 1]uint64{1, 1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14, 1e16, 1e18}

// AppendNumber appends the part for a number: 2 to 21 bytes.
func AppendNumber(dst []byte, n num.Number) []byte {
	neg, exp, hi, lo := n.Parts()
	if hi == 0 {
		return append(dst, positive, 0)
	}

	// p1 has two digits when the exponent is odd, one when it is even.
	var p1, group1, group2, tail uint64
	odd := exp & 1
	if odd == 1 {
		p1 = hi / ten17
		group1 = hi%ten17*10 + lo/ten18
		group2 = lo % ten18
	} else {
		p1 = hi / ten18
		group1 = hi % ten18
		group2 = lo / 10
		tail = lo % 10 * 10
	}
	pairs := (n.Digits() + 2 - odd) / 2

	var buf [maxNumberLen]byte
	buf[0] = byte(positive + exp>>1 - minE)
	buf[1] = byte(2*p1 + 1)
	if pairs > 1 {
		putGroup(buf[2:], group1, min(pairs-1, groupPairs))
	}
	if pairs > 1+groupPairs {
		putGroup(buf[2+groupPairs:], group2, min(pairs-1-groupPairs, groupPairs))
	}
	if pairs == maxPairs {
		buf[maxPairs] = byte(2*tail + 1)
	}
	buf[pairs]-- // the last pair: nothing follows
	if neg {
		for i := range pairs + 1 {
			buf[i] = ^buf[i]
		}
	}
	return append(dst, buf[:pairs+1]...)
}

// putGroup writes the first count of the nine pairs of v.
func putGroup(buf []byte, v uint64, count int) {
	if count < groupPairs {
		v /= pow100[groupPairs-count]
	}
	for i := count - 1; i >= 0; i-- {
		q := v / 100
		buf[i] = byte(2*(v-100*q) + 1)
		v = q
	}
}

// Number reads the number at the head of b and returns what follows it. The
// error is ErrCorrupt.
func Number(b []byte) (n num.Number, rest []byte, err error) {
	if len(b) < 2 {
		return num.Number{}, nil, ErrCorrupt
	}
	var invert byte
	if b[0] < positive {
		invert = 0xFF
	}
	if b[0] == positive && b[1] == 0 {
		return num.Number{}, b[2:], nil
	}

	var pair [maxPairs]uint64
	pairs := 0
	for more := true; more; pairs++ {
		if pairs == maxPairs || pairs+1 == len(b) {
			return num.Number{}, nil, ErrCorrupt
		}
		c := b[pairs+1] ^ invert
		pair[pairs] = uint64(c >> 1)
		if c >= 200 || c <= 1 && pairs == 0 || c == 0 {
			return num.Number{}, nil, ErrCorrupt
		}
		more = c&1 == 1
	}

	exp := 2 * (int(b[0]^invert) - positive + minE)
	var group1, group2 uint64
	for _, p := range pair[1 : 1+groupPairs] {
		group1 = group1*100 + p
	}
	for _, p := range pair[1+groupPairs : 1+2*groupPairs] {
		group2 = group2*100 + p
	}
	tail := pair[maxPairs-1]
	var hi, lo uint64
	if pair[0] >= 10 {
		if tail != 0 {
			return num.Number{}, nil, ErrCorrupt
		}
		exp++
		hi = pair[0]*ten17 + group1/10
		lo = group1%10*ten18 + group2
	} else {
		if tail%10 != 0 {
			return num.Number{}, nil, ErrCorrupt
		}
		hi = pair[0]*ten18 + group1
		lo = group2*10 + tail/10
	}
	n, err = num.FromParts(invert != 0, exp, hi, lo)
	if err != nil {
		return num.Number{}, nil, ErrCorrupt
	}
	return n, b[pairs+1:], nil
}
