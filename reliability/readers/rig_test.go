package readers_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/internal/remote"
	"github.com/statordb/stator/reliability/readers"
	"github.com/statordb/stator/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// row is an item of 1 KB that writers overwrite.
type row struct {
	ID   string `dynamodbav:"id" stator:"hash"`
	N    int    `dynamodbav:"n"`
	Fill string `dynamodbav:"fill"`
}

// part is an item of 10 KB that readers read: a hundred make a page of 1 MB.
type part struct {
	Book string `dynamodbav:"book" stator:"hash"`
	N    int    `dynamodbav:"n" stator:"range"`
	Fill string `dynamodbav:"fill"`
}

const (
	rows  = 500
	parts = 120
)

// rig is a database in a file whose snapshots are measured.
type rig struct {
	t     *testing.T
	path  string
	views *readers.Views
	db    *stator.DB
	rows  stator.TableOf[row]
	books stator.TableOf[part]
}

func newRig(t *testing.T, o *boltkv.Options) *rig {
	t.Helper()
	g := &rig{t: t, path: filepath.Join(t.TempDir(), "app.db")}
	store, err := boltkv.Open(g.path, o)
	require.NoError(t, err)
	g.views = readers.Watch(store)
	g.db, err = stator.OpenStore(g.views, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.db.Close() })
	ctx := t.Context()
	g.rows, err = stator.CreateTableFor[row](ctx, g.db, "rows")
	require.NoError(t, err)
	g.books, err = stator.CreateTableFor[part](ctx, g.db, "books", stator.Stream(api.StreamViewTypeNewAndOldImages))
	require.NoError(t, err)
	_, err = g.rows.Import(ctx, func(yield func(row) bool) {
		for i := 0; i < rows && yield(newRow(i, 0)); i++ {
		}
	})
	require.NoError(t, err)
	_, err = g.books.Import(ctx, func(yield func(part) bool) {
		for i := 0; i < parts && yield(part{Book: "b", N: i, Fill: strings.Repeat("f", 10_000)}); i++ {
		}
	})
	require.NoError(t, err)
	g.views.Reset()
	return g
}

func (g *rig) check(err error) {
	if err != nil {
		g.t.Error(err)
	}
}

func (g *rig) put(ctx context.Context, i, n int) error {
	return g.rows.Put(ctx, newRow(i, n))
}

func newRow(i, n int) row {
	return row{ID: fmt.Sprintf("r%05d", i%rows), N: n, Fill: strings.Repeat("f", 1000)}
}

// close closes the database and returns how much of its file is in use. A file
// grows in steps; this counts its pages, used or free.
func (g *rig) close() int64 {
	g.t.Helper()
	require.NoError(g.t, g.db.Close())
	db, err := bolt.Open(g.path, 0o600, &bolt.Options{ReadOnly: true})
	require.NoError(g.t, err)
	var size int64
	require.NoError(g.t, db.View(func(tx *bolt.Tx) error { size = tx.Size(); return nil }))
	require.NoError(g.t, db.Close())
	return size
}

// served is a server on loopback.
type served struct {
	addr string
	http *http.Server
	done chan error

	mu    sync.Mutex
	state map[net.Conn]http.ConnState
	over  int // connections
}

// serve starts what server.Serve would, with a count of the connections.
func serve(t *testing.T, h http.Handler, o *server.ServeOptions) *served {
	t.Helper()
	if o == nil {
		o = &server.ServeOptions{}
	}
	o.Logger = slog.New(slog.DiscardHandler)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &served{addr: l.Addr().String(), http: server.HTTPServer(h, o), done: make(chan error, 1), state: map[net.Conn]http.ConnState{}}
	s.http.ConnState = func(c net.Conn, to http.ConnState) {
		if to == http.StateNew {
			// On loopback the kernel takes megabytes from the server before anybody reads a byte.
			_ = c.(*net.TCPConn).SetWriteBuffer(16 << 10)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.state[c] = to; to == http.StateClosed {
			delete(s.state, c)
			s.over++
		}
	}
	go func() { s.done <- s.http.Serve(l) }()
	return s
}

func (s *served) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, s.http.Close())
	require.ErrorIs(t, <-s.done, http.ErrServerClosed)
}

// active returns how many connections have a request that is not answered.
func (s *served) active() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.state {
		if state == http.StateActive {
			n++
		}
	}
	return n
}

// ended returns how many connections are closed.
func (s *served) ended() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

func handler(c api.Client) http.Handler {
	return server.New(c, &server.Options{AllowUnsigned: true, Logger: slog.New(slog.DiscardHandler)})
}

// requests are those of slow clients, whose answers have 1 MB.
func (g *rig) requests() []readers.Request {
	const dynamo = "DynamoDB_20120810."
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = fmt.Sprintf(`{"book":{"S":"b"},"n":{"N":"%d"}}`, i)
	}
	return []readers.Request{
		{Operation: dynamo + "Query", Body: `{"TableName":"books","KeyConditionExpression":"book = :b","ExpressionAttributeValues":{":b":{"S":"b"}}}`},
		{Operation: dynamo + "Scan", Body: `{"TableName":"books"}`},
		{Operation: dynamo + "BatchGetItem", Body: `{"RequestItems":{"books":{"Keys":[` + strings.Join(keys, ",") + `]}}}`},
		{Operation: "DynamoDBStreams_20120810.GetRecords", Body: g.iterator()},
		{Operation: dynamo + "PutItem", Body: `{"TableName":"rows","Item":{"id":{"S":"never"},"fill":{"S":"` + strings.Repeat("f", 1000) + `"}}}`, Trickle: true},
	}
}

// iterator returns a request for the records of the shard that has some.
func (g *rig) iterator() string {
	ctx := g.t.Context()
	table, err := api.Do(ctx, g.db, &api.DescribeTableInput{TableName: new("books")})
	require.NoError(g.t, err)
	arn := table.Table.LatestStreamArn
	stream, err := api.Do(ctx, g.db, &api.DescribeStreamInput{StreamArn: arn})
	require.NoError(g.t, err)
	for _, shard := range stream.StreamDescription.Shards {
		it, err := api.Do(ctx, g.db, &api.GetShardIteratorInput{
			StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: new(api.ShardIteratorTypeTrimHorizon),
		})
		require.NoError(g.t, err)
		out, err := api.Do(ctx, g.db, &api.GetRecordsInput{ShardIterator: it.ShardIterator})
		require.NoError(g.t, err)
		if len(out.Records) > 50 {
			return fmt.Sprintf(`{"ShardIterator":%q}`, *it.ShardIterator)
		}
	}
	require.Fail(g.t, "no shard has records")
	return ""
}

// connect lets n slow clients connect, and waits until they are at it: those
// who read have the beginning of an answer, and the server waits for them. They come a few at a time.
func (g *rig) connect(s *served, n int, requests []readers.Request) *readers.Crowd {
	g.t.Helper()
	reading := 0
	c, err := readers.Connect(s.addr, n, time.Second, requests, func(c *readers.Crowd, clients int) {
		if !requests[(clients-1)%len(requests)].Trickle {
			reading++
		}
		if clients%5 == 0 || clients == n {
			require.Eventually(g.t, func() bool { return c.Answering() == reading && s.active() >= clients }, 20*time.Second, time.Millisecond,
				"the clients read, and the server waits for them")
		}
	})
	require.NoError(g.t, err)
	return c
}

// write lets writers overwrite rows for a while, half of them over HTTP, and returns how long each write took.
func (g *rig) write(d time.Duration, addr string) []time.Duration {
	client := remote.New("http://" + addr)
	defer client.Close()
	return g.writeBy(d, func(writer, i int) error {
		if writer%2 == 0 {
			_, err := client.Send(context.Background(), putRow(i))
			return err
		}
		return g.put(context.Background(), i, i)
	})
}

// writeBy lets eight writers call put for a while, each with its own numbers, and returns how long each call took.
func (g *rig) writeBy(d time.Duration, put func(writer, i int) error) []time.Duration {
	g.t.Helper()
	const writers = 8
	took := make([][]time.Duration, writers)
	var group sync.WaitGroup
	end := time.Now().Add(d)
	for w := range writers {
		group.Go(func() {
			for i := w; time.Now().Before(end); i += writers {
				start := time.Now()
				err := put(w, i)
				took[w] = append(took[w], time.Since(start))
				g.check(err)
			}
		})
	}
	group.Wait()
	var all []time.Duration
	for _, d := range took {
		all = append(all, d...)
	}
	return all
}

// putRow is put as a request.
func putRow(i int) *api.PutItemInput {
	return &api.PutItemInput{TableName: new("rows"), Item: api.ItemOf(attr.Item{"id": attr.S(newRow(i, i).ID), "fill": attr.S(newRow(i, i).Fill)})}
}

// overwrite overwrites rows n times, one after the other.
func (g *rig) overwrite(n int) {
	g.t.Helper()
	for i := range n {
		require.NoError(g.t, g.put(g.t.Context(), i*7, i))
	}
}
