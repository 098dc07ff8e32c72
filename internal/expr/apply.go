package expr

import (
	"errors"
	"slices"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

// What can be wrong with an update only once it meets an item.
var (
	errMissingOperand = &Error{"The provided expression refers to an attribute that does not exist in the item"}
	errInvalidPath    = &Error{"The document path provided in the update expression is invalid for update"}
	errOperandType    = &Error{"An operand in the update expression has an incorrect data type"}
	errOverflow       = &Error{"Number overflow. Attempting to store a number with magnitude larger than supported range"}
	errUnderflow      = &Error{"Number underflow. Attempting to store a number with magnitude smaller than supported range"}
	errPrecision      = &Error{"Attempting to store more than 38 significant digits in a Number"}
	errNumber         = &Error{"The parameter cannot be converted to a numeric value"}
	errMismatch       = &Error{"Type mismatch for attribute to update"} // of AttributeUpdates, in place of errOperandType
	errTooLarge       = &Error{"Item size to update has exceeded the maximum allowed size"}
)

// Apply changes item in place: the item as it is stored, or the key alone when
// there is none. Every operand sees the item as it was before. Map and list values
// that change are copied, so that what item shares with others stays as it is.
//
// After an error, which is an *Error with DynamoDB's words, item is as it was.
func (u *Update) Apply(item attr.Item) error {
	actions := u.tree.actions
	for i := range actions {
		if exists, fits := u.leads(actions[i].path, item); exists && !fits {
			return errInvalidPath
		}
	}
	var few [8]attr.Value
	values := few[:]
	if len(actions) > len(few) {
		values = make([]attr.Value, len(actions))
	}
	var m made
	for i := range slices.Backward(actions) { // the last comes first: see checkPaths
		var err error
		if values[i], err = u.outcome(&actions[i], item, &m); err != nil {
			return err
		}
	}
	for i := range actions {
		if _, fits := u.leads(actions[i].path, item); !fits {
			return errInvalidPath
		}
	}
	if m.over() {
		return errTooLarge
	}
	if u.nested {
		u.applyNested(item, values)
		return nil
	}
	for i := range actions {
		store(item, u.name(&actions[i].path.steps[0]), values[i])
	}
	return nil
}

// leads reports whether there is something that the last step of p would be
// written to, and whether it is the right kind of document. Observed is that
// a wrong one is reported before faulty operands, and a missing one after them.
func (u *Update) leads(p *path, item attr.Item) (exists, fits bool) {
	last := len(p.steps) - 1
	if last == 0 {
		return true, true
	}
	parent := u.find(p.steps[:last], item)
	want := attr.Map
	if p.steps[last].index >= 0 {
		want = attr.List
	}
	return !parent.IsZero(), parent.Kind() == want
}

// store sets an attribute; the zero Value deletes it.
func store(item attr.Item, name string, v attr.Value) {
	if v.IsZero() {
		delete(item, name)
	} else {
		item[name] = v
	}
}

// outcome returns the value that the path of an action has after it: the zero
// Value when it has none.
func (u *Update) outcome(a *action, item attr.Item, m *made) (attr.Value, error) {
	switch a.verb {
	case tokenSet:
		v, err := u.evaluate(a.value, item, m)
		if err == nil && v.IsZero() {
			err = errMissingOperand
		}
		return v, err
	case tokenRemove:
		return attr.Value{}, nil
	}
	old := u.find(a.path.steps, item)
	operand := m.value(u, a.value.value)
	switch k := operand.Kind(); {
	case old.IsZero() && a.verb == tokenDelete:
		return attr.Value{}, nil
	case old.IsZero():
		return operand, nil
	case old.Kind() != k:
		return attr.Value{}, u.mismatch
	case a.verb == tokenDelete:
		return difference(old, operand), nil
	case k == attr.Number:
		return add(old, operand, false)
	case k == attr.List: // of AttributeUpdates; prepare refuses it in a text
		return m.list(old, operand), nil
	}
	return m.union(old, operand), nil
}

// value returns a value of the request in canonical form.
func (u *Update) value(i int) attr.Value {
	v := &u.values[i]
	switch v.attr.Kind() {
	case attr.Number:
		if canonical, err := num.Canonical(v.attr.Num()); err == nil {
			return attr.N(canonical)
		}
	case attr.NumberSet, attr.List, attr.Map:
		if canonical, err := v.stored.Decode(); err == nil {
			return canonical
		}
	}
	return v.attr
}

// find returns what steps lead to, the zero Value when there is nothing.
func (u *Update) find(steps []step, item attr.Item) attr.Value {
	v := item[u.name(&steps[0])]
	for i := 1; i < len(steps); i++ {
		s := &steps[i]
		if s.index < 0 {
			v = v.Map()[u.name(s)]
			continue
		}
		list := v.List()
		if s.index >= len(list) {
			return attr.Value{}
		}
		v = list[s.index]
	}
	return v
}

// evaluate returns the value of an operand of SET: the zero Value for a path
// that leads nowhere.
func (u *Update) evaluate(n *node, item attr.Item, m *made) (attr.Value, error) {
	switch n.op {
	case opValue:
		return m.value(u, n.value), nil
	case opPath:
		return u.find(n.path.steps, item), nil
	}
	first, err := u.evaluate(n.args[0], item, m)
	if err != nil {
		return attr.Value{}, err
	}
	second, err := u.evaluate(n.args[1], item, m)
	if err != nil {
		return attr.Value{}, err
	}
	if second.IsZero() { // even where if_not_exists does not need it
		return attr.Value{}, errMissingOperand
	}
	if n.fn == fnIfNotExists {
		if first.IsZero() {
			first = second
		}
		return first, nil
	}
	if first.IsZero() {
		return attr.Value{}, errMissingOperand
	}
	if n.fn == fnListAppend {
		if first.Kind() != attr.List || second.Kind() != attr.List {
			return attr.Value{}, errOperandType
		}
		return m.list(first, second), nil
	}
	if first.Kind() != attr.Number || second.Kind() != attr.Number {
		return attr.Value{}, errOperandType
	}
	return add(first, second, n.op == opMinus)
}

// add adds or subtracts two numbers.
func add(v, w attr.Value, subtract bool) (attr.Value, error) {
	a, err := num.Parse(v.Num())
	if err != nil {
		return attr.Value{}, numberError(err)
	}
	b, err := num.Parse(w.Num())
	if err != nil {
		return attr.Value{}, numberError(err)
	}
	do := num.Add
	if subtract {
		do = num.Sub
	}
	sum, err := do(a, b)
	if err != nil {
		return attr.Value{}, numberError(err)
	}
	return attr.N(sum.String()), nil
}

func numberError(err error) error {
	switch {
	case errors.Is(err, num.ErrOverflow):
		return errOverflow
	case errors.Is(err, num.ErrUnderflow):
		return errUnderflow
	case errors.Is(err, num.ErrPrecision):
		return errPrecision
	}
	return errNumber
}

// made is what the actions of an update have made so far. All of it is in the
// item afterwards, for no two paths overlap and if_not_exists takes no list_append; so once it cannot fit in one, no more is
// made. Without that, an expression of 4 KB could make 200 lists of all the elements of an item: 3 GB.
//
// What else is wrong is still found out, for it is told first.
type made struct {
	elements int
	values   map[int]attr.Value // of the request, decoded
}

// maxElements is how many elements the lists and sets of an item can have: each takes a byte, and an
// item at most 400 KB. An empty text in a set takes none.
const maxElements = 401 << 10

func (m *made) over() bool { return m.elements > maxElements }

// value returns a value of the request. A list, map or set of numbers is decoded once, though many actions use it.
func (m *made) value(u *Update, i int) attr.Value {
	switch u.values[i].attr.Kind() {
	case attr.NumberSet, attr.List, attr.Map:
	default:
		return u.value(i)
	}
	v, ok := m.values[i]
	if !ok {
		v = u.value(i)
		if m.values == nil {
			m.values = map[int]attr.Value{}
		}
		m.values[i] = v
	}
	return v
}

// grows counts elements that an action makes, at least so many of them, and reports whether to make them.
func (m *made) grows(elements int) bool {
	m.elements += elements
	return !m.over()
}

// list returns the elements of two lists; any list when it is not needed.
func (m *made) list(v, w attr.Value) attr.Value {
	if !m.grows(v.Len() + w.Len()) {
		return v
	}
	return attr.L(slices.Concat(v.List(), w.List())...)
}

// union returns the elements of two sets; any set when it is not needed.
func (m *made) union(v, w attr.Value) attr.Value {
	if !m.grows(max(v.Len(), w.Len())) {
		return v
	}
	return union(v, w)
}

// union returns a set with the elements of two of one type.
func union(v, w attr.Value) attr.Value {
	if v.Kind() == attr.BinarySet {
		return attr.BS(append(slices.Clip(v.Binaries()), missing(w.Binaries(), v.Binaries(), text)...)...)
	}
	return ofStrings(v.Kind(), append(slices.Clip(v.Strings()), missing(w.Strings(), v.Strings(), same)...))
}

// difference returns v without the elements of w; the zero Value when none are
// left.
func difference(v, w attr.Value) attr.Value {
	if v.Kind() == attr.BinarySet {
		left := missing(v.Binaries(), w.Binaries(), text)
		if len(left) == 0 {
			return attr.Value{}
		}
		return attr.BS(left...)
	}
	left := missing(v.Strings(), w.Strings(), same)
	if len(left) == 0 {
		return attr.Value{}
	}
	return ofStrings(v.Kind(), left)
}

// missing returns the elements of list that are not in from. What it keeps grows with the shorter of them.
func missing[E any](list, from []E, key func(E) string) []E {
	var out []E
	if len(from) > 16 && len(list) < len(from) {
		left := make(map[string]bool, len(list))
		for _, e := range list {
			left[key(e)] = true
		}
		for _, e := range from {
			if k := key(e); left[k] {
				left[k] = false
			}
		}
		for _, e := range list {
			if left[key(e)] {
				out = append(out, e)
			}
		}
		return out
	}
	if len(from) > 16 {
		set := make(map[string]struct{}, len(from))
		for _, e := range from {
			set[key(e)] = struct{}{}
		}
		for _, e := range list {
			if _, ok := set[key(e)]; !ok {
				out = append(out, e)
			}
		}
		return out
	}
	for _, e := range list {
		k := key(e)
		if !slices.ContainsFunc(from, func(f E) bool { return key(f) == k }) {
			out = append(out, e)
		}
	}
	return out
}

func same(s string) string { return s }
func text(b []byte) string { return string(b) }

func ofStrings(k attr.Kind, elems []string) attr.Value {
	if k == attr.NumberSet {
		return attr.NS(elems...)
	}
	return attr.SS(elems...)
}
