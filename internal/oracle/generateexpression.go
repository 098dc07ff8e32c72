package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
)

// writer writes the expressions of one request, with their names and values.
type writer struct {
	*generator
	t      *plan
	names  map[string]string
	values map[string]attr.Value
}

func (g *generator) writer(t *plan) *writer { return &writer{generator: g, t: t} }

// name returns a name as it stands or behind a placeholder.
func (w *writer) name(n string) string {
	if n != "name" && !w.one(3) {
		return n
	}
	if n == "name" && w.one(10) {
		return n // a reserved word
	}
	for k, v := range w.names {
		if v == n {
			return k
		}
	}
	k := fmt.Sprintf("#n%d", len(w.names))
	if w.names == nil {
		w.names = map[string]string{}
	}
	if !w.one(300) { // else it is not defined
		w.names[k] = n
	}
	return k
}

func (w *writer) value(v attr.Value) string {
	k := fmt.Sprintf(":v%d", len(w.values))
	if w.values == nil {
		w.values = map[string]attr.Value{}
	}
	if !w.one(300) {
		w.values[k] = v
	}
	return k
}

// path returns a document path below the attribute top.
func (w *writer) path(top string) string {
	p := w.name(top)
	for (top == "m" || top == "l" || w.one(20)) && w.one(2) {
		if top == "l" && !w.one(5) || w.one(4) {
			p += fmt.Sprintf("[%d]", w.r.IntN(4))
		} else {
			p += "." + w.name(choose(w.generator, "x", "y", "z", "n"))
		}
		top = choose(w.generator, "m", "l", "")
	}
	return p
}

// attributeName returns the name of an attribute that items have, or may have.
func (w *writer) attributeName() string {
	if w.one(30) {
		return choose(w.generator, "none", "name", "pk")
	}
	return choose(w.generator, "a", "b", "c", "d", "m", "m", "l", "l", "n", "s", "t")
}

func (w *writer) operand(suits string) string {
	switch w.r.IntN(8) {
	case 0:
		return w.path(w.attributeName())
	case 1:
		if w.one(2) {
			return "size(" + w.path(w.attributeName()) + ")"
		}
		return w.value(w.generator.value(2))
	}
	return w.value(w.attribute(w.t, suits))
}

// condition returns a condition of some depth.
func (w *writer) condition(depth int) string {
	if depth > 0 && w.one(2) {
		switch w.r.IntN(4) {
		case 0:
			return "NOT " + w.condition(depth-1)
		case 1:
			return "(" + w.condition(depth-1) + ")"
		}
		return w.condition(depth-1) + choose(w.generator, " AND ", " OR ", " and ") + w.condition(depth-1)
	}
	n := w.attributeName()
	p := w.path(n)
	switch w.r.IntN(12) {
	case 0, 1:
		return "attribute_exists(" + p + ")"
	case 2:
		return "attribute_not_exists(" + p + ")"
	case 3:
		return "attribute_type(" + p + ", " + w.value(attr.S(choose(w.generator, "S", "N", "L", "M", "SS", "BOOL", "NULL", "B"))) + ")"
	case 4:
		return "begins_with(" + p + ", " + w.value(choose(w.generator, attr.S("a"), attr.B([]byte("a")), attr.S(""))) + ")"
	case 5:
		return "contains(" + p + ", " + w.operand("s") + ")"
	case 6:
		lo, hi := w.keyValue(attr.Number), w.keyValue(attr.Number)
		if order, _ := attr.Compare(lo, hi); order > 0 && !w.one(20) {
			lo, hi = hi, lo
		}
		return p + " BETWEEN " + w.value(lo) + " AND " + w.value(hi)
	case 7:
		var list []string
		for range 1 + w.r.IntN(3) {
			list = append(list, w.operand(n))
		}
		return p + " IN (" + strings.Join(list, ", ") + ")"
	case 8:
		return "size(" + p + ") " + w.comparator() + " " + w.value(attr.Int(w.r.IntN(4)))
	}
	if w.one(6) {
		return w.operand(n) + " " + w.comparator() + " " + p
	}
	return p + " " + w.comparator() + " " + w.operand(n)
}

func (w *writer) comparator() string {
	return choose(w.generator, "=", "=", "<>", "<", "<=", ">", ">=")
}

// update returns an update expression.
func (w *writer) update() string {
	tops := few(w.generator, 1+w.r.IntN(4), "a", "b", "c", "d", "m", "l", "n", "s", "t", "big", "exp")
	sections := map[string][]string{}
	for _, n := range tops {
		p := w.path(n)
		section := choose(w.generator, "SET", "SET", "SET", "REMOVE", "ADD", "DELETE")
		if n == "n" && w.one(2) {
			section = "ADD"
		}
		if n == "t" && w.one(2) {
			section = choose(w.generator, "ADD", "DELETE")
		}
		switch section {
		case "SET":
			p += " = " + w.right(n)
		case "ADD", "DELETE":
			v := w.set()
			if section == "ADD" && n != "t" && w.one(2) {
				v = attr.N(w.number())
			}
			if w.one(40) {
				v = w.generator.value(1)
			}
			p += " " + w.value(v)
		}
		sections[section] = append(sections[section], p)
		if (n == "m" || n == "l") && w.one(3) && section == "REMOVE" { // a second path, which may overlap
			sections[section] = append(sections[section], w.path(n))
		}
	}
	if w.one(300) {
		sections["SET"] = append(sections["SET"], "pk = "+w.value(attr.S("a")))
	}
	var parts []string
	for _, s := range few(w.generator, 4, "SET", "REMOVE", "ADD", "DELETE") {
		if len(sections[s]) > 0 {
			parts = append(parts, choose(w.generator, s, s, strings.ToLower(s))+" "+strings.Join(sections[s], ", "))
		}
	}
	return strings.Join(parts, " ")
}

// right returns the right side of SET.
func (w *writer) right(n string) string {
	switch w.r.IntN(10) {
	case 0:
		return w.path(w.attributeName())
	case 1:
		return "if_not_exists(" + w.path(w.attributeName()) + ", " + w.operandOfSet(n) + ")"
	case 2:
		return "list_append(" + choose(w.generator, w.path("l"), "if_not_exists("+w.path("l")+", "+w.value(attr.L())+")") + ", " + w.value(attr.L(w.generator.values(1)...)) + ")"
	case 3:
		return w.path("n") + choose(w.generator, " + ", " - ", "+") + w.value(attr.N(w.number()))
	case 4:
		return "if_not_exists(" + w.path("n") + ", " + w.value(attr.N("0")) + ") + " + w.value(attr.N(choose(w.generator, "1", "-1", "0.1")))
	}
	return w.value(w.attribute(w.t, n))
}

func (w *writer) operandOfSet(n string) string {
	if w.one(4) {
		return w.path(w.attributeName())
	}
	return w.value(w.attribute(w.t, n))
}

// projection returns a projection of a few paths.
func (w *writer) projection() string {
	var parts []string
	for _, n := range few(w.generator, 1+w.r.IntN(4), slices.Concat(keyAttributes[:], documentAttributes[:])...) {
		parts = append(parts, w.path(n))
	}
	if w.one(6) {
		parts = append(parts, w.name("l")+fmt.Sprintf("[%d]", w.r.IntN(4)))
	}
	return strings.Join(parts, ", ")
}

// spoil now and then breaks a text, or leaves a name or value unused.
func (w *writer) spoil(text string) *string {
	if w.one(250) {
		if w.values == nil {
			w.values = map[string]attr.Value{}
		}
		w.values[":unused"] = attr.S("x")
	}
	if !w.one(150) {
		return &text
	}
	tokens := lex(text)
	at := w.r.IntN(len(tokens))
	t := tokens[at]
	switch w.r.IntN(4) {
	case 0: // without a token
		text = text[:t.start] + text[t.end:]
	case 1: // with one too many
		text = text[:t.start] + choose(w.generator, "(", ")", ",", "=", "AND", "x", "SET", "!", "5", "[", "#", "'") + " " + text[t.start:]
	case 2: // a word replaced
		text = text[:t.start] + choose(w.generator, "name", "foo(a)", "size(a)", ":nowhere", "#nowhere", "NOT", "<>", "data") + text[t.end:]
	case 3:
		text = choose(w.generator, "", " ", "((a = b))", "a", "a = a", "attribute_exists(:v0)", text+" ")
	}
	return &text
}
