package boltkv

import (
	"context"
	"fmt"

	"github.com/statordb/stator/kv"
)

// maxInspected bounds how many faults an Inspection lists.
const maxInspected = 100

// Inspection is what Inspect found.
type Inspection struct {
	Bytes    int64  // the size of the file
	PageSize int    // in bytes
	Pages    uint64 // in use or free
	Free     uint64 // pages on the list of free pages
	Branches uint64 // pages of the tree that lead to others
	Leaves   uint64 // pages of the tree that hold rows, each with its overflow as one
	Rows     uint64
	Commit   uint64 // the number of the last commit

	// Faults are what is wrong with pages, in the order of their keys, and
	// RowFaults what the check found wrong with rows; at most 100 of each.
	Faults, RowFaults               []error
	OmittedFaults, OmittedRowFaults int
}

// Damaged reports whether anything is wrong with the pages.
func (n *Inspection) Damaged() bool { return len(n.Faults) > 0 }

// Inspect checks every page of the file path: the meta pages, the list of free
// pages, and the tree: layout, order, bounds, that each page is in the tree
// or free, and none both or twice. Each row is given to check, nil for none, whose
// errors are collected; its slices are valid until it returns. The file is only read, with a lock that keeps others from
// writing to it (kv.ErrLocked when somebody has it open for writing). It ends whatever
// the pages refer to, and takes memory for two bits a page and for the largest
// rows. An error is one of reading the file, or of ctx; what is wrong in the file is in the Inspection.
func Inspect(ctx context.Context, path string, check func(key, value []byte) error) (*Inspection, error) {
	f, err := openRaw(path)
	if err != nil {
		return nil, fmt.Errorf("boltkv: inspect %q: %w", path, err)
	}
	defer func() { _ = f.close() }()
	n := &Inspection{Bytes: f.bytes, PageSize: f.size}
	if err := n.inspect(ctx, f, check); err != nil {
		return nil, fmt.Errorf("boltkv: inspect %q: %w", path, err)
	}
	return n, nil
}

func (n *Inspection) fault(err error) {
	if len(n.Faults) == maxInspected {
		n.OmittedFaults++
		return
	}
	n.Faults = append(n.Faults, err)
}

func (n *Inspection) inspect(ctx context.Context, f *rawFile, check func(key, value []byte) error) error {
	for i, good := range f.good {
		if !good {
			n.fault(fmt.Errorf("%w: page %d: it is no whole meta page", kv.ErrCorrupt, i))
		}
	}
	newest, ok := newest(&f.metas, &f.good)
	if !ok {
		return nil
	}
	m := f.metas[newest]
	n.Pages, n.Commit = m.pages, m.txid
	if m.pages > f.pages {
		n.fault(fmt.Errorf("%w: the file has %d bytes, its pages take %d", kv.ErrCorrupt, f.bytes, m.pages*uint64(f.size)))
	}
	w := walker{ctx: ctx, f: f, meta: m, fault: func(err error, _, _ []byte) { n.fault(err) }}
	w.leaf = func(p *page, sound bool) error {
		if !sound {
			return nil
		}
		for i := range p.n {
			n.row(p, i, check)
		}
		return nil
	}
	w.loadFree()
	n.Free = w.freeCount
	if err := w.buckets(m.root); err != nil {
		return err
	}
	n.Branches, n.Leaves = w.branches, w.leaves
	if w.freeKnown {
		n.unreached(&w)
	}
	return nil
}

func (n *Inspection) row(p *page, i int, check func(key, value []byte) error) {
	n.Rows++
	if flags := p.flags(i); flags != 0 {
		n.fault(damagedPage(p.id, "row %x has flags %#x", p.key(i), flags))
	}
	if check == nil {
		return
	}
	if err := check(p.key(i), p.value(i)); err != nil {
		if len(n.RowFaults) == maxInspected {
			n.OmittedRowFaults++
			return
		}
		n.RowFaults = append(n.RowFaults, fmt.Errorf("page %d: %w", p.id, err))
	}
}

// unreached tells the pages that are neither in the tree nor free.
func (n *Inspection) unreached(w *walker) {
	lost := func(id uint64) bool { return !w.seen.get(id) && !w.free.get(id) }
	for id := uint64(firstPage); id < min(w.meta.pages, w.f.pages); id++ {
		if !lost(id) {
			continue
		}
		from := id
		for id+1 < w.meta.pages && lost(id+1) {
			id++
		}
		n.fault(fmt.Errorf("%w: pages %d to %d: they are neither in the tree nor free", kv.ErrCorrupt, from, id))
	}
}
