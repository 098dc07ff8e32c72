package engine_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// populate fills a store with some of everything: tables of every key type, indexes of every projection, items
// with every type of value, tokens, tags, journals that are read, and jobs that are not done.
func populate(t testing.TB, e *engine.Engine) {
	create(t, e, "users id:S\n gsi byOrg org:S age:N INCLUDE:mail\n gsi wide org:S+unit:N age:N+id:S ALL")
	create(t, e, "notes id:S at:N\n lsi byTitle title:S KEYS_ONLY\n lsi byScore score:N ALL")
	create(t, e, "blobs id:B sk:B")
	create(t, e, "numbers id:N sk:S")
	create(t, e, "gone id:S")
	do(t, e, enableStream("users", newAndOld))
	do(t, e, enableStream("gone", api.StreamViewTypeKeysOnly))
	do(t, e, enableDataStream("numbers", kinesis))
	do(t, e, setTTL("users", "age", true))
	put(t, e, "users", `{id: "all", s: "text\x00é\uffff", e: "", n: -12.5, big: 1E125, small: -1E-130, b: b64:AP8=, eb: b64:, t: true, f: false, z: null,`+
		` l: [1, "x", [], {}], m: {a: {b: [null, 2]}}, ss: <"b", "a">, ns: <10, 9, -1>, bs: <b64:/w==, b64:AA==>}`)
	for i := range 5 {
		put(t, e, "users", text(`{id: "u%d", org: "o%d", unit: %d, age: %d, mail: "m%d", rest: "r"}`, i, i%2, i%3, 20+i, i))
		put(t, e, "notes", text(`{id: "n%d", at: %d, title: "t%d", score: %d.5, body: "b"}`, i%2, i, i, -i))
		put(t, e, "blobs", text(`{id: b64:AP8=, sk: b64:%s}`, []string{"AA==", "/w==", "AP8=", "//8=", "Zg=="}[i]))
		put(t, e, "numbers", text(`{id: %dE%d, sk: "s"}`, i-2, 10*i-20))
		put(t, e, "gone", text(`{id: "g%d"}`, i))
	}
	do(t, e, &api.DeleteItemInput{TableName: new("users"), Key: item(t, `{id: "u4"}`)})
	do(t, e, &api.UpdateItemInput{TableName: new("users"), Key: item(t, `{id: "u3"}`), UpdateExpression: new("SET org = :o REMOVE mail"),
		ExpressionAttributeValues: item(t, `{:o: "moved"}`)})
	do(t, e, &api.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: new("notes"), Item: api.ItemOf(item(t, `{id: "tx", at: 1}`))}}}})
	arn := "arn:aws:dynamodb:local:000000000000:table/users"
	do(t, e, &api.TagResourceInput{ResourceArn: &arn, Tags: []api.Tag{{Key: new("team"), Value: new("blue")}}})
	do(t, e, &api.UpdateTableInput{TableName: new("notes"), DeletionProtectionEnabled: new(true)})
	do(t, e, addIndex("notes", "added score:N KEYS_ONLY"))
	do(t, e, setTTL("blobs", "at", true))
	do(t, e, &api.DeleteTableInput{TableName: new("gone")})

	reader := do(t, e, &api.OpenSubscriptionInput{TableName: new("users"), SubscriptionName: new("reader")})
	read := do(t, e, &api.ReadChangesInput{TableName: new("users"), Position: reader.Position, Limit: new(int32(3))})
	do(t, e, &api.SavePositionInput{TableName: new("users"), SubscriptionName: new("reader"), Session: &reader.Session, Position: read.Position, Release: true})
}

// journalOf returns what the journals that populate makes tell.
func journalOf(t testing.TB, e *engine.Engine) (all []string) {
	t.Helper()
	for _, s := range do(t, e, &api.ListStreamsInput{}).Streams {
		all = append(all, *s.StreamArn)
		all = append(all, briefs(readStream(t, e, *s.StreamArn))...)
	}
	for _, c := range do(t, e, &api.ReadChangesInput{TableName: new("numbers"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}}).Changes {
		all = append(all, text("%s %s %s", c.EventName, show(c.Keys), c.SequenceNumber))
	}
	for _, s := range do(t, e, &api.ListSubscriptionsInput{TableName: new("users")}).Subscriptions {
		all = append(all, text("%s %s, behind %d", s.SubscriptionName, s.Position, s.Behind))
	}
	return all
}

func replayedToken(t testing.TB, e *engine.Engine) {
	t.Helper()
	err := fails(t, e, &api.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: new("notes"), Item: api.ItemOf(item(t, `{id: "other", at: 1}`))}}}})
	require.Equal(t, api.CodeIdempotentParameterMismatch, err.Code)
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	clock := newClock()
	e, err := engine.OpenPaused(t.Context(), openFile(t, path), engine.Options{Now: clock.Now})
	require.NoError(t, err)
	populate(t, e)
	want, journal, id := dump(t, e), journalOf(t, e), e.StoreID()
	require.Len(t, journal, 2+8+5+5+1, "streams with their records, changes of a data stream, a subscription: %q", journal)
	require.Len(t, id, 32)
	require.NoError(t, e.Close())

	clock.Advance(5 * time.Minute)
	store := openFile(t, path)
	e = openPaused(t, store, engine.Options{Now: clock.Now})
	require.Equal(t, id, e.StoreID())
	require.Equal(t, want, dump(t, e))
	require.Equal(t, journal, journalOf(t, e))
	list, err := engine.Jobs(t.Context(), store)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"FillIndex notes", "DropTable gone", "FillExpiry blobs"}, list)
	replayedToken(t, e)
	require.NoError(t, e.FinishJobs(t.Context()))
	require.Equal(t, 5, len(scanAll(t, e, api.ScanInput{TableName: new("notes"), IndexName: new("added")})))
	create(t, e, "gone id:N") // its id is a new one
}

// TestUnknownMembersSurvive: what a newer version has added to a catalog record is there when it comes back.
func TestUnknownMembersSurvive(t *testing.T) {
	store := openMemory(t)
	e, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{})
	require.NoError(t, err)
	create(t, e, "tab id:S")
	require.NoError(t, e.Close())
	key := engine.SystemKey(engine.SystemCatalog, "tab")
	record := func() (v []byte) {
		for _, p := range rows(t, store) {
			if string(p.Key) == string(key) {
				v = p.Value
			}
		}
		return v
	}
	newer := strings.Replace(string(record()), "{", `{"TimeToLive":{"Attribute":"ttl","More":[1,2]},`, 1)
	change(t, store, kv.Pair{Key: key, Value: engine.ResealRecord([]byte(newer))})
	e = openPaused(t, store)
	do(t, e, &api.UpdateTableInput{TableName: new("tab"), DeletionProtectionEnabled: new(true)})
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(record(), &members))
	require.JSONEq(t, `{"Attribute":"ttl","More":[1,2]}`, string(members["TimeToLive"]))
	require.Equal(t, "true", string(members["DeletionProtection"]))
}

func TestRefusedStores(t *testing.T) {
	header := engine.SystemKey(engine.SystemHeader, "")
	for _, c := range []struct {
		name    string
		row     kv.Pair
		want    string
		corrupt bool
	}{
		{"newer format", kv.Pair{Key: header, Value: []byte(`{"Magic":"stator","Format":2,"StoreID":"x"}`)}, "the store has format 2, and this version of Stator reads up to 1", false},
		{"unknown feature", kv.Pair{Key: header, Value: []byte(`{"Magic":"stator","Format":1,"StoreID":"x","Features":["zstd"]}`)}, `["zstd"]`, false},
		{"header of somebody else", kv.Pair{Key: header, Value: []byte(`{"Magic":"other"}`)}, "not one of Stator", true},
		{"header damaged", kv.Pair{Key: header, Value: []byte(`{`)}, "not one of Stator", true},
		{"foreign store", kv.Pair{Key: []byte("hello"), Value: []byte("world")}, "the store is not empty (first key 68656c6c6f…)", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := openMemory(t)
			change(t, store, c.row)
			_, err := engine.Open(t.Context(), store, engine.Options{})
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.corrupt, errors.Is(err, kv.ErrCorrupt), "%v", err)
			require.ErrorIs(t, store.Close(), kv.ErrClosed, "Open owns the store also when it fails")
		})
	}
	t.Run("damaged catalog", func(t *testing.T) {
		store := openMemory(t)
		e, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{})
		require.NoError(t, err)
		create(t, e, "tab id:S")
		change(t, store, kv.Pair{Key: engine.SystemKey(engine.SystemCatalog, "tab"), Value: []byte(`{"Name":"tab"}`)})
		_, err = engine.Open(t.Context(), store, engine.Options{})
		require.ErrorIs(t, err, kv.ErrCorrupt)
		require.ErrorContains(t, err, `table "tab"`)
	})
	t.Run("bad options", func(t *testing.T) {
		_, err := engine.Open(t.Context(), openMemory(t), engine.Options{Region: "No Where", AccountID: "12"})
		require.ErrorContains(t, err, `Region is "No Where"`)
		require.ErrorContains(t, err, `AccountID is "12"`)
	})
	t.Run("read only", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "test.db")
		e, err := engine.OpenPaused(t.Context(), openFile(t, path), engine.Options{})
		require.NoError(t, err)
		populate(t, e)
		require.NoError(t, e.Close())
		store, err := boltkv.Open(path, &boltkv.Options{ReadOnly: true})
		require.NoError(t, err)
		e, err = engine.Open(t.Context(), store, engine.Options{})
		require.NoError(t, err)
		require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("users")}), 5)
		fault := fails(t, e, &api.PutItemInput{TableName: new("users"), Item: api.ItemOf(item(t, `{id: "a"}`))})
		require.Equal(t, "The store refuses writes; nothing was written", fault.Message)
		require.ErrorIs(t, fault, kv.ErrReadOnly)
		require.NoError(t, e.Check(t.Context()))
		require.NoError(t, e.Close())
	})
}

// TestDamagedRow: one damaged row is an error of its own item and of nothing else.
func TestDamagedRow(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		e := openPaused(t, store)
		create(t, e, "tab id:S\n gsi byOrg org:S ALL")
		for _, id := range []string{"a", "b", "c"} {
			put(t, e, "tab", text(`{id: "%s", org: "%s"}`, id, id))
		}
		good := rows(t, store)
		for _, p := range rows(t, store, engine.SpaceRow) {
			if strings.Contains(string(p.Value), "\x01b") {
				p.Value[len(p.Value)-1] ^= 0x40
				change(t, store, p)
			}
		}
		for _, in := range []api.Request{
			&api.GetItemInput{TableName: new("tab"), Key: item(t, `{id: "b"}`)},
			&api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "b"}`))},
			&api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{id: "b"}`)},
			&api.ScanInput{TableName: new("tab")},
		} {
			fault := fails(t, e, in)
			require.Equal(t, api.CodeInternalServerError, fault.Code)
			require.Equal(t, "The store is damaged", fault.Message)
			require.ErrorIs(t, fault, kv.ErrCorrupt)
		}
		for _, id := range []string{"a", "c"} {
			require.False(t, do(t, e, &api.GetItemInput{TableName: new("tab"), Key: item(t, text(`{id: "%s"}`, id))}).Item.IsZero())
		}
		require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab"), IndexName: new("byOrg")}), 3)
		require.ErrorContains(t, e.Check(t.Context()), "checksum of row")
		restore(t, store, good)
	})
}

// TestGoldenFile opens a file that was written once, by the first version of format 1. Every later version has to
// find all of it.
func TestGoldenFile(t *testing.T) {
	const file, golden = "testdata/format-1.db.gz", "testdata/format-1.golden"
	path := filepath.Join(t.TempDir(), "golden.db")
	clock := newClock()
	if *rewriteGolden {
		e, err := engine.OpenPaused(t.Context(), openFile(t, path), engine.Options{Now: clock.Now, Rand: zeros{}})
		require.NoError(t, err)
		populate(t, e)
		require.NoError(t, os.WriteFile(golden, []byte(dump(t, e)+strings.Join(journalOf(t, e), "\n")), 0o644))
		require.NoError(t, e.Close())
		pack(t, path, file)
	}
	unpack(t, file, path)
	want, err := os.ReadFile(golden)
	require.NoError(t, err)

	e := openPaused(t, openFile(t, path), engine.Options{Now: clock.Now})
	require.Equal(t, strings.Repeat("0", 32), e.StoreID())
	require.NoError(t, e.Check(t.Context()))
	require.Equal(t, string(want), dump(t, e)+strings.Join(journalOf(t, e), "\n"))
	replayedToken(t, e)
	require.NoError(t, e.FinishJobs(t.Context()))
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("notes"), IndexName: new("added")}), 5)
}

func pack(t testing.TB, from, to string) {
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	require.NoError(t, err)
	_, err = z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, os.WriteFile(to, packed.Bytes(), 0o644))
}

func unpack(t testing.TB, from, to string) {
	f, err := os.Open(from)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	b, err := io.ReadAll(z)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, b, 0o600))
}

// zeros is a source of no randomness.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
