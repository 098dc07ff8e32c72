package itemcodec

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"unsafe"

	"github.com/statordb/stator/internal/num"
)

// What an item may have at most, besides its size.
const (
	MaxLevels    = 32 // of values; those of the attributes are level 1
	MaxNameBytes = 65535
)

// Built is an item in its stored form that a Builder made: whatever a request
// may not have is not in it, and how much it counts for is known. All its names
// are in byte order, those of a key too. The zero Built is absent. It is immutable.
type Built struct {
	item Item
	size int
}

// Item returns the stored form.
func (b Built) Item() Item { return b.item }

// Size returns the bytes that the item counts for, as Item.Size does.
func (b Built) Size() int { return b.size }

// Builder builds the stored form of an item from parts that come in any order,
// without the maps and strings of an attr.Item between.
//
// It takes what a request may have, and nothing else. A method that returns
// false has met something else, or something that it leaves to others, such as
// a name that comes twice; what is wrong is found by those who judge an
// attr.Item (package api), for whom the item is then read again.
//
// A Builder is for one goroutine. Reset comes first.
type Builder struct {
	buf   []byte
	size  int    // so far
	spans []span // of the attributes of the open maps and the elements of the open sets
	moved []byte // room to put them in order
}

// span is where an attribute or an element of a set stands in buf, and its name, which of an element is its bytes.
type span struct {
	start, name, nameEnd, end int32
	head                      uint64 // the first eight bytes of the name, which mostly tell two names apart
}

// maxSpans bounds the memory of a Builder: 400 KB are hardly more attributes or elements, for they all differ.
const maxSpans = 1 << 17

// Open is a collection that is not complete.
type Open struct{ start, spans int }

// Reset begins an item.
func (b *Builder) Reset() {
	b.buf, b.size, b.spans = append(b.buf[:0], 0), 0, b.spans[:0]
}

// MaxBuilt is the largest stored form that is built: more than an item of 400 KB needs, but for one of
// numbers with tens of zeros each.
const MaxBuilt = 2 << 20

// Kept returns how many bytes of memory b keeps.
func (b *Builder) Kept() int {
	return cap(b.buf) + cap(b.moved) + cap(b.spans)*int(unsafe.Sizeof(span{}))
}

// Item completes the item, which is good until b is used again.
func (b *Builder) Item() (Built, bool) {
	if !b.closeNamed(Open{start: 1}, false) || len(b.buf) > MaxBuilt {
		return Built{}, false
	}
	return Built{item: b.buf, size: b.size}, true
}

// Clone returns an item with memory of its own.
func (b Built) Clone() Built { return Built{item: bytes.Clone(b.item), size: b.size} }

// grow doubles a buffer that is nearly full: append would copy a long one more often on its way up.
func (b *Builder) grow() {
	const enough = 16
	if n := cap(b.buf); n-len(b.buf) < enough {
		b.buf = slices.Grow(b.buf, max(n, enough))
	}
}

// Name begins an attribute of the item or of the map that was opened last. Its value follows.
func (b *Builder) Name(name []byte) bool {
	if len(name) == 0 || len(name) > MaxNameBytes {
		return false
	}
	b.size += len(name)
	return b.span(name)
}

// Element adds the bytes of an element of an SS or BS.
func (b *Builder) Element(e []byte) bool {
	b.size += len(e)
	return b.span(e)
}

func (b *Builder) span(name []byte) bool {
	if len(b.spans) == maxSpans || len(b.buf)+len(name) > MaxBuilt {
		return false
	}
	b.grow()
	start := len(b.buf)
	b.buf = binary.AppendUvarint(b.buf, uint64(len(name)))
	at := len(b.buf)
	b.buf = append(b.buf, name...)
	b.push(start, at, head(name))
	return true
}

// head returns the first eight bytes of a name as a number that has their order.
func head(name []byte) (n uint64) {
	if len(name) >= 8 {
		return binary.BigEndian.Uint64(name)
	}
	for i, c := range name {
		n |= uint64(c) << (56 - 8*i)
	}
	return n
}

// push adds the span of a name that ends at the end of buf.
func (b *Builder) push(start, name int, head uint64) {
	if n := cap(b.spans); n == len(b.spans) {
		b.spans = slices.Grow(b.spans, max(n, 16))
	}
	b.spans = append(b.spans, span{start: int32(start), name: int32(name), nameEnd: int32(len(b.buf)), head: head})
}

// String adds an S.
func (b *Builder) String(s []byte) bool {
	if len(b.buf)+len(s) > MaxBuilt {
		return false
	}
	b.grow()
	b.size += len(s)
	b.buf = appendBytes(append(b.buf, tagString), s)
	return true
}

// Number adds an N.
func (b *Builder) Number(s []byte) bool {
	b.grow()
	b.buf = append(b.buf, tagNumber)
	s, ok := canonical(s)
	if ok {
		b.size += num.SizeText(text(s))
		b.buf = appendBytes(b.buf, s)
	}
	return ok && len(b.buf) <= MaxBuilt
}

// NumberElement adds an element of an NS.
func (b *Builder) NumberElement(s []byte) bool {
	s, ok := canonical(s)
	if !ok {
		return false
	}
	b.size += num.SizeText(text(s))
	return b.span(s)
}

func canonical(s []byte) ([]byte, bool) {
	if num.IsCanonical(s) {
		return s, true
	}
	n, err := num.Parse(s)
	if err != nil {
		return nil, false
	}
	return n.AppendText(nil), true
}

// Binary adds a B from its base64 text.
func (b *Builder) Binary(base64Text []byte) bool {
	b.grow()
	n := binarySize(base64Text)
	b.size += n
	b.buf = binary.AppendUvarint(append(b.buf, tagBinary), uint64(n))
	return b.appendBase64(base64Text, n)
}

// BinaryElement adds an element of a BS from its base64 text.
func (b *Builder) BinaryElement(base64Text []byte) bool {
	if len(b.spans) == maxSpans || len(b.buf) > MaxBuilt {
		return false
	}
	n := binarySize(base64Text)
	b.size += n
	b.grow()
	start := len(b.buf)
	b.buf = binary.AppendUvarint(b.buf, uint64(n))
	at := len(b.buf)
	if !b.appendBase64(base64Text, n) {
		return false
	}
	b.push(start, at, head(b.buf[at:]))
	return true
}

// binarySize returns how many bytes a base64 text stands for, if it is one.
func binarySize(s []byte) int {
	n := len(s) / 4 * 3
	for i := len(s) - 1; i >= len(s)-2 && i >= 0 && s[i] == '='; i-- {
		n--
	}
	return n
}

func (b *Builder) appendBase64(s []byte, n int) bool {
	if len(s)%4 != 0 || len(b.buf)+n > MaxBuilt {
		return false
	}
	at := len(b.buf)
	b.buf = slices.Grow(b.buf, len(s)/4*3)
	written, err := base64.StdEncoding.Strict().Decode(b.buf[at:at+len(s)/4*3], s)
	b.buf = b.buf[:at+written]
	return err == nil && written == n // fewer when there were line ends, which Decode drops
}

// Bool adds a BOOL.
func (b *Builder) Bool(v bool) {
	b.grow()
	b.size++
	tag := byte(tagFalse)
	if v {
		tag = tagTrue
	}
	b.buf = append(b.buf, tag)
}

// Null adds a NULL.
func (b *Builder) Null() {
	b.grow()
	b.size++
	b.buf = append(b.buf, tagNull)
}

// OpenList begins an L, whose elements follow.
func (b *Builder) OpenList() Open { return b.open(tagList, documentSize) }

// OpenMap begins an M, whose attributes follow.
func (b *Builder) OpenMap() Open { return b.open(tagMap, documentSize) }

// OpenStringSet begins an SS, whose elements follow.
func (b *Builder) OpenStringSet() Open { return b.open(tagStringSet, 0) }

// OpenNumberSet begins an NS, whose elements follow.
func (b *Builder) OpenNumberSet() Open { return b.open(tagNumberSet, 0) }

// OpenBinarySet begins a BS, whose elements follow.
func (b *Builder) OpenBinarySet() Open { return b.open(tagBinarySet, 0) }

// open leaves room for the size and for a count of one byte, which most are.
func (b *Builder) open(tag byte, size int) Open {
	b.grow()
	b.size += size
	b.buf = append(b.buf, tag, 0, 0, 0, 0, 0)
	return Open{len(b.buf), len(b.spans)}
}

// CloseList completes an L of n elements.
func (b *Builder) CloseList(o Open, n int) bool {
	b.size += n * elementSize
	b.count(o.start, n)
	return b.close(o)
}

// CloseMap completes an M.
func (b *Builder) CloseMap(o Open) bool {
	b.size += (len(b.spans) - o.spans) * elementSize
	return b.closeNamed(o, false) && b.close(o)
}

// CloseSet completes an SS or BS.
func (b *Builder) CloseSet(o Open) bool {
	return len(b.spans) > o.spans && b.closeNamed(o, false) && b.close(o)
}

// CloseNumberSet completes an NS.
func (b *Builder) CloseNumberSet(o Open) bool {
	return len(b.spans) > o.spans && b.closeNamed(o, true) && b.close(o)
}

// closeNamed puts the attributes or elements since o in order and fills in their
// count. It fails when one comes twice.
func (b *Builder) closeNamed(o Open, numbers bool) bool {
	spans := b.spans[o.spans:]
	b.spans = b.spans[:o.spans]
	for i := 1; i < len(spans); i++ {
		if b.compare(&spans[i-1], &spans[i], numbers) < 0 {
			continue
		}
		if !b.reorder(o, spans, numbers) {
			return false
		}
		break
	}
	b.count(o.start, len(spans))
	return true
}

func (b *Builder) reorder(o Open, spans []span, numbers bool) bool {
	for i := range spans {
		spans[i].end = int32(len(b.buf))
		if i+1 < len(spans) {
			spans[i].end = spans[i+1].start
		}
	}
	const few = 24
	if len(spans) > few {
		slices.SortFunc(spans, func(x, y span) int { return b.compare(&x, &y, numbers) })
	} else {
		for i := 1; i < len(spans); i++ {
			s, j := spans[i], i
			for ; j > 0 && b.compare(&spans[j-1], &s, numbers) > 0; j-- {
				spans[j] = spans[j-1]
			}
			spans[j] = s
		}
	}
	for i := 1; i < len(spans); i++ {
		if b.compare(&spans[i-1], &spans[i], numbers) == 0 {
			return false
		}
	}
	b.moved = slices.Grow(b.moved[:0], len(b.buf)-o.start)
	for _, s := range spans {
		b.moved = append(b.moved, b.buf[s.start:s.end]...)
	}
	copy(b.buf[o.start:], b.moved)
	return true
}

// compare compares the names of two spans, or the numbers that they are.
func (b *Builder) compare(x, y *span, numbers bool) int {
	nameX, nameY := b.buf[x.name:x.nameEnd], b.buf[y.name:y.nameEnd]
	switch {
	case numbers:
		return num.CompareText(text(nameX), text(nameY))
	case x.head != y.head:
		return cmp.Compare(x.head, y.head)
	}
	return bytes.Compare(nameX, nameY)
}

// close fills in the size.
func (b *Builder) close(o Open) bool {
	at := o.start - 1 // where the count is
	binary.LittleEndian.PutUint32(b.buf[at-sizeBytes:], uint32(len(b.buf)-at))
	return len(b.buf) <= MaxBuilt
}

// count fills in the count, in front of what begins at start.
func (b *Builder) count(start, n int) {
	if n < 0x80 {
		b.buf[start-1] = byte(n)
		return
	}
	var room [binary.MaxVarintLen64]byte
	b.buf = slices.Replace(b.buf, start-1, start, binary.AppendUvarint(room[:0], uint64(n))...)
}
