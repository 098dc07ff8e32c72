package floors_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// unbounded returns the fuzz targets of a tree whose inputs may cost anything: the function that f.Fuzz is given
// has to be one call of bound.Input.
func unbounded(tree fs.FS) (found []string, targets int, err error) {
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := path.Base(name); d.IsDir() && (base == "testdata" || base == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Body == nil || !strings.HasPrefix(f.Name.Name, "Fuzz") {
				continue
			}
			targets++
			if !bounded(f.Body) {
				found = append(found, path.Dir(name)+"."+f.Name.Name)
			}
		}
		return nil
	})
	return found, targets, err
}

// bounded reports whether all that a target's f.Fuzz does is inside bound.Input.
func bounded(body *ast.BlockStmt) bool {
	whole := false
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !calls(call, "f", "Fuzz") || len(call.Args) != 1 {
			return true
		}
		fn, ok := call.Args[0].(*ast.FuncLit)
		if !ok || len(fn.Body.List) != 1 {
			return false
		}
		one, ok := fn.Body.List[0].(*ast.ExprStmt)
		if !ok {
			return false
		}
		inner, ok := one.X.(*ast.CallExpr)
		whole = ok && calls(inner, "bound", "Input")
		return false
	})
	return whole
}

// calls reports whether a call is of x.name.
func calls(call *ast.CallExpr, x, name string) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == x
}

// TestFuzzTargetsAreBounded: no input of any target may take more than a second or 64 MB.
func TestFuzzTargetsAreBounded(t *testing.T) {
	found, targets, err := unbounded(os.DirFS(house))
	require.NoError(t, err)
	require.Empty(t, found)
	require.GreaterOrEqual(t, targets, 40)
}

func TestUnboundedFuzzTargetsAreFound(t *testing.T) {
	file := func(body string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("package a\n" + body)}
	}
	found, targets, err := unbounded(fstest.MapFS{
		"a/good_test.go":       file("func FuzzGood(f *testing.F) { f.Add(1)\nf.Fuzz(func(t *testing.T, n int) { bound.Input(t, func() { _ = n }) }) }"),
		"a/none_test.go":       file("func FuzzNone(f *testing.F) { f.Fuzz(func(t *testing.T, n int) { _ = n }) }"),
		"a/partly_test.go":     file("func FuzzPartly(f *testing.F) { f.Fuzz(func(t *testing.T, n int) { work(n)\nbound.Input(t, func() { _ = n }) }) }"),
		"a/outside_test.go":    file("func FuzzOutside(f *testing.F) { bound.Input(f, func() {})\nf.Fuzz(func(t *testing.T, n int) { other(n) }) }"),
		"a/named_test.go":      file("func FuzzNamed(f *testing.F) { f.Fuzz(work) }"),
		"a/nothing_test.go":    file("func FuzzNothing(f *testing.F) {}"),
		"a/testdata/x_test.go": file("func FuzzX(f *testing.F) {}"),
		"a/code.go":            file("func FuzzCode() {}"),
	})
	require.NoError(t, err)
	require.Equal(t, 6, targets)
	require.Equal(t, []string{"a.FuzzNamed", "a.FuzzNone", "a.FuzzNothing", "a.FuzzOutside", "a.FuzzPartly"}, found)
}
