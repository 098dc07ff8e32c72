package oracle

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/statordb/stator/attr"
)

// holds evaluates a condition; no condition holds.
func (n *node) holds(item attr.Item) bool {
	if n == nil {
		return true
	}
	switch n.kind {
	case nodeParen:
		return n.args[0].holds(item)
	case nodeLogic:
		switch n.op {
		case "NOT":
			return !n.args[0].holds(item)
		case "AND":
			return n.args[0].holds(item) && n.args[1].holds(item)
		}
		return n.args[0].holds(item) || n.args[1].holds(item)
	case nodeFunction:
		return n.functionHolds(item)
	}
	left, ok := n.args[0].operand(item)
	if !ok {
		return n.op == "<>" // an absent attribute differs from everything, also from another absent one
	}
	switch n.op {
	case "BETWEEN":
		lo, okLo := n.args[1].operand(item)
		hi, okHi := n.args[2].operand(item)
		return okLo && okHi && ordered(">=", left, lo) && ordered("<=", left, hi)
	case "IN":
		for _, a := range n.args[1:] {
			if v, ok := a.operand(item); ok && v.Equal(left) {
				return true
			}
		}
		return false
	}
	right, ok := n.args[1].operand(item)
	switch {
	case n.op == "<>":
		return !ok || !left.Equal(right)
	case !ok:
		return false
	case n.op == "=":
		return left.Equal(right)
	}
	return ordered(n.op, left, right)
}

func ordered(op string, a, b attr.Value) bool {
	order, ok := attr.Compare(a, b)
	if !ok {
		return false
	}
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// operand returns the value of a path, a value, or size.
func (n *node) operand(item attr.Item) (attr.Value, bool) {
	switch n.kind {
	case nodeParen:
		return n.args[0].operand(item)
	case nodeValue:
		return n.value, true
	case nodePath:
		return lookup(item, n.path)
	}
	v, ok := n.args[0].operand(item) // size
	if !ok {
		return attr.Value{}, false
	}
	switch v.Kind() {
	case attr.Number, attr.Bool, attr.Null:
		return attr.Value{}, false
	}
	if v.Kind() == attr.String {
		return attr.Int(len(utf16.Encode([]rune(v.Str())))), true // the length of a Java string
	}
	return attr.Int(v.Len()), true
}

func (n *node) functionHolds(item attr.Item) bool {
	first, ok := n.args[0].operand(item)
	switch n.op {
	case "attribute_exists":
		return ok
	case "attribute_not_exists":
		return !ok
	}
	second, ok2 := n.args[1].operand(item)
	if !ok || !ok2 {
		return false
	}
	switch n.op {
	case "attribute_type":
		return first.Kind().String() == second.Str()
	case "begins_with":
		return first.Kind() == second.Kind() &&
			(first.Kind() == attr.String && strings.HasPrefix(first.Str(), second.Str()) ||
				first.Kind() == attr.Binary && bytes.HasPrefix(first.Bytes(), second.Bytes()))
	}
	return contains(first, second)
}

// contains reports whether a set or list has an element, or a text or bytes a part.
func contains(whole, part attr.Value) bool {
	k := part.Kind()
	switch whole.Kind() {
	case attr.String:
		return k == attr.String && strings.Contains(whole.Str(), part.Str())
	case attr.Binary:
		return k == attr.Binary && bytes.Contains(whole.Bytes(), part.Bytes())
	case attr.List:
		return slices.ContainsFunc(whole.List(), part.Equal)
	}
	return slices.ContainsFunc(elements(whole), part.Equal)
}

// elements returns the elements of a set as values.
func elements(set attr.Value) []attr.Value {
	var out []attr.Value
	switch set.Kind() {
	case attr.StringSet:
		for _, s := range set.Strings() {
			out = append(out, attr.S(s))
		}
	case attr.NumberSet:
		for _, s := range set.Strings() {
			out = append(out, attr.N(s))
		}
	case attr.BinarySet:
		for _, b := range set.Binaries() {
			out = append(out, attr.B(b))
		}
	}
	return out
}
