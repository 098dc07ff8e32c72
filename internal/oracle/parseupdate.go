package oracle

import (
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
)

// action is one action of an update expression.
type action struct {
	section string // SET REMOVE ADD DELETE
	path    []step
	value   *node // nil for REMOVE
}

// parseUpdate parses an update expression.
func parseUpdate(text string) ([]action, error) {
	w, err := newWords(text)
	if err != nil {
		return nil, err
	}
	var actions []action
	twice := ""
	seen := map[string]bool{}
	for first := true; first || w.peek().kind != tokenEnd; first = false {
		section := strings.ToUpper(w.peek().text)
		switch section {
		case "SET", "REMOVE", "ADD", "DELETE":
			w.next()
		default:
			return nil, w.unexpected()
		}
		if seen[section] && twice == "" {
			twice = section
		}
		seen[section] = true
		for {
			a, err := w.action(section)
			if err != nil {
				return nil, err
			}
			actions = append(actions, a)
			if !w.accept(",") {
				break
			}
		}
	}
	for _, a := range actions {
		if err := checkNames(a.path); err != nil {
			return nil, err
		}
		if a.value != nil {
			if err := a.value.checkWords(true, true, ""); err != nil {
				return nil, err
			}
		}
	}
	if twice != "" {
		return nil, fault(`The "` + twice + `" section can only be used once in an update expression;`)
	}
	return actions, nil
}

func (w *words) action(section string) (action, error) {
	a := action{section: section}
	var err error
	if a.path, err = w.path(); err != nil {
		return a, err
	}
	switch section {
	case "SET":
		if err := w.expect("="); err != nil {
			return a, err
		}
		a.value, err = w.right()
	case "ADD", "DELETE":
		t := w.peek()
		if t.kind != tokenValue {
			return a, w.unexpected()
		}
		w.next()
		a.value = &node{kind: nodeValue, raw: t.text}
	}
	return a, err
}

// right is the right side of SET: an operand, two with + or -, or that in parentheses.
func (w *words) right() (*node, error) {
	var left *node
	var err error
	if w.accept("(") {
		if left, err = w.right(); err == nil {
			if left.kind == nodeParen {
				return nil, errDoubled
			}
			left, err = w.closed(left)
		}
	} else {
		left, err = w.operand()
	}
	if err != nil || !left.canBeOperand() {
		return left, err
	}
	for _, op := range []string{"+", "-"} {
		if w.accept(op) {
			right, err := w.operand()
			return &node{kind: nodeArith, op: op, args: []*node{left, right}}, err
		}
	}
	return left, nil
}

// update parses and judges an update expression.
func (b *bindings) update(text *string) ([]action, error) {
	if text == nil {
		return nil, nil
	}
	actions, err := parseUpdate(*text)
	if err == nil {
		err = b.judgeUpdate(actions)
	}
	return actions, labelled("UpdateExpression", err)
}

func (b *bindings) judgeUpdate(actions []action) error {
	var paths [][]step
	operators := 0
	for _, a := range actions {
		paths = append(paths, a.path)
	}
	if err := b.paths(paths); err != nil {
		return err
	}
	for _, a := range slices.Backward(actions) { // as with paths
		if a.value == nil {
			continue
		}
		if err := b.judge(a.value); err != nil {
			return err
		}
		if err := judgeSetOperand(a); err != nil {
			return err
		}
		operators += a.value.operators()
	}
	if operators > 300 {
		return fault("The expression contains too many operators; operator count: 301")
	}
	return nil
}

func judgeSetOperand(a action) error {
	k := a.value.value.Kind()
	switch {
	case a.section == "ADD" && (k == attr.Number || k.IsSet()), a.section == "DELETE" && k.IsSet(), a.section == "SET":
		return nil
	}
	return fault("Incorrect operand type for operator or function; operator: " + a.section + ", operand type: " + longKind(k) +
		", typeSet: ALLOWED_FOR_" + a.section + "_OPERAND")
}

// longKind names a type as AWS's oldest messages do.
func longKind(k attr.Kind) string {
	switch k {
	case attr.String:
		return "STRING"
	case attr.Number:
		return "NUMBER"
	case attr.Binary:
		return "BINARY"
	case attr.Bool:
		return "BOOLEAN"
	case attr.Null:
		return "NULL"
	case attr.List:
		return "LIST"
	}
	return "MAP"
}
