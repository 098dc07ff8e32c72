package oracle

import (
	"bytes"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
)

// keyPart is the condition on one key attribute.
type keyPart struct {
	name   string
	op     string // = < <= > >= BETWEEN begins_with
	values []attr.Value
}

// keyCondition parses and judges a KeyConditionExpression.
func (b *bindings) keyCondition(text *string) ([]keyPart, error) {
	n, err := b.condition("KeyConditionExpression", text)
	if n == nil || err != nil {
		return nil, err
	}
	var parts []keyPart
	if err := collect(n, &parts); err != nil {
		return nil, err
	}
	for i, p := range parts {
		if slices.ContainsFunc(parts[:i], func(q keyPart) bool { return q.name == p.name }) {
			return nil, invalid("Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key")
		}
	}
	return parts, nil
}

func collect(n *node, parts *[]keyPart) error {
	n = n.bare()
	if n.kind == nodeLogic && n.op == "AND" {
		if err := collect(n.args[0], parts); err != nil {
			return err
		}
		return collect(n.args[1], parts)
	}
	if n.kind == nodeLogic || n.op == "<>" || n.op == "IN" || n.kind == nodeFunction && n.op != "begins_with" {
		return invalid("Invalid operator used in KeyConditionExpression: %s", n.op)
	}
	args := make([]*node, len(n.args))
	paths := 0
	for i, a := range n.args {
		args[i] = a.bare()
		if args[i].kind == nodeFunction {
			return invalid("KeyConditionExpressions cannot contain nested operations")
		}
		if args[i].kind == nodePath {
			paths++
		}
	}
	op := n.op
	switch {
	case (op == "BETWEEN" || op == "begins_with") && args[0].kind != nodePath:
		return invalid("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand", op)
	case paths == 0:
		return invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
	case paths > 1:
		return invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
	case args[0].kind == nodeValue:
		args[0], args[1] = args[1], args[0]
		op = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
	}
	if len(args[0].path) > 1 {
		return invalid("KeyConditionExpressions cannot have conditions on nested attributes")
	}
	p := keyPart{name: args[0].path[0].name, op: op}
	for _, a := range args[1:] {
		p.values = append(p.values, a.value)
	}
	*parts = append(*parts, p)
	return nil
}

// holds reports whether a key attribute's value fulfils its condition.
func (p keyPart) holds(v attr.Value) bool {
	switch p.op {
	case "=":
		return v.Equal(p.values[0])
	case "BETWEEN":
		return ordered(">=", v, p.values[0]) && ordered("<=", v, p.values[1])
	case "begins_with":
		return v.Kind() == attr.String && strings.HasPrefix(v.Str(), p.values[0].Str()) ||
			v.Kind() == attr.Binary && bytes.HasPrefix(v.Bytes(), p.values[0].Bytes())
	}
	return ordered(p.op, v, p.values[0])
}

// checkParts checks a key condition against the key of what is queried: each
// partition attribute by =, the sort attributes from the left without gaps, and only the last of them by
// something else.
func (t *table) checkParts(x *index, parts []keyPart) error {
	hash, sort := t.schemaOf(x)
	if len(parts) > 1 && len(hash)+len(sort) == 1 {
		return invalid("Query key condition not supported")
	}
	used := 0
	for i, n := range slices.Concat(hash, sort) {
		at := slices.IndexFunc(parts, func(p keyPart) bool { return p.name == n })
		if at < 0 {
			if i < len(hash) || used < len(parts) {
				return invalid("Query condition missed key schema element: %s", n)
			}
			break
		}
		p := parts[at]
		used++
		for _, v := range p.values {
			if err := t.checkPart(x, n, p.op, v, i < len(hash)); err != nil {
				return err
			}
		}
		if p.op != "=" && (i < len(hash) || used < len(parts)) {
			return invalid("Query key condition not supported")
		}
	}
	if used < len(parts) {
		return invalid("Query key condition not supported")
	}
	return nil
}

func (t *table) checkPart(x *index, name, op string, v attr.Value, hash bool) error {
	switch {
	case v.Kind() != t.kinds[name]:
		return invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
	case op == "begins_with" && v.Len() == 0:
		return nil
	case x != nil:
		return t.checkIndexKey(x, name, attr.Item{name: v}, hash)
	}
	return checkKeyValue(name, v, hash)
}

// schemaOf returns the key attributes of what is read: the table, or an index.
func (t *table) schemaOf(x *index) (hash, sort []string) {
	if x != nil {
		return x.hash, x.sort
	}
	return t.keys[:1], t.keys[1:]
}
