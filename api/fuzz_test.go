package api_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/stretchr/testify/require"
)

// FuzzValidate builds requests of every operation from bytes. No request may
// panic, and an error must be an *api.Error whose text does not depend on chance.
func FuzzValidate(f *testing.F) {
	f.Add(uint8(0), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add(uint8(3), []byte(strings.Repeat("\x01\xff\x20", 40)))
	for i, op := range api.Registry() {
		f.Add(uint8(i), []byte(strings.Repeat(op.Name, 20)))
	}
	f.Fuzz(func(t *testing.T, op uint8, data []byte) {
		bound.Input(t, func() {
			all := api.Registry()
			in := all[int(op)%len(all)].New()
			g := &generator{data: data}
			g.fill(reflect.ValueOf(in).Elem(), 0)
			err := in.Validate()
			if err == nil {
				return
			}
			var e *api.Error
			require.ErrorAs(t, err, &e)
			require.NotEmpty(t, e.Message)
			for range 3 {
				require.Equal(t, err, in.Validate())
			}
		})
	})
}

// generator turns bytes into values; when they are used up every choice is 0, which ends.
type generator struct{ data []byte }

func (g *generator) next(n int) int {
	if len(g.data) == 0 {
		return 0
	}
	b := g.data[0]
	g.data = g.data[1:]
	return int(b) % n
}

// words are good and bad in the places where strings stand.
var words = []string{
	"", "a", "abc", "a;", "#a", ":a", "HASH", "RANGE", "S", "N", "ALL", "INCLUDE", "KEYS_ONLY", "ALL_OLD", "NONE", "EQ", "BETWEEN", "IN", "NULL",
	"PAY_PER_REQUEST", "PROVISIONED", "COUNT", "OR", "AND", "PUT", "ADD", "DELETE", "TOTAL", "SIZE", tableARN, "arn:x", "aws:x", "KMS", "COSINE", "\xff",
}

func (g *generator) word() string { return words[g.next(len(words))] }

func (g *generator) value(depth int) attr.Value {
	n := g.next(14)
	if depth > 3 && (n == 5 || n == 6) {
		n = 0
	}
	switch n {
	case 0:
		return attr.S(g.word())
	case 1:
		return attr.N([]string{"1", "1.0", "1e200", "x", "", "1e-200", strings.Repeat("1", 39)}[g.next(7)])
	case 2:
		return attr.B([]byte(g.word()))
	case 3:
		return attr.BOOL(g.next(2) == 1)
	case 4:
		return attr.NULL()
	case 5:
		return attr.L(g.value(depth+1), g.value(depth+1))
	case 6:
		return attr.M(attr.Item{g.word(): g.value(depth + 1)})
	case 7:
		return attr.SS(g.word(), g.word())
	case 8:
		return attr.NS([]string{"1", "1.0", "x"}[g.next(3)], "1")
	case 9:
		return attr.BS([]byte(g.word()), []byte(g.word()))
	case 10:
		return attr.SS()
	case 11:
		return attr.AmbiguousValue()
	case 12:
		return attr.FalseNULL()
	}
	return attr.Value{}
}

// attributes returns an item in any form, also bytes that are none.
func (g *generator) attributes() api.Attributes {
	item := attr.Item{}
	for range g.next(4) {
		item[g.word()] = g.value(0)
	}
	stored, err := itemcodec.AppendItem(nil, item)
	switch n := g.next(6); {
	case n == 0:
		return api.Attributes{}
	case n == 1:
		return api.StoredItem([]byte(g.word()))
	case n == 2 && err == nil:
		return api.StoredItem(stored)
	}
	return api.ItemOf(item)
}

func (g *generator) fill(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[attr.Value]() {
		v.Set(reflect.ValueOf(g.value(0)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(g.word())
	case reflect.Bool:
		v.SetBool(g.next(2) == 1)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64([]int{0, 1, -1, 100, 101, 4096, 1_000_001}[g.next(7)]))
	case reflect.Float64:
		v.SetFloat(float64(g.next(3)))
	case reflect.Pointer:
		if g.next(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem(), depth+1)
		}
	case reflect.Slice:
		if n := g.next(5); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
			for i := range n - 1 {
				g.fill(v.Index(i), depth+1)
			}
		}
	case reflect.Map:
		if n := g.next(5); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n - 1 {
				elem := reflect.New(v.Type().Elem()).Elem()
				g.fill(elem, depth+1)
				v.SetMapIndex(reflect.ValueOf(g.word()), elem)
			}
		}
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[time.Time]():
			return
		case reflect.TypeFor[api.Attributes]():
			v.Set(reflect.ValueOf(g.attributes()))
			return
		}
		for i := range v.NumField() {
			g.fill(v.Field(i), depth+1)
		}
	}
}
