package engine_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// TestStatements runs testdata/statements/*.txt, which are as those of TestScripts with these commands beside:
//
//	SELECT … | params ["a", 1] | limit 2 | consistent | capacity INDEXES | onfail ALL_OLD | token
//	transaction | capacity TOTAL | token t1
//	  INSERT …
//	statements | capacity TOTAL
//	  UPDATE … | params [1]
//
// "token" of a SELECT asks for the page after the last one.
func TestStatements(t *testing.T) {
	files, err := filepath.Glob("testdata/statements/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, name := range slices.Sorted(maps.Keys(stores)) {
				t.Run(name, func(t *testing.T) { runStatements(t, file, stores[name](t)) })
			}
		})
	}
}

func runStatements(t *testing.T, file string, store kv.Store) {
	clock := newClock()
	s := &statements{script: script{t: t, clock: clock, e: openPaused(t, store, engine.Options{Now: clock.Now})}}
	runParts(t, file, s.run)
}

// runParts runs the commands of a file, which empty lines part, and compares their answers.
func runParts(t *testing.T, file string, run func(command string) string) {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var out []string
	for _, part := range strings.Split(strings.TrimSpace(string(b)), "\n\n") {
		lines := strings.Split(part, "\n")
		first := slices.IndexFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "#") })
		if first < 0 {
			out = append(out, part)
			continue
		}
		comment, rest := lines[:first], strings.Join(lines[first:], "\n")
		command, want, _ := strings.Cut(rest, "\n----")
		want = strings.TrimPrefix(want, "\n")
		got := strings.TrimRight(run(command), "\n")
		if !*rewrite {
			require.Equal(t, want, got, "%s: %s", file, command)
		}
		out = append(out, strings.Join(append(comment, command, "----", got), "\n"))
	}
	if *rewrite {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o644))
	}
}

// statements is a script with statements.
type statements struct {
	script
	next *string
}

func (s *statements) run(command string) string {
	head, more, _ := strings.Cut(command, "\n")
	line, o := split(head)
	verb, _, _ := strings.Cut(line, " ")
	switch verb {
	case "transaction":
		in := &api.ExecuteTransactionInput{ClientRequestToken: o.text("token"), ReturnConsumedCapacity: enum[api.ReturnConsumedCapacity](o, "capacity")}
		for line := range strings.SplitSeq(more, "\n") {
			text, o := split(line)
			in.TransactStatements = append(in.TransactStatements, api.ParameterizedStatement{Statement: &text, Parameters: s.params(o),
				ReturnValuesOnConditionCheckFailure: enum[api.ReturnValuesOnConditionCheckFailure](o, "onfail")})
		}
		return s.renderStatements(s.e.Serve(context.Background(), in))
	case "statements":
		in := &api.BatchExecuteStatementInput{ReturnConsumedCapacity: enum[api.ReturnConsumedCapacity](o, "capacity")}
		for line := range strings.SplitSeq(more, "\n") {
			text, o := split(line)
			in.Statements = append(in.Statements, api.BatchStatementRequest{Statement: &text, Parameters: s.params(o), ConsistentRead: o.flag("consistent"),
				ReturnValuesOnConditionCheckFailure: enum[api.ReturnValuesOnConditionCheckFailure](o, "onfail")})
		}
		return s.renderStatements(s.e.Serve(context.Background(), in))
	}
	if verb != strings.ToUpper(verb) {
		return s.script.run(command)
	}
	in := &api.ExecuteStatementInput{Statement: &line, Parameters: s.params(o), Limit: o.number("limit"), ConsistentRead: o.flag("consistent"),
		ReturnConsumedCapacity:              enum[api.ReturnConsumedCapacity](o, "capacity"),
		ReturnValuesOnConditionCheckFailure: enum[api.ReturnValuesOnConditionCheckFailure](o, "onfail")}
	if text, ok := o["token"]; ok {
		in.NextToken = s.next
		if text != "" {
			in.NextToken = &text
		}
	}
	return s.renderStatements(s.e.Serve(context.Background(), in))
}

func (s *statements) params(o options) []attr.Value {
	text, ok := o["params"]
	if !ok {
		return nil
	}
	return item(s.t, `{p: `+text+`}`)["p"].List()
}

func (s *statements) renderStatements(out api.Response, err error) string {
	if err != nil {
		return render(out, err)
	}
	var r rendering
	switch out := out.(type) {
	case *api.ExecuteStatementOutput:
		require.NotNil(s.t, out.Items)
		for _, it := range out.Items {
			r.item("absent", it)
		}
		if s.next = out.NextToken; s.next != nil {
			r.line("more after %v", out.LastEvaluatedKey)
		}
		r.capacity(out.ConsumedCapacity)
	case *api.ExecuteTransactionOutput:
		require.NotNil(s.t, out.Responses)
		for _, it := range out.Responses {
			r.item("absent", it.Item)
		}
		r.capacities(out.ConsumedCapacity)
	case *api.BatchExecuteStatementOutput:
		for _, it := range out.Responses {
			table := "-"
			if it.TableName != nil {
				table = *it.TableName
			}
			if it.Error != nil {
				r.line("%s %s: %s %s", table, it.Error.Code, *it.Error.Message, it.Error.Item)
				continue
			}
			r.line("%s %s", table, it.Item)
		}
		r.capacities(out.ConsumedCapacity)
	}
	if r.Len() == 0 {
		return "nothing"
	}
	return r.String()
}

// A page of a SELECT of many partitions is as large as one of a Query, not
// as large as all of them.
func TestStatementPages(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "big id:S sk:N")
	for _, id := range []string{"a", "b", "c", "d"} {
		for sk := range 3 {
			do(t, e, &api.PutItemInput{TableName: new("big"), Item: api.ItemOf(attr.Item{"id": attr.S(id), "sk": attr.Int(sk), "v": attr.S(long(200 << 10))})})
		}
	}
	in := &api.ExecuteStatementInput{Statement: new("SELECT id, sk FROM big WHERE id IN ['d', 'a', 'none', 'c', 'b']"), ConsistentRead: new(true)}
	var items []string
	pages := 0
	for {
		out := do(t, e, in)
		for _, it := range out.Items {
			items = append(items, it.String())
		}
		pages++
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	require.Equal(t, 2, pages)
	require.Len(t, items, 12)
	slices.Sort(items)
	require.Len(t, slices.Compact(items), 12)
}

// A token that somebody made or damaged is refused.
func TestStatementTokens(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "users id:S")
	for _, id := range []string{"a", "b", "c"} {
		put(t, e, "users", `{id: "`+id+`"}`)
	}
	in := &api.ExecuteStatementInput{Statement: new("SELECT * FROM users WHERE id <> ?"), Parameters: []attr.Value{attr.S("x")}, Limit: new(int32(1))}
	token := *do(t, e, in).NextToken
	for i := range token {
		damaged := []byte(token)
		damaged[i] ^= 1
		in.NextToken = new(string(damaged))
		err := fails(t, e, in)
		require.Equal(t, api.CodeValidation, err.Code)
		require.Equal(t, "Invalid NextToken", err.Message)
	}
	in.NextToken = &token
	in.Parameters = []attr.Value{attr.S("y")}
	require.Equal(t, "NextToken does not match request", fails(t, e, in).Message)
	in.Parameters = []attr.Value{attr.S("x")}
	in.Limit = nil
	out := do(t, e, in)
	require.Len(t, out.Items, 2)
	require.Nil(t, out.NextToken)
}
