package expr

import (
	"maps"
	"slices"

	"github.com/statordb/stator/attr"
)

// change is a branch of the tree that the paths of an update make together.
// A leaf is one action.
type change struct {
	name   string
	index  int      // -1 when it has a name
	action int      // of a leaf
	below  []change // in order of names or indexes
}

// applyNested applies an update whose paths lead into documents. All of them
// are put together first, for actions on one list disturb each other: its
// indexes are those of the list before the update, whatever the other
// actions remove or append. Apply has seen that all of them lead somewhere.
func (u *Update) applyNested(item attr.Item, values []attr.Value) {
	var root change
	actions := u.tree.actions
	for _, i := range u.inOrder(nil, len(actions), func(i int) *path { return actions[i].path }) {
		at := &root
		for j := range actions[i].path.steps {
			s := &actions[i].path.steps[j]
			next := change{index: s.index, action: i}
			if s.index < 0 {
				next.name = u.name(s)
			}
			at = at.child(next)
		}
	}
	for i := range root.below {
		c := &root.below[i]
		store(item, c.name, c.apply(item[c.name], values))
	}
}

// child returns the change below at that is at the place of next: the last one,
// or a new one, for paths come in order.
func (at *change) child(next change) *change {
	last := len(at.below) - 1
	if last < 0 || at.below[last].index != next.index || at.below[last].name != next.name {
		at.below = append(at.below, next)
		last++
	}
	return &at.below[last]
}

// apply returns what v becomes: the zero Value when it is removed.
func (at *change) apply(v attr.Value, values []attr.Value) attr.Value {
	switch {
	case len(at.below) == 0:
		return values[at.action]
	case at.below[0].index >= 0:
		return at.applyList(v.List(), values)
	}
	m := maps.Clone(v.Map())
	for i := range at.below {
		c := &at.below[i]
		store(m, c.name, c.apply(m[c.name], values))
	}
	return attr.M(m)
}

// applyList changes and removes elements that there are, and appends what is
// set past the end, in order of the indexes.
func (at *change) applyList(list []attr.Value, values []attr.Value) attr.Value {
	size := len(list)
	list = slices.Clone(list)
	for i := range at.below {
		c := &at.below[i]
		var old attr.Value
		if c.index < size {
			old = list[c.index]
		}
		v := c.apply(old, values)
		switch {
		case c.index < size:
			list[c.index] = v
		case !v.IsZero():
			list = append(list, v)
		}
	}
	return attr.L(slices.DeleteFunc(list, attr.Value.IsZero)...)
}
