package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/memkv"
)

// failing is a store whose Updates fail with err when it is set, as one of any kind might.
type failing struct {
	kv.Store
	err error
}

func (s *failing) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if s.err != nil {
		return fmt.Errorf("the store: %w", s.err)
	}
	return s.Store.Update(ctx, fn)
}

// TestErrorsOfTheStore: each has a code and says whether something was written, and its cause is found.
func TestErrorsOfTheStore(t *testing.T) {
	store := &failing{Store: openMemory(t)}
	e := openPaused(t, store)
	create(t, e, "tab id:S")
	other := errors.New("something else")
	for _, c := range []struct {
		err  error
		want string
	}{
		{kv.ErrOutcomeUnknown, "InternalServerError: It is unknown whether the write took place"},
		{kv.ErrReadOnly, "InternalServerError: The store refuses writes; nothing was written"},
		{kv.ErrFull, "InternalServerError: The store is full; nothing was written"},
		{kv.ErrDiskFull, "InternalServerError: The disk is full; nothing was written"},
		{kv.ErrSizeLimit, "InternalServerError: The store has the largest size that it may have; nothing was written"},
		{kv.ErrTooBig, "ValidationException: The request is larger than the store can hold; nothing was written"},
		{kv.ErrCorrupt, "InternalServerError: The store is damaged"},
		{kv.ErrClosed, "ServiceUnavailable: The database is closed"},
		{kv.ErrConflict, "TransactionConflictException: Transaction is ongoing for the item"},
		{other, "InternalServerError: The operation failed"},
	} {
		store.err = c.err
		for _, in := range []api.Request{
			&api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "a"}`))},
			&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "a"}`))}}}},
			addIndex("tab", "byOrg org:S ALL"),
			&api.DeleteTableInput{TableName: new("tab")},
		} {
			fault := fails(t, e, in)
			require.Equal(t, c.want, string(fault.Code)+": "+fault.Message, in.Operation())
			require.ErrorIs(t, fault, c.err)
		}
	}
	store.err = nil
	require.Empty(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}))
}

// lost is a store that commits and then, when it is told to, says that it does not know.
type lost struct {
	kv.Store
	unknown bool
}

func (s *lost) Update(ctx context.Context, fn func(kv.Writer) error) error {
	err := s.Store.Update(ctx, fn)
	if err == nil && s.unknown {
		return fmt.Errorf("the connection is lost: %w", kv.ErrOutcomeUnknown)
	}
	return err
}

// TestUnknownChangesOfTables: a change of the catalog whose outcome is unknown is seen when it took place.
func TestUnknownChangesOfTables(t *testing.T) {
	store := &lost{Store: openMemory(t)}
	e := openPaused(t, store)
	arn := new("arn:aws:dynamodb:local:000000000000:table/tab")
	in, err := parseCreate("tab id:S\n gsi byOrg org:S ALL")
	require.NoError(t, err)
	for _, step := range []struct {
		in   api.Request
		seen func() bool
	}{
		{in, func() bool { return len(do(t, e, &api.ListTablesInput{}).TableNames) == 1 }},
		{&api.UpdateTableInput{TableName: new("tab"), DeletionProtectionEnabled: new(true)}, func() bool {
			return *do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.DeletionProtectionEnabled
		}},
		{&api.TagResourceInput{ResourceArn: arn, Tags: []api.Tag{{Key: new("k"), Value: new("v")}}}, func() bool {
			return len(do(t, e, &api.ListTagsOfResourceInput{ResourceArn: arn}).Tags) == 1
		}},
		{addIndex("tab", "added org:S KEYS_ONLY"), func() bool {
			return len(do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.GlobalSecondaryIndexes) == 2
		}},
		{&api.UpdateTableInput{TableName: new("tab"), DeletionProtectionEnabled: new(false)}, func() bool {
			return !*do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.DeletionProtectionEnabled
		}},
		{&api.DeleteTableInput{TableName: new("tab")}, func() bool { return len(do(t, e, &api.ListTablesInput{}).TableNames) == 0 }},
	} {
		store.unknown = true
		fault := fails(t, e, step.in)
		store.unknown = false
		require.ErrorIs(t, fault, kv.ErrOutcomeUnknown)
		require.Equal(t, "It is unknown whether the write took place", fault.Message)
		require.True(t, step.seen(), step.in.Operation())
	}
}

// TestContextEndsAfterCommit: a change of a table that took place is answered, though its context ended meanwhile.
func TestContextEndsAfterCommit(t *testing.T) {
	store := &hasty{Store: openMemory(t)}
	e := open(t, store)
	create(t, e, "tab id:S")
	ctx, cancel := context.WithCancel(t.Context())
	store.cancel = cancel
	out, err := api.Do(ctx, e, &api.UpdateTableInput{TableName: new("tab"), DeletionProtectionEnabled: new(true)})
	require.NoError(t, err)
	require.True(t, *out.TableDescription.DeletionProtectionEnabled)
	require.ErrorIs(t, ctx.Err(), context.Canceled)

	store.cancel, store.unknown = nil, true
	ctx, store.cancel = context.WithCancel(t.Context())
	_, err = e.Serve(ctx, &api.UpdateTableInput{TableName: new("tab"), DeletionProtectionEnabled: new(false)})
	require.ErrorIs(t, err, kv.ErrOutcomeUnknown)
	require.NotErrorIs(t, err, context.Canceled)
	require.False(t, *do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.DeletionProtectionEnabled)
}

// TestImportPartly: an import that fails half-way does not say that nothing was written.
func TestImportPartly(t *testing.T) {
	store, err := memkv.Open(&memkv.Options{MaxSizeBytes: 6 << 20})
	require.NoError(t, err)
	e := open(t, store)
	create(t, e, "tab id:S")
	var items []attr.Item
	for i := range 100 {
		items = append(items, item(t, text(`{id: "%d", v: "v"*100000}`, i)))
	}
	fault := fails(t, e, &api.ImportItemsInput{TableName: new("tab"), Items: items})
	require.ErrorIs(t, fault, kv.ErrFull)
	require.Equal(t, "The store is full; some of the items were written", fault.Message)
	require.NotEmpty(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}))

	for i := range items {
		items[i]["v"] = attr.S(long(300_000))
	}
	fault = fails(t, e, &api.ImportItemsInput{TableName: new("tab"), Items: items})
	require.Equal(t, "The store is full; nothing was written", fault.Message)
}

// hasty is a store whose commits take so long that the caller's context ends.
type hasty struct {
	kv.Store
	cancel  func()
	unknown bool
}

func (s *hasty) Update(ctx context.Context, fn func(kv.Writer) error) error {
	err := s.Store.Update(ctx, fn)
	if s.cancel != nil {
		s.cancel()
	}
	if s.unknown {
		return kv.ErrOutcomeUnknown
	}
	return err
}

// narrow is a store that takes few bytes in one transaction.
type narrow struct {
	kv.Store
	bytes int
}

func (s narrow) Update(ctx context.Context, fn func(kv.Writer) error) error {
	return s.Store.Update(ctx, func(w kv.Writer) error { return fn(&narrowWriter{w, s.bytes}) })
}

type narrowWriter struct {
	kv.Writer
	left int
}

func (w *narrowWriter) Put(key, value []byte) error {
	if w.left -= len(key) + len(value); w.left < 0 {
		return kv.ErrTooBig
	}
	return w.Writer.Put(key, value)
}

// TestNarrowStore: a batch is no unit, so that it is written in parts where it does not fit in one; other requests are.
func TestNarrowStore(t *testing.T) {
	e := openPaused(t, narrow{openMemory(t), 5000})
	create(t, e, "tab id:S sk:N\n lsi byN n:N ALL")
	var batch []api.WriteRequest
	var actions []api.TransactWriteItem
	for i := range 25 {
		batch = append(batch, api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, text(`{id: "b%d", sk: 1, n: 1, v: "v"*1000}`, i)))}})
		actions = append(actions, api.TransactWriteItem{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, text(`{id: "t%d", sk: 1, v: "v"*1000}`, i)))}})
	}
	out := do(t, e, &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": batch},
		ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal), ReturnItemCollectionMetrics: new(api.ReturnItemCollectionMetricsSize)})
	require.Empty(t, out.UnprocessedItems)
	require.EqualValues(t, 50, *out.ConsumedCapacity[0].CapacityUnits, "a unit for each row and one for its entry")
	require.Len(t, out.ItemCollectionMetrics["tab"], 25)
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}), 25)

	fault := fails(t, e, &api.TransactWriteItemsInput{TransactItems: actions})
	require.ErrorIs(t, fault, kv.ErrTooBig)
	fault = fails(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "big", sk: 1, v: "v"*6000}`))})
	require.Equal(t, "The request is larger than the store can hold; nothing was written", fault.Message)
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}), 25)
}

// TestStrangeRows: rows that are whole and yet not what the engine looks for.
func TestStrangeRows(t *testing.T) {
	store := openMemory(t)
	e := openPaused(t, store)
	create(t, e, "tab id:S")
	put(t, e, "tab", `{id: "a"}`)
	put(t, e, "tab", `{id: "b"}`)
	good := rows(t, store)
	all := rows(t, store, engine.SpaceRow)
	get := func(id string) *api.Error {
		return fails(t, e, &api.GetItemInput{TableName: new("tab"), Key: item(t, text(`{id: "%s"}`, id))})
	}
	of := func(id string) kv.Pair {
		out := do(t, e, &api.GetItemInput{TableName: new("tab"), Key: item(t, text(`{id: "%s"}`, id))})
		stored, _ := out.Item.Stored()
		for _, p := range all {
			if string(p.Value[len(p.Value)-len(stored):]) == string(stored) {
				return kv.Pair{Key: p.Key, Value: append([]byte(nil), p.Value...)}
			}
		}
		t.Fatal("no row of the item")
		return kv.Pair{}
	}
	a, b := of("a"), of("b")

	// Two partition keys with one hash.
	change(t, store, kv.Pair{Key: a.Key, Value: engine.Reseal(a.Key, b.Value)})
	require.ErrorContains(t, get("a"), "two partition keys have one hash")
	require.ErrorIs(t, get("a"), kv.ErrCorrupt)
	restore(t, store, good)

	// A row that was moved as it is.
	b = of("b")
	change(t, store, kv.Pair{Key: a.Key, Value: b.Value})
	require.ErrorContains(t, get("a"), "checksum of row")
	restore(t, store, good)

	// A newer row format is told by name, and is no damage.
	a = of("a")
	a.Value[0] = 2
	change(t, store, resealed(a))
	require.ErrorContains(t, get("a"), "has format 2, and this version of Stator reads 1: open it with a newer version")
	require.NotErrorIs(t, get("a"), kv.ErrCorrupt)
	restore(t, store, good)
}
