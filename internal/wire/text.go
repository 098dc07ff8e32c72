package wire

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// appendString appends a JSON string. Bytes that are no UTF-8, which no
// request from the network holds, become U+FFFD as encoding/json has it.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	start := 0
	for i := 0; i < len(b); {
		if i+8 <= len(b) && plain(b, i) {
			i += 8
			continue
		}
		c := b[i]
		switch {
		case c >= utf8.RuneSelf:
			u, size := utf8.DecodeRune(b[i:])
			if u == utf8.RuneError && size == 1 {
				dst = append(append(dst, b[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		case c >= ' ' && c != '"' && c != '\\':
			i++
			continue
		}
		dst = append(dst, b[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, b[start:]...), '"')
}

// plain reports whether each of the eight bytes at b[i] stands for itself in a
// JSON string and is ASCII.
func plain(b []byte, i int) bool {
	w := binary.LittleEndian.Uint64(b[i:])
	return ((w-ones*' ')|(w^ones*'"'-ones)|(w^ones*'\\'-ones)|w)&highs == 0
}

func appendBytes(dst, b []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), b), '"')
}

// appendFloat appends a number as AWS prints capacity: 1.0, 0.5.
func appendFloat(dst []byte, f float64) []byte {
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, '.', '0')
	}
	return dst
}

// appendTime appends the seconds since 1970, with the milliseconds as
// decimals: 1421866952.062.
func appendTime(dst []byte, t time.Time) []byte {
	return strconv.AppendFloat(dst, float64(t.UnixMilli())/1000, 'f', -1, 64)
}
