package expr

import "slices"

// kind is the kind of a syntax tree. Conditions, filters and key conditions
// share a grammar.
type kind uint8

const (
	condition kind = iota
	projection
	update
)

// tree is a parsed text. It is immutable once parse has returned it, for it is
// shared through the Cache.
type tree struct {
	kind kind
	text string

	// names and values are the placeholders, "#n" and ":v", each once, in
	// order of appearance. The tree refers to them by index.
	names  []string
	values []string

	root    *node    // of a condition
	paths   []*path  // of a projection; every path of a condition
	actions []action // of an update
	size    int      // bytes that the tree is counted for in the Cache

	// whole is the Condition or Projection of a text without placeholders,
	// which is the same for every request; nil otherwise.
	whole any
}

// operator is what a node of a condition or of the right side of SET does.
type operator uint8

const (
	opPath operator = iota
	opValue
	opCall
	opEqual
	opNotEqual
	opLess
	opLessOrEqual
	opGreater
	opGreaterOrEqual
	opBetween
	opIn
	opAnd
	opOr
	opNot
	opPlus
	opMinus
)

var operatorTexts = [...]string{
	opEqual: "=", opNotEqual: "<>", opLess: "<", opLessOrEqual: "<=", opGreater: ">", opGreaterOrEqual: ">=",
	opBetween: "BETWEEN", opIn: "IN", opAnd: "AND", opOr: "OR", opNot: "NOT", opPlus: "+", opMinus: "-",
}

// node is one operand, operator or function of a syntax tree.
type node struct {
	op     operator
	parens int      // pairs of parentheses that it stood in
	fn     function // of opCall
	name   string   // of opCall, as it was written
	path   *path    // of opPath
	value  int      // of opValue: index into the values
	args   []*node  // operands, in order; two or more of opAnd and opOr
}

// isOperand reports whether the node can be no condition.
func (n *node) isOperand() bool { return n.op == opPath || n.op == opValue }

// path is a document path: an attribute name, then map keys and list indexes.
type path struct{ steps []step }

// step is one element of a path: a name in the text, a placeholder of one, or a
// list index.
type step struct {
	name  string
	ref   int // index into the names; -1 when name is the name itself
	index int // list index; -1 when it is a name
}

// action is one assignment, removal, ADD or DELETE of an update.
type action struct {
	verb  tokenKind // tokenSet, tokenRemove, tokenAdd, tokenDelete
	last  bool      // closes its section
	path  *path
	value *node // nil for REMOVE
}

// function is one of the functions of the language.
type function uint8

const (
	fnUnknown function = iota
	fnAttributeExists
	fnAttributeNotExists
	fnAttributeType
	fnBeginsWith
	fnContains
	fnSize
	fnIfNotExists
	fnListAppend
)

// functions holds the name and the number of operands of each function. Names
// are case-sensitive.
var functions = [...]struct {
	name     string
	operands int
}{
	fnAttributeExists:    {"attribute_exists", 1},
	fnAttributeNotExists: {"attribute_not_exists", 1},
	fnAttributeType:      {"attribute_type", 2},
	fnBeginsWith:         {"begins_with", 2},
	fnContains:           {"contains", 2},
	fnSize:               {"size", 1},
	fnIfNotExists:        {"if_not_exists", 2},
	fnListAppend:         {"list_append", 2},
}

func functionNamed(name string) function {
	for fn := fnAttributeExists; int(fn) < len(functions); fn++ {
		if functions[fn].name == name {
			return fn
		}
	}
	return fnUnknown
}

// ofUpdates reports whether the function belongs to update expressions; the
// others belong to conditions.
func (fn function) ofUpdates() bool { return fn >= fnIfNotExists }

// reference returns the index of a placeholder in list, which it is added to
// when it is new.
func reference(list *[]string, placeholder string) int {
	if i := slices.Index(*list, placeholder); i >= 0 {
		return i
	}
	*list = append(*list, placeholder)
	return len(*list) - 1
}
