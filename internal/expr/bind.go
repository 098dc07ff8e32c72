package expr

import (
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// maxOperators is how many operators and functions one expression can have.
const maxOperators = 300

// Binder binds the expressions of one request to its names and values, and
// remembers which of them were used. It is for one goroutine; what it returns
// is safe for all.
type Binder struct {
	cache  *Cache
	names  map[string]string
	values map[string]attr.Value

	// The trees bound so far: up to three in used, for no request has more
	// expressions, the others in more.
	used [3]*tree
	more []*tree
}

// NewBinder returns a Binder for the ExpressionAttributeNames and
// ExpressionAttributeValues of a request; either may be nil, and so may the
// cache. The maps are read until the last method returns; the values' contents
// as long as anything bound to them is in use.
func NewBinder(c *Cache, names map[string]string, values map[string]attr.Value) *Binder {
	return &Binder{cache: c, names: names, values: values}
}

// bound is a tree with the names and values that its placeholders stand for.
type bound struct {
	tree   *tree
	names  []string
	values []value

	// Most expressions have few placeholders: these spare the allocations.
	name1  [2]string
	value1 [2]value
	bytes  [48]byte
}

// value is a value of a request and its stored form.
type value struct {
	attr    attr.Value
	stored  itemcodec.Value
	missing bool
}

// parse returns the tree of text, from the cache when it is there.
func (b *Binder) parse(k kind, member, text string) (*tree, error) {
	t, f := b.cache.tree(k, text)
	if f != nil {
		return nil, f.in(member)
	}
	return t, nil
}

// resolve looks up the placeholders of t. A missing one is no error yet: what
// is wrong first in order of evaluation is reported.
func (b *Binder) resolve(to *bound, t *tree) error {
	to.tree = t
	to.names = to.name1[:0]
	if len(t.names) > len(to.name1) {
		to.names = make([]string, 0, len(t.names))
	}
	for _, placeholder := range t.names {
		to.names = append(to.names, b.names[placeholder])
	}
	to.values = to.value1[:0]
	if len(t.values) > len(to.value1) {
		to.values = make([]value, 0, len(t.values))
	}
	stored := to.bytes[:0]
	for _, placeholder := range t.values {
		v, ok := b.values[placeholder]
		if ok {
			start := len(stored)
			grown, err := itemcodec.AppendValue(stored, v)
			if err != nil {
				return errorf("ExpressionAttributeValues contains invalid value: %v for key %s", err, placeholder)
			}
			// When it grew elsewhere, what was stored before stays where it is.
			stored = grown
			to.values = append(to.values, value{attr: v, stored: itemcodec.Value(stored[start:len(stored):len(stored)])})
			continue
		}
		to.values = append(to.values, value{missing: true})
	}
	return nil
}

// use remembers that t's placeholders are in use.
func (b *Binder) use(t *tree) {
	for i, have := range b.used {
		if have == nil || have == t {
			b.used[i] = t
			return
		}
	}
	b.more = append(b.more, t)
}

// Unused reports names and values that no expression bound so far has used:
// the names first.
func (b *Binder) Unused() error {
	if len(b.names) > 0 && !allUsed(b, b.names, namesOf) {
		return errorf("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", unused(b, b.names, namesOf))
	}
	if len(b.values) > 0 && !allUsed(b, b.values, valuesOf) {
		return errorf("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", unused(b, b.values, valuesOf))
	}
	return nil
}

func namesOf(t *tree) []string  { return t.names }
func valuesOf(t *tree) []string { return t.values }

// allUsed is the quick answer for the usual request, whose one or few
// placeholders are looked for one by one.
func allUsed[V any](b *Binder, m map[string]V, of func(*tree) []string) bool {
	if len(m) > 16 {
		return unused(b, m, of) == ""
	}
	for key := range m {
		found := false
		for _, t := range b.used {
			found = found || t != nil && slices.Contains(of(t), key)
		}
		for _, t := range b.more {
			found = found || slices.Contains(of(t), key)
		}
		if !found {
			return false
		}
	}
	return true
}

// unused returns the keys of m that no tree refers to, joined as messages show
// a set.
func unused[V any](b *Binder, m map[string]V, of func(*tree) []string) string {
	used := make(map[string]struct{})
	for _, t := range slices.Concat(b.used[:], b.more) {
		if t == nil {
			continue
		}
		for _, key := range of(t) {
			used[key] = struct{}{}
		}
	}
	var keys []string
	for key := range m {
		if _, ok := used[key]; !ok {
			keys = append(keys, key)
		}
	}
	sortAsJava(keys, len(m))
	return strings.Join(keys, ", ")
}
