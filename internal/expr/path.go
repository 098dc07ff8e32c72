package expr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/statordb/stator/internal/itemcodec"
)

// maxDepth is how many levels a document path can have.
const maxDepth = 32

// name returns the name that a step stands for.
func (b *bound) name(s *step) string {
	if s.ref >= 0 {
		return b.names[s.ref]
	}
	return s.name
}

// lookup returns what p leads to in doc, nil when there is nothing.
func (b *bound) lookup(p *path, doc itemcodec.Item) itemcodec.Value {
	v := doc.Lookup(b.name(&p.steps[0]))
	for i := 1; i < len(p.steps) && len(v) > 0; i++ {
		if s := &p.steps[i]; s.index >= 0 {
			v = v.Index(s.index)
		} else {
			v = v.Item().Lookup(b.name(s))
		}
	}
	return v
}

// same reports whether two paths lead to the same place.
func (b *bound) same(p, q *path) bool {
	return slices.EqualFunc(p.steps, q.steps, func(s, t step) bool {
		return s.index == t.index && (s.index >= 0 || b.name(&s) == b.name(&t))
	})
}

// format returns a path as messages show it: [a, b, [0]].
func (b *bound) format(p *path) string {
	var out strings.Builder
	out.WriteByte('[')
	for i := range p.steps {
		if i > 0 {
			out.WriteString(", ")
		}
		if s := &p.steps[i]; s.index >= 0 {
			out.WriteByte('[')
			out.WriteString(strconv.Itoa(s.index))
			out.WriteByte(']')
		} else {
			out.WriteString(b.name(s))
		}
	}
	out.WriteByte(']')
	return out.String()
}

// checkPaths checks the paths of one expression, none of which may overlap or
// conflict with another. The last comes first, as observed: what is reported of
// several faults depends on it.
func (b *bound) checkPaths(n int, at func(int) *path) *fault {
	apart := b.allApart(n, at)
	for i := n - 1; i >= 0; i-- {
		p := at(i)
		if f := b.checkPath(p); f != nil {
			return f
		}
		if apart {
			continue
		}
		for j := i + 1; j < n; j++ {
			if word := b.relate(p, at(j)); word != "" {
				return faultf("Two document paths %s with each other; must remove or rewrite one of these paths; "+
					"path one: %s, path two: %s", word, b.format(p), b.format(at(j)))
			}
		}
	}
	return nil
}

// relate returns "overlap" when one path is the other or leads through it,
// "conflict" when one sees a map where the other sees a list, else nothing.
func (b *bound) relate(p, q *path) string {
	for i := range min(len(p.steps), len(q.steps)) {
		s, t := &p.steps[i], &q.steps[i]
		if (s.index >= 0) != (t.index >= 0) {
			return "conflict"
		}
		if s.index != t.index || (s.index < 0 && b.name(s) != b.name(t)) {
			return ""
		}
	}
	return "overlap"
}

// allApart is the quick way to learn that nothing is wrong, for the usual
// expression and for the one that makes much work: 4,096 bytes hold a thousand
// paths, and comparing all pairs of them takes milliseconds. In order, a path
// that overlaps or conflicts with any other does so with a neighbour.
func (b *bound) allApart(n int, at func(int) *path) bool {
	var few [16]int
	order := b.inOrder(few[:0], n, at)
	for i := 1; i < n; i++ {
		if b.relate(at(order[i-1]), at(order[i])) != "" {
			return false
		}
	}
	return true
}

// inOrder appends the numbers of n paths to dst and returns it, sorted by step:
// names, then indexes, and each path before those that lead through it.
func (b *bound) inOrder(dst []int, n int, at func(int) *path) []int {
	for i := range n {
		dst = append(dst, i)
	}
	slices.SortFunc(dst, func(i, j int) int {
		return slices.CompareFunc(at(i).steps, at(j).steps, func(s, t step) int {
			if s.index >= 0 || t.index >= 0 {
				return cmp.Compare(s.index, t.index)
			}
			return strings.Compare(b.name(&s), b.name(&t))
		})
	})
	return dst
}
