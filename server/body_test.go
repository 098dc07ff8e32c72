package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

// counted counts what is read of a body.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
func (c *counted) Close() error { return nil }

// blanks are n blanks.
func blanks(n int64) io.Reader { return io.LimitReader(blank{}, n) }

type blank struct{}

func (blank) Read(p []byte) (int, error) {
	return copy(p, page), nil
}

var page = strings.Repeat(" ", 32<<10)

func TestBodySize(t *testing.T) {
	const limit = 16 << 20
	h := server.New(noTables, quiet(server.Options{}))
	for name, c := range map[string]struct {
		size   int64
		length int64 // announced
		status int
	}{
		"16 MB":                {limit, limit, 200},
		"16 MB in chunks":      {limit, -1, 200},
		"more":                 {limit + 1, limit + 1, 413},
		"more in chunks":       {limit + 1, -1, 413},
		"much more":            {40 << 20, 40 << 20, 413},
		"less than announced":  {1 << 20, limit, 400},
		"announced beyond all": {100, 1 << 60, 413},
	} {
		t.Run(name, func(t *testing.T) {
			r := call{}.request()
			body := &counted{Reader: io.MultiReader(strings.NewReader("{}"), blanks(c.size-2))}
			r.Body, r.ContentLength = body, c.length
			if name == "less than announced" {
				r.Body = &counted{Reader: io.MultiReader(body, cutOff{})}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code)
			require.GreaterOrEqual(t, body.n, min(c.size, limit+1), "the body is read before it is answered")
			require.LessOrEqual(t, body.n, int64(2*limit+2), "within bounds")
			judge(t, w.Result())
		})
	}
}

// cutOff ends as a connection does that the client closes.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestEveryAnswerComesAfterTheBody: aws-sdk-go-v2 takes an earlier one for a broken connection.
func TestEveryAnswerComesAfterTheBody(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{}))
	for name, c := range map[string]call{
		"host": {host: "evil.example"}, "origin": {headers: []string{"Origin: http://evil.example"}}, "method": {method: "PUT"}, "type": {contentType: "x/y"},
		"target": {target: "x"}, "unsigned": {headers: []string{"Authorization:"}}, "gzip": {headers: []string{"Content-Encoding: gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.request()
			body := &counted{Reader: blanks(3 << 20)}
			r.Body, r.ContentLength = body, 3<<20
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.GreaterOrEqual(t, w.Code, 400)
			require.Equal(t, int64(3<<20), body.n)
		})
	}
}

func TestGzipRequests(t *testing.T) {
	const limit = 64 << 10
	h := server.New(noTables, quiet(server.Options{MaxBodyBytes: limit}))
	encoded := []string{"Content-Encoding: gzip"}
	pad := func(n int) string { return "{}" + strings.Repeat(" ", n-2) }
	for name, c := range map[string]struct {
		call   call
		status int
		body   string
	}{
		"small":           {call{body: zipped(t, "{}"), headers: encoded}, 200, empty},
		"in two members":  {call{body: zipped(t, "{") + zipped(t, "}"), headers: encoded}, 200, empty},
		"in capitals":     {call{body: zipped(t, "{}"), headers: []string{"Content-Encoding: GZIP"}}, 200, empty},
		"at the limit":    {call{body: zipped(t, pad(limit)), headers: encoded}, 200, empty},
		"over it":         {call{body: zipped(t, pad(limit+1)), headers: encoded}, 413, ""},
		"a bomb":          {call{body: zipped(t, pad(40<<20)), headers: encoded}, 413, ""},
		"without an end":  {call{body: zipped(t, "")[:10] + strings.Repeat("\x00\x00\x00\xff\xff", limit/5+1), headers: encoded}, 413, ""}, // blocks of nothing
		"cut off later":   {call{body: zipped(t, "")[:10] + strings.Repeat("\x00\x00\x00\xff\xff", 100), headers: encoded}, 400, serialization},
		"of another kind": {call{body: "{}", headers: []string{"Content-Encoding: gzip", "Content-Type: text/plain"}}, 404, "<UnknownOperationException/>\n"},
		"nothing":         {call{headers: encoded}, 400, serialization},
		"not gzip":        {call{body: "{}", headers: encoded}, 400, serialization},
		"cut off":         {call{body: zipped(t, pad(1000))[:20], headers: encoded}, 400, serialization},
		"damaged":         {call{body: strings.Replace(zipped(t, "{}"), "}", "]", 1)[:20] + "xxxx", headers: encoded}, 400, serialization},
		"another coding":  {call{body: zipped(t, "{}"), headers: []string{"Content-Encoding: br"}}, 400, serialization},
		"identity":        {call{body: "{}", headers: []string{"Content-Encoding: identity"}}, 200, empty},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second finds used buffers
				res, body := do(t, h, c.call)
				require.Equal(t, c.status, res.StatusCode)
				require.Equal(t, c.body, body)
			}
		})
	}
}

func TestGzipAnswers(t *testing.T) {
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprintf("table-number-%d", i)
	}
	h := server.New(clientFunc(func(_ context.Context, in api.Request) (api.Response, error) {
		if n := *in.(*api.ListTablesInput).Limit; int(n) < len(names) {
			return &api.ListTablesOutput{TableNames: names[:n]}, nil
		}
		return &api.ListTablesOutput{TableNames: names}, nil
	}), quiet(server.Options{}))
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "GZIP": "gzip", "deflate, gzip;q=1.0, *;q=0.5": "gzip", "gzip;q=0": "", "gzip; q=0.0": "", "br": "", "gzipped": "",
	} {
		res, body := do(t, h, call{body: `{"Limit":100}`, headers: []string{"Accept-Encoding: " + accept}})
		require.Equal(t, want, res.Header.Get("Content-Encoding"), accept)
		require.Contains(t, body, `"table-number-99"]}`)
		res, _ = do(t, h, call{body: `{"Limit":1}`, headers: []string{"Accept-Encoding: " + accept}})
		require.Empty(t, res.Header.Get("Content-Encoding"), "too small")
	}
}

// TestBufferedBodies: many large bodies at a time are refused, and try again when there is room.
func TestBufferedBodies(t *testing.T) {
	const large = 1 << 20
	started, goOn := make(chan struct{}), make(chan struct{})
	h := server.New(clientFunc(func(context.Context, api.Request) (api.Response, error) {
		started <- struct{}{}
		<-goOn
		return &api.ListTablesOutput{}, nil
	}), quiet(server.Options{MaxBufferedBytes: 2 * large}))
	body := "{}" + strings.Repeat(" ", large)
	done := make(chan int)
	for range 2 {
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, call{body: body}.request())
			done <- w.Code
		}()
		<-started
	}
	res, text := do(t, h, call{body: body})
	require.Equal(t, 503, res.StatusCode)
	require.Contains(t, text, "ServiceUnavailable")
	go func() { // a small one is always taken
		w := httptest.NewRecorder()
		h.ServeHTTP(w, call{body: "{}"}.request())
		done <- w.Code
	}()
	<-started
	close(goOn)
	for range 3 {
		require.Equal(t, 200, <-done)
	}
	go func() { <-started }()
	res, _ = do(t, h, call{body: body})
	require.Equal(t, 200, res.StatusCode)
}

// TestAnnouncedBodiesCostNothing: memory follows what has come, not what was announced.
func TestAnnouncedBodiesCostNothing(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{}))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		r := call{}.request()
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(bytes.NewReader([]byte("{}")), cutOff{})), 16<<20
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusBadRequest, w.Code)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
}

// TestRefusedBodyHoldsNothing: what was refused leaves its room to others while its client is still sending.
func TestRefusedBodyHoldsNothing(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{MaxBufferedBytes: 2 << 20}))
	rest, client := io.Pipe()
	r := call{}.request()
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("{}"), blanks(4<<20), rest)), 16<<20
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		done <- w.Code
	}()
	_, err := client.Write([]byte(" ")) // returns when it has been read: the body is drained
	require.NoError(t, err)
	res, _ := do(t, h, call{body: "{}" + strings.Repeat(" ", 1<<20)})
	require.Equal(t, 200, res.StatusCode)
	require.NoError(t, client.Close())
	require.Equal(t, 503, <-done)
}

// stored is a call whose body of so many bytes came compressed, and hardly smaller.
func stored(t *testing.T, size int) call {
	t.Helper()
	return call{body: packed(t, "{}"+strings.Repeat(" ", size-2)), headers: []string{"Content-Encoding: gzip"}}
}

// TestSmallBodiesAreNotCounted: neither one of unknown length nor one that came compressed.
func TestSmallBodiesAreNotCounted(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{MaxBufferedBytes: 1}))
	res, _ := do(t, h, stored(t, 30<<10))
	require.Equal(t, 200, res.StatusCode)
	r := call{}.request()
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("{}"), blanks(30<<10))), -1
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	res, _ = do(t, h, call{body: "{}" + strings.Repeat(" ", 80<<10)})
	require.Equal(t, 503, res.StatusCode, "the control")
}

// TestCompressedBodyIsGivenBack: while a request is served, its body counts once.
func TestCompressedBodyIsGivenBack(t *testing.T) {
	started, goOn := make(chan struct{}), make(chan struct{})
	// To read one takes 230 KB and 450 KB; when it is read, 450 KB are left.
	h := server.New(clientFunc(func(context.Context, api.Request) (api.Response, error) {
		started <- struct{}{}
		<-goOn
		return &api.ListTablesOutput{}, nil
	}), quiet(server.Options{MaxBufferedBytes: 1250 << 10}))
	c := stored(t, 300<<10)
	done := make(chan int)
	for range 2 {
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, c.request())
			done <- w.Code
		}()
		select {
		case <-started:
		case status := <-done:
			close(goOn)
			require.Equal(t, 200, status)
		}
	}
	res, _ := do(t, h, c)
	require.Equal(t, 503, res.StatusCode, "the control")
	close(goOn)
	for range 2 {
		require.Equal(t, 200, <-done)
	}
}

// TestRequestsKeepTheirTexts: no later body comes into memory that a request has, whatever their sizes.
func TestRequestsKeepTheirTexts(t *testing.T) {
	var names []*string
	h := server.New(clientFunc(func(_ context.Context, in api.Request) (api.Response, error) {
		names = append(names, in.(*api.DescribeTableInput).TableName)
		return &api.DescribeTableOutput{}, nil
	}), quiet(server.Options{}))
	sizes := []int{100, 40 << 10, 65000, 65536, 65537, 65600, 66030, 66048, 66049, 70000, 300 << 10}
	for n, size := range sizes {
		body := fmt.Sprintf(`{"TableName":"table%d"`, n)
		body += strings.Repeat(" ", size-len(body)-1) + "}"
		res, _ := do(t, h, call{target: "DescribeTable", body: body})
		require.Equal(t, 200, res.StatusCode)
		do(t, h, call{body: strings.Repeat("x", 60000)}) // in the buffer that is there
	}
	for n := range sizes {
		require.Equal(t, fmt.Sprint("table", n), *names[n], "a body of %d bytes", sizes[n])
	}
}

// TestCompressedBodyIsNotKept: while a request is served, its body is in memory once, decompressed.
func TestCompressedBodyIsNotKept(t *testing.T) {
	const size = 8_000_000
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var during int64
	h := server.New(clientFunc(func(context.Context, api.Request) (api.Response, error) {
		during = live()
		return &api.ListTablesOutput{}, nil
	}), quiet(server.Options{}))
	r := stored(t, size).request()
	before := live()
	h.ServeHTTP(httptest.NewRecorder(), r)
	require.Less(t, during-before, int64(size*3/2))
	require.Greater(t, during-before, int64(size/2), "the control")
	runtime.KeepAlive(r)
}
