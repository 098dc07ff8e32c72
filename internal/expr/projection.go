package expr

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// Projection is a bound projection. It is immutable.
type Projection struct {
	bound
	attributes []string
	nested     bool   // some path has more than one step
	root       branch // made when there are nested paths, or many
}

// Projection parses and binds a projection.
func (b *Binder) Projection(text string) (*Projection, error) {
	t, err := b.parse(projection, ProjectionMember, text)
	if err != nil {
		return nil, err
	}
	b.use(t)
	if t.whole != nil {
		return t.whole.(*Projection), nil
	}
	p := new(Projection)
	if err := b.resolve(&p.bound, t); err != nil {
		return nil, err
	}
	if f := p.prepare(); f != nil {
		return nil, f.in(ProjectionMember)
	}
	return p, nil
}

func (p *Projection) prepare() *fault {
	paths := p.tree.paths
	if f := p.checkPaths(len(paths), func(i int) *path { return paths[i] }); f != nil {
		return f
	}
	p.attributes = make([]string, 0, len(paths))
	for _, path := range paths {
		p.nested = p.nested || len(path.steps) > 1
		p.attributes = append(p.attributes, p.name(&path.steps[0]))
	}
	if p.nested {
		p.attributes = distinct(p.attributes)
	}
	if p.nested || len(paths) > few {
		p.root = p.branches(len(paths), func(i int) *path { return paths[i] })
	}
	return nil
}

// few is how many names are looked through one by one.
const few = 16

// distinct keeps the first of equal names.
func distinct(names []string) []string {
	if len(names) <= few {
		kept := names[:0]
		for _, name := range names {
			if !slices.Contains(kept, name) {
				kept = append(kept, name)
			}
		}
		return kept
	}
	seen := make(map[string]struct{}, len(names))
	return slices.DeleteFunc(names, func(name string) bool {
		_, have := seen[name]
		seen[name] = struct{}{}
		return have
	})
}

// Attributes returns the names of the top-level attributes that the projection
// reads, each once, in order of appearance. The slice must not be changed.
func (p *Projection) Attributes() []string { return p.attributes }

// Documents returns those of the Attributes that the projection looks into.
func (p *Projection) Documents() []string { return p.documents(p.tree.paths) }

// Append appends the stored form of what the projection takes from doc to dst
// and returns it. Attributes keep the order that they have in doc, so that the
// form stays canonical. Paths that lead nowhere are left out; elements of
// lists close up, in the order of their indexes.
func (p *Projection) Append(dst []byte, doc itemcodec.Item) []byte {
	if p.root.below != nil {
		return p.root.appendEntries(dst, doc)
	}
	dst, start := openCount(dst)
	n := 0
	for name, v := range doc.All() {
		if slices.Contains(p.attributes, name) {
			dst = appendEntry(dst, name, v)
			n++
		}
	}
	return closeCount(dst, start, n)
}

// branch is a node of the tree that several paths make together: an item or a
// part of it, and what is taken from below it. Without branches of its own it
// is taken whole.
type branch struct {
	name  string
	index int // -1 when it has a name
	below []branch
}

// branches makes the tree of n paths, none of which overlap or conflict. What
// is below a branch is in order of names or indexes.
func (b *bound) branches(n int, at func(int) *path) branch {
	var root branch
	for _, i := range b.inOrder(nil, n, at) {
		branch := &root
		for j := range at(i).steps {
			branch = branch.child(b.branchOf(&at(i).steps[j]))
		}
	}
	return root
}

func (b *bound) branchOf(s *step) branch {
	if s.index >= 0 {
		return branch{index: s.index}
	}
	return branch{index: -1, name: b.name(s)}
}

// child returns the branch below at that equals next, which is the last one or
// is made: paths come in order.
func (at *branch) child(next branch) *branch {
	last := len(at.below) - 1
	if last < 0 || at.below[last].index != next.index || at.below[last].name != next.name {
		at.below = append(at.below, next)
		last++
	}
	return &at.below[last]
}

// named returns the branch with a name, nil when there is none.
func (at *branch) named(name string) *branch {
	i, found := slices.BinarySearchFunc(at.below, name, func(b branch, name string) int {
		if b.index >= 0 {
			return 1
		}
		return strings.Compare(b.name, name)
	})
	if !found {
		return nil
	}
	return &at.below[i]
}

// reaches reports whether anything that is taken exists in v.
func (at *branch) reaches(v itemcodec.Value) bool {
	if len(v) == 0 || len(at.below) == 0 {
		return len(v) > 0
	}
	for i := range at.below {
		b := &at.below[i]
		var part itemcodec.Value
		if b.index >= 0 {
			part = v.Index(b.index)
		} else {
			part = v.Item().Lookup(b.name)
		}
		if b.reaches(part) {
			return true
		}
	}
	return false
}

// append appends what is taken from v, which it reaches.
func (at *branch) append(dst []byte, v itemcodec.Value) []byte {
	if len(at.below) == 0 {
		return append(dst, v...)
	}
	// The form of a document: see itemcodec's package documentation.
	dst = append(dst, v[0], 0, 0, 0, 0)
	start := len(dst)
	if v.Kind() == attr.Map {
		dst = at.appendEntries(dst, v.Item())
	} else {
		dst = at.appendElements(dst, v)
	}
	binary.LittleEndian.PutUint32(dst[start-4:], uint32(len(dst)-start))
	return dst
}

func (at *branch) appendEntries(dst []byte, doc itemcodec.Item) []byte {
	dst, start := openCount(dst)
	n := 0
	for name, v := range doc.All() {
		b := at.named(name)
		if b == nil || !b.reaches(v) {
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(name)))
		dst = append(dst, name...)
		dst = b.append(dst, v)
		n++
	}
	return closeCount(dst, start, n)
}

func (at *branch) appendElements(dst []byte, v itemcodec.Value) []byte {
	dst, start := openCount(dst)
	n := 0
	for i := range at.below {
		b := &at.below[i]
		if e := v.Index(b.index); b.reaches(e) {
			dst = b.append(dst, e)
			n++
		}
	}
	return closeCount(dst, start, n)
}

func appendEntry(dst []byte, name string, v itemcodec.Value) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(name)))
	dst = append(dst, name...)
	return append(dst, v...)
}

// openCount leaves room for a count below 128; closeCount makes more where it
// is needed.
func openCount(dst []byte) (_ []byte, start int) { return append(dst, 0), len(dst) }

func closeCount(dst []byte, start, n int) []byte {
	if n < 0x80 {
		dst[start] = byte(n)
		return dst
	}
	var buf [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(buf[:], uint64(n))
	return slices.Replace(dst, start, start+1, buf[:size]...)
}
