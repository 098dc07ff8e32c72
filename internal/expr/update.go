package expr

import (
	"slices"

	"github.com/statordb/stator/attr"
)

// Update is a bound update. It is immutable.
type Update struct {
	bound
	attributes []string
	nested     bool   // some path has more than one step
	mismatch   *Error // of ADD and DELETE with another type than the attribute's
}

// Update parses and binds an update.
func (b *Binder) Update(text string) (*Update, error) {
	t, err := b.parse(update, UpdateMember, text)
	if err != nil {
		return nil, err
	}
	b.use(t)
	u := &Update{mismatch: errOperandType}
	if err := b.resolve(&u.bound, t); err != nil {
		return nil, err
	}
	if f := u.prepare(); f != nil {
		return nil, f.in(UpdateMember)
	}
	return u, nil
}

// prepare checks the paths that are written, then the values, those of the last
// action first (see checkPaths).
func (u *Update) prepare() *fault {
	actions := u.tree.actions
	if f := u.checkPaths(len(actions), func(i int) *path { return actions[i].path }); f != nil {
		return f
	}
	c := checker{bound: &u.bound}
	for i := range slices.Backward(actions) {
		if f := c.checkAction(&actions[i]); f != nil {
			return f
		}
	}
	u.attributes = make([]string, 0, len(actions))
	for i := range actions {
		p := actions[i].path
		u.nested = u.nested || len(p.steps) > 1
		u.attributes = append(u.attributes, u.name(&p.steps[0]))
	}
	if u.nested {
		u.attributes = distinct(u.attributes)
	}
	return nil
}

func (c *checker) checkAction(a *action) *fault {
	if a.value == nil {
		return nil
	}
	if f := c.check(a.value); f != nil {
		return f
	}
	if a.verb == tokenSet {
		return nil
	}
	k := c.kind(a.value)
	if k.IsSet() || (k == attr.Number && a.verb == tokenAdd) {
		return nil
	}
	verb := sectionNames[a.verb]
	return faultf("Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND",
		verb, longNames[k], verb)
}

// longNames are the types as messages about ADD and DELETE call them.
var longNames = [...]string{
	attr.String: "STRING", attr.Number: "NUMBER", attr.Binary: "BINARY", attr.Bool: "BOOLEAN", attr.Null: "NULL",
	attr.List: "LIST", attr.Map: "MAP",
}

// Attributes returns the names of the top-level attributes that the update
// writes, each once, in order of appearance. The slice must not be changed.
func (u *Update) Attributes() []string { return u.attributes }

// Documents returns the names of the top-level attributes that the update looks
// into, to write or to read, with a path of more than one step.
func (u *Update) Documents() []string {
	var paths []*path
	for i := range u.tree.actions {
		paths = append(paths, u.tree.actions[i].path)
		if v := u.tree.actions[i].value; v != nil {
			paths = v.appendPaths(paths)
		}
	}
	return u.documents(paths)
}

func (n *node) appendPaths(paths []*path) []*path {
	if n.op == opPath {
		paths = append(paths, n.path)
	}
	for _, arg := range n.args {
		paths = arg.appendPaths(paths)
	}
	return paths
}

// Creates reports whether the update makes an item where there is none. One
// that only takes away, by REMOVE and DELETE, does not.
func (u *Update) Creates() bool {
	for i := range u.tree.actions {
		if verb := u.tree.actions[i].verb; verb == tokenSet || verb == tokenAdd {
			return true
		}
	}
	return false
}

// Updated returns what UPDATED_OLD and UPDATED_NEW return of an item that was
// updated: what the paths of the update lead to in the old one and in the new
// one, with lists closed up. So REMOVE of a list element yields, of the new
// item, the element that moved to its place, and SET past the end of a list
// yields nothing; both is what the service does. Either part is nil when there
// is nothing in it. The values are shared with old and new.
func (u *Update) Updated(old, new attr.Item) (oldPart, newPart attr.Item) {
	actions := u.tree.actions
	all := u.branches(len(actions), func(i int) *path { return actions[i].path })
	return all.take(old), all.take(new)
}

// take returns the parts of item that the branches reach, nil when there are
// none.
func (at *branch) take(item attr.Item) attr.Item {
	var out attr.Item
	for i := range at.below {
		b := &at.below[i]
		v, ok := item[b.name]
		if !ok || b.index >= 0 {
			continue
		}
		if v, ok = b.takeValue(v); !ok {
			continue
		}
		if out == nil {
			out = make(attr.Item, len(at.below))
		}
		out[b.name] = v
	}
	return out
}

func (at *branch) takeValue(v attr.Value) (attr.Value, bool) {
	if len(at.below) == 0 {
		return v, true
	}
	switch v.Kind() {
	case attr.Map:
		m := at.take(v.Map())
		return attr.M(m), m != nil
	case attr.List:
		var out []attr.Value
		list := v.List()
		for i := range at.below {
			b := &at.below[i]
			if b.index < 0 || b.index >= len(list) {
				continue
			}
			if e, ok := b.takeValue(list[b.index]); ok {
				out = append(out, e)
			}
		}
		return attr.L(out...), out != nil
	}
	return attr.Value{}, false
}
