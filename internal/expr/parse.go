package expr

import (
	"strconv"
	"strings"
)

// maxText is the largest expression, in bytes.
const maxText = 4096

// parse returns the tree of a text of kind k. Whatever is wrong with it by
// itself is found here, in this order: its size, then syntax and redundant
// parentheses, then what verify looks for, each from left to right.
func parse(k kind, text string) (*tree, *fault) {
	if text == "" {
		return nil, faultf("The expression can not be empty;")
	}
	if len(text) > maxText {
		return nil, faultf("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	text = strings.Clone(text) // the caller's may be a part of something large
	p := &parser{lexer: lexer{text: text}, tree: &tree{kind: k, text: text}}
	p.run(k)
	if p.err == nil {
		p.err = verify(p.tree)
	}
	if p.err != nil {
		return nil, p.err
	}
	p.tree.size = len(text) + p.cost
	return p.tree, nil
}

// parser is a recursive descent over the tokens. Its depth is bounded by the
// size of the text: at worst 4,096 parentheses, a few hundred bytes of stack each.
//
// After the first error p.err is set, the current token stays where it is, and
// what the methods return is of no meaning.
type parser struct {
	lexer
	tree      *tree
	tok       token // the current one
	prev      token // the one before it
	any       bool  // prev is set
	redundant bool  // parentheses directly around parentheses
	undecided bool  // inside what may be a condition or an operand of one
	cost      int   // bytes of the nodes and steps made
	err       *fault
}

func (p *parser) run(k kind) {
	p.tok = p.next(0)
	switch k {
	case condition:
		p.tree.root = p.disjunction(false)
	case projection:
		p.tree.paths = append(p.tree.paths, p.path())
		for p.accept(tokenComma) {
			p.tree.paths = append(p.tree.paths, p.path())
		}
	case update:
		p.sections()
	}
	p.expect(tokenEOF)
}

func (p *parser) advance() {
	p.prev, p.any = p.tok, true
	p.tok = p.next(p.tok.end)
}

// accept passes over the current token when it is of the kind.
func (p *parser) accept(kind tokenKind) bool {
	if p.err != nil || p.tok.kind != kind {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(kind tokenKind) {
	if p.err != nil {
		return
	}
	if p.tok.kind != kind {
		p.unexpected()
	} else if kind != tokenEOF {
		p.advance()
	}
}

// unexpected reports the current token. DynamoDB shows the text from the token
// before it to the token after it, blanks between them included.
func (p *parser) unexpected() {
	if p.err != nil {
		return
	}
	start := 0
	if p.any {
		start = p.prev.start
	}
	found := "<EOF>"
	if p.tok.kind != tokenEOF {
		found = p.textOf(p.tok)
	}
	p.err = faultf(`Syntax error; token: "%s", near: "%s"`, found, p.text[start:p.next(p.tok.end).end])
}

func (p *parser) textOf(t token) string { return p.text[t.start:t.end] }

func (p *parser) node(n node) *node {
	p.cost += 96
	return &n
}

// wrap marks what stood in parentheses, and refuses a second pair. While it is
// open whether the parentheses hold a condition or an operand of one, syntax
// comes first, and the fault waits for decide.
func (p *parser) wrap(n *node) *node {
	if p.err == nil {
		n.parens++
		p.redundant = p.redundant || n.parens > 1
		if !p.undecided {
			p.decide()
		}
	}
	return n
}

func (p *parser) decide() {
	p.undecided = false
	if p.redundant && p.err == nil {
		p.err = faultf("The expression has redundant parentheses;")
	}
}

// disjunction reads a condition. In parentheses it may turn out to be an
// operand, "(a) = :v": only what follows the closing one tells.
func (p *parser) disjunction(inParens bool) *node {
	return p.chain(tokenOr, opOr, inParens, func() *node {
		return p.chain(tokenAnd, opAnd, inParens, func() *node { return p.negation(inParens) })
	})
}

// chain reads terms joined by one word.
func (p *parser) chain(word tokenKind, op operator, inParens bool, term func() *node) *node {
	first := term()
	if p.err != nil || p.tok.kind != word || (inParens && first.isOperand()) {
		return first
	}
	n := p.node(node{op: op, args: []*node{first}})
	for p.accept(word) {
		// Past the first term an operand is no condition, parentheses or not.
		next := p.term(op)
		n.args = append(n.args, next)
	}
	return n
}

// term reads a term of AND or OR that is not the first.
func (p *parser) term(op operator) *node {
	if op == opAnd {
		return p.negation(false)
	}
	return p.chain(tokenAnd, opAnd, false, func() *node { return p.negation(false) })
}

func (p *parser) negation(inParens bool) *node {
	if !p.accept(tokenNot) {
		return p.predicate(inParens)
	}
	n := p.node(node{op: opNot})
	n.args = []*node{p.negation(false)}
	return n
}

var comparators = [...]operator{
	tokenEqual: opEqual, tokenNotEqual: opNotEqual, tokenLess: opLess, tokenLessEqual: opLessOrEqual,
	tokenGreater: opGreater, tokenGreaterEqual: opGreaterOrEqual,
}

// predicate reads a comparison, BETWEEN, IN, a function, or a condition in
// parentheses; in parentheses an operand too.
func (p *parser) predicate(inParens bool) *node {
	p.undecided = true
	var left *node
	if p.accept(tokenOpen) {
		left = p.disjunction(true)
		p.expect(tokenClose)
		p.wrap(left)
	} else {
		left = p.operand()
	}
	if p.err != nil {
		return left
	}
	if !left.isOperand() && left.op != opCall {
		p.decide()
		return left
	}
	k := p.tok.kind
	switch {
	case k >= tokenEqual && k <= tokenGreaterEqual, k == tokenIn, k == tokenBetween,
		left.op == opCall && (!inParens || k == tokenAnd || k == tokenOr):
		p.decide()
	}
	switch k {
	case tokenEqual, tokenNotEqual, tokenLess, tokenLessEqual, tokenGreater, tokenGreaterEqual:
		p.advance()
		return p.node(node{op: comparators[k], args: []*node{left, p.operand()}})
	case tokenBetween:
		p.advance()
		low := p.operand()
		p.expect(tokenAnd)
		return p.node(node{op: opBetween, args: []*node{left, low, p.operand()}})
	case tokenIn:
		p.advance()
		p.expect(tokenOpen)
		n := p.node(node{op: opIn, args: []*node{left}})
		n.args = p.operands(n.args)
		return n
	}
	if left.isOperand() && !inParens {
		p.unexpected()
	}
	return left
}

// operands reads operands and the parenthesis that closes their list.
func (p *parser) operands(list []*node) []*node {
	list = append(list, p.operand())
	for p.accept(tokenComma) {
		list = append(list, p.operand())
	}
	p.expect(tokenClose)
	return list
}

// operand reads a value, a path or a function, in parentheses or not.
func (p *parser) operand() *node {
	if p.err != nil {
		return nil
	}
	switch p.tok.kind {
	case tokenOpen:
		p.advance()
		n := p.operand()
		p.expect(tokenClose)
		return p.wrap(n)
	case tokenColon, tokenMark:
		return p.valueRef()
	case tokenName:
		if p.next(p.tok.end).kind != tokenOpen {
			break
		}
		name := p.textOf(p.tok)
		p.advance()
		p.advance()
		n := p.node(node{op: opCall, name: name, fn: functionNamed(name)})
		n.args = p.operands(nil)
		return n
	}
	return p.node(node{op: opPath, path: p.path()})
}

func (p *parser) valueRef() *node {
	n := p.node(node{op: opValue, value: reference(&p.tree.values, p.textOf(p.tok))})
	p.advance()
	return n
}

// path reads a document path.
func (p *parser) path() *path {
	path := new(path)
	p.name(path)
	for p.err == nil {
		switch p.tok.kind {
		case tokenDot:
			p.advance()
			p.name(path)
		case tokenLeft:
			p.advance()
			p.index(path)
		default:
			if p.tree.kind == condition {
				p.tree.paths = append(p.tree.paths, path)
			}
			return path
		}
	}
	return path
}

func (p *parser) name(path *path) {
	if p.err != nil {
		return
	}
	s := step{ref: -1, index: -1}
	switch k := p.tok.kind; {
	case k == tokenName:
		s.name = p.textOf(p.tok)
	case k == tokenHash, k == tokenColon && len(path.steps) > 0 && !p.native:
		// The service's grammar takes ":v" after a point. It is the
		// placeholder of a name then, and never defined.
		s.ref = reference(&p.tree.names, p.textOf(p.tok))
	default:
		p.unexpected()
		return
	}
	p.advance()
	path.steps = append(path.steps, s)
	p.cost += 32
}

func (p *parser) index(path *path) {
	if p.tok.kind != tokenIndex {
		p.unexpected()
		return
	}
	text := p.textOf(p.tok)
	i, err := strconv.ParseInt(text, 10, 32)
	s := step{ref: -1, index: int(i)}
	if err != nil {
		s.name, s.index = text, 0 // verify reports it
	}
	p.advance()
	p.expect(tokenRight)
	path.steps = append(path.steps, s)
	p.cost += 32
}

// sections reads an update.
func (p *parser) sections() {
	for p.err == nil {
		verb := p.tok.kind
		switch verb {
		case tokenSet, tokenRemove, tokenAdd, tokenDelete:
			p.advance()
		default:
			if verb != tokenEOF || len(p.tree.actions) == 0 {
				p.unexpected()
			}
			return
		}
		p.action(verb)
		for p.accept(tokenComma) {
			p.action(verb)
		}
		p.tree.actions[len(p.tree.actions)-1].last = true
	}
}

func (p *parser) action(verb tokenKind) {
	a := action{verb: verb, path: p.path()}
	switch verb {
	case tokenSet:
		p.expect(tokenEqual)
		a.value = p.assigned()
	case tokenAdd, tokenDelete:
		if p.tok.kind != tokenColon && p.tok.kind != tokenMark {
			p.unexpected()
		}
		if p.err == nil {
			a.value = p.valueRef()
		}
	}
	p.tree.actions = append(p.tree.actions, a)
}

// assigned reads the right side of SET: an operand, or the sum or difference
// of two. Only the whole of it can stand in parentheses, and operands.
func (p *parser) assigned() *node {
	var left *node
	if p.accept(tokenOpen) {
		left = p.wrapped()
	} else {
		left = p.operand()
	}
	if p.err != nil || left.op == opPlus || left.op == opMinus {
		return left
	}
	op := opPlus
	switch p.tok.kind {
	case tokenMinus:
		op = opMinus
	case tokenPlus:
	default:
		return left
	}
	p.advance()
	return p.node(node{op: op, args: []*node{left, p.operand()}})
}

func (p *parser) wrapped() *node {
	n := p.assigned()
	p.expect(tokenClose)
	return p.wrap(n)
}
