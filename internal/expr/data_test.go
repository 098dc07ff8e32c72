package expr_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
)

var rewrite = flag.Bool("rewrite", false, "write what the cases of testdata give into them")

// TestData runs the cases of testdata. A file is blocks with blank lines
// between them; a block is a command, its text, "----" and what it gives:
//
//	define       names (#p name), values (:v json) and the item (item json)
//	             of the blocks that follow; it gives nothing
//	condition, keycondition, projection, update
//	             binds the text with those of the names and values that stand
//	             in it; gives the error or what was bound
//	match        a condition: gives true or false for the item
//	project      a projection: gives what it takes from the item
//	apply        an update: gives the item's changes, UPDATED_OLD, UPDATED_NEW
//	native KIND  translates native text
//
// A text in Go quotes is unquoted.
func TestData(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			input, err := os.ReadFile(file)
			require.NoError(t, err)
			env := &environment{names: map[string]string{}, values: map[string]attr.Value{}}
			var out []string
			for block := range strings.SplitSeq(strings.TrimRight(string(input), "\n"), "\n\n") {
				got, want := runBlock(t, env, block)
				if !*rewrite {
					require.Equal(t, want, got, "block:\n%s", block)
				}
				out = append(out, got)
			}
			if *rewrite {
				require.NoError(t, os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o644))
			}
		})
	}
}

// runBlock returns the block as it came out and as it is.
func runBlock(t *testing.T, env *environment, block string) (got, want string) {
	t.Helper()
	if strings.HasPrefix(block, "#!") {
		return block, block
	}
	head, _, ok := strings.Cut(block, "\n----")
	command, text, _ := strings.Cut(head, "\n")
	if command == "define" {
		env.define(t, text)
		return block, block
	}
	require.True(t, ok, "no ---- in %q", block)
	raw := text
	if strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) {
		if unquoted, err := strconv.Unquote(text); err == nil {
			raw = unquoted
		}
	}
	return command + "\n" + text + "\n----\n" + strings.TrimRight(env.run(t, command, raw), "\n"), block
}

type environment struct {
	names  map[string]string
	values map[string]attr.Value
	item   attr.Item
	stored itemcodec.Item
}

func (e *environment) define(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		key, rest, _ := strings.Cut(line, " ")
		switch {
		case key == "item":
			var wire map[string]map[string]any
			require.NoError(t, json.Unmarshal([]byte(rest), &wire))
			e.item = itemOf(wire)
			e.stored = encode(t, e.item)
		case key[0] == '#':
			e.names[key] = rest
		default:
			var wire map[string]any
			require.NoError(t, json.Unmarshal([]byte(rest), &wire), line)
			e.values[key] = valueOf(wire)
		}
	}
}

var placeholders = regexp.MustCompile(`[#:][A-Za-z0-9_]+`)

// binder has the names and values that stand in text.
func (e *environment) binder(text string) *expr.Binder {
	names, values := map[string]string{}, map[string]attr.Value{}
	for _, p := range placeholders.FindAllString(text, -1) {
		if name, ok := e.names[p]; ok {
			names[p] = name
		}
		if v, ok := e.values[p]; ok {
			values[p] = v
		}
	}
	return expr.NewBinder(nil, names, values)
}

func (e *environment) run(t *testing.T, command, text string) string {
	t.Helper()
	b := e.binder(text)
	command, arg, _ := strings.Cut(command, " ")
	switch command {
	case "condition":
		c, err := b.Condition(expr.ConditionMember, text)
		if err != nil {
			return message(t, err)
		}
		return fmt.Sprintf("reads %v", c.Attributes())
	case "keycondition":
		k, err := b.KeyCondition(text)
		if err != nil {
			return message(t, err)
		}
		var out strings.Builder
		for _, p := range k.Parts {
			fmt.Fprintf(&out, "%s %s %v\n", p.Name, p.Op, p.Values)
		}
		return out.String()
	case "projection":
		p, err := b.Projection(text)
		if err != nil {
			return message(t, err)
		}
		return fmt.Sprintf("reads %v, looks into %v", p.Attributes(), p.Documents())
	case "update":
		u, err := b.Update(text)
		if err != nil {
			return message(t, err)
		}
		return fmt.Sprintf("writes %v, looks into %v", u.Attributes(), u.Documents())
	case "match":
		c, err := b.Condition(expr.FilterMember, text)
		require.NoError(t, err, text)
		return strconv.FormatBool(c.Match(e.stored))
	case "project":
		p, err := b.Projection(text)
		require.NoError(t, err, text)
		return decode(t, p.Append(nil, e.stored)).String()
	case "apply":
		return e.apply(t, b, text)
	case "native":
		return native(t, arg, text)
	}
	t.Fatalf("unknown command %q", command)
	return ""
}

func (e *environment) apply(t *testing.T, b *expr.Binder, text string) string {
	t.Helper()
	u, err := b.Update(text)
	require.NoError(t, err, text)
	item := decode(t, e.stored)
	if err := u.Apply(item); err != nil {
		require.True(t, item.Equal(e.item), "%s changed the item and failed", text)
		return message(t, err)
	}
	require.Equal(t, e.stored, encode(t, e.item), "%s changed what it shares", text)
	item = decode(t, encode(t, item))
	changes := attr.Item{}
	var removed []string
	for name, v := range item {
		if old, ok := e.item[name]; !ok || !old.Equal(v) {
			changes[name] = v
		}
	}
	for name := range e.item {
		if _, ok := item[name]; !ok {
			removed = append(removed, name)
		}
	}
	slices.Sort(removed)
	oldPart, newPart := u.Updated(e.item, item)
	return fmt.Sprintf("changed %v\nremoved %v\nold %v\nnew %v", changes, removed, oldPart, newPart)
}

func native(t *testing.T, arg, text string) string {
	t.Helper()
	member := map[string]expr.Member{
		"condition": expr.NativeCondition, "filter": expr.NativeFilter, "keycondition": expr.NativeKeyCondition,
		"projection": expr.NativeProjection, "update": expr.NativeUpdate,
	}[arg]
	n, err := expr.Translate(member, text)
	if err != nil {
		return message(t, err)
	}
	out := n.Text + "\n"
	for _, key := range slices.Sorted(maps.Keys(n.Names)) {
		out += key + " " + n.Names[key] + "\n"
	}
	require.Len(t, n.Values, n.Args)
	return out + strings.Join(n.Values, " ")
}

// message returns the text of an error, which must be an *expr.Error.
func message(t *testing.T, err error) string {
	t.Helper()
	var e *expr.Error
	require.True(t, errors.As(err, &e), "%T", err)
	return err.Error()
}

func encode(t testing.TB, item attr.Item) itemcodec.Item {
	t.Helper()
	b, err := itemcodec.AppendItem(nil, item, "id")
	require.NoError(t, err)
	return b
}

func decode(t testing.TB, b itemcodec.Item) attr.Item {
	t.Helper()
	item, err := itemcodec.DecodeItem(b)
	require.NoError(t, err)
	require.Equal(t, b, encode(t, item), "not canonical")
	return item
}

func itemOf(wire map[string]map[string]any) attr.Item {
	item := attr.Item{}
	for name, v := range wire {
		item[name] = valueOf(v)
	}
	return item
}

// valueOf returns a value from its JSON form on the wire.
func valueOf(wire map[string]any) attr.Value {
	for kind, v := range wire {
		switch kind {
		case "S":
			return attr.S(v.(string))
		case "N":
			return attr.N(v.(string))
		case "B":
			return attr.B(binaryOf(v))
		case "BOOL":
			return attr.BOOL(v.(bool))
		case "NULL":
			return attr.NULL()
		case "L":
			var list []attr.Value
			for _, e := range v.([]any) {
				list = append(list, valueOf(e.(map[string]any)))
			}
			return attr.L(list...)
		case "M":
			m := attr.Item{}
			for name, e := range v.(map[string]any) {
				m[name] = valueOf(e.(map[string]any))
			}
			return attr.M(m)
		case "BS":
			var set [][]byte
			for _, e := range v.([]any) {
				set = append(set, binaryOf(e))
			}
			return attr.BS(set...)
		}
		var set []string
		for _, e := range v.([]any) {
			set = append(set, e.(string))
		}
		if kind == "SS" {
			return attr.SS(set...)
		}
		return attr.NS(set...)
	}
	return attr.Value{}
}

func binaryOf(v any) []byte {
	b, err := base64.StdEncoding.DecodeString(v.(string))
	if err != nil {
		panic(err)
	}
	return b
}
