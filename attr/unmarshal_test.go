package attr_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
)

func TestUnmarshalIntoValuesAndItems(t *testing.T) {
	for _, values := range everyKind() {
		for _, v := range values {
			out := attr.S("old")
			require.NoError(t, attr.Unmarshal(v, &out))
			require.True(t, v.Equal(out), "%v", v)
		}
	}
	var out struct {
		V attr.Value
		P *attr.Value
		I attr.Item
		L []attr.Value
	}
	in := attr.Item{"V": attr.NULL(), "P": attr.N("1.0"), "I": attr.M(attr.Item{"a": attr.S("b")}), "L": attr.SS("x")}
	require.NoError(t, attr.UnmarshalItem(in, &out))
	require.True(t, out.V.IsNull())
	require.Equal(t, "1.0", out.P.Num())
	require.Equal(t, "x", out.L[0].Str())
	out.I["new"] = attr.NULL()
	require.Len(t, in["I"].Map(), 1, "the item is the caller's own")

	var item attr.Item
	require.NoError(t, attr.UnmarshalItem(nil, &item))
	require.NotNil(t, item)
}

// TestUnmarshalReplacesOldData is about out that is not empty, where the SDK
// panics or lets old data show through.
func TestUnmarshalReplacesOldData(t *testing.T) {
	var a any = 5
	require.NoError(t, attr.Unmarshal(attr.S("x"), &a))
	require.Equal(t, "x", a)
	require.NoError(t, attr.Unmarshal(attr.NULL(), &a))
	require.Nil(t, a)

	ints := []int{1, 2, 3}
	require.NoError(t, attr.Unmarshal(attr.L(), &ints))
	require.Empty(t, ints)

	nodes := []node{{Name: "old", Next: &node{}}, {Name: "old"}}
	require.NoError(t, attr.Unmarshal(attr.L(attr.M(attr.Item{"Next": attr.NULL()})), &nodes))
	require.Equal(t, []node{{}}, nodes)

	array := [3]int{1, 2, 3}
	require.NoError(t, attr.Unmarshal(attr.L(attr.Int(9)), &array))
	require.Equal(t, [3]int{9, 0, 0}, array)
	require.NoError(t, attr.Unmarshal(attr.NS("1", "2", "3", "4"), &array))
	require.Equal(t, [3]int{1, 2, 3}, array, "what an array does not reach is dropped")

	// Structs, maps and what an interface points to are added to.
	n := node{Name: "kept"}
	require.NoError(t, attr.UnmarshalItem(attr.Item{"Next": attr.M(attr.Item{"Name": attr.S("b")})}, &n))
	require.Equal(t, "kept", n.Name)
	a = &n
	require.NoError(t, attr.UnmarshalItem(attr.Item{"Name": attr.S("new")}, &a))
	require.Equal(t, "new", n.Name)
	m := map[string]any{"a": map[string]any{"x": "y"}}
	require.NoError(t, attr.UnmarshalItem(attr.Item{"b": attr.Int(1)}, &m))
	require.Equal(t, map[string]any{"a": map[string]any{"x": "y"}, "b": 1.0}, m)
	a = map[string]int{"a": 1}
	require.NoError(t, attr.UnmarshalItem(attr.Item{"b": attr.Int(2)}, &a))
	require.Equal(t, map[string]int{"a": 1, "b": 2}, a)
}

func TestUnmarshalMatchesNames(t *testing.T) {
	type row struct {
		Name string
		ID   string `dynamodbav:"id"`
	}
	for range 20 { // maps have no order
		var r row
		require.NoError(t, attr.UnmarshalItem(attr.Item{
			"NAME": attr.S("upper"), "name": attr.S("lower"), "Id": attr.S("folded"), "id": attr.S("exact"), "other": attr.NULL(),
		}, &r))
		require.Equal(t, row{"upper", "exact"}, r)
	}
}

func TestUnmarshalSetsElementByElement(t *testing.T) {
	var out []celsius
	require.NoError(t, attr.Unmarshal(attr.SS("1.0°", "2.5°"), &out))
	require.Equal(t, []celsius{1, 2.5}, out)
}

func TestUnmarshalCopiesBytes(t *testing.T) {
	b := []byte("abc")
	var out struct {
		A []byte
		B any
		C [][]byte
		D [3]byte
	}
	require.NoError(t, attr.UnmarshalItem(attr.Item{"A": attr.B(b), "B": attr.B(b), "C": attr.BS(b), "D": attr.B(b)}, &out))
	b[0] = 'X'
	require.Equal(t, "abc abc abc abc", fmt.Sprintf("%s %s %s %s", out.A, out.B, out.C[0], out.D))
}

func TestUnmarshalErrors(t *testing.T) {
	deep := attr.S("x")
	for range 2000 {
		deep = attr.L(deep)
	}
	var loop any
	loop = &loop
	type row struct {
		Small  uint8              `dynamodbav:"small"`
		Rows   []map[string]int32 `dynamodbav:"rows"`
		Hash   [4]byte
		At     time.Time
		Until  time.Time `dynamodbav:",unixtime"`
		Print  fmt.Stringer
		Ratio  float32
		ByInt  map[int8]string
		ByBool map[bool]string
		ByFunc map[chan int]string
		Temp   celsius
		Text   string
		Flag   bool
		Bytes  []byte
		Count  int `dynamodbav:",string"`
		Any    any
	}
	for _, c := range []struct {
		in   attr.Item
		want string
	}{
		{attr.Item{"small": attr.N("-1")}, `attr: unmarshal small (Go type uint8): found N "-1", allowed are numbers of this type: strconv.ParseUint`},
		{attr.Item{"small": attr.N("256")}, `attr: unmarshal small (Go type uint8): found N "256", which is out of the range of this type`},
		{attr.Item{"small": attr.S("1")}, `attr: unmarshal small (Go type uint8): found S "1", allowed is N`},
		{attr.Item{"Rows": attr.L(attr.NULL(), attr.M(attr.Item{"k": attr.BOOL(true)}))}, `attr: unmarshal rows[1].k (Go type int32): found BOOL, allowed is N`},
		{attr.Item{"rows": attr.M(nil)}, `attr: unmarshal rows (Go type []map[string]int32): found M, allowed are L, SS, NS and BS`},
		{attr.Item{"Hash": attr.B([]byte("abc"))}, `attr: unmarshal Hash (Go type [4]uint8): found B of 3 bytes, allowed are 4 bytes`},
		{attr.Item{"At": attr.S("today")}, `attr: unmarshal At (Go type time.Time): found S "today", allowed is a time as RFC 3339 writes it: parsing time`},
		{attr.Item{"Until": attr.N("1.5")}, `attr: unmarshal Until (Go type time.Time): found "1.5", whole seconds since 1970 are allowed`},
		{attr.Item{"Until": attr.BOOL(true)}, `found BOOL, allowed are S (RFC 3339) and N (seconds since 1970)`},
		{attr.Item{"Print": attr.S("a")}, `attr: unmarshal Print (Go type fmt.Stringer): found S "a", allowed are interfaces without methods`},
		{attr.Item{"Ratio": attr.N("1E100")}, `attr: unmarshal Ratio (Go type float32): found N "1E100", which is out of the range`},
		{attr.Item{"ByInt": attr.M(attr.Item{"300": attr.S("")})}, `attr: unmarshal ByInt (Go type int8): found the map key "300", allowed are texts of this type`},
		{attr.Item{"ByBool": attr.M(attr.Item{"maybe": attr.S("")})}, `found the map key "maybe"`},
		{attr.Item{"ByFunc": attr.M(nil)}, `attr: unmarshal ByFunc (Go type map[chan int]string): found M for a map with keys of this type`},
		{attr.Item{"Temp": attr.S("hot")}, `attr: unmarshal Temp (Go type attr_test.celsius): out of range`},
		{attr.Item{"Text": attr.BOOL(true)}, `found BOOL, allowed are S and N`},
		{attr.Item{"Flag": attr.S("true")}, `found S "true", allowed is BOOL`},
		{attr.Item{"Bytes": attr.S("true")}, `found S "true", allowed are B and L`},
		{attr.Item{"Count": attr.L()}, `found L, allowed are N and S`},
		{attr.Item{"Count": attr.S("one")}, `found S "one", allowed are numbers of this type`},
		{attr.Item{"Any": attr.M(attr.Item{"n": attr.L(attr.N("1E999"))})}, `attr: unmarshal Any.n[0] (Go type float64): found N "1E999", which is out of the range`},
		{attr.Item{"Any": attr.NS("1", "x")}, `attr: unmarshal Any[1] (Go type float64): found N "x"`},
		{attr.Item{"Any": attr.AmbiguousValue()}, `attr: unmarshal Any (Go type interface {}): found a value of several types, allowed are values of one type`},
		{attr.Item{"Any": deep}, `found more than 1000 nested levels`},
		{attr.Item{"Text": attr.AmbiguousValue()}, `found a value of several types`},
	} {
		var out row
		err := attr.UnmarshalItem(c.in, &out)
		var u *attr.UnmarshalError
		require.ErrorAs(t, err, &u)
		require.ErrorContains(t, err, c.want)
	}

	var n nest
	require.ErrorContains(t, attr.Unmarshal(deep, &n), "found more than 1000 nested levels")
	require.ErrorContains(t, attr.Unmarshal(attr.S("x"), loop), "found more than 1000 nested levels")
	var c celsius
	require.ErrorIs(t, attr.Unmarshal(attr.NULL(), &c), errOutOfRange)
}

func TestUnmarshalNeedsAPointer(t *testing.T) {
	for _, out := range []any{nil, 5, node{}, map[string]any{}, (*int)(nil)} {
		require.ErrorContains(t, attr.Unmarshal(attr.Int(1), out), "a pointer that is not nil is needed")
	}
}

func TestUnmarshalEmbeddedPointerToUnexported(t *testing.T) {
	type hidden struct{ Seen string }
	var out struct{ *hidden }
	err := attr.UnmarshalItem(attr.Item{"Seen": attr.S("a")}, &out)
	require.ErrorContains(t, err, "found an embedded pointer to an unexported struct, which cannot be set")
	out.hidden = &hidden{}
	require.NoError(t, attr.UnmarshalItem(attr.Item{"Seen": attr.S("a")}, &out))
	require.Equal(t, "a", out.Seen)
}
