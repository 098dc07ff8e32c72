package partiql

import (
	"bytes"

	"github.com/statordb/stator/attr"
)

// keyRange is a range of sort keys.
type keyRange struct{ low, high bound }

// bound is one end of a range, nothing when the range has none there.
type bound struct {
	v         attr.Value
	exclusive bool
}

func (e bound) none() bool { return e.v.IsZero() }

// rangeOf returns the sort keys that fulfil the conditions of r.
func (p *planner) rangeOf(r branch) keyRange {
	var all keyRange
	for _, n := range r.sort {
		one := p.rangeOfCondition(n)
		if all.low.none() || !one.low.none() && compareBounds(one.low, all.low, 1) > 0 {
			all.low = one.low
		}
		if all.high.none() || !one.high.none() && compareBounds(one.high, all.high, -1) < 0 {
			all.high = one.high
		}
	}
	return all
}

func (p *planner) rangeOfCondition(n *node) keyRange {
	v, _ := p.value(n.args[1])
	switch n.op {
	case opBetween:
		w, _ := p.value(n.args[2])
		return keyRange{bound{v: v}, bound{v: w}}
	case opCall: // begins_with
		return keyRange{bound{v: v}, prefixEnd(v)}
	}
	switch n.text {
	case "<", "<=":
		return keyRange{high: bound{v, n.text == "<"}}
	case ">", ">=":
		return keyRange{low: bound{v, n.text == ">"}}
	}
	return keyRange{bound{v: v}, bound{v: v}}
}

// prefixEnd returns the end of the values that begin with v: before the first
// one that is greater than all of them.
func prefixEnd(v attr.Value) bound {
	b := []byte(v.Str())
	if v.Kind() == attr.Binary {
		b = bytes.Clone(v.Bytes())
	}
	for len(b) > 0 && b[len(b)-1] == 0xff {
		b = b[:len(b)-1]
	}
	if len(b) == 0 {
		return bound{}
	}
	b[len(b)-1]++
	if v.Kind() == attr.Binary {
		return bound{attr.B(b), true}
	}
	return bound{attr.S(string(b)), true}
}

// compareBounds orders two ends that there are. inside is on which side of an
// exclusive end the range is: 1 above, -1 below.
func compareBounds(a, b bound, inside int) int {
	if order, _ := attr.Compare(a.v, b.v); order != 0 {
		return order
	}
	switch {
	case a.exclusive == b.exclusive:
		return 0
	case a.exclusive:
		return inside
	}
	return -inside
}

// isEmpty reports whether no key is in r.
func (r keyRange) isEmpty() bool {
	if r.low.none() || r.high.none() {
		return false
	}
	order, _ := attr.Compare(r.low.v, r.high.v)
	return order > 0 || order == 0 && (r.low.exclusive || r.high.exclusive)
}

func (r keyRange) overlaps(o keyRange) bool {
	return !r.isEmpty() && !o.isEmpty() && !r.below(o) && !o.below(r)
}

// below reports whether all of r is below o.
func (r keyRange) below(o keyRange) bool { return (keyRange{o.low, r.high}).isEmpty() }

func (r keyRange) compareLow(o keyRange) int {
	switch {
	case r.low.none() && o.low.none():
		return 0
	case r.low.none():
		return -1
	case o.low.none():
		return 1
	}
	return compareBounds(r.low, o.low, 1)
}

// narrow returns the one condition on the sort key that a key condition can
// have, and the conditions that then have to be its filter.
func (p *planner) narrow(list []*node) (key *node, rest []*node) {
	if len(list) < 2 {
		if len(list) == 1 {
			key = list[0]
		}
		return key, nil
	}
	for i, n := range list {
		if n.op == opCompare && n.text == "=" {
			return n, append(append([]*node{}, list[:i]...), list[i+1:]...)
		}
	}
	r := p.rangeOf(branch{sort: list})
	if order, ok := attr.Compare(r.low.v, r.high.v); ok && order <= 0 {
		return &node{op: opBetween, text: "between", args: []*node{
			{op: opPath, path: path{{name: p.src.Sort.Name}}}, {op: opValue, value: r.low.v}, {op: opValue, value: r.high.v}}}, list
	}
	return list[0], list[1:]
}
