package server_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/oracle"
	"github.com/statordb/stator/internal/wire"
	"github.com/statordb/stator/server"
)

var surfaceOps = flag.Int("surface-ops", 4000, "how many operations TestSurfacesAgree compares")

// TestSurfacesAgree sends the same random requests, many of them faulty, to one
// database natively and to another one over HTTP: every answer, and the code and
// message of every error, must be the same to the letter.
func TestSurfacesAgree(t *testing.T) {
	seed := *mutationSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("replay with -seed=%d", seed)
	var clock atomic.Int64 // the databases look at it from goroutines of their own
	clock.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	now := func() time.Time { return time.Unix(0, clock.Load()).UTC() }
	open := func() *stator.DB {
		db, err := stator.OpenMemory(&stator.Options{Now: now, ExpiryRate: -1, Rand: rand.NewChaCha8([32]byte{1})})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	native, remote := open(), open()
	h := server.New(remote, nil)
	faults := 0
	for i, step := range oracle.Script(seed, *surfaceOps) {
		clock.Add(int64(step.Advance))
		if step.Request == nil {
			continue // what the model does to itself, such as opening the file again
		}
		name := step.Request.Operation()
		if op, ok := api.Lookup(name); ok && op.Native { // not served over the network
			_, err := native.Serve(t.Context(), step.Request)
			_, other := remote.Serve(t.Context(), step.Request)
			require.Equal(t, err, other)
			continue
		}
		body, err := wire.AppendRequest(nil, step.Request)
		require.NoError(t, err)

		want, status := []byte(nil), 200
		out, err := native.Serve(t.Context(), step.Request)
		if err == nil {
			want, err = wire.Append(nil, out)
			require.NoError(t, err)
		} else {
			faults++
			want, status = wire.AppendError(nil, err)
			fault, ok := errors.AsType[*api.Error](err)
			require.True(t, ok, "%v", err)
			require.NotEqual(t, api.CodeInternalServerError, fault.Code, "%v", err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, call{target: name, body: string(body)}.request())
		require.Equal(t, status, w.Code, "step %d: %s %s", i, name, body)
		got := w.Body.Bytes()
		if name == "UpdateTable" { // the index may be filled in part already
			want, got = indexCounts.ReplaceAll(want, nil), indexCounts.ReplaceAll(got, nil)
		}
		require.Equal(t, string(want), string(got), "step %d: %s %s", i, name, body)
		if name == "UpdateTable" && status == 200 {
			settle(t, native)
			settle(t, remote)
		}
	}
	require.Greater(t, faults, *surfaceOps/20, "the script must have faulty requests")
}

var indexCounts = regexp.MustCompile(`"ItemCount":\d+,"IndexSizeBytes":\d+`)

// settle waits until no index is being made or taken away.
func settle(t *testing.T, db *stator.DB) {
	require.Eventually(t, func() bool {
		tables, err := api.Do(t.Context(), db, &api.ListTablesInput{})
		require.NoError(t, err)
		for _, name := range tables.TableNames {
			d, err := api.Do(t.Context(), db, &api.DescribeTableInput{TableName: &name})
			require.NoError(t, err)
			for _, x := range d.Table.GlobalSecondaryIndexes {
				if *x.IndexStatus != api.IndexStatusActive {
					return false
				}
			}
		}
		return true
	}, 30*time.Second, time.Millisecond)
}
