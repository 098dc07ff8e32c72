package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// TestScripts runs testdata/*.txt, each on an empty store, and compares what every command answers with what
// stands below it; -rewrite writes that anew. The answers are the same on every store, and when every fn runs
// twice.
//
// A command is one line (and the indented lines after it), its answer the lines from "----" to the empty line.
//
//	put users {id: "a", n: 1} | if attribute_not_exists(id) | return ALL_OLD
//	----
//	ok
//
// Its options stand behind bars: if, do (UpdateExpression), where (KeyConditionExpression), filter, project, names, values,
// return, onfail, capacity, metrics, index, select, limit, desc, start, segment 0/2, consistent, token.
// An option "for 1-9" repeats the command with $ in place of each number; its answer is that of the last.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, name := range slices.Sorted(maps.Keys(stores)) {
				t.Run(name, func(t *testing.T) { runScript(t, file, stores[name](t)) })
			}
		})
	}
}

func runScript(t *testing.T, file string, store kv.Store) {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	clock := newClock()
	s := &script{t: t, clock: clock, e: openPaused(t, store, engine.Options{Now: clock.Now})}
	var out strings.Builder
	lines := bufio.NewScanner(strings.NewReader(string(b)))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		out.WriteString(line + "\n")
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		at, command := n, line
		for lines.Scan() {
			n++
			line = lines.Text()
			out.WriteString(line + "\n")
			if line == "----" {
				break
			}
			command += "\n" + line
		}
		var want strings.Builder
		for lines.Scan() {
			n++
			if lines.Text() == "" {
				break
			}
			want.WriteString(lines.Text() + "\n")
		}
		got := strings.TrimRight(s.run(command), "\n") + "\n"
		if !*rewrite {
			require.Equal(t, want.String(), got, "%s:%d: %s", file, at, command)
		}
		out.WriteString(got + "\n")
	}
	if *rewrite {
		require.NoError(t, os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644))
	}
}

// script is a script at work.
type script struct {
	t     *testing.T
	e     *engine.Engine
	clock *clock

	metrics map[string]float64 // what consumption told last
}

// options are what stands behind the bars of a command.
type options map[string]string

func (o options) text(name string) *string {
	if v, ok := o[name]; ok {
		return &v
	}
	return nil
}

func (o options) item(t *testing.T, name string) attr.Item {
	if v, ok := o[name]; ok {
		return item(t, v)
	}
	return nil
}

func (o options) names(t *testing.T) map[string]string {
	var names map[string]string
	for k, v := range o.item(t, "names") {
		if names == nil {
			names = map[string]string{}
		}
		names[k] = v.Str()
	}
	return names
}

func (o options) number(name string) *int32 {
	if v, ok := o[name]; ok {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil {
			panic(err)
		}
		return new(int32(n))
	}
	return nil
}

func (o options) flag(name string) *bool {
	if _, ok := o[name]; ok {
		return new(true)
	}
	return nil
}

// enum returns an option as one of the api's names, upper case as they are.
func enum[E ~string](o options, name string) *E {
	if v, ok := o[name]; ok {
		return new(E(v))
	}
	return nil
}

// split takes the options off a line.
func split(line string) (rest string, o options) {
	parts := strings.Split(line, " | ")
	o = options{}
	for _, p := range parts[1:] {
		name, v, _ := strings.Cut(strings.TrimSpace(p), " ")
		o[name] = v
	}
	return strings.TrimSpace(parts[0]), o
}

// run carries out one command and returns its answer.
func (s *script) run(command string) string {
	head, more, _ := strings.Cut(command, "\n")
	line, o := split(head)
	if of, ok := o["for"]; ok {
		var from, to int
		_, err := fmt.Sscanf(of, "%d-%d", &from, &to)
		require.NoError(s.t, err, command)
		command = strings.Replace(command, " | for "+of, "", 1)
		var out string
		for i := from; i <= to; i++ {
			out = s.run(strings.ReplaceAll(command, "$", strconv.Itoa(i)))
		}
		return out
	}
	verb, rest, _ := strings.Cut(line, " ")
	table, arg, _ := strings.Cut(rest, " ")
	switch verb {
	case "consumption":
		return s.consumption(rest)
	case "clock":
		d, err := time.ParseDuration(rest)
		require.NoError(s.t, err)
		s.clock.Advance(d)
		return "ok"
	case "finish":
		require.NoError(s.t, s.e.FinishJobs(s.t.Context()))
		return "ok"
	case "sweep":
		n, err := s.e.SweepExpired(s.t.Context(), 1000)
		require.NoError(s.t, err)
		return fmt.Sprintf("%d expired", n)
	}
	in := s.request(verb, table, arg, more, o, command)
	if in == nil {
		s.t.Fatalf("no such command: %s", command)
	}
	return render(s.e.Serve(context.Background(), in))
}

// consumption tells what the metrics of a table have counted since it was asked before.
func (s *script) consumption(table string) string {
	out := do(s.t, s.e, &api.ReadMetricsInput{TableName: &table})
	var lines []string
	for _, m := range out.Metrics {
		if m.Gauge || m.Buckets != nil || m.Operation != "" {
			continue
		}
		id := table + "/" + m.IndexName + " " + string(m.Name)
		if n := m.Sum - s.metrics[id]; n != 0 {
			lines = append(lines, fmt.Sprintf("%s %v", strings.TrimSpace(m.IndexName+" "+string(m.Name)), n))
		}
		if s.metrics == nil {
			s.metrics = map[string]float64{}
		}
		s.metrics[id] = m.Sum
	}
	if lines == nil {
		return "nothing"
	}
	return strings.Join(lines, "\n")
}

func (s *script) request(verb, table, arg, more string, o options, command string) api.Request {
	t := s.t
	var subject attr.Item
	if strings.HasPrefix(arg, "{") {
		subject = item(t, arg)
	}
	values := o.item(t, "values")
	capacity := enum[api.ReturnConsumedCapacity](o, "capacity")
	metrics := enum[api.ReturnItemCollectionMetrics](o, "metrics")
	returns := enum[api.ReturnValue](o, "return")
	onFailed := enum[api.ReturnValuesOnConditionCheckFailure](o, "onfail")
	switch verb {
	case "create":
		text := table + " " + arg
		if more != "" {
			text += "\n" + more
		}
		in, err := parseCreate(text)
		require.NoError(t, err, command)
		if v, ok := o["provisioned"]; ok {
			in.BillingMode, in.ProvisionedThroughput = nil, throughput(t, v)
		}
		in.DeletionProtectionEnabled = o.flag("protected")
		return in
	case "drop":
		return &api.DeleteTableInput{TableName: &table}
	case "describe":
		return &api.DescribeTableInput{TableName: &table}
	case "tables":
		in := &api.ListTablesInput{Limit: o.number("limit")}
		if table != "" {
			in.ExclusiveStartTableName = &table
		}
		return in
	case "addindex":
		return addIndex(table, arg)
	case "dropindex":
		return dropIndex(table, arg)
	case "throughput":
		return &api.UpdateTableInput{TableName: &table, ProvisionedThroughput: throughput(t, arg), BillingMode: enum[api.BillingMode](o, "mode")}
	case "protect":
		return &api.UpdateTableInput{TableName: &table, DeletionProtectionEnabled: new(arg == "true")}
	case "ttl":
		attribute, state, given := strings.Cut(arg, " ")
		if !given {
			return &api.DescribeTimeToLiveInput{TableName: &table}
		}
		return &api.UpdateTimeToLiveInput{TableName: &table,
			TimeToLiveSpecification: &api.TimeToLiveSpecification{AttributeName: &attribute, Enabled: new(state == "on")}}
	case "tag":
		in := &api.TagResourceInput{ResourceArn: &table}
		for _, k := range slices.Sorted(maps.Keys(subject)) {
			in.Tags = append(in.Tags, api.Tag{Key: &k, Value: new(subject[k].Str())})
		}
		return in
	case "untag":
		return &api.UntagResourceInput{ResourceArn: &table, TagKeys: strings.Fields(arg)}
	case "tags":
		return &api.ListTagsOfResourceInput{ResourceArn: &table, NextToken: o.text("next")}
	case "put":
		return &api.PutItemInput{TableName: &table, Item: api.ItemOf(subject), ConditionExpression: o.text("if"), ExpressionAttributeNames: o.names(t),
			ExpressionAttributeValues: values, ReturnValues: returns, ReturnValuesOnConditionCheckFailure: onFailed,
			ReturnConsumedCapacity: capacity, ReturnItemCollectionMetrics: metrics}
	case "update":
		return &api.UpdateItemInput{TableName: &table, Key: subject, UpdateExpression: o.text("do"), ConditionExpression: o.text("if"),
			ExpressionAttributeNames: o.names(t), ExpressionAttributeValues: values, ReturnValues: returns,
			ReturnValuesOnConditionCheckFailure: onFailed, ReturnConsumedCapacity: capacity, ReturnItemCollectionMetrics: metrics}
	case "delete":
		return &api.DeleteItemInput{TableName: &table, Key: subject, ConditionExpression: o.text("if"), ExpressionAttributeNames: o.names(t),
			ExpressionAttributeValues: values, ReturnValues: returns, ReturnValuesOnConditionCheckFailure: onFailed,
			ReturnConsumedCapacity: capacity, ReturnItemCollectionMetrics: metrics}
	case "get":
		return &api.GetItemInput{TableName: &table, Key: subject, ProjectionExpression: o.text("project"), ExpressionAttributeNames: o.names(t),
			ConsistentRead: o.flag("consistent"), ReturnConsumedCapacity: capacity}
	case "query":
		in := &api.QueryInput{TableName: &table, IndexName: o.text("index"), KeyConditionExpression: o.text("where"), FilterExpression: o.text("filter"),
			ProjectionExpression: o.text("project"), ExpressionAttributeNames: o.names(t), ExpressionAttributeValues: values,
			Select: enum[api.Select](o, "select"), Limit: o.number("limit"), ExclusiveStartKey: o.item(t, "start"),
			ConsistentRead: o.flag("consistent"), ReturnConsumedCapacity: capacity}
		if o.flag("desc") != nil {
			in.ScanIndexForward = new(false)
		}
		return in
	case "scan":
		in := &api.ScanInput{TableName: &table, IndexName: o.text("index"), FilterExpression: o.text("filter"),
			ProjectionExpression: o.text("project"), ExpressionAttributeNames: o.names(t), ExpressionAttributeValues: values,
			Select: enum[api.Select](o, "select"), Limit: o.number("limit"), ExclusiveStartKey: o.item(t, "start"),
			ConsistentRead: o.flag("consistent"), ReturnConsumedCapacity: capacity}
		if v, ok := o["segment"]; ok {
			in.Segment, in.TotalSegments = new(int32), new(int32)
			_, err := fmt.Sscanf(v, "%d/%d", in.Segment, in.TotalSegments)
			require.NoError(t, err)
		}
		return in
	}
	return s.requestOfMany(verb, more, o)
}

func throughput(t *testing.T, text string) *api.ProvisionedThroughput {
	if text == "" {
		return nil
	}
	p := &api.ProvisionedThroughput{ReadCapacityUnits: new(int64), WriteCapacityUnits: new(int64)}
	_, err := fmt.Sscanf(text, "%d/%d", p.ReadCapacityUnits, p.WriteCapacityUnits)
	require.NoError(t, err)
	return p
}

// requestOfMany makes a batch or a transaction of the lines in more, each of which is a command of its own.
func (s *script) requestOfMany(verb, more string, o options) api.Request {
	t := s.t
	capacity := enum[api.ReturnConsumedCapacity](o, "capacity")
	metrics := enum[api.ReturnItemCollectionMetrics](o, "metrics")
	var parts []api.Request
	for _, line := range strings.Split(more, "\n") {
		text, po := split(line)
		if text == "" {
			continue
		}
		word, rest, _ := strings.Cut(text, " ")
		table, arg, _ := strings.Cut(rest, " ")
		if word == "check" {
			word = "get"
			if verb == "transact" {
				parts = append(parts, &checkInput{table: table, key: item(t, arg), o: po})
				continue
			}
		}
		parts = append(parts, s.request(word, table, arg, "", po, line))
	}
	switch verb {
	case "batchget":
		in := &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{}, ReturnConsumedCapacity: capacity}
		for _, p := range parts {
			g := p.(*api.GetItemInput)
			of := in.RequestItems[*g.TableName]
			of.Keys = append(of.Keys, g.Key)
			of.ConsistentRead, of.ProjectionExpression, of.ExpressionAttributeNames = g.ConsistentRead, g.ProjectionExpression, g.ExpressionAttributeNames
			in.RequestItems[*g.TableName] = of
		}
		return in
	case "batch":
		in := &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{}, ReturnConsumedCapacity: capacity, ReturnItemCollectionMetrics: metrics}
		for _, p := range parts {
			switch p := p.(type) {
			case *api.PutItemInput:
				in.RequestItems[*p.TableName] = append(in.RequestItems[*p.TableName], api.WriteRequest{PutRequest: &api.PutRequest{Item: p.Item}})
			case *api.DeleteItemInput:
				in.RequestItems[*p.TableName] = append(in.RequestItems[*p.TableName], api.WriteRequest{DeleteRequest: &api.DeleteRequest{Key: p.Key}})
			}
		}
		return in
	case "transactget":
		in := &api.TransactGetItemsInput{ReturnConsumedCapacity: capacity}
		for _, p := range parts {
			g := p.(*api.GetItemInput)
			in.TransactItems = append(in.TransactItems, api.TransactGetItem{Get: &api.Get{TableName: g.TableName, Key: g.Key,
				ProjectionExpression: g.ProjectionExpression, ExpressionAttributeNames: g.ExpressionAttributeNames}})
		}
		return in
	case "transact":
		in := &api.TransactWriteItemsInput{ClientRequestToken: o.text("token"), ReturnConsumedCapacity: capacity, ReturnItemCollectionMetrics: metrics}
		for _, p := range parts {
			in.TransactItems = append(in.TransactItems, transactItem(t, p))
		}
		return in
	}
	return nil
}

// checkInput stands for a ConditionCheck among the commands of a transaction.
type checkInput struct {
	api.Request
	table string
	key   attr.Item
	o     options
}

func transactItem(t *testing.T, in api.Request) api.TransactWriteItem {
	switch p := in.(type) {
	case *api.PutItemInput:
		return api.TransactWriteItem{Put: &api.Put{TableName: p.TableName, Item: p.Item, ConditionExpression: p.ConditionExpression,
			ExpressionAttributeNames: p.ExpressionAttributeNames, ExpressionAttributeValues: p.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: p.ReturnValuesOnConditionCheckFailure}}
	case *api.UpdateItemInput:
		return api.TransactWriteItem{Update: &api.Update{TableName: p.TableName, Key: p.Key, UpdateExpression: p.UpdateExpression,
			ConditionExpression: p.ConditionExpression, ExpressionAttributeNames: p.ExpressionAttributeNames,
			ExpressionAttributeValues: p.ExpressionAttributeValues, ReturnValuesOnConditionCheckFailure: p.ReturnValuesOnConditionCheckFailure}}
	case *api.DeleteItemInput:
		return api.TransactWriteItem{Delete: &api.Delete{TableName: p.TableName, Key: p.Key, ConditionExpression: p.ConditionExpression,
			ExpressionAttributeNames: p.ExpressionAttributeNames, ExpressionAttributeValues: p.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: p.ReturnValuesOnConditionCheckFailure}}
	}
	c := in.(*checkInput)
	return api.TransactWriteItem{ConditionCheck: &api.ConditionCheck{TableName: &c.table, Key: c.key, ConditionExpression: c.o.text("if"),
		ExpressionAttributeNames: c.o.names(t), ExpressionAttributeValues: c.o.item(t, "values"),
		ReturnValuesOnConditionCheckFailure: enum[api.ReturnValuesOnConditionCheckFailure](c.o, "onfail")}}
}

var errNotAPI = errors.New("an error without a code")
