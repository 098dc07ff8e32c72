package boltkv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
)

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

// newest returns which of the good ones of two meta pages is that of the last commit; ok false when both are damaged.
func newest(metas *[2]meta, good *[2]bool) (n int, ok bool) {
	if good[1] && (!good[0] || metas[1].txid > metas[0].txid) {
		return 1, true
	}
	return 0, good[0]
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

// metaBefore reads the meta page of the state that tx, which writes, began with, and in which place it is. room has
// space for it; what follows it there is read, too.
func metaBefore(file *os.File, tx *bolt.Tx, room []byte) (m meta, place int64, err error) {
	before, size := uint64(tx.ID()-1), int64(tx.DB().Info().PageSize)
	// A copy of a database can have its newest meta page in the other place.
	for _, place := range []int64{int64(before % 2), 1 - int64(before%2)} {
		if _, err := file.ReadAt(room, place*size); err != nil {
			return m, 0, fmt.Errorf("boltkv: read meta page %d: %w", place, err)
		}
		if m, ok := decodeMeta(room); ok && m.txid == before {
			return m, place, nil
		}
	}
	return m, 0, errNoMeta
}

var errNoMeta = errors.New("boltkv: no meta page has the transaction that is read")

const (
	noFreelist = 1<<64 - 1 // in place of the list's page: another program wrote the file last, and keeps none
	manyFree   = 0xffff    // so many or more: the first id is the count
)

// freeCount returns how many ids a list of free pages has, of which b is the beginning, and where they begin.
func freeCount(b []byte, id uint64) (n uint64, ids []byte, err error) {
	if len(b) < pageHeaderBytes+8 || u64(b) != id || binary.NativeEndian.Uint16(b[8:]) != freelistPage {
		return 0, nil, damagedPage(id, "it is not the list of free pages that it should be")
	}
	n, ids = uint64(binary.NativeEndian.Uint16(b[10:])), b[pageHeaderBytes:]
	if n == manyFree {
		n, ids = u64(ids), ids[8:]
	}
	return n, ids, nil
}

// freeIDs returns the bytes of a freelist page's page ids, 8 each, in ascending order.
func freeIDs(b []byte, id uint64) ([]byte, error) {
	n, ids, err := freeCount(b, id)
	if err != nil {
		return nil, err
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
	if count >= manyFree {
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
