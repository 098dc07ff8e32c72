package boltkv

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/statordb/stator/kv"
)

// verifier decides which pages of the file can be believed.
//
// bbolt has checksums in its two meta pages alone. A bit that is wrong in a
// page's count, in a key, or in the number of a child does not show: a search
// goes astray, finds nothing, and the row is "absent", which is a wrong answer
// that no checksum of a row can find, for no row was read. It can also send a
// search around in circles until the stack is full, which ends the process.
//
// Checking the whole file when it is opened takes as long as reading it. Here a
// page is checked when it is first visited, and a bit for it is set, so that a
// visit costs one load more: its layout, which has no room for a wrong
// count, length or position (checkLayout); its keys, which ascend and stay below
// the next one of its parent; the checksums of its rows, with the help of whoever
// knows them; the children of a branch, which are not free pages; and its right
// neighbour, which begins with the key that their parent has for it, so that no
// key was sent to the wrong side. That a page begins with the key that its
// parent has for it is looked at on every visit.
//
// Pages that this process wrote are checked too when they have a number that was
// not visited before; otherwise they are believed. What the disk does to a page
// after it was checked is not found before the file is opened again, save by the
// checksums of rows, which are always looked at.
type verifier struct {
	check atomic.Pointer[func(key, value []byte) error] // nil: of no row is anything known
	seen  bitmap                                        // pages that were checked
	free  bitmap                                        // pages that were free when the file was opened
}

// CheckRows makes check the judge of rows: it is called with each row of a page when that is
// visited for the first time, and its error means that the row is not what was written. A
// Get that finds nothing next to such a row, and a Scan whose bounds are next to one,
// fails with kv.ErrCorrupt, for the row may have been the one that was looked for. check must
// be safe for concurrent use, must not keep its slices, and may fault as a fn of View may. CheckRows is to
// be called before the store is used.
func (s *Store) CheckRows(check func(key, value []byte) error) { s.verifier.check.Store(&check) }

// rowError returns what is wrong with a row of a leaf, nil for nothing.
func (v *verifier) rowError(p *page, i int) error {
	if flags := p.flags(i); flags != 0 {
		return damagedPage(p.id, "row %x has flags %#x", p.key(i), flags)
	}
	check := v.check.Load()
	if check == nil {
		return nil
	}
	if err := (*check)(p.key(i), p.value(i)); err != nil {
		return fmt.Errorf("%w: page %d: %w", kv.ErrCorrupt, p.id, err)
	}
	return nil
}

// goodRows reports whether nothing is wrong with any row of a leaf.
func (v *verifier) goodRows(p *page) bool {
	for i := range p.n {
		if v.rowError(p, i) != nil {
			return false
		}
	}
	return true
}

// load takes in what the file says of itself when it is opened: both meta pages and the list of free pages.
//
// When the meta page of the last commit is broken bbolt goes back to the one
// before it, and an acknowledged commit is gone without a word. A crash cannot
// break it, for what is in it takes a fraction of a sector: it is there or not.
// So a broken one is refused, unless what can be read of it says that it is the older one.
func (v *verifier) load(file []byte, size int) error {
	var metas [2]meta
	var good [2]bool
	for i := range metas {
		if len(file) < (i+1)*size {
			return fmt.Errorf("%w: the file has no two meta pages", kv.ErrCorrupt)
		}
		metas[i], good[i] = decodeMeta(file[i*size:])
	}
	n, ok := newest(&metas, &good)
	if !ok {
		return fmt.Errorf("%w: both meta pages are damaged", kv.ErrCorrupt)
	}
	m, other := metas[n], 1-n
	if !good[other] && (metas[other].txid != m.txid-1 || isMetaOf(file[other*size:], m.txid+1)) {
		return fmt.Errorf("%w: meta page %d is damaged, and may be that of the last commit", kv.ErrCorrupt, other)
	}
	if m.size != size || m.pages > uint64(len(file)/size) {
		return fmt.Errorf("%w: the file has %d bytes, its pages take %d", kv.ErrCorrupt, len(file), m.pages*uint64(m.size))
	}
	if m.freelist == noFreelist {
		return nil
	}
	t := newTree(v, file[:int(m.pages)*size], size)
	b, err := t.run(m.freelist)
	if err != nil {
		return err
	}
	ids, err := checkFreelist(b, m)
	if err != nil {
		return err
	}
	v.seen.grow(m.pages)
	v.free.grow(m.pages)
	for at := 0; at < len(ids); at += 8 {
		v.free.set(u64(ids[at:]))
	}
	return nil
}

// verifyOpened is load of the file that has just been opened.
func (s *Store) verifyOpened() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := s.begin(false)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	defer recoverCorrupt(&err)
	return s.verifier.load(s.mapped(tx), s.db.Info().PageSize)
}

// isFree reports whether a page is on the list of free pages, when the file was opened and in this snapshot.
func (t *tree) isFree(id uint64) bool {
	if !t.v.free.get(id) {
		return false
	}
	m, ok := decodeMeta(t.file[int(t.txid%2)*t.size:])
	if !ok || m.txid != t.txid {
		return false // a later commit has replaced it
	}
	b, err := t.run(m.freelist)
	if err != nil {
		return false
	}
	ids, err := freeIDs(b, m.freelist)
	if err != nil {
		return false
	}
	lo, hi := 0, len(ids)/8
	for lo < hi {
		mid := (lo + hi) / 2
		switch at := u64(ids[mid*8:]); {
		case at == id:
			return true
		case at < id:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return false
}

// verify checks a page that is visited for the first time, as element i of parent, which is nil for the root. hi is the
// key that all of its own are below, nil for none.
func (t *tree) verify(p, parent *page, i int, hi []byte) error {
	if err := p.checkLayout(t.size); err != nil {
		return err
	}
	if p.n == 0 && (parent != nil || !p.leaf) {
		return damagedPage(p.id, "it is empty")
	}
	if hi != nil && bytes.Compare(p.key(p.n-1), hi) >= 0 {
		return damagedPage(p.id, "its last key %x is not below %x, where the next page begins", p.key(p.n-1), hi)
	}
	run := uint64(len(p.b) / t.size)
	for id := p.id; id < p.id+run; id++ {
		if t.isFree(id) {
			return damagedPage(id, "it is a page of the tree, and on the list of free pages")
		}
	}
	if !p.leaf {
		for j := range p.n {
			if id := p.child(j); id < firstPage || id >= t.pages || id == p.id || t.isFree(id) {
				return damagedPage(p.id, "its child %d is page %d of %d, or on the list of free pages", j, id, t.pages)
			}
		}
	}
	if parent != nil {
		if err := t.verifyNeighbours(p, parent, i); err != nil {
			return err
		}
	}
	if !p.leaf || t.v.goodRows(p) {
		for id := p.id; id < p.id+run; id++ {
			t.v.seen.set(id)
		}
	}
	return nil
}

// verifyNeighbours checks that a page ends where its right neighbour begins, and is as far from the leaves as that is.
func (t *tree) verifyNeighbours(p, parent *page, i int) error {
	j := i + 1
	if j == parent.n {
		if j = i - 1; j < 0 {
			return nil
		}
	}
	var q page
	if err := t.open(&q, parent.child(j)); err != nil {
		return err
	}
	if q.n == 0 || !bytes.Equal(q.key(0), parent.key(j)) {
		return damagedPage(q.id, "it does not begin with the key that page %d has for it", parent.id)
	}
	if q.leaf == p.leaf && p.leaf {
		return nil
	}
	one, err := t.height(*p)
	if err != nil {
		return err
	}
	two, err := t.height(q)
	if err == nil && one != two {
		err = damagedPage(parent.id, "its children %d and %d differ in height", p.id, q.id)
	}
	return err
}

// height returns how far a page is from the leaves.
func (t *tree) height(p page) (n int, err error) {
	for ; !p.leaf; n++ {
		if n == maxDepth || p.n == 0 {
			return 0, damagedPage(p.id, "the tree is too deep, or ends there")
		}
		if err := t.open(&p, p.child(0)); err != nil {
			return 0, err
		}
	}
	return n, nil
}
