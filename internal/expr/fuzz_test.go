package expr_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
)

// dear are texts that make the most of 4 KB.
func dear() []string {
	return []string{
		strings.Repeat("(", 2000) + "a=b" + strings.Repeat(")", 2000), strings.Repeat("NOT ", 1000) + "a=b", strings.Repeat("a1=b OR ", 500) + "a=b",
		strings.Repeat("(a1=b AND ", 400) + "a=b" + strings.Repeat(")", 400), "a1 IN (" + strings.Repeat(":n,", 1300) + ":n)", "a1" + strings.Repeat(".x", 2000) + "=b",
		"a1" + strings.Repeat("[0]", 1300) + "=b", strings.Repeat("size(", 800) + "a1", "contains(" + strings.Repeat("contains(", 440), "SET " + strings.Repeat("a1=:n,", 680) + "a=:n",
		"SET a1=" + strings.Repeat("list_append(", 340), "SET a1=" + strings.Repeat("if_not_exists(a2,", 230) + ":n" + strings.Repeat(")", 230), "SET a1=a2" + strings.Repeat("+:n", 1300),
		"REMOVE " + strings.Repeat("a1[1],", 680) + "a1[0]", "ADD " + strings.Repeat("a1 :n,", 680) + "a1 :n", strings.Repeat("a1,", 1300) + "a1", strings.Repeat("#", 4096), strings.Repeat(":", 4096),
		strings.Repeat("a1.b[0].", 500) + "c", "a1[99999999999999999999999999]=:n", "a1 = " + strings.Repeat("é", 2000), "SET a1[" + strings.Repeat("9", 4000) + "]=:n",
	}
}

// FuzzBind parses any text as an expression of each kind, binds it, and evaluates it on an item.
func FuzzBind(f *testing.F) {
	for _, text := range dear() {
		f.Add(text)
	}
	f.Add("a1 = :n AND begins_with(a2, :s)")
	f.Add("SET a1 = a1 + :n, a3 = list_append(a3, :l) REMOVE a4.x ADD a5 :n DELETE a6 :set")
	item := wideItem()
	stored := itemcodec.Item(encode(f, item))
	f.Fuzz(func(t *testing.T, text string) {
		bound.Input(t, func() {
			binder := func() *expr.Binder {
				return expr.NewBinder(nil, map[string]string{"#n": "a1", "#m": "a2"}, map[string]attr.Value{":n": attr.N("7"), ":s": attr.S("v"), ":l": attr.L(attr.N("1")), ":set": attr.SS("v"), ":m": attr.M(item)})
			}
			ours := func(err error) {
				_, ok := errors.AsType[*expr.Error](err)
				require.True(t, ok, "%v", err)
			}
			if c, err := binder().Condition(expr.FilterMember, text); err != nil {
				ours(err)
			} else {
				c.Match(stored)
			}
			if p, err := binder().Projection(text); err != nil {
				ours(err)
			} else {
				p.Append(nil, stored)
			}
			if _, err := binder().KeyCondition(text); err != nil {
				ours(err)
			}
			u, err := binder().Update(text)
			if err != nil {
				ours(err)
				return
			}
			changed := item.Clone()
			if err := u.Apply(changed); err != nil {
				ours(err)
				require.True(t, item.Equal(changed))
			}
			_, _ = expr.PrintParsed(expr.UpdateText, text)
		})
	})
}
