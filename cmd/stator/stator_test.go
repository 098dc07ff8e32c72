package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
)

// TestMain lets the test binary be the command, for tests that need a process. Otherwise
// it fails when a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	switch os.Getenv("STATOR_TEST_COMMAND") {
	case "1":
		main()
	case "floor":
		if err := canned(); err != nil {
			panic(err)
		}
	default:
		goleak.VerifyTestMain(m)
	}
}

// output is what a command prints, readable while it runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

var listening = regexp.MustCompile(`Listening on (https?)://(\S+)`)

// address waits until the command serves.
func (o *output) address(t *testing.T) string {
	t.Helper()
	var found []string
	require.Eventually(t, func() bool {
		found = listening.FindStringSubmatch(o.String())
		return found != nil
	}, 20*time.Second, time.Millisecond, "%s", o)
	return found[2]
}

// command is a run in the background.
type command struct {
	stdout, stderr output
	stop           context.CancelFunc
	code           chan int
}

func background(t *testing.T, args ...string) *command {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &command{stop: cancel, code: make(chan int, 1)}
	go func() { c.code <- run(ctx, args, &c.stdout, &c.stderr) }()
	t.Cleanup(cancel)
	return c
}

const signature = "AWS4-HMAC-SHA256 Credential=any/20261122/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

// post sends one request and returns the answer.
func post(t *testing.T, addr, operation, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Date", "20261122T131415Z")
	req.Header.Set("Authorization", signature)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

const createUsers = `{"TableName":"users","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`

func TestServeFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.db")
	// Flags may stand on both sides of the file.
	c := background(t, "serve", "--region", "eu-central-1", file, "--addr", "127.0.0.1:0", "--account-id=123456789012", "--log-level=debug", "--log-format", "json")
	addr := c.stdout.address(t)
	require.Contains(t, c.stdout.String(), "Serving "+file+" (region eu-central-1, account 123456789012)")
	require.Contains(t, c.stdout.String(), "AWS_ENDPOINT_URL_DYNAMODB=http://"+addr+"\n  aws dynamodb list-tables")

	status, body := post(t, addr, "CreateTable", createUsers)
	require.Equal(t, 200, status, body)
	require.Contains(t, body, "arn:aws:dynamodb:eu-central-1:123456789012:table/users")
	status, body = post(t, addr, "PutItem", `{"TableName":"users","Item":{"id":{"S":"ada"},"n":{"N":"1"}}}`)
	require.Equal(t, 200, status, body)
	c.stop()
	require.Equal(t, 0, <-c.code, c.stderr.String())
	require.Contains(t, c.stderr.String(), `"operation":"PutItem","table":"users","status":200,"duration":`)
	require.Contains(t, c.stderr.String(), "stopping")

	c = background(t, "serve", file, "--addr", "127.0.0.1:0")
	addr = c.stdout.address(t)
	status, body = post(t, addr, "GetItem", `{"TableName":"users","Key":{"id":{"S":"ada"}}}`)
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"Item":{"id":{"S":"ada"},"n":{"N":"1"}}}`, body)
	c.stop()
	require.Equal(t, 0, <-c.code)
	require.NotContains(t, c.stderr.String(), "GetItem", "not at the level info")
}

// TestServeFinishes: a request that was accepted before the interrupt is served, and is in the file.
func TestServeFinishes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.db")
	c := background(t, "serve", file, "--addr", "127.0.0.1:0")
	addr := c.stdout.address(t)
	status, body := post(t, addr, "CreateTable", createUsers)
	require.Equal(t, 200, status, body)

	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	put := `{"TableName":"users","Item":{"id":{"S":"late"}}}`
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/", strings.NewReader(put))
	require.NoError(t, err)
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: "+addr+"\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Type: application/x-amz-json-1.0\r\n"+
		"X-Amz-Date: 20261122T131415Z\r\nAuthorization: "+signature+"\r\nExpect: 100-continue\r\nContent-Length: 48\r\n\r\n")
	require.NoError(t, err)
	require.Len(t, put, 48)
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n') // the handler has begun to read
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = r.ReadString('\n')
	require.NoError(t, err)

	c.stop()
	require.Eventually(t, func() bool {
		other, err := net.Dial("tcp", addr)
		if err == nil {
			_ = other.Close()
		}
		return err != nil
	}, 20*time.Second, time.Millisecond, "no new connections")
	_, err = io.WriteString(conn, put)
	require.NoError(t, err)
	res, err := http.ReadResponse(r, req)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 0, <-c.code, c.stderr.String())

	db, err := stator.Open(file, nil)
	require.NoError(t, err)
	item, err := db.Table("users").Get(t.Context(), stator.Key("late"))
	require.NoError(t, err)
	require.Len(t, item, 1)
	require.NoError(t, db.Close())
}

// TestInterrupt sends a real signal to a real process.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: there is no SIGTERM on Windows")
	}
	var stdout, stderr output
	cmd := exec.Command(os.Args[0], "serve", "--memory", "--addr", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "STATOR_TEST_COMMAND=1")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	addr := stdout.address(t)
	status, body := post(t, addr, "ListTables", "{}")
	require.Equal(t, 200, status)
	require.Equal(t, `{"TableNames":[]}`, body)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), stderr.String())
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	fresh := filepath.Join(dir, "never.db")
	locked := filepath.Join(dir, "locked.db")
	db, err := stator.Open(locked, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	damaged := filepath.Join(dir, "damaged.db")
	require.NoError(t, os.WriteFile(damaged, bytes.Repeat([]byte("not a database. "), 4096), 0o600))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	none := "127.0.0.1:0"

	for name, c := range map[string]struct {
		args   []string
		code   int
		stdout string // a part
		stderr string // a part
	}{
		"nothing":             {nil, 2, "", "Usage:"},
		"help":                {[]string{"help"}, 0, "stator serve FILE", ""},
		"help of serve":       {[]string{"help", "serve"}, 0, "-allow-remote", ""},
		"serve -h":            {[]string{"serve", "-h"}, 0, "-allow-remote", ""},
		"version":             {[]string{"version"}, 0, runtime.Version(), ""},
		"unknown command":     {[]string{"sreve"}, 2, "", `there is no command "sreve"`},
		"unknown flag":        {[]string{"serve", "--memroy"}, 2, "", "flag provided but not defined: -memroy; stator help serve lists the flags"},
		"nothing to serve":    {[]string{"serve"}, 2, "", "say what to serve: a file, or --memory"},
		"file and memory":     {[]string{"serve", fresh, "--memory"}, 2, "", "either the file"},
		"two files":           {[]string{"serve", "a", "b"}, 2, "", "one file is served at a time, not a, b"},
		"bad level":           {[]string{"serve", "--memory", "--log-level", "loud"}, 2, "", `invalid value "loud"`},
		"bad size":            {[]string{"serve", fresh, "--max-size", "big"}, 2, "", `invalid value "big" for flag -max-size: want a size such as 500MB`},
		"no size":             {[]string{"serve", fresh, "--max-size", "none"}, 2, "", "--max-size is none"},
		"small size":          {[]string{"serve", fresh, "--addr", "127.0.0.1:0", "--max-size", "5KB"}, 1, "", "MaxSizeBytes is 5000"},
		"large reserve":       {[]string{"serve", fresh, "--addr", "127.0.0.1:0", "--max-size", "2MiB", "--reserve", "1.5MiB"}, 1, "", "ReserveBytes is 1572864"},
		"size of memory":      {[]string{"serve", "--memory", "--reserve", "none"}, 2, "", "--max-size and --reserve are for a file"},
		"bad format":          {[]string{"serve", "--memory", "--log-format", "xml"}, 2, "", `--log-format is "xml", want text or json`},
		"bad address":         {[]string{"serve", "--memory", "--addr", "8000"}, 2, "", `--addr is "8000", want host:port`},
		"remote":              {[]string{"serve", "--memory", "--addr", "0.0.0.0:0"}, 2, "", "say --allow-remote"},
		"remote, every":       {[]string{"serve", "--memory", "--addr", ":0"}, 2, "", "say --allow-remote"},
		"remote, IPv6":        {[]string{"serve", "--memory", "--addr", "[::]:0"}, 2, "", "say --allow-remote"},
		"remote, by name":     {[]string{"serve", "--memory", "--addr", "example.com:0"}, 2, "", "say --allow-remote"},
		"certificate alone":   {[]string{"serve", "--memory", "--tls-cert", "x"}, 2, "", "--tls-cert and --tls-key go together"},
		"no certificate":      {[]string{"serve", "--memory", "--tls-cert", fresh, "--tls-key", fresh}, 1, "", "read the certificate"},
		"negative grace":      {[]string{"serve", "--memory", "--grace", "-1s"}, 2, "", "--grace is -1s"},
		"bad region":          {[]string{"serve", "--memory", "--addr", none, "--region", "EU!"}, 1, "", "Region is"},
		"bad account":         {[]string{"serve", "--memory", "--addr", none, "--account-id", "1"}, 1, "", "12 digits"},
		"port taken":          {[]string{"serve", fresh, "--addr", taken.Addr().String()}, 4, "", "is a server running there already?"},
		"locked":              {[]string{"serve", locked, "--addr", none}, 3, "", "locked.db is in use by another process"},
		"damaged":             {[]string{"serve", damaged, "--addr", none}, 5, "", "damaged.db is damaged, or not a Stator database; it was left as it is"},
		"no folder":           {[]string{"serve", filepath.Join(dir, "none", "x.db"), "--addr", none}, 1, "", "none"},
		"a folder, no file":   {[]string{"serve", dir, "--addr", none}, 1, "", "stator: serve: "},
		"nothing to help for": {[]string{"help", "nothing"}, 0, "Usage:", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr output
			code := run(t.Context(), c.args, &stdout, &stderr)
			require.Equal(t, c.code, code, stderr.String())
			require.Contains(t, stdout.String(), c.stdout)
			require.Contains(t, stderr.String(), c.stderr)
			if c.stdout == "" {
				require.Empty(t, stdout.String())
			} else {
				require.Empty(t, stderr.String())
			}
		})
	}
	_, err = os.Stat(fresh)
	require.ErrorIs(t, err, os.ErrNotExist, "a mistake creates no file")
}

func TestAllowRemote(t *testing.T) {
	c := background(t, "serve", "--memory", "--addr", "0.0.0.0:0", "--allow-remote", "--host", "db.internal, db.test")
	addr := c.stdout.address(t)
	require.Contains(t, c.stdout.String(), "Other machines can connect")
	require.True(t, strings.HasPrefix(addr, "localhost:"), addr)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	for host, want := range map[string]int{"db.internal": 200, "db.test:8000": 200, "127.0.0.1:" + port: 200, "evil.example": 403, "0.0.0.0:" + port: 403} {
		req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/", nil)
		require.NoError(t, err)
		req.Host, req.Close = host, true
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode, host)
	}
	c.stop()
	require.Equal(t, 0, <-c.code)
}

// TestGraceEnds: who takes longer is cut off, and the exit code says so.
func TestGraceEnds(t *testing.T) {
	c := background(t, "serve", "--memory", "--addr", "127.0.0.1:0", "--grace", "0s")
	conn, err := net.Dial("tcp", c.stdout.address(t))
	require.NoError(t, err)
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 48\r\n\r\n")
	require.NoError(t, err)
	_, err = conn.Read(make([]byte, 1))
	require.NoError(t, err)
	c.stop()
	require.Equal(t, 1, <-c.code)
	require.Contains(t, c.stderr.String(), "cut off")
	_, err = io.Copy(io.Discard, conn)
	require.True(t, err == nil || errors.Is(err, syscall.ECONNRESET), "%v", err)
	require.NoError(t, conn.Close())
}

// With --capacity tables have the units that they were given, and with --metrics GET /metrics tells of it.
func TestServeCapacity(t *testing.T) {
	c := background(t, "serve", "--memory", "--addr", "127.0.0.1:0", "--region", "eu-central-1", "--capacity", "--metrics", "--log-level=warn")
	addr := c.stdout.address(t)
	status, body := post(t, addr, "CreateTable", `{"TableName":"users","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},`+
		`"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`)
	require.Equal(t, 200, status, body)
	throttled := false
	for range 400 {
		if status, body = post(t, addr, "PutItem", `{"TableName":"users","Item":{"id":{"S":"ada"}}}`); status != 200 {
			throttled = true
			break
		}
	}
	require.True(t, throttled)
	require.Contains(t, body, "ProvisionedThroughputExceededException")
	require.Contains(t, body, `"ThrottlingReasons":[{"reason":"TableWriteProvisionedThroughputExceeded","resource":"arn:aws:dynamodb:eu-central-1:000000000000:table/users"}]`)

	res, err := http.Get("http://" + addr + "/metrics")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	require.Contains(t, string(text), `dynamodb_throttled_requests_total{table="users",operation="PutItem"} 1`+"\n")
	c.stop()
	require.Equal(t, 0, <-c.code, c.stderr.String())
}
