package partiql

import (
	"strconv"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// Kind says what a statement does.
type Kind uint8

// The kinds of statements.
const (
	Select Kind = iota
	Insert
	Update
	Delete
	Exists // EXISTS(SELECT …): a condition in a transaction
)

// Reads reports whether the statement reads only, and is no condition of a transaction.
func (k Kind) Reads() bool { return k == Select }

// Statement is a parsed statement. It is immutable.
type Statement struct {
	text   string
	kind   Kind
	table  string
	index  string // "" when it names none
	params int

	where   *node    // nil: none
	columns []column // of a SELECT; nil: *
	order   []orderTerm
	item    []field  // of an INSERT
	actions []action // of an UPDATE

	returning api.ReturnValue // "" without RETURNING
}

// Kind returns what the statement does.
func (s *Statement) Kind() Kind { return s.kind }

// Table returns the name or ARN of the table that the statement names.
func (s *Statement) Table() string { return s.table }

// Index returns the name of the index that a SELECT reads, "" for the table itself.
func (s *Statement) Index() string { return s.index }

// HasReturning reports whether the statement has a RETURNING clause.
func (s *Statement) HasReturning() bool { return s.returning != "" }

// column is one expression of a SELECT's list.
type column struct {
	n    *node  // a path; anything else is refused when the table is known
	name string // of the attribute in the answer: the last step of the path
}

// orderTerm is one term of ORDER BY.
type orderTerm struct {
	name string
	desc bool
}

// field is one attribute of an INSERT's item: a value, or a parameter.
type field struct {
	name string
	n    *node
}

// action is one SET or REMOVE of an UPDATE.
type action struct {
	path  path
	value *node // nil: REMOVE
}

type op uint8

const (
	opValue   op = iota // a literal
	opParam             // ?
	opMissing           // MISSING
	opPath
	opAnd
	opOr
	opNot
	opCompare // =, <>, <, <=, >, >=
	opBetween
	opIn
	opIs
	opCall
	opArithmetic // and every other operator that DynamoDB does not have
	opList
	opMap
	opBag
	opStar
)

// node is a node of an expression.
type node struct {
	op    op
	text  string // of a comparison, a call (in lower case), arithmetic: the operator or function; of IS: the type
	args  []*node
	keys  []*node // of a map
	path  path
	value attr.Value
	param int
	span  // of the token that stands for the node: the operator, the function, the name
}

// path is a document path.
type path []step

// step is a name, or an index when name is "".
type step struct {
	name  string
	index int
}

// is reports whether p is the top-level attribute name.
func (p path) is(name string) bool { return len(p) == 1 && p[0].name == name }

// last returns the name that a value at p has in the answer of a SELECT: the
// last name, and the indexes after it.
func (p path) last() string {
	i := len(p) - 1
	for i > 0 && p[i].name == "" {
		i--
	}
	s := p[i].name
	for _, step := range p[i+1:] {
		s += "[" + strconv.Itoa(step.index) + "]"
	}
	return s
}

// kindText is how messages name the kind of a node.
func (n *node) kindText() string {
	switch n.op {
	case opParam:
		return "Parameter"
	case opMissing:
		return "MISSING"
	case opPath:
		if len(n.path) > 1 {
			return "Path"
		}
		return "VariableReference"
	case opCall:
		return "CallAgg"
	case opIs:
		return "IsType"
	case opList, opMap, opBag:
		return "Seq"
	case opValue:
		return "Literal"
	}
	return "NAry"
}
