package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/stretchr/testify/require"
)

// TestRegistryIsComplete reads the package's source: every …Input struct must
// be a request in the Registry, and every request must have its …Output.
func TestRegistryIsComplete(t *testing.T) {
	structs := make(map[string]bool)
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if _, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = true
				}
			}
			return true
		})
	}
	for _, name := range slices.Sorted(maps.Keys(structs)) {
		op, isInput := strings.CutSuffix(name, "Input")
		if !isInput {
			continue
		}
		_, ok := api.Lookup(op)
		require.True(t, ok, "%s is not in the Registry", name)
		require.True(t, structs[op+"Output"], "%sOutput does not exist", op)
	}
	for _, op := range api.Registry() {
		require.True(t, structs[op.Name+"Input"], "the Registry has %s", op.Name)
	}
}

func TestRegistry(t *testing.T) {
	all := api.Registry()
	for i, op := range all {
		require.Equal(t, op.Name, op.New().Operation())
		found, ok := api.Lookup(op.Name)
		require.True(t, ok)
		require.Equal(t, op.Class, found.Class)
		require.NotEqual(t, "unknown", op.Class.String())
		require.Equal(t, op.Native, op.API == "")
		if i > 0 {
			require.Less(t, all[i-1].Name, op.Name)
		}
	}
	_, ok := api.Lookup("Nope")
	require.False(t, ok)
	all[0].Name = "changed"
	require.NotEqual(t, "changed", api.Registry()[0].Name)
}
