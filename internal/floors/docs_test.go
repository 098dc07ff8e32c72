package floors_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
)

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mentioned = regexp.MustCompile("`((?:[a-z0-9_.-]+/)+[a-z0-9_.-]*)`") // `internal/engine/change.go`, `docs/`
	firstPart = regexp.MustCompile(`^(api|attr|clients|cmd|docs|examples|internal|kv|reliability|sdk|server|tools|\.ci)/`)
	fenced    = regexp.MustCompile("(?s)```.*?```")
	heading   = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// deadLinks returns the links in the documents of a tree that lead nowhere, and
// the files of the repository that they name and that do not exist.
func deadLinks(tree fs.FS) (dead []string, documents int, err error) {
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := path.Base(name); d.IsDir() && name != "." && (base == "testdata" || base == ".git") {
			return fs.SkipDir
		}
		if path.Ext(name) != ".md" {
			return nil
		}
		documents++
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		text = fenced.ReplaceAll(text, nil) // in code, [T](x) is no link
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if to := m[1]; !leads(tree, name, to) {
				dead = append(dead, name+": ("+to+")")
			}
		}
		for _, m := range mentioned.FindAllStringSubmatch(string(text), -1) {
			file := strings.TrimSuffix(m[1], "/")
			if !firstPart.MatchString(m[1]) {
				continue
			}
			if _, err := fs.Stat(tree, file); err != nil {
				dead = append(dead, name+": `"+m[1]+"`")
			}
		}
		return nil
	})
	return dead, documents, err
}

// leads reports whether a link in a document leads to a file, and to a heading in it if it names one.
func leads(tree fs.FS, from, to string) bool {
	if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
		return true // the tests need no network
	}
	file, anchor, _ := strings.Cut(to, "#")
	target := from
	if file != "" {
		target = path.Join(path.Dir(from), file)
	}
	info, err := fs.Stat(tree, target)
	if err != nil {
		return false
	}
	if anchor == "" || info.IsDir() {
		return anchor == ""
	}
	text, err := fs.ReadFile(tree, target)
	if err != nil {
		return false
	}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		if anchorOf(m[1]) == anchor {
			return true
		}
	}
	return false
}

// anchorOf returns the name that a heading is linked by.
func anchorOf(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(title)) {
		switch {
		case c == ' ':
			b.WriteByte('-')
		case c == '-', c == '_', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b.WriteRune(c)
		}
	}
	return b.String()
}

func TestLinksLeadSomewhere(t *testing.T) {
	dead, documents, err := deadLinks(os.DirFS(house))
	require.NoError(t, err)
	require.Greater(t, documents, 5)
	require.Empty(t, dead)
}

func TestDeadLinksAreFound(t *testing.T) {
	tree := fstest.MapFS{
		"README.md":   {Data: []byte("[a](docs/a.md) [b](docs/b.md) [c](docs/a.md#the-c-title) [d](docs/a.md#d) [e](https://example.com) `docs/b.md` `docs/` `a/b`\n```go\nf[T](x)\n```\n")},
		"docs/a.md":   {Data: []byte("# A\n## The \"C\" title\n[back](../README.md) [self](#a) [none](#b)")},
		"kv/x/bad.md": {Data: []byte("`kv/y/none.go`")},
	}
	dead, documents, err := deadLinks(tree)
	require.NoError(t, err)
	require.Equal(t, 3, documents)
	require.Equal(t, []string{
		"README.md: (docs/b.md)", "README.md: (docs/a.md#d)", "README.md: `docs/b.md`",
		"docs/a.md: (#b)", "kv/x/bad.md: `kv/y/none.go`",
	}, dead)
}

var (
	goBlock    = regexp.MustCompile("(?s)```go\n(.*?)```")
	textBlock  = regexp.MustCompile("(?s)```text\n(.*?)```")
	typeOf     = regexp.MustCompile(`(?sm)^type .*?^}\n`)
	identifier = regexp.MustCompile(`\b(stator|api|server|context|errors|fmt|http|log|net|os|slog|time)\.[A-Z]`)
)

// packages are the import paths of those names that are not their own.
var packages = map[string]string{
	"stator": module, "api": module + "/api", "server": module + "/server", "http": "net/http", "slog": "log/slog",
}

// tour makes one program of the Go blocks of a document: its types, and a main
// function of all else, in order.
func tour(document string) string {
	var types, body strings.Builder
	for _, m := range goBlock.FindAllStringSubmatch(document, -1) {
		types.WriteString(strings.Join(typeOf.FindAllString(m[1], -1), "\n"))
		body.WriteString(typeOf.ReplaceAllString(m[1], ""))
	}
	imports := map[string]bool{"context": true, "log": true}
	for _, m := range identifier.FindAllStringSubmatch(types.String()+body.String(), -1) {
		imports[m[1]] = true
	}
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for p := range imports {
		if full, ok := packages[p]; ok {
			p = full
		}
		fmt.Fprintf(&b, "\t%q\n", p)
	}
	fmt.Fprintf(&b, ")\n\n%s\nfunc main() {\n\tif err := run(context.Background()); err != nil {\n\t\tlog.Fatal(err)\n\t}\n}\n", types.String())
	text := body.String()
	if !lastReturn.MatchString(text) {
		text += "\treturn nil\n"
	}
	fmt.Fprintf(&b, "\nfunc run(ctx context.Context) (err error) {\n%s}\n", text)
	return b.String()
}

var lastReturn = regexp.MustCompile(`(?m)^return .*\n\z`)

// build builds the Go code of a document into a program, as a package of this
// repository that is not in it.
func build(t *testing.T, document string) (program, source string) {
	t.Helper()
	dir := t.TempDir()
	source = tour(document)
	file := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	root, err := filepath.Abs(house)
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, "internal", "tour", "main.go"): file}})
	require.NoError(t, err)
	overlayFile := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))
	program = filepath.Join(dir, "tour")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	run(t, root, "go", "build", "-overlay", overlayFile, "-o", program, "./internal/tour")
	return program, source
}

// readDocument returns a document of the repository.
func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(path.Join(house, name))
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// TestReadmeTour builds the Go code of the README, in the order in which it
// stands there, and runs it: it must print what the README says it prints.
func TestReadmeTour(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	document := readDocument(t, "README.md")
	want := textBlock.FindStringSubmatch(document)
	require.NotNil(t, want, "README.md has no block of output")
	program, source := build(t, document)
	require.Equal(t, want[1], run(t, t.TempDir(), program), "what the tour of README.md prints; the program is\n%s", source)
}

// TestServerDocument builds the Go code of docs/server.md, and holds its lists
// of operations against api's Registry.
func TestServerDocument(t *testing.T) {
	document := readDocument(t, "docs/server.md")
	_, lists, _ := strings.Cut(document, "## Operations\n")
	lists, _, _ = strings.Cut(lists, "## ")
	served, others, found := strings.Cut(lists, "The other ")
	require.True(t, found)
	for _, op := range api.Registry() {
		if !op.Native {
			require.Regexp(t, `\b`+op.Name+`\b`, served)
			require.NotRegexp(t, `\b`+op.Name+`\b`, others)
		}
	}
	list := regexp.MustCompile(`(?s)try again:\n\n(.*?)\.\n`).FindStringSubmatch(others)
	require.NotNil(t, list)
	count := len(regexp.MustCompile(`\b[A-Z]\w+[a-z][A-Z]\w+`).FindAllString(list[1], -1))
	require.True(t, strings.HasPrefix(others, fmt.Sprintf("%d of AWS's 66 operations", count)), "it lists %d", count)
	if testing.Short() {
		t.Skip("builds a program")
	}
	build(t, document)
}

// run runs a program in a folder and returns what it prints.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run(), "%s %s\n%s%s", name, strings.Join(args, " "), out.String(), errs.String())
	return out.String()
}
