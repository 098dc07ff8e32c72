package oracle

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

// What an update meets in the item.
var (
	errNoAttribute = invalid("The provided expression refers to an attribute that does not exist in the item")
	errBadPath     = invalid("The document path provided in the update expression is invalid for update")
	errBadOperand  = invalid("An operand in the update expression has an incorrect data type")
)

// edit is what is to become of one path: a value, or nothing.
type edit struct {
	path   []step
	value  attr.Value
	remove bool
}

// apply returns the item after the actions. Everything is computed from the
// item as it was; a new one has its key already.
func apply(item attr.Item, actions []action) (attr.Item, error) {
	var edits []edit
	var faults, pathFaults []*api.Error
	for _, a := range actions {
		e, ok, err := a.edit(item)
		if err != nil {
			faults = append(faults, err)
		}
		if ok {
			edits = append(edits, e)
		}
		if _, err := edited(attr.M(item), a.path, edit{value: attr.NULL(), remove: a.section == "REMOVE" || a.section == "DELETE"}); err != nil {
			pathFaults = append(pathFaults, err)
		}
	}
	if faults = append(faults, pathFaults...); len(faults) > 0 {
		return nil, oneOf(faults)
	}
	// Elements past the end of a list are appended in the order of their indexes; removals come last, from the back.
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.remove != b.remove {
			if b.remove {
				return -1
			}
			return 1
		}
		order := comparePaths(a.path, b.path)
		if a.remove {
			order = -order
		}
		return order
	})
	v := attr.M(item)
	for _, e := range edits {
		var err *api.Error
		if v, err = edited(v, e.path, e); err != nil {
			return nil, err
		}
	}
	return v.Map(), nil
}

// oneOf returns the first of several faults. Which of them AWS reports is not
// known, so that the others are as good: see acceptable.
func oneOf(faults []*api.Error) error {
	first := *faults[0]
	var others alternatives
	for _, f := range faults[1:] {
		if f.Message != first.Message {
			others = append(others, f.Message)
		}
	}
	if others != nil {
		first.Cause = others
	}
	return &first
}

// eitherOf is oneOf for two checks, of which both, one or none found a fault.
func eitherOf(errs ...error) error {
	var faults []*api.Error
	for _, err := range errs {
		if e, ok := errors.AsType[*api.Error](err); ok {
			faults = append(faults, e)
			if more, ok := e.Cause.(alternatives); ok {
				for _, m := range more {
					faults = append(faults, invalid("%s", m))
				}
			}
		}
	}
	if faults == nil {
		return nil
	}
	return oneOf(faults)
}

// alternatives are the messages that an error may have as well.
type alternatives []string

func (a alternatives) Error() string { return "or: " + strings.Join(a, "; or: ") }

func comparePaths(a, b []step) int {
	return slices.CompareFunc(a, b, func(a, b step) int {
		if a.list && b.list {
			return cmp.Compare(a.index, b.index)
		}
		return strings.Compare(a.name, b.name)
	})
}

// edited returns v with the edit at path done in it.
func edited(v attr.Value, path []step, e edit) (attr.Value, *api.Error) {
	s, last := path[0], len(path) == 1
	switch {
	case !s.list && v.Kind() == attr.Map:
		m := maps.Clone(v.Map())
		if m == nil {
			m = attr.Item{}
		}
		child, ok := m[s.name]
		switch {
		case last && e.remove:
			delete(m, s.name)
			return attr.M(m), nil
		case last:
			m[s.name] = e.value
			return attr.M(m), nil
		case !ok:
			return v, errBadPath
		}
		child, err := edited(child, path[1:], e)
		m[s.name] = child
		return attr.M(m), err
	case s.list && v.Kind() == attr.List:
		l := slices.Clone(v.List())
		switch {
		case last && e.remove:
			if s.index < len(l) {
				l = slices.Delete(l, s.index, s.index+1)
			}
			return attr.L(l...), nil
		case last && s.index < len(l):
			l[s.index] = e.value
			return attr.L(l...), nil
		case last:
			return attr.L(append(l, e.value)...), nil
		case s.index >= len(l):
			return v, errBadPath
		}
		child, err := edited(l[s.index], path[1:], e)
		l[s.index] = child
		return attr.L(l...), err
	}
	return v, errBadPath
}

// edit computes what an action does to its path; ok is false when it does nothing.
func (a action) edit(item attr.Item) (e edit, ok bool, err *api.Error) {
	e.path = a.path
	old, exists := lookup(item, a.path)
	switch a.section {
	case "REMOVE":
		e.remove = true
		return e, true, nil
	case "SET":
		e.value, err = a.value.compute(item)
		return e, err == nil, err
	case "ADD":
		if !exists {
			e.value = a.value.value
			return e, true, nil
		}
		e.value, err = added(old, a.value.value)
		return e, err == nil, err
	}
	if !exists {
		return e, false, nil
	}
	if old.Kind() != a.value.value.Kind() {
		return e, false, errBadOperand
	}
	rest := slices.DeleteFunc(elements(old), func(v attr.Value) bool { return slices.ContainsFunc(elements(a.value.value), v.Equal) })
	e.value, e.remove = setOf(old.Kind(), rest), len(rest) == 0
	return e, true, nil
}

// added is ADD's sum of numbers or union of sets.
func added(old, v attr.Value) (attr.Value, *api.Error) {
	if old.Kind() != v.Kind() {
		return v, errBadOperand
	}
	if v.Kind() == attr.Number {
		return sum(old, v, false)
	}
	all := elements(old)
	for _, e := range elements(v) {
		if !slices.ContainsFunc(all, e.Equal) {
			all = append(all, e)
		}
	}
	return setOf(v.Kind(), all), nil
}

// setOf returns a set of the elements, in order.
func setOf(k attr.Kind, elems []attr.Value) attr.Value {
	slices.SortFunc(elems, func(a, b attr.Value) int { return bytes.Compare(a.Bytes(), b.Bytes()) })
	slices.SortStableFunc(elems, func(a, b attr.Value) int { order, _ := attr.Compare(a, b); return order })
	var texts []string
	var binaries [][]byte
	for _, e := range elems {
		switch k {
		case attr.StringSet:
			texts = append(texts, e.Str())
		case attr.NumberSet:
			texts = append(texts, e.Num())
		case attr.BinarySet:
			binaries = append(binaries, e.Bytes())
		}
	}
	switch k {
	case attr.StringSet:
		return attr.SS(texts...)
	case attr.NumberSet:
		return attr.NS(texts...)
	}
	return attr.BS(binaries...)
}

// compute evaluates the right side of SET.
func (n *node) compute(item attr.Item) (attr.Value, *api.Error) {
	switch n.kind {
	case nodeParen:
		return n.args[0].compute(item)
	case nodeValue:
		return n.value, nil
	case nodePath:
		v, ok := lookup(item, n.path)
		if !ok {
			return v, errNoAttribute
		}
		return v, nil
	}
	if n.op == "if_not_exists" {
		// The second operand must be there also when it is not needed.
		second, err := n.args[1].compute(item)
		if first, ok := n.args[0].operand(item); ok && err == nil {
			return first, nil
		}
		return second, err
	}
	left, err := n.args[0].compute(item)
	if err != nil {
		return left, err
	}
	right, err := n.args[1].compute(item)
	if err != nil {
		return right, err
	}
	if n.op == "list_append" {
		if left.Kind() != attr.List || right.Kind() != attr.List {
			return left, errBadOperand
		}
		return attr.L(slices.Concat(left.List(), right.List())...), nil
	}
	return sum(left, right, n.op == "-")
}

func sum(a, b attr.Value, minus bool) (attr.Value, *api.Error) {
	if a.Kind() != attr.Number || b.Kind() != attr.Number {
		return a, errBadOperand
	}
	x, _ := num.Parse(a.Num())
	y, _ := num.Parse(b.Num())
	if minus {
		y = y.Neg()
	}
	z, err := num.Add(x, y)
	if errors.Is(err, num.ErrUnderflow) {
		return a, invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	if err != nil {
		return a, invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	}
	return attr.N(z.String()), nil
}

// canonicalItem returns an item as it is stored: canonical numbers, sets in order.
func canonicalItem(item attr.Item) attr.Item {
	if item == nil {
		return nil
	}
	out := attr.Item{}
	for name, v := range item {
		out[name] = canonicalValue(v)
	}
	return out
}

func canonicalValue(v attr.Value) attr.Value {
	switch v.Kind() {
	case attr.Number:
		text, _ := num.Canonical(v.Num())
		return attr.N(text)
	case attr.List:
		var out []attr.Value
		for _, e := range v.List() {
			out = append(out, canonicalValue(e))
		}
		return attr.L(out...)
	case attr.Map:
		return attr.M(canonicalItem(v.Map()))
	case attr.StringSet, attr.BinarySet:
		return setOf(v.Kind(), elements(v))
	case attr.NumberSet:
		elems := elements(v)
		for i := range elems {
			elems[i] = canonicalValue(elems[i])
		}
		return setOf(v.Kind(), elems)
	}
	return v
}
