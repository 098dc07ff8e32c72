package expr_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
)

func TestCacheIsBounded(t *testing.T) {
	c := expr.NewCache(64)
	for i := range 5000 {
		_, err := expr.NewBinder(c, nil, nil).Condition(expr.ConditionMember, fmt.Sprintf("attribute_exists(a%d)", i))
		require.NoError(t, err)
	}
	entries, _ := c.Size()
	require.LessOrEqual(t, entries, 64)
	require.Greater(t, entries, 32)

	long := "b IN (" + strings.TrimSuffix(strings.Repeat(":n,", 100), ",") + ")"
	c = expr.NewCache(1600)
	for i := range 5000 {
		text := fmt.Sprintf("attribute_exists(a%d) OR %s OR %s OR %s", i, long, long, long)
		_, err := expr.NewBinder(c, nil, map[string]attr.Value{":n": attr.N("1")}).Condition(expr.ConditionMember, text)
		require.NoError(t, err)
	}
	_, size := c.Size()
	require.LessOrEqual(t, size, 1600*4096)
}

// TestCacheKeepsWhatIsUsed sees a text that is asked for again and again
// survive many that are not.
func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := expr.NewCache(64)
	bind := func(text string) *expr.Condition {
		cond, err := expr.NewBinder(c, nil, nil).Condition(expr.ConditionMember, text)
		require.NoError(t, err)
		return cond
	}
	first := bind("attribute_exists(hot)")
	for i := range 2000 {
		bind(fmt.Sprintf("attribute_exists(cold%d)", i))
		require.Same(t, first, bind("attribute_exists(hot)"))
	}
}

func TestCacheKeepsKindsApart(t *testing.T) {
	c := expr.NewCache(64)
	for range 2 {
		_, err := expr.NewBinder(c, nil, nil).Projection("a")
		require.NoError(t, err)
		_, err = expr.NewBinder(c, nil, nil).Condition(expr.FilterMember, "a")
		require.EqualError(t, err, `Invalid FilterExpression: Syntax error; token: "<EOF>", near: "a"`)
		n, err := c.Translate(expr.NativeProjection, "a")
		require.NoError(t, err)
		require.Equal(t, "#p0", n.Text)
		_, err = c.Translate(expr.NativeUpdate, "a")
		require.Error(t, err)
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := expr.NewCache(16)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				name := fmt.Sprintf("a%d", (i*7+g)%40)
				cond, err := expr.NewBinder(c, nil, nil).Condition(expr.ConditionMember, "attribute_exists("+name+")")
				if err != nil || cond.Attributes()[0] != name {
					t.Errorf("%s: %v, %v", name, cond, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
