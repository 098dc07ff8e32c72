package expr

// verify looks for what is wrong with a tree whatever its names and values
// are: functions, reserved words, list indexes, repeated sections. The first
// in order of the text is reported, a function before its operands.
func verify(t *tree) *fault {
	switch t.kind {
	case condition:
		return verifyCondition(t.root, false)
	case projection:
		for _, p := range t.paths {
			if f := p.verify(); f != nil {
				return f
			}
		}
		return nil
	}
	return t.verifyActions()
}

func verifyCondition(n *node, operand bool) *fault {
	switch n.op {
	case opValue:
		return nil
	case opPath:
		return n.path.verify()
	case opCall:
		switch {
		case n.fn == fnUnknown:
			return faultf("Invalid function name; function: %s", n.name)
		case n.fn.ofUpdates():
			return faultf("The function is not allowed in a condition expression; function: %s", n.name)
		case operand != (n.fn == fnSize):
			return misused(n)
		}
	}
	logical := n.op == opAnd || n.op == opOr || n.op == opNot
	for _, arg := range n.args {
		if f := verifyCondition(arg, !logical); f != nil {
			return f
		}
	}
	return nil
}

func (t *tree) verifyActions() *fault {
	var seen [tokenDelete + 1]bool
	for i := range t.actions {
		a := &t.actions[i]
		if f := a.path.verify(); f != nil {
			return f
		}
		if a.value != nil {
			if f := verifyAssigned(a.value, fnUnknown); f != nil {
				return f
			}
		}
		if a.last {
			if seen[a.verb] {
				return faultf("The %q section can only be used once in an update expression;", sectionNames[a.verb])
			}
			seen[a.verb] = true
		}
	}
	return nil
}

var sectionNames = [...]string{tokenSet: "SET", tokenRemove: "REMOVE", tokenAdd: "ADD", tokenDelete: "DELETE"}

// verifyAssigned checks an operand of the right side of SET; inside is the
// operator or function that it is an operand of.
func verifyAssigned(n *node, inside function) *fault {
	switch n.op {
	case opPath:
		return n.path.verify()
	case opCall:
		switch {
		case n.fn == fnUnknown:
			return faultf("Invalid function name; function: %s", n.name)
		case !n.fn.ofUpdates():
			return faultf("The function is not allowed in an update expression; function: %s", n.name)
		case n.fn == fnListAppend && inside != fnUnknown:
			return misused(n)
		}
		inside = n.fn
	case opPlus, opMinus:
		inside = fnSize // any: only list_append cares, and it stands alone
	}
	for _, arg := range n.args {
		if f := verifyAssigned(arg, inside); f != nil {
			return f
		}
	}
	return nil
}

func misused(n *node) *fault {
	return faultf("The function is not allowed to be used this way in an expression; function: %s", n.name)
}

func (p *path) verify() *fault {
	for i := range p.steps {
		s := &p.steps[i]
		if s.ref >= 0 || s.name == "" {
			continue
		}
		if isDigit(s.name[0]) {
			return faultf("List index is not within the allowable range; index: [%s]", s.name)
		}
		if isReserved(s.name) {
			return faultf("Attribute name is a reserved keyword; reserved keyword: %s", s.name)
		}
	}
	return nil
}
