package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
)

func BenchmarkBind(b *testing.B) {
	cache := expr.NewCache(1024)
	value := map[string]attr.Value{":v": attr.N("10")}
	three := map[string]attr.Value{":a": attr.S("acme"), ":b": attr.S("A"), ":c": attr.N("3")}
	names := map[string]string{"#o": "org", "#n": "name", "#v": "visits"}
	run := func(name string, names map[string]string, values map[string]attr.Value, bind func(*expr.Binder) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				binder := expr.NewBinder(cache, names, values)
				if err := bind(binder); err != nil {
					b.Fatal(err)
				}
				if err := binder.Unused(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	condition := func(text string) func(*expr.Binder) error {
		return func(b *expr.Binder) error { _, err := b.Condition(expr.ConditionMember, text); return err }
	}
	run("attribute_not_exists", nil, nil, condition("attribute_not_exists(id)"))
	run("comparison", nil, value, condition("visits < :v"))
	run("three", names, three, condition("#o = :a AND begins_with(#n, :b) AND #v > :c"))
	run("key condition", map[string]string{"#o": "org", "#n": "name"}, map[string]attr.Value{":a": attr.S("acme"), ":b": attr.S("A")},
		func(b *expr.Binder) error { _, err := b.KeyCondition("#o = :a AND begins_with(#n, :b)"); return err })
	run("projection", map[string]string{"#o": "org", "#n": "name", "#v": "visits"}, nil,
		func(b *expr.Binder) error { _, err := b.Projection("#o, #n, #v"); return err })
	run("update", names, three,
		func(b *expr.Binder) error { _, err := b.Update("SET #o = :a, #n = :b ADD #v :c"); return err })
	b.Run("parse without cache", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := expr.NewBinder(nil, names, three).Condition(expr.ConditionMember, "#o = :a AND begins_with(#n, :b) AND #v > :c"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("translate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cache.Translate(expr.NativeCondition, "visits < ? AND status = ?"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMatch rejects an item of eleven attributes. The floor is finding the
// one attribute in the stored bytes.
func BenchmarkMatch(b *testing.B) {
	item := encode(b, wideItem())
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if item.Lookup("a9") == nil {
				b.Fatal("not found")
			}
		}
	})
	values := map[string]attr.Value{":n": attr.N("7"), ":s": attr.S("v"), ":o": attr.S("other")}
	for _, text := range []string{"a9 < :n", "a9 < :n AND a1 = :s", "contains(a5, :o)", "a1 IN (:s, :n, :o)", "size(a5) > a9"} {
		c, err := expr.NewBinder(nil, nil, values).Condition(expr.FilterMember, text)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.Match(item) {
					b.Fatal("matched")
				}
			}
		})
	}
}

// BenchmarkProject takes three of eleven attributes. The floor is a copy of the
// whole item.
func BenchmarkProject(b *testing.B) {
	doc := wideItem()
	doc["m"] = attr.M(attr.Item{"x": attr.S("1"), "y": attr.L(attr.N("1"), attr.N("2"))})
	item := encode(b, doc)
	dst := make([]byte, 0, 4096)
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			dst = append(dst[:0], item...)
		}
	})
	for _, text := range []string{"id, a1, a9", "id, a1, m.y[1]"} {
		p, err := expr.NewBinder(nil, nil, nil).Projection(text)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = p.Append(dst[:0], item)
			}
		})
	}
}

// BenchmarkApply updates a decoded item. The floor is the decoding, which
// every update needs.
func BenchmarkApply(b *testing.B) {
	doc := wideItem()
	doc["m"] = attr.M(attr.Item{"x": attr.N("1"), "y": attr.L(attr.N("1"), attr.N("2"))})
	stored := encode(b, doc)
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := itemcodec.DecodeItem(stored); err != nil {
				b.Fatal(err)
			}
		}
	})
	item := decode(b, stored)
	values := map[string]attr.Value{":n": attr.N("7"), ":s": attr.S("v")}
	for _, text := range []string{"SET a1 = :s", "ADD a9 :n", "SET a1 = :s, a2 = if_not_exists(a3, :s) ADD a9 :n", "SET m.y[1] = m.x + :n"} {
		u, err := expr.NewBinder(nil, nil, values).Update(text)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := u.Apply(item); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
