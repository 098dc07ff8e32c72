package engine_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// FuzzStoredRow puts any bytes in the place of one of the store's rows: the header, catalog, jobs, tokens, windows,
// subscriptions, heads, records. Whatever it is, Open, Check, every kind of request and Maintain answer, and none panics.
func FuzzStoredRow(f *testing.F) {
	store, e := damageStore(f)
	do(f, e, &api.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(f, `{pk: "p1", sk: 9}`))}}}})
	do(f, e, &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: new("reader"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}})
	_, err := e.Serve(f.Context(), addIndex("tab", "late m:S ALL")) // its job is not done yet
	require.NoError(f, err)
	good := rows(f, store)
	require.NoError(f, e.Close())
	for i, p := range good {
		f.Add(uint16(i), p.Value, false, false)
		f.Add(uint16(i), p.Value[:len(p.Value)/2], true, false)
		f.Add(uint16(i), append(bytes.Clone(p.Value), p.Value...), true, true)
		f.Add(uint16(i), []byte(strings.Repeat(`{"Windows":[`, 2000)), false, false)
		f.Add(uint16(i), bytes.ReplaceAll(p.Value, []byte(":1"), []byte(":99999999999999999999")), false, false)
		f.Add(uint16(i), bytes.ReplaceAll(p.Value, []byte(`"`), []byte(`null`)), false, true)
	}
	f.Fuzz(func(t *testing.T, which uint16, value []byte, sealed, beside bool) {
		bound.Input(t, func() {
			store := openMemory(t)
			defer func() { _ = store.Close() }()
			restore(t, store, good)
			damaged := kv.Pair{Key: good[int(which)%len(good)].Key, Value: bytes.Clone(value)}
			if beside {
				damaged.Key = append(bytes.Clone(damaged.Key), 0)
			}
			if sealed && len(value) >= 20 {
				damaged.Value = engine.Reseal(damaged.Key, damaged.Value)
			}
			change(t, store, damaged)
			e, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{Now: newClock().Now})
			if err != nil {
				return
			}
			_ = e.Check(t.Context())
			for _, in := range append(damageRequests(t),
				&api.ListTablesInput{}, &api.DescribeTableInput{TableName: new("tab")}, &api.DescribeTimeToLiveInput{TableName: new("tab")},
				&api.ReadChangesInput{TableName: new("tab"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}},
				&api.ListStreamsInput{}, &api.ListSubscriptionsInput{TableName: new("tab")}, &api.ListTagsOfResourceInput{ResourceArn: new("arn:aws:dynamodb:local:000000000000:table/tab")},
				&api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: new("reader")},
				&api.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []api.TransactWriteItem{
					{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "p1", sk: 9}`))}}}},
				&api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "p0", sk: 7, n: 3, org: "o"}`))},
				&api.MaintainInput{}, &api.DeleteTableInput{TableName: new("tab")}, &api.MaintainInput{},
			) {
				out, err := e.Serve(t.Context(), in)
				_ = render(out, err)
			}
			_ = e.Close()
		})
	})
}

// FuzzStatement runs any statement, with values of several kinds for its parameters.
func FuzzStatement(f *testing.F) {
	e := open(f, openMemory(f))
	create(f, e, "tab pk:S sk:N\n gsi byOrg org:S n:N ALL")
	put(f, e, "tab", `{pk: "a", sk: 1, org: "o", n: 1, l: [1, "x"], m: {a: <1, 2>}}`)
	for _, text := range []string{
		"SELECT * FROM tab WHERE pk = ? AND sk > ?", "SELECT pk, m.a FROM tab.byOrg WHERE org IN [?, ?] AND n BETWEEN ? AND ? ORDER BY n DESC",
		"INSERT INTO tab VALUE {'pk': ?, 'sk': ?, 'l': [1, {'a': <<1, 2>>}]}", "UPDATE tab SET l = list_append(l, ?) REMOVE m.a WHERE pk = ? AND sk = ?",
		"DELETE FROM tab WHERE pk = ? AND sk = ? RETURNING ALL OLD *", "EXISTS(SELECT * FROM tab WHERE pk = 'a' AND sk = 1)",
		"SELECT * FROM tab WHERE " + strings.Repeat("(", 4000), "SELECT * FROM tab WHERE " + strings.Repeat("NOT ", 2000) + "n = 1",
		"SELECT * FROM tab WHERE pk IN [" + strings.Repeat("?,", 3000) + "?]", "SELECT * FROM tab WHERE " + strings.Repeat("pk = 'a' OR ", 600) + "pk = 'b'",
		"SELECT * FROM tab WHERE pk = '" + strings.Repeat("''", 4000) + "'", "SELECT * FROM tab WHERE sk = 1e1000000", "SELECT * FROM tab WHERE n = " + strings.Repeat("9", 8000),
		"INSERT INTO tab VALUE " + strings.Repeat("{'a':", 1600), "SELECT * FROM tab WHERE " + strings.Repeat("a.b[0].", 1000) + "c = 1",
		"UPDATE tab " + strings.Repeat("SET a = ? ", 800) + "WHERE pk = 'a' AND sk = 1", "SELECT " + strings.Repeat("a, ", 2600) + "b FROM tab",
	} {
		f.Add(text)
	}
	params := []attr.Value{attr.S("a"), attr.N("1"), attr.S("b"), attr.NULL(), attr.L(attr.N("1")), attr.SS("x")}
	f.Fuzz(func(t *testing.T, text string) {
		bound.Input(t, func() {
			in := &api.ExecuteStatementInput{Statement: &text}
			for i := range strings.Count(text, "?") {
				in.Parameters = append(in.Parameters, params[i%len(params)])
			}
			_, err := e.Serve(t.Context(), in)
			if err != nil {
				requireNotOurs(t, err)
			}
		})
	})
}

// FuzzStatementToken asks for a page with any token, its checksum made right.
func FuzzStatementToken(f *testing.F) {
	e := open(f, openMemory(f))
	create(f, e, "tab pk:S sk:N")
	for i := range 4 {
		put(f, e, "tab", text(`{pk: "a", sk: %d}`, i))
	}
	first := &api.ExecuteStatementInput{Statement: new("SELECT * FROM tab WHERE pk = 'a'"), Limit: new(int32(1))}
	token, err := base64.StdEncoding.DecodeString(*do(f, e, first).NextToken)
	require.NoError(f, err)
	const head = 1 + 16 // the version, and the hash of the statement
	f.Add(token[head:len(token)-4], true)
	f.Add(token, false)
	f.Add([]byte{}, true)
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0x0f}, true)
	f.Add(bytes.Repeat([]byte{0xff}, 1<<20), true)
	f.Fuzz(func(t *testing.T, rest []byte, sealed bool) {
		bound.Input(t, func() {
			if sealed {
				rest = append(bytes.Clone(token[:head]), rest...)
				rest = binary.BigEndian.AppendUint32(rest, crc32.ChecksumIEEE(rest))
			}
			in := *first
			in.NextToken = new(base64.StdEncoding.EncodeToString(rest))
			if _, err := e.Serve(t.Context(), &in); err != nil {
				require.ErrorIs(t, err, api.ErrValidation)
			}
		})
	})
}

// FuzzReadChanges reads a journal from any position, iterator and sequence number.
func FuzzReadChanges(f *testing.F) {
	e := open(f, openMemory(f))
	createStreamed(f, e, "tab pk:S", newAndOld)
	put(f, e, "tab", `{pk: "a"}`)
	here := do(f, e, &api.ReadChangesInput{TableName: new("tab")}).Position
	f.Add(here.String(), "100000000000000000513", "x", int32(1), 0)
	f.Add("p1."+strings.Repeat("A", 4000), strings.Repeat("9", 40), strings.Repeat("|", 2048), int32(-1), -1)
	f.Add("", "", "", int32(0), 1<<40)
	f.Fuzz(func(t *testing.T, position, sequence, iterator string, limit int32, slot int) {
		bound.Input(t, func() {
			in := &api.ReadChangesInput{TableName: new("tab"), Limit: &limit, Slots: []int{slot},
				Start: &api.ChangesStart{Type: api.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: &sequence}}
			if p, err := api.ParsePosition(position); err == nil {
				in.Position = p
			}
			for _, in := range []api.Request{in, &api.GetRecordsInput{ShardIterator: &iterator, Limit: &limit}} {
				if _, err := e.Serve(t.Context(), in); err != nil {
					requireNotOurs(t, err)
				}
			}
		})
	})
}

// requireNotOurs fails for an error that is our own fault.
func requireNotOurs(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*api.Error](err)
	require.True(t, ok, "%v", err)
	require.NotEqual(t, api.CodeInternalServerError, e.Code, "%v", err)
}
