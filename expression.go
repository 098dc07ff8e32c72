package stator

import (
	"maps"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/expr"
)

// expression gathers what the expressions of one request share: the names and
// values that their placeholders stand for. Both are nil when there are none,
// for DynamoDB refuses empty ones.
type expression struct {
	texts  *expr.Cache
	names  map[string]string
	values map[string]Value
}

func (t table) expression(names Names) *expression {
	return &expression{texts: t.learned.texts, names: maps.Clone(names)}
}

// add translates a native text to DynamoDB's own form.
func (e *expression) add(m expr.Member, n native) (*string, error) {
	if n.err != nil {
		return nil, n.err
	}
	translated, err := e.texts.Translate(m, n.text)
	if err != nil {
		return nil, faultf(nil, "%v", err)
	}
	for placeholder, name := range translated.Names {
		if e.names == nil {
			e.names = make(map[string]string, len(translated.Names))
		}
		if other, ok := e.names[placeholder]; ok && other != name {
			return nil, faultf(nil, "Names uses the placeholder %s, which stands for an attribute of %q: use another", placeholder, n.text)
		}
		e.names[placeholder] = name
	}
	for i, placeholder := range translated.Values {
		if e.values == nil {
			e.values = make(map[string]Value, len(translated.Values))
		}
		e.values[placeholder] = n.values[i]
	}
	return &translated.Text, nil
}

// update adds the actions of an update.
func (e *expression) update(actions []Action) (*string, error) {
	for _, a := range actions {
		if a.section == anySection {
			if err := e.check(expr.NativeUpdate, a.text); err != nil {
				return nil, err
			}
		}
	}
	text, err := allActions(actions)
	if err != nil {
		return nil, err
	}
	return e.add(expr.NativeUpdate, text)
}

// allOf adds conditions joined with AND. Each must be whole by itself: "a BETWEEN
// b" and "c" are not to become one.
func (e *expression) allOf(m expr.Member, conditions []native) (*string, error) {
	if len(conditions) > 1 {
		for _, c := range conditions {
			if err := e.check(m, c); err != nil {
				return nil, err
			}
		}
	}
	return e.add(m, allOf(conditions))
}

// check reports that a text is not whole by itself.
func (e *expression) check(m expr.Member, n native) error {
	if n.err != nil {
		return n.err
	}
	if _, err := e.texts.Translate(m, n.text); err != nil {
		return faultf(nil, "%v", err)
	}
	return nil
}

func (e *expression) keyCondition(n native) (*string, error) {
	return e.add(expr.NativeKeyCondition, n)
}

// condition adds the conditions of a write, and asks for the item in the error
// of one that does not hold: DynamoDB takes nothing for it.
func (e *expression) condition(conditions []native) (*string, *api.ReturnValuesOnConditionCheckFailure, error) {
	if len(conditions) == 0 {
		return nil, nil, nil
	}
	text, err := e.allOf(expr.NativeCondition, conditions)
	if err != nil {
		return nil, nil, err
	}
	return text, new(api.ReturnValuesOnConditionCheckFailureAllOld), nil
}

func (e *expression) filter(filters []native) (*string, error) {
	if len(filters) == 0 {
		return nil, nil
	}
	return e.allOf(expr.NativeFilter, filters)
}

func (e *expression) projection(paths []string) (*string, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	return e.add(expr.NativeProjection, native{text: strings.Join(paths, ", ")})
}
