package boltkv

import (
	"bytes"
	"fmt"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
)

// tree reads the rows of one bbolt transaction, in which nothing is written while it does, from
// the mapped file itself and not with bbolt's cursors: those believe what a page says
// (verifier tells what comes of that).
type tree struct {
	v      *verifier
	file   []byte // the pages in use
	size   int    // of a page
	txid   uint64 // of the last commit in the snapshot
	root   uint64 // 0: the rows are in inline
	inline page
}

// tree returns the tree of tx's snapshot.
func (s *Store) tree(tx *bolt.Tx) (tree, error) {
	t := tree{v: &s.verifier, file: s.mapped(tx), txid: uint64(tx.ID())}
	t.size = s.db.Info().PageSize
	if tx.Writable() {
		t.txid--
	}
	return t, t.findRoot(uint64(tx.Cursor().Bucket().Root()))
}

// mapped returns the pages of tx's snapshot, which are mapped while tx lasts.
func (s *Store) mapped(tx *bolt.Tx) []byte {
	info := s.db.Info()
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&info.Data))), tx.Size())
}

// findRoot finds the bucket of the rows in the page that lists the buckets.
func (t *tree) findRoot(buckets uint64) error {
	p, err := t.open(buckets)
	if err != nil {
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
	if t.inline, err = newPage(v[headerBytes:], 0); err != nil {
		return err
	}
	if !t.inline.leaf {
		return damagedPage(p.id, "the bucket in it is a branch")
	}
	return t.inline.checkLayout(0)
}

func (t *tree) open(id uint64) (page, error) { return pageAt(t.file, t.size, id) }

func (t *tree) tooDeep() error {
	return fmt.Errorf("%w: the tree is more than %d pages deep, or goes round in circles", kv.ErrCorrupt, maxDepth)
}

// top returns the root page.
func (t *tree) top() (page, error) {
	if t.root == 0 {
		return t.inline, nil
	}
	p, err := t.open(t.root)
	if err == nil && !t.v.seen.get(p.id) {
		err = t.verify(&p, nil, 0, nil)
	}
	return p, err
}

// child returns child i of a branch; all keys in it are below hi, nil for no bound.
func (t *tree) child(parent *page, i int, hi []byte) (page, error) {
	p, err := t.open(parent.child(i))
	if err != nil {
		return page{}, err
	}
	if p.n == 0 || !bytes.Equal(p.key(0), parent.key(i)) {
		return page{}, damagedPage(p.id, "it does not begin with the key that page %d has for it", parent.id)
	}
	if !t.v.seen.get(p.id) {
		if err := t.verify(&p, parent, i, hi); err != nil {
			return page{}, err
		}
	}
	return p, nil
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
	p, err := t.top()
	if err != nil {
		return nil, err
	}
	var hi []byte
	for depth := 0; !p.leaf; depth++ {
		if depth == maxDepth {
			return nil, t.tooDeep()
		}
		i := p.covering(key)
		if i+1 < p.n {
			hi = p.key(i + 1)
		}
		if p, err = t.child(&p, i, hi); err != nil {
			return nil, err
		}
	}
	i, exact := p.search(key)
	if !exact {
		return nil, t.sure(&p, i)
	}
	return p.value(i), nil // never nil: it is a part of the page
}

// cursor is a place in a tree.
type cursor struct {
	stack []frame
}

type frame struct {
	page
	at int
	hi []byte // all keys in the page are below it; nil for no bound
}

func (f *frame) next() []byte { // the bound of the child at f.at
	if f.at+1 < f.n {
		return f.key(f.at + 1)
	}
	return f.hi
}

func (c *cursor) leaf() *frame { return &c.stack[len(c.stack)-1] }

// descend goes from the page on top of the stack to a leaf; choose sets the place in each page.
func (c *cursor) descend(t *tree, choose func(*frame)) error {
	for {
		f := c.leaf()
		choose(f)
		if f.leaf {
			return nil
		}
		if len(c.stack) > maxDepth {
			return t.tooDeep()
		}
		hi := f.next()
		p, err := t.child(&f.page, f.at, hi)
		if err != nil {
			return err
		}
		c.stack = append(c.stack, frame{page: p, hi: hi})
	}
}

func first(f *frame) { f.at = 0 }
func last(f *frame)  { f.at = f.n - 1 }

// seek goes to the first key >= key, behind the end of a leaf when it has none.
func (c *cursor) seek(t *tree, key []byte) error {
	p, err := t.top()
	if err != nil {
		return err
	}
	c.stack = append(c.stack[:0], frame{page: p})
	err = c.descend(t, func(f *frame) {
		if f.leaf {
			f.at, _ = f.search(key)
		} else {
			f.at = f.covering(key)
		}
	})
	if err != nil {
		return err
	}
	return t.sure(&c.leaf().page, c.leaf().at)
}

// end goes to the first or to the last key.
func (c *cursor) end(t *tree, choose func(*frame)) error {
	p, err := t.top()
	if err != nil {
		return err
	}
	c.stack = append(c.stack[:0], frame{page: p})
	return c.descend(t, choose)
}

// settle goes on from a place outside its leaf to the next leaf, or with reverse to the one before, and
// reports whether there is one.
func (c *cursor) settle(t *tree, reverse bool) (bool, error) {
	choose, step := first, 1
	if reverse {
		choose, step = last, -1
	}
	for len(c.stack) > 1 {
		c.stack = c.stack[:len(c.stack)-1]
		f := c.leaf()
		if f.at += step; f.at < 0 || f.at >= f.n {
			continue
		}
		hi := f.next()
		p, err := t.child(&f.page, f.at, hi)
		if err != nil {
			return false, err
		}
		c.stack = append(c.stack, frame{page: p, hi: hi})
		return true, c.descend(t, choose)
	}
	return false, nil
}
