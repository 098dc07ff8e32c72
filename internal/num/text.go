package num

import "strings"

// AppendText appends the canonical text of n, as DynamoDB returns numbers:
// plain digits without an exponent or needless zeros ("0.5", "-12", "1000",
// "0"), at most MaxTextLen bytes.
func (n Number) AppendText(dst []byte) []byte {
	if n.hi == 0 {
		return append(dst, '0')
	}
	if n.neg {
		dst = append(dst, '-')
	}
	digits, exp := int(n.digits), int(n.exp)
	switch {
	case exp < 0:
		dst = append(dst, '0', '.')
		dst = appendZeros(dst, -exp-1)
		dst = n.appendDigits(dst)
	case exp+1 >= digits:
		dst = n.appendDigits(dst)
		dst = appendZeros(dst, exp+1-digits)
	default:
		dst = n.appendDigits(dst)
		at := len(dst) - (digits - exp - 1) // where the point goes
		dst = append(dst, 0)
		copy(dst[at+1:], dst[at:])
		dst[at] = '.'
	}
	return dst
}

// String returns the canonical text of n: see AppendText.
func (n Number) String() string {
	var buf [MaxTextLen]byte
	return string(n.AppendText(buf[:0]))
}

// appendDigits appends the significant digits.
func (n Number) appendDigits(dst []byte) []byte {
	if n.digits <= limbDigits {
		return appendLimb(dst, n.hi, int(n.digits))
	}
	dst = appendLimb(dst, n.hi, limbDigits)
	return appendLimb(dst, n.lo, int(n.digits)-limbDigits)
}

// appendLimb appends the first count of the 19 digits of v.
func appendLimb(dst []byte, v uint64, count int) []byte {
	if count < limbDigits {
		v /= pow10[limbDigits-count]
	}
	var buf [limbDigits]byte
	for i := count - 1; i >= 0; i-- {
		q := v / 10
		buf[i] = byte('0' + v - q*10)
		v = q
	}
	return append(dst, buf[:count]...)
}

const zeros = "00000000000000000000000000000000000000000000000000000000000000000000000000000000" +
	"00000000000000000000000000000000000000000000000000"

func appendZeros(dst []byte, count int) []byte {
	return append(dst, zeros[:count]...)
}

// IsCanonical reports whether text is what AppendText would make of the number
// that it stands for. It is cheaper than Parse and allocates nothing.
func IsCanonical[T ~string | ~[]byte](text T) bool {
	i := 0
	if len(text) > 0 && text[0] == '-' {
		i = 1
	}
	if len(text)-i > MaxTextLen-1 || len(text) == i {
		return false
	}
	whole := i // start of the whole part
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	wholeLen := i - whole
	if wholeLen == 0 {
		return false
	}
	if i == len(text) { // an integer
		switch {
		case text[whole] == '0':
			return len(text) == 1
		case wholeLen <= MaxDigits:
			return true
		case wholeLen > MaxExponent+1:
			return false
		}
		return allZeros(text, whole+MaxDigits, len(text))
	}
	if text[i] != '.' {
		return false
	}
	frac := i + 1
	for i = frac; i < len(text); i++ {
		if text[i]-'0' > 9 {
			return false
		}
	}
	if frac == len(text) || text[len(text)-1] == '0' {
		return false
	}
	if text[whole] != '0' {
		return wholeLen+len(text)-frac <= MaxDigits
	}
	if wholeLen > 1 {
		return false
	}
	first := frac
	for text[first] == '0' { // ends: the last digit is not zero
		first++
	}
	return first-frac < -MinExponent && len(text)-first <= MaxDigits
}

func allZeros[T ~string | ~[]byte](text T, from, to int) bool {
	for i := from; i < to; i++ {
		if text[i] != '0' {
			return false
		}
	}
	return true
}

// Canonical returns the canonical text of the number that text stands for:
// text itself, without allocation, when it is canonical already. Its errors
// are those of Parse.
func Canonical(text string) (string, error) {
	if IsCanonical(text) {
		return text, nil
	}
	n, err := Parse(text)
	if err != nil {
		return "", err
	}
	return n.String(), nil
}

// CompareText compares two canonical texts by value, without parsing them: -1
// when a < b, 0 when they are equal, +1 when a > b. What it returns for other
// texts means nothing.
func CompareText(a, b string) int {
	aNeg, bNeg := strings.HasPrefix(a, "-"), strings.HasPrefix(b, "-")
	switch {
	case aNeg && !bNeg:
		return -1
	case !aNeg && bNeg:
		return 1
	case aNeg:
		return compareMagnitude(b[1:], a[1:])
	default:
		return compareMagnitude(a, b)
	}
}

// compareMagnitude: with no needless zeros the longer whole part is greater;
// where they are equally long the points, if any, stand in the same place, and the
// order of values is the order of bytes.
func compareMagnitude(a, b string) int {
	aWhole, bWhole := wholeLen(a), wholeLen(b)
	switch {
	case aWhole < bWhole:
		return -1
	case aWhole > bWhole:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

func wholeLen(s string) int {
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return i
	}
	return len(s)
}

// SizeText is Size of the number that canonical stands for, without parsing it.
// What it returns for a text that is not canonical means nothing.
func SizeText(canonical string) int {
	s, neg := strings.CutPrefix(canonical, "-")
	if s == "" || s == "0" {
		return 1
	}
	whole := wholeLen(s)
	if whole == len(s) {
		return size(len(strings.TrimRight(s, "0")), whole-1, neg)
	}
	if s[0] != '0' {
		return size(len(s)-1, whole-1, neg)
	}
	significant := strings.TrimLeft(s[whole+1:], "0")
	return size(len(significant), len(significant)-(len(s)-whole), neg)
}
