package boltkv

import (
	"bytes"
	"fmt"
	"math/bits"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
)

// tree reads the rows of one bbolt transaction, in which nothing is written while it does, from
// the mapped file itself and not with bbolt's cursors: those believe what a page says
// (verifier tells what comes of that).
//
// A scan of large rows comes to another page with every few of them, so that pages and
// frames are filled in where they stay, and bounds are looked for when a page is to be verified.
type tree struct {
	v      *verifier
	file   []byte // the pages in use
	pages  uint64 // how many these are
	size   int    // of a page
	shift  uint8  // its logarithm
	txid   uint64 // of the last commit in the snapshot
	root   uint64 // 0: the rows are in inline
	inline page
}

// tree returns the tree of tx's snapshot.
func (s *Store) tree(tx *bolt.Tx) (tree, error) {
	t := newTree(&s.verifier, s.mapped(tx), s.db.Info().PageSize)
	if t.txid = uint64(tx.ID()); tx.Writable() {
		t.txid--
	}
	err := t.findRoot(uint64(tx.Cursor().Bucket().Root()))
	return t, err
}

// newTree returns a tree of pages of size bytes, a power of two; which of them is the root is yet to be found.
func newTree(v *verifier, file []byte, size int) tree {
	shift := uint8(bits.TrailingZeros(uint(size)))
	return tree{v: v, file: file, pages: uint64(len(file)) >> shift, size: size, shift: shift}
}

// mapped returns the pages of tx's snapshot, which are mapped while tx lasts. bbolt tells where as a number; it is an
// address outside Go's heap, which nothing moves.
func (s *Store) mapped(tx *bolt.Tx) []byte {
	info := s.db.Info()
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&info.Data))), tx.Size())
}

// findRoot finds the bucket of the rows in the page that lists the buckets.
func (t *tree) findRoot(buckets uint64) error {
	var p page
	if err := t.open(&p, buckets); err != nil {
		return err
	}
	if !p.leaf || p.n != 1 {
		return damagedPage(p.id, "it lists %d buckets, want one, %q", p.n, bucketName)
	}
	if !t.v.seen.get(p.id) {
		if err := p.checkLayout(t.size); err != nil {
			return err
		}
		t.v.seen.set(p.id)
	}
	const headerBytes = 16 // root [8], sequence [8]
	v := p.value(0)
	if !bytes.Equal(p.key(0), bucketName) || p.flags(0) != bucketElement || len(v) < headerBytes {
		return fmt.Errorf("%w: the file has no bucket %q", kv.ErrCorrupt, bucketName)
	}
	if sequence := u64(v[8:]); sequence != 0 {
		return damagedPage(p.id, "the bucket %q has the sequence %d, which nobody gave it", bucketName, sequence)
	}
	if t.root = u64(v); t.root != 0 {
		if len(v) != headerBytes || t.root == p.id || t.isFree(t.root) {
			return damagedPage(p.id, "the bucket %q is said to be at page %d", bucketName, t.root)
		}
		return nil
	}
	// It is small enough to lie there itself. Such a page is checked every time.
	if err := t.inline.set(v[headerBytes:], 0); err != nil {
		return err
	}
	if !t.inline.leaf {
		return damagedPage(p.id, "the bucket in it is a branch")
	}
	return t.inline.checkLayout(0)
}

// run returns the bytes of page id with its overflow.
func (t *tree) run(id uint64) ([]byte, error) {
	if id < firstPage || id >= t.pages {
		return nil, damagedPage(id, "a page is said to be there, among %d pages", t.pages)
	}
	b := t.file[id<<t.shift:]
	n := uint64(u32(b[12:])) + 1
	if n > t.pages-id {
		return nil, damagedPage(id, "it takes %d pages, and the file ends after %d", n, t.pages-id)
	}
	return b[:n<<t.shift], nil
}

// open makes p page id with its overflow. What is in it beyond its header is not checked.
func (t *tree) open(p *page, id uint64) error {
	b, err := t.run(id)
	if err != nil {
		return err
	}
	return p.set(b, id)
}

func (t *tree) tooDeep() error {
	return fmt.Errorf("%w: the tree is more than %d pages deep, or goes round in circles", kv.ErrCorrupt, maxDepth)
}

// top makes p the root page.
func (t *tree) top(p *page) error {
	if t.root == 0 {
		*p = t.inline
		return nil
	}
	err := t.open(p, t.root)
	if err == nil && !t.v.seen.get(p.id) {
		err = t.verify(p, nil, 0, nil)
	}
	return err
}

// enter makes p child i of a branch, and reports whether it is to be verified yet.
func (t *tree) enter(p, parent *page, i int) (unseen bool, err error) {
	if err := t.open(p, parent.child(i)); err != nil {
		return false, err
	}
	if p.n == 0 || !bytes.Equal(p.key(0), parent.key(i)) {
		return false, damagedPage(p.id, "it does not begin with the key that page %d has for it", parent.id)
	}
	return !t.v.seen.get(p.id), nil
}

// child makes p child i of a branch; all keys in it are below hi, nil for no bound.
func (t *tree) child(p, parent *page, i int, hi []byte) error {
	unseen, err := t.enter(p, parent, i)
	if unseen {
		err = t.verify(p, parent, i, hi)
	}
	return err
}

// bound returns the key that all of child i are below, when hi is that of the page.
func (p *page) bound(i int, hi []byte) []byte {
	if i+1 < p.n {
		return p.key(i + 1)
	}
	return hi
}

// sure fails when what is at i in a leaf, or just before it, is not what was written: a key that a search
// does not find may have stood there.
func (t *tree) sure(p *page, i int) error {
	if t.v.seen.get(p.id) && t.root != 0 {
		return nil
	}
	for j := max(i-1, 0); j <= i && j < p.n; j++ {
		if err := t.v.rowError(p, j); err != nil {
			return err
		}
	}
	return nil
}

// get returns the value of key, nil for none.
func (t *tree) get(key []byte) ([]byte, error) {
	var pages [2]page
	p := &pages[0]
	if err := t.top(p); err != nil {
		return nil, err
	}
	var hi []byte
	for depth := 0; !p.leaf; depth++ {
		if depth == maxDepth {
			return nil, t.tooDeep()
		}
		i := p.covering(key)
		hi = p.bound(i, hi)
		child := &pages[(depth+1)%2]
		if err := t.child(child, p, i, hi); err != nil {
			return nil, err
		}
		p = child
	}
	i, exact := p.search(key)
	if !exact {
		return nil, t.sure(p, i)
	}
	return p.value(i), nil // never nil: it is a part of the page
}

// cursor is a place in a tree: a page, and an element of it, on each level. It keeps its frames for the next time.
type cursor struct {
	stack []frame
}

type frame struct {
	page
	at int
}

func (c *cursor) leaf() *frame { return &c.stack[len(c.stack)-1] }

// push returns a new frame on top of the stack, which holds anything.
func (c *cursor) push() *frame {
	if n := len(c.stack); n < cap(c.stack) {
		c.stack = c.stack[:n+1]
	} else {
		c.stack = append(c.stack, frame{})
	}
	return c.leaf()
}

// down goes to the child at the place in the page on top of the stack.
func (c *cursor) down(t *tree) error {
	if len(c.stack) > maxDepth {
		return t.tooDeep()
	}
	c.push()
	return c.enter(t)
}

// enter makes the page on top of the stack the child at the place in the one below.
func (c *cursor) enter(t *tree) error {
	depth := len(c.stack) - 1
	p, parent := &c.stack[depth].page, &c.stack[depth-1]
	unseen, err := t.enter(p, &parent.page, parent.at)
	if unseen {
		var hi []byte
		for i := range c.stack[:depth] {
			hi = c.stack[i].bound(c.stack[i].at, hi)
		}
		err = t.verify(p, &parent.page, parent.at, hi)
	}
	return err
}

// seek goes to the first key >= key, behind the end of a leaf when it has none.
func (c *cursor) seek(t *tree, key []byte) error {
	c.stack = c.stack[:0]
	f := c.push()
	if err := t.top(&f.page); err != nil {
		return err
	}
	for !f.leaf {
		f.at = f.covering(key)
		if err := c.down(t); err != nil {
			return err
		}
		f = c.leaf()
	}
	f.at, _ = f.search(key)
	return t.sure(&f.page, f.at)
}

// end goes to the first key, or with reverse to the last.
func (c *cursor) end(t *tree, reverse bool) error {
	c.stack = c.stack[:0]
	if err := t.top(&c.push().page); err != nil {
		return err
	}
	return c.descend(t, reverse)
}

// descend goes from the page on top of the stack to its first key, or with reverse to its last.
func (c *cursor) descend(t *tree, reverse bool) error {
	for {
		f := c.leaf()
		f.at = 0
		if reverse {
			f.at = f.n - 1
		}
		if f.leaf {
			return nil
		}
		if err := c.down(t); err != nil {
			return err
		}
	}
}

// settle goes on from a place outside its leaf to the next leaf, or with reverse to the one before, and
// reports whether there is one.
func (c *cursor) settle(t *tree, reverse bool) (bool, error) {
	step := 1
	if reverse {
		step = -1
	}
	for depth := len(c.stack) - 1; depth > 0; depth-- {
		parent := &c.stack[depth-1]
		if parent.at += step; parent.at < 0 || parent.at >= parent.n {
			continue
		}
		c.stack = c.stack[:depth+1]
		if err := c.enter(t); err != nil {
			return false, err
		}
		return true, c.descend(t, reverse)
	}
	return false, nil
}
