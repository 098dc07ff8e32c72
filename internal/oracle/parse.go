package oracle

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
)

// node is a part of an expression.
type node struct {
	kind nodeKind
	op   string // of an operator or function, as it stands
	args []*node
	path []step // of a path

	raw   string     // of a value: ":v"
	value attr.Value // after bind
}

type nodeKind int

const (
	nodePath nodeKind = iota
	nodeValue
	nodeFunction
	nodeCompare // = <> < <= > >= BETWEEN IN
	nodeLogic   // AND OR NOT
	nodeArith   // + -
	nodeParen
)

// step is one element of a document path.
type step struct {
	raw   string // "name" or "#name", empty for an index
	name  string // after bind
	index int
	list  bool
}

// fault is an error of an expression's text, yet without the expression's name.
type fault string

func (f fault) Error() string { return string(f) }

//go:embed reserved.txt
var reservedText string

func isReserved(name string) bool {
	for _, w := range strings.Fields(reservedText) {
		if strings.EqualFold(w, name) {
			return true
		}
	}
	return false
}

func newWords(text string) (*words, error) {
	if text == "" {
		return nil, fault("The expression can not be empty;")
	}
	if len(text) > 4096 {
		return nil, fault(fmt.Sprintf("Expression size has exceeded the maximum allowed size; expression size: %d", len(text)))
	}
	return &words{source: text, tokens: lex(text)}, nil
}

// parseCondition parses a condition, filter or key condition.
func parseCondition(text string) (*node, error) {
	w, err := newWords(text)
	if err != nil {
		return nil, err
	}
	n, err := w.or()
	if err != nil {
		return nil, err
	}
	if w.peek().kind != tokenEnd || !n.canBeCondition() {
		return nil, w.unexpected()
	}
	return n, nil
}

const errDoubled = fault("The expression has redundant parentheses;")

// closed is n in the parentheses that end here. Parentheses directly in
// parentheses are refused at once, before anything that follows; those around an operand
// when an operator follows, for they are a fault of syntax otherwise.
func (w *words) closed(n *node) (*node, error) {
	if err := w.expect(")"); err != nil {
		return nil, err
	}
	if n.kind == nodeParen && !n.onlyOperand() {
		return nil, errDoubled
	}
	return &node{kind: nodeParen, args: []*node{n}}, nil
}

// bare returns what stands in the parentheses.
func (n *node) bare() *node {
	for n.kind == nodeParen {
		n = n.args[0]
	}
	return n
}

// canBeCondition and canBeOperand: a function can be either, as far as the grammar goes.
func (n *node) canBeCondition() bool {
	k := n.bare().kind
	return k == nodeCompare || k == nodeLogic || k == nodeFunction
}

// onlyOperand reports whether n is a path or a value, which is no condition.
func (n *node) onlyOperand() bool { return n.canBeOperand() && !n.canBeCondition() }

func (n *node) canBeOperand() bool {
	k := n.bare().kind
	return k == nodePath || k == nodeValue || k == nodeFunction
}

func (w *words) or() (*node, error)  { return w.joined("OR", w.and) }
func (w *words) and() (*node, error) { return w.joined("AND", w.not) }

func (w *words) joined(op string, part func() (*node, error)) (*node, error) {
	left, err := part()
	if err != nil {
		return nil, err
	}
	for w.is(op) {
		if !left.canBeCondition() {
			return nil, w.unexpected()
		}
		w.next()
		right, err := part()
		if err != nil {
			return nil, err
		}
		if !right.canBeCondition() {
			return nil, w.unexpected()
		}
		left = &node{kind: nodeLogic, op: op, args: []*node{left, right}}
	}
	return left, nil
}

func (w *words) not() (*node, error) {
	if !w.accept("NOT") {
		return w.comparison()
	}
	n, err := w.not()
	if err != nil {
		return nil, err
	}
	if !n.canBeCondition() {
		return nil, w.unexpected()
	}
	return &node{kind: nodeLogic, op: "NOT", args: []*node{n}}, nil
}

func (w *words) comparison() (*node, error) {
	left, err := w.primary()
	if err != nil || !left.canBeOperand() {
		return left, err
	}
	operators := []string{"=", "<>", "<", "<=", ">", ">="}
	if left.kind == nodeParen && left.args[0].kind == nodeParen && slices.ContainsFunc(append(operators, "BETWEEN", "IN"), w.is) {
		return nil, errDoubled
	}
	for _, op := range operators {
		if w.accept(op) {
			right, err := w.operand()
			return &node{kind: nodeCompare, op: op, args: []*node{left, right}}, err
		}
	}
	switch {
	case w.accept("BETWEEN"):
		lo, err := w.operand()
		if err != nil {
			return nil, err
		}
		if err := w.expect("AND"); err != nil {
			return nil, err
		}
		hi, err := w.operand()
		return &node{kind: nodeCompare, op: "BETWEEN", args: []*node{left, lo, hi}}, err
	case w.accept("IN"):
		if err := w.expect("("); err != nil {
			return nil, err
		}
		list, err := w.list()
		return &node{kind: nodeCompare, op: "IN", args: append([]*node{left}, list...)}, err
	}
	return left, nil
}

// primary is an operand, or a condition in parentheses.
func (w *words) primary() (*node, error) {
	if !w.accept("(") {
		return w.operand()
	}
	n, err := w.or()
	if err != nil {
		return nil, err
	}
	return w.closed(n)
}

// operand is a path, a value, a function, or one of them in parentheses.
func (w *words) operand() (*node, error) {
	if w.accept("(") {
		n, err := w.operand()
		if err != nil {
			return nil, err
		}
		closed, err := w.closed(n)
		if err == nil && n.kind == nodeParen {
			err = errDoubled
		}
		return closed, err
	}
	switch t := w.peek(); t.kind {
	case tokenValue:
		w.next()
		return &node{kind: nodeValue, raw: t.text}, nil
	case tokenName:
		w.next()
		if w.accept("(") {
			args, err := w.list()
			return &node{kind: nodeFunction, op: t.text, args: args}, err
		}
		w.at--
		fallthrough
	case tokenHash:
		path, err := w.path()
		return &node{kind: nodePath, path: path}, err
	}
	return nil, w.unexpected()
}

// list is one or more operands and the closing parenthesis.
func (w *words) list() ([]*node, error) {
	var out []*node
	for {
		n, err := w.operand()
		if err != nil {
			return nil, err
		}
		out = append(out, n)
		if w.accept(")") {
			return out, nil
		}
		if err := w.expect(","); err != nil {
			return nil, err
		}
	}
}

func (w *words) path() ([]step, error) {
	var out []step
	for {
		t := w.peek()
		// The grammar lets a :value stand after a point; it is looked up among the names.
		if t.kind != tokenName && t.kind != tokenHash && (t.kind != tokenValue || out == nil) {
			return nil, w.unexpected()
		}
		w.next()
		out = append(out, step{raw: t.text, name: t.text})
		for w.accept("[") {
			t := w.peek()
			if t.kind != tokenNumber {
				return nil, w.unexpected()
			}
			w.next()
			s := step{list: true, index: -1, name: "[" + t.text + "]"}
			if len(t.text) <= 9 {
				fmt.Sscan(t.text, &s.index)
			}
			out = append(out, s)
			if err := w.expect("]"); err != nil {
				return nil, err
			}
		}
		if !w.accept(".") {
			return out, nil
		}
	}
}

// parseProjection parses a projection's paths.
func parseProjection(text string) ([][]step, error) {
	w, err := newWords(text)
	if err != nil {
		return nil, err
	}
	var out [][]step
	for {
		p, err := w.path()
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		if w.peek().kind == tokenEnd {
			break
		}
		if err := w.expect(","); err != nil {
			return nil, err
		}
	}
	for _, p := range out {
		if err := checkNames(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkNames refuses reserved words and indexes out of range.
func checkNames(path []step) error {
	for _, s := range path {
		switch {
		case s.list && s.index < 0:
			return fault("List index is not within the allowable range; index: " + s.name)
		case !s.list && s.raw[0] != '#' && isReserved(s.raw):
			return fault("Attribute name is a reserved keyword; reserved keyword: " + s.raw)
		}
	}
	return nil
}
