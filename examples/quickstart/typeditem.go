package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/statordb/stator"
)

// typedItem is an item in DynamoDB's JSON: {"name": {"S": "Ann"}, "age":
// {"N": "42"}}. The models write some maps in plain JSON: {"x": 59}.
type typedItem stator.Item

// UnmarshalJSON reads an item.
func (t *typedItem) UnmarshalJSON(text []byte) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var attributes map[string]any
	if err := in.Decode(&attributes); err != nil {
		return err
	}
	item, err := mapOf(attributes)
	*t = typedItem(item)
	return err
}

func mapOf(attributes map[string]any) (stator.Item, error) {
	item := make(stator.Item, len(attributes))
	for name, v := range attributes {
		var err error
		if item[name], err = valueOf(v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return item, nil
}

// valueOf returns a typed value, or a plain one.
func valueOf(v any) (stator.Value, error) {
	switch v := v.(type) {
	case string:
		return stator.S(v), nil
	case json.Number:
		return stator.N(v.String()), nil
	case bool:
		return stator.BOOL(v), nil
	case []any:
		list := make([]stator.Value, len(v))
		for i, e := range v {
			var err error
			if list[i], err = valueOf(e); err != nil {
				return stator.Value{}, err
			}
		}
		return stator.L(list...), nil
	case map[string]any:
		for name, content := range v {
			if value, ok, err := typed(name, content); ok && len(v) == 1 {
				return value, err
			}
		}
		m, err := mapOf(v)
		return stator.M(m), err
	}
	return stator.NULL(), nil
}

// typed returns the value of a type with its content; ok is false when it is none.
func typed(name string, content any) (v stator.Value, ok bool, err error) {
	text, isText := content.(string)
	list, isList := content.([]any)
	_, isMap := content.(map[string]any)
	switch {
	case name == "N" && isText:
		return stator.N(text), true, nil
	case name == "B" && isText:
		b, err := base64.StdEncoding.DecodeString(text)
		return stator.B(b), true, err
	case name == "SS" && isList:
		return stator.SS(texts(list)...), true, nil
	case name == "NS" && isList:
		return stator.NS(texts(list)...), true, nil
	case name == "NULL" && content == true:
		return stator.NULL(), true, nil
	case name == "S" && isText, name == "BOOL" && content != nil && !isText && !isList && !isMap, name == "L" && isList:
		v, err = valueOf(content) // their content is as plain JSON has it
		return v, true, err
	case name == "M" && isMap:
		m, err := mapOf(content.(map[string]any))
		return stator.M(m), true, err
	}
	return v, false, nil
}

func texts(list []any) []string {
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = fmt.Sprint(e)
	}
	return all
}

func untyped(typed []typedItem) []stator.Item {
	items := make([]stator.Item, len(typed))
	for i, t := range typed {
		items[i] = stator.Item(t)
	}
	return items
}
