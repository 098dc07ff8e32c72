package boltkv

import (
	"bytes"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"
)

// guard checks the pages that a write of key lets bbolt read: those on the way to it, and with
// neighbours, those beside each of them, which a page that a deletion leaves nearly empty is merged with. Beside the first
// child of a branch is the last one of the branch before: bbolt merges the branches, and then their children. It returns
// the key before which other writes meet the same pages, nil for no bound.
func (t *tree) guard(key []byte, neighbours bool) (hi []byte, err error) {
	var p, left, right bounded // of one level
	if err := t.top(&p.page); err != nil {
		return nil, err
	}
	for depth := 0; !p.leaf; depth++ {
		if depth == maxDepth {
			return nil, t.tooDeep()
		}
		i := p.covering(key)
		var child, before, after bounded
		if neighbours {
			switch {
			case i > 0:
				err = t.guardChild(&before, &p, i-1)
			case left.n > 0 && !left.leaf:
				err = t.guardChild(&before, &left, left.n-1)
			}
			if err != nil {
				return nil, err
			}
			switch {
			case i+1 < p.n:
				err = t.guardChild(&after, &p, i+1)
			case right.n > 0 && !right.leaf:
				err = t.guardChild(&after, &right, 0)
			}
			if err != nil {
				return nil, err
			}
		}
		if err := t.guardChild(&child, &p, i); err != nil {
			return nil, err
		}
		p, left, right = child, before, after
	}
	return p.hi, t.intact(&p.page)
}

// bounded is a page whose keys are below hi; nil is no bound.
type bounded struct {
	page
	hi []byte
}

func (t *tree) guardChild(p, parent *bounded, i int) error {
	p.hi = parent.bound(i, parent.hi)
	err := t.child(&p.page, &parent.page, i, p.hi)
	if err == nil && p.leaf {
		err = t.intact(&p.page)
	}
	return err
}

// intact fails for a leaf with a damaged row. It must not be written again: with the new page, which is one of this process, a
// row under a wrong key would be believed not to be there under its own.
func (t *tree) intact(p *page) error {
	if t.v.seen.get(p.id) && t.root != 0 {
		return nil
	}
	for i := range p.n {
		if err := t.v.rowError(p, i); err != nil {
			return fmt.Errorf("the page of the row is not written to: %w", err)
		}
	}
	return nil
}

// guardBatch guards the rows that a transaction is going to write.
func (s *Store) guardBatch(tx *bolt.Tx, rows iter.Seq2[[]byte, []byte]) error {
	t, err := s.tree(tx)
	if err != nil {
		return err
	}
	var hi []byte // up to here all pages are guarded, since neighbours were
	done, neighbours := false, false
	for key, value := range rows { // in order
		if done && (neighbours || value != nil) && (hi == nil || bytes.Compare(key, hi) < 0) {
			continue
		}
		neighbours, done = value == nil, true
		if hi, err = t.guard(key, neighbours); err != nil {
			return err
		}
	}
	return nil
}
