package wire_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// model returns what v is in JSON, as encoding/json would read it: a plain
// second opinion, for comparisons. Absent members are left out.
func model(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case attr.Value:
		return modelValue(x)
	case attr.Item:
		return modelItem(x)
	case api.Attributes:
		item, err := x.Item()
		if err != nil {
			panic(err)
		}
		return modelItem(item)
	case time.Time:
		return float64(x.UnixMilli()) / 1000
	}
	switch v.Kind() {
	case reflect.Pointer:
		return model(v.Elem())
	case reflect.Struct:
		object := map[string]any{}
		for i := range v.NumField() {
			f := v.Field(i)
			a, isItem := f.Interface().(api.Attributes)
			switch {
			case f.Kind() == reflect.Pointer && f.IsNil(), f.Kind() == reflect.Map && f.IsNil(), f.Kind() == reflect.Slice && f.IsNil(), isItem && a.IsZero():
			default:
				name := v.Type().Field(i).Name
				if v.Type() == reflect.TypeFor[api.Record]() {
					name = strings.ToLower(name[:1]) + name[1:]
				}
				object[name] = model(f)
			}
		}
		return object
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, model(v.Index(i)))
		}
		return list
	case reflect.Map:
		object := map[string]any{}
		for _, key := range v.MapKeys() {
			object[key.String()] = model(v.MapIndex(key))
		}
		return object
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int32, reflect.Int64:
		return float64(v.Int())
	case reflect.Float64:
		return v.Float()
	}
	panic(fmt.Sprintf("a %v", v.Type()))
}

func modelItem(it attr.Item) any {
	object := map[string]any{}
	for name, v := range it {
		object[name] = modelValue(v)
	}
	return object
}

func modelValue(v attr.Value) any {
	list := []any{}
	switch v.Kind() {
	case attr.String:
		return map[string]any{"S": v.Str()}
	case attr.Number:
		return map[string]any{"N": v.Num()}
	case attr.Binary:
		return map[string]any{"B": base64.StdEncoding.EncodeToString(v.Bytes())}
	case attr.Bool:
		return map[string]any{"BOOL": v.Bool()}
	case attr.Null:
		return map[string]any{"NULL": v.IsNull()}
	case attr.Map:
		return map[string]any{"M": modelItem(v.Map())}
	case attr.List:
		for _, e := range v.List() {
			list = append(list, modelValue(e))
		}
	case attr.StringSet, attr.NumberSet:
		for _, e := range v.Strings() {
			list = append(list, e)
		}
	case attr.BinarySet:
		for _, e := range v.Binaries() {
			list = append(list, base64.StdEncoding.EncodeToString(e))
		}
	default:
		return v.Kind() // nothing in JSON is equal to it
	}
	return map[string]any{v.Kind().String(): list}
}

// unjson is the other way: an attribute value from what encoding/json read.
// ok is false where AWS refuses the types.
func unjson(v any) (_ attr.Value, ok bool) {
	object, ok := v.(map[string]any)
	if v == nil || !ok {
		return attr.Value{}, v == nil
	}
	var found []attr.Value
	for kind, x := range object {
		if x == nil {
			continue
		}
		s, isString := x.(string)
		l, isList := x.([]any)
		var one attr.Value
		switch kind {
		case "S":
			one, ok = attr.S(s), isString
		case "N":
			one, ok = attr.N(s), isString
		case "B":
			var b []byte
			b, ok = unbase64(x)
			one = attr.B(b)
		case "BOOL", "NULL":
			b, isBool := x.(bool)
			if isString {
				switch strings.ToUpper(s) {
				case "TRUE", "1", "YES":
					b, isBool = true, true
				case "FALSE", "0", "NO":
					b, isBool = false, true
				}
			}
			one, ok = attr.BOOL(b), isBool
			if kind == "NULL" {
				one = attr.FalseNULL()
				if b {
					one = attr.NULL()
				}
			}
		case "L":
			elems := make([]attr.Value, len(l))
			ok = isList
			for i := range l {
				var good bool
				elems[i], good = unjson(l[i])
				ok = ok && good
			}
			one = attr.L(elems...)
		case "M":
			var m attr.Item
			m, ok = unjsonItem(x)
			one = attr.M(m)
		case "SS", "NS":
			elems := make([]string, len(l))
			ok = isList
			for i := range l {
				var good bool
				elems[i], good = l[i].(string)
				ok = ok && (good || l[i] == nil)
			}
			one = attr.SS(elems...)
			if kind == "NS" {
				one = attr.NS(elems...)
			}
		case "BS":
			elems := make([][]byte, len(l))
			ok = isList
			for i := range l {
				var good bool
				elems[i], good = unbase64(l[i])
				ok = ok && (good || l[i] == nil)
			}
			one = attr.BS(elems...)
		default:
			continue
		}
		if !ok {
			return attr.Value{}, false
		}
		found = append(found, one)
	}
	switch len(found) {
	case 0:
		return attr.Value{}, true
	case 1:
		return found[0], true
	}
	return attr.AmbiguousValue(), true
}

func unjsonItem(v any) (attr.Item, bool) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, v == nil
	}
	item := attr.Item{}
	for name, x := range object {
		if item[name], ok = unjson(x); !ok {
			return nil, false
		}
	}
	return item, true
}

func unbase64(v any) ([]byte, bool) {
	s, ok := v.(string)
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, ok && err == nil && base64.StdEncoding.EncodeToString(b) == s
}

// hasDuplicates reports whether an object of body names a member twice.
func hasDuplicates(body string) bool {
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var walk func() bool
	walk = func() bool {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		twice := false
		switch token {
		case json.Delim('{'):
			seen := map[any]bool{}
			for dec.More() {
				name, _ := dec.Token()
				twice = twice || seen[name]
				seen[name] = true
				twice = walk() || twice
			}
			_, _ = dec.Token()
		case json.Delim('['):
			for dec.More() {
				twice = walk() || twice
			}
			_, _ = dec.Token()
		}
		return twice
	}
	return walk()
}

// fill sets v and all in it to random values. Lists and maps may be nil or empty.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case attr.Value:
		v.Set(reflect.ValueOf(randomValue(r, 0)))
		return
	case attr.Item, map[string]attr.Value:
		v.Set(reflect.ValueOf(randomItem(r, 0)).Convert(v.Type()))
		return
	case api.Attributes:
		v.Set(reflect.ValueOf(api.ItemOf(randomItem(r, 0))))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMilli(r.Int64N(4e12))))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if r.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Slice:
		if n := r.IntN(4) - 1; n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(r, v.Index(i))
			}
		}
	case reflect.Map:
		if n := r.IntN(4) - 1; n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				one := reflect.New(v.Type().Elem()).Elem()
				fill(r, one)
				if one.Kind() == reflect.Slice && one.IsNil() {
					one.Set(reflect.MakeSlice(one.Type(), 0, 0))
				}
				v.SetMapIndex(reflect.ValueOf(randomText(r)), one)
			}
		}
	case reflect.String:
		v.SetString(randomText(r))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int32:
		v.SetInt(int64(int32(r.Uint32())))
	case reflect.Int64:
		v.SetInt(r.Int64N(1<<50) - 1<<49) // a float64 holds it
	case reflect.Float64:
		v.SetFloat(math.Trunc(r.Float64()*1e6) / 2)
	default:
		panic(fmt.Sprintf("a %v", v.Type()))
	}
}

func randomText(r *rand.Rand) string {
	parts := []string{"a", "Zz", "0", " ", "\"", "\\", "/", "\n", "\t", "\r", "\b", "\f", "\x00", "\x1f", "\x7f", "é", "漢", "\U0001F600", "\uFFFD", "\u2028", "plain text of some length"}
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// canonical gives the items that a request stores the numbers and sets of their stored form, which is how they are read.
func canonical(t testing.TB, v reflect.Value) {
	if a, ok := v.Interface().(api.Attributes); ok {
		item, err := a.Item()
		require.NoError(t, err)
		stored, err := itemcodec.AppendItem(nil, item)
		if err != nil || item == nil {
			return // refused, and read as it is
		}
		item, err = itemcodec.DecodeItem(stored)
		require.NoError(t, err)
		v.Set(reflect.ValueOf(api.ItemOf(item)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct {
			canonical(t, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				canonical(t, v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			canonical(t, v.Index(i))
		}
	case reflect.Map:
		for _, name := range v.MapKeys() {
			canonical(t, v.MapIndex(name))
		}
	}
}

func randomItem(r *rand.Rand, depth int) attr.Item {
	item := attr.Item{}
	for range r.IntN(5) {
		item[randomText(r)] = randomValue(r, depth)
	}
	return item
}

func randomValue(r *rand.Rand, depth int) attr.Value {
	kinds := 10
	if depth > 4 {
		kinds = 8
	}
	switch r.IntN(kinds) {
	case 0:
		return attr.S(randomText(r))
	case 1:
		return attr.N(fmt.Sprint(r.Float64()))
	case 2:
		return attr.B([]byte(randomText(r)))
	case 3:
		return attr.BOOL(r.IntN(2) == 0)
	case 4:
		return attr.NULL()
	case 5:
		return attr.SS("a"+randomText(r), "b"+randomText(r))
	case 6:
		return attr.NS("1"+fmt.Sprint(r.IntN(100)), "-2")
	case 7:
		return attr.BS([]byte("a"+randomText(r)), []byte("b"))
	case 8:
		list := make([]attr.Value, r.IntN(4))
		for i := range list {
			list[i] = randomValue(r, depth+1)
		}
		return attr.L(list...)
	}
	return attr.M(randomItem(r, depth+1))
}

// sameJSON requires that body is the JSON of v.
func sameJSON(t *testing.T, v any, body []byte) {
	var got any
	require.NoError(t, json.Unmarshal(body, &got), "%s", body)
	require.Equal(t, model(reflect.ValueOf(v)), got, "%s", body)
}
