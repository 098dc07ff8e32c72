package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/kvtest"
)

const newAndOld = api.StreamViewTypeNewAndOldImages

// createStreamed creates a table (see parseCreate) with a stream, and returns the stream's ARN.
func createStreamed(t testing.TB, c api.Client, text string, view api.StreamViewType) string {
	t.Helper()
	in, err := parseCreate(text)
	require.NoError(t, err)
	in.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: &view}
	return *do(t, c, in).TableDescription.LatestStreamArn
}

func enableStream(table string, view api.StreamViewType) *api.UpdateTableInput {
	return &api.UpdateTableInput{TableName: &table, StreamSpecification: &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: &view}}
}

func disableStream(table string) *api.UpdateTableInput {
	return &api.UpdateTableInput{TableName: &table, StreamSpecification: &api.StreamSpecification{StreamEnabled: new(false)}}
}

func describeStream(t testing.TB, c api.Client, arn string) *api.StreamDescription {
	t.Helper()
	d := do(t, c, &api.DescribeStreamInput{StreamArn: &arn}).StreamDescription
	require.Nil(t, d.LastEvaluatedShardId)
	return d
}

// iterator returns an iterator of a shard, of TRIM_HORIZON or LATEST.
func iterator(t testing.TB, c api.Client, arn, shard string, kind api.ShardIteratorType) string {
	t.Helper()
	return *do(t, c, &api.GetShardIteratorInput{StreamArn: &arn, ShardId: &shard, ShardIteratorType: &kind}).ShardIterator
}

// readShard reads from an iterator to the end of the shard, or of what is in it. next is nil at the shard's end.
func readShard(t testing.TB, c api.Client, it string) (records []api.Record, next *string) {
	t.Helper()
	for next = &it; ; {
		out := do(t, c, &api.GetRecordsInput{ShardIterator: next})
		records = append(records, out.Records...)
		if next = out.NextShardIterator; next == nil || len(out.Records) == 0 {
			return records, next
		}
	}
}

// readStream reads all records of a stream, shard by shard.
func readStream(t testing.TB, c api.Client, arn string) (records []api.Record) {
	t.Helper()
	for _, s := range describeStream(t, c, arn).Shards {
		of, _ := readShard(t, c, iterator(t, c, arn, *s.ShardId, api.ShardIteratorTypeTrimHorizon))
		records = append(records, of...)
	}
	return records
}

// brief tells of a record what matters most of the time: "INSERT {keys} old {…} new {…}".
func brief(r api.Record) string {
	s := string(*r.EventName) + " " + r.Dynamodb.Keys.String()
	if !r.Dynamodb.OldImage.IsZero() {
		s += " old " + r.Dynamodb.OldImage.String()
	}
	if !r.Dynamodb.NewImage.IsZero() {
		s += " new " + r.Dynamodb.NewImage.String()
	}
	return s
}

func briefs(records []api.Record) []string {
	list := make([]string, 0, len(records))
	for _, r := range records {
		list = append(list, brief(r))
	}
	return list
}

// TestStreamOfTable follows what a table's description says of its streams.
func TestStreamOfTable(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		clock := newClock()
		e := openPaused(t, store, engine.Options{Now: clock.Now, Region: "eu-west-1", AccountID: "123456789012"})
		const tableARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/tab"
		table := func() *api.TableDescription { return do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table }

		create(t, e, "tab pk:S")
		d := table()
		require.Nil(t, d.StreamSpecification)
		require.Nil(t, d.LatestStreamArn)
		require.Nil(t, d.LatestStreamLabel)
		require.Equal(t, "Table has no stream to disable: TableName: tab", fails(t, e, disableStream("tab")).Message)

		answer := do(t, e, enableStream("tab", newAndOld)).TableDescription
		require.Equal(t, api.TableStatusUpdating, *answer.TableStatus)
		for _, d := range []*api.TableDescription{answer, table()} {
			require.Equal(t, &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(newAndOld)}, d.StreamSpecification)
			require.Equal(t, "2026-11-01T12:00:00.000", *d.LatestStreamLabel)
			require.Equal(t, tableARN+"/stream/2026-11-01T12:00:00.000", *d.LatestStreamArn)
		}
		first := *answer.LatestStreamArn
		for _, view := range []api.StreamViewType{newAndOld, api.StreamViewTypeKeysOnly} {
			err := fails(t, e, enableStream("tab", view))
			require.Equal(t, api.CodeValidation, err.Code)
			require.Equal(t, "Table already has an enabled stream: TableName: tab", err.Message)
		}

		do(t, e, disableStream("tab"))
		d = table()
		require.Nil(t, d.StreamSpecification)
		require.Equal(t, first, *d.LatestStreamArn)
		require.Equal(t, api.CodeValidation, fails(t, e, disableStream("tab")).Code)
		require.Equal(t, api.StreamStatusDisabled, *describeStream(t, e, first).StreamStatus)

		// Another one in the same millisecond.
		second := *do(t, e, enableStream("tab", api.StreamViewTypeKeysOnly)).TableDescription.LatestStreamArn
		require.NotEqual(t, first, second)
		require.Equal(t, *table().LatestStreamArn, second)
		require.True(t, strings.HasSuffix(second, *table().LatestStreamLabel))
		require.Equal(t, api.StreamViewTypeKeysOnly, *describeStream(t, e, second).StreamViewType)
		require.Equal(t, newAndOld, *describeStream(t, e, first).StreamViewType)

		// The table made anew in the same millisecond, with the same name.
		do(t, e, &api.DeleteTableInput{TableName: new("tab")})
		third := createStreamed(t, e, "tab pk:S", api.StreamViewTypeNewImage)
		require.NotContains(t, []string{first, second}, third)
		var arns []string
		for _, s := range do(t, e, &api.ListStreamsInput{TableName: new("tab")}).Streams {
			require.Equal(t, tableARN+"/stream/"+*s.StreamLabel, *s.StreamArn)
			require.Equal(t, "tab", *s.TableName)
			arns = append(arns, *s.StreamArn)
		}
		require.Equal(t, []string{first, second, third}, arns)

		in, err := parseCreate("off pk:S")
		require.NoError(t, err)
		in.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(false)}
		d = do(t, e, in).TableDescription
		require.Nil(t, d.StreamSpecification)
		require.Nil(t, d.LatestStreamArn)
	})
}

// TestDescribeStream checks every member of the description.
func TestDescribeStream(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "tab pk:S sk:N\n gsi byA a:S ALL", api.StreamViewTypeOldImage)
	d := describeStream(t, e, arn)
	require.Equal(t, arn, *d.StreamArn)
	require.Equal(t, "2026-11-01T12:00:00.000", *d.StreamLabel)
	require.Equal(t, api.StreamStatusEnabled, *d.StreamStatus)
	require.Equal(t, api.StreamViewTypeOldImage, *d.StreamViewType)
	require.Equal(t, clock.Now(), *d.CreationRequestDateTime)
	require.Equal(t, "tab", *d.TableName)
	require.Equal(t, []api.KeySchemaElement{{AttributeName: new("pk"), KeyType: new(api.KeyTypeHash)}, {AttributeName: new("sk"), KeyType: new(api.KeyTypeRange)}}, d.KeySchema)
	require.Len(t, d.Shards, 4)
	for _, s := range d.Shards {
		require.Nil(t, s.ParentShardId)
		require.Nil(t, s.SequenceNumberRange.EndingSequenceNumber)
		require.Regexp(t, `^[0-9]{21,40}$`, *s.SequenceNumberRange.StartingSequenceNumber)
		require.Regexp(t, `^shardId-[0-9]{20}-[0-9a-f]{8}$`, *s.ShardId)
	}

	for _, unknown := range []string{
		strings.Replace(arn, "12:00:00.000", "12:00:00.001", 1),
		strings.Replace(arn, "table/tab", "table/other", 1),
		strings.Replace(arn, ":local:", ":eu-west-1:", 1),
		strings.Replace(arn, "000000000000", "000000000001", 1),
	} {
		for _, in := range []api.Request{
			&api.DescribeStreamInput{StreamArn: &unknown},
			&api.GetShardIteratorInput{StreamArn: &unknown, ShardId: d.Shards[0].ShardId, ShardIteratorType: new(api.ShardIteratorTypeLatest)},
		} {
			err := fails(t, e, in)
			require.Equal(t, api.CodeResourceNotFound, err.Code)
			require.Equal(t, "Requested resource not found: Stream: "+unknown+" not found", err.Message)
		}
	}
}

// TestViewTypes writes, changes and removes an item, and does what changes nothing.
func TestViewTypes(t *testing.T) {
	for view, want := range map[api.StreamViewType][]string{
		api.StreamViewTypeKeysOnly: {`INSERT {pk: "a", sk: 1}`, `MODIFY {pk: "a", sk: 1}`, `REMOVE {pk: "a", sk: 1}`},
		api.StreamViewTypeNewImage: {`INSERT {pk: "a", sk: 1} new {n: 1, pk: "a", sk: 1}`, `MODIFY {pk: "a", sk: 1} new {n: 22, pk: "a", sk: 1}`, `REMOVE {pk: "a", sk: 1}`},
		api.StreamViewTypeOldImage: {`INSERT {pk: "a", sk: 1}`, `MODIFY {pk: "a", sk: 1} old {n: 1, pk: "a", sk: 1}`, `REMOVE {pk: "a", sk: 1} old {n: 22, pk: "a", sk: 1}`},
		newAndOld: {`INSERT {pk: "a", sk: 1} new {n: 1, pk: "a", sk: 1}`, `MODIFY {pk: "a", sk: 1} old {n: 1, pk: "a", sk: 1} new {n: 22, pk: "a", sk: 1}`,
			`REMOVE {pk: "a", sk: 1} old {n: 22, pk: "a", sk: 1}`},
	} {
		t.Run(string(view), func(t *testing.T) {
			clock := newClock()
			clock.Advance(1234 * time.Millisecond)
			e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now, Region: "eu-west-1"})
			arn := createStreamed(t, e, "tab pk:S sk:N\n lsi lll b:N ALL\n gsi ggg c:S ALL", view)
			put(t, e, "tab", `{pk: "a", sk: 1, n: 1}`)
			put(t, e, "tab", `{pk: "a", sk: 1, n: 1}`)
			do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "a", sk: 1}`), UpdateExpression: new("SET n = n")})
			do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "a", sk: 1}`), UpdateExpression: new("REMOVE absent")})
			do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "a", sk: 1}`), UpdateExpression: new("SET n = :n"), ExpressionAttributeValues: item(t, `{:n: 22}`)})
			do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "a", sk: 1}`)})
			do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "a", sk: 1}`)})
			fails(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "a", sk: 1}`)), ConditionExpression: new("attribute_exists(pk)")})

			records := readStream(t, e, arn)
			require.Equal(t, want, briefs(records))
			ids := map[string]bool{}
			for i, r := range records {
				require.Equal(t, "1.1", *r.EventVersion)
				require.Equal(t, "aws:dynamodb", *r.EventSource)
				require.Equal(t, "eu-west-1", *r.AwsRegion)
				require.Regexp(t, "^[0-9a-f]{32}$", *r.EventID)
				ids[*r.EventID] = true
				require.Nil(t, r.UserIdentity)
				require.Equal(t, view, *r.Dynamodb.StreamViewType)
				require.Equal(t, clock.Now().Truncate(time.Second), *r.Dynamodb.ApproximateCreationDateTime)
				// pk 3 + sk 4 for the keys; n 3 more for the item.
				size := map[api.StreamViewType][]int64{api.StreamViewTypeKeysOnly: {7, 7, 7}, api.StreamViewTypeNewImage: {17, 17, 7},
					api.StreamViewTypeOldImage: {7, 17, 17}, newAndOld: {17, 27, 17}}[view][i]
				require.Equal(t, size, *r.Dynamodb.SizeBytes, "%s", brief(r))
			}
			require.Len(t, ids, 3)
		})
	}
}

// TestEveryWriteIsRecorded writes in every way there is, each with its record and no other.
func TestEveryWriteIsRecorded(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			e := openPaused(t, open(t), engine.Options{Now: clock.Now})
			arn := createStreamed(t, e, "tab pk:S\n gsi ggg c:S ALL\n", newAndOld)
			other := createStreamed(t, e, "other pk:S", api.StreamViewTypeKeysOnly)
			create(t, e, "silent pk:S")

			var seen int
			expect := func(want ...string) []api.Record {
				t.Helper()
				all := readStream(t, e, arn)
				slices.SortStableFunc(all, func(a, b api.Record) int {
					return a.Dynamodb.ApproximateCreationDateTime.Compare(*b.Dynamodb.ApproximateCreationDateTime)
				})
				got := all[seen:]
				seen = len(all)
				require.ElementsMatch(t, want, briefs(got))
				clock.Advance(time.Second)
				return got
			}
			do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "u"}`), UpdateExpression: new("ADD n :n"), ExpressionAttributeValues: item(t, `{:n: 1}`)})
			expect(`INSERT {pk: "u"} new {n: 1, pk: "u"}`)
			do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "absent"}`), UpdateExpression: new("REMOVE n")})
			expect()
			do(t, e, &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{
				"tab":    {{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, `{pk: "b"}`))}}, {DeleteRequest: &api.DeleteRequest{Key: item(t, `{pk: "u"}`)}}, {DeleteRequest: &api.DeleteRequest{Key: item(t, `{pk: "absent"}`)}}},
				"silent": {{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, `{pk: "b"}`))}}}}})
			expect(`INSERT {pk: "b"} new {pk: "b"}`, `REMOVE {pk: "u"} old {n: 1, pk: "u"}`)
			do(t, e, &api.TransactWriteItemsInput{ClientRequestToken: new("once"), TransactItems: []api.TransactWriteItem{
				{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "t1", c: "x"}`))}},
				{Put: &api.Put{TableName: new("other"), Item: api.ItemOf(item(t, `{pk: "t2"}`))}},
				{Delete: &api.Delete{TableName: new("tab"), Key: item(t, `{pk: "b"}`)}},
				{ConditionCheck: &api.ConditionCheck{TableName: new("tab"), Key: item(t, `{pk: "u"}`), ConditionExpression: new("attribute_not_exists(pk)")}},
				{Update: &api.Update{TableName: new("tab"), Key: item(t, `{pk: "t3"}`), UpdateExpression: new("SET n = :n"), ExpressionAttributeValues: item(t, `{:n: 3}`)}}}})
			expect(`INSERT {pk: "t1"} new {c: "x", pk: "t1"}`, `REMOVE {pk: "b"} old {pk: "b"}`, `INSERT {pk: "t3"} new {n: 3, pk: "t3"}`)
			require.Equal(t, []string{`INSERT {pk: "t2"}`}, briefs(readStream(t, e, other)))
			fails(t, e, &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
				{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "never"}`))}},
				{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "t1"}`)), ConditionExpression: new("attribute_not_exists(pk)")}}}})
			expect()
			for _, statement := range []string{`INSERT INTO tab VALUE {'pk': 'q', 'n': 1}`, `UPDATE tab SET n = 2 WHERE pk = 'q'`, `DELETE FROM tab WHERE pk = 'q'`} {
				do(t, e, &api.ExecuteStatementInput{Statement: &statement})
			}
			expect(`INSERT {pk: "q"} new {n: 1, pk: "q"}`, `MODIFY {pk: "q"} old {n: 1, pk: "q"} new {n: 2, pk: "q"}`, `REMOVE {pk: "q"} old {n: 2, pk: "q"}`)
			do(t, e, &api.BatchExecuteStatementInput{Statements: []api.BatchStatementRequest{{Statement: new(`INSERT INTO tab VALUE {'pk': 'q1'}`)}, {Statement: new(`INSERT INTO tab VALUE {'pk': 'q2'}`)}}})
			expect(`INSERT {pk: "q1"} new {pk: "q1"}`, `INSERT {pk: "q2"} new {pk: "q2"}`)
			do(t, e, &api.ExecuteTransactionInput{TransactStatements: []api.ParameterizedStatement{{Statement: new(`DELETE FROM tab WHERE pk = 'q1'`)}, {Statement: new(`DELETE FROM tab WHERE pk = 'q2'`)}}})
			expect(`REMOVE {pk: "q1"} old {pk: "q1"}`, `REMOVE {pk: "q2"} old {pk: "q2"}`)
			do(t, e, &api.ImportItemsInput{TableName: new("tab"), Items: []attr.Item{item(t, `{pk: "i1"}`), item(t, `{pk: "i2", n: 1}`), item(t, `{pk: "i2", n: 2}`), item(t, `{pk: "t3", n: 3}`)}})
			expect(`INSERT {pk: "i1"} new {pk: "i1"}`, `INSERT {pk: "i2"} new {n: 2, pk: "i2"}`)

			// An index that is filled or dropped is no change of an item.
			do(t, e, addIndex("tab", "late n:N ALL"))
			require.NoError(t, e.FinishJobs(t.Context()))
			do(t, e, dropIndex("tab", "ggg"))
			require.NoError(t, e.FinishJobs(t.Context()))
			expect()
		})
	}
}

// TestLargestWrites writes as much at once as requests can; each record has the old and the new item.
func TestLargestWrites(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		e := openPaused(t, store)
		createStreamed(t, e, "tab pk:S", newAndOld)
		for round := range 3 {
			var batch []api.WriteRequest
			for i := range 25 {
				batch = append(batch, api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{
					"pk": attr.S(text("k%d", i)), "v": attr.S(strings.Repeat(text("%d", round), 400<<10-10))})}})
			}
			do(t, e, &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": batch}})
		}
		var actions []api.TransactWriteItem
		for i := range 25 {
			actions = append(actions, api.TransactWriteItem{Delete: &api.Delete{TableName: new("tab"), Key: attr.Item{"pk": attr.S(text("k%d", i))}}})
		}
		do(t, e, &api.TransactWriteItemsInput{TransactItems: actions})
		changes := readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()})
		require.Len(t, changes, 100)
		require.NoError(t, checkOrder(changes))
	})
}

// TestTransactionHasOneTime checks that all records of a transaction have one commit time, which the heads of its
// slots do not pass.
func TestTransactionHasOneTime(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	createStreamed(t, e, "tab pk:S", newAndOld)
	clock.Advance(time.Hour)
	put(t, e, "tab", `{pk: "k0"}`)
	clock.Advance(-time.Minute) // a clock that was set back
	var items []api.TransactWriteItem
	for i := range 40 {
		items = append(items, api.TransactWriteItem{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, text(`{pk: "k%d", n: 1}`, i)))}})
	}
	do(t, e, &api.TransactWriteItemsInput{TransactItems: items})
	changes := readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()})
	require.Len(t, changes, 41)
	slots := map[int]bool{}
	for _, c := range changes[1:] {
		require.Equal(t, clock.Now().Add(time.Minute), c.CommitTime)
		slots[c.Slot] = true
	}
	require.Len(t, slots, 4)
}

// TestOrderUnderWriters lets 16 writers change a few items as fast as they can. Of each item every change is
// there once, in the order in which it happened.
func TestOrderUnderWriters(t *testing.T) {
	const writers, each, items = 16, 60, 5
	onStores(t, func(t *testing.T, store kv.Store) {
		e := open(t, lagging{store}, engine.Options{})
		arn := createStreamed(t, e, "tab pk:S", newAndOld)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					key := attr.Item{"pk": attr.S(fmt.Sprintf("k%d", (w+i)%items))}
					_, err := api.Do(context.Background(), e, &api.UpdateItemInput{TableName: new("tab"), Key: key, UpdateExpression: new("ADD n :n"),
						ExpressionAttributeValues: attr.Item{":n": attr.N("1")}})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		records := readStream(t, e, arn)
		require.Len(t, records, writers*each)
		require.NoError(t, checkHistory(records))
		require.ErrorContains(t, checkHistory(slices.Delete(slices.Clone(records), 7, 8)), "begins with", "control: a record is missing")
		swapped := slices.Clone(records)
		i := slices.IndexFunc(swapped[1:], func(r api.Record) bool { return r.Dynamodb.Keys.String() == swapped[0].Dynamodb.Keys.String() }) + 1
		swapped[0], swapped[i] = swapped[i], swapped[0]
		require.Error(t, checkHistory(swapped), "control: two records are swapped")
	})
}

// checkHistory checks that each record of an item begins with what the one before it left, and that none comes twice.
func checkHistory(records []api.Record) error {
	images, ids := map[string]string{}, map[string]bool{}
	for _, r := range records {
		key := r.Dynamodb.Keys.String()
		if old := r.Dynamodb.OldImage.String(); r.Dynamodb.OldImage.IsZero() && images[key] != "" || !r.Dynamodb.OldImage.IsZero() && images[key] != old {
			return fmt.Errorf("record %s of %s begins with %s, and there was %s", *r.Dynamodb.SequenceNumber, key, old, images[key])
		}
		if images[key] = ""; !r.Dynamodb.NewImage.IsZero() {
			images[key] = r.Dynamodb.NewImage.String()
		}
		if ids[*r.EventID] || ids[*r.Dynamodb.SequenceNumber] {
			return fmt.Errorf("record %s comes twice", *r.EventID)
		}
		ids[*r.EventID], ids[*r.Dynamodb.SequenceNumber] = true, true
	}
	return nil
}

// TestStreamsUnderFailures writes through a store that runs each fn twice and often does not know what became of
// it. Whatever it says, the stream replayed is the table.
func TestStreamsUnderFailures(t *testing.T) {
	random := newRandom(t)
	inner := openMemory(t)
	_, err := engine.OpenPaused(t.Context(), inner, engine.Options{}) // makes the header
	require.NoError(t, err)
	e := openPaused(t, kvtest.Flaky(kvtest.RunTwice(inner), kvtest.FlakyOptions{Seed: random.Uint64(), OneIn: 5}), engine.Options{})
	in, err := parseCreate("tab pk:S")
	require.NoError(t, err)
	in.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(newAndOld)}
	for {
		_, err := e.Serve(t.Context(), in)
		if d, describe := api.Do(t.Context(), e, &api.DescribeTableInput{TableName: new("tab")}); describe == nil {
			require.NotNil(t, d.Table.StreamSpecification, "%v", err)
			break
		}
	}
	unknown := 0
	for range 400 {
		var in api.Request = &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, text(`{pk: "k%d", n: %d}`, random.IntN(10), random.IntN(3))))}
		switch random.IntN(4) {
		case 0:
			in = &api.DeleteItemInput{TableName: new("tab"), Key: item(t, text(`{pk: "k%d"}`, random.IntN(10)))}
		case 1:
			in = &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {
				{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, text(`{pk: "k%d", n: %d}`, random.IntN(5), random.IntN(3))))}},
				{DeleteRequest: &api.DeleteRequest{Key: item(t, text(`{pk: "k%d"}`, 5+random.IntN(5)))}}}}}
		}
		if _, err := e.Serve(t.Context(), in); err != nil {
			require.ErrorIs(t, err, kv.ErrOutcomeUnknown)
			unknown++
		}
	}
	require.Greater(t, unknown, 20)
	arn := *do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.LatestStreamArn
	records := readStream(t, e, arn)
	require.NoError(t, checkHistory(records))
	require.ElementsMatch(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}), replay(records))
	require.NotEqual(t, replay(records), replay(records[:len(records)/2]), "control: replaying a part of them gives something else")
}

// replay returns the items that records leave.
func replay(records []api.Record) []string {
	images := map[string]string{}
	for _, r := range records {
		if r.Dynamodb.NewImage.IsZero() {
			delete(images, r.Dynamodb.Keys.String())
		} else {
			images[r.Dynamodb.Keys.String()] = r.Dynamodb.NewImage.String()
		}
	}
	list := []string{}
	for _, image := range images {
		list = append(list, image)
	}
	slices.Sort(list)
	return list
}

// TestWriteMeetsStream lets a write be prepared, a stream come, go or change, and then the write go on. It is recorded exactly when
// the stream was there at its commit.
func TestWriteMeetsStream(t *testing.T) {
	for name, write := range raceWrites {
		for what, change := range map[string]func(testing.TB, *engine.Engine){
			"enabled": func(t testing.TB, e *engine.Engine) { do(t, e, enableStream("tab", newAndOld)) },
			"enabled, disabled": func(t testing.TB, e *engine.Engine) {
				do(t, e, enableStream("tab", newAndOld))
				do(t, e, disableStream("tab"))
			},
			"enabled two times": func(t testing.TB, e *engine.Engine) {
				do(t, e, enableStream("tab", newAndOld))
				do(t, e, disableStream("tab"))
				do(t, e, enableStream("tab", newAndOld))
			},
			"table made anew": func(t testing.TB, e *engine.Engine) {
				do(t, e, &api.DeleteTableInput{TableName: new("tab")})
				createStreamed(t, e, "tab pk:S", newAndOld)
			},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				e, err := race(t, write(t), change, false)
				require.NoError(t, err)
				arn := *do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.LatestStreamArn
				records := len(readStream(t, e, arn))
				switch {
				case what == "enabled, disabled", what == "table made anew" && name == "DeleteItem":
					require.Zero(t, records)
				case strings.HasPrefix(name, "Batch"), strings.HasPrefix(name, "Transact"):
					require.Equal(t, 2, records)
				default:
					require.Equal(t, 1, records)
				}
				finish(t, e)
			})
		}
	}
}

func TestListStreams(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	require.Equal(t, []api.Stream{}, do(t, e, &api.ListStreamsInput{}).Streams)
	create(t, e, "none pk:S")
	for _, table := range []string{"none", "unknown"} {
		require.Equal(t, []api.Stream{}, do(t, e, &api.ListStreamsInput{TableName: &table}).Streams)
	}
	var want []string
	for _, table := range []string{"bbb", "aaa", "ccc"} {
		want = append(want, createStreamed(t, e, table+" pk:S", newAndOld))
	}
	do(t, e, disableStream("bbb"))
	clock.Advance(time.Second)
	want = append(want, *do(t, e, enableStream("bbb", newAndOld)).TableDescription.LatestStreamArn)
	slices.Sort(want)
	for limit := int32(1); limit <= 5; limit++ {
		var got []string
		var start *string
		pages := 0
		for {
			out := do(t, e, &api.ListStreamsInput{Limit: &limit, ExclusiveStartStreamArn: start})
			require.LessOrEqual(t, len(out.Streams), int(limit))
			for _, s := range out.Streams {
				got = append(got, *s.StreamArn)
			}
			pages++
			if start = out.LastEvaluatedStreamArn; start == nil {
				break
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, (4+int(limit)-1)/int(limit), pages)
	}
	// The start need not be there.
	start := strings.Replace(want[0], "table/aaa", "table/aab", 1)
	require.Len(t, do(t, e, &api.ListStreamsInput{ExclusiveStartStreamArn: &start}).Streams, 3)
}
