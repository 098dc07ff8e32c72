package isolation_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// A table of rows has the items r00, r01, … (sort key sk) in one partition (pk is
// "p"), each with a number x. The global index byX has the key g (which is "g") and x, and everything; the
// local index localX has x and the keys alone. When an x changes, the entries of both move.
const rowCount = 20

func createRows(t testing.TB, c api.Client, name string, x int64) {
	t.Helper()
	_, err := stator.CreateTable(t.Context(), c, name, stator.HashKey("pk", "S"), stator.RangeKey("sk", "S"),
		stator.GlobalIndex("byX", stator.HashKey("g", "S"), stator.RangeKey("x", "N")),
		stator.LocalIndex("localX", stator.RangeKey("x", "N"), stator.KeysOnly()))
	require.NoError(t, err)
	must(t, c, putRows(name, x))
}

// putRows sets the x of all rows, in one transaction.
func putRows(name string, x int64) *api.TransactWriteItemsInput {
	in := &api.TransactWriteItemsInput{}
	for i := range rowCount {
		item := rowKey(i)
		item["g"], item["x"] = attr.S("g"), attr.Int(x)
		in.TransactItems = append(in.TransactItems, api.TransactWriteItem{Put: &api.Put{TableName: &name, Item: api.ItemOf(item)}})
	}
	return in
}

func rowKey(i int) attr.Item {
	return attr.Item{"pk": attr.S("p"), "sk": attr.S(fmt.Sprintf("r%02d", i))}
}

// page is what one request of several rows answered.
type page struct {
	rows []attr.Item
	next attr.Item // nil when it is the last
}

// view reads rows by one request, of at most limit rows where it has one (0 is no limit), after the key from.
type view func(ctx context.Context, c api.Client, table string, limit int32, from attr.Item) (page, error)

// views are all ways to read many rows at once. Those in paged take a limit.
var views = map[string]view{
	"Query":                  query("", "pk = :p", "p", true),
	"Query, descending":      query("", "pk = :p", "p", false),
	"Query of byX":           query("byX", "g = :p", "g", true),
	"Query of byX, from top": query("byX", "g = :p", "g", false),
	"Query of localX":        query("localX", "pk = :p", "p", true), // and of the base rows
	"Scan":                   scan(""),
	"Scan of byX":            scan("byX"),
	"Scan of localX":         scan("localX"),
	"BatchGetItem": func(ctx context.Context, c api.Client, table string, _ int32, _ attr.Item) (page, error) {
		var keys api.KeysAndAttributes
		for i := range rowCount {
			keys.Keys = append(keys.Keys, rowKey(i))
		}
		out, err := api.Do(ctx, c, &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{table: keys}})
		if err != nil {
			return page{}, err
		}
		return page{rows: itemsOf(out.Responses[table])}, nil
	},
	"TransactGetItems": func(ctx context.Context, c api.Client, table string, _ int32, _ attr.Item) (page, error) {
		in := &api.TransactGetItemsInput{}
		for i := range rowCount {
			in.TransactItems = append(in.TransactItems, api.TransactGetItem{Get: &api.Get{TableName: &table, Key: rowKey(i)}})
		}
		out, err := api.Do(ctx, c, in)
		if err != nil {
			return page{}, err
		}
		var p page
		for _, r := range out.Responses {
			p.rows = append(p.rows, itemOf(r.Item))
		}
		return p, nil
	},
	"ExecuteStatement": func(ctx context.Context, c api.Client, table string, _ int32, _ attr.Item) (page, error) {
		out, err := api.Do(ctx, c, &api.ExecuteStatementInput{Statement: new(`SELECT * FROM "` + table + `" WHERE pk = 'p'`)})
		if err != nil {
			return page{}, err
		}
		return page{rows: itemsOf(out.Items)}, nil
	},
}

var viewNames = slices.Sorted(maps.Keys(views))

func query(index, condition, value string, forward bool) view {
	return func(ctx context.Context, c api.Client, table string, limit int32, from attr.Item) (page, error) {
		in := &api.QueryInput{TableName: &table, KeyConditionExpression: &condition, ExpressionAttributeValues: attr.Item{":p": attr.S(value)},
			ScanIndexForward: &forward, ExclusiveStartKey: from, Select: new(api.SelectAllAttributes)}
		if index != "" {
			in.IndexName = &index
		}
		if limit > 0 {
			in.Limit = &limit
		}
		out, err := api.Do(ctx, c, in)
		if err != nil {
			return page{}, err
		}
		return page{itemsOf(out.Items), out.LastEvaluatedKey}, nil
	}
}

func scan(index string) view {
	return func(ctx context.Context, c api.Client, table string, limit int32, from attr.Item) (page, error) {
		in := &api.ScanInput{TableName: &table, ExclusiveStartKey: from}
		if index != "" {
			in.IndexName = &index
		}
		if limit > 0 {
			in.Limit = &limit
		}
		out, err := api.Do(ctx, c, in)
		if err != nil {
			return page{}, err
		}
		return page{itemsOf(out.Items), out.LastEvaluatedKey}, nil
	}
}

// allRows returns the x of each row, and an error when a row is missing or there twice.
func allRows(rows []attr.Item) (map[string]int64, error) {
	all := map[string]int64{}
	for _, r := range rows {
		all[r["sk"].Str()] = number(r, "x")
	}
	if len(all) != rowCount || len(rows) != rowCount {
		return nil, fmt.Errorf("%d rows, %d different: %v", len(rows), len(all), rows)
	}
	return all, nil
}

// oneVersion reports rows of more than one version of the table, and returns the version.
func oneVersion(rows []attr.Item) (int64, error) {
	var xs []string
	for _, r := range rows {
		xs = append(xs, strconv.FormatInt(number(r, "x"), 10))
	}
	if len(slices.Compact(slices.Clone(xs))) > 1 {
		return 0, fmt.Errorf("rows of several versions: %v", xs)
	}
	return number(rows[0], "x"), nil
}
