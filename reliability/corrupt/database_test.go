package corrupt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/reliability/internal/ram"
)

// epoch is when everything happens: a database that is opened a minute later for reading expires nothing.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func options() *stator.Options {
	return &stator.Options{Now: func() time.Time { return epoch }}
}

// ticking is a clock for writing: no two readings are the same, and all are before the epoch, at which a token is
// remembered still.
func ticking() *stator.Options {
	var reads atomic.Int64
	return &stator.Options{Now: func() time.Time { return epoch.Add(time.Duration(reads.Add(1))*time.Millisecond - time.Minute) }}
}

// The rows of the tables. Together they take pages of every kind: branches, leaves, overflow, free ones.
const (
	users  = 150 // with a global index and a stream
	live   = 130 // of these; the others were deleted
	orders = 120 // with a local index
	blobs  = 3   // of several pages each
)

func user(i, version int) stator.Item {
	return stator.Item{"id": attr.S(fmt.Sprintf("u%03d", i)), "org": attr.S(fmt.Sprintf("o%d", i%7)), "n": attr.Int(i * 3),
		"text": attr.S(strings.Repeat("x", 40+i%30)), "version": attr.Int(version), "expires": attr.Int(2_000_000_000 + i)}
}

func order(i, version int) stator.Item {
	return stator.Item{"customer": attr.S(fmt.Sprintf("c%02d", i%10)), "at": attr.Int(i), "total": attr.Int(1000 - i), "version": attr.Int(version),
		"lines": attr.L(attr.S("a"), attr.Int(i))}
}

func blob(i, version int) stator.Item {
	return stator.Item{"id": attr.B([]byte{byte(i)}), "data": attr.B([]byte(strings.Repeat(fmt.Sprintf("%07d,", i*10+version), 2500)))}
}

// transaction writes an item to two tables.
func transaction(token string, version int) *api.TransactWriteItemsInput {
	return &api.TransactWriteItemsInput{ClientRequestToken: &token, ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal), TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: new("users"), Item: api.ItemOf(user(0, version))}}, {Put: &api.Put{TableName: new("orders"), Item: api.ItemOf(order(0, version))}}}}
}

// build makes the file: everything was written, some of it again, and some of it deleted.
func build(t testing.TB, path string) {
	ctx := context.Background()
	db, err := stator.Open(path, ticking())
	require.NoError(t, err)
	u, err := stator.CreateTable(ctx, db, "users", stator.HashKey("id", "S"), stator.Tags{"team": "blue"}, stator.TTL("expires"),
		stator.GlobalIndex("byOrg", stator.HashKey("org", "S"), stator.RangeKey("n", "N"), stator.KeysOnly()), stator.Stream(stator.StreamNewAndOldImages))
	require.NoError(t, err)
	o, err := stator.CreateTable(ctx, db, "orders", stator.HashKey("customer", "S"), stator.RangeKey("at", "N"),
		stator.LocalIndex("byTotal", stator.RangeKey("total", "N")))
	require.NoError(t, err)
	b, err := stator.CreateTable(ctx, db, "blobs", stator.HashKey("id", "B"))
	require.NoError(t, err)
	for i := range users {
		require.NoError(t, u.Put(ctx, user(i, 0)))
	}
	var batch []stator.Item
	for i := range orders {
		batch = append(batch, order(i, 0))
	}
	_, err = o.BatchPut(ctx, batch)
	require.NoError(t, err)
	for i := range blobs {
		require.NoError(t, b.Put(ctx, blob(i, 0)))
	}
	for i := live; i < users; i++ {
		require.NoError(t, u.Delete(ctx, stator.Key(fmt.Sprintf("u%03d", i))))
	}
	_, err = api.Do(ctx, db, transaction("token", 1))
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// answers asks a database everything that it can be asked, and returns the answers by what was asked. An error is kept as one.
func answers(ctx context.Context, db *stator.DB) map[string]string {
	all := map[string]string{}
	put := func(name string, value any, err error) {
		if err != nil {
			all[name] = failure(err)
			return
		}
		all[name] = fmt.Sprint(value)
	}
	get := func(table string, key stator.Item) {
		out, err := api.Do(ctx, db, &api.GetItemInput{TableName: &table, Key: key})
		if err != nil {
			put(table+key.String(), nil, err)
			return
		}
		item, err := out.Item.Item()
		put(table+key.String(), item, err)
	}
	for i := range users + 20 { // the last ones were never there
		get("users", stator.Item{"id": attr.S(fmt.Sprintf("u%03d", i))})
	}
	for i := range orders + 10 {
		get("orders", stator.Item{"customer": attr.S(fmt.Sprintf("c%02d", i%10)), "at": attr.Int(i)})
	}
	for i := range blobs + 1 {
		get("blobs", stator.Item{"id": attr.B([]byte{byte(i)})})
	}
	items := func(name string, page func(start stator.Item) ([]stator.Item, stator.Item, error)) {
		var list []string
		var start stator.Item
		for {
			found, next, err := page(start)
			if err != nil {
				put(name, nil, err)
				return
			}
			for _, item := range found {
				list = append(list, item.String())
			}
			if len(next) == 0 {
				break
			}
			start = next
		}
		put(name, strings.Join(list, "\n"), nil)
	}
	scan := func(table, index string) {
		items("scan "+table+" "+index, func(start stator.Item) ([]stator.Item, stator.Item, error) {
			in := &api.ScanInput{TableName: &table, ExclusiveStartKey: start, Limit: new(int32(77))}
			if index != "" {
				in.IndexName = &index
			}
			out, err := api.Do(ctx, db, in)
			if err != nil {
				return nil, nil, err
			}
			found, err := decoded(out.Items)
			return found, out.LastEvaluatedKey, err
		})
	}
	query := func(table, index, condition string, value attr.Value, desc bool) {
		items(fmt.Sprintf("query %s %s %v %t", table, index, value, desc), func(start stator.Item) ([]stator.Item, stator.Item, error) {
			in := &api.QueryInput{TableName: &table, KeyConditionExpression: &condition, ExpressionAttributeValues: attr.Item{":v": value},
				ScanIndexForward: new(!desc), ExclusiveStartKey: start, Limit: new(int32(9))}
			if index != "" {
				in.IndexName = &index
			}
			out, err := api.Do(ctx, db, in)
			if err != nil {
				return nil, nil, err
			}
			found, err := decoded(out.Items)
			return found, out.LastEvaluatedKey, err
		})
	}
	scan("users", "")
	scan("users", "byOrg")
	scan("orders", "")
	scan("orders", "byTotal")
	scan("blobs", "")
	for i := range 8 {
		query("users", "byOrg", "org = :v", attr.S(fmt.Sprintf("o%d", i)), i%2 == 0)
	}
	for i := range 11 {
		query("orders", "", "customer = :v", attr.S(fmt.Sprintf("c%02d", i)), i%2 == 0)
		query("orders", "byTotal", "customer = :v", attr.S(fmt.Sprintf("c%02d", i)), i%2 == 1)
	}
	tables, err := api.Do(ctx, db, &api.ListTablesInput{})
	if err == nil {
		put("tables", tables.TableNames, nil)
	} else {
		put("tables", nil, err)
	}
	for _, table := range []string{"users", "orders", "blobs", "none"} {
		d, err := api.Do(ctx, db, &api.DescribeTableInput{TableName: &table})
		if err != nil {
			for _, name := range []string{"describe ", "tags ", "ttl "} {
				put(name+table, nil, err)
			}
			continue
		}
		put("describe "+table, render(d), nil)
		tags, err := api.Do(ctx, db, &api.ListTagsOfResourceInput{ResourceArn: d.Table.TableArn})
		put("tags "+table, render(tags), err)
		ttl, err := api.Do(ctx, db, &api.DescribeTimeToLiveInput{TableName: &table})
		put("ttl "+table, render(ttl), err)
	}
	records, err := stream(ctx, db)
	put("stream", strings.Join(records, "\n"), err)
	again, err := api.Do(ctx, db, transaction("token", 1)) // it tells reads when it took place before, and writes when it does now
	put("transaction", render(again), err)
	return all
}

// render writes an answer without items as JSON.
func render(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "UNEXPECTED " + err.Error()
	}
	return string(b)
}

func decoded(list []api.Attributes) (items []stator.Item, err error) {
	for _, one := range list {
		item, err := one.Item()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// stream reads all records of the stream of users.
func stream(ctx context.Context, db *stator.DB) (all []string, err error) {
	list, err := api.Do(ctx, db, &api.ListStreamsInput{TableName: new("users")})
	if err != nil {
		return nil, err
	}
	for _, s := range list.Streams {
		d, err := api.Do(ctx, db, &api.DescribeStreamInput{StreamArn: s.StreamArn})
		if err != nil {
			return nil, err
		}
		for _, shard := range d.StreamDescription.Shards {
			at, err := api.Do(ctx, db, &api.GetShardIteratorInput{StreamArn: s.StreamArn, ShardId: shard.ShardId, ShardIteratorType: new(api.ShardIteratorTypeTrimHorizon)})
			if err != nil {
				return nil, err
			}
			for next := at.ShardIterator; next != nil; {
				out, err := api.Do(ctx, db, &api.GetRecordsInput{ShardIterator: next})
				if err != nil {
					return nil, err
				}
				for _, r := range out.Records {
					var images []string
					for _, a := range []api.Attributes{r.Dynamodb.Keys, r.Dynamodb.OldImage, r.Dynamodb.NewImage} {
						item, err := a.Item()
						if err != nil {
							return nil, err
						}
						images = append(images, item.String())
					}
					all = append(all, fmt.Sprint(*r.EventID, *r.EventName, *r.Dynamodb.SequenceNumber, r.Dynamodb.ApproximateCreationDateTime, images))
				}
				if next = out.NextShardIterator; len(out.Records) == 0 {
					break
				}
			}
		}
	}
	return all, nil
}

const errorMark = "ERROR "

// failure returns an error as an answer. One that is not that of damage is told apart: it would be a wrong answer.
func failure(err error) string {
	if errors.Is(err, kv.ErrCorrupt) || errors.Is(err, kv.ErrReadOnly) {
		return errorMark + err.Error()
	}
	return "UNEXPECTED " + err.Error()
}

// compare compares answers with the truth: how many are errors, and which are wrong.
func compare(truth, got map[string]string) (errs int, wrong []string) {
	for name, want := range truth {
		switch have := got[name]; {
		case have == want:
		case strings.HasPrefix(have, errorMark):
			errs++
		default:
			wrong = append(wrong, fmt.Sprintf("%s: %.300q, want %.300q", name, have, want))
		}
	}
	slices.Sort(wrong)
	return errs, wrong
}

// copyOf writes a file's bytes to another one.
func copyOf(t testing.TB, b []byte) string {
	path := filepath.Join(ram.Dir(t), "copy.db")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}
