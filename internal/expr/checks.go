package expr

import (
	"fmt"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// checker walks a bound condition or right side of SET in order of evaluation,
// operands before their operator, and stops at the first fault.
type checker struct {
	*bound
	operators int
}

// path checks the names of a path.
func (b *bound) checkPath(p *path) *fault {
	for i := range p.steps {
		if s := &p.steps[i]; s.ref >= 0 && b.names[s.ref] == "" {
			return faultf("An expression attribute name used in the document path is not defined; attribute name: %s", b.tree.names[s.ref])
		}
	}
	if len(p.steps) > maxDepth {
		return faultf("The document path has too many nesting levels; nesting levels: %d", len(p.steps))
	}
	return nil
}

func (b *bound) checkValue(i int) *fault {
	if b.values[i].missing {
		return faultf("An expression attribute value used in expression is not defined; attribute value: %s", b.tree.values[i])
	}
	return nil
}

// check checks n and what is below it.
func (c *checker) check(n *node) *fault {
	switch n.op {
	case opPath:
		return c.checkPath(n.path)
	case opValue:
		return c.checkValue(n.value)
	}
	for i, arg := range n.args {
		if f := c.check(arg); f != nil {
			return f
		}
		if i > 0 && (n.op == opAnd || n.op == opOr) { // a chain is one operator a term
			if f := c.count(); f != nil {
				return f
			}
		}
	}
	if n.op == opAnd || n.op == opOr {
		return nil
	}
	if f := c.count(); f != nil {
		return f
	}
	switch n.op {
	case opNot:
		return nil
	case opCall:
		if want := functions[n.fn].operands; len(n.args) != want {
			return faultf("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d",
				n.name, len(n.args))
		}
	}
	if n.op == opBetween { // the one operator whose types come first
		if f := c.allow(n, n.args, attr.Kind.IsScalar); f != nil {
			return f
		}
	}
	if n.fn != fnListAppend && n.op != opPlus && n.op != opMinus {
		if f := c.checkDistinct(n); f != nil {
			return f
		}
	}
	return c.checkTypes(n)
}

func (c *checker) count() *fault {
	c.operators++
	if c.operators > maxOperators {
		return faultf("The expression contains too many operators; operator count: %d", c.operators)
	}
	return nil
}

// checkDistinct refuses a first operand that is a path and stands again among
// the others.
func (c *checker) checkDistinct(n *node) *fault {
	first := n.args[0]
	if first.op != opPath {
		return nil
	}
	for _, arg := range n.args[1:] {
		if arg.op == opPath && c.same(first.path, arg.path) {
			return faultf("The first operand must be distinct from the remaining operands for this operator or function; "+
				"operator: %s, first operand: %s", c.text(n), c.format(first.path))
		}
	}
	return nil
}

func (c *checker) text(n *node) string {
	if n.op == opCall {
		return n.name
	}
	return operatorTexts[n.op]
}

// kind returns the type that an operand has for certain: that of a value,
// and N for size. Invalid when only the item can tell.
func (b *bound) kind(n *node) attr.Kind {
	switch {
	case n.op == opValue:
		return b.values[n.value].attr.Kind()
	case n.op == opCall && n.fn == fnSize:
		return attr.Number
	}
	return attr.Invalid
}

// checkTypes checks the operands whose types are certain.
func (c *checker) checkTypes(n *node) *fault {
	switch n.op {
	case opLess, opLessOrEqual, opGreater, opGreaterOrEqual:
		return c.allow(n, n.args, attr.Kind.IsScalar)
	case opBetween:
		return c.checkBounds(n.args[1], n.args[2])
	case opIn:
		if len(n.args)-1 > maxIn {
			return faultf("The IN operator is provided with too many operands; number of operands: %d", len(n.args)-1)
		}
	case opPlus, opMinus:
		return c.allow(n, n.args, func(k attr.Kind) bool { return k == attr.Number })
	case opCall:
		return c.checkCall(n)
	}
	return nil
}

// maxIn is how many operands IN can have.
const maxIn = 100

func (c *checker) checkCall(n *node) *fault {
	switch n.fn {
	case fnAttributeExists, fnAttributeNotExists, fnIfNotExists:
		if n.args[0].op != opPath {
			return faultf("Operator or function requires a document path; operator or function: %s", n.name)
		}
	case fnSize:
		return c.allow(n, n.args, hasSize)
	case fnBeginsWith:
		return c.allow(n, n.args, func(k attr.Kind) bool { return k == attr.String || k == attr.Binary })
	case fnListAppend:
		return c.allow(n, n.args, func(k attr.Kind) bool { return k == attr.List })
	case fnAttributeType:
		k := c.kind(n.args[1])
		if k == attr.Invalid {
			return faultf("Incorrect operand type for operator or function; operator or function: %s, operand type: %s",
				n.name, "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
		}
		if k != attr.String {
			return incorrectType(n.name, k)
		}
		if name := c.values[n.args[1].value].attr.Str(); kindNamed(name) == attr.Invalid {
			return faultf("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", name)
		}
	}
	return nil
}

func hasSize(k attr.Kind) bool { return k != attr.Number && k != attr.Bool && k != attr.Null }

// allow refuses operands of a type that is certain and not allowed.
func (c *checker) allow(n *node, operands []*node, ok func(attr.Kind) bool) *fault {
	for _, arg := range operands {
		if k := c.kind(arg); k != attr.Invalid && !ok(k) {
			return incorrectType(c.text(n), k)
		}
	}
	return nil
}

func incorrectType(operator string, k attr.Kind) *fault {
	return faultf("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", operator, k)
}

// checkBounds checks the bounds of BETWEEN when both are values.
func (c *checker) checkBounds(low, high *node) *fault {
	if low.op != opValue || high.op != opValue {
		return nil
	}
	l, h := &c.values[low.value], &c.values[high.value]
	problem := ""
	if l.stored.Kind() != h.stored.Kind() {
		problem = "same data type for lower and upper bounds"
	} else if compare(l.stored, h.stored) > 0 {
		problem = "upper bound to be greater than or equal to lower bound"
	} else {
		return nil
	}
	return faultf("The BETWEEN operator requires %s; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s",
		problem, describe(l.stored), describe(h.stored))
}

// describe returns a scalar as messages show it: {N:1}, and a binary as Java
// prints a buffer.
func describe(v itemcodec.Value) string {
	text := string(v.Bytes())
	if v.Kind() == attr.Binary {
		text = fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%[1]d cap=%[1]d]", v.Len())
	}
	return "{" + v.Kind().String() + ":" + text + "}"
}

// kindNamed returns the type with a name as attribute_type takes it.
func kindNamed(name string) attr.Kind {
	for k := attr.String; k <= attr.BinarySet; k++ {
		if k.String() == name {
			return k
		}
	}
	return attr.Invalid
}
