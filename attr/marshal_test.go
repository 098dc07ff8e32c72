package attr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
)

// What equals the AWS SDK is compared with it in the module attr/parity. The
// tests here are of what is Stator's own.

type (
	octet   byte
	number  int
	lowered struct{ at time.Time }
	node    struct {
		Name string
		Next *node
	}
	nest   []nest
	Handle string
)

type celsius float64

func (c celsius) MarshalAttr() (attr.Value, error) {
	if c < -273.15 {
		return attr.Value{}, errOutOfRange
	}
	return attr.S(fmt.Sprintf("%.1f°", float64(c))), nil
}

func (c *celsius) UnmarshalAttr(v attr.Value) error {
	if _, err := fmt.Sscanf(v.Str(), "%f°", (*float64)(c)); err != nil {
		return errOutOfRange
	}
	return nil
}

var errOutOfRange = errors.New("out of range")

func TestMarshalKeepsValuesAndItems(t *testing.T) {
	inner := attr.Item{"k": attr.N("1.0")}
	item, err := attr.MarshalItem(struct {
		V      attr.Value
		P      *attr.Value
		Zero   attr.Value
		Null   attr.Value `dynamodbav:",nullempty"`
		Item   attr.Item
		NilI   attr.Item
		List   []attr.Value
		Set    []attr.Value `dynamodbav:",stringset"`
		Any    any
		ByName map[string]attr.Value
	}{
		V: attr.NS("1"), P: new(attr.Value), Item: inner, List: []attr.Value{attr.NULL(), {}, attr.S("a")},
		Set: []attr.Value{attr.S("x")}, Any: attr.BOOL(true), ByName: map[string]attr.Value{"a": attr.S("b"), "z": {}},
	})
	require.NoError(t, err)
	require.Equal(t, `{Any: true, ByName: {a: "b"}, Item: {k: 1.0}, List: [null, "a"], NilI: null, Null: null, Set: <"x">, V: <1>}`, item.String())

	same, err := attr.MarshalItem(inner)
	require.NoError(t, err)
	same["new"] = attr.NULL()
	require.Len(t, inner, 2, "an Item is returned as it is")
}

func TestMarshalEmbeddedValue(t *testing.T) {
	type embeds struct {
		attr.Value
		*attr.Item
	}
	in := embeds{attr.S("a"), &attr.Item{"b": attr.Int(1)}}
	item, err := attr.MarshalItem(in)
	require.NoError(t, err)
	require.Equal(t, `{Item: {b: 1}, Value: "a"}`, item.String())

	var out embeds
	require.NoError(t, attr.UnmarshalItem(item, &out))
	require.Equal(t, `"a"`, out.Value.String())
	require.Equal(t, `{b: 1}`, out.Item.String())
}

// TestMarshalWhereTheSDKFails is about values that the SDK drops or panics on.
func TestMarshalWhereTheSDKFails(t *testing.T) {
	var held any = 5
	for _, c := range []struct {
		in   any
		want string
	}{
		{&held, "5"},
		{[]*any{&held, nil}, "[5, null]"},
		{[]octet{1, 2}, "b64:AQI="},
		{[2]octet{1, 2}, "b64:AQI="},
		{&[2]octet{1, 2}, "b64:AQI="},
		{struct {
			number
			A int
		}{1, 2}, "{A: 2}"},
		{struct {
			lowered `dynamodbav:"l"`
		}{lowered{time.Now()}}, "{l: {}}"},
		{(**celsius)(new(*celsius)), "null"},
	} {
		v, err := attr.Marshal(c.in)
		require.NoError(t, err)
		require.Equal(t, c.want, v.String(), "%T", c.in)
	}
}

func TestMarshalErrors(t *testing.T) {
	loop := &node{Name: "a"}
	loop.Next = loop
	knot := nest{nil}
	knot[0] = knot
	type pointer *pointer
	var p pointer
	p = &p
	byName := map[string]any{}
	byName["self"] = byName

	for _, c := range []struct {
		in   any
		want string
	}{
		{func() {}, "attr: marshal (Go type func()): found a Go value that no attribute stands for, allowed are bools, strings, " +
			"numbers, times, slices, structs, maps and pointers to them"},
		{attr.Value{}, "attr: marshal (Go type attr.Value): found a Go value that"},
		{map[string]int{"": 1}, "attr: marshal (Go type string): found an empty map key, allowed are names of at least one byte"},
		{map[string]any{"a": map[octet]any{3: map[struct{}]int{{}: 1}}}, "attr: marshal a.3 (Go type struct {}): found a map key of this type"},
		{map[*celsius]int{nil: 1}, "found a map key of this type"},
		{struct {
			A []string `dynamodbav:"as,stringset,nullemptyelem"`
		}{[]string{"x", ""}}, "attr: marshal as[1] (Go type string): found NULL in a set of type SS, allowed is S"},
		{struct {
			A string `dynamodbav:",omitempty,nullempty"`
		}{}, "attr: marshal A (Go type string): found an empty value whose tag has both omitempty and nullempty"},
		{map[string][]celsius{"t": {0, -300}}, "attr: marshal t[1] (Go type attr_test.celsius): out of range"},
		{loop, "attr: marshal Next.Next.Next.Next."},
		{loop, "found more than 1000 nested levels, does the value contain itself?"},
		{knot, "found more than 1000 nested levels"},
		{p, "found more than 1000 nested levels"},
		{byName, "attr: marshal self.self.self."},
	} {
		_, err := attr.Marshal(c.in)
		var m *attr.MarshalError
		require.ErrorAs(t, err, &m)
		require.ErrorContains(t, err, c.want)
		require.Less(t, len(err.Error()), 400)
	}

	_, err := attr.Marshal(celsius(-300))
	require.ErrorIs(t, err, errOutOfRange)
}

func TestMarshalItemTakesStructsAndMaps(t *testing.T) {
	for _, in := range []any{nil, 1, "a", []int{1}, time.Now(), (*node)(nil), map[string]int(nil), attr.Item(nil), attr.S("a"), func() {}} {
		item, err := attr.MarshalItem(in)
		require.Error(t, err, "%T", in)
		require.Nil(t, item)
	}
	_, err := attr.MarshalItem((*node)(nil))
	require.EqualError(t, err, "attr: marshal (Go type *attr_test.node): found NULL, an item is made of a struct or a map with string keys")

	for _, in := range []any{node{}, &node{}, map[string]int{}, attr.Item{}, attr.M(nil)} {
		_, err := attr.MarshalItem(in)
		require.NoError(t, err, "%T", in)
	}
}

func TestMarshalCopiesBytes(t *testing.T) {
	in := struct{ A, B []byte }{[]byte("a"), []byte("b")}
	item, err := attr.MarshalItem(in)
	require.NoError(t, err)
	in.A[0] = 'X'
	require.Equal(t, "a", string(item["A"].Bytes()))
}

func TestUnixTime(t *testing.T) {
	in := []attr.UnixTime{attr.UnixTime(time.Unix(5, 999)), {}}
	v, err := attr.Marshal(in)
	require.NoError(t, err)
	require.Equal(t, "[5, -62135596800]", v.String())

	var out []attr.UnixTime
	require.NoError(t, attr.Unmarshal(v, &out))
	require.True(t, time.Time(out[0]).Equal(time.Unix(5, 0)))
	require.Equal(t, time.Unix(5, 0).String(), out[0].String())

	for _, v := range []attr.Value{attr.N("1.5"), attr.S("5"), attr.NULL()} {
		require.Error(t, attr.Unmarshal(v, &out[0]))
	}
	require.True(t, time.Time(out[0]).Equal(time.Unix(5, 0)), "an error leaves the time as it was")
}

// bridged has the method of the AWS SDK's interfaces only.
type bridged struct{ A int }

func (bridged) MarshalDynamoDBAttributeValue() (any, error) { return nil, nil }
func (*bridged) UnmarshalDynamoDBAttributeValue(any) error  { return nil }

// TestMarshalersOfTheSDK: what the SDK would marshal in a way of its own must
// not silently become something else.
func TestMarshalersOfTheSDK(t *testing.T) {
	for _, in := range []any{bridged{}, &bridged{}, []bridged{{}}, struct{ B *bridged }{&bridged{}}, struct{ bridged }{}} {
		_, err := attr.Marshal(in)
		require.ErrorContains(t, err, "also needs MarshalAttr beside it")
	}
	v, err := attr.Marshal(struct{ B *bridged }{})
	require.NoError(t, err)
	require.Equal(t, "{B: null}", v.String())

	var out struct{ B *bridged }
	require.NoError(t, attr.Unmarshal(v, &out))
	err = attr.UnmarshalItem(attr.Item{"B": attr.M(attr.Item{"A": attr.Int(1)})}, &out)
	require.ErrorContains(t, err, "also needs UnmarshalAttr beside it")
}

func TestFields(t *testing.T) {
	type Base struct {
		ID   string `dynamodbav:"id" stator:"hash"`
		Name string
	}
	type row struct {
		*Base
		Name   *string
		At     time.Time `dynamodbav:",unixtime"`
		Until  time.Time
		Unix   *attr.UnixTime
		Exact  json.Number
		Count  int16 `dynamodbav:",string"`
		Ratio  *float32
		Raw    [16]byte
		On     bool
		Set    []string `dynamodbav:",stringset"`
		Nums   [3]int   `dynamodbav:",numberset"`
		Bins   [][]byte
		List   []int
		Item   attr.Item
		Value  attr.Value
		Any    any
		Temp   celsius
		Sub    node
		Handle `dynamodbav:"handle"`
		Skip   int `dynamodbav:"-"`
		lower  int
	}
	require.Zero(t, row{}.lower)
	var got []string
	for _, f := range attr.Fields(reflect.TypeFor[*row]()) {
		got = append(got, f.Name+" "+f.Kind.String())
		require.Equal(t, f.Type, reflect.TypeFor[row]().FieldByIndex(f.Index).Type)
	}
	require.Equal(t, []string{
		"id S", "Name S", "At N", "Until S", "Unix N", "Exact N", "Count S", "Ratio N", "Raw B", "On BOOL", "Set SS", "Nums NS",
		"Bins BS", "List L", "Item M", "Value ", "Any ", "Temp ", "Sub M", "handle S",
	}, got)
	require.Equal(t, "hash", attr.Fields(reflect.TypeFor[row]())[0].Tag.Get("stator"))
	require.Nil(t, attr.Fields(reflect.TypeFor[int]()))
	require.Nil(t, attr.Fields(nil))
	require.Empty(t, attr.Fields(reflect.TypeFor[time.Time]()))
}

// TestPlansAreBuiltConcurrently has many goroutines meet the same new types at once.
func TestPlansAreBuiltConcurrently(t *testing.T) {
	type tree struct {
		Name  string
		Kids  []*tree
		ByKey map[string]tree
		Owner *node
	}
	in := tree{"a", []*tree{{Name: "b"}}, map[string]tree{"c": {Name: "d"}}, &node{Name: "e"}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			v, err := attr.Marshal(in)
			if err != nil {
				t.Error(err)
				return
			}
			var out tree
			if err := attr.Unmarshal(v, &out); err != nil || !reflect.DeepEqual(in.Kids[0].Name, out.Kids[0].Name) {
				t.Error(err, out)
			}
		})
	}
	wg.Wait()
}
