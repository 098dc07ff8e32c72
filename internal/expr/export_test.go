package expr

import (
	"fmt"
	"strings"
)

// CompareNumbers is compareNumbers.
func CompareNumbers(a, b string) int { return compareNumbers([]byte(a), []byte(b)) }

// The kinds of text that PrintParsed reads.
const (
	ConditionText  = condition
	ProjectionText = projection
	UpdateText     = update
)

// PrintParsed parses a text and prints its tree, every operator with one blank
// on each side and parentheses only where they are needed.
func PrintParsed(k kind, text string) (string, error) {
	t, f := parse(k, text)
	if f != nil {
		return "", &Error{f.text}
	}
	var out strings.Builder
	switch k {
	case condition:
		printNode(&out, t, t.root)
	case projection:
		for i, p := range t.paths {
			if i > 0 {
				out.WriteString(", ")
			}
			printPath(&out, t, p)
		}
	case update:
		for i := range t.actions {
			a := &t.actions[i]
			switch {
			case i == 0:
				out.WriteString(sectionNames[a.verb] + " ")
			case t.actions[i-1].last:
				out.WriteString(" " + sectionNames[a.verb] + " ")
			default:
				out.WriteString(", ")
			}
			printPath(&out, t, a.path)
			if a.value != nil {
				out.WriteString(map[bool]string{true: " = ", false: " "}[a.verb == tokenSet])
				printNode(&out, t, a.value)
			}
		}
	}
	return out.String(), nil
}

func printPath(out *strings.Builder, t *tree, p *path) {
	for i, s := range p.steps {
		if s.index >= 0 {
			fmt.Fprintf(out, "[%d]", s.index)
			continue
		}
		if i > 0 {
			out.WriteByte('.')
		}
		if s.ref >= 0 {
			s.name = t.names[s.ref]
		}
		out.WriteString(s.name)
	}
}

func printNode(out *strings.Builder, t *tree, n *node) {
	switch n.op {
	case opPath:
		printPath(out, t, n.path)
	case opValue:
		out.WriteString(t.values[n.value])
	case opCall:
		out.WriteString(n.name)
		printList(out, t, n.args)
	case opIn:
		printNode(out, t, n.args[0])
		out.WriteString(" IN ")
		printList(out, t, n.args[1:])
	case opBetween:
		printNode(out, t, n.args[0])
		out.WriteString(" BETWEEN ")
		printNode(out, t, n.args[1])
		out.WriteString(" AND ")
		printNode(out, t, n.args[2])
	case opNot:
		out.WriteString("NOT ")
		printTerm(out, t, n.args[0])
	default:
		for i, arg := range n.args {
			if i > 0 {
				out.WriteString(" " + operatorTexts[n.op] + " ")
			}
			printTerm(out, t, arg)
		}
	}
}

// printTerm prints an operand of a logical operator.
func printTerm(out *strings.Builder, t *tree, n *node) {
	if n.op == opAnd || n.op == opOr {
		out.WriteByte('(')
		defer out.WriteByte(')')
	}
	printNode(out, t, n)
}

func printList(out *strings.Builder, t *tree, list []*node) {
	out.WriteByte('(')
	for i, n := range list {
		if i > 0 {
			out.WriteString(", ")
		}
		printNode(out, t, n)
	}
	out.WriteByte(')')
}

// Size returns how many texts the cache holds and what they are counted for.
func (c *Cache) Size() (entries, bytes int) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		entries += len(s.mu.found)
		bytes += s.mu.bytes
		s.mu.RUnlock()
	}
	return entries, bytes
}
