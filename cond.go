package stator

import (
	"maps"
	"strings"

	"github.com/statordb/stator/attr"
)

// Condition is an option made by If.
type Condition struct{ text native }

// If makes a write depend on the item that is there now. When the condition
// does not hold, nothing is written and the error is ErrConditionFailed, with
// the item in it. Several conditions must all hold. An absent item has no attributes:
//
//	stator.If("attribute_not_exists(id)")       // create, never replace
//	stator.If("attribute_exists(id)")           // change, never create
//	stator.If("version = ?", u.Version)         // nobody changed it in between
//
// The text is DynamoDB's condition expression with two comforts. Each ? takes
// the next of args, by the rules of attr.Marshal. Attribute names need no
// placeholders, not even reserved words such as name, status and year; only the
// words of the grammar itself (AND, OR, NOT, IN, BETWEEN, SET, ADD, REMOVE,
// DELETE) need one: see Names. What is sent is DynamoDB's own form, with
// placeholders for names and values.
func If(text string, args ...any) Condition { return Condition{bind(text, args)} }

func (o Condition) apply(c *call)    { c.conditions = append(c.conditions, o.text) }
func (o Condition) put(c *call)      { o.apply(c) }
func (o Condition) update(c *call)   { o.apply(c) }
func (o Condition) delete(c *call)   { o.apply(c) }
func (o Condition) tx(c *call)       { o.apply(c) }
func (o Condition) txUpdate(c *call) { o.apply(c) }

// Names defines placeholders for attribute names that cannot stand in a text,
// such as "follower#", "a-b" or "set". It is an option of every call that takes
// a text or a path, and what Query.Names and Scan.Names take:
//
//	people.Update(ctx, key, stator.Add("#f", 1), stator.Names{"#f": "follower#"})
type Names map[string]string

// with returns both; a placeholder that both define is other's.
func (n Names) with(other Names) Names {
	if n == nil {
		return other
	}
	both := maps.Clone(n)
	maps.Copy(both, other)
	return both
}

func (n Names) apply(c *call)    { c.names = c.names.with(n) }
func (n Names) put(c *call)      { n.apply(c) }
func (n Names) get(c *call)      { n.apply(c) }
func (n Names) update(c *call)   { n.apply(c) }
func (n Names) delete(c *call)   { n.apply(c) }
func (n Names) batchGet(c *call) { n.apply(c) }
func (n Names) tx(c *call)       { n.apply(c) }
func (n Names) txUpdate(c *call) { n.apply(c) }
func (n Names) txGet(c *call)    { n.apply(c) }

// native is a text with its arguments, already marshalled: what a caller does
// to a slice or a struct afterwards changes nothing.
type native struct {
	text   string
	values []Value
	err    error // of an argument that no attribute stands for
}

func bind(text string, args []any) native {
	n := native{text: text}
	if marks := strings.Count(text, "?"); marks != len(args) {
		n.err = faultf(nil, "%q has %d question marks, found %d arguments", text, marks, len(args))
		return n
	}
	if len(args) > 0 {
		n.values = make([]Value, len(args))
	}
	for i, arg := range args {
		v, err := attr.Marshal(arg)
		if err != nil {
			n.err = faultf(err, "Argument %d of %q cannot be marshalled", i+1, text)
			return n
		}
		n.values[i] = v
	}
	return n
}

// allOf joins conditions with AND.
func allOf(conditions []native) native {
	if len(conditions) == 1 {
		return conditions[0]
	}
	var all native
	texts := make([]string, len(conditions))
	for i, c := range conditions {
		texts[i] = c.text
		if hasOpenOr(c.text) {
			texts[i] = "(" + c.text + ")"
		}
		all.values = append(all.values, c.values...)
	}
	all.text = strings.Join(texts, " AND ")
	return all
}

// hasOpenOr reports whether OR stands in no parentheses: it alone binds less
// tightly than AND. Parentheses are not put around everything, for DynamoDB
// refuses ((a = b)).
func hasOpenOr(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case isWordByte(c):
			word := wordAt(text, i)
			if depth == 0 && strings.EqualFold(word, "OR") && !isPlaceholder(text, i) {
				return true
			}
			i += len(word) - 1
		}
	}
	return false
}

// wordAt returns the letters, digits and underscores from i on.
func wordAt(text string, i int) string {
	end := i
	for end < len(text) && isWordByte(text[end]) {
		end++
	}
	return text[i:end]
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isPlaceholder reports whether the word at i is one of DynamoDB's placeholders, #or or :or.
func isPlaceholder(text string, i int) bool {
	return i > 0 && (text[i-1] == '#' || text[i-1] == ':')
}
