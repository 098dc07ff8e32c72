package itemcodec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// TestBuilder builds items from parts in any order, one after the other with one Builder.
func TestBuilder(t *testing.T) {
	var b itemcodec.Builder
	yes := func(ok bool) { t.Helper(); require.True(t, ok) }
	name := func(s string) { t.Helper(); yes(b.Name([]byte(s))) }
	for _, c := range []struct {
		build func()
		want  attr.Item
	}{
		{func() { name("a"); yes(b.String(nil)) }, attr.Item{"a": attr.S("")}},
		{func() {
			name("z")
			yes(b.Number([]byte("1.50")))
			name("b")
			b.Bool(true)
			name("a")
			b.Null()
			name("y")
			yes(b.Binary([]byte("AAE=")))
		}, attr.Item{"z": attr.N("1.50"), "b": attr.BOOL(true), "a": attr.NULL(), "y": attr.B([]byte{0, 1})}},
		{func() {
			name("m")
			m := b.OpenMap()
			name("y")
			l := b.OpenList()
			for range 200 {
				b.Bool(false)
			}
			yes(b.CloseList(l, 200))
			name("x")
			inner := b.OpenMap()
			for i := range 130 {
				name(fmt.Sprintf("%03d", 129-i))
				yes(b.String([]byte("x")))
			}
			yes(b.CloseMap(inner))
			yes(b.CloseMap(m))
			name("l")
			yes(b.CloseList(b.OpenList(), 0))
		}, attr.Item{"l": attr.L(), "m": attr.M(attr.Item{"y": many(200), "x": attr.M(numbered(130))})}},
		{func() {
			name("s")
			o := b.OpenStringSet()
			yes(b.Element([]byte("b")) && b.Element(nil) && b.Element([]byte("a")) && b.CloseSet(o))
			name("n")
			o = b.OpenNumberSet()
			yes(b.NumberElement([]byte("10")) && b.NumberElement([]byte("9e0")) && b.NumberElement([]byte("-1")) && b.CloseNumberSet(o))
			name("b")
			o = b.OpenBinarySet()
			yes(b.BinaryElement([]byte("/w==")) && b.BinaryElement([]byte("")) && b.CloseSet(o))
		}, attr.Item{"s": attr.SS("b", "", "a"), "n": attr.NS("10", "9", "-1"), "b": attr.BS([]byte{255}, nil)}},
	} {
		b.Reset()
		c.build()
		built, ok := b.Item()
		require.True(t, ok)
		want, err := itemcodec.AppendItem(nil, c.want)
		require.NoError(t, err)
		require.Equal(t, itemcodec.Item(want), built.Item())
		require.Equal(t, c.want.Size(), built.Size())
	}
}

func many(n int) attr.Value {
	list := make([]attr.Value, n)
	for i := range list {
		list[i] = attr.BOOL(false)
	}
	return attr.L(list...)
}

func numbered(n int) attr.Item {
	item := attr.Item{}
	for i := range n {
		item[fmt.Sprintf("%03d", i)] = attr.S("x")
	}
	return item
}

// TestBuilderRefuses: what a request may not have is not built, and what is too much is not either.
func TestBuilderRefuses(t *testing.T) {
	var b itemcodec.Builder
	for what, build := range map[string]func() bool{
		"a name twice": func() bool {
			for _, name := range []string{"a", "b", "a"} {
				b.Name([]byte(name))
				b.Null()
			}
			_, ok := b.Item()
			return ok
		},
		"no name":                     func() bool { return b.Name(nil) },
		"a long name":                 func() bool { return b.Name(make([]byte, itemcodec.MaxNameBytes+1)) },
		"no number":                   func() bool { return b.Number([]byte("x")) },
		"a number too large":          func() bool { return b.Number([]byte("1e126")) },
		"no base64":                   func() bool { return b.Binary([]byte("A")) },
		"base64 with loose bits":      func() bool { return b.Binary([]byte("AB==")) },
		"base64 with line ends":       func() bool { return b.Binary([]byte("AAAA\n\n\n\n")) },
		"base64 of nothing but signs": func() bool { return b.Binary([]byte("====")) },
		"an empty set":                func() bool { return b.CloseSet(b.OpenStringSet()) },
		"an element twice": func() bool {
			o := b.OpenNumberSet()
			return b.NumberElement([]byte("1")) && b.NumberElement([]byte("1.0")) && b.CloseNumberSet(o)
		},
		"a long string": func() bool { return b.String(make([]byte, itemcodec.MaxBuilt)) },
		"many numbers with many zeros": func() bool {
			for range itemcodec.MaxBuilt {
				if !b.Number([]byte("1e125")) {
					return false
				}
			}
			return true
		},
		"many elements": func() bool {
			o := b.OpenStringSet()
			for i := range 1 << 20 {
				if !b.Element(fmt.Append(nil, i)) {
					return false
				}
			}
			return b.CloseSet(o)
		},
	} {
		b.Reset()
		require.False(t, build(), what)
		require.Less(t, b.Kept(), 16<<20, what)
	}
	b.Reset()
	require.True(t, b.Name([]byte("a")) && b.String([]byte(strings.Repeat("x", 500<<10)))) // what is only too large is built
	built, ok := b.Item()
	require.True(t, ok)
	require.Equal(t, 500<<10+1, built.Size())
}
