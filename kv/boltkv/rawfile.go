package boltkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"

	"github.com/statordb/stator/kv"
)

// maxRunBytes bounds how much a page is believed to take with its overflow.
const maxRunBytes = 2 * maxTransactionBytes

// rawFile reads the pages of a file that nobody writes, whatever is in them. It
// is read, not mapped: what a disk cannot read is an error here, and not the end of the process.
type rawFile struct {
	file  *os.File
	bytes int64
	size  int // of a page
	pages uint64
	metas [2]meta
	good  [2]bool // the checksum of the meta page is right
}

// openRaw opens a file for reading and keeps others from writing to it.
func openRaw(path string) (*rawFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &rawFile{file: file}
	err = lockShared(file)
	if err == nil {
		err = f.readMetas()
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return f, nil
}

func (f *rawFile) close() error { return f.file.Close() }

// readMetas reads both meta pages. The first one that is good tells the size of a page; when none is, it is
// what their remains say, or that of the system's pages.
func (f *rawFile) readMetas() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	f.bytes, f.size = info.Size(), os.Getpagesize()
	b := make([]byte, pageHeaderBytes+metaBytes)
	sizes := []int{f.size}
	for size := minPageBytes; size <= maxPageBytes; size *= 2 {
		sizes = append(sizes, size)
	}
	if n, _ := f.file.ReadAt(b, 0); n == len(b) {
		m, ok := decodeMeta(b)
		if ok || u32(b[pageHeaderBytes:]) == metaMagic && bits.OnesCount(uint(m.size)) == 1 && m.size >= minPageBytes && m.size <= maxPageBytes {
			sizes = []int{m.size}
		}
		f.metas[0], f.good[0] = m, ok
	}
	for _, size := range sizes {
		if n, _ := f.file.ReadAt(b, int64(size)); n == len(b) {
			if m, ok := decodeMeta(b); ok && m.size == size {
				f.size, f.metas[1], f.good[1] = size, m, true
				break
			}
		}
	}
	if f.good[0] {
		f.size = f.metas[0].size
	}
	if !f.good[1] {
		if n, _ := f.file.ReadAt(b, int64(f.size)); n == len(b) {
			f.metas[1], _ = decodeMeta(b)
		}
	}
	f.pages = uint64(f.bytes / int64(f.size))
	return nil
}

// read returns page id with its overflow, in room if that is large enough. What lies behind
// its header is not checked.
func (f *rawFile) read(id uint64, room []byte) (page, error) {
	b, err := f.run(id, room)
	if err != nil {
		return page{}, err
	}
	return newPage(b, id)
}

// run returns the bytes of page id and of its overflow.
func (f *rawFile) run(id uint64, room []byte) ([]byte, error) {
	if id < firstPage || id >= f.pages {
		return nil, damagedPage(id, "a page is said to be there, and the file has %d", f.pages)
	}
	b, err := f.readPages(id, 1, room)
	if err != nil {
		return nil, err
	}
	n := uint64(u32(b[12:])) + 1
	if n > f.pages-id || n*uint64(f.size) > maxRunBytes {
		return nil, damagedPage(id, "it takes %d pages, and the file ends after %d", n, f.pages-id)
	}
	if n > 1 {
		return f.readPages(id, n, b)
	}
	return b, nil
}

func (f *rawFile) readPages(id, n uint64, room []byte) ([]byte, error) {
	want := int(n) * f.size
	if cap(room) < want {
		room = make([]byte, want)
	}
	room = room[:want]
	if _, err := f.file.ReadAt(room, int64(id)*int64(f.size)); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%w: page %d: %w", kv.ErrCorrupt, id, err)
	}
	return room, nil
}

// flagsOf returns the type of a page and how many it takes.
func (f *rawFile) flagsOf(id uint64) (flags uint16, run uint64, self bool) {
	var b [pageHeaderBytes]byte
	if _, err := f.file.ReadAt(b[:], int64(id)*int64(f.size)); err != nil {
		return 0, 0, false
	}
	return binary.NativeEndian.Uint16(b[8:]), uint64(u32(b[12:])) + 1, u64(b[:]) == id
}
