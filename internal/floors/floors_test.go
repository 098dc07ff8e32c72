package floors_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// check returns what is wrong with the packages of a tree, one line for each fault.
func check(sources []*source, modules []string) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, s := range sources {
		at, ok := find(s.path)
		if !ok {
			fault("%s: is on no floor: add it to the table", name(s.path))
			continue
		}
		for p := range s.imports {
			if why := at.refuses(p); why != "" {
				fault("%s: imports %s: %s", name(s.path), p, why)
			}
		}
		for p := range s.tests {
			if why := at.refusesInTests(p); why != "" {
				fault("%s: its tests import %s: %s", name(s.path), p, why)
			}
		}
		for _, v := range s.changed() {
			if v == "init" {
				fault("%s: has a func init", name(s.path))
			} else if memos[s.path+"."+v] == "" {
				fault("%s: its variable %s changes", name(s.path), v)
			}
		}
	}
	for _, m := range modules {
		if nested[m] == "" {
			fault("%s: a module that the table does not name", m)
		}
	}
	slices.Sort(faults)
	return faults
}

// stale returns what the table allows and nothing needs any more: packages,
// imports, modules and memos.
func stale(sources []*source, modules []string) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	changed := map[string]bool{}
	for _, f := range floors {
		stands, imported := false, map[string]bool{}
		for _, s := range sources {
			if ok, _ := path.Match(f.path, s.path); !ok {
				continue
			}
			stands = true
			maps.Copy(imported, s.imports)
			for _, v := range s.changed() {
				changed[s.path+"."+v] = true
			}
		}
		if !stands {
			fault("%s: a row of the table without a package", name(f.path))
			continue
		}
		for _, p := range f.imports {
			if p != "*" && !imported[path.Join(module, p)] {
				fault("%s: may import %s, and does not", name(f.path), name(p))
			}
		}
		for _, p := range f.outside {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(imported)), func(i string) bool { return within([]string{p}, i) }) {
				fault("%s: may import %s, and does not", name(f.path), p)
			}
		}
		if f.unsafe && !imported["unsafe"] {
			fault("%s: may import unsafe, and does not", name(f.path))
		}
	}
	for m := range nested {
		if !slices.Contains(modules, m) {
			fault("%s: a module of the table that is not there", m)
		}
	}
	for m := range memos {
		if !changed[m] {
			fault("%s: a memo of the table that is not there", m)
		}
	}
	slices.Sort(faults)
	return faults
}

func name(p string) string {
	if p == "" {
		return "stator"
	}
	return p
}

// find returns the row of the table for a package.
func find(p string) (floor, bool) {
	for _, f := range floors {
		if ok, _ := path.Match(f.path, p); ok {
			return f, true
		}
	}
	return floor{}, false
}

// refuses says why a package may not import p; "" when it may.
func (f floor) refuses(p string) string {
	if p == "C" {
		return "no cgo"
	}
	if p == "unsafe" && !f.unsafe {
		return "the table does not allow it"
	}
	inner, ok := strings.CutPrefix(p+"/", module+"/")
	if !ok {
		if isStandard(p) || within(f.outside, p) {
			return ""
		}
		return "the table does not allow it"
	}
	inner = strings.TrimSuffix(inner, "/")
	to, ok := find(inner)
	switch {
	case !ok:
		return "it is on no floor"
	case to.tests:
		return "it is for tests"
	case to.number > f.number:
		return fmt.Sprintf("it goes up, from floor %d to %d", f.number, to.number)
	case !slices.Contains(f.imports, "*") && !slices.Contains(f.imports, inner):
		return "the table does not allow it"
	}
	return ""
}

func (f floor) refusesInTests(p string) string {
	if p == "C" {
		return "no cgo"
	}
	inner, ok := strings.CutPrefix(p+"/", module+"/")
	if !ok {
		if isStandard(p) || within(ofTests, p) {
			return ""
		}
		return "no module for tests"
	}
	to, ok := find(strings.TrimSuffix(inner, "/"))
	switch {
	case !ok:
		return "it is on no floor"
	case to.number > f.number && !to.tests:
		return fmt.Sprintf("it goes up, from floor %d to %d", f.number, to.number)
	}
	return ""
}

// isStandard reports whether p is of the standard library: only there has the first element no dot.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

func within(modules []string, p string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") })
}

const house = "../.." // the root of the repository

func TestImportsGoDown(t *testing.T) {
	sources, modules, err := read(os.DirFS(house))
	require.NoError(t, err)
	require.Greater(t, len(sources), 10, "found hardly any package: is %q the root of the repository?", house)
	require.Empty(t, check(sources, modules))
	require.Empty(t, stale(sources, modules))
}

// TestTableIsSound checks the table itself.
func TestTableIsSound(t *testing.T) {
	for _, f := range floors {
		for _, p := range f.imports {
			to, ok := find(p)
			require.True(t, p == "*" || ok, "%s: the table lets it import %s, which it does not name", name(f.path), p)
			require.LessOrEqual(t, to.number, f.number, "%s: the table lets it import %s, which is higher", name(f.path), p)
		}
	}
}

func TestRequiredModules(t *testing.T) {
	text, err := os.ReadFile(path.Join(house, "go.mod"))
	require.NoError(t, err)
	found := requirements(string(text))
	require.Contains(t, found, bbolt)
	for _, m := range found {
		require.Contains(t, required, m, "go.mod requires a module that has no reason in docs/adr")
	}
}

// requirements returns the modules that a go.mod requires.
func requirements(text string) []string {
	var found []string
	inside := false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == ")":
			inside = false
		case len(words) > 1 && words[0] == "require" && words[1] == "(":
			inside = true
		case words[0] == "require":
			found = append(found, words[1])
		case inside:
			found = append(found, words[0])
		}
	}
	return found
}

// TestFaultsAreFound is the control: a small house in which everything is wrong
// once. A check that cannot fail proves nothing.
func TestFaultsAreFound(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	tree := fstest.MapFS{
		"go.mod":                  file("module " + module),
		"attr/up.go":              file(`package attr; import _ "` + module + `/internal/engine"`),
		"attr/up_test.go":         file(`package attr_test; import _ "` + module + `"`),
		"attr/plan.go":            file(`package attr; import "sync"; var plans sync.Map`),
		"api/side.go":             file(`package api; import _ "` + module + `/internal/expr"`),
		"kv/tests.go":             file(`package kv; import _ "` + module + `/kv/kvtest"`),
		"kv/tests_test.go":        file(`package kv_test; import _ "` + module + `/kv/kvtest"`),
		"internal/num/c.go":       file(`package num; import "C"`),
		"internal/num/unsafe.go":  file(`package num; import _ "unsafe"`),
		"internal/expr/dep.go":    file(`package expr; import _ "github.com/google/btree"`),
		"internal/expr/d_test.go": file(`package expr_test; import _ "example.com/mock"`),
		"internal/cellar/x.go":    file(`package cellar`),
		"kv/memkv/a.go":           file(`package memkv; var count int; var table = [...]int{1}; func f() { count++; table := table; table[0] = 2 }`),
		"kv/memkv/c.go":           file(`package memkv; import "sync"; var pool = sync.Pool{}; var once = new(sync.Once)`),
		"kv/memkv/b.go":           file(`package memkv; import "sync/atomic"; var last atomic.Int64; var names = map[string]int{}; func init() { names["a"] = 1 }`),
		"kv/boltkv/testdata/x.go": file(`not Go`),
		"annex/go.mod":            file("module " + module + "/annex"),
		"annex/x.go":              file(`package annex; import _ "example.com/anything"`),
	}
	sources, modules, err := read(tree)
	require.NoError(t, err)
	require.Equal(t, []string{
		"annex: a module that the table does not name",
		"api: imports " + module + "/internal/expr: the table does not allow it",
		"attr: imports " + module + "/internal/engine: it goes up, from floor 1 to 5",
		"attr: its tests import " + module + ": it goes up, from floor 1 to 6",
		"internal/cellar: is on no floor: add it to the table",
		"internal/expr: imports github.com/google/btree: the table does not allow it",
		"internal/expr: its tests import example.com/mock: no module for tests",
		"internal/num: imports C: no cgo",
		"internal/num: imports unsafe: the table does not allow it",
		"kv/memkv: has a func init",
		"kv/memkv: its variable count changes",
		"kv/memkv: its variable last changes",
		"kv/memkv: its variable names changes",
		"kv/memkv: its variable once changes",
		"kv/memkv: its variable pool changes",
		"kv: imports " + module + "/kv/kvtest: it is for tests",
	}, check(sources, modules))
	left := stale(sources, modules)
	for _, want := range []string{
		"api: may import attr, and does not",
		"kv/memkv: may import github.com/google/btree, and does not",
		"internal/itemcodec: a row of the table without a package",
		"attr: may import unsafe, and does not",
		"sdk: a module of the table that is not there",
		"internal/wire.readers: a memo of the table that is not there",
	} {
		require.Contains(t, left, want)
	}
	require.NotContains(t, left, "attr.plans: a memo of the table that is not there")
	require.Equal(t, []string{"a", "b", "c"}, requirements("module x\nrequire a v1\n\nrequire (\n\tb v1\n\tc v1 // indirect\n)\n"))
}
