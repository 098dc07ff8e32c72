package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

// start serves h until the function that it returns is called, which waits for Serve's error.
func start(t *testing.T, h http.Handler, o server.ServeOptions) (addr string, stop func() error) {
	t.Helper()
	o.Logger, _ = logged(0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, l, h, &o) }()
	return l.Addr().String(), func() error {
		cancel()
		return <-done
	}
}

// raw is a request as bytes.
func raw(host, body string, headers ...string) string {
	return "POST / HTTP/1.1\r\nHost: " + host + "\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Type: application/x-amz-json-1.0\r\n" +
		"X-Amz-Date: " + date + "\r\nAuthorization: " + signature + "\r\n" + strings.Join(append(headers, ""), "\r\n") +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

func dial(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c, bufio.NewReader(c)
}

func TestServe(t *testing.T) {
	defer goleak.VerifyNone(t)
	addr, stop := start(t, server.New(noTables, quiet(server.Options{})), server.ServeOptions{})
	c, r := dial(t, addr)
	for range 3 { // one connection serves many requests, refused ones too
		for _, exchange := range []struct {
			request string
			status  int
		}{
			{raw(addr, "{}"), 200}, {raw(addr, "{"), 400}, {raw("evil.example", "{}"), 403},
			{raw(addr, strings.Repeat(" ", 1<<20)), 400}, {raw("evil.example", strings.Repeat(" ", 1<<20)), 403},
		} {
			_, err := io.WriteString(c, exchange.request)
			require.NoError(t, err)
			res, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			judge(t, res)
			require.Equal(t, exchange.status, res.StatusCode)
			require.False(t, res.Close)
		}
	}
	require.NoError(t, stop())
	_, err := r.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestHeaderSize(t *testing.T) {
	addr, stop := start(t, server.New(noTables, quiet(server.Options{})), server.ServeOptions{})
	for name, c := range map[string]struct{ size, status int }{"15 KB": {15 << 10, 200}, "17 KB": {17 << 10, 431}} {
		t.Run(name, func(t *testing.T) {
			conn, r := dial(t, addr)
			_, err := io.WriteString(conn, raw(addr, "{}", "X-Filler: "+strings.Repeat("x", c.size)))
			require.NoError(t, err)
			res, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			require.Equal(t, c.status, res.StatusCode)
		})
	}
	require.NoError(t, stop())
}

// TestSlowClients: the server hangs up on those that do not get on with it.
func TestSlowClients(t *testing.T) {
	const short = 50 * time.Millisecond
	for name, c := range map[string]struct {
		options server.ServeOptions
		sent    string
		answer  string // its beginning
	}{
		"in the headers": {server.ServeOptions{ReadHeaderTimeout: short}, "POST / HTTP/1.1\r\nHost: localhost\r\nX-", "HTTP/1.1 4"},
		"silent":         {server.ServeOptions{ReadHeaderTimeout: short, IdleTimeout: short}, "", ""},
		"in the body":    {server.ServeOptions{ReadTimeout: short}, strings.TrimSuffix(raw("localhost", "{}"), "}"), "HTTP/1.1 408 Request Timeout\r\n"},
		"idle":           {server.ServeOptions{IdleTimeout: short}, raw("localhost", "{}"), "HTTP/1.1 200 OK\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			addr, stop := start(t, server.New(noTables, quiet(server.Options{})), c.options)
			conn, r := dial(t, addr)
			_, err := io.WriteString(conn, c.sent)
			require.NoError(t, err)
			answer, err := io.ReadAll(r) // until the server hangs up
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(answer), c.answer), "%s", answer)
			require.NoError(t, stop())
		})
	}
	t.Run("in the answer", func(t *testing.T) {
		names := make([]string, 1<<20)
		big := clientFunc(func(context.Context, api.Request) (api.Response, error) {
			return &api.ListTablesOutput{TableNames: names}, nil // more than the buffers of the sockets hold
		})
		served := make(chan struct{})
		h := server.New(big, quiet(server.Options{}))
		addr, stop := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range 4 {
				h.ServeHTTP(w, r.Clone(r.Context()))
			}
			close(served)
		}), server.ServeOptions{WriteTimeout: short})
		conn, _ := dial(t, addr)
		_, err := io.WriteString(conn, raw("localhost", "{}"))
		require.NoError(t, err)
		<-served // although nobody reads
		require.NoError(t, stop())
	})
}

// TestShutdown finishes what was accepted.
func TestShutdown(t *testing.T) {
	defer goleak.VerifyNone(t)
	started, goOn := make(chan struct{}), make(chan struct{})
	h := server.New(clientFunc(func(ctx context.Context, _ api.Request) (api.Response, error) {
		close(started)
		<-goOn
		return &api.ListTablesOutput{TableNames: []string{}}, ctx.Err()
	}), quiet(server.Options{}))
	addr, stop := start(t, h, server.ServeOptions{})
	conn, r := dial(t, addr)
	_, err := io.WriteString(conn, raw("localhost", "{}"))
	require.NoError(t, err)
	<-started
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	require.Eventually(t, func() bool { // no new connections
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond)
	select {
	case err := <-stopped:
		require.Fail(t, "Serve returned before the last answer", "%v", err)
	default:
	}
	close(goOn)
	res, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, empty, judge(t, res))
	require.NoError(t, <-stopped)
}

// TestGrace cuts off what takes too long.
func TestGrace(t *testing.T) {
	started, gone := make(chan struct{}), make(chan struct{})
	h := server.New(clientFunc(func(ctx context.Context, _ api.Request) (api.Response, error) {
		close(started)
		<-ctx.Done()
		close(gone)
		return nil, ctx.Err()
	}), quiet(server.Options{}))
	addr, stop := start(t, h, server.ServeOptions{Grace: time.Millisecond})
	conn, _ := dial(t, addr)
	_, err := io.WriteString(conn, raw("localhost", "{}"))
	require.NoError(t, err)
	<-started
	require.ErrorContains(t, stop(), "cut off")
	<-gone
}

func TestServeFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.ErrorIs(t, server.Serve(t.Context(), l, server.New(noTables, nil), nil), net.ErrClosed)
}

func TestTLS(t *testing.T) {
	borrowed := httptest.NewUnstartedServer(nil)
	borrowed.StartTLS()
	defer borrowed.Close()
	addr, stop := start(t, server.New(noTables, quiet(server.Options{})), server.ServeOptions{TLS: &tls.Config{Certificates: borrowed.TLS.Certificates}})
	req := call{body: "{}"}.request()
	req.URL.Scheme, req.URL.Host, req.RequestURI = "https", addr, ""
	res, err := borrowed.Client().Do(req)
	require.NoError(t, err)
	require.Equal(t, empty, judge(t, res))
	require.Equal(t, "HTTP/1.1", res.Proto)
	require.NoError(t, res.Body.Close())
	borrowed.Client().CloseIdleConnections()
	require.NoError(t, stop())
}

func Example() {
	noTables := clientFunc(func(context.Context, api.Request) (api.Response, error) {
		return &api.ListTablesOutput{TableNames: []string{"orders"}}, nil
	})
	h := server.New(noTables, &server.Options{AllowUnsigned: true})

	s := httptest.NewServer(h)
	defer s.Close()
	req, _ := http.NewRequest(http.MethodPost, s.URL, strings.NewReader("{}"))
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	res, _ := http.DefaultClient.Do(req)
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	fmt.Println(res.Status, string(body))
	// Output: 200 OK {"TableNames":["orders"]}
}
