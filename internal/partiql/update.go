package partiql

import (
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

// verifyAssigned judges the right side of a SET.
func (s *Statement) verifyAssigned(a *action) error {
	if _, ok := a.setFunction(); ok {
		return s.verifySetFunction(a)
	}
	return s.verifyTerm(a.value)
}

// setFunction returns the verb that SET a = set_add(a, …) and set_delete are
// in an UpdateExpression.
func (a *action) setFunction() (verb string, ok bool) {
	if a.value == nil || a.value.op != opCall {
		return "", false
	}
	switch a.value.text {
	case "set_add":
		return "ADD", true
	case "set_delete":
		return "DELETE", true
	}
	return "", false
}

func (s *Statement) verifySetFunction(a *action) error {
	n := a.value
	name := strings.ToUpper(n.text)
	if len(n.args) != 2 {
		return invalid("%s must have exactly two arguments%s", name, n.at(s.text))
	}
	if n.args[0].op != opPath || !slices.Equal(n.args[0].path, a.path) {
		return invalid("The first argument to %s must equal the assignment value%s", name, n.at(s.text))
	}
	switch n.args[1].op {
	case opBag:
		return s.fold(n.args[1], true)
	case opParam:
		return nil // judged when it is bound
	}
	return s.notSet(n)
}

func (s *Statement) notSet(n *node) error {
	return invalid("The second argument to %s must be a value with type SET%s", strings.ToUpper(n.text), n.args[0].at(s.text))
}

// verifyTerm judges a term of what is assigned.
func (s *Statement) verifyTerm(n *node) error {
	switch n.op {
	case opPath, opParam:
		return nil
	case opMissing:
		return invalid("MISSING must be compared using IS operator")
	case opValue, opList, opMap, opBag:
		return s.fold(n, true)
	case opCall:
		if n.text != "list_append" && n.text != "if_not_exists" {
			if _, ok := conditionArgs[n.text]; ok {
				return invalid("The function is not allowed in an update expression; function: %s", n.text)
			}
			return invalid("Unrecognized function: %s%s", n.text, n.at(s.text))
		}
		if len(n.args) != 2 {
			return invalid("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.text, len(n.args))
		}
	case opArithmetic:
		if n.text != "+" && n.text != "-" {
			return unsupportedInUpdate(n.text)
		}
		if len(n.args) != 2 {
			return invalid("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.text, len(n.args))
		}
	case opStar:
		return malformed(unexpectedOperator)
	default:
		return unsupportedInUpdate(n.text)
	}
	for _, arg := range n.args {
		if err := s.verifyTerm(arg); err != nil {
			return err
		}
	}
	return nil
}

func unsupportedInUpdate(operator string) error {
	return invalid("Unsupported operator in Update Expression. Operator: %s", operator)
}

// updateExpression returns the UpdateExpression of the actions, in their order
// within each clause.
func (b *builder) updateExpression(actions []action) (string, error) {
	var clauses [4][]string
	for i := range actions {
		a := &actions[i]
		path := b.path(a.path)
		verb, isSet := a.setFunction()
		switch {
		case a.value == nil:
			clauses[1] = append(clauses[1], path)
		case isSet && verb == "ADD":
			clauses[2] = append(clauses[2], path+" "+b.operand(a.value.args[1]))
		case isSet:
			clauses[3] = append(clauses[3], path+" "+b.operand(a.value.args[1]))
		default:
			value, err := b.assigned(a.value)
			if err != nil {
				return "", err
			}
			clauses[0] = append(clauses[0], path+" = "+value)
		}
	}
	var text strings.Builder
	for i, verb := range [...]string{"SET", "REMOVE", "ADD", "DELETE"} {
		if len(clauses[i]) == 0 {
			continue
		}
		if text.Len() > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(verb + " " + strings.Join(clauses[i], ", "))
	}
	return text.String(), nil
}

// assigned returns the text of what is assigned. An UpdateExpression has one
// sum or difference of two operands; where a statement has more, its numbers are
// summed up here.
func (b *builder) assigned(n *node) (string, error) {
	if n.op != opArithmetic {
		return b.term(n)
	}
	var terms []signed
	b.flatten(&terms, n, false)
	terms = b.sumUp(terms)
	switch {
	case len(terms) == 1 && !terms[0].minus:
		return b.term(terms[0].n)
	case len(terms) == 2:
		if terms[0].minus {
			terms[0], terms[1] = terms[1], terms[0]
		}
		if terms[0].minus {
			break
		}
		left, err := b.term(terms[0].n)
		if err != nil {
			return "", err
		}
		right, err := b.term(terms[1].n)
		if err != nil {
			return "", err
		}
		if terms[1].minus {
			return left + " - " + right, nil
		}
		return left + " + " + right, nil
	}
	return "", unsupportedInUpdate(n.text)
}

// signed is a term of a sum, and whether it is subtracted.
type signed struct {
	n     *node
	minus bool
}

func (b *builder) flatten(to *[]signed, n *node, minus bool) {
	if n.op != opArithmetic {
		*to = append(*to, signed{n, minus})
		return
	}
	b.flatten(to, n.args[0], minus)
	b.flatten(to, n.args[1], minus != (n.text == "-"))
}

// sumUp makes one of the numbers among more than two terms. What cannot be
// summed up stays, and is reported as too much or by the request.
func (b *builder) sumUp(terms []signed) []signed {
	if len(terms) < 3 {
		if len(terms) == 2 && b.isNumber(terms[0].n) && b.isNumber(terms[1].n) {
			return b.sumOf(terms, nil)
		}
		return terms
	}
	var numbers, rest []signed
	for _, t := range terms {
		if b.isNumber(t.n) {
			numbers = append(numbers, t)
		} else {
			rest = append(rest, t)
		}
	}
	if len(numbers) < 2 {
		return terms
	}
	return b.sumOf(numbers, rest)
}

func (b *builder) isNumber(n *node) bool {
	v, ok := b.value(n)
	return ok && v.Kind() == attr.Number
}

func (b *builder) sumOf(numbers, rest []signed) []signed {
	var sum num.Number
	for _, t := range numbers {
		v, _ := b.value(t.n)
		n, err := num.Parse(v.Num())
		if err == nil {
			if t.minus {
				n = n.Neg()
			}
			sum, err = num.Add(sum, n)
		}
		if err != nil {
			return append(numbers, rest...)
		}
	}
	return append(rest, signed{n: &node{op: opValue, value: attr.N(sum.String())}})
}

// term returns the text of one operand.
func (b *builder) term(n *node) (string, error) {
	switch n.op {
	case opArithmetic:
		return "", unsupportedInUpdate(n.text)
	case opCall:
		args := make([]string, len(n.args))
		for i, arg := range n.args {
			var err error
			if args[i], err = b.term(arg); err != nil {
				return "", err
			}
		}
		return n.text + "(" + strings.Join(args, ", ") + ")", nil
	}
	return b.operand(n), nil
}
