package api

import (
	"fmt"
	"strings"

	"github.com/statordb/stator/attr"
)

// parameter is a member that holds an expression, or the legacy form of one.
type parameter struct {
	name  string
	given bool
}

const projectionExpression = "ProjectionExpression"

// checkParameters reports expressions mixed with their legacy forms, and
// placeholders without an expression that could use them. Both lists are in AWS's order.
func checkParameters(expressions, legacy []parameter, names map[string]string, values map[string]attr.Value) error {
	anyExpression, anyValues := false, false
	for _, e := range expressions {
		anyExpression = anyExpression || e.given
		anyValues = anyValues || e.given && e.name != projectionExpression
	}
	if anyExpression {
		for _, l := range legacy {
			if l.given {
				return Validation("Can not use both expression and non-expression parameters in the same request: " +
					"Non-expression parameters: {" + given(legacy) + "} Expression parameters: {" + given(expressions) + "}")
			}
		}
	}
	if names != nil && !anyExpression {
		return Validation("ExpressionAttributeNames can only be specified when using expressions")
	}
	if values != nil && !anyValues {
		return Validation("ExpressionAttributeValues can only be specified when using expressions: " + areNull(expressions))
	}
	return nil
}

func given(parameters []parameter) string {
	var names []string
	for _, p := range parameters {
		if p.given {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, ", ")
}

// areNull says which expressions could have used values: "A and B are null".
func areNull(expressions []parameter) string {
	var names []string
	for _, e := range expressions {
		if e.name != projectionExpression {
			names = append(names, e.name)
		}
	}
	if len(names) == 1 {
		return names[0] + " is null"
	}
	return strings.Join(names, " and ") + " are null"
}

const (
	maxPlaceholder       = 255     // bytes, the # or : included
	maxPlaceholderValues = 2 << 20 // bytes of all names, or of all values, with their placeholders
)

// checkPlaceholders judges ExpressionAttributeNames and
// ExpressionAttributeValues, nil when absent: the placeholders of the names, then all of
// the values, then what the names stand for. Whether the expressions use them
// is judged with their texts.
func checkPlaceholders(names map[string]string, values map[string]attr.Value) error {
	named := true
	if names != nil {
		var err error
		if named, err = checkNames(names); err != nil {
			return err
		}
	}
	if values != nil {
		if err := checkValues(values); err != nil {
			return err
		}
	}
	if !named {
		return checkNamed(names)
	}
	return nil
}

// checkNames judges the placeholders of names, and reports whether what they
// stand for is good too.
func checkNames(names map[string]string) (named bool, err error) {
	if len(names) == 0 {
		return false, Validation("ExpressionAttributeNames must not be empty")
	}
	named = true
	var first firstFault
	size := 0
	for key, name := range names {
		size += len(key) + len(name)
		named = named && name != "" && len(name) <= maxAttributeName
		switch {
		case len(key) > maxPlaceholder:
			first.add(key, fmt.Sprintf("contains invalid key: The expression attribute map contains a key that is too long; size of key: %d", len(key)))
		case !isPlaceholder(key, '#'):
			first.add(key, `contains invalid key: Syntax error; key: "`+key+`"`)
		}
	}
	return named, first.err("ExpressionAttributeNames ", size)
}

// checkNamed judges what the names stand for.
func checkNamed(names map[string]string) error {
	var first firstFault
	for key, name := range names {
		switch {
		case name == "":
			first.add(key, "contains invalid value: "+faultEmptyName+" for key "+key)
		case len(name) > maxAttributeName:
			first.add(key, "contains invalid value: "+faultLongName+" for key "+key)
		}
	}
	return first.err("ExpressionAttributeNames ", 0)
}

// checkValues reports a faulty key before a faulty value, whatever their order.
func checkValues(values map[string]attr.Value) error {
	if len(values) == 0 {
		return Validation("ExpressionAttributeValues must not be empty")
	}
	var keys, first firstFault
	var w walk
	for key, v := range values {
		w.size += len(key)
		switch {
		case len(key) > maxPlaceholder:
			keys.add(key, "contains invalid key: The expression attribute map contains a key that is too long;")
			continue
		case !isPlaceholder(key, ':'):
			keys.add(key, `contains invalid key: Syntax error; key: "`+key+`"`)
			continue
		}
		if f := w.value(v, 1); f != "" {
			first.add(key, "contains invalid value: "+f+" for key "+key)
		}
	}
	if keys.text != "" {
		first = keys
	}
	return first.err("ExpressionAttributeValues ", w.size)
}

// firstFault keeps the fault of the key that is first in alphabetical order:
// Go's maps have none of their own, and an error should not depend on chance.
type firstFault struct{ key, text string }

func (f *firstFault) add(key, text string) {
	if f.text == "" || key < f.key {
		f.key, f.text = key, text
	}
}

func (f *firstFault) err(member string, size int) error {
	switch {
	case f.text != "":
		return Validation(member + f.text)
	case size > maxPlaceholderValues:
		return Validation(member + "exceeds max size")
	}
	return nil
}

// isPlaceholder reports whether key is the mark and one or more of 0-9, a-z, A-Z, _.
func isPlaceholder(key string, mark byte) bool {
	if len(key) < 2 || key[0] != mark {
		return false
	}
	for i := 1; i < len(key); i++ {
		switch b := key[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '_':
		default:
			return false
		}
	}
	return true
}
