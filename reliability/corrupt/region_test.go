package corrupt_test

import (
	"encoding/binary"
	"fmt"
)

// regions says of each byte of a whole file what it is. It reads bbolt's format by itself, so that it
// cannot share a fault with what is tested.
func regions(b []byte) []string {
	const size = 4096
	at := func(page uint64) []byte { return b[page*size:] }
	u16, u32, u64 := binary.NativeEndian.Uint16, binary.NativeEndian.Uint32, binary.NativeEndian.Uint64
	names := make([]string, len(b))
	fill := func(from, to int, name string) {
		for i := from; i < to; i++ {
			names[i] = name
		}
	}
	fill(0, len(b), "not in use")
	newest, root, freelist, pages := uint64(0), uint64(0), uint64(0), uint64(0)
	for page := range uint64(2) {
		m := at(page)[16:]
		if tx := u64(m[48:]); tx >= newest {
			newest, root, freelist, pages = tx, u64(m[16:]), u64(m[32:]), u64(m[40:])
		}
	}
	for page := range 2 {
		kind := "meta page, older"
		if u64(at(uint64(page))[16+48:]) == newest {
			kind = "meta page, newest"
		}
		fill(page*size, (page+1)*size, "meta page, unused")
		fill(page*size+16, page*size+80, kind)
	}
	fill(2*size, int(pages)*size, "free page")
	run := func(page uint64) (from, to int) {
		from = int(page) * size
		return from, from + (int(u32(b[from+12:]))+1)*size
	}
	from, to := run(freelist)
	n := int(u16(b[from+10:]))
	fill(from, to, "list of free pages, unused")
	fill(from, from+16, "list of free pages, header")
	fill(from+16, from+16+8*n, "list of free pages, a page")
	var tree func(page uint64, depth int, kind string)
	tree = func(page uint64, depth int, kind string) {
		from, to := run(page)
		leaf, n := u16(b[from+8:]) == 2, int(u16(b[from+10:]))
		name := "branch"
		switch {
		case kind != "":
			name = kind
		case leaf:
			name = "leaf"
		case depth == 0:
			name = "root"
		}
		fill(from, to, name+", unused")
		fill(from, from+16, name+", header")
		for i := range n {
			e := from + 16 + 16*i
			fill(e, e+16, name+", element")
			if leaf {
				key := e + int(u32(b[e+4:]))
				value := key + int(u32(b[e+8:]))
				end := value + int(u32(b[e+12:]))
				if kind != "" {
					fill(key, value, name+", key")
					fill(value, end, name+", the root's number")
					continue
				}
				fill(key, value, name+", key"+space(b[key:value]))
				fill(value, end, name+", value"+space(b[key:value]))
				if to-from > size {
					fill(max(value, from+size), max(end, from+size), name+", overflow")
				}
				continue
			}
			key := e + int(u32(b[e:]))
			fill(e+8, e+16, name+", child's number")
			fill(key, key+int(u32(b[e+4:])), name+", key")
			tree(u64(b[e+8:]), depth+1, "")
		}
	}
	tree(root, 0, "list of buckets")
	at2 := int(root)*size + 16
	tree(u64(b[at2+int(u32(b[at2+4:]))+int(u32(b[at2+8:])):]), 0, "")
	return names
}

// space names what a row is.
func space(key []byte) string {
	if binary.BigEndian.Uint32(key) == 0 {
		return fmt.Sprintf(" of the store's %s", []string{"header", "catalog", "next id", "jobs", "tokens", "tokens", "journals", "subscriptions"}[key[4]])
	}
	return " of a " + []string{"", "head", "row", "entry", "collection", "expiry", "record"}[key[4]]
}

// idle are the regions that nobody reads.
func idle(region string) bool {
	switch region {
	case "not in use", "free page", "meta page, unused", "list of free pages, unused", "root, unused", "branch, unused", "leaf, unused", "list of buckets, unused":
		return true
	}
	return false
}
