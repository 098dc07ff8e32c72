package server_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/bound"
)

// FuzzEnvelope sends any method, address, host, origin and headers: all that is judged before the body is read.
func FuzzEnvelope(f *testing.F) {
	f.Add("POST", "/", "localhost", "https://example.com", "X-Amz-Date", date, signature)
	f.Add("GET", "/metrics", "[::1]:8000", "null", "Access-Control-Request-Method", "POST", "")
	f.Add("OPTIONS", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/d/e&X-Amz-Date=1", "evil.example", "http://"+strings.Repeat("a.", 4000), "Content-Encoding", "gzip, gzip", strings.Repeat("=,", 4000))
	f.Add("POST", "/"+strings.Repeat("%2f", 4000), strings.Repeat("[", 4000), "file://", "Content-Length", "99999999999", "AWS4-HMAC-SHA256 "+strings.Repeat("SignedHeaders=;;,", 2000))
	f.Add("POST", "//", "xn--"+strings.Repeat("é", 2000)+":99999", "http://[::1%25eth0]", "Expect", "100-continue", "AWS4-HMAC-SHA256 Credential="+strings.Repeat("/", 8000))
	h, log := fullStack(f)
	f.Fuzz(func(t *testing.T, method, target, host, origin, name, value, authorization string) {
		bound.Input(t, func() {
			u, err := url.ParseRequestURI(target)
			if err != nil {
				return
			}
			r := &http.Request{Method: method, URL: u, RequestURI: target, Host: host, RemoteAddr: "127.0.0.1:1", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"X-Amz-Target": {"DynamoDB_20120810.ListTables"}, "Content-Type": {"application/x-amz-json-1.0"}, "Origin": {origin}, "Authorization": {authorization}, name: {value}},
				Body:   io.NopCloser(strings.NewReader("{}")), ContentLength: 2}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(t.Context()))
			require.Less(t, w.Code, 500, log())
		})
	})
}

// bomb is a body that is many times as large as it comes.
func bomb(t testing.TB, megabytes int) string {
	var b strings.Builder
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	require.NoError(t, err)
	chunk := make([]byte, 1<<20)
	for range megabytes {
		_, err = z.Write(chunk)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.String()
}

// FuzzCompressed sends any bytes as a body that came compressed, and announces any length.
func FuzzCompressed(f *testing.F) {
	f.Add([]byte(zipped(f, "{}")), int64(-1))
	f.Add([]byte(zipped(f, corpus[5][1])), int64(100<<20))
	f.Add([]byte(bomb(f, 20)), int64(-1))
	f.Add([]byte(bomb(f, 20)), int64(7)) // as what stands before the handler may leave it
	f.Add([]byte(strings.Repeat(zipped(f, ""), 200)), int64(0))
	f.Add([]byte("\x1f\x8b\x08\x1c\x00\x00\x00\x00\x00\x00"+strings.Repeat("a", 64<<10)), int64(1<<62))
	h, log := fullStack(f)
	f.Fuzz(func(t *testing.T, body []byte, announced int64) {
		bound.Input(t, func() {
			r := call{target: "PutItem", headers: []string{"Content-Encoding: gzip"}}.request()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(string(body))), announced
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Less(t, w.Code, 500, log())
		})
	})
}
