package expr

import (
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

// allApart is the quick way to learn that nothing is wrong: no two paths start
// with the same attribute. Comparing all pairs of 2,000 paths, as many as
// 4,096 bytes hold, takes milliseconds.
func (b *bound) allApart(n int, at func(int) *path) bool {
	if n <= 16 {
		for j := range n {
			for i := range j {
				if b.name(&at(i).steps[0]) == b.name(&at(j).steps[0]) {
					return false
				}
			}
		}
		return true
	}
	seen := make(map[string]struct{}, n)
	for i := range n {
		seen[b.name(&at(i).steps[0])] = struct{}{}
	}
	return len(seen) == n
}
