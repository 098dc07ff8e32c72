package partiql

import (
	"strconv"
	"strings"

	"github.com/statordb/stator/api"
)

// maxDepth bounds how deep expressions nest. It is more than any request can
// have, and keeps the stack small whatever the text is.
const maxDepth = 400

// Parse parses a statement. Its length was judged before, by the request's Validate.
func Parse(text string) (*Statement, error) {
	p := &parser{lexer: lexer{text: text}, s: &Statement{text: text}}
	p.advance()
	p.statement()
	if p.err != nil {
		return nil, p.err
	}
	if err := p.s.verify(); err != nil {
		return nil, err
	}
	return p.s, nil
}

// parser is a recursive descent over the tokens. After the first error p.err
// is set and the current token is the end of the text, so that everything comes to an end.
type parser struct {
	lexer
	s     *Statement
	tok   token
	depth int
	err   error
}

// fail keeps the first error. What no lexer can read comes before it, wherever it stands.
func (p *parser) fail(err error) {
	if p.err != nil {
		return
	}
	for t := p.tok; t.kind != tokenEOF; t = p.next() {
		if t.kind == tokenBad || t.kind == tokenNumber && !readable(t.text) {
			err = malformed(unreadable)
			break
		}
	}
	p.err = err
	p.pos = len(p.text)
	p.tok = token{span: span{p.pos, p.pos}}
}

func (p *parser) advance() {
	if p.err != nil {
		return
	}
	p.tok = p.next()
	if p.tok.kind == tokenBad || p.tok.kind == tokenNumber && !readable(p.tok.text) {
		p.fail(malformed(unreadable))
	}
}

// readable reports whether Java's BigDecimal could read a number: its exponent
// and its scale have 32 bits.
func readable(text string) bool {
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return true
	}
	exp, err := strconv.ParseInt(text[i+1:], 10, 32)
	if err != nil {
		return false
	}
	scale := -exp
	if point := strings.IndexByte(text[:i], '.'); point >= 0 {
		scale += int64(i - point - 1)
	}
	return scale == int64(int32(scale))
}

// accept moves over the current token when it is this keyword or symbol.
func (p *parser) accept(text string) bool {
	if !p.tok.is(text) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text string, detail string) {
	if !p.accept(text) {
		p.fail(malformed(detail))
	}
}

// atEnd reports whether nothing but a semicolon is left.
func (p *parser) atEnd() bool { return p.tok.kind == tokenEOF || p.tok.is(";") }

// end expects the end of the statement.
func (p *parser) end() {
	p.accept(";")
	if p.tok.kind != tokenEOF {
		p.fail(malformed(leftover))
	}
}

func (p *parser) statement() {
	switch {
	case p.accept("select"):
		p.selectStatement()
	case p.accept("insert"):
		p.insertStatement()
	case p.accept("update"):
		p.s.kind = Update
		p.target()
		p.assignments()
		p.optionalWhere()
		p.returning()
	case p.accept("delete"):
		p.s.kind = Delete
		p.expect("from", "Expected FROM")
		p.target()
		p.optionalWhere()
		p.returning()
	case p.tok.is("from"):
		p.fromFirst()
	case p.tok.is("exists"):
		p.advance()
		p.expect("(", unexpectedKeyword)
		p.expect("select", unexpectedTerm)
		p.selectStatement()
		p.s.kind = Exists
		p.expect(")", "Expected RIGHT_PAREN")
	case p.tok.is("create"):
		p.fail(invalid("Unsupported operation: CreateTable"))
	case p.tok.is("drop"):
		p.fail(invalid("Unsupported operation: DropTable"))
	case p.tok.is("exec"):
		p.fail(invalid("Unsupported operation: Exec"))
	case p.tok.is("set"), p.tok.is("remove"):
		p.fail(invalid("Only select from a single table or index is supported."))
	default:
		n := p.expression()
		p.end()
		p.fail(invalid("Unsupported operation: %s", n.kindText()))
	}
	p.end()
}

// fromFirst reads the other form of UPDATE: FROM table WHERE condition SET …
func (p *parser) fromFirst() {
	p.advance()
	p.s.kind = Update
	p.target()
	p.optionalWhere()
	p.assignments()
	p.returning()
}

func (p *parser) selectStatement() {
	p.s.kind = Select
	if p.tok.is("distinct") {
		p.fail(invalid("Unsupported token in expression: DISTINCT"))
	}
	if p.tok.is("value") || p.tok.is("pivot") {
		p.fail(invalid("Select projection doesn't support value or pivot keywords"))
	}
	if !p.accept("*") {
		p.columns()
	}
	p.expect("from", "Expected FROM after select list")
	p.source()
	p.optionalWhere()
	switch {
	case p.tok.is("group"):
		p.fail(invalid("Unsupported clause: GROUP BY"))
	case p.accept("having"):
		n := p.expression()
		p.fail(invalid("Unsupported clause: HAVING%s", n.at(p.text)))
	}
	if p.accept("order") {
		p.orderBy()
	}
	if p.accept("limit") {
		n := p.expression()
		p.fail(invalid("Unsupported clause: LIMIT%s", n.at(p.text)))
	}
}

func (p *parser) columns() {
	for {
		n := p.expression()
		if p.tok.is("as") || p.tok.kind == tokenName || p.tok.kind == tokenQuoted {
			p.fail(invalid("Aliasing is not supported"))
		}
		if p.err != nil {
			return
		}
		c := column{n: n}
		if n.op == opPath {
			c.name = n.path.last()
		}
		p.s.columns = append(p.s.columns, c)
		if !p.accept(",") {
			return
		}
	}
}

// source reads what a SELECT reads.
func (p *parser) source() {
	if p.tok.kind != tokenName && p.tok.kind != tokenQuoted {
		switch {
		case p.tok.kind == tokenString, p.tok.kind == tokenParam, p.tok.is("("):
			p.fail(invalid("Unexpected from source"))
		case p.tok.kind == tokenWord && !p.tok.isOperator():
			p.fail(malformed(unexpectedKeyword))
		default:
			p.fail(p.unexpected())
		}
		return
	}
	p.tablePath()
	switch {
	case p.tok.is(","), p.tok.is("join"), p.tok.is("inner"), p.tok.is("left"), p.tok.is("right"), p.tok.is("full"),
		p.tok.is("outer"), p.tok.is("cross"):
		p.fail(invalid("Only select from a single table or index is supported."))
	}
}

// target reads what a write writes to.
func (p *parser) target() {
	if p.tok.kind != tokenName && p.tok.kind != tokenQuoted {
		p.fail(malformed(expectedPath))
		return
	}
	p.tablePath()
	if p.s.index != "" {
		p.fail(invalid("This operation is not supported on an index"))
	}
}

func (p *parser) tablePath() {
	parts := []string{p.tok.text}
	p.advance()
	for p.accept(".") {
		if p.tok.kind != tokenName && p.tok.kind != tokenQuoted {
			p.fail(malformed(invalidDot))
			return
		}
		parts = append(parts, p.tok.text)
		p.advance()
	}
	switch {
	case p.tok.is("["):
		p.fail(invalid("Invalid list expression in source."))
	case len(parts) > 2:
		p.fail(invalid("A path may contain at most 2 components in the FROM clause"))
	case parts[0] == "" || len(parts) == 2 && parts[1] == "":
		p.fail(invalid("Path component cannot be an empty string"))
	case p.s.kind != Insert && (p.tok.is("as") || p.tok.is("at") || p.tok.kind == tokenName || p.tok.kind == tokenQuoted):
		p.fail(invalid("Aliasing is not supported"))
	}
	p.s.table = parts[0]
	if len(parts) > 1 {
		p.s.index = parts[1]
	}
}

func (p *parser) insertStatement() {
	p.s.kind = Insert
	p.expect("into", "Expected INTO")
	if p.tok.kind != tokenName && p.tok.kind != tokenQuoted {
		p.fail(malformed(expectedPath))
		return
	}
	p.tablePath()
	if p.s.index != "" {
		p.fail(invalid("FROM clause may only contain a single table name in data manipulation statements"))
	}
	switch {
	case p.tok.kind == tokenName, p.tok.kind == tokenQuoted:
		p.fail(malformed(leftover))
	case !p.tok.is("value"):
		p.expression()
		p.fail(invalid("Unsupported operation: InsertOp"))
	}
	p.advance()
	n := p.expression()
	if p.err != nil {
		return
	}
	if p.accept("on") {
		p.fail(invalid("Unsupported clause: ON CONFLICT"))
	}
	if p.tok.is("returning") {
		p.fail(invalid("RETURNING is not supported in INSERT"))
	}
	if n.op != opMap {
		p.fail(invalid("Unsupported format in item expression. Please use struct format {...} to express item values for insert statement.%s",
			n.at(p.text)))
		return
	}
	for i, key := range n.keys {
		name, err := p.s.mapKey(n.keys[:i], key, "root")
		if err != nil {
			p.fail(err)
			return
		}
		p.s.item = append(p.s.item, field{name: name, n: n.args[i]})
	}
}

// assignments reads the SET and REMOVE clauses of an update: at least one.
func (p *parser) assignments() {
	for p.err == nil {
		switch {
		case p.accept("set"):
			p.assignment()
			for p.accept(",") {
				p.assignment()
			}
		case p.accept("remove"):
			p.s.actions = append(p.s.actions, action{path: p.simplePath()})
		case len(p.s.actions) == 0:
			p.fail(malformed(expectedData))
		default:
			return
		}
	}
}

func (p *parser) assignment() {
	a := action{path: p.simplePath()}
	p.expect("=", "Expected EQ")
	a.value = p.expression()
	p.s.actions = append(p.s.actions, a)
}

// simplePath reads the path that an update writes to.
func (p *parser) simplePath() path {
	if p.tok.kind != tokenName && p.tok.kind != tokenQuoted {
		p.fail(malformed(expectedPath))
		return nil
	}
	n := p.postfix()
	if p.err == nil && n.op != opPath {
		p.fail(malformed(expectedPath))
	}
	return n.path
}

func (p *parser) optionalWhere() {
	if p.accept("where") {
		p.s.where = p.expression()
	}
}

func (p *parser) orderBy() {
	p.expect("by", "Expected BY")
	for {
		n := p.expression()
		if p.err != nil {
			return
		}
		switch {
		case n.op == opPath && len(n.path) > 1:
			p.fail(invalid("Argument to ORDER BY must be of type VariableReference. Type: PATH"))
		case n.op != opPath:
			p.fail(invalid("Argument to ORDER BY must be of type VariableReference. Type: %s", strings.ReplaceAll(p.text[n.start:n.end], "'", `"`)))
		}
		if p.err != nil {
			return
		}
		term := orderTerm{name: n.path[0].name}
		if !p.accept("asc") {
			term.desc = p.accept("desc")
		}
		p.s.order = append(p.s.order, term)
		if !p.accept(",") {
			return
		}
	}
}

func (p *parser) returning() {
	if !p.accept("returning") {
		return
	}
	all := p.accept("all")
	if !all {
		p.expect("modified", "Expected ALL or MODIFIED")
	}
	old := p.accept("old")
	if !old {
		p.expect("new", "Expected NEW or OLD")
	}
	if p.err == nil && !p.tok.is("*") {
		p.fail(invalid("Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause"))
	}
	p.advance()
	if p.tok.is(",") {
		p.fail(invalid("Invalid syntax with multiple returning elements in RETURNING clause"))
	}
	switch {
	case all && old:
		p.s.returning = api.ReturnValueAllOld
	case all:
		p.s.returning = api.ReturnValueAllNew
	case old:
		p.s.returning = api.ReturnValueUpdatedOld
	default:
		p.s.returning = api.ReturnValueUpdatedNew
	}
	if p.s.kind == Delete && p.s.returning != api.ReturnValueAllOld {
		words := map[bool]string{true: "ALL", false: "MODIFIED"}[all] + " " + map[bool]string{true: "OLD", false: "NEW"}[old]
		p.fail(invalid("Invalid returning clause: RETURNING %s *. Only RETURNING ALL OLD * is allowed in DELETE statements.", words))
	}
}
