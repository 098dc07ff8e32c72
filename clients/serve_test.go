package clients_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/server"
)

// region is what the clients are told; it comes back in ARNs.
const region = "eu-central-1"

// serve starts a server with an empty database on a loopback port, for as long
// as the test runs, and returns its URL. Each wrap goes around the handler.
func serve(t testing.TB, wrap ...func(http.Handler) http.Handler) string {
	db, err := stator.OpenMemory(&stator.Options{Region: region})
	require.NoError(t, err)
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var h http.Handler = server.New(db, &server.Options{Logger: log})
	for _, w := range wrap {
		h = w(h)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l, h, &server.ServeOptions{Logger: log}) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
		require.NoError(t, db.Close())
	})
	return "http://" + l.Addr().String()
}

// testLog fails the test for whatever the server warns of: a 5xx, a panic, a broken connection.
type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Errorf("the server logged: %s", bytes.TrimSpace(line))
	return len(line), nil
}

// config is an SDK configuration as a program has it, but for the address. The
// logger matters: a wrong checksum is no error to the SDK, only a warning.
func config(t testing.TB, url string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(url),
		Logger: logging.LoggerFunc(func(kind logging.Classification, format string, args ...any) {
			t.Errorf("the SDK logged: %s %s", kind, fmt.Sprintf(format, args...))
		}),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
}

func connect(t testing.TB, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.NewFromConfig(config(t, serve(t)), options...)
}

// traffic counts what passes a server, by operation.
type traffic struct {
	mu       sync.Mutex
	requests map[string]int
	gzipped  map[string]int // answers
}

func (c *traffic) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.requests == nil {
			c.requests, c.gzipped = map[string]int{}, map[string]int{}
		}
		c.requests[op]++
		if w.Header().Get("Content-Encoding") == "gzip" {
			c.gzipped[op]++
		}
	})
}

func (c *traffic) of(op string) (requests, gzipped int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests[op], c.gzipped[op]
}

// answer is an answer on its way out, which a fault changes.
type answer struct {
	op     string
	status int
	header http.Header
	body   []byte
}

// faulty makes a server wrong: each answer passes change, and its checksum is made
// right again unless change says that it is to be wrong too.
func faulty(change func(*answer)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Accept-Encoding")
			held := &holder{header: w.Header(), status: http.StatusOK}
			next.ServeHTTP(held, r)
			_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
			a := &answer{op: op, status: held.status, header: w.Header(), body: held.body.Bytes()}
			a.header.Del("X-Amz-Crc32")
			change(a)
			a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
			if a.header.Get("X-Amz-Crc32") == "" {
				a.header.Set("X-Amz-Crc32", checksum(a.body))
			}
			w.WriteHeader(a.status)
			_, _ = w.Write(a.body)
		})
	}
}

func checksum(body []byte) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)
}

type holder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *holder) Header() http.Header         { return h.header }
func (h *holder) WriteHeader(status int)      { h.status = status }
func (h *holder) Write(b []byte) (int, error) { return h.body.Write(b) }

// failing answers 500 to the first n requests of an operation, unheard by the database.
func failing(op string, n int) func(http.Handler) http.Handler {
	var mu sync.Mutex
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			fail := n > 0 && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+op)
			if fail {
				n--
			}
			mu.Unlock()
			if !fail {
				next.ServeHTTP(w, r)
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			const body = `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"The request processing has failed"}`
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.Header().Set("X-Amz-Crc32", checksum([]byte(body)))
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, body)
		})
	}
}

// The ways in which a server can be wrong that clients must notice. Checksums are
// looked at by some clients alone.
const (
	wrongTypes     = "wrong types of errors"
	lostPages      = "lost pages"
	wrongChecksums = "wrong checksums"
)

var faults = map[string]func(*answer){
	wrongTypes: func(a *answer) {
		a.body = bytes.ReplaceAll(a.body, []byte("ConditionalCheckFailedException"), []byte("ValidationException"))
	},
	lostPages: func(a *answer) {
		a.body = bytes.ReplaceAll(a.body, []byte(`"LastEvaluatedKey"`), []byte(`"Lost"`))
	},
	wrongChecksums: func(a *answer) {
		if a.op == "GetItem" {
			a.header.Set("X-Amz-Crc32", "12345")
		}
	},
}
