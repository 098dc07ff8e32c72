package expr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
)

// TestProjectMany takes more attributes, entries and elements than a count of
// one byte holds, and leaves some out.
func TestProjectMany(t *testing.T) {
	const n = 300
	item, want := attr.Item{"id": attr.S("k")}, attr.Item{}
	entries, wantEntries := attr.Item{}, attr.Item{}
	var elems, wantElems []attr.Value
	var top, nested []string
	for i := range n {
		name := fmt.Sprintf("a%03d", i)
		v := attr.Int(i)
		item[name], entries[name] = v, v
		elems = append(elems, v)
		if i%3 == 0 {
			continue
		}
		top = append(top, name)
		want[name], wantEntries[name] = v, v
		wantElems = append(wantElems, v)
		nested = append(nested, "m."+name, fmt.Sprintf("l[%d]", i))
	}
	item["m"], item["l"] = attr.M(entries), attr.L(elems...)
	project := func(paths []string) attr.Item {
		p, err := expr.NewBinder(nil, nil, nil).Projection(strings.Join(paths, ","))
		require.NoError(t, err)
		return decode(t, p.Append(nil, encode(t, item)))
	}
	require.True(t, want.Equal(project(top)))
	got := project(nested)
	require.True(t, attr.Item{"m": attr.M(wantEntries), "l": attr.L(wantElems...)}.Equal(got), got.String())
}

func TestProjectionKeepsWhatStandsBefore(t *testing.T) {
	p, err := expr.NewBinder(nil, nil, nil).Projection("b, m.x")
	require.NoError(t, err)
	stored := encode(t, attr.Item{"id": attr.S("k"), "b": attr.N("1"), "m": attr.M(attr.Item{"x": attr.N("2"), "y": attr.N("3")})})
	out := p.Append([]byte("before"), stored)
	require.Equal(t, "before", string(out[:6]))
	require.Equal(t, "{b: 1, m: {x: 2}}", decode(t, out[6:]).String())
	require.Equal(t, "{}", decode(t, p.Append(nil, nil)).String())
	require.Equal(t, []string{"b", "m"}, p.Attributes())
	require.Equal(t, []string{"m"}, p.Documents())
}
