package engine_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/kvtest"
	"github.com/statordb/stator/kv/memkv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	rewrite       = flag.Bool("rewrite", false, "write the expected answers of the scripts anew")
	rewriteGolden = flag.Bool("rewrite-golden", false, "write the golden file anew: only while its format has never been released")
	seedFlag      = flag.Uint64("seed", 0, "seed of the random tests; 0 draws one")
)

// newRandom returns a source whose seed is printed and can be given again by -seed.
func newRandom(t testing.TB) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// clock is a clock that moves only when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func openMemory(t testing.TB) kv.Store {
	store, err := memkv.Open(nil)
	require.NoError(t, err)
	return store
}

func openFile(t testing.TB, path string) kv.Store {
	store, err := boltkv.Open(path, &boltkv.Options{NoSync: true, InitialMmapBytes: 64 << 20})
	require.NoError(t, err)
	return store
}

// stores are the stores that tests of behaviour run on.
var stores = map[string]func(testing.TB) kv.Store{
	"memory": openMemory,
	"file":   func(t testing.TB) kv.Store { return openFile(t, filepath.Join(t.TempDir(), "test.db")) },
	"twice":  func(t testing.TB) kv.Store { return kvtest.RunTwice(openMemory(t)) },
}

// onStores runs a test on both stores, under -short in memory alone.
func onStores(t *testing.T, test func(*testing.T, kv.Store)) {
	for _, name := range []string{"memory", "file"} {
		if name == "file" && testing.Short() {
			continue
		}
		t.Run(name, func(t *testing.T) { test(t, stores[name](t)) })
	}
}

// open returns an engine on store. At the end of the test all jobs are finished, the store is checked, and
// the engine closed.
func open(t testing.TB, store kv.Store, options ...engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), store, optionsOf(options))
	require.NoError(t, err)
	t.Cleanup(func() { finish(t, e) })
	return e
}

// openPaused is open of an engine whose jobs rest until somebody calls StepJobs or FinishJobs.
func openPaused(t testing.TB, store kv.Store, options ...engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.OpenPaused(t.Context(), store, optionsOf(options))
	require.NoError(t, err)
	t.Cleanup(func() { finish(t, e) })
	return e
}

func optionsOf(options []engine.Options) engine.Options {
	if len(options) > 0 {
		return options[0]
	}
	return engine.Options{Now: newClock().Now}
}

// finish carries out what is left to do, checks the store and closes it, unless the test has closed it.
func finish(t testing.TB, e *engine.Engine) {
	ctx := context.Background()
	err := e.FinishJobs(ctx)
	if errors.Is(err, kv.ErrClosed) {
		return
	}
	require.NoError(t, err)
	require.NoError(t, e.Check(ctx))
	require.NoError(t, e.Close())
}

// do serves a request that must succeed.
func do[Out api.Response](t testing.TB, c api.Client, in api.RequestOf[Out]) Out {
	t.Helper()
	out, err := api.Do(context.Background(), c, in)
	require.NoError(t, err)
	return out
}

// fails serves a request that must fail, and returns its error.
func fails(t testing.TB, c api.Client, in api.Request) *api.Error {
	t.Helper()
	_, err := c.Serve(context.Background(), in)
	e, ok := errors.AsType[*api.Error](err)
	require.True(t, ok, "%s: %v", in.Operation(), err)
	return e
}

// create creates a table; see parseCreate.
func create(t testing.TB, c api.Client, text string) {
	t.Helper()
	in, err := parseCreate(text)
	require.NoError(t, err)
	do(t, c, in)
}

func put(t testing.TB, c api.Client, table, text string) {
	t.Helper()
	do(t, c, &api.PutItemInput{TableName: &table, Item: api.ItemOf(item(t, text))})
}

func item(t testing.TB, text string) attr.Item {
	t.Helper()
	it, err := parseItem(text)
	require.NoError(t, err, text)
	return it
}

// addIndex asks for a new global index "hash[+…] [sort[+…]] PROJECTION"; see parseCreate.
func addIndex(table, text string) *api.UpdateTableInput {
	in, err := parseCreate("x pk:S\ngsi " + text)
	if err != nil {
		panic(err)
	}
	x := in.GlobalSecondaryIndexes[0]
	return &api.UpdateTableInput{TableName: &table, AttributeDefinitions: in.AttributeDefinitions[1:],
		GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{Create: &api.CreateGlobalSecondaryIndexAction{
			IndexName: x.IndexName, KeySchema: x.KeySchema, Projection: x.Projection}}}}
}

func dropIndex(table, index string) *api.UpdateTableInput {
	return &api.UpdateTableInput{TableName: &table,
		GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{Delete: &api.DeleteGlobalSecondaryIndexAction{IndexName: &index}}}}
}

// rows returns the keys and values of the raw store, those of one space of all tables when space is given.
func rows(t testing.TB, store kv.Store, space ...byte) (list []kv.Pair) {
	t.Helper()
	require.NoError(t, store.View(context.Background(), func(r kv.Reader) error {
		list = nil
		for p, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			isTable := string(p.Key[:4]) != "\x00\x00\x00\x00"
			if len(space) == 0 || isTable && p.Key[4] == space[0] {
				list = append(list, kv.Pair{Key: bytes.Clone(p.Key), Value: bytes.Clone(p.Value)})
			}
		}
		return nil
	}))
	return list
}

// change writes rows past the engine; a nil value deletes.
func change(t testing.TB, store kv.Store, pairs ...kv.Pair) {
	t.Helper()
	require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error {
		for _, p := range pairs {
			var err error
			if p.Value == nil {
				err = w.Delete(p.Key)
			} else {
				err = w.Put(p.Key, p.Value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// scanAll returns all items of a table or an index, page by page.
func scanAll(t testing.TB, c api.Client, in api.ScanInput) (items []string) {
	t.Helper()
	for {
		out := do(t, c, &in)
		for _, it := range out.Items {
			items = append(items, it.String())
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			return items
		}
	}
}

func text(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func long(n int) string { return strings.Repeat("x", n) }
