package num

import (
	"math"
	"math/bits"
	"strconv"
)

// Int64 returns n as an int64; ok is false when n is not a whole number or out
// of range.
func (n Number) Int64() (v int64, ok bool) {
	if n.hi == 0 {
		return 0, true
	}
	m, ok := n.magnitude()
	switch {
	case !ok:
		return 0, false
	case n.neg && m <= 1<<63:
		return int64(-m), true
	case !n.neg && m <= math.MaxInt64:
		return int64(m), true
	}
	return 0, false
}

// magnitude returns |n| when it is a whole number that fits 64 bits.
func (n Number) magnitude() (uint64, bool) {
	exp := int(n.exp)
	if exp < 0 || exp > limbDigits || int(n.digits) > exp+1 {
		return 0, false
	}
	if exp < limbDigits {
		return n.hi / pow10[limbDigits-1-exp], true
	}
	over, v := bits.Mul64(n.hi, 10)
	v, carry := bits.Add64(v, n.lo/(limb/10), 0)
	return v, over == 0 && carry == 0
}

// maxExactFloat is the largest power of ten that a float64 holds exactly.
const maxExactFloat = 22

// Float64 returns the float64 nearest to n. It is exact only by luck: 38
// digits do not fit.
func (n Number) Float64() float64 {
	if n.hi == 0 {
		return 0
	}
	// Up to 15 digits and a power of ten that is exact: one correctly rounded
	// operation on two exact numbers.
	if scale := int(n.exp) + 1 - int(n.digits); n.digits <= 15 && scale >= -maxExactFloat && scale <= maxExactFloat {
		f := float64(n.hi / pow10[limbDigits-int(n.digits)])
		if scale < 0 {
			f /= floatPow10[-scale]
		} else {
			f *= floatPow10[scale]
		}
		if n.neg {
			f = -f
		}
		return f
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil { // a Number is always in float64's range and well formed
		return math.NaN()
	}
	return f
}

var floatPow10 = [maxExactFloat + 1]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// decimalLen returns how many decimal digits v has, 1 for 0.
func decimalLen(v uint64) int {
	// 1233/4096 is log10(2), close enough for 64 bits; the table corrects it.
	n := bits.Len64(v|1) * 1233 >> 12
	if n < len(pow10) && v >= pow10[n] {
		n++
	}
	return max(n, 1)
}
