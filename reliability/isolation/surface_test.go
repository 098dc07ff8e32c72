package isolation_test

import (
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/kvtest"
	"github.com/statordb/stator/kv/memkv"
	"github.com/statordb/stator/reliability/internal/remote"
	"github.com/statordb/stator/server"
)

// surface is a database as its callers reach it.
type surface struct {
	name   string
	client api.Client
	db     *stator.DB // below client
	store  kv.Store   // below db
	clock  *clock     // the database's
}

// The surfaces: over memory, over a file, and over HTTP on a file.
const (
	inMemory = "memory"
	inFile   = "file"
	overHTTP = "http"
)

// onSurfaces runs test over each surface.
func onSurfaces(t *testing.T, test func(t *testing.T, s surface)) {
	for _, name := range []string{inMemory, inFile, overHTTP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := surface{name: name, clock: newClock()}
			if name == inMemory {
				s.store = openMemory(t)
			} else {
				s.store = openFile(t, filepath.Join(t.TempDir(), "test.db"))
			}
			s.db = openStore(t, s.store, &stator.Options{Now: s.clock.Now})
			if s.client = s.db; name == overHTTP {
				s.client = serve(t, s.db)
			}
			test(t, s)
		})
	}
}

// onFlaky runs test over memory and over a file that now and then answer that they do not know whether a commit took
// place. create makes the table before that.
func onFlaky(t *testing.T, seed uint64, create func(testing.TB, api.Client), test func(t *testing.T, name string, c api.Client)) {
	for _, name := range []string{inMemory, inFile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := openMemory(t)
			if name == inFile {
				require.NoError(t, store.Close())
				store = openFile(t, filepath.Join(t.TempDir(), "test.db"))
			}
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			create(t, openStore(t, borrowed{store}, nil))
			test(t, name, openStore(t, kvtest.Flaky(borrowed{store}, kvtest.FlakyOptions{Seed: seed, OneIn: 50}), nil))
		})
	}
}

func openMemory(t testing.TB) kv.Store {
	t.Helper()
	store, err := memkv.Open(nil)
	require.NoError(t, err)
	return store
}

func openFile(t testing.TB, path string) kv.Store {
	t.Helper()
	store, err := boltkv.Open(path, nil)
	require.NoError(t, err)
	return store
}

// openStore opens a database and closes it when the test ends.
func openStore(t testing.TB, store kv.Store, options *stator.Options) *stator.DB {
	t.Helper()
	db, err := stator.OpenStore(store, options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// borrowed is a store that whoever uses it does not close.
type borrowed struct{ kv.Store }

func (borrowed) Close() error { return nil }

// serve serves a client over HTTP and returns one that speaks to it.
func serve(t testing.TB, c api.Client) api.Client {
	s := httptest.NewServer(server.New(c, &server.Options{Logger: slog.New(slog.DiscardHandler)}))
	client := remote.New(s.URL)
	t.Cleanup(func() {
		client.Close()
		s.Close()
	})
	return client
}

// ticks orders what happens in one process: each tick is later than all before it.
type ticks struct{ last atomic.Int64 }

func (k *ticks) next() int64 { return k.last.Add(1) }

// clock is a clock that stands still until it is moved.
type clock struct{ micros atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.micros.Store(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) Now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// must serves a request that cannot fail.
func must[Out api.Response](t testing.TB, c api.Client, in api.RequestOf[Out]) Out {
	t.Helper()
	out, err := api.Do(t.Context(), c, in)
	require.NoError(t, err)
	return out
}

// itemOf decodes what an answer has.
func itemOf(a api.Attributes) attr.Item {
	item, err := a.Item()
	if err != nil {
		panic(err) // no test damages a store
	}
	return item
}

func itemsOf(all []api.Attributes) []attr.Item {
	items := make([]attr.Item, len(all))
	for i, a := range all {
		items[i] = itemOf(a)
	}
	return items
}

// key is the key of the item with this partition key.
func key(pk string) attr.Item { return attr.Item{"pk": attr.S(pk)} }

// number returns a number of an item, 0 when it is absent.
func number(item attr.Item, name string) int64 {
	n, _ := item[name].Int()
	return n
}
