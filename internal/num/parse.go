package num

// maxExponentRead is where reading an exponent stops counting: far past every
// length that a text can have, and far from overflow.
const maxExponentRead = 1 << 50

// Parse reads a number as DynamoDB does: an optional sign, digits with an
// optional point, and an optional exponent (e or E, an optional sign, digits).
// "+3", ".5", "5.", "0001.23" and "0e1000" are numbers; spaces, "NaN" and
// "Infinity" are not. Zeros at both ends do not count as digits.
//
// The error is ErrSyntax, else ErrOverflow, ErrUnderflow, else ErrPrecision:
// where several are true DynamoDB's order holds. The time is linear in the length of
// text, whatever the exponent says, and nothing is allocated.
func Parse[T ~string | ~[]byte](text T) (Number, error) {
	i := 0
	neg := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		neg = text[0] == '-'
		i = 1
	}

	var (
		hi, lo   uint64
		seen     int  // digits since the first that is not zero
		last     int  // seen, as it was at the last digit that is not zero
		point    = -1 // index of the point
		lead     int  // index of the first digit that is not zero
		anyDigit bool
	)
	for ; i < len(text); i++ {
		c := text[i]
		d := c - '0'
		if d > 9 {
			if c != '.' || point >= 0 {
				break
			}
			point = i
			continue
		}
		anyDigit = true
		if d == 0 && seen == 0 {
			continue
		}
		if seen == 0 {
			lead = i
		}
		seen++
		if seen <= limbDigits {
			hi = hi*10 + uint64(d)
		} else if seen <= MaxDigits {
			lo = lo*10 + uint64(d)
		}
		if d != 0 {
			last = seen
		}
	}
	if !anyDigit {
		return Number{}, ErrSyntax
	}
	end := i // of the mantissa
	if point < 0 {
		point = end
	}
	var exp int64
	if i < len(text) {
		var ok bool
		if exp, ok = parseExponent(text, i); !ok {
			return Number{}, ErrSyntax
		}
	}
	if seen == 0 {
		return Number{}, nil
	}

	// The exponent that the leading digit has by its place alone.
	if lead < point {
		exp += int64(point - lead - 1)
	} else {
		exp -= int64(lead - point)
	}
	switch {
	case exp > MaxExponent:
		return Number{}, ErrOverflow
	case exp < MinExponent:
		return Number{}, ErrUnderflow
	case last > MaxDigits:
		return Number{}, ErrPrecision
	}
	if seen < limbDigits {
		hi *= pow10[limbDigits-seen]
	} else if seen < MaxDigits {
		lo *= pow10[MaxDigits-seen]
	}
	return Number{hi: hi, lo: lo, exp: int16(exp), digits: uint8(last), neg: neg}, nil
}

// parseExponent reads the rest of text from i, where the exponent's letter
// stands. A huge exponent is cut off at a value that is out of range anyway.
func parseExponent[T ~string | ~[]byte](text T, i int) (exp int64, ok bool) {
	if text[i] != 'e' && text[i] != 'E' {
		return 0, false
	}
	i++
	neg := false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		neg = text[i] == '-'
		i++
	}
	if i == len(text) {
		return 0, false
	}
	for ; i < len(text); i++ {
		d := text[i] - '0'
		if d > 9 {
			return 0, false
		}
		if exp < maxExponentRead {
			exp = exp*10 + int64(d)
		}
	}
	if neg {
		exp = -exp
	}
	return exp, true
}
