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

// pageAt returns the page id of a file of whole pages. What is in it beyond its header is not checked.
func pageAt(file []byte, size int, id uint64) (page, error) {
	pages := uint64(len(file) / size)
	if id < firstPage || id >= pages {
		return page{}, damagedPage(id, "a page of the tree is said to be there, among %d pages", pages)
	}
	b := file[int(id)*size:]
	run := uint64(u32(b[12:])) + 1
	if run > pages-id {
		return page{}, damagedPage(id, "it takes %d pages, and the file ends after %d", run, pages-id)
	}
	return newPage(b[:int(run)*size], id)
}

// newPage returns the page id that b holds with its overflow, as pageAt does.
func newPage(b []byte, id uint64) (page, error) {
	if len(b) < pageHeaderBytes {
		return page{}, damagedPage(id, "it is cut short")
	}
	p := page{id: id, b: b, n: int(binary.NativeEndian.Uint16(b[10:]))}
	if self := u64(b); self != id {
		return page{}, damagedPage(id, "it says that it is page %d", self)
	}
	switch flags := binary.NativeEndian.Uint16(b[8:]); flags {
	case leafPage:
		p.leaf = true
	case branchPage:
	default:
		return page{}, damagedPage(id, "it is of type %#x, and no page of the tree", flags)
	}
	if pageHeaderBytes+p.n*elementBytes > len(b) {
		return page{}, damagedPage(id, "%d elements do not fit", p.n)
	}
	return p, nil
}

func (p *page) element(i int) (at int, e []byte) {
	at = pageHeaderBytes + i*elementBytes
	return at, p.b[at : at+elementBytes]
}

func (p *page) key(i int) []byte {
	at, e := p.element(i)
	if p.leaf {
		at += int(u32(e[4:]))
		end := at + int(u32(e[8:]))
		return p.b[at:end:end]
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

// meta is a meta page: the state after one commit.
type meta struct {
	txid     uint64
	root     uint64 // the leaf that lists the buckets
	freelist uint64
	pages    uint64 // how many the file has in use, free ones included
	size     int    // of a page
}

const (
	metaBytes   = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2
)

// decodeMeta reads the meta that begins b[pageHeaderBytes:]; ok is that its checksum is right.
func decodeMeta(b []byte) (m meta, ok bool) {
	if len(b) < pageHeaderBytes+metaBytes {
		return m, false
	}
	b = b[pageHeaderBytes:]
	m = meta{size: int(u32(b[8:])), root: u64(b[16:]), freelist: u64(b[32:]), pages: u64(b[40:]), txid: u64(b[48:])}
	ok = u32(b) == metaMagic && u32(b[4:]) == metaVersion && metaSum(b[:56]) == u64(b[56:]) &&
		m.size >= minPageBytes && m.size <= maxPageBytes && m.size&(m.size-1) == 0
	return m, ok
}

// metaSum is the checksum of a meta, FNV-1a.
func metaSum(b []byte) uint64 {
	sum := uint64(14695981039346656037)
	for _, c := range b {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return sum
}

// isMetaOf reports whether a damaged meta page would be whole if it were that of commit txid.
func isMetaOf(b []byte, txid uint64) bool {
	b = bytes.Clone(b[pageHeaderBytes : pageHeaderBytes+metaBytes])
	binary.NativeEndian.PutUint64(b[48:], txid)
	return metaSum(b[:56]) == u64(b[56:])
}

// freeIDs returns the bytes of a freelist page's page ids, 8 each, in ascending order.
func freeIDs(b []byte, id uint64) ([]byte, error) {
	if len(b) < pageHeaderBytes+8 || u64(b) != id || binary.NativeEndian.Uint16(b[8:]) != freelistPage {
		return nil, damagedPage(id, "it is not the list of free pages that it should be")
	}
	n, ids := uint64(binary.NativeEndian.Uint16(b[10:])), b[pageHeaderBytes:]
	if n == 0xffff { // the first one is the count
		n, ids = u64(ids), ids[8:]
	}
	if n > uint64(len(ids)/8) {
		return nil, damagedPage(id, "the list of free pages has %d entries in %d bytes", n, len(b))
	}
	return ids[: n*8 : n*8], nil
}

// checkFreelist checks the list of free pages that takes b: it ascends, is in the
// file, takes the pages that it needs, and names none of its own.
func checkFreelist(b []byte, m meta) ([]byte, error) {
	ids, err := freeIDs(b, m.freelist)
	if err != nil {
		return nil, err
	}
	run := uint64(len(b) / m.size)
	count := uint64(len(ids) / 8)
	if count >= 0xffff {
		count++ // it is the first entry itself
	}
	// bbolt estimates the size before it takes the pages for it from the list.
	size := uint64(m.size)
	if least, most := (16+8*count+size-1)/size, (16+8*(count+2*run+2))/size+1; run < least || run > most {
		return nil, damagedPage(m.freelist, "the list of free pages has %d entries in %d pages", count, run)
	}
	last := uint64(firstPage - 1)
	for at := 0; at < len(ids); at += 8 {
		id := u64(ids[at:])
		if id <= last || id >= m.pages || id >= m.freelist && id < m.freelist+run || id == m.root {
			return nil, damagedPage(m.freelist, "the list of free pages has page %d after %d, of %d pages", id, last, m.pages)
		}
		last = id
	}
	return ids, nil
}
