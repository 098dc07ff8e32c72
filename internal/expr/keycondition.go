package expr

import "github.com/statordb/stator/attr"

// Op is the operator of a key condition.
type Op uint8

// The operators of key conditions.
const (
	Equal Op = iota
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	Between
	BeginsWith

	// Unindexable is every other comparison that KeyConditions can have, and
	// for which the caller refuses them; no text has it.
	Unindexable
)

var opTexts = [...]string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with", "unindexable"}

// String returns the operator as it is written in an expression.
func (o Op) String() string { return opTexts[o] }

// KeyCondition is a bound key condition: parts that are joined by AND, each
// about a different attribute, in order of the text. Which attributes are keys
// and which operators they allow is for the caller to check.
type KeyCondition struct {
	Parts []KeyPart

	bound
	part1  [2]KeyPart
	value1 [3]attr.Value
}

// KeyPart is the condition on one attribute. Values holds one value, and two
// for Between. They are the request's and must not be changed.
type KeyPart struct {
	Name   string
	Op     Op
	Values []attr.Value
}

// KeyCondition parses and binds a key condition. Beyond what is wrong with a
// condition, it refuses what no key condition may contain.
func (b *Binder) KeyCondition(text string) (*KeyCondition, error) {
	t, err := b.parse(condition, KeyConditionMember, text)
	if err != nil {
		return nil, err
	}
	b.use(t)
	k := new(KeyCondition)
	if err := b.resolve(&k.bound, t); err != nil {
		return nil, err
	}
	if f := k.checkCondition(); f != nil {
		return nil, f.in(KeyConditionMember)
	}
	k.Parts = k.part1[:0]
	values := k.value1[:0]
	if err := k.collect(t.root, &values); err != nil {
		return nil, err
	}
	return k, nil
}

// collect adds the parts below n.
func (k *KeyCondition) collect(n *node, values *[]attr.Value) error {
	switch n.op {
	case opOr, opNot, opIn, opNotEqual:
		return errorf("Invalid operator used in KeyConditionExpression: %s", operatorTexts[n.op])
	case opAnd:
		for _, arg := range n.args {
			if err := k.collect(arg, values); err != nil {
				return err
			}
		}
		return nil
	case opCall:
		if n.fn != fnBeginsWith {
			return errorf("Invalid operator used in KeyConditionExpression: %s", n.name)
		}
	}
	part, err := k.partOf(n, values)
	if err != nil {
		return err
	}
	for i := range k.Parts {
		if k.Parts[i].Name == part.Name {
			return faultf("KeyConditionExpressions must only contain one condition per key").in(KeyConditionMember)
		}
	}
	k.Parts = append(k.Parts, part)
	return nil
}

// partOf makes the part of a comparison, BETWEEN or begins_with.
func (k *KeyCondition) partOf(n *node, values *[]attr.Value) (KeyPart, error) {
	for _, arg := range n.args {
		if arg.op == opCall {
			return KeyPart{}, errorf("KeyConditionExpressions cannot contain nested operations")
		}
	}
	if (n.op == opBetween || n.op == opCall) && n.args[0].op != opPath {
		name := n.name
		if n.op == opBetween {
			name = operatorTexts[opBetween]
		}
		return KeyPart{}, errorf("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand", name)
	}
	var path *path
	at := 0
	start := len(*values)
	for i, arg := range n.args {
		if arg.op == opValue {
			*values = append(*values, k.values[arg.value].attr)
			continue
		}
		if path != nil {
			return KeyPart{}, errorf("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		}
		if path, at = arg.path, i; len(path.steps) > 1 {
			return KeyPart{}, errorf("KeyConditionExpressions cannot have conditions on nested attributes")
		}
	}
	if path == nil {
		return KeyPart{}, errorf("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	return KeyPart{
		Name:   k.name(&path.steps[0]),
		Op:     keyOp(n.op, at == 1),
		Values: (*values)[start:len(*values):len(*values)],
	}, nil
}

// keyOp returns the operator of a part; flipped when the value stood first.
func keyOp(op operator, flipped bool) Op {
	switch op {
	case opEqual:
		return Equal
	case opBetween:
		return Between
	case opCall:
		return BeginsWith
	}
	switch {
	case op == opLess && !flipped, op == opGreater && flipped:
		return Less
	case op == opLessOrEqual && !flipped, op == opGreaterOrEqual && flipped:
		return LessOrEqual
	case op == opGreater && !flipped, op == opLess && flipped:
		return Greater
	}
	return GreaterOrEqual
}
