package partiql

import (
	"strconv"
	"strings"

	"github.com/statordb/stator/attr"
)

// builder makes the expressions of one request: texts in which every name and
// value is a placeholder.
type builder struct {
	*Bound
	names  map[string]string
	values map[string]attr.Value
	byName map[string]string // placeholders of the names
}

// name returns the placeholder of an attribute's name, one for each name.
func (b *builder) name(s string) string {
	if placeholder, ok := b.byName[s]; ok {
		return placeholder
	}
	if b.names == nil {
		b.names, b.byName = make(map[string]string), make(map[string]string)
	}
	placeholder := "#" + strconv.Itoa(len(b.names))
	b.names[placeholder], b.byName[s] = s, placeholder
	return placeholder
}

func (b *builder) literal(v attr.Value) string {
	if b.values == nil {
		b.values = make(map[string]attr.Value)
	}
	placeholder := ":" + strconv.Itoa(len(b.values))
	b.values[placeholder] = v
	return placeholder
}

func (b *builder) path(p path) string {
	var text strings.Builder
	for i, s := range p {
		switch {
		case s.name == "":
			text.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		case i > 0:
			text.WriteByte('.')
		}
		text.WriteString(b.name(s.name))
	}
	return text.String()
}

// operand returns the text of a path, a value, or size(…).
func (b *builder) operand(n *node) string {
	if v, ok := b.value(n); ok {
		return b.literal(v)
	}
	if n.op == opPath {
		return b.path(n.path)
	}
	return b.call(n)
}

func (b *builder) call(n *node) string { return n.text + "(" + b.operands(n.args) + ")" }

func (b *builder) operands(list []*node) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = b.operand(n)
	}
	return strings.Join(texts, ", ")
}

// all returns the text of conditions that hold together, "" when there are none.
func (b *builder) all(list []*node) string {
	texts := make([]string, len(list))
	for i, n := range list {
		if texts[i] = b.condition(n); n.op == opOr && len(list) > 1 {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, " AND ")
}

// condition returns the text of a condition. Parentheses stand only where they
// are needed: an expression refuses redundant ones.
func (b *builder) condition(n *node) string {
	switch n.op {
	case opAnd:
		return b.all(conjuncts(n))
	case opOr:
		texts := make([]string, 0, len(n.args))
		for _, arg := range n.args {
			texts = append(texts, b.condition(arg))
		}
		return strings.Join(texts, " OR ")
	case opNot:
		arg := n.args[0]
		text := b.condition(arg)
		switch {
		case arg.op == opAnd || arg.op == opOr:
			text = "(" + text + ")"
		case arg.op == opIs && arg.text == "MISSING":
			return b.exists(arg.args[0], "attribute_exists")
		}
		return "NOT " + text
	case opCompare:
		if v, ok := b.value(n.args[1]); ok && isBoolean(n.args[0]) && v.Kind() == attr.Bool {
			if text := b.call(n.args[0]); v.Bool() == (n.text == "=") {
				return text
			} else {
				return "NOT " + text
			}
		}
		return b.operand(n.args[0]) + " " + n.text + " " + b.operand(n.args[1])
	case opBetween:
		return b.operand(n.args[0]) + " BETWEEN " + b.operand(n.args[1]) + " AND " + b.operand(n.args[2])
	case opIn:
		return b.operand(n.args[0]) + " IN (" + b.operands(n.args[1].args) + ")"
	case opIs:
		if n.text == "MISSING" {
			return b.exists(n.args[0], "attribute_not_exists")
		}
		return "attribute_type(" + b.operand(n.args[0]) + ", " + b.literal(attr.S(n.text)) + ")"
	}
	return b.call(n)
}

func (b *builder) exists(n *node, function string) string { return function + "(" + b.operand(n) + ")" }

// conjuncts returns the conditions that n joins by AND, or n alone.
func conjuncts(n *node) []*node {
	if n == nil {
		return nil
	}
	if n.op != opAnd {
		return []*node{n}
	}
	var list []*node
	for _, arg := range n.args {
		list = append(list, conjuncts(arg)...)
	}
	return list
}
