package boltkv

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/statordb/stator/kv"
)

// Source says where a Salvage found a row.
type Source int

// The sources of rows.
const (
	// FromTree: in the tree of the last commit, where reads would find it.
	FromTree Source = iota
	// FromLost: on a page that the walk did not reach, because a page above it is damaged, and that
	// is not on the list of free pages. Every page is in the tree or on that list: the row is a part of the last commit.
	FromLost
	// FromFree: on a page that is free, or of which that is not known. The row may be older than the one
	// of its key in the last commit, or have been deleted.
	FromFree
)

// SalvagedRow is a row that was found. Its slices are valid until the func that got it returns.
type SalvagedRow struct {
	Key, Value []byte
	Page       uint64
	Source     Source

	// Sound says that nothing is wrong with the layout of the row's page. A
	// row of another page may be cut wrongly, and is to be believed when it has a checksum that is right.
	Sound bool
}

// KeyRange are the keys lo <= k < hi; a nil Hi is without bound.
type KeyRange struct{ Lo, Hi []byte }

// Salvage reads what is readable in a damaged file, which it leaves as it is.
type Salvage struct {
	// Commit is the number of the commit whose state is read, 0 when both meta pages are damaged and the
	// newest state that hangs together was looked for.
	Commit uint64

	// Faults are what is wrong with pages, at most 100, and Omitted how many more there are. Rows and RowsIn add none.
	Faults  []error
	Omitted int

	// Damaged are ranges of keys in which rows may be missing from the tree. Other ranges are whole.
	Damaged []KeyRange

	// FreeKnown says that the list of free pages can be read. Otherwise rows of pages that the tree
	// does not reach are FromFree.
	FreeKnown bool

	Pages   uint64 // in use or free
	Skipped uint64 // pages that are damaged
	Lost    uint64 // leaves that the tree does not reach, and are not free
	Unknown uint64 // leaves that the tree does not reach, and of which it is not known whether they are free

	f      *rawFile
	meta   meta
	timeOf func(key, value []byte) int64
}

// OpenSalvage opens the file path for reading, with a lock that keeps others from
// writing to it (kv.ErrLocked when somebody has it open for writing), and walks through its tree once. It
// fails with kv.ErrCorrupt when there is no page of a tree in the file.
//
// timeOf returns when a row was written, 0 when that is not known: it tells the newest of
// several states when both meta pages are damaged.
func OpenSalvage(ctx context.Context, path string, timeOf func(key, value []byte) int64) (*Salvage, error) {
	f, err := openRaw(path)
	if err != nil {
		return nil, fmt.Errorf("boltkv: salvage %q: %w", path, err)
	}
	s := &Salvage{f: f, Pages: f.pages, timeOf: timeOf}
	if err := s.begin(ctx); err != nil {
		_ = f.close()
		return nil, fmt.Errorf("boltkv: salvage %q: %w", path, err)
	}
	return s, nil
}

// Close gives the file and its lock back.
func (s *Salvage) Close() error { return s.f.close() }

func (s *Salvage) fault(err error) {
	if len(s.Faults) == maxInspected {
		s.Omitted++
		return
	}
	s.Faults = append(s.Faults, err)
}

// begin finds the state to read and what is damaged in it.
func (s *Salvage) begin(ctx context.Context) error {
	for i, good := range s.f.good {
		if !good {
			s.fault(fmt.Errorf("%w: page %d: it is no whole meta page", kv.ErrCorrupt, i))
		}
	}
	newest, ok := newest(&s.f.metas, &s.f.good)
	m := s.f.metas[newest]
	if !ok {
		var err error
		if m, err = s.findMeta(ctx); err != nil {
			return err
		}
	} else if !s.f.good[0] || !s.f.good[1] {
		s.fault(fmt.Errorf("%w: the last commit may be lost with its meta page: commit %d is read", kv.ErrCorrupt, m.txid))
	}
	s.meta, s.Commit, s.Pages = m, m.txid, m.pages
	if m.pages > s.f.pages {
		s.fault(fmt.Errorf("%w: the file ends after %d of %d pages", kv.ErrCorrupt, s.f.pages, m.pages))
	}
	w, err := s.walk(ctx, s.fault, func(*page, bool) error { return nil })
	if err != nil {
		return err
	}
	s.FreeKnown = w.freeKnown
	return s.unreached(ctx, w, func(p *page, source Source) error {
		switch {
		case source == FromLost:
			s.Lost++
		case !s.FreeKnown && len(s.Damaged) > 0:
			s.Unknown++
		}
		return nil
	})
}

// walk walks through the tree of the commit.
func (s *Salvage) walk(ctx context.Context, fault func(error), leaf func(p *page, sound bool) error) (*walker, error) {
	first := s.Damaged == nil
	w := &walker{ctx: ctx, f: s.f, meta: s.meta, leaf: leaf, fault: func(err error, lo, hi []byte) {
		if !first {
			return
		}
		fault(err)
		if lo != nil {
			s.Skipped++
			s.Damaged = append(s.Damaged, KeyRange{bytes.Clone(lo), bytes.Clone(hi)})
		}
	}}
	if s.meta.freelist != 0 {
		w.loadFree()
	}
	if s.meta.root == 0 {
		w.fault(fmt.Errorf("%w: no page lists the buckets", kv.ErrCorrupt), []byte{}, nil)
	} else if err := w.buckets(s.meta.root); err != nil {
		return nil, err
	}
	if s.Damaged == nil {
		s.Damaged = []KeyRange{}
	}
	return w, nil
}

// unreached visits the leaves that a walk did not reach.
func (s *Salvage) unreached(ctx context.Context, w *walker, fn func(p *page, source Source) error) error {
	var room []byte
	for id := uint64(firstPage); id < s.f.pages; id++ {
		if id%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if w.seen.get(id) {
			continue
		}
		if flags, _, self := s.f.flagsOf(id); flags != leafPage || !self {
			continue
		}
		b, err := s.f.run(id, room)
		if err != nil {
			continue
		}
		room = b[:cap(b)]
		p, err := newPage(b, id)
		if err != nil || !p.leaf || p.n == 0 || p.checkLayout(s.f.size) != nil || p.flags(0) != 0 {
			continue
		}
		source := FromFree
		if w.freeKnown && id < s.meta.pages && len(s.Damaged) > 0 {
			source = FromLost
			for i := id; i < id+uint64(len(b)/s.f.size); i++ {
				if w.free.get(i) || w.seen.get(i) {
					source = FromFree
				}
			}
		}
		if source == FromLost {
			w.mark(id, uint64(len(b)/s.f.size)) // what is in its overflow is a value, even where that looks like a page
		}
		if err := fn(&p, source); err != nil {
			return err
		}
	}
	return nil
}

// Rows calls fn with the rows that can be read: first those of the tree, in the order of their keys, then those of
// lost pages, and with free those of free pages. It may be called several times, one at a time.
func (s *Salvage) Rows(ctx context.Context, free bool, fn func(SalvagedRow) error) error {
	leaf := func(p *page, source Source, sound bool) error {
		for i := range p.n {
			key, value, ok := p.rowAt(i)
			if !ok {
				continue
			}
			if err := fn(SalvagedRow{Key: key, Value: value, Page: p.id, Source: source, Sound: sound}); err != nil {
				return err
			}
		}
		return nil
	}
	w, err := s.walk(ctx, func(error) {}, func(p *page, sound bool) error { return leaf(p, FromTree, sound) })
	if err != nil || !free && len(s.Damaged) == 0 {
		return err
	}
	for _, from := range []Source{FromLost, FromFree} {
		if from == FromFree && !free {
			break
		}
		err := s.unreached(ctx, w, func(p *page, source Source) error {
			if source != from {
				return nil
			}
			return leaf(p, source, true)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Lacks reports whether rows with lo <= key < hi may be missing from the tree.
func (s *Salvage) Lacks(lo, hi []byte) bool {
	return slices.ContainsFunc(s.Damaged, func(r KeyRange) bool {
		return (hi == nil || bytes.Compare(r.Lo, hi) < 0) && (r.Hi == nil || bytes.Compare(lo, r.Hi) < 0)
	})
}

// maxCandidates bounds how many pages that list buckets are tried when both meta pages are damaged.
const maxCandidates = 64

// findMeta makes the meta page up that the file should have, when both are damaged. A page that lists the
// bucket of the rows is written by every commit: the one is taken whose tree has the fewest faults, of these the one that
// makes up the whole file together with a list of free pages, without a page in both, and of these the newest.
func (s *Salvage) findMeta(ctx context.Context) (meta, error) {
	var roots, lists []uint64
	for id := uint64(firstPage); id < s.f.pages; id++ {
		switch flags, run, self := s.f.flagsOf(id); {
		case !self:
		case flags == leafPage && run == 1 && len(roots) < maxCandidates:
			if p, err := s.f.read(id, nil); err == nil && p.n == 1 && p.checkLayout(s.f.size) == nil && bytes.Equal(p.key(0), bucketName) && p.flags(0) == bucketElement {
				roots = append(roots, id)
			}
		case flags == freelistPage && len(lists) < maxCandidates:
			lists = append(lists, id)
		}
	}
	type candidate struct {
		meta
		faults int
		spread int // pages that are neither in the tree nor free; none for a commit that is whole
		time   int64
	}
	var best []candidate
	for _, root := range roots {
		c := candidate{meta: meta{root: root, size: s.f.size, pages: s.f.pages}}
		w := &walker{ctx: ctx, f: s.f, meta: c.meta, fault: func(error, []byte, []byte) { c.faults++ }}
		w.leaf = func(p *page, sound bool) error {
			for i := range p.n {
				if key, value, ok := p.rowAt(i); ok && sound {
					c.time = max(c.time, s.timeOf(key, value))
				}
			}
			return nil
		}
		if err := w.buckets(root); err != nil {
			return meta{}, err
		}
		c.spread = int(s.f.pages)
		for _, list := range lists {
			if n, pages, ok := s.fits(w, c.meta, list); ok && n < c.spread {
				c.spread, c.freelist, c.pages = n, list, pages
			}
		}
		best = append(best, c)
	}
	slices.SortStableFunc(best, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.faults, b.faults), cmp.Compare(a.spread, b.spread), cmp.Compare(b.time, a.time))
	})
	if len(best) == 0 {
		return meta{size: s.f.size, pages: s.f.pages}, nil
	}
	m := best[0].meta
	if best[0].faults > 0 || best[0].spread > 0 {
		m.freelist = 0 // nothing says that it belongs to the tree
	}
	return m, nil
}

// fits compares a tree with a list of free pages: n pages of the file are in none of them.
func (s *Salvage) fits(w *walker, m meta, list uint64) (n int, pages uint64, ok bool) {
	b, err := s.f.run(list, nil)
	if err != nil {
		return 0, 0, false
	}
	m.freelist = list
	ids, err := checkFreelist(b, m)
	if err != nil {
		return 0, 0, false
	}
	var free bitmap
	for at := 0; at < len(ids); at += 8 {
		if w.seen.get(u64(ids[at:])) {
			return 0, 0, false
		}
		free.set(u64(ids[at:]))
	}
	run := uint64(len(b) / s.f.size)
	last := uint64(firstPage)
	for id := uint64(firstPage); id < s.f.pages; id++ {
		if w.seen.get(id) || free.get(id) || id >= list && id < list+run {
			last = id
		}
	}
	for id := uint64(firstPage); id <= last; id++ { // what is behind the last one was never used
		if !w.seen.get(id) && !free.get(id) && (id < list || id >= list+run) {
			n++
		}
	}
	return n, last + 1, true
}
