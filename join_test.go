package stator_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/internal/bound"
)

// arguments are as many as a text takes.
func arguments(text string) []any {
	args := make([]any, strings.Count(text, "?"))
	for i := range args {
		args[i] = i + 1
	}
	return args
}

// joined is a table with one item, on which texts are tried.
func joined(t testing.TB) (stator.Table, stator.PrimaryKey, stator.Item) {
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	table, err := stator.CreateTable(t.Context(), db, "joined", stator.HashKey("id", "S"))
	require.NoError(t, err)
	return table, stator.Key("x"), stator.Item{
		"id": stator.S("x"), "a": stator.Int(1), "b": stator.Int(2), "c": stator.L(stator.Int(3)),
		"d": stator.M(stator.Item{"e": stator.Int(4)}), "f": stator.NS("5", "6"),
	}
}

// FuzzExpr: an Expr does the same alone and beside another action, and
// whatever the text is, nothing but a ValidationException comes of it.
func FuzzExpr(f *testing.F) {
	for _, text := range []string{
		"SET a = b + ?", "set a = ? remove b", "REMOVE c[0], d.e ADD a ? DELETE f ?", "SET g = list_append(c, c), h = if_not_exists(z, ?)",
		"SETa = ?", "SET a = ? SET b = ?", "? SET a = b", "REMOVE d.set", "ADD a ?, b ?", "SET #set = ?", "SET a=?REMOVE b", "", "SET", "\nSET\ta = ?\n",
	} {
		f.Add(text)
	}
	table, key, item := joined(f)
	f.Fuzz(func(t *testing.T, text string) {
		bound.Input(t, func() {
			if len(text) > 2000 || strings.Contains(text, "zz") {
				t.Skip()
			}
			ctx := t.Context()
			update := func(actions ...stator.UpdateOption) (stator.Item, error) {
				require.NoError(t, table.Put(ctx, item))
				got, err := table.Update(ctx, key, actions...)
				if err != nil {
					require.ErrorIs(t, err, stator.ErrValidation)
				}
				return got, err
			}
			args := arguments(text)
			alone, err := update(stator.Expr(text, args...))
			beside, besideErr := update(stator.Remove("zy"), stator.Expr(text, args...), stator.Set("zz", 1))
			if err != nil {
				return
			}
			require.NoError(t, besideErr)
			alone["zz"] = stator.Int(1)
			require.Truef(t, alone.Equal(beside), "%v and %v", alone, beside)
		})
	})
}

// FuzzIf: two conditions hold when each of them does.
func FuzzIf(f *testing.F) {
	texts := []string{
		"a = ?", "a = ? OR b = ?", "NOT a = ? OR b > ?", "(a = ? or b = ?)", "a BETWEEN ? AND ?", "attribute_exists(d.e)", "contains(f, ?)",
		"(a = ?) OR (b = ?)", "a IN (?, ?) OR attribute_not_exists(#or)", "a = ?) OR (b = ?", "size(c) > ? AND b = ? OR a = ?", "",
	}
	for i, text := range texts {
		f.Add(text, texts[len(texts)-1-i])
	}
	f.Add("b BETWEEN a", "(d)") // either is faulty; joined they would be whole
	table, key, item := joined(f)
	require.NoError(f, table.Put(f.Context(), item))
	f.Fuzz(func(t *testing.T, left, right string) {
		bound.Input(t, func() {
			if len(left)+len(right) > 2000 {
				t.Skip()
			}
			holds := func(conditions ...stator.UpdateOption) (ok, valid bool) {
				_, err := table.Update(t.Context(), key, append(conditions, stator.Set("id2", 1))...)
				if err == nil || errors.Is(err, stator.ErrConditionFailed) {
					return err == nil, true
				}
				require.ErrorIs(t, err, stator.ErrValidation)
				return false, false
			}
			a, b := stator.If(left, arguments(left)...), stator.If(right, arguments(right)...)
			holdsA, validA := holds(a)
			holdsB, validB := holds(b)
			both, valid := holds(a, b)
			if validA && validB {
				require.True(t, valid)
				require.Equal(t, holdsA && holdsB, both)
			} else {
				require.Falsef(t, valid, "%q and %q", left, right)
			}
		})
	})
}
