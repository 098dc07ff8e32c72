// Package parity_test compares attr's Marshal and Unmarshal with the
// attributevalue package of the AWS SDK, value for value.
package parity_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
)

var when = time.Date(2026, 11, 20, 8, 30, 15, 123456789, time.FixedZone("", 2*3600))

func ptr[T any](v T) *T { return &v }

// values are marshalled by both sides, by value and behind a pointer.
var values = map[string]any{
	"nil":             nil,
	"string":          "x",
	"empty string":    "",
	"int":             -5,
	"uint64":          uint64(math.MaxUint64),
	"int64":           int64(math.MinInt64),
	"float":           0.1,
	"float32":         float32(0.1),
	"big float":       1e300,
	"small float":     1e-9,
	"NaN":             math.NaN(),
	"infinity":        math.Inf(-1),
	"bool":            true,
	"time":            when,
	"zero time":       time.Time{},
	"my time":         myTime(when),
	"number text":     json.Number("1.50"),
	"no number text":  json.Number(""),
	"bytes":           []byte{1, 2},
	"empty bytes":     []byte{},
	"nil bytes":       []byte(nil),
	"array of bytes":  hash{1, 2, 3, 4},
	"my bytes":        myBytes{7},
	"array of none":   [0]byte{},
	"binaries":        [][]byte{{1}, {}, {2}},
	"no binaries":     [][]byte{},
	"nil binary":      [][]byte{nil},
	"list":            []any{1, "a", nil, []int{2}, map[string]any{"x": 1}, func() {}, 3},
	"nil list":        []string(nil),
	"empty list":      []string{},
	"array":           [2]int{1, 2},
	"map":             map[string]any{"a": 1, "b": nil, "c": make(chan int)},
	"nil map":         map[string]int(nil),
	"empty key":       map[string]int{"": 1},
	"bad key":         map[[2]int]int{{1, 2}: 1},
	"bad key, empty":  map[[2]int]int{},
	"any key":         map[any]int{"a": 1},
	"any text key":    map[any]int{point{1, 2}: 1},
	"pointer":         ptr(5),
	"pointer pointer": ptr(ptr("x")),
	"nil pointer":     (*int)(nil),
	"inner nil":       ptr((*int)(nil)),
	"temp":            temp{20},
	"too cold":        temp{-300},
	"too cold inside": map[string][]any{"x": {1, temp{-300}}},
	"secret":          secret("a"),
	"secrets":         []secret{"a", "plain", ""},
	"secret map":      map[string]secret{"k": "a"},
	"point":           point{1, 2},
	"duration":        time.Second,
	"nil in any":      []any{[]string(nil), map[string]int(nil), (*int)(nil), []byte(nil)},
	"scalars":         scalars{},
	"scalars, full": scalars{
		S: "s", MS: "ms", B: true, MB: true, I: 1, I8: -128, I64: math.MaxInt64, U: 1, U8: 255, U64: math.MaxUint64,
		F32: 1.1, F64: 1e21, MF: 2.5, N: "12E2", T: when, MT: myTime(when), P: ptr(0), PP: ptr(ptr("")), E: uint8(3),
		By: []byte("by"), MBy: myBytes("mby"), H: hash{1}, C: make(chan int), F: func() {}, X: 1i, UP: 1, D: time.Minute,
	},
	"tagged": tagged{},
	"tagged, zeros inside": tagged{
		OmitPP: ptr(ptr(0)), OmitPE: ptr((*int)(nil)), OmitP: ptr(0), OmitL: []int{}, OmitM: map[string]string{}, OmitE: 0,
		NullE: []string{"", "a"}, NullM: map[string]int{"a": 0, "b": 1}, ElemL: []string{"", "a", ""},
		ElemM: map[string]*int{"a": nil, "b": ptr(0)}, ElemN: [][]string{nil, {}, {"", "a"}},
		SS: []string{}, SSO: []string{}, SSE: []string{"", ""}, NS: []int{}, BS: [][]byte{}, SSM: []myString{""},
		MSS: map[string]bool{}, UTP: &time.Time{},
	},
	"tagged, full": tagged{
		Skip: "x", Dash: "x", Renamed: "r", OmitS: "s", OmitI: 1, OmitP: ptr(1), OmitPP: ptr(ptr(1)), OmitL: []int{0},
		OmitM: map[string]string{"a": ""}, OmitT: when, OmitE: "x", OmitSt: Base{"a", "b"}, OmitTmp: &temp{1},
		NullS: "a", NullI: 1, NullB: true, StrI: 1, StrF: 1.5, StrN: "2", StrS: "x", StrB: true, StrP: ptr(int64(9)),
		SS: []string{"b", "a"}, SSM: []myString{"x"}, SST: []time.Time{when}, SSP: []*string{ptr("p")}, SSTm: []temp{{1}, {2}},
		SSA: [2]string{"a", "b"}, NS: []int{2, 1}, NSF: []float64{1.5}, NSN: []json.Number{"1E2"}, BS: [][]byte{{1}},
		BSD: [][]byte{{2}}, BSH: []hash{{1}}, MSS: map[string]bool{"a": true}, MSt: map[string]struct{}{"a": {}}, NotS: "n", BNot: []byte("b"),
		UT: when, UTP: &when, UTM: myTime(when), UTO: &when,
	},
	"set of nil":       tagged{SSP: []*string{nil}},
	"set of nil bytes": tagged{BS: [][]byte{nil}},
	"set of wrong type": struct {
		A []int `dynamodbav:",stringset"`
	}{[]int{1}},
	"set of wrong type 2": struct {
		A []string `dynamodbav:",numberset"`
	}{[]string{"1"}},
	"set of wrong type 3": struct {
		A []string `dynamodbav:",binaryset"`
	}{[]string{"1"}},
	"two set options": struct {
		A []string `dynamodbav:",stringset,numberset"`
	}{[]string{"1"}},
	"omit and null": struct {
		A string `dynamodbav:",omitempty,nullempty"`
	}{},
	"omit and null, full": struct {
		A string `dynamodbav:",omitempty,nullempty"`
	}{"x"},
	"elem omit and null": struct {
		A []string `dynamodbav:",omitemptyelem,nullemptyelem"`
	}{[]string{""}},
	"unknown option": struct {
		A string `dynamodbav:"a,omitzero,,omitempty"`
	}{},
	"json tags": struct {
		A string `json:"a"`
	}{"x"},
	"maps": maps{},
	"maps, full": maps{
		S: map[string]string{"a": "b"}, MS: map[myString]int{"a": 1}, I: map[int]string{-1: "a"}, U8: map[uint8]string{255: "a"},
		F: map[float64]string{1e21: "a", 0.5: "b"}, B: map[bool]string{true: "t"}, P: map[point]string{{1, 2}: "p"},
		A: map[string]any{"a": 1.5, "b": []any{true}}, L2: map[string][]string{"a": {"b"}},
		M2: map[string]map[string]int{"a": {"b": 1}, "c": nil}, T: map[string]temp{"a": {1}}, Sec: map[string]secret{"a": "b"},
		PS: map[string]*secret{"a": ptr(secret("b"))}, My: myMap{"a": 1}, St: map[string]struct{}{"a": {}}, Ti: map[string]time.Time{"a": when},
	},
	"keys with String": maps{L: map[level]string{1: "a"}, D: map[time.Duration]int{time.Second: 1}},
	"custom":           custom{},
	"custom, full": custom{
		T: temp{1}, PT: &temp{2}, LT: []temp{{3}}, OT: temp{4}, S: "s", PS: ptr(secret("ps")), LS: []secret{"l", "plain"},
		AS: [2]secret{"a", "b"}, PPS: ptr(ptr(secret("pps"))), OS: "os", A: &temp{5}, P: point{1, 2},
	},
	"embeds one":          embedsOne{Base{"a", "b"}},
	"embeds pointer":      embedsPointer{&Base{"a", "b"}},
	"embeds nil":          embedsPointer{},
	"embeds deep":         embedsDeep{Middle{Base{"a", "b"}, 1, "c"}},
	"embeds conflict":     embedsConflict{Base{"a", "b"}, Twin{"c", 1}},
	"embeds named":        embedsNamed{Base{"a", "b"}, Twin{"c", 1}},
	"embeds hidden":       embedsHidden{hidden{"a", "b"}},
	"embeds hidden named": embedsHiddenNamed{hidden{"a", "b"}},
	"embeds others":       embedsOther{Labels{"a": "b"}, "code", nil},
	"embeds a Stringer":   embedsOther{Labels{"a": "b"}, "code", level(3)},
	"embeds time":         embedsTime{when, "a"},
	"embeds named time":   embedsNamedTime{when},
	"embeds temp":         embedsTemp{temp{1}, 2},
	"embeds twice":        embedsTwice{TwinA{Base{"a", "b"}}, TwinB{Base{"c", "d"}}},
	"overrides":           overrides{Base{"a", "b"}, "c"},
	"tag wins":            tagWins{"a", "b"},
	"tags clash":          tagsClash{"a", "b"},
	"recursive":           recursive{"a", &recursive{Name: "b"}, []recursive{{Name: "c"}}, map[string]*recursive{"x": {Name: "d"}, "y": nil}},
	"embeds itself":       embedsItself{&embedsItself{nil, "b"}, "a"},
}

func TestMarshal(t *testing.T) {
	for name, v := range values {
		t.Run(name, func(t *testing.T) { compareMarshal(t, v) })
		if v != nil {
			t.Run(name+", behind a pointer", func(t *testing.T) {
				p := reflect.New(reflect.TypeOf(v))
				p.Elem().Set(reflect.ValueOf(v))
				compareMarshal(t, p.Interface())
			})
		}
	}
}

// TestUnmarshal reads every value, as the SDK marshals it, into the types of
// all values.
func TestUnmarshal(t *testing.T) {
	for name, v := range values {
		av, err, _ := sdkMarshal(v)
		if err != nil || av == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			compareUnmarshal(t, av, reflect.TypeFor[any]())
			for _, target := range values {
				if target != nil {
					compareUnmarshal(t, av, reflect.TypeOf(target))
				}
			}
		})
	}
}

// TestUnixTime compares the two types, which are apart.
func TestUnixTime(t *testing.T) {
	want, err := attributevalue.Marshal([]attributevalue.UnixTime{attributevalue.UnixTime(when)})
	require.NoError(t, err)
	got, err := attr.Marshal([]attr.UnixTime{attr.UnixTime(when)})
	require.NoError(t, err)
	require.Equal(t, dumpSDK(want), dump(got))

	_, err = attr.Marshal(attributevalue.UnixTime(when))
	require.ErrorContains(t, err, "MarshalAttr", "the SDK's type must not become an S")
	var u attributevalue.UnixTime
	require.ErrorContains(t, attr.Unmarshal(attr.Int(5), &u), "UnmarshalAttr")
}

func compareMarshal(t *testing.T, v any) {
	t.Helper()
	want, sdkErr, sdkPanic := sdkMarshal(v)
	got, err := attr.Marshal(v)
	switch {
	case sdkPanic != nil: // ours has returned
	case sdkErr != nil:
		require.Error(t, err, "the SDK says: %v", sdkErr)
		var m *attr.MarshalError
		require.ErrorAs(t, err, &m)
	case want == nil:
		require.Error(t, err)
	default:
		require.NoError(t, err, "%T", v)
		require.Equal(t, dumpSDK(want), dump(got), "%T", v)
	}
}

func compareUnmarshal(t *testing.T, av types.AttributeValue, typ reflect.Type) {
	t.Helper()
	want, got := reflect.New(typ), reflect.New(typ)
	sdkErr, sdkPanic := sdkUnmarshal(av, want.Interface())
	err := attr.Unmarshal(fromSDK(av), got.Interface())
	about := func() string { return fmt.Sprintf("%s into %s", dumpSDK(av), typ) }
	switch {
	case sdkPanic != nil: // ours has returned
	case sdkErr != nil:
		require.Error(t, err, "%s: the SDK says: %v", about(), sdkErr)
		var u *attr.UnmarshalError
		require.ErrorAs(t, err, &u)
	default:
		if err != nil {
			require.NoError(t, err, about())
		}
		if !reflect.DeepEqual(want.Interface(), got.Interface()) {
			if hasNaN(want.Elem()) && hasNaN(got.Elem()) {
				return
			}
			require.Equal(t, want.Interface(), got.Interface(), about())
		}
	}
}

// hasNaN reports whether v is a NaN, which equals nothing.
func hasNaN(v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v.IsValid() && v.CanFloat() && math.IsNaN(v.Float())
}

func sdkMarshal(v any) (av types.AttributeValue, err error, panicked any) {
	defer func() { panicked = recover() }()
	av, err = attributevalue.Marshal(v)
	return av, err, nil
}

func sdkUnmarshal(av types.AttributeValue, out any) (err error, panicked any) {
	defer func() { panicked = recover() }()
	// Without the option, an Unmarshaler in a slice gets a whole set.
	return attributevalue.UnmarshalWithOptions(av, out, func(o *attributevalue.DecoderOptions) {
		o.FixUnmarshalIndividualSetValues = true
	}), nil
}
