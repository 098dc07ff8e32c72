package boltkv

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/statordb/stator/kv"
)

// The layout of bbolt's pages. Integers are in the byte order of the machine.
//
//	page = id [8], flags [2], count [2], overflow [4], elements, keys and values
//	element of a branch = position [4], length of the key [4], child [8]
//	element of a leaf = flags [4], position [4], length of the key [4], length of the value [4]
//
// A position counts from the element. bbolt writes the keys and values without
// gaps in the order of the elements, so that the number of elements, every
// position, every length and the number of pages that a page takes follow from
// each other: checkLayout relies on that to find a bit that is wrong in any of them.
const (
	pageHeaderBytes = 16
	elementBytes    = 16
	minPageBytes    = 1 << 10
	maxPageBytes    = 64 << 10

	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freelistPage = 0x10

	bucketElement = 0x01 // flag of a leaf's element that is a bucket, not a row

	firstPage = 2  // the first page that is not a meta page
	maxDepth  = 40 // of a tree; a deeper one has a cycle
)

// page is a page of the tree with its overflow. Its accessors check bounds as
// slices do, with a panic.
type page struct {
	id   uint64
	b    []byte
	n    int // elements
	leaf bool
}

func u32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }

func damagedPage(id uint64, format string, args ...any) error {
	return fmt.Errorf("%w: page %d: %s", kv.ErrCorrupt, id, fmt.Sprintf(format, args...))
}

// newPage returns the page id that b holds with its overflow. What is in it beyond its header is not checked.
func newPage(b []byte, id uint64) (page, error) {
	var p page
	err := p.set(b, id)
	return p, err
}

// set makes p the page id that b holds, as newPage does.
func (p *page) set(b []byte, id uint64) error {
	if len(b) < pageHeaderBytes {
		return damagedPage(id, "it is cut short")
	}
	p.id, p.b, p.n = id, b, int(binary.NativeEndian.Uint16(b[10:]))
	if self := u64(b); self != id {
		return damagedPage(id, "it says that it is page %d", self)
	}
	flags := binary.NativeEndian.Uint16(b[8:])
	if p.leaf = flags == leafPage; !p.leaf && flags != branchPage {
		return damagedPage(id, "it is of type %#x, and no page of the tree", flags)
	}
	if pageHeaderBytes+p.n*elementBytes > len(b) {
		return damagedPage(id, "%d elements do not fit", p.n)
	}
	return nil
}

func (p *page) element(i int) (at int, e []byte) {
	at = pageHeaderBytes + i*elementBytes
	return at, p.b[at : at+elementBytes]
}

func (p *page) key(i int) []byte {
	at, e := p.element(i)
	if p.leaf {
		e = e[4:]
	}
	at += int(u32(e))
	end := at + int(u32(e[4:]))
	return p.b[at:end:end]
}

// value returns the value of a leaf's element.
func (p *page) value(i int) []byte {
	at, e := p.element(i)
	at += int(u32(e[4:])) + int(u32(e[8:]))
	end := at + int(u32(e[12:]))
	return p.b[at:end:end]
}

// row returns the key and the value of a leaf's element.
func (p *page) row(i int) (key, value []byte) {
	at, e := p.element(i)
	at += int(u32(e[4:]))
	mid := at + int(u32(e[8:]))
	end := mid + int(u32(e[12:]))
	return p.b[at:mid:mid], p.b[mid:end:end]
}

// flags returns the flags of a leaf's element.
func (p *page) flags(i int) uint32 {
	_, e := p.element(i)
	return u32(e)
}

// child returns the page that a branch's element refers to.
func (p *page) child(i int) uint64 {
	_, e := p.element(i)
	return u64(e[8:])
}

// search returns the first element with a key >= key, and whether it is key.
func (p *page) search(key []byte) (i int, exact bool) {
	lo, hi := 0, p.n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch bytes.Compare(p.key(mid), key) {
		case 0:
			return mid, true
		case -1:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return lo, false
}

// covering returns the element of a branch whose child has key, if any has.
func (p *page) covering(key []byte) int {
	i, exact := p.search(key)
	if !exact && i > 0 {
		i--
	}
	return i
}

// checkLayout checks that the elements fill the page as bbolt writes it, and that
// keys ascend. size is that of a page of the file, 0 for one that lies inside a value.
func (p *page) checkLayout(size int) error {
	at := pageHeaderBytes + p.n*elementBytes
	for i := range p.n {
		offset, e := p.element(i)
		var position, keyBytes, valueBytes int
		if p.leaf {
			position, keyBytes, valueBytes = int(u32(e[4:])), int(u32(e[8:])), int(u32(e[12:]))
		} else {
			position, keyBytes = int(u32(e)), int(u32(e[4:]))
		}
		if offset+position != at {
			return damagedPage(p.id, "element %d of %d is at %d, want %d", i, p.n, offset+position, at)
		}
		if keyBytes == 0 || keyBytes > len(p.b)-at || valueBytes > len(p.b)-at-keyBytes {
			return damagedPage(p.id, "element %d of %d has a key of %d and a value of %d bytes at %d of %d", i, p.n, keyBytes, valueBytes, at, len(p.b))
		}
		at += keyBytes + valueBytes
	}
	if size > 0 && (at+size-1)/size != len(p.b)/size {
		return damagedPage(p.id, "it takes %d pages for %d bytes", len(p.b)/size, at)
	}
	for i := 1; i < p.n; i++ {
		if bytes.Compare(p.key(i-1), p.key(i)) >= 0 {
			return damagedPage(p.id, "key %d of %d is not above the one before it: %x, %x", i, p.n, p.key(i), p.key(i-1))
		}
	}
	return nil
}
