package partiql_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/partiql"
)

var rewrite = flag.Bool("rewrite", false, "write the expected answers anew")

var (
	hashOnly = partiql.Source{Hash: partiql.Key{Name: "pk", Kind: attr.String}}
	withSort = partiql.Source{Hash: partiql.Key{Name: "pk", Kind: attr.String}, Sort: partiql.Key{Name: "sk", Kind: attr.String}}
	params   = []attr.Value{attr.S("p0"), attr.N("1"), attr.SS("a"), attr.M(attr.Item{"x": attr.BOOL(true)})}
)

// TestFiles runs testdata/*.txt: a line is a statement, the indented lines
// below it are what it becomes; -rewrite writes them anew. Tables whose name
// begins with h have no sort key. A statement gets as many parameters as it has question marks.
func TestFiles(t *testing.T) {
	for _, file := range []string{"testdata/refused.txt", "testdata/translate.txt"} {
		t.Run(file, func(t *testing.T) {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			var out strings.Builder
			for _, part := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
				if strings.HasPrefix(part, "\t") {
					continue
				}
				out.WriteString(part + "\n")
				if part == "" || strings.HasPrefix(part, "#") {
					continue
				}
				for line := range strings.SplitSeq(strings.TrimRight(translated(part), "\n"), "\n") {
					out.WriteString("\t" + line + "\n")
				}
			}
			if *rewrite {
				require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
				return
			}
			require.Equal(t, string(b), out.String())
		})
	}
}

func translated(text string) string {
	requests, err := translate(text)
	if err != nil {
		e, ok := errors.AsType[*api.Error](err)
		if !ok || e.Code != api.CodeValidation {
			return "not a ValidationException: " + err.Error()
		}
		return "! " + e.Message
	}
	var out strings.Builder
	for _, in := range requests {
		out.WriteString(render(in) + "\n")
	}
	return out.String()
}

func translate(text string) ([]api.Request, error) {
	text = strings.ReplaceAll(text, `\n`, "\n")
	s, err := partiql.Parse(text)
	if err != nil {
		return nil, err
	}
	var given []attr.Value
	for i := range s.Params() {
		given = append(given, params[i%len(params)])
	}
	b, err := s.Bind(given)
	if err != nil {
		return nil, err
	}
	src := withSort
	if strings.HasPrefix(s.Table(), "h") {
		src = hashOnly
	}
	switch s.Kind() {
	case partiql.Select:
		reads, err := b.Reads(src, nil)
		if err != nil {
			return nil, err
		}
		return reads.Requests, nil
	case partiql.Exists:
		check, err := b.Check(src)
		if err != nil {
			return nil, err
		}
		return []api.Request{&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{ConditionCheck: check}}}}, nil
	}
	in, err := b.Write(src)
	if err != nil {
		return nil, err
	}
	return []api.Request{in}, nil
}

type texts struct {
	names  map[string]string
	values map[string]attr.Value
	of     []struct{ member, text string }
}

func (t *texts) add(member string, text *string) {
	if text != nil {
		t.of = append(t.of, struct{ member, text string }{member, *text})
	}
}

// expressionsOf returns the expressions of a request.
func expressionsOf(in api.Request) (head string, t texts) {
	switch in := in.(type) {
	case *api.GetItemInput:
		head = fmt.Sprintf("GetItem %s %v", *in.TableName, in.Key)
		t.names = in.ExpressionAttributeNames
		t.add("project", in.ProjectionExpression)
	case *api.QueryInput:
		head = "Query " + *in.TableName
		if in.IndexName != nil {
			head += "." + *in.IndexName
		}
		if in.ScanIndexForward != nil {
			head += " desc"
		}
		t.names, t.values = in.ExpressionAttributeNames, in.ExpressionAttributeValues
		t.add("key", in.KeyConditionExpression)
		t.add("filter", in.FilterExpression)
		t.add("project", in.ProjectionExpression)
	case *api.ScanInput:
		head = "Scan " + *in.TableName
		if in.IndexName != nil {
			head += "." + *in.IndexName
		}
		t.names, t.values = in.ExpressionAttributeNames, in.ExpressionAttributeValues
		t.add("filter", in.FilterExpression)
		t.add("project", in.ProjectionExpression)
	case *api.PutItemInput:
		head = fmt.Sprintf("PutItem %s %v", *in.TableName, in.Item)
		t.names, t.values = in.ExpressionAttributeNames, in.ExpressionAttributeValues
		t.add("if", in.ConditionExpression)
	case *api.UpdateItemInput:
		head = fmt.Sprintf("UpdateItem %s %v", *in.TableName, in.Key)
		if in.ReturnValues != nil {
			head += " " + string(*in.ReturnValues)
		}
		t.names, t.values = in.ExpressionAttributeNames, in.ExpressionAttributeValues
		t.add("do", in.UpdateExpression)
		t.add("if", in.ConditionExpression)
	case *api.DeleteItemInput:
		head = fmt.Sprintf("DeleteItem %s %v", *in.TableName, in.Key)
		if in.ReturnValues != nil {
			head += " " + string(*in.ReturnValues)
		}
		t.names, t.values = in.ExpressionAttributeNames, in.ExpressionAttributeValues
		t.add("if", in.ConditionExpression)
	case *api.TransactWriteItemsInput:
		c := in.TransactItems[0].ConditionCheck
		head = fmt.Sprintf("ConditionCheck %s %v", *c.TableName, c.Key)
		t.names, t.values = c.ExpressionAttributeNames, c.ExpressionAttributeValues
		t.add("if", c.ConditionExpression)
	}
	return head, t
}

// render writes a request with its placeholders replaced.
func render(in api.Request) string {
	out, t := expressionsOf(in)
	for _, x := range t.of {
		text := x.text
		for _, k := range slices.Backward(slices.SortedFunc(maps.Keys(t.names), byLength)) {
			text = strings.ReplaceAll(text, k, t.names[k])
		}
		for _, k := range slices.Backward(slices.SortedFunc(maps.Keys(t.values), byLength)) {
			text = strings.ReplaceAll(text, k, t.values[k].String())
		}
		out += " | " + x.member + " " + text
	}
	return out
}

func byLength(a, b string) int { return len(a) - len(b) }

// bind checks that the expressions of a request are such as the requests of
// other operations have them: the syntax is right, and no placeholder is missing or unused.
func bind(in api.Request) error {
	_, t := expressionsOf(in)
	b := expr.NewBinder(nil, t.names, t.values)
	for _, x := range t.of {
		var err error
		switch x.member {
		case "project":
			_, err = b.Projection(x.text)
		case "key":
			_, err = b.KeyCondition(x.text)
		case "filter":
			_, err = b.Condition(expr.FilterMember, x.text)
		case "if":
			_, err = b.Condition(expr.ConditionMember, x.text)
		case "do":
			_, err = b.Update(x.text)
		}
		if err != nil {
			return err
		}
	}
	return b.Unused()
}

func TestCache(t *testing.T) {
	for _, c := range []*partiql.Cache{nil, partiql.NewCache(0), partiql.NewCache(2)} {
		for range 3 {
			for i := range 5 {
				s, err := c.Parse(fmt.Sprintf(`SELECT * FROM "t%d" WHERE pk = ?`, i))
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("t%d", i), s.Table())
			}
			_, err := c.Parse("SELECT")
			require.Error(t, err)
		}
	}
	c := partiql.NewCache(10)
	one, err := c.Parse("SELECT * FROM songs")
	require.NoError(t, err)
	again, err := c.Parse("SELECT * FROM songs")
	require.NoError(t, err)
	require.Same(t, one, again)
}

// Deep and long texts end in an error, or are translated, in bounded time and stack.
func TestBombs(t *testing.T) {
	for _, part := range []string{"(", "[", "{'a':", "<<", "NOT ", "- ", "size(", "a.", "a[0]", "a AND ", "a = 1 OR ", "1 + ", "a IN [", "'", "/*", "--\n", "a[a["} {
		text := "SELECT * FROM users WHERE " + strings.Repeat(part, 8100/len(part))
		_, err := translate(text)
		require.Error(t, err, part)
	}
	text := "SELECT * FROM users WHERE pk IN [" + strings.Repeat("'a',", 2000) + "'b']"
	_, err := translate(text)
	require.ErrorContains(t, err, "too many operands")
	text = "SELECT * FROM users WHERE pk = 'a' AND (" + strings.Repeat("sk = 'a' OR ", 600) + "sk = 'b')"
	requests, err := translate(text)
	require.NoError(t, err)
	require.Len(t, requests, 1)
	text = "SELECT * FROM users WHERE (" + strings.Repeat("pk = 'a' OR ", 600) + "pk = 'b')"
	_, err = translate(text)
	require.ErrorContains(t, err, "Too many conditions on the key")
}

func FuzzTranslate(f *testing.F) {
	for _, file := range []string{"testdata/refused.txt", "testdata/translate.txt"} {
		b, err := os.ReadFile(file)
		require.NoError(f, err)
		for line := range strings.SplitSeq(string(b), "\n") {
			if line != "" && line[0] != '\t' && line[0] != '#' {
				f.Add(line)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		bound.Input(t, func() {
			if len(text) > 8192 {
				return
			}
			requests, err := translate(text)
			if err != nil {
				_, ok := errors.AsType[*api.Error](err)
				require.True(t, ok)
				return
			}
			require.NotEmpty(t, requests)
			for _, in := range requests {
				if err := bind(in); err != nil {
					for _, ours := range []string{"Syntax error", "redundant", "not defined", "unused", "reserved"} {
						require.NotContains(t, err.Error(), ours, "%s", render(in))
					}
				}
			}
		})
	})
}

func BenchmarkStatement(b *testing.B) {
	const text = `UPDATE "users" SET n = n + ?, name = 'x' WHERE pk = ? AND sk = 's' AND (n < 10 OR flag IS MISSING)`
	given := []attr.Value{attr.Int(1), attr.S("a")}
	floor := 0.0 // ns: to parse and bind the expressions that the statement becomes
	ratio := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/floor, "floors")
	}
	b.Run("floor=expressions", func(b *testing.B) {
		names := map[string]string{"#0": "n", "#1": "name", "#2": "pk", "#3": "flag"}
		values := map[string]attr.Value{":0": attr.Int(1), ":1": attr.S("x"), ":2": attr.Int(10)}
		b.ReportAllocs()
		for b.Loop() {
			x := expr.NewBinder(nil, names, values)
			if _, err := x.Update("SET #0 = #0 + :0, #1 = :1"); err != nil {
				b.Fatal(err)
			}
			if _, err := x.Condition(expr.ConditionMember, "attribute_exists(#2) AND (#0 < :2 OR attribute_not_exists(#3))"); err != nil {
				b.Fatal(err)
			}
		}
		floor = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := partiql.Parse(text); err != nil {
				b.Fatal(err)
			}
		}
		ratio(b)
	})
	run := func(b *testing.B, c *partiql.Cache) {
		b.ReportAllocs()
		for b.Loop() {
			s, err := c.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			bound, err := s.Bind(given)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := bound.Write(withSort); err != nil {
				b.Fatal(err)
			}
		}
		ratio(b)
	}
	b.Run("parse+translate", func(b *testing.B) { run(b, nil) })
	b.Run("cached+translate", func(b *testing.B) { run(b, partiql.NewCache(100)) })
}
