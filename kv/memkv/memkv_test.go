package memkv_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/kvtest"
	"github.com/statordb/stator/kv/memkv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) kv.Store {
	store, err := memkv.Open(nil)
	require.NoError(t, err)
	return store
}

func TestContract(t *testing.T) {
	kvtest.Run(t, kvtest.Config{Open: open, RandomOps: 5000})
}

func TestContractWhenFnsRunTwice(t *testing.T) {
	kvtest.Run(t, kvtest.Config{Open: func(t *testing.T) kv.Store { return kvtest.RunTwice(open(t)) }})
}

func TestOptions(t *testing.T) {
	_, err := memkv.Open(&memkv.Options{MaxSizeBytes: -1})
	require.ErrorContains(t, err, "Options.MaxSizeBytes is -1")
}

func TestFull(t *testing.T) {
	store, err := memkv.Open(&memkv.Options{MaxSizeBytes: 1000})
	require.NoError(t, err)
	ctx := context.Background()
	put := func(key string, bytes int) error {
		return store.Update(ctx, func(w kv.Writer) error { return w.Put([]byte(key), make([]byte, bytes)) })
	}
	require.NoError(t, put("a", 499))
	require.NoError(t, put("b", 499))
	require.ErrorIs(t, put("c", 0), kv.ErrFull)
	require.ErrorIs(t, put("a", 500), kv.ErrFull)
	require.NoError(t, put("a", 498))
	require.NoError(t, put("c", 0))
	require.NoError(t, store.Update(ctx, func(w kv.Writer) error { return w.DeleteRange(nil, nil) }))
	require.NoError(t, put("d", 999))
	require.NoError(t, store.Close())
}
