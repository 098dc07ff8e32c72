package boltkv_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/kvtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openAt opens a store that survives the process, not the machine: that is
// enough for a test, and an fsync less for each commit.
func openAt(t testing.TB, path string) *boltkv.Store {
	store, err := boltkv.Open(path, &boltkv.Options{NoSync: true, InitialMmapBytes: 64 << 20})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestContract(t *testing.T) {
	paths := map[kv.Store]string{}
	kvtest.Run(t, kvtest.Config{
		Open: func(t *testing.T) kv.Store {
			path := filepath.Join(t.TempDir(), "test.db")
			store := openAt(t, path)
			paths[store] = path
			return store
		},
		Reopen: func(t *testing.T, store kv.Store) kv.Store {
			require.NoError(t, store.Close())
			again := openAt(t, paths[store])
			paths[again] = paths[store]
			return again
		},
		RandomOps: 3000,
	})
}

func TestContractWithSmallBatches(t *testing.T) {
	kvtest.Run(t, kvtest.Config{Open: func(t *testing.T) kv.Store {
		store, err := boltkv.Open(filepath.Join(t.TempDir(), "test.db"),
			&boltkv.Options{NoSync: true, MaxBatchBytes: 1, InitialMmapBytes: 16 << 20})
		require.NoError(t, err)
		return store
	}})
}

func TestContractWhenFnsRunTwice(t *testing.T) {
	kvtest.Run(t, kvtest.Config{Open: func(t *testing.T) kv.Store {
		return kvtest.RunTwice(openAt(t, filepath.Join(t.TempDir(), "test.db")))
	}})
}
