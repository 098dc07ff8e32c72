package partiql

import (
	"errors"
	"strconv"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

// maxNesting is how deep values nest.
const maxNesting = 32

// conditionArgs is how many operands the functions of conditions have; the
// name of a boolean one is with true.
var conditionArgs = map[string]struct {
	args    int
	boolean bool
}{
	"attribute_exists": {1, true}, "attribute_not_exists": {1, true}, "attribute_type": {2, true},
	"begins_with": {2, true}, "contains": {2, true}, "size": {1, false},
}

// verify judges what the grammar let through, and turns collections of
// literals into values.
func (s *Statement) verify() error {
	for i := range s.item {
		f := &s.item[i]
		if f.n.op == opParam {
			continue
		}
		if err := s.fold(f.n, true); err != nil {
			return err
		}
	}
	for i := range s.actions {
		if a := &s.actions[i]; a.value != nil {
			if err := s.verifyAssigned(a); err != nil {
				return err
			}
		}
	}
	if s.kind == Update || s.kind == Delete {
		if s.where == nil {
			return api.Validation(faultNoKey)
		}
	}
	if s.where != nil {
		return s.verifyWhere()
	}
	return nil
}

func (s *Statement) verifyWhere() error {
	n := s.where
	if n.op == opPath || n.op == opValue || n.op == opParam {
		return invalid("WHERE clause must contain an expression that resolves to a boolean")
	}
	return s.verifyCondition(n)
}

func (s *Statement) verifyCondition(n *node) error {
	switch n.op {
	case opAnd, opOr, opNot:
		for _, arg := range n.args {
			if arg.op == opPath || arg.op == opValue || arg.op == opParam {
				if n.op == opNot {
					return invalid("The argument to NOT must be a Type or Expression")
				}
				return invalid("The arguments to AND/OR must be Expressions")
			}
			if err := s.verifyCondition(arg); err != nil {
				return err
			}
		}
		return nil
	case opCompare:
		if (n.text == "=" || n.text == "<>") && isBoolean(n.args[0]) && n.args[1].op == opValue && n.args[1].value.Kind() == attr.Bool {
			return s.verifyCall(n.args[0])
		}
		return s.verifyOperands(n.args)
	case opBetween:
		return s.verifyOperands(n.args)
	case opIn:
		list := n.args[1]
		if list.op == opValue || list.op == opPath || list.op == opParam || list.op == opCall {
			if list.op == opValue { // x IN (1): the parentheses are of a list
				n.args[1] = &node{op: opList, args: []*node{list}, span: list.span}
				return s.verifyOperands(n.args[:1], n.args[1].args...)
			}
			return invalid(faultIn)
		}
		if len(list.args) == 0 || list.op == opMap {
			return invalid(faultIn)
		}
		return s.verifyOperands(n.args[:1], list.args...)
	case opIs:
		if name, ok := unsupportedType(n); ok {
			return invalid("Unsupported data type for IS operator: %s. Supported data types are "+
				"[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]%s", name, n.at(s.text))
		}
		switch n.args[0].op {
		case opPath:
		case opValue:
			return s.fold(n.args[0], true)
		default:
			return invalid("The left hand side argument to IS must be a Variable Reference, Literal, or Path")
		}
		return nil
	case opCall:
		if n.text == "size" {
			return invalid("Incorrect operand type for operator or function; operator or function: AND, operand type: N")
		}
		return s.verifyCall(n)
	case opArithmetic:
		return unsupportedInCondition(n)
	}
	return invalid("WHERE clause must contain an expression that resolves to a boolean")
}

const faultIn = "IN operator must have a left hand argument of type Variable Reference and right hand argument of type Seq with at least one member"

func unsupportedType(n *node) (string, bool) {
	if n.text[0] == '?' {
		return n.text[1:], true
	}
	return "", false
}

func unsupportedInCondition(n *node) error {
	return invalid("Unsupported operator in Condition Expression. Operator: %s", n.text)
}

func isBoolean(n *node) bool { return n.op == opCall && conditionArgs[n.text].boolean }

func (s *Statement) verifyCall(n *node) error {
	f, ok := conditionArgs[n.text]
	if !ok {
		return invalid("Unrecognized function: %s%s", n.text, n.at(s.text))
	}
	if len(n.args) != f.args {
		return invalid("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.text, len(n.args))
	}
	return s.verifyOperands(n.args)
}

func (s *Statement) verifyOperands(list []*node, more ...*node) error {
	for _, n := range list {
		if err := s.verifyOperand(n); err != nil {
			return err
		}
	}
	for _, n := range more {
		if err := s.verifyOperand(n); err != nil {
			return err
		}
	}
	return nil
}

func (s *Statement) verifyOperand(n *node) error {
	switch n.op {
	case opPath, opParam:
		return nil
	case opMissing:
		return invalid("MISSING must be compared using IS operator")
	case opValue, opList, opMap, opBag:
		return s.fold(n, true)
	case opCall:
		if err := s.verifyCall(n); err != nil {
			return err
		}
		if n.text != "size" {
			return invalid("Incorrect operand type for operator or function; operator or function: %s, operand type: BOOL", n.text)
		}
		return nil
	case opStar:
		return malformed(unexpectedOperator)
	}
	return unsupportedInCondition(n)
}

// fold turns a literal, or a collection of them, into a value.
func (s *Statement) fold(n *node, top bool) error {
	v, err := s.constant(n, "root", "root", top, 1)
	if err == nil {
		*n = node{op: opValue, value: v, span: n.span}
	}
	return err
}

// constant returns the value of a literal. at is where it stands in the value
// as messages about numbers have it, and key as messages about types have it.
func (s *Statement) constant(n *node, at, key string, top bool, level int) (attr.Value, error) {
	if level > maxNesting {
		return attr.Value{}, invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	switch n.op {
	case opValue:
		if n.value.Kind() == attr.Number {
			return number(n.value.Num(), at)
		}
		return n.value, nil
	case opList:
		list := make([]attr.Value, len(n.args))
		for i, arg := range n.args {
			index := strconv.Itoa(i)
			v, err := s.constant(arg, at+"["+index+"]", key+"."+index, false, level+1)
			if err != nil {
				return attr.Value{}, err
			}
			list[i] = v
		}
		return attr.L(list...), nil
	case opMap:
		m := make(attr.Item, len(n.args))
		for i, arg := range n.args {
			name, err := s.mapKey(n.keys[:i], n.keys[i], at)
			if err != nil {
				return attr.Value{}, err
			}
			v, err := s.constant(arg, at+"."+name, key+"."+name, false, level+1)
			if err != nil {
				return attr.Value{}, err
			}
			m[name] = v
		}
		return attr.M(m), nil
	case opBag:
		return s.set(n, at)
	}
	name := n.kindText()
	switch {
	case n.op == opCall, n.op == opArithmetic:
		name = n.text
	case top && n.op == opPath && len(n.path) == 1:
		name = n.path[0].name
	}
	return attr.Value{}, invalid("Unsupported data type: %s under key %s%s", name, key, n.at(s.text))
}

// mapKey returns the name that a key of a map stands for. before are the keys before it.
func (s *Statement) mapKey(before []*node, key *node, at string) (string, error) {
	if key.op != opValue || key.value.Kind() != attr.String {
		return "", invalid("Tuple keys must be of type String. Actual type: %s under %s%s", key.kindText(), at, key.at(s.text))
	}
	name := key.value.Str()
	for _, k := range before {
		if k.value.Str() == name {
			return "", invalid("Duplicate keys in tuple. Key: %s under %s%s", name, at, key.at(s.text))
		}
	}
	return name, nil
}

// set returns the set that a bag is.
func (s *Statement) set(n *node, at string) (v attr.Value, err error) {
	if len(n.args) == 0 {
		return v, invalid("Empty bags are not supported")
	}
	elems := make([]string, len(n.args))
	kind := n.args[0].value.Kind()
	for i, arg := range n.args {
		if arg.op != opValue || arg.value.Kind() != kind || kind != attr.String && kind != attr.Number {
			return v, invalid("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags")
		}
		if elems[i] = arg.value.Str(); kind == attr.Number {
			if v, err = number(arg.value.Num(), at+"["+strconv.Itoa(i)+"]"); err != nil {
				return v, err
			}
			elems[i] = v.Num()
		}
	}
	v = attr.SS(elems...)
	if kind == attr.Number {
		v = attr.NS(elems...)
	}
	if f := api.StatementParameterFault(v); f != "" {
		return v, api.Validation(f)
	}
	return v, nil
}

// number returns the number that a literal stands for, in its shortest form.
func number(text, at string) (attr.Value, error) {
	canonical, err := num.Canonical(text)
	switch {
	case err == nil:
		return attr.N(canonical), nil
	case errors.Is(err, num.ErrOverflow):
		return attr.Value{}, invalid("Number overflow. Attempting to store a number with magnitude larger than supported range under %s", at)
	case errors.Is(err, num.ErrUnderflow):
		return attr.Value{}, invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range under %s", at)
	case errors.Is(err, num.ErrPrecision):
		return attr.Value{}, invalid("Attempting to store more than 38 significant digits in a Number under %s", at)
	}
	return attr.Value{}, malformed(unreadable)
}
