package stator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
)

// A trigger has so many filters, of so many characters, at most.
//
// Source: AWS Lambda Developer Guide, "Control which events Lambda sends to
// your function"; ten is the raised quota.
const (
	maxFilters       = 10
	maxFilterPattern = 4096
	maxFilterLevel   = 64
)

// filters are the patterns of a trigger: a record passes when one of them matches, or there is none.
type filters []*pattern

// pattern is an object of a filter: all of its fields must match, and one of each list of alternatives.
type pattern struct {
	fields       []fieldPattern
	alternatives [][]*pattern // of $or
}

// fieldPattern is what one field must be: an object, or a value that one of the rules takes.
type fieldPattern struct {
	name   string
	object *pattern
	rules  []rule
}

// rule is one element of a list in a pattern. absent says that it is
// {"exists": false}, which a field that is not there matches.
type rule struct {
	absent  bool
	matches func(v any) bool // of a value that is there; see field in triggermatch.go
}

// parseFilters reads patterns, or tells all that is wrong with them.
func parseFilters(texts []string) (filters, error) {
	if len(texts) > maxFilters {
		return nil, fmt.Errorf("FilterCriteria has %d patterns, allowed are at most %d", len(texts), maxFilters)
	}
	var list filters
	var errs []error
	for i, text := range texts {
		p, err := parseFilter(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("FilterCriteria[%d]: %w", i, err))
		}
		list = append(list, p)
	}
	return list, errors.Join(errs...)
}

func parseFilter(text string) (*pattern, error) {
	if len(text) > maxFilterPattern {
		return nil, fmt.Errorf("the pattern has %d bytes, allowed are at most %d", len(text), maxFilterPattern)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("the pattern is not JSON: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("the pattern is not JSON: there is something after the object")
	}
	object, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the pattern is %s, and must be an object", kindOf(tree))
	}
	return parseObject(object, "", 1)
}

func parseObject(object map[string]any, at string, level int) (*pattern, error) {
	if level > maxFilterLevel {
		return nil, fmt.Errorf("the pattern is nested deeper than %d levels", maxFilterLevel)
	}
	if len(object) == 0 {
		return nil, fmt.Errorf("%s is an empty object, which matches nothing", placeIn(at))
	}
	p := &pattern{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		below := join(at, name)
		switch v := object[name].(type) {
		case map[string]any:
			inner, err := parseObject(v, below, level+1)
			if err != nil {
				return nil, err
			}
			p.fields = append(p.fields, fieldPattern{name: name, object: inner})
		case []any:
			if name == "$or" {
				list, err := parseAlternatives(v, at, level)
				if err != nil {
					return nil, err
				}
				p.alternatives = append(p.alternatives, list)
				continue
			}
			if len(v) == 0 {
				return nil, fmt.Errorf("%s is an empty list, which matches nothing", placeIn(below))
			}
			f := fieldPattern{name: name}
			for _, e := range v {
				r, err := parseRule(e)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", placeIn(below), err)
				}
				f.rules = append(f.rules, r)
			}
			p.fields = append(p.fields, f)
		default:
			return nil, fmt.Errorf("%s is %s, and must be an object or a list of values", placeIn(below), kindOf(v))
		}
	}
	return p, nil
}

func parseAlternatives(list []any, at string, level int) (found []*pattern, err error) {
	if len(list) < 2 {
		return nil, fmt.Errorf("%s has %d objects, and must have two or more", placeIn(join(at, "$or")), len(list))
	}
	for i, e := range list {
		below := fmt.Sprintf("%s[%d]", join(at, "$or"), i)
		object, ok := e.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is %s, and must be an object", placeIn(below), kindOf(e))
		}
		p, err := parseObject(object, at, level+1)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

func placeIn(at string) string {
	if at == "" {
		return "the pattern"
	}
	return at
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	case map[string]any:
		if len(v) == 1 {
			for name := range v {
				return "an object with " + name
			}
		}
	}
	return "an object"
}

// operators are the names that an object in a list can have, in the order of messages.
const operators = "anything-but, equals-ignore-case, exists, numeric, prefix, suffix"

// parseRule reads one element of a list.
func parseRule(e any) (rule, error) {
	object, ok := e.(map[string]any)
	if !ok {
		if _, ok := e.([]any); ok {
			return rule{}, errors.New("a list in a list")
		}
		matches, err := parseEqual(e)
		return rule{matches: matches}, err
	}
	if len(object) != 1 {
		return rule{}, fmt.Errorf("an object of %d members; it must have one operator: %s", len(object), operators)
	}
	for name, operand := range object {
		switch name {
		case "exists":
			wanted, ok := operand.(bool)
			if !ok {
				return rule{}, fmt.Errorf("exists is %s, and must be true or false", kindOf(operand))
			}
			return rule{absent: !wanted, matches: func(any) bool { return wanted }}, nil
		case "numeric":
			matches, err := parseNumeric(operand)
			return rule{matches: matches}, err
		case "anything-but":
			matches, err := parseAnythingBut(operand)
			return rule{matches: matches}, err
		default:
			matches, err := parseText(name, operand)
			return rule{matches: matches}, err
		}
	}
	return rule{}, nil
}

// parseEqual returns the rule that a string, number, boolean or null is.
func parseEqual(e any) (func(any) bool, error) {
	switch e := e.(type) {
	case nil:
		return func(v any) bool { return v == nil }, nil
	case bool:
		return func(v any) bool { return v == e }, nil
	case string:
		return func(v any) bool { s, ok := textOf(v); return ok && s == e }, nil
	case json.Number:
		if err := checkNumber(e); err != nil {
			return nil, err
		}
		return func(v any) bool { order, ok := compareNumber(v, e); return ok && order == 0 }, nil
	}
	return nil, fmt.Errorf("%s where a value must be", kindOf(e))
}

// parseText returns the rule of an operator that takes a string.
func parseText(operator string, operand any) (func(any) bool, error) {
	var test func(s, operand string) bool
	switch operator {
	case "prefix":
		test = strings.HasPrefix
	case "suffix":
		test = strings.HasSuffix
	case "equals-ignore-case":
		test = strings.EqualFold
	default:
		return nil, fmt.Errorf("%q is no operator; there are %s", operator, operators)
	}
	text, ok := operand.(string)
	if !ok {
		return nil, fmt.Errorf("%s is %s, and must be a string", operator, kindOf(operand))
	}
	return func(v any) bool { s, ok := textOf(v); return ok && test(s, text) }, nil
}

func parseAnythingBut(operand any) (func(any) bool, error) {
	list := []any{operand}
	switch operand := operand.(type) {
	case []any:
		list = operand
	case map[string]any:
		for name, inner := range operand {
			if len(operand) > 1 {
				break
			}
			matches, err := parseText(name, inner)
			if err != nil {
				return nil, fmt.Errorf("anything-but: %w", err)
			}
			return func(v any) bool { _, ok := textOf(v); return ok && !matches(v) }, nil
		}
		return nil, fmt.Errorf("anything-but: an object of %d members", len(operand))
	}
	if len(list) == 0 {
		return nil, errors.New("anything-but has an empty list")
	}
	var but []func(any) bool
	for _, e := range list {
		switch e.(type) {
		case string, json.Number, bool:
		default:
			return nil, fmt.Errorf("anything-but has %s, and must have strings or numbers", kindOf(e))
		}
		matches, err := parseEqual(e)
		if err != nil {
			return nil, fmt.Errorf("anything-but: %w", err)
		}
		but = append(but, matches)
	}
	return func(v any) bool {
		return !slices.ContainsFunc(but, func(matches func(any) bool) bool { return matches(v) })
	}, nil
}

// parseNumeric reads ["=", 5], ["<", 5], or a range such as [">", 0, "<=", 5].
func parseNumeric(operand any) (func(any) bool, error) {
	list, ok := operand.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		return nil, errors.New(`numeric must be a list of a comparison and a number, or of two of each: [">", 0, "<=", 5]`)
	}
	type bound struct {
		takes func(order int) bool
		limit json.Number
	}
	var bounds []bound
	var signs string
	for i := 0; i < len(list); i += 2 {
		sign, _ := list[i].(string)
		limit, ok := list[i+1].(json.Number)
		if !ok {
			return nil, fmt.Errorf("numeric: %s after %q, where a number must be", kindOf(list[i+1]), sign)
		}
		if err := checkNumber(limit); err != nil {
			return nil, fmt.Errorf("numeric: %w", err)
		}
		b := bound{limit: limit}
		switch sign {
		case "=":
			b.takes = func(order int) bool { return order == 0 }
		case "<":
			b.takes = func(order int) bool { return order < 0 }
		case "<=":
			b.takes = func(order int) bool { return order <= 0 }
		case ">":
			b.takes = func(order int) bool { return order > 0 }
		case ">=":
			b.takes = func(order int) bool { return order >= 0 }
		default:
			return nil, fmt.Errorf("numeric: %q is no comparison; there are =, <, <=, > and >=", sign)
		}
		bounds = append(bounds, b)
		signs += sign[:1]
	}
	if len(bounds) == 2 && signs != "><" && signs != "<>" {
		return nil, errors.New("numeric: a range must have a lower bound (> or >=) and an upper one (< or <=)")
	}
	if len(bounds) == 2 {
		lower, upper := bounds[0].limit, bounds[1].limit
		if signs == "<>" {
			lower, upper = upper, lower
		}
		if order, _ := attr.Compare(attr.N(lower.String()), attr.N(upper.String())); order > 0 {
			return nil, fmt.Errorf("numeric: the range from %s to %s is empty", lower, upper)
		}
	}
	return func(v any) bool {
		for _, b := range bounds {
			if order, ok := compareNumber(v, b.limit); !ok || !b.takes(order) {
				return false
			}
		}
		return true
	}, nil
}

// checkNumber reports a number that no attribute can have.
func checkNumber(n json.Number) error {
	if _, ok := attr.Compare(attr.N(n.String()), attr.N("0")); !ok {
		return fmt.Errorf("%s is no number of at most 38 digits", n)
	}
	return nil
}
