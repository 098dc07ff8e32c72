package keyenc

import "bytes"

const (
	escape     = 0x00
	escapeZero = 0xFF // after escape: the byte 0x00
	escapeEnd  = 0x01 // after escape: the end of the part
)

// AppendString appends the part for a string or binary.
func AppendString[T ~string | ~[]byte](dst []byte, s T) []byte {
	return append(AppendStringPrefix(dst, s), escape, escapeEnd)
}

// AppendStringPrefix appends what the parts of all strings that begin with s
// begin with. With PrefixEnd it bounds the scan of a begins_with.
func AppendStringPrefix[T ~string | ~[]byte](dst []byte, s T) []byte {
	from := len(dst)
	dst = append(dst, s...)
	if bytes.IndexByte(dst[from:], escape) < 0 {
		return dst
	}
	return escapeZeros(dst, from)
}

// escapeZeros spreads dst[from:] from its end, so that it needs no copy.
func escapeZeros(dst []byte, from int) []byte {
	r := len(dst) - 1
	for range bytes.Count(dst[from:], []byte{escape}) {
		dst = append(dst, escapeZero)
	}
	for w := len(dst) - 1; r < w; r-- {
		if dst[r] == escape {
			dst[w] = escapeZero
			w--
		}
		dst[w] = dst[r]
		w--
	}
	return dst
}

// String reads the string or binary at the head of b and returns what follows
// it. The value is a part of b itself unless it holds a zero byte: it must not be
// changed, and lives as long as b. The error is ErrCorrupt.
func String(b []byte) (value, rest []byte, err error) {
	var unescaped []byte // nil until the first escaped zero
	start := 0
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], escape)
		if n < 0 || i+n+1 == len(b) {
			return nil, nil, ErrCorrupt
		}
		i += n
		switch b[i+1] {
		case escapeEnd:
			if unescaped == nil {
				return b[:i:i], b[i+2:], nil
			}
			return append(unescaped, b[start:i]...), b[i+2:], nil
		case escapeZero:
			unescaped = append(unescaped, b[start:i+1]...)
			i += 2
			start = i
		default:
			return nil, nil, ErrCorrupt
		}
	}
}
