package engine_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// adding is a transaction that adds n to an item of the table tab, whose keys are pk and sk.
func adding(t testing.TB, token string, n int) *api.TransactWriteItemsInput {
	return &api.TransactWriteItemsInput{ClientRequestToken: &token, ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal),
		TransactItems: []api.TransactWriteItem{{Update: &api.Update{TableName: new("tab"), Key: item(t, `{pk: "sum", sk: 1}`),
			UpdateExpression: new("ADD added :n"), ExpressionAttributeValues: item(t, text(`{:n: %d}`, n))}}}}
}

func add(t testing.TB, e *engine.Engine, token string, n int) *api.TransactWriteItemsOutput {
	t.Helper()
	return do(t, e, adding(t, token, n))
}

func total(t testing.TB, e *engine.Engine) string {
	t.Helper()
	return show(do(t, e, &api.GetItemInput{TableName: new("tab"), Key: item(t, `{pk: "sum", sk: 1}`)}).Item)
}

// tokenRows returns the rows of tokens, or of tokens by time.
func tokenRows(t testing.TB, store kv.Store, kind byte) (list []kv.Pair) {
	t.Helper()
	for _, p := range rows(t, store) {
		if bytes.HasPrefix(p.Key, engine.SystemKey(kind, "")) {
			list = append(list, p)
		}
	}
	return list
}

// requireDamaged requires that a token is neither unknown nor that of another request: its row cannot be read.
func requireDamaged(t testing.TB, e *engine.Engine, token string) {
	t.Helper()
	for _, n := range []int{1, 2} {
		fault := fails(t, e, adding(t, token, n))
		require.ErrorIs(t, fault, kv.ErrCorrupt)
		require.ErrorContains(t, fault.Cause, "client request token")
		require.Equal(t, api.CodeInternalServerError, fault.Code)
	}
}

// TestDamagedToken: whichever bit or byte of a token changes, in its row or in its row by time, Check finds it, and who uses the
// token again is told, before and after its window.
func TestDamagedToken(t *testing.T) {
	store, clock := openMemory(t), newClock()
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	create(t, e, "tab pk:S sk:N")
	first := add(t, e, "token", 1)
	good, byTime := tokenRows(t, store, engine.SystemTokens)[0], tokenRows(t, store, engine.SystemTokensByTime)[0]
	try := func(was, now kv.Pair, want string) {
		t.Helper()
		change(t, store, kv.Pair{Key: was.Key}, now)
		err := e.Check(t.Context())
		require.ErrorIs(t, err, kv.ErrCorrupt)
		require.ErrorContains(t, err, want)
		if bytes.Equal(was.Key, now.Key) {
			requireDamaged(t, e, "token")
		}
		change(t, store, kv.Pair{Key: now.Key}, was)
	}
	for i := range len(good.Value) * 9 {
		v := bytes.Clone(good.Value)
		v[i/9] ^= byte(1 << (i % 9))
		if i%9 == 8 {
			v[i/9] ^= 0xFF // the whole byte
		}
		try(good, kv.Pair{Key: good.Key, Value: v}, text("client request token %x", good.Key))
	}
	for i := range good.Value {
		try(good, kv.Pair{Key: good.Key, Value: good.Value[:i]}, "client request token")
	}
	for _, p := range []kv.Pair{good, byTime} {
		for i := range len(p.Key) * 8 {
			k := bytes.Clone(p.Key)
			k[i/8] ^= 1 << (i % 8)
			try(p, kv.Pair{Key: k, Value: p.Value}, "client request token")
		}
	}

	replayed := add(t, e, "token", 1)
	require.NotEqual(t, first.ConsumedCapacity, replayed.ConsumedCapacity, "reads, and no writes")
	require.Equal(t, api.CodeIdempotentParameterMismatch, fails(t, e, adding(t, "token", 2)).Code)
	require.Equal(t, `{added: 1, pk: "sum", sk: 1}`, total(t, e))

	clock.Advance(10*time.Minute + 1)
	damaged := kv.Pair{Key: good.Key, Value: bytes.Clone(good.Value)}
	damaged.Value[8] ^= 1
	change(t, store, damaged)
	requireDamaged(t, e, "token")
	change(t, store, good)
	add(t, e, "token", 2)
	require.Equal(t, `{added: 3, pk: "sum", sk: 1}`, total(t, e))
}

// TestTokenOfEarlierVersion: tokens without mark and checksum, and those without sizes, are seen and forgotten like others.
func TestTokenOfEarlierVersion(t *testing.T) {
	const mark, fixed = 1 + 4, 8 + 32
	for name, end := range map[string]int{"with sizes": mark + fixed + 1, "without": mark + fixed} {
		t.Run(name, func(t *testing.T) {
			store, clock := openMemory(t), newClock()
			e := openPaused(t, store, engine.Options{Now: clock.Now})
			create(t, e, "tab pk:S sk:N")
			add(t, e, "token", 1)
			p := tokenRows(t, store, engine.SystemTokens)[0]
			require.Len(t, p.Value, mark+fixed+1)
			require.EqualValues(t, 0x7F, p.Value[0])
			require.EqualValues(t, clock.Now().UnixMicro(), binary.BigEndian.Uint64(p.Value[mark:]))
			old := kv.Pair{Key: p.Key, Value: p.Value[mark:end]}
			change(t, store, old)
			require.NoError(t, engine.CheckRow(old.Key, old.Value))
			require.NoError(t, e.Check(t.Context()))

			add(t, e, "token", 1)
			require.Equal(t, api.CodeIdempotentParameterMismatch, fails(t, e, adding(t, "token", 2)).Code)
			require.Equal(t, `{added: 1, pk: "sum", sk: 1}`, total(t, e))
			require.Equal(t, old, tokenRows(t, store, engine.SystemTokens)[0], "a replay writes nothing")

			for bit := range 8 { // it is no other form, and no time
				damaged := kv.Pair{Key: old.Key, Value: bytes.Clone(old.Value)}
				damaged.Value[0] ^= 1 << bit
				require.ErrorIs(t, engine.CheckRow(damaged.Key, damaged.Value), kv.ErrCorrupt)
			}
			clock.Advance(10*time.Minute + 1)
			add(t, e, "other", 1)
			list := tokenRows(t, store, engine.SystemTokens)
			require.Len(t, list, 1)
			require.NotEqual(t, old.Key, list[0].Key)
			require.Len(t, tokenRows(t, store, engine.SystemTokensByTime), 1)
		})
	}
}

// TestDamagedTokenIsKept: a damaged token fails nobody who uses another one, and is not cleared away with those that are
// too old: it would be unknown then, and nobody would know that there was damage.
func TestDamagedTokenIsKept(t *testing.T) {
	store, clock := openMemory(t), newClock()
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	create(t, e, "tab pk:S sk:N")
	add(t, e, "damaged", 1)
	damaged := tokenRows(t, store, engine.SystemTokens)[0]
	for i := range 5 {
		add(t, e, text("old%d", i), 1)
	}
	whole := bytes.Clone(damaged.Value)
	damaged.Value[20] ^= 1
	change(t, store, damaged)
	clock.Advance(10*time.Minute + 1)
	add(t, e, "new", 1)
	list := tokenRows(t, store, engine.SystemTokens)
	require.Len(t, list, 2)
	require.Contains(t, list, damaged)
	require.Len(t, tokenRows(t, store, engine.SystemTokensByTime), 1)
	require.ErrorContains(t, e.Check(t.Context()), text("client request token %x: its checksum is wrong", damaged.Key))
	requireDamaged(t, e, "damaged")
	add(t, e, "newer", 1)

	change(t, store, kv.Pair{Key: damaged.Key, Value: whole})
	require.ErrorContains(t, e.Check(t.Context()), "missing among those by time")
	change(t, store, kv.Pair{Key: damaged.Key})
}

// TestTokenByTimeOfAnotherForm: what is not a time and a token among those by time is found, and stops nobody.
func TestTokenByTimeOfAnotherForm(t *testing.T) {
	store := openMemory(t)
	e := openPaused(t, store)
	create(t, e, "tab pk:S sk:N")
	for i, rest := range []string{"", "cut", text("%06d", 0), text("%037d", 0), text("%039d", 0)} {
		bad := kv.Pair{Key: engine.SystemKey(engine.SystemTokensByTime, "\x00\x00"+rest), Value: []byte{}}
		require.Error(t, engine.CheckRow(bad.Key, bad.Value), "%x", bad.Key)
		change(t, store, bad)
		require.ErrorContains(t, e.Check(t.Context()), "client request token by time")
		add(t, e, text("token%d", i), 1)
		require.NotContains(t, tokenRows(t, store, engine.SystemTokensByTime), bad)
	}
	good := tokenRows(t, store, engine.SystemTokensByTime)[0]
	require.NoError(t, engine.CheckRow(good.Key, good.Value))
	require.Error(t, engine.CheckRow(good.Key, []byte{0}))
}

// TestDamagedTokenInFile: a token that is not found next to a damaged one is not taken for unknown. Transactions that
// have nothing to do on that page go on, also when old tokens on it are due to be cleared away.
func TestDamagedTokenInFile(t *testing.T) {
	const tokens = 300
	path := filepath.Join(t.TempDir(), "test.db")
	begin := func(t *testing.T, clock *clock) *engine.Engine {
		e, err := engine.OpenPaused(t.Context(), openFile(t, path), engine.Options{Now: clock.Now})
		require.NoError(t, err)
		return e
	}
	store := openFile(t, path)
	e, err := engine.OpenPaused(t.Context(), store, engine.Options{Now: newClock().Now})
	require.NoError(t, err)
	create(t, e, "tab pk:S sk:N")
	names := map[string]string{} // by the key of the row
	for i := range tokens {
		before := len(names)
		add(t, e, text("old%d", i), 1)
		for _, p := range tokenRows(t, store, engine.SystemTokens) {
			if _, ok := names[string(p.Key)]; !ok {
				names[string(p.Key)] = text("old%d", i)
			}
		}
		require.Len(t, names, before+1)
	}
	row := tokenRows(t, store, engine.SystemTokens)[tokens/2]
	require.NoError(t, e.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	inFile := append(bytes.Clone(row.Key), row.Value...)
	for name, at := range map[string]int{"key": len(row.Key) - 1, "value": len(inFile) - 1} {
		t.Run(name, func(t *testing.T) {
			damaged := bytes.Clone(inFile)
			damaged[at] ^= 1
			require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(whole, inFile, damaged), 0o600))
			clock := newClock()
			e := begin(t, clock)
			requireDamaged(t, e, names[string(row.Key)])
			require.Equal(t, text(`{added: %d, pk: "sum", sk: 1}`, tokens), total(t, e))
			require.NoError(t, e.Close())

			clock.Advance(10*time.Minute + 1)
			e = begin(t, clock)
			done := 0
			for i := range 2 * tokens {
				_, err := e.Serve(t.Context(), adding(t, text("new%d", i), 1))
				if err == nil {
					done++
					continue
				}
				require.ErrorIs(t, err, kv.ErrCorrupt)
			}
			t.Logf("%d of %d transactions took place", done, 2*tokens)
			require.Equal(t, text(`{added: %d, pk: "sum", sk: 1}`, tokens+done), total(t, e))
			require.Greater(t, done, tokens)
			require.ErrorContains(t, e.Check(t.Context()), "client request token")
			require.NoError(t, e.Close())
		})
	}
}
