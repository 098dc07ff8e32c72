package wire

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// reader reads one body. Its methods return false when the body is at fault;
// the reader remembers why and is of no use after that. It is a tokenizer and
// not a decoder over one: each method knows what AWS wants at its place.
type reader struct {
	// b is the body with padding at its end, so that the scanner may
	// look at eight bytes at a time and never has to ask for the end: a zero
	// byte is no part of any token. Strings are slices of it. Where b is a copy of the body they
	// are unescaped in place, for no text is longer than its escaped form.
	b      []byte
	i      int
	tenure Tenure

	// message is AWS's text for the fault, empty for a body that is no JSON.
	message string

	// Stacks of what is read so far of the collections around i: at the end of
	// one its size is known, and it is allocated once.
	names    []string
	values   []attr.Value
	texts    []string
	binaries [][]byte

	spent int // bytes of memory, as spend counts them

	build     bool // items that are stored are read into their stored form
	builder   itemcodec.Builder
	unescaped []byte // what piece returned last
}

const padding = 8

// readers keeps the stacks of readers that are done, emptied.
var readers = sync.Pool{New: func() any {
	return &reader{names: make([]string, 0, keptStack), values: make([]attr.Value, 0, keptStack)}
}}

// The largest stack that is kept, and how many bytes an item may have taken in its stored form.
const (
	keptStack = 32
	keptBytes = 64 << 10
)

// newReader returns a reader of a body, which has room for padding unless it is copied. The caller releases it.
func newReader(body []byte, t Tenure) *reader {
	r := readers.Get().(*reader)
	r.tenure = t
	if t == Copied {
		r.b = make([]byte, len(body)+padding)
		copy(r.b, body)
		return r
	}
	r.b = body[:len(body)+padding]
	clear(r.b[len(body):])
	return r
}

// release makes r free for another body. What it has read stays.
func (r *reader) release() {
	if cap(r.names) > keptStack || cap(r.values) > keptStack || cap(r.texts) > keptStack || cap(r.binaries) > keptStack ||
		r.builder.Kept()+cap(r.unescaped) > keptBytes {
		return
	}
	// What the stacks hold after a fault would keep the request in memory.
	clear(r.names)
	clear(r.values)
	clear(r.texts)
	clear(r.binaries)
	*r = reader{names: r.names[:0], values: r.values[:0], texts: r.texts[:0], binaries: r.binaries[:0],
		builder: r.builder, unescaped: r.unescaped}
	readers.Put(r)
}

// maxSpent is how many bytes of memory a request may take, besides its body.
// What DynamoDB's own limits let a request have needs far less, but for values
// that consist of some ten thousands of maps.
const maxSpent = 24 << 20

// spend counts memory that is about to be allocated. It returns false when a request may not have so much.
func (r *reader) spend(n int) bool {
	if r.spent += n; r.spent <= maxSpent {
		return true
	}
	return r.fault(faultMemory)
}

// smallMap is what a map costs that has no entries, and smallMapSize for how many entries it has room when it has one.
const (
	smallMap     = 48
	smallMapSize = 8
)

// mapCost returns about how much memory a map takes that is made for n
// entries with strings as keys: half of the places of a large one may be empty.
func mapCost(n int, value uintptr) int {
	return smallMap + max(2*n, smallMapSize)*(int(unsafe.Sizeof("")+value)+1)
}

// mapEntry returns about how much memory one more entry takes of a map that
// grows: what it was copied from on its way up counts too.
func mapEntry(value uintptr) int { return 4 * (int(unsafe.Sizeof("")+value) + 1) }

// next passes over white space and returns the byte that the next token starts
// with, 0 at the end.
func (r *reader) next() byte {
	for {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return c
		}
	}
}

// take passes over c if it is next.
func (r *reader) take(c byte) bool {
	if r.next() != c {
		return false
	}
	r.i++
	return true
}

// open passes over the bracket that the caller has seen, and reports whether
// the collection is empty, which it then passes over too.
func (r *reader) open(closing byte) (empty bool) {
	r.i++
	return r.take(closing)
}

// more passes over the comma before another member, or over the closing bracket.
func (r *reader) more(closing byte) (more, ok bool) {
	switch r.next() {
	case ',':
		r.i++
		return true, true
	case closing:
		r.i++
		return false, true
	}
	return false, false
}

// key reads the name of a member and its colon. Nobody keeps it.
func (r *reader) key() (string, bool) {
	if r.next() != '"' {
		return "", false
	}
	name, ok := r.token()
	return name, ok && r.take(':')
}

// name is key for a name that the request keeps.
func (r *reader) name() (string, bool) {
	name, ok := r.key()
	if !ok {
		return "", false
	}
	return r.kept(name)
}

// kept returns a text that the request may keep.
func (r *reader) kept(s string) (string, bool) {
	if r.tenure != Passing && r.tenure != Lent {
		return s, true
	}
	if !r.spend(len(s)) {
		return "", false
	}
	return strings.Clone(s), true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns where from b[i] on the first byte stands that is a quote, a
// backslash or a control character, b having padding at its end. As the loop
// branches, and does not add up what each step has found, the processor need
// not wait for one step to begin the next.
func special(b []byte, i int) int {
	for ; ; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quotes, slashes := w^ones*'"', w^ones*'\\'
		if m := ((w-ones*' ')&^w | (quotes-ones)&^quotes | (slashes-ones)&^slashes) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
}

// text reads the string whose opening quote is next, for the request to keep.
func (r *reader) text() (string, bool) {
	s, ok := r.token()
	if !ok {
		return "", false
	}
	return r.kept(s)
}

// token reads the string whose opening quote is next, which may be a part of b.
func (r *reader) token() (string, bool) {
	start := r.i + 1
	i := special(r.b, start)
	switch r.b[i] {
	case '"':
		r.i = i + 1
		return unsafe.String(unsafe.SliceData(r.b[start:]), i-start), true
	case '\\':
		dst := r.b[start:i]
		if r.tenure != Copied {
			size := r.rest(i) - start
			if !r.spend(size) {
				return "", false
			}
			dst = append(make([]byte, 0, size), dst...)
		}
		s, ok := r.unescape(dst, i)
		return unsafe.String(unsafe.SliceData(s), len(s)), ok
	}
	return "", false
}

// rest returns where the string ends in which b[i] stands, or is at fault.
func (r *reader) rest(i int) int {
	for {
		switch i = special(r.b, i); r.b[i] {
		case '\\':
			i = min(i+2, len(r.b)-padding)
		default:
			return i
		}
	}
}

// unescape appends the rest of a string from its first backslash, at b[i], to
// dst, which may be what stands before that in b: it never overtakes i.
func (r *reader) unescape(dst []byte, i int) ([]byte, bool) {
	b := r.b
	for {
		switch c := b[i]; {
		case c == '"':
			r.i = i + 1
			return dst, true
		case c < ' ':
			return dst, false
		case c != '\\':
			dst = append(dst, c)
			i++
			continue
		}
		c := unescaped(b[i+1])
		switch {
		case c != 0:
			dst = append(dst, c)
			i += 2
		case b[i+1] == 'u':
			u, ok := hex4(b[i:])
			if !ok {
				return dst, false
			}
			i += 6
			if utf16.IsSurrogate(u) {
				// A half without the other half is no character.
				low, ok := hex4(b[i:])
				if u = utf16.DecodeRune(u, low); ok && u != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, u)
		default:
			return dst, false
		}
	}
}

// unescaped returns what a backslash and c stand for, 0 when that is not one byte.
func unescaped(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

// hex4 reads \uXXXX.
func hex4(b []byte) (u rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		u = u<<4 | rune(c)
	}
	return u, true
}

// literal passes over true, false or null.
func (r *reader) literal(word string) bool {
	if r.i+len(word) > len(r.b) || string(r.b[r.i:r.i+len(word)]) != word {
		return false
	}
	r.i += len(word)
	return true
}

// null passes over a null that is next. ok is false for another word with an n.
func (r *reader) null() (null, ok bool) {
	if r.next() != 'n' {
		return false, true
	}
	return true, r.literal("null")
}

// number reads the number that is next. whole is true when it has neither a
// fraction nor an exponent.
func (r *reader) number() (text []byte, whole, ok bool) {
	b, i := r.b, r.i
	if b[i] == '-' {
		i++
	}
	switch {
	case b[i] == '0':
		i++
	case '1' <= b[i] && b[i] <= '9':
		i = digits(b, i)
	default:
		return nil, false, false
	}
	whole = true
	if b[i] == '.' {
		end := digits(b, i+1)
		if end == i+1 {
			return nil, false, false
		}
		i, whole = end, false
	}
	if b[i] == 'e' || b[i] == 'E' {
		i++
		if b[i] == '+' || b[i] == '-' {
			i++
		}
		end := digits(b, i)
		if end == i {
			return nil, false, false
		}
		i, whole = end, false
	}
	text, r.i = b[r.i:i], i
	return text, whole, true
}

func digits(b []byte, i int) int {
	for '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}
