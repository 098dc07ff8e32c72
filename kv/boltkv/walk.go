package boltkv

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
)

// walker visits the pages of a tree in the order of their keys, each once, so that it ends
// whatever refers to what.
type walker struct {
	ctx  context.Context
	f    *rawFile
	meta meta

	seen      bitmap // pages that were visited, with their overflow
	free      bitmap // pages on the list of free pages
	freeCount uint64
	freeKnown bool // that list can be read

	branches, leaves uint64

	// fault is told what is wrong, and between which keys rows may be missing for it; nil is without bound.
	fault func(err error, lo, hi []byte)
	// leaf gets each leaf; sound is that nothing is wrong with its layout.
	leaf func(p *page, sound bool) error

	rooms [maxDepth + 2][]byte
}

// loadFree reads the list of free pages.
func (w *walker) loadFree() {
	id := w.meta.freelist
	if id == noFreelist {
		return
	}
	b, err := w.f.run(id, nil)
	var ids []byte
	if err == nil {
		ids, err = checkFreelist(b, w.meta)
	}
	if err != nil {
		w.fault(err, nil, nil)
		return
	}
	w.freeKnown = true
	for at := 0; at < len(ids); at += 8 {
		w.free.set(u64(ids[at:]))
		w.freeCount++
	}
	w.mark(id, uint64(len(b)/w.f.size))
}

// mark notes that a page was visited, with its overflow, and reports those that were visited before.
func (w *walker) mark(id, run uint64) (twice bool) {
	for i := id; i < id+run; i++ {
		twice = twice || w.seen.get(i)
		w.seen.set(i)
	}
	return twice
}

// buckets visits the page that lists the buckets, and the tree of the rows below it.
func (w *walker) buckets(id uint64) error {
	p, err := w.f.read(id, nil)
	if err == nil {
		err = p.checkLayout(w.f.size)
	}
	if err != nil {
		w.fault(fmt.Errorf("the list of buckets: %w", err), []byte{}, nil)
		return nil
	}
	w.mark(id, uint64(len(p.b)/w.f.size))
	if !p.leaf || p.n != 1 || !bytes.Equal(p.key(0), bucketName) || p.flags(0) != bucketElement || len(p.value(0)) < 16 || u64(p.value(0)[8:]) != 0 {
		w.fault(damagedPage(id, "it should list one bucket, %q", bucketName), []byte{}, nil)
		return nil
	}
	v := p.value(0)
	root := u64(v)
	if root != 0 {
		return w.walk(root, nil, []byte{}, nil, 0)
	}
	inline, err := newPage(v[16:], 0)
	if err == nil {
		err = inline.checkLayout(0)
	}
	if err != nil || !inline.leaf {
		w.fault(damagedPage(id, "the rows in it: %v", err), []byte{}, nil)
		return nil
	}
	return w.leaf(&inline, true)
}

// walk visits page id, which its parent has for key (nil: it is the root), and whose keys are lo <= k < hi.
func (w *walker) walk(id uint64, key, lo, hi []byte, depth int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if depth > maxDepth {
		w.fault(damagedPage(id, "it is more than %d pages below the root", maxDepth), lo, hi)
		return nil
	}
	if id < firstPage || id >= w.f.pages || w.meta.pages > 0 && id >= w.meta.pages {
		w.fault(damagedPage(id, "a page is said to be there, among %d pages", min(w.f.pages, w.meta.pages)), lo, hi)
		return nil
	}
	if w.seen.get(id) {
		w.fault(damagedPage(id, "the tree has it twice, or it goes round in circles"), lo, hi)
		return nil
	}
	if w.free.get(id) {
		w.fault(damagedPage(id, "it is a page of the tree, and on the list of free pages"), lo, hi)
		return nil
	}
	b, err := w.f.run(id, w.rooms[depth])
	var p page
	if err == nil {
		w.rooms[depth] = b[:cap(b)]
		p, err = newPage(b, id)
	}
	if err != nil {
		w.fault(err, lo, hi)
		return w.broken(id)
	}
	if err := p.checkLayout(w.f.size); err != nil {
		w.fault(err, lo, hi)
		return w.broken(id)
	}
	if w.mark(id, uint64(len(b)/w.f.size)) {
		w.fault(damagedPage(id, "another page of the tree takes a part of its overflow"), lo, hi)
	}
	for i := id + 1; i < id+uint64(len(b)/w.f.size); i++ {
		if w.free.get(i) {
			w.fault(damagedPage(i, "it is a part of page %d of the tree, and on the list of free pages", id), lo, hi)
		}
	}
	switch {
	case p.n == 0 && (!p.leaf || depth > 0):
		w.fault(damagedPage(id, "it is empty"), lo, hi)
		return nil
	case p.n > 0 && key != nil && !bytes.Equal(p.key(0), key):
		w.fault(damagedPage(id, "it begins with the key %x, its parent has %x for it", p.key(0), key), lo, hi)
	case p.n > 0 && hi != nil && bytes.Compare(p.key(p.n-1), hi) >= 0:
		w.fault(damagedPage(id, "its last key %x is not below %x, where the next page begins", p.key(p.n-1), hi), lo, hi)
	}
	if p.leaf {
		w.leaves++
		return w.leaf(&p, true)
	}
	w.branches++
	for i := range p.n {
		key, next := p.key(i), hi
		from := key
		if i == 0 {
			from = lo
		}
		if i+1 < p.n {
			next = p.key(i + 1)
		}
		if err := w.walk(p.child(i), key, from, next, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// broken hands over what may be a leaf with a damaged layout: its header may lie, so as many pages are read as its
// elements say.
func (w *walker) broken(id uint64) error {
	b, err := w.f.readPages(id, 1, nil)
	if err != nil {
		return nil // it has been told
	}
	p := page{id: id, b: b, leaf: true, n: (w.f.size - pageHeaderBytes) / elementBytes}
	if first := int(u32(b[pageHeaderBytes+4:])) / elementBytes; first < p.n {
		p.n = max(first, int(binary.NativeEndian.Uint16(b[10:])))
		p.n = min(p.n, (w.f.size-pageHeaderBytes)/elementBytes)
	}
	end := uint64(w.f.size)
	for i := range p.n {
		at, e := p.element(i)
		to := uint64(at) + uint64(u32(e[4:])) + uint64(u32(e[8:])) + uint64(u32(e[12:]))
		if to <= maxRunBytes && to < (w.f.pages-id)*uint64(w.f.size) {
			end = max(end, to)
		}
	}
	if run := (end + uint64(w.f.size) - 1) / uint64(w.f.size); run > 1 {
		if p.b, err = w.f.readPages(id, run, nil); err != nil {
			p.b = b
		}
	}
	w.seen.set(id)
	w.leaves++
	return w.leaf(&p, false)
}

// rowAt returns a row of a leaf whose layout cannot be believed; ok false when it does not lie in the page.
func (p *page) rowAt(i int) (key, value []byte, ok bool) {
	at, e := p.element(i)
	if u32(e) != 0 {
		return nil, nil, false
	}
	from := uint64(at) + uint64(u32(e[4:]))
	mid := from + uint64(u32(e[8:]))
	end := mid + uint64(u32(e[12:]))
	if mid == from || end > uint64(len(p.b)) || from < pageHeaderBytes {
		return nil, nil, false
	}
	return p.b[from:mid:mid], p.b[mid:end:end], true
}
