package parity_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

var seed = flag.Uint64("seed", 0, "replay the random tests of this seed; 0 takes a new one")

// maker makes random types, values of them, and AttributeValues.
type maker struct{ *rand.Rand }

func newMaker(t *testing.T) maker {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("replay with -seed=%d", s)
	return maker{rand.New(rand.NewPCG(s, s))}
}

// TestRandomTypes marshals values of random types, and reads what the SDK
// made of them into the same type, into another one and into any.
func TestRandomTypes(t *testing.T) {
	m := newMaker(t)
	compared := 0
	for range 3000 {
		typ := m.typ(3)
		if typ.Kind() == reflect.Interface {
			continue
		}
		v := reflect.New(typ)
		m.fill(v.Elem(), 4)
		compareMarshal(t, v.Interface())
		compareMarshal(t, v.Elem().Interface())
		av, err, panicked := sdkMarshal(v.Interface())
		if err != nil || panicked != nil || av == nil {
			continue
		}
		compared++
		compareUnmarshal(t, av, typ)
		compareUnmarshal(t, av, m.typ(3))
		compareUnmarshal(t, av, reflect.TypeFor[any]())
	}
	require.Greater(t, compared, 1000, "most random values should be ones that the SDK takes")
}

// TestRandomValues reads random AttributeValues into random types, so that
// most of them do not fit.
func TestRandomValues(t *testing.T) {
	m := newMaker(t)
	for range 10000 {
		compareUnmarshal(t, m.attributeValue(3), m.typ(3))
	}
}

var leafTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[myString](), reflect.TypeFor[bool](), reflect.TypeFor[myBool](),
	reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[json.Number](), reflect.TypeFor[time.Time](),
	reflect.TypeFor[myTime](), reflect.TypeFor[[]byte](), reflect.TypeFor[myBytes](), reflect.TypeFor[hash](), reflect.TypeFor[[][]byte](),
	reflect.TypeFor[any](), reflect.TypeFor[temp](), reflect.TypeFor[secret](), reflect.TypeFor[point](), reflect.TypeFor[level](),
	reflect.TypeFor[time.Duration](), reflect.TypeFor[chan int](), reflect.TypeFor[complex64](), reflect.TypeFor[uintptr](),
	reflect.TypeFor[embedsDeep](), reflect.TypeFor[embedsPointer](), reflect.TypeFor[embedsConflict](), reflect.TypeFor[recursive](),
	reflect.TypeFor[tagged](), reflect.TypeFor[embedsTemp](), reflect.TypeFor[myMap](), reflect.TypeFor[myList](),
}

var keyTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[myString](), reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[bool](),
	reflect.TypeFor[float64](), reflect.TypeFor[point](), reflect.TypeFor[level](), reflect.TypeFor[json.Number](), reflect.TypeFor[[1]int](),
}

// fieldNames differ in more than case: of attributes that do not, the SDK takes any.
var fieldNames = []string{"Alpha", "Beta", "Gamma", "Delta", "Epsilon", "ID", "Name", "Next"}

var tagOptions = []string{
	"omitempty", "omitemptyelem", "nullempty", "nullemptyelem", "string", "stringset", "numberset", "binaryset", "unixtime",
}

func pick[T any](m maker, from []T) T { return from[m.IntN(len(from))] }

func (m maker) typ(depth int) reflect.Type {
	if depth == 0 || m.IntN(3) == 0 {
		return pick(m, leafTypes)
	}
	switch m.IntN(6) {
	case 0:
		elem := m.typ(depth - 1)
		if elem.Kind() == reflect.Interface {
			return elem // the SDK loses what is in an interface behind a pointer
		}
		return reflect.PointerTo(elem)
	case 1:
		return reflect.SliceOf(m.typ(depth - 1))
	case 2:
		return reflect.ArrayOf(m.IntN(4), m.typ(depth-1))
	case 3:
		return reflect.MapOf(pick(m, keyTypes), m.typ(depth-1))
	}
	var fields []reflect.StructField
	for _, name := range fieldNames[:m.IntN(len(fieldNames))] {
		fields = append(fields, reflect.StructField{Name: name, Type: m.typ(depth - 1), Tag: m.tag()})
	}
	return reflect.StructOf(fields)
}

func (m maker) tag() reflect.StructTag {
	if m.IntN(2) == 0 {
		return ""
	}
	parts := []string{pick(m, []string{"", "", "", "other", "-"})}
	for range m.IntN(3) {
		parts = append(parts, pick(m, tagOptions))
	}
	return reflect.StructTag(`dynamodbav:"` + strings.Join(parts, ",") + `"`)
}

func (m maker) fill(v reflect.Value, depth int) {
	if m.IntN(6) == 0 {
		return // zero
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(pick(m, []string{"", "a", "plain", "1", "-2.50", "æ\x00\xff"}))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(m.Uint64()) >> m.IntN(64))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(m.Uint64() >> m.IntN(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(m.IntN(2000)-1000) / float64(1+m.IntN(9)))
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			m.fill(v.Elem(), depth-1)
		}
	case reflect.Interface:
		if v.NumMethod() == 0 && depth > 0 {
			e := reflect.New(m.typ(1)).Elem()
			m.fill(e, depth-1)
			v.Set(e)
		}
	case reflect.Slice:
		if depth > 0 {
			v.Set(reflect.MakeSlice(v.Type(), m.IntN(3), 4))
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			m.fill(v.Index(i), depth-1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range m.IntN(3) * min(depth, 1) {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			m.fill(key, 1)
			m.fill(elem, depth-1)
			v.SetMapIndex(key, elem)
		}
	case reflect.Struct:
		if v.Type().ConvertibleTo(reflect.TypeFor[time.Time]()) {
			v.Set(reflect.ValueOf(time.Unix(m.Int64N(1<<34), m.Int64N(1e9)).UTC()).Convert(v.Type()))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				m.fill(v.Field(i), depth-1)
			}
		}
	}
}

func (m maker) attributeValue(depth int) types.AttributeValue {
	kinds := 10
	if depth == 0 {
		kinds = 8
	}
	switch m.IntN(kinds) {
	case 0:
		return &types.AttributeValueMemberS{Value: m.text()}
	case 1:
		return &types.AttributeValueMemberN{Value: m.number()}
	case 2:
		return &types.AttributeValueMemberB{Value: []byte(m.text())}
	case 3:
		return &types.AttributeValueMemberBOOL{Value: m.IntN(2) == 0}
	case 4:
		return &types.AttributeValueMemberNULL{Value: true}
	case 5:
		return &types.AttributeValueMemberSS{Value: []string{m.text(), m.text()}[m.IntN(3)%2:]}
	case 6:
		return &types.AttributeValueMemberNS{Value: []string{m.number(), m.number()}[m.IntN(3)%2:]}
	case 7:
		return &types.AttributeValueMemberBS{Value: [][]byte{[]byte(m.text())}[m.IntN(2):]}
	case 8:
		list := make([]types.AttributeValue, m.IntN(4))
		for i := range list {
			list[i] = m.attributeValue(depth - 1)
		}
		return &types.AttributeValueMemberL{Value: list}
	}
	item := map[string]types.AttributeValue{}
	for _, name := range append(fieldNames, "note", "inner", "i64", "OmitS", "SS", "-", "1", "2:3", "true", "0.5") {
		switch m.IntN(6) {
		case 0:
			item[name] = m.attributeValue(depth - 1)
		case 1:
			item[strings.ToLower(name)] = m.attributeValue(depth - 1)
		case 2:
			item[strings.ToUpper(name)] = m.attributeValue(depth - 1)
		}
	}
	return &types.AttributeValueMemberM{Value: item}
}

func (m maker) text() string {
	return pick(m, []string{"", "a", "12", "-3", "20C", "2026-11-20T08:30:15.5+02:00", "1:2", "\x00\xff", "æøå", "abcd"})
}

func (m maker) number() string {
	switch m.IntN(4) {
	case 0:
		return strconv.Itoa(m.IntN(600) - 300)
	case 1:
		return fmt.Sprint(m.Float64())
	case 2:
		return strconv.FormatUint(m.Uint64(), 10)
	}
	return pick(m, []string{"", "1.0", "1E3", "-0", "+5", "1E400", "12345678901234567890123456789012345678", "x"})
}
