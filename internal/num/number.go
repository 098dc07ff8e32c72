// Package num is DynamoDB's number: an exact decimal of at most 38 significant
// digits with a magnitude of 1E-130 to 9.99…E+125, or zero.
//
// A Number is a plain value of 24 bytes: it is copied, compared with == and
// used as a map key freely, and no operation on it keeps memory. Everything
// in this package is a pure function and safe for concurrent use.
//
// Four errors say why a text or a result is no DynamoDB number, one for each
// message that DynamoDB answers. They are returned
// as they are, never wrapped, so that the caller can choose the message.
package num

import (
	"cmp"
	"errors"
)

const (
	// MaxDigits is how many significant digits a Number can have.
	MaxDigits = 38

	// MaxExponent and MinExponent bound the exponent of the leading digit:
	// magnitudes from 1E-130 to 9.99…E+125.
	MaxExponent = 125
	MinExponent = -130

	// MaxTextLen is the length in bytes of the longest canonical text: sign,
	// "0.", 129 zeros and 38 digits.
	MaxTextLen = 1 + 2 + 129 + MaxDigits
)

// What is wrong with a number. The words are ours; DynamoDB's own messages are
// made by those who answer a request.
var (
	// ErrSyntax: the text is not a decimal number. DynamoDB: "The parameter
	// cannot be converted to a numeric value".
	ErrSyntax = errors.New("num: not a decimal number")

	// ErrPrecision: more than 38 significant digits were given. DynamoDB:
	// "Attempting to store more than 38 significant digits in a Number".
	ErrPrecision = errors.New("num: more than 38 significant digits")

	// ErrOverflow: the magnitude is 1E+126 or more, or the result of Add or
	// Sub does not fit 38 digits (see Add). DynamoDB: "Number overflow. …".
	ErrOverflow = errors.New("num: magnitude above 9.99E+125")

	// ErrUnderflow: the magnitude is below 1E-130 and not zero. DynamoDB:
	// "Number underflow. …".
	ErrUnderflow = errors.New("num: magnitude below 1E-130")
)

// limbDigits is how many decimal digits one half of the coefficient holds;
// limb is 10 to that power. Two limbs are MaxDigits.
const (
	limbDigits = 19
	limb       = 10_000_000_000_000_000_000
)

// Number is one decimal number. The zero Number is 0.
//
// The coefficient is kept left-aligned, as 38 decimal digits d0.d1d2… of which
// the first is not zero, in two halves of 19 digits: the value is
// ±d0.d1…d37 × 10^exp. Each value has exactly one representation, comparison
// looks at exponent and halves in order, and the digits come out from the
// left, as sort keys want them. (A binary coefficient of 127 bits, the
// obvious choice, needs a 128-bit multiplication for every comparison of
// numbers of different lengths and divisions for every digit.)
type Number struct {
	hi, lo uint64 // each below limb; hi is 0 only for zero
	exp    int16  // exponent of the leading digit
	digits uint8  // significant digits: trailing zeros do not count
	neg    bool
}

// pow10 holds the powers of ten that fit a limb, and limb itself.
var pow10 = [limbDigits + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// Parts returns the sign, the exponent of the leading digit, and the 38 digits
// of the coefficient, left-aligned and filled with zeros: hi is the first 19
// digits, lo the last 19. Zero has zero in every part.
func (n Number) Parts() (neg bool, exp int, hi, lo uint64) {
	return n.neg, int(n.exp), n.hi, n.lo
}

// FromParts is the inverse of Parts. It fails with ErrSyntax when hi and lo
// are not a left-aligned coefficient, and with ErrOverflow or ErrUnderflow
// when exp is out of range.
func FromParts(neg bool, exp int, hi, lo uint64) (Number, error) {
	if hi == 0 && lo == 0 && exp == 0 && !neg {
		return Number{}, nil
	}
	if hi < limb/10 || hi >= limb || lo >= limb {
		return Number{}, ErrSyntax
	}
	if exp > MaxExponent {
		return Number{}, ErrOverflow
	}
	if exp < MinExponent {
		return Number{}, ErrUnderflow
	}
	return Number{hi: hi, lo: lo, exp: int16(exp), digits: countDigits(hi, lo), neg: neg}, nil
}

// Digits returns the number of significant digits: 0 for zero, else 1 to 38.
func (n Number) Digits() int { return int(n.digits) }

// Sign returns -1, 0 or +1.
func (n Number) Sign() int {
	switch {
	case n.hi == 0:
		return 0
	case n.neg:
		return -1
	default:
		return 1
	}
}

// Neg returns -n.
func (n Number) Neg() Number {
	if n.hi != 0 {
		n.neg = !n.neg
	}
	return n
}

// Cmp compares by value: -1 when a < b, 0 when they are equal, +1 when a > b.
func Cmp(a, b Number) int {
	sa, sb := a.Sign(), b.Sign()
	if sa != sb {
		return cmp.Compare(sa, sb)
	}
	return sa * cmpMagnitude(a, b)
}

// Cmp is the package's Cmp as a method.
func (n Number) Cmp(b Number) int { return Cmp(n, b) }

func cmpMagnitude(a, b Number) int {
	if a.exp != b.exp {
		return cmp.Compare(a.exp, b.exp)
	}
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	return cmp.Compare(a.lo, b.lo)
}

// Size returns how many bytes n counts in an item's size: 1 to 21.
//
// The developer guide ("DynamoDB item sizes and formats") says approximately
// one byte for two significant digits, plus one. Observed behaviour, which
// this follows, is that of a base-100 format of at most 21 bytes: one byte for
// the exponent, one for each base-100 digit, so that 1234 has two and 123.4 has three
// of them (1, 23, 40), and one more for a negative number. Zero is one byte.
func (n Number) Size() int {
	if n.hi == 0 {
		return 1
	}
	return size(int(n.digits), int(n.exp), n.neg)
}

const maxSize = 21

func size(digits, exp int, neg bool) int {
	// An even exponent leaves the leading digit alone in its base-100 digit.
	lead := 1 - exp&1
	s := 1 + (digits+lead+1)/2
	if neg {
		s++
	}
	return min(s, maxSize)
}

// countDigits counts the digits of a left-aligned coefficient that is not zero
// without its trailing zeros.
func countDigits(hi, lo uint64) uint8 {
	if lo != 0 {
		return 2*limbDigits - trailingZeros(lo)
	}
	return limbDigits - trailingZeros(hi)
}

// trailingZeros counts the decimal zeros at the end of v, which is below limb
// and not zero.
func trailingZeros(v uint64) uint8 {
	var n uint8
	if v%1e8 == 0 {
		v /= 1e8
		n += 8
	}
	if v%1e8 == 0 {
		v /= 1e8
		n += 8
	}
	if v%1e4 == 0 {
		v /= 1e4
		n += 4
	}
	if v%1e2 == 0 {
		v /= 1e2
		n += 2
	}
	if v%10 == 0 {
		n++
	}
	return n
}
