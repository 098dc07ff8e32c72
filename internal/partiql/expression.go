package partiql

import (
	"strconv"
	"strings"

	"github.com/statordb/stator/attr"
)

// callable are the keywords that are names of functions.
var callable = setOf("avg cast char_length character_length coalesce count date_add date_diff exists extract lower max min " +
	"nullif position size substring sum trim upper")

// none stands for what could not be read.
func (p *parser) none() *node { return &node{op: opMissing, span: p.tok.span} }

// unexpected says that no expression can start with the current token.
func (p *parser) unexpected() error {
	switch {
	case p.tok.isOperator():
		return malformed(unexpectedOperator)
	case p.tok.kind == tokenWord:
		return malformed(unexpectedKeyword)
	}
	return malformed(unexpectedTerm)
}

// expression reads any expression. What of it DynamoDB has is judged later.
func (p *parser) expression() *node { return p.chain("or", opOr, p.conjunction) }

func (p *parser) conjunction() *node { return p.chain("and", opAnd, p.negation) }

func (p *parser) chain(word string, op op, term func() *node) *node {
	first := term()
	if !p.tok.is(word) {
		return first
	}
	n := &node{op: op, text: word, args: []*node{first}, span: p.tok.span}
	for p.tok.is(word) {
		n.args = append(n.args, p.right(term))
	}
	return n
}

// right moves over an infix operator and reads what stands on its right side.
func (p *parser) right(term func() *node) *node {
	p.advance()
	if p.atEnd() {
		p.fail(malformed(missingRight))
	}
	return term()
}

func (p *parser) negation() *node {
	if !p.tok.is("not") {
		return p.comparison()
	}
	n := &node{op: opNot, text: "not", span: p.tok.span}
	if !p.enter() {
		return n
	}
	defer p.leave()
	p.advance()
	n.args = []*node{p.negation()}
	return n
}

func (p *parser) enter() bool {
	if p.depth++; p.depth > maxDepth {
		p.fail(malformed(unreadable))
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }

func (p *parser) comparison() *node {
	left := p.sum()
	for p.err == nil {
		n := &node{args: []*node{left}, text: p.tok.text, span: p.tok.span}
		switch {
		case p.tok.kind == tokenSymbol && strings.Contains(" = <> != < <= > >= ", " "+p.tok.text+" "):
			n.op = opCompare
			if n.text == "!=" {
				n.text = "<>"
			}
			n.args = append(n.args, p.right(p.sum))
		case p.tok.is("is"):
			n = p.is(n)
		case p.tok.is("not"):
			p.advance()
			if !p.tok.is("in") && !p.tok.is("between") && !p.tok.is("like") {
				p.fail(p.unexpected())
				return left
			}
			n.text, n.span = p.tok.text, p.tok.span
			n = &node{op: opNot, text: "not", args: []*node{p.membership(n)}, span: n.span}
		case p.tok.is("in"), p.tok.is("between"), p.tok.is("like"):
			n = p.membership(n)
		default:
			return left
		}
		left = n
	}
	return left
}

// membership reads IN, BETWEEN and LIKE.
func (p *parser) membership(n *node) *node {
	switch n.text {
	case "in":
		n.op = opIn
		n.args = append(n.args, p.right(p.sum))
	case "between":
		n.op = opBetween
		n.args = append(n.args, p.right(p.sum))
		p.expect("and", "Expected AND after BETWEEN")
		n.args = append(n.args, p.sum())
	default:
		n.op = opArithmetic
		n.args = append(n.args, p.right(p.sum))
	}
	return n
}

// is reads IS [NOT] and the name of a type. The text of the node is the kind
// of values that the type has here.
func (p *parser) is(n *node) *node {
	n.op = opIs
	p.advance()
	not := p.accept("not")
	name := strings.ToLower(p.tok.text)
	kind, ok := typeNames[name]
	if !ok || p.tok.kind != tokenName && p.tok.kind != tokenWord {
		p.fail(malformed(expectedType))
		return n
	}
	p.advance()
	switch name {
	case "double":
		p.acceptName("precision")
	case "character":
		p.acceptName("varying")
	}
	if n.text = kind; kind == "" {
		n.text = "?" + strings.ToUpper(name)
	}
	if not {
		return &node{op: opNot, text: "not", args: []*node{n}, span: n.span}
	}
	return n
}

func (p *parser) acceptName(word string) {
	if strings.EqualFold(p.tok.text, word) {
		p.advance()
	}
}

func (p *parser) sum() *node { return p.binary(" + - || ", p.product) }

func (p *parser) product() *node { return p.binary(" * / % ", p.sign) }

func (p *parser) binary(symbols string, term func() *node) *node {
	left := term()
	for p.tok.kind == tokenSymbol && strings.Contains(symbols, " "+p.tok.text+" ") {
		n := &node{op: opArithmetic, text: p.tok.text, span: p.tok.span}
		n.args = []*node{left, p.right(term)}
		left = n
	}
	return left
}

// sign reads a sign, which belongs to a number when one follows.
func (p *parser) sign() *node {
	if !p.tok.is("-") && !p.tok.is("+") {
		return p.postfix()
	}
	t := p.tok
	if !p.enter() {
		return p.none()
	}
	defer p.leave()
	p.advance()
	n := p.sign()
	if n.op != opValue || n.value.Kind() != attr.Number {
		return &node{op: opArithmetic, text: t.text, args: []*node{n}, span: t.span}
	}
	if t.text == "-" {
		text := "-" + n.value.Num()
		if bare, ok := strings.CutPrefix(n.value.Num(), "-"); ok {
			text = bare
		}
		n = &node{op: opValue, value: attr.N(text), span: n.span}
	}
	return n
}

// postfix reads a term, and the steps of the path that it starts.
func (p *parser) postfix() *node {
	n := p.primary()
	for p.err == nil && (p.tok.is(".") || p.tok.is("[")) {
		if n.op != opPath {
			p.fail(malformed(leftover))
			return n
		}
		if p.accept(".") {
			p.nameStep(n)
		} else {
			p.advance()
			p.indexStep(n)
		}
	}
	return n
}

func (p *parser) nameStep(n *node) {
	switch {
	case p.tok.is("*"):
		p.fail(invalid("Changing item's hierarchy while reading isn't supported"))
	case p.tok.kind != tokenName && p.tok.kind != tokenQuoted:
		p.fail(malformed(invalidDot))
	default:
		p.step(n, step{name: p.tok.text})
		p.advance()
	}
}

func (p *parser) indexStep(n *node) {
	i := p.expression()
	p.expect("]", "Expected RIGHT_BRACKET")
	if p.err != nil {
		return
	}
	if i.op == opValue && i.value.Kind() == attr.String {
		p.step(n, step{name: i.value.Str()})
		return
	}
	if i.op != opValue || i.value.Kind() != attr.Number {
		p.fail(invalid("Unexpected path component%s", i.at(p.text)))
		return
	}
	index, err := strconv.ParseInt(i.value.Num(), 10, 32)
	if err != nil || index < 0 {
		p.fail(invalid("List index is not within the allowable range; index: [%s]%s", i.value.Num(), i.at(p.text)))
		return
	}
	n.path = append(n.path, step{index: int(index)})
}

func (p *parser) step(n *node, s step) {
	if s.name == "" {
		p.fail(invalid("Path component cannot be an empty string"))
	}
	n.path = append(n.path, s)
}

func (p *parser) primary() *node {
	t := p.tok
	n := &node{span: t.span}
	switch t.kind {
	case tokenName, tokenQuoted:
		p.advance()
		if t.kind == tokenName && p.tok.is("(") {
			return p.call(t)
		}
		n.op = opPath
		p.step(n, step{name: t.text})
		return n
	case tokenString:
		n.value = attr.S(t.text)
	case tokenNumber:
		n.value = attr.N(t.text)
	case tokenParam:
		n.op, n.param = opParam, p.s.params
		p.s.params++
	case tokenWord:
		switch t.text {
		case "null":
			n.value = attr.NULL()
		case "true", "false":
			n.value = attr.BOOL(t.text == "true")
		case "missing":
			n.op = opMissing
		case "case":
			p.fail(invalid("Unsupported token in expression: CASE%s", t.at(p.text)))
			return n
		case "from":
			p.fromFirst()
			p.fail(malformed(unexpectedKeyword))
			return n
		default:
			if callable[t.text] {
				if p.advance(); t.text == "cast" && p.tok.is("(") {
					p.fail(invalid("Unsupported token in expression: cast%s", span{t.start, t.start + 1}.at(p.text)))
				}
				if p.tok.is("(") {
					return p.call(t)
				}
				p.fail(malformed(unexpectedKeyword))
				return n
			}
			p.fail(p.unexpected())
			return n
		}
	default:
		if t.is("(") || t.is("[") || t.is("{") || t.is("<<") {
			return p.collection()
		}
		if t.is("*") {
			p.advance()
			n.op = opStar
			return n
		}
		p.fail(p.unexpected())
		return n
	}
	p.advance()
	return n
}

// collection reads what stands in parentheses or brackets.
func (p *parser) collection() *node {
	t := p.tok
	n := &node{op: opList, span: t.span}
	if !p.enter() {
		return n
	}
	defer p.leave()
	p.advance()
	switch t.text {
	case "(":
		first := p.expression()
		if p.tok.is(",") {
			p.advance()
			n.args = append([]*node{first}, p.list(")", "Expected RIGHT_PAREN")...)
			return n
		}
		p.expect(")", "Expected RIGHT_PAREN")
		return first
	case "[":
		n.args = p.list("]", "Expected RIGHT_BRACKET")
	case "<<":
		n.op = opBag
		n.args = p.list(">>", "Expected RIGHT_DOUBLE_ANGLE_BRACKET")
	default:
		n.op = opMap
		p.members(n)
	}
	return n
}

func (p *parser) list(end, detail string) (list []*node) {
	if p.accept(end) {
		return nil
	}
	for {
		list = append(list, p.expression())
		if !p.accept(",") {
			p.expect(end, detail)
			return list
		}
	}
}

func (p *parser) members(n *node) {
	if p.accept("}") {
		return
	}
	for {
		n.keys = append(n.keys, p.expression())
		p.expect(":", "Expected COLON")
		n.args = append(n.args, p.expression())
		if !p.accept(",") {
			p.expect("}", "Expected RIGHT_CURLY")
			return
		}
	}
}

// call reads the operands of a function whose name was t.
func (p *parser) call(t token) *node {
	n := &node{op: opCall, text: strings.ToLower(t.text), span: t.span}
	if !p.enter() {
		return n
	}
	defer p.leave()
	p.advance()
	if p.tok.is("select") {
		p.fail(invalid("Unrecognized function: %s%s", n.text, t.at(p.text)))
		return n
	}
	n.args = p.list(")", "Expected RIGHT_PAREN")
	return n
}
