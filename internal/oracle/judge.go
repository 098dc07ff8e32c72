package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
)

// bindings are the names and values of a request, and which of them its expressions use.
type bindings struct {
	names      map[string]string
	values     map[string]attr.Value
	usedNames  map[string]bool
	usedValues map[string]bool
}

func newBindings(names map[string]string, values map[string]attr.Value) *bindings {
	return &bindings{names: names, values: values, usedNames: map[string]bool{}, usedValues: map[string]bool{}}
}

// unused reports names and values that no expression used.
func (b *bindings) unused() error {
	var names, values []string
	for n := range b.names {
		if !b.usedNames[n] {
			names = append(names, n)
		}
	}
	for v := range b.values {
		if !b.usedValues[v] {
			values = append(values, v)
		}
	}
	slices.Sort(names)
	slices.Sort(values)
	if len(names) > 0 {
		return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", strings.Join(names, ", "))
	}
	if len(values) > 0 {
		return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", strings.Join(values, ", "))
	}
	return nil
}

func (b *bindings) path(path []step) error {
	for i := range path {
		s := &path[i]
		if s.list || s.raw[0] != '#' && s.raw[0] != ':' {
			continue
		}
		name, ok := b.names[s.raw]
		if !ok {
			return fault("An expression attribute name used in the document path is not defined; attribute name: " + s.raw)
		}
		b.usedNames[s.raw] = true
		s.name = name
	}
	if len(path) > 32 {
		return fault(fmt.Sprintf("The document path has too many nesting levels; nesting levels: %d", len(path)))
	}
	return nil
}

func (b *bindings) bindValue(n *node) error {
	v, ok := b.values[n.raw]
	if !ok {
		return fault("An expression attribute value used in expression is not defined; attribute value: " + n.raw)
	}
	b.usedValues[n.raw] = true
	n.value = canonicalValue(v)
	return nil
}

// functionOperands is how many operands each function takes; the last two belong to updates.
func functionOperands(name string) (operands int, update, condition bool) {
	switch name {
	case "attribute_exists", "attribute_not_exists":
		return 1, false, true
	case "begins_with", "contains", "attribute_type":
		return 2, false, true
	case "size":
		return 1, false, true
	case "if_not_exists", "list_append":
		return 2, true, false
	}
	return 0, false, false
}

// checkWords is the first walk, in the order of the text: reserved words, and
// functions that do not exist or stand in the wrong place.
func (n *node) checkWords(update bool, asOperand bool, inside string) error {
	switch n.kind {
	case nodePath:
		return checkNames(n.path)
	case nodeParen:
		return n.args[0].checkWords(update, asOperand, inside)
	case nodeFunction:
		operands, inUpdate, inCondition := functionOperands(n.op)
		misused := !update && (n.op == "size") != asOperand ||
			update && n.op == "list_append" && inside != "" // size is no condition, the others are nothing else
		switch {
		case operands == 0:
			return fault("Invalid function name; function: " + n.op)
		case update && !inUpdate:
			return fault("The function is not allowed in an update expression; function: " + n.op)
		case !update && !inCondition:
			return fault("The function is not allowed in a condition expression; function: " + n.op)
		case misused:
			return fault("The function is not allowed to be used this way in an expression; function: " + n.op)
		}
	}
	for _, a := range n.args {
		within := n.op
		// attribute_exists(size(a)) is found out later, with the operands.
		if err := a.checkWords(update, n.kind != nodeLogic, within); err != nil {
			return err
		}
	}
	return nil
}

// judge is the second walk: operands first, then their operator.
func (b *bindings) judge(n *node) error {
	switch n.kind {
	case nodePath:
		return b.path(n.path)
	case nodeValue:
		return b.bindValue(n)
	}
	for _, a := range n.args {
		if err := b.judge(a); err != nil {
			return err
		}
	}
	args := make([]*node, len(n.args))
	for i, a := range n.args {
		args[i] = a.bare()
	}
	switch n.kind {
	case nodeFunction:
		if want, _, _ := functionOperands(n.op); len(args) != want {
			return fault(fmt.Sprintf("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.op, len(args)))
		}
		switch n.op {
		case "begins_with", "contains", "attribute_type", "if_not_exists":
			if err := distinct(n.op, args); err != nil {
				return err
			}
		}
		return judgeFunction(n.op, args)
	case nodeArith:
		return onlyKinds(n.op, args, attr.Number)
	case nodeCompare:
		if err := distinct(n.op, args); err != nil {
			return err
		}
		switch n.op {
		case "=", "<>":
		case "IN":
			if len(args) > 101 {
				return fault(fmt.Sprintf("The IN operator is provided with too many operands; number of operands: %d", len(args)-1))
			}
		case "BETWEEN":
			if err := onlyKinds(n.op, args, attr.String, attr.Number, attr.Binary); err != nil {
				return err
			}
			return bounds(args[1], args[2])
		default:
			return onlyKinds(n.op, args, attr.String, attr.Number, attr.Binary)
		}
	}
	return nil
}

func judgeFunction(name string, args []*node) error {
	switch name {
	case "attribute_exists", "attribute_not_exists", "if_not_exists":
		if args[0].kind != nodePath {
			return fault("Operator or function requires a document path; operator or function: " + name)
		}
	case "size":
		return onlyKinds(name, args, attr.String, attr.Binary, attr.List, attr.Map, attr.StringSet, attr.NumberSet, attr.BinarySet)
	case "begins_with":
		return onlyKinds(name, args, attr.String, attr.Binary)
	case "list_append":
		return onlyKinds(name, args, attr.List)
	case "attribute_type":
		if args[1].kind == nodePath {
			return fault("Incorrect operand type for operator or function; operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
		}
		if err := onlyKinds(name, args[1:], attr.String); err != nil {
			return err
		}
		switch t := args[1].value.Str(); t {
		case "S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M":
		default:
			return fault("Invalid attribute type name found; type: " + t + ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}")
		}
	}
	return nil
}

// onlyKinds refuses operands whose type is certain and another.
func onlyKinds(op string, args []*node, kinds ...attr.Kind) error {
	for _, a := range args {
		k := attr.Invalid
		switch {
		case a.kind == nodeValue:
			k = a.value.Kind()
		case a.kind == nodeFunction && a.op == "size":
			k = attr.Number
		}
		if k != attr.Invalid && !slices.Contains(kinds, k) {
			return fault("Incorrect operand type for operator or function; operator or function: " + op + ", operand type: " + k.String())
		}
	}
	return nil
}

// distinct refuses a path as the first operand that stands among the others again.
func distinct(op string, args []*node) error {
	for _, a := range args[1:] {
		if args[0].kind == nodePath && a.kind == nodePath && pathText(a.path) == pathText(args[0].path) {
			return fault("The first operand must be distinct from the remaining operands for this operator or function; operator: " +
				op + ", first operand: " + pathText(a.path))
		}
	}
	return nil
}

// pathText returns a path as messages show it: [a, b, [0]].
func pathText(path []step) string {
	var parts []string
	for _, s := range path {
		parts = append(parts, s.name)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func bounds(lo, hi *node) error {
	if lo.kind != nodeValue || hi.kind != nodeValue {
		return nil
	}
	rule := ""
	if order, ok := attr.Compare(lo.value, hi.value); !ok {
		rule = "same data type for lower and upper bounds"
	} else if order > 0 {
		rule = "upper bound to be greater than or equal to lower bound"
	} else {
		return nil
	}
	return fault(fmt.Sprintf("The BETWEEN operator requires %s; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s",
		rule, javaValue(lo.value), javaValue(hi.value)))
}

// javaValue shows a scalar as messages do: {N:1}.
func javaValue(v attr.Value) string {
	switch v.Kind() {
	case attr.Number:
		return "{N:" + v.Num() + "}"
	case attr.Binary:
		return fmt.Sprintf("{B:java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]}", v.Len(), v.Len())
	}
	return "{S:" + v.Str() + "}"
}

// operators counts what the limit of 300 is about.
func (n *node) operators() int {
	count := 0
	switch n.kind {
	case nodeLogic, nodeCompare, nodeFunction, nodeArith:
		count = 1
	}
	for _, a := range n.args {
		count += a.operators()
	}
	return count
}

// paths binds the paths of one expression, and refuses two of which one lies
// in the other and two that take one place for a list and for a map. DynamoDB
// goes from the last path to the first: where there are several faults that shows.
func (b *bindings) paths(paths [][]step) error {
	for i, p := range slices.Backward(paths) {
		if err := b.path(p); err != nil {
			return err
		}
		for _, q := range paths[i+1:] {
			if rule := clash(p, q); rule != "" {
				return fault(fmt.Sprintf("Two document paths %s with each other; must remove or rewrite one of these paths; path one: %s, path two: %s",
					rule, pathText(p), pathText(q)))
			}
		}
	}
	return nil
}

func clash(a, b []step) string {
	k := 0
	for k < len(a) && k < len(b) && a[k].list == b[k].list && a[k].name == b[k].name {
		k++
	}
	switch {
	case k == len(a) || k == len(b):
		return "overlap"
	case a[k].list != b[k].list:
		return "conflict"
	}
	return ""
}

// condition parses and judges a condition; label is the expression's name.
func (b *bindings) condition(label string, text *string) (*node, error) {
	if text == nil {
		return nil, nil
	}
	n, err := parseCondition(*text)
	if err == nil {
		err = n.checkWords(false, false, "")
	}
	if err == nil {
		err = b.judge(n)
	}
	if err == nil && n.operators() > 300 {
		err = fault("The expression contains too many operators; operator count: 301")
	}
	return n, labelled(label, err)
}

// projection parses and judges a projection. No text is no projection.
func (b *bindings) projection(text *string) ([][]step, error) {
	if text == nil {
		return nil, nil
	}
	paths, err := parseProjection(*text)
	if err == nil {
		err = b.paths(paths)
	}
	return paths, labelled("ProjectionExpression", err)
}

func labelled(label string, err error) error {
	if err == nil {
		return nil
	}
	return invalid("Invalid %s: %s", label, err)
}
