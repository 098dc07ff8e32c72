package itemcodec_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

func TestDelta(t *testing.T) {
	s := func(names string) attr.Item {
		item := attr.Item{"pk": attr.S("p"), "a sort key": attr.Int(1)}
		for _, n := range strings.Fields(names) {
			name, value, _ := strings.Cut(n, "=")
			item[name] = attr.S(value)
		}
		return item
	}
	long := "=" + strings.Repeat("x", 200)
	for _, c := range []struct {
		name     string
		from, to string
		most     int // bytes of the delta
	}{
		{"same", "a=1 b=2", "a=1 b=2", 4},
		{"key only", "", "", 4},
		{"all come", "", "a=1 b=2", 14},
		{"all go", "a=1 b=2", "", 4},
		{"one changes", "a" + long + " b=1 c" + long, "a" + long + " b=2 c" + long, 12},
		{"first changes", "a=1 b" + long, "a=2 b" + long, 12},
		{"last changes", "a" + long + " b=1", "a" + long + " b=2", 9},
		{"one goes", "a=1 b=1 c=1", "a=1 c=1", 7},
		{"one comes", "a=1 c=1", "a=1 b=1 c=1", 12},
		{"two change places", "a=1 c=1 d=1", "b=1 c=1 e=1", 17},
		{"neighbours", "a=1 b=1 c=1 d=1", "a=1 b=2 b1=2 c=2 d=1", 23},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := encode(t, s(c.from), "pk", "a sort key"), encode(t, s(c.to), "pk", "a sort key")
			delta := itemcodec.AppendDelta([]byte("before"), from, to, 2)[len("before"):]
			require.LessOrEqual(t, len(delta), c.most)
			got, ok := itemcodec.ApplyDelta([]byte("before"), from, delta)
			require.True(t, ok)
			require.Equal(t, "before"+string(to), string(got))
		})
	}
}

// TestRandomDelta: any two items of one key.
func TestRandomDelta(t *testing.T) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	for range 2000 {
		from, to := attr.Item{"k": attr.S("key")}, attr.Item{"k": attr.S("key")}
		for range r.IntN(40) {
			name, v := string(rune('a'+r.IntN(26))), randomValue(r, 2)
			switch r.IntN(3) {
			case 0:
				from[name] = v
			case 1:
				to[name] = v
			default:
				from[name], to[name] = v, v
			}
		}
		a, b := encode(t, from, "k"), encode(t, to, "k")
		got, ok := itemcodec.ApplyDelta(nil, a, itemcodec.AppendDelta(nil, a, b, 1))
		require.True(t, ok)
		require.Equal(t, string(b), string(got))
	}
}

func FuzzDelta(f *testing.F) {
	a, b := encode(f, sample(), "id"), encode(f, everyKind())
	f.Add([]byte(a), itemcodec.AppendDelta(nil, a, b, 0))
	f.Add([]byte(b), itemcodec.AppendDelta(nil, b, a, 0))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, from, delta []byte) {
		item, ok := itemcodec.ApplyDelta(nil, itemcodec.Item(from), delta)
		if ok && len(item) > len(from)+len(delta)+10 {
			t.Fatalf("%d bytes of an item of %d and a delta of %d", len(item), len(from), len(delta))
		}
	})
}

func BenchmarkDelta(b *testing.B) {
	from := sample()
	to := from.Clone()
	for name := range from {
		if name != "id" {
			to[name] = attr.S("changed")
			break
		}
	}
	a, c := encode(b, from, "id"), encode(b, to, "id")
	delta := itemcodec.AppendDelta(nil, a, c, 1)
	room := make([]byte, 0, 64<<10)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			itemcodec.AppendDelta(room, a, c, 1)
		}
	})
	b.Run("apply", func(b *testing.B) {
		for b.Loop() {
			itemcodec.ApplyDelta(room, a, delta)
		}
	})
}
