package full_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/server"
)

// TestCrowd: 64 writers that never give up hold up nobody who deletes, and nothing that was acknowledged is lost.
func TestCrowd(t *testing.T) {
	for _, m := range media() {
		t.Run(m.name, func(t *testing.T) {
			d := m.place(t, 0)
			d.create("tab", false)
			ids, _ := d.fill("tab")
			shuffle(ids)
			alone := d.slowestDelete(&ids, 20)

			ctx, stop := context.WithCancel(context.Background())
			var refused, written atomic.Int64
			var mu sync.Mutex
			var kept []string
			var fault error
			var group sync.WaitGroup
			cpu, began := cpuTime(), time.Now()
			for range 64 {
				group.Go(func() {
					for ctx.Err() == nil {
						id := d.newID()
						err := d.put("tab", id, large)
						mu.Lock()
						switch {
						case err == nil:
							kept = append(kept, id)
							written.Add(1)
						default:
							refused.Add(1)
							fault = err
						}
						mu.Unlock()
						if err != nil {
							time.Sleep(10 * time.Millisecond)
						}
					}
				})
			}
			crowded := d.slowestDelete(&ids, 60)
			stop()
			group.Wait()
			took, busy := time.Since(began), time.Duration(cpuTime()-cpu)
			require.Positive(t, written.Load())
			require.Positive(t, refused.Load())
			require.ErrorIs(t, fault, kv.ErrFull)
			require.Less(t, crowded, max(time.Second, 50*alone))
			d.holds("tab", append(kept, ids...))
			t.Logf("figures: %s: 64 writers, %d refused and %d served in %v with %v of CPU; the slowest of 60 deletions took %v, of 20 alone %v",
				m.name, refused.Load(), written.Load(), took.Round(time.Millisecond), busy.Round(time.Millisecond), crowded.Round(time.Millisecond), alone.Round(time.Millisecond))
		})
	}
}

// slowestDelete deletes the first n of ids one by one, and returns how long the slowest took.
func (d *database) slowestDelete(ids *[]string, n int) (slowest time.Duration) {
	for _, id := range (*ids)[:n] {
		began := time.Now()
		require.NoError(d.t, d.delete("tab", id))
		slowest = max(slowest, time.Since(began))
	}
	*ids = slices.Clone((*ids)[n:])
	return slowest
}

// TestHTTP: what a client is answered.
func TestHTTP(t *testing.T) {
	d := media()[0].place(t, 0)
	d.create("tab", false)
	ids, _ := d.fill("tab")
	h := httptest.NewServer(server.New(d.Engine, &server.Options{AllowUnsigned: true}))
	defer h.Close()
	call := func(operation, body string) (status int, answer string) {
		in, err := http.NewRequest(http.MethodPost, h.URL, bytes.NewReader([]byte(body)))
		require.NoError(t, err)
		in.Header.Set("Content-Type", "application/x-amz-json-1.0")
		in.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
		out, err := h.Client().Do(in)
		require.NoError(t, err)
		b, err := io.ReadAll(out.Body)
		require.NoError(t, err)
		require.NoError(t, out.Body.Close())
		return out.StatusCode, string(b)
	}
	status, answer := call("PutItem", `{"TableName": "tab", "Item": {"id": {"S": "x"}, "group": {"N": "1"}, "text": {"S": "`+strings.Repeat("t", 390<<10)+`"}}}`)
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, answer, `#InternalServerError"`)
	require.Contains(t, answer, "The store has the largest size that it may have; nothing was written")
	key := `{"TableName": "tab", "Key": {"id": {"S": "` + ids[0] + `"}}}`
	status, answer = call("GetItem", key)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, ids[0])
	status, answer = call("DeleteItem", key)
	require.Equal(t, http.StatusOK, status, answer)
	status, answer = call("BatchWriteItem", `{"RequestItems": {"tab": [{"DeleteRequest": {"Key": {"id": {"S": "`+ids[1]+`"}}}}]}}`)
	require.Equal(t, http.StatusOK, status, answer)
	d.holds("tab", ids[2:])
}
