package floors_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// source is one package, or the nested module in a folder, as its files have it
// for all systems at once.
type source struct {
	path    string // below the module's
	imports map[string]bool
	tests   map[string]bool // imports of its tests
	files   []*ast.File     // without tests
}

// read parses every package of a tree, apart from testdata and nested modules, whose folders it returns.
func read(tree fs.FS) (sources []*source, modules []string, err error) {
	found := map[string]*source{}
	set := token.NewFileSet()
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := path.Base(name)
			if name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_') {
				return fs.SkipDir
			}
			if _, err := fs.Stat(tree, path.Join(name, "go.mod")); err == nil && name != "." {
				modules = append(modules, name)
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := strings.TrimPrefix(path.Dir(name), ".")
		s := found[dir]
		if s == nil {
			s = &source{path: dir, imports: map[string]bool{}, tests: map[string]bool{}}
			found[dir] = s
		}
		into := s.imports
		if strings.HasSuffix(name, "_test.go") {
			into = s.tests
		} else {
			s.files = append(s.files, file)
		}
		for _, i := range file.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: import %s: %w", name, i.Path.Value, err)
			}
			into[p] = true
		}
		return nil
	})
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		sources = append(sources, found[dir])
	}
	return sources, modules, err
}

// changed returns the package variables of s that its functions assign to, or
// whose type is there to be changed, and "init" when there is such a function.
func (s *source) changed() []string {
	vars := map[string]bool{}
	found := map[string]bool{}
	for _, f := range s.files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					found["init"] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					v, ok := spec.(*ast.ValueSpec)
					if !ok || d.Tok != token.VAR {
						continue
					}
					for i, name := range v.Names {
						vars[name.Name] = name.Name != "_"
						if isShared(v.Type) || i < len(v.Values) && isSharedValue(v.Values[i]) {
							found[name.Name] = true
						}
					}
				}
			}
		}
	}
	for _, f := range s.files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				own := locals(fn)
				for _, v := range assigned(fn) {
					if vars[v] && !own[v] {
						found[v] = true
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// assigned returns the variables that a function changes by name.
func assigned(fn *ast.FuncDecl) (names []string) {
	add := func(e ast.Expr) {
		if id := root(e); id != nil {
			names = append(names, id.Name)
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					add(e)
				}
			}
		case *ast.IncDecStmt:
			add(n.X)
		}
		return true
	})
	return names
}

// locals returns the names that are declared somewhere in a function. A
// package variable that is hidden in one place of it counts as hidden in all.
func locals(fn *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	add := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok {
			names[id.Name] = true
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				add(id)
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				add(id)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					add(e)
				}
			}
		case *ast.RangeStmt:
			add(n.Key)
			add(n.Value)
		}
		return true
	})
	return names
}

// root returns the variable that an assignment to e changes.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// isSharedValue reports whether e is a literal of such a type, or a pointer to one.
func isSharedValue(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.CompositeLit:
		return isShared(x.Type)
	case *ast.UnaryExpr:
		return isSharedValue(x.X)
	case *ast.CallExpr: // new(sync.Mutex)
		f, ok := x.Fun.(*ast.Ident)
		return ok && f.Name == "new" && len(x.Args) == 1 && isShared(x.Args[0])
	}
	return false
}

// isShared reports whether a type is one of package sync or sync/atomic.
func isShared(t ast.Expr) bool {
	if x, ok := t.(*ast.IndexExpr); ok { // atomic.Pointer[T]
		t = x.X
	}
	s, ok := t.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	p, ok := s.X.(*ast.Ident)
	return ok && (p.Name == "sync" || p.Name == "atomic")
}
