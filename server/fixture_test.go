package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

// clientFunc is a Client.
type clientFunc func(ctx context.Context, in api.Request) (api.Response, error)

func (f clientFunc) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	return f(ctx, in)
}

// noTables answers ListTables, and everything else as an unknown table.
var noTables = clientFunc(func(_ context.Context, in api.Request) (api.Response, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	if _, ok := in.(*api.ListTablesInput); ok {
		return &api.ListTablesOutput{TableNames: []string{}}, nil
	}
	return nil, &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found"}
})

const (
	date      = "20261122T131415Z"
	signature = "AWS4-HMAC-SHA256 Credential=any/20261122/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
)

// call is a request that is well-formed but for what a case changes.
type call struct {
	method, url, host string
	target            string // an operation's name; with a dot, the whole header; "-" is none
	contentType       string
	body              string
	headers           []string // "Name: value"; "Name:" removes it
}

func (c call) request() *http.Request {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	r := httptest.NewRequest(or(c.method, "POST"), or(c.url, "/"), strings.NewReader(c.body))
	r.Host = or(c.host, "localhost:8000")
	switch {
	case c.target == "-":
	case strings.Contains(c.target, "."):
		r.Header.Set("X-Amz-Target", c.target)
	default:
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+or(c.target, "ListTables"))
	}
	r.Header.Set("Content-Type", or(c.contentType, "application/x-amz-json-1.0"))
	r.Header.Set("X-Amz-Date", date)
	r.Header.Set("Authorization", signature)
	for _, h := range c.headers {
		name, value, _ := strings.Cut(h, ":")
		if value = strings.TrimSpace(value); value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	return r
}

// do serves a call, and proves what is true of every answer.
func do(t *testing.T, h http.Handler, c call) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, c.request())
	res := w.Result()
	body := judge(t, res)
	return res, body
}

// judge reads an answer and proves its checksum and id; it returns the body, decompressed.
func judge(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Regexp(t, "^[0-9A-Z]{52}$", res.Header.Get("X-Amzn-Requestid"))
	if len(body) > 0 {
		require.Equal(t, strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10), res.Header.Get("X-Amz-Crc32"))
	}
	require.Equal(t, strconv.Itoa(len(body)), res.Header.Get("Content-Length"))
	if res.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		body, err = io.ReadAll(unzip)
		require.NoError(t, err)
	}
	return string(body)
}

func zipped(t testing.TB, body string) string { return zippedAt(t, body, gzip.DefaultCompression) }

// packed returns body in gzip's form, and no smaller.
func packed(t testing.TB, body string) string { return zippedAt(t, body, gzip.NoCompression) }

func zippedAt(t testing.TB, body string, level int) string {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = z.Write([]byte(body))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

// quiet keeps the log out of the tests' output.
func quiet(o server.Options) *server.Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &o
}

// logged returns a Logger, and what was logged.
func logged(level slog.Level) (*slog.Logger, func() string) {
	var b lockedBuffer
	return slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level})), b.String
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
