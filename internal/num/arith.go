package num

// Add returns a + b, exactly or not at all.
//
// A sum that needs more than 38 significant digits is ErrOverflow, for that is
// what DynamoDB answers (1E+50 + 1 is "Number overflow", although the
// magnitude is fine); so is a magnitude above the range. ErrUnderflow is a
// difference that is not zero and below 1E-130.
func Add(a, b Number) (Number, error) {
	if b.hi == 0 {
		return a, nil
	}
	if a.hi == 0 {
		return b, nil
	}
	order := cmpMagnitude(a, b)
	if order < 0 {
		a, b = b, a
	}
	if a.neg != b.neg && order == 0 {
		return Number{}, nil
	}

	// Both are written as 39 digits that end at the place 38 below a's leading
	// digit. That is enough: a sum has its leading digit at a's, one
	// above or, when b borrows from it, one below, unless b lies beside a
	// (shift 0 or 1) and cannot reach further down anyway.
	shift := int(a.exp) - int(b.exp)
	if shift+int(b.digits) > MaxDigits+1 {
		return Number{}, ErrOverflow
	}
	hi, lo, extra := shiftRight(b, shift)
	if a.neg == b.neg {
		return sum(a, hi, lo, extra)
	}
	return difference(a, hi, lo, extra)
}

// Sub returns a - b, exactly or not at all: see Add.
func Sub(a, b Number) (Number, error) { return Add(a, b.Neg()) }

// shiftRight moves the digits of n, at most 39 with the zeros in front, to the
// right: hi and lo are the first 38, extra is the last.
func shiftRight(n Number, shift int) (hi, lo, extra uint64) {
	switch {
	case shift == 0:
		return n.hi, n.lo, 0
	case shift < limbDigits:
		p := pow10[shift]
		hi = n.hi / p
		lo = n.hi%p*pow10[limbDigits-shift] + n.lo/p
		return hi, lo, n.lo % p / pow10[shift-1]
	case shift == limbDigits:
		return 0, n.hi, n.lo / pow10[limbDigits-1]
	case shift <= 2*limbDigits:
		p := pow10[shift-limbDigits]
		return 0, n.hi / p, n.hi % p / pow10[shift-limbDigits-1]
	default:
		return 0, 0, n.hi / pow10[limbDigits-1]
	}
}

// sum adds the 39 digits hi, lo, extra to the magnitude of a.
func sum(a Number, hi, lo, extra uint64) (Number, error) {
	exp := int(a.exp)
	lo, carry := addLimb(a.lo, lo, 0)
	hi, carry = addLimb(a.hi, hi, carry)
	if carry != 0 {
		if extra != 0 {
			return Number{}, ErrOverflow
		}
		extra = lo % 10
		lo = lo/10 + hi%10*(limb/10)
		hi = hi/10 + limb/10
		exp++
	}
	if extra != 0 || exp > MaxExponent {
		return Number{}, ErrOverflow
	}
	return Number{hi: hi, lo: lo, exp: int16(exp), digits: countDigits(hi, lo), neg: a.neg}, nil
}

// difference subtracts the 39 digits hi, lo, extra from the magnitude of a,
// which is greater.
func difference(a Number, hi, lo, extra uint64) (Number, error) {
	exp := int(a.exp)
	var borrow uint64
	if extra != 0 {
		extra, borrow = 10-extra, 1
	}
	lo, borrow = subLimb(a.lo, lo, borrow)
	hi, _ = subLimb(a.hi, hi, borrow)

	// Bring the leading digit back to the left end, by whole limbs first.
	for hi == 0 {
		hi, lo, extra = lo, extra*(limb/10), 0
		exp -= limbDigits
	}
	if k := limbDigits - decimalLen(hi); k > 0 {
		p := pow10[limbDigits-k]
		hi = hi*pow10[k] + lo/p
		lo = lo%p*pow10[k] + extra*pow10[k-1]
		extra = 0
		exp -= k
	}
	if extra != 0 {
		return Number{}, ErrOverflow
	}
	if exp < MinExponent {
		return Number{}, ErrUnderflow
	}
	return Number{hi: hi, lo: lo, exp: int16(exp), digits: countDigits(hi, lo), neg: a.neg}, nil
}

// addLimb adds in base limb. The plain sum may pass 64 bits, so that it is
// compared before it is made.
func addLimb(x, y, carry uint64) (sum, carryOut uint64) {
	y += carry // at most limb
	if x >= limb-y {
		return x - (limb - y), 1
	}
	return x + y, 0
}

func subLimb(x, y, borrow uint64) (diff, borrowOut uint64) {
	y += borrow
	if x < y {
		return x + (limb - y), 1
	}
	return x - y, 0
}
