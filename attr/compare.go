package attr

import (
	"bytes"
	"slices"
	"strings"

	"github.com/statordb/stator/internal/num"
)

// Equal reports whether v and w have the same type and contents. Numbers are
// equal by value ("1" and "1.0"), sets without regard to order.
func (v Value) Equal(w Value) bool {
	k := v.Kind()
	if k != w.Kind() {
		return false
	}
	switch k {
	case String:
		return v.Str() == w.Str()
	case Number:
		return equalNumbers(v.Num(), w.Num())
	case Binary:
		return bytes.Equal(v.Bytes(), w.Bytes())
	case List:
		return slices.EqualFunc(v.List(), w.List(), Value.Equal)
	case Map:
		return v.Map().Equal(w.Map())
	case StringSet:
		return equalSets(v.Strings(), w.Strings(), strings.Compare, func(s string) string { return s })
	case NumberSet:
		return equalSets(v.Strings(), w.Strings(), strings.Compare, canonical)
	case BinarySet:
		return equalSets(v.Binaries(), w.Binaries(), bytes.Compare, func(b []byte) []byte { return b })
	}
	return v.n == w.n
}

// Compare orders two values of one scalar type: S and B by their bytes
// (UTF-8), N by value. ok is false when the types differ or have no order.
func Compare(v, w Value) (order int, ok bool) {
	k := v.Kind()
	if k != w.Kind() {
		return 0, false
	}
	switch k {
	case String:
		return strings.Compare(v.Str(), w.Str()), true
	case Binary:
		return bytes.Compare(v.Bytes(), w.Bytes()), true
	case Number:
		a, errA := num.Parse(v.Num())
		b, errB := num.Parse(w.Num())
		if errA != nil || errB != nil {
			return 0, false
		}
		return num.Cmp(a, b), true
	}
	return 0, false
}

func equalNumbers(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := num.Parse(a)
	y, errY := num.Parse(b)
	return errX == nil && errY == nil && num.Cmp(x, y) == 0
}

// equalSets compares two sets element by element when they are in the same
// order, the usual case, and else sorted: a set of 400 KB can have 200,000
// elements, too many to look for each. form returns the form of an element
// that equal elements share.
func equalSets[E any](a, b []E, compare func(E, E) int, form func(E) E) bool {
	if len(a) != len(b) {
		return false
	}
	same := func(x, y E) bool { return compare(x, y) == 0 }
	if slices.EqualFunc(a, b, same) {
		return true
	}
	sorted := func(set []E) []E {
		forms := make([]E, len(set))
		for i, e := range set {
			forms[i] = form(e)
		}
		slices.SortFunc(forms, compare)
		return forms
	}
	return slices.EqualFunc(sorted(a), sorted(b), same)
}

// canonical returns the canonical text of a number, and a text that is no
// number as it is.
func canonical(text string) string {
	if c, err := num.Canonical(text); err == nil {
		return c
	}
	return text
}
