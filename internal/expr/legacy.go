package expr

import (
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// The parameters that the API had before expressions (Expected, KeyConditions,
// QueryFilter, ScanFilter, AttributesToGet, AttributeUpdates) make the same
// trees that texts are parsed to, with names and values in place of
// placeholders, and run as those do. They know top-level attributes only: a
// name is the whole of a path, dots and brackets in it mean nothing, and no
// word is reserved. How many operators there are, and operands of IN, is not limited.
//
// Source: Amazon DynamoDB Developer Guide, "Legacy conditional parameters" and
// its sub-pages.

// Comparison is a condition on one attribute, of Expected, KeyConditions,
// QueryFilter or ScanFilter.
type Comparison struct {
	Name     string
	Operator string // a ComparisonOperator: EQ, NE, …
	Values   []attr.Value
}

// comparisons holds what each ComparisonOperator becomes: an operator or a
// function, with how many operands (oneOrMore: at least one), and the Op of a key condition.
var comparisons = [...]struct {
	name     string
	op       operator
	fn       function
	operands int
	key      Op
}{
	{"EQ", opEqual, fnUnknown, 1, Equal},
	{"NE", opNotEqual, fnUnknown, 1, Unindexable},
	{"LT", opLess, fnUnknown, 1, Less},
	{"LE", opLessOrEqual, fnUnknown, 1, LessOrEqual},
	{"GT", opGreater, fnUnknown, 1, Greater},
	{"GE", opGreaterOrEqual, fnUnknown, 1, GreaterOrEqual},
	{"BETWEEN", opBetween, fnUnknown, 2, Between},
	{"BEGINS_WITH", opCall, fnBeginsWith, 1, BeginsWith},
	{"IN", opIn, fnUnknown, oneOrMore, Unindexable},
	{"NOT_NULL", opCall, fnAttributeExists, 0, Unindexable},
	{"NULL", opCall, fnAttributeNotExists, 0, Unindexable},
	{"CONTAINS", opCall, fnContains, 1, Unindexable},
	{"NOT_CONTAINS", opNot, fnContains, 1, Unindexable},
}

const oneOrMore = -1

// meaning returns the index in comparisons of what c's operator becomes.
func (c *Comparison) meaning() (int, error) {
	for i := range comparisons {
		m := &comparisons[i]
		if m.name != c.Operator {
			continue
		}
		if len(c.Values) != m.operands && (m.operands != oneOrMore || len(c.Values) == 0) {
			return 0, errorf("One or more parameter values were invalid: Invalid number of argument(s) for the %s ComparisonOperator", c.Operator)
		}
		return i, nil
	}
	return 0, errorf("Unknown ComparisonOperator: %s", c.Operator)
}

// LegacyCondition makes the condition that all comparisons hold, or with
// anyOf that one does; nil of none. The types of the values are the caller's to check.
func LegacyCondition(list []Comparison, anyOf bool) (*Condition, error) {
	if len(list) == 0 {
		return nil, nil
	}
	c := &Condition{bound{tree: &tree{kind: condition}}}
	terms := make([]*node, len(list))
	for i := range list {
		var err error
		if terms[i], err = c.compareTo(&list[i]); err != nil {
			return nil, err
		}
	}
	c.tree.root = terms[0]
	if len(terms) > 1 {
		c.tree.root = &node{op: opAnd, args: terms}
		if anyOf {
			c.tree.root.op = opOr
		}
	}
	return c, nil
}

// compareTo makes the node of a comparison.
func (b *bound) compareTo(c *Comparison) (*node, error) {
	i, err := c.meaning()
	if err != nil {
		return nil, err
	}
	m := &comparisons[i]
	attribute := &node{op: opPath, path: plainPath(c.Name)}
	b.tree.paths = append(b.tree.paths, attribute.path)
	n := &node{op: m.op, args: []*node{attribute}}
	if m.fn != fnUnknown {
		n.op, n.fn, n.name = opCall, m.fn, functions[m.fn].name
	}
	for _, v := range c.Values {
		operand, err := b.add(v)
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, operand)
	}
	if m.op == opNot {
		// NOT_CONTAINS is no plain negation: it does not hold where there is no
		// attribute, as NE does. Observed; the guide says nothing of it.
		exists := &node{op: opCall, fn: fnAttributeExists, name: functions[fnAttributeExists].name, args: []*node{attribute}}
		n = &node{op: opAnd, args: []*node{exists, {op: opNot, args: []*node{n}}}}
	}
	return n, nil
}

// add binds a value, and makes the node that refers to it.
func (b *bound) add(v attr.Value) (*node, error) {
	stored, err := itemcodec.AppendValue(nil, v)
	if err != nil {
		return nil, errorf("%v", err)
	}
	b.values = append(b.values, value{attr: v, stored: stored})
	return &node{op: opValue, value: len(b.values) - 1}, nil
}

// plainPath returns the path to a top-level attribute.
func plainPath(name string) *path {
	return &path{steps: []step{{name: name, ref: -1, index: -1}}}
}

// LegacyKeyCondition makes a key condition of comparisons of different attributes.
// Those that no key can be looked up by become the Op Unindexable. Values
// are shared with list.
func LegacyKeyCondition(list []Comparison) (*KeyCondition, error) {
	k := new(KeyCondition)
	for i := range list {
		m, err := list[i].meaning()
		if err != nil {
			return nil, err
		}
		k.Parts = append(k.Parts, KeyPart{Name: list[i].Name, Op: comparisons[m].key, Values: list[i].Values})
	}
	return k, nil
}

// LegacyProjection makes the projection that takes the attributes with these names,
// which are all different.
func LegacyProjection(names []string) (*Projection, error) {
	p := &Projection{bound: bound{tree: &tree{kind: projection}}}
	for _, name := range names {
		p.tree.paths = append(p.tree.paths, plainPath(name))
	}
	if f := p.prepare(); f != nil {
		return nil, f.in("AttributesToGet")
	}
	return p, nil
}

// AttributeUpdate is what AttributeUpdates does to one attribute.
type AttributeUpdate struct {
	Name   string
	Action string     // PUT, ADD or DELETE
	Value  attr.Value // zero: none, with DELETE only
}

// LegacyUpdate makes an update of actions on different attributes; nil of none. PUT is
// SET and a DELETE without a value is REMOVE; ADD and DELETE with one are what
// they are in expressions, and ADD appends to lists, too. The types of the
// values are the caller's to check.
func LegacyUpdate(list []AttributeUpdate) (*Update, error) {
	if len(list) == 0 {
		return nil, nil
	}
	u := &Update{bound: bound{tree: &tree{kind: update}}, mismatch: errMismatch}
	for _, a := range list {
		act := action{path: plainPath(a.Name)}
		switch {
		case a.Action == "DELETE" && a.Value.IsZero():
			act.verb = tokenRemove
		case a.Action == "DELETE":
			act.verb = tokenDelete
		case a.Action == "ADD":
			act.verb = tokenAdd
		case a.Action == "PUT":
			act.verb = tokenSet
		default:
			return nil, errorf("Unknown Action: %s", a.Action)
		}
		if act.verb != tokenRemove {
			var err error
			if act.value, err = u.add(a.Value); err != nil {
				return nil, err
			}
		}
		u.tree.actions = append(u.tree.actions, act)
		u.attributes = append(u.attributes, a.Name)
	}
	return u, nil
}
