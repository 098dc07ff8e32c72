package server_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

// crowd counts how many requests it serves at one time.
type crowd struct {
	now, most atomic.Int64
	full      chan struct{} // closed when there are as many as there may be
	once      sync.Once
	limit     int64
}

func (c *crowd) Serve(ctx context.Context, _ api.Request) (api.Response, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	if n == c.limit {
		c.once.Do(func() { close(c.full) })
	}
	select {
	case <-c.full:
	case <-ctx.Done():
	}
	return &api.PutItemOutput{}, nil
}

// TestLargeBodiesTakeTurns: eight bodies of 10 MB are not decoded at one time,
// since 32 MB of them may be; small ones are not held up.
func TestLargeBodiesTakeTurns(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  int
		limit int64 // how many may be served at one time
	}{{"large", 10 << 20, 2}, {"small", 1 << 10, 8}} {
		t.Run(c.name, func(t *testing.T) {
			client := &crowd{full: make(chan struct{}), limit: c.limit}
			h := server.New(client, nil)
			body := append([]byte(`{"TableName":"tab","Item":{}`), bytes.Repeat([]byte{' '}, c.size)...)
			body = append(body, '}')
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // they would wait for each other
			defer cancel()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/", bytes.NewReader(body))
					r.Header.Set("Content-Type", "application/x-amz-json-1.0")
					r.Header.Set("X-Amz-Target", "DynamoDB_20120810.PutItem")
					r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20261122/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
					r.Header.Set("X-Amz-Date", "20261122T000000Z")
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						t.Errorf("status %d: %s", w.Code, w.Body)
					}
				})
			}
			wg.Wait()
			require.Equal(t, c.limit, client.most.Load())
		})
	}
}
