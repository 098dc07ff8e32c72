package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/server"
)

// stuck is the other end of a client that reads nothing: Write waits until it goes.
type stuck struct {
	*httptest.ResponseRecorder
	writing *atomic.Int64
	gone    chan struct{}
}

func (s stuck) Write(p []byte) (int, error) {
	s.writing.Add(1)
	<-s.gone
	return 0, net.ErrClosed
}

// largeBody is beyond what nobody counts.
const largeBody = 128 << 10

// large is a request with a large body, of which the test holds nothing.
func large(target string) *http.Request {
	r := call{target: target}.request()
	body := io.MultiReader(strings.NewReader(`{"TableName":"tab"`), blanks(largeBody-19), strings.NewReader("}"))
	r.Body, r.ContentLength = io.NopCloser(body), largeBody
	return r
}

// TestSlowReadersLeaveRoom: clients that read slowly what their large requests
// are answered do not hold the room that there is for large bodies, in turns and
// in memory.
func TestSlowReadersLeaveRoom(t *testing.T) {
	const clients = 64 // twice as many as have a turn at one time
	for name, buffered := range map[string]int64{"turns": 0, "memory": clients * largeBody / 4} {
		t.Run(name, func(t *testing.T) { slowReaders(t, clients, buffered) })
	}
}

func slowReaders(t *testing.T, clients int, buffered int64) {
	client := clientFunc(func(context.Context, api.Request) (api.Response, error) { return &api.PutItemOutput{}, nil })
	h := server.New(client, quiet(server.Options{MaxBufferedBytes: buffered}))
	var writing atomic.Int64
	gone, done := make(chan struct{}), make(chan struct{}, clients)
	before := heap()
	for i := range clients {
		go func() {
			h.ServeHTTP(stuck{httptest.NewRecorder(), &writing, gone}, large("PutItem"))
			done <- struct{}{}
		}()
		for deadline := time.Now().Add(10 * time.Second); writing.Load() < int64(i)+1; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("client %d waits for its turn while %d others do not read", i, writing.Load())
				break
			}
		}
		if t.Failed() {
			break
		}
	}
	held := heap() - before
	if !t.Failed() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, large("PutItem"))
		require.Equal(t, http.StatusOK, w.Code, "one who reads")
		require.Less(t, held, int64(clients)*largeBody/4, "their bodies are not kept")
	}
	close(gone)
	for range writing.Load() {
		<-done
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSlowReadersOfLargeAnswers: what answers take until clients have read them
// is bounded for those that only read. Whoever has changed something is told so.
func TestSlowReadersOfLargeAnswers(t *testing.T) {
	const size, most = 256 << 10, 10 // answers at one time
	item := attr.Item{"fill": attr.S(strings.Repeat("f", size))}
	client := clientFunc(func(_ context.Context, in api.Request) (api.Response, error) {
		if _, ok := in.(*api.GetItemInput); ok {
			return &api.GetItemOutput{Item: api.ItemOf(item)}, nil
		}
		return &api.PutItemOutput{Attributes: api.ItemOf(item)}, nil
	})
	h := server.New(client, quiet(server.Options{MaxBufferedBytes: most * (size - 60<<10)})) // 64 KB of each are free
	var writing atomic.Int64
	gone := make(chan struct{})
	var group sync.WaitGroup
	for i := range int64(most) {
		group.Go(func() {
			h.ServeHTTP(stuck{httptest.NewRecorder(), &writing, gone}, call{target: "GetItem", body: "{}"}.request())
		})
		require.Eventually(t, func() bool { return writing.Load() > i }, 10*time.Second, time.Millisecond)
	}
	res, body := do(t, h, call{target: "GetItem", body: "{}"})
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, "%.100s", body)
	require.Contains(t, body, "ServiceUnavailable")
	res, _ = do(t, h, call{target: "PutItem", body: "{}"})
	require.Equal(t, http.StatusOK, res.StatusCode, "it was written")
	close(gone)
	group.Wait()
	for range 2 * most { // what was refused is not charged
		res, body := do(t, h, call{target: "GetItem", body: "{}"})
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.Len(t, body, size+len(`{"Item":{"fill":{"S":""}}}`))
	}
}
