package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/server"
)

// These benchmarks measure the command as it is, in a process of its own, so
// that its CPU time can be told from its clients'. The floor is a bare net/http
// handler in another process, which answers as many bytes without looking at
// the request. Clients are raw connections that write requests built
// beforehand. Rounds on the server and on the floor take turns.

const (
	benchConnections = 16
	benchRounds      = 20
	benchRows        = 100
)

// canned is the floor: it answers X-Canned bytes.
func canned() error {
	body := bytes.Repeat([]byte("x"), 1<<20)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		n, _ := strconv.Atoi(r.Header.Get("X-Canned"))
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-Requestid", "0123456789012345678901234567890123456789012345678901")
		w.Header().Set("X-Amz-Crc32", "1234567890")
		w.Header().Set("Content-Length", strconv.Itoa(n))
		_, _ = w.Write(body[:n])
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("Listening on http://%s\n", l.Addr())
	return server.HTTPServer(h, nil).Serve(l)
}

// process is a server in a process of its own.
type process struct {
	cmd   *exec.Cmd
	conns []*rawConn
}

// launch starts this test binary as one: kind is what TestMain looks for.
func launch(b *testing.B, kind string, args ...string) *process {
	b.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		b.Skip("SKIPPED: the CPU time of another process is read from /proc")
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "STATOR_TEST_COMMAND="+kind)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p := &process{cmd: cmd}
	addr, err := addressIn(out)
	require.NoError(b, err)
	for range benchConnections {
		c, err := net.Dial("tcp", addr)
		require.NoError(b, err)
		b.Cleanup(func() { _ = c.Close() })
		p.conns = append(p.conns, &rawConn{Conn: c, r: bufio.NewReaderSize(c, 64<<10)})
	}
	return p
}

// addressIn reads what a server prints until it tells its address.
func addressIn(out io.Reader) (string, error) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			return m[2], nil
		}
	}
	return "", errors.New("the server told no address")
}

// cpu returns the CPU time that the process has taken, in steps of 10 ms.
func (p *process) cpu(b *testing.B) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	require.NoError(b, err)
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	user, err := strconv.ParseInt(fields[11], 10, 64)
	require.NoError(b, err)
	system, err := strconv.ParseInt(fields[12], 10, 64)
	require.NoError(b, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// residentMB returns the memory that the process has in use.
func (p *process) residentMB(b *testing.B) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(b, err)
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	require.NoError(b, err)
	return kb / 1024
}

// rawConn is the cheapest client that there is.
type rawConn struct {
	net.Conn
	r *bufio.Reader
}

// do sends a request and returns the size of the answer's body; an answer other than 200 is an error.
func (c *rawConn) do(request []byte) (size int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	status := ""
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		status = string(line)
	}
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if v, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			for _, d := range bytes.TrimSpace(v) {
				size = 10*size + int(d-'0')
			}
		}
	}
	if status != "" {
		body := make([]byte, size)
		_, _ = io.ReadFull(c.r, body)
		return size, fmt.Errorf("%s%s", status, body)
	}
	_, err = c.r.Discard(size)
	return size, err
}

// round sends n requests over all connections.
func (p *process) round(b *testing.B, n int, requests [][]byte) (wall, cpu time.Duration) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	before, start := p.cpu(b), time.Now()
	for i, c := range p.conns {
		wg.Go(func() {
			for k := i; left.Add(-1) >= 0; k++ {
				if _, err := c.do(requests[k%len(requests)]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start), p.cpu(b) - before
}

// benchRequest is a request as an SDK sends it.
func benchRequest(operation, body string, canned int) []byte {
	return fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: aws-sdk-go-v2/1.47.7 ua/2.1 os/linux lang/go#1.26.8 md/GOOS#linux md/GOARCH#amd64 api/dynamodb#1.73.1 m/E,g\r\n"+
		"Content-Length: %d\r\nAccept-Encoding: identity\r\nAmz-Sdk-Invocation-Id: 2ee05ba6-7ef5-4a38-a8bb-d90cb1a4dd6b\r\nAmz-Sdk-Request: attempt=1; max=3\r\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=any/20261122/local/dynamodb/aws4_request, SignedHeaders=accept-encoding;amz-sdk-invocation-id;content-length;content-type;host;x-amz-date;x-amz-target, "+
		"Signature=471a151e9dd29523707da12d0be1ea562c7267a0f9101c6b7043415d3a299076\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20261122T131415Z\r\n"+
		"X-Amz-Target: DynamoDB_20120810.%s\r\nX-Canned: %d\r\n\r\n%s", len(body), operation, canned, body)
}

// benchItem has ten attributes and about 1 KB.
func benchItem(i, version int) string {
	return fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"},"name":{"S":"customer number %d"},"email":{"S":"customer%d@example.com"},"balance":{"N":"%d.25"},`+
		`"active":{"BOOL":true},"tags":{"L":[{"S":"alpha"},{"S":"beta"},{"N":"%d"}]},"address":{"M":{"street":{"S":"1 Long Avenue of Trees"},"zip":{"N":"10000"}}},"created":{"N":"1700000000"},"notes":{"S":"%s"}}`,
		i, i, i, version, i, strings.Repeat("All the notes that people wrote about it. ", 17))
}

const createBench = `{"TableName":"bench","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],` +
	`"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}`

func BenchmarkServe(b *testing.B) {
	stack, floor := launch(b, "1", "serve", "--memory", "--addr", "127.0.0.1:0"), launch(b, "floor")
	c := stack.conns[0]
	_, err := c.do(benchRequest("CreateTable", createBench, 0))
	require.NoError(b, err)
	var gets, puts []string
	for i := range benchRows {
		gets = append(gets, fmt.Sprintf(`{"TableName":"bench","Key":{"pk":{"S":"p"},"sk":{"N":"%d"}}}`, i))
		for version := range 3 { // an item that is written again is another one
			puts = append(puts, fmt.Sprintf(`{"TableName":"bench","Item":%s}`, benchItem(i, version)))
		}
		_, err := c.do(benchRequest("PutItem", puts[len(puts)-1], 0))
		require.NoError(b, err)
	}
	query := `{"TableName":"bench","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`
	for _, k := range []struct {
		operation string
		bodies    []string
	}{{"GetItem", gets}, {"PutItem", puts}, {"Query", []string{query}}} {
		b.Run(k.operation, func(b *testing.B) {
			size, err := c.do(benchRequest(k.operation, k.bodies[0], 0))
			require.NoError(b, err)
			var requests [][]byte
			for _, body := range k.bodies {
				requests = append(requests, benchRequest(k.operation, body, size))
			}
			n := max(b.N/benchRounds, 10*benchConnections)
			stack.round(b, n/4, requests)
			floor.round(b, n/4, requests)
			b.ResetTimer()
			var wall, cpu, floorWall, floorCPU time.Duration
			for range benchRounds {
				w, c := stack.round(b, n, requests)
				wall, cpu = wall+w, cpu+c
				w, c = floor.round(b, n, requests)
				floorWall, floorCPU = floorWall+w, floorCPU+c
			}
			b.ReportMetric(float64(floorWall)/float64(wall), "x-floor")
			b.ReportMetric(float64(cpu)/float64(max(floorCPU, 1)), "x-floor-cpu")
			b.ReportMetric(float64(cpu.Microseconds())/float64(benchRounds*n), "cpu-µs/op")
			b.ReportMetric(float64(size), "bytes/answer")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkColdStart is the time from starting the command, built as users
// build it, to its first answer, and the memory that it has when it idles. The floor
// is the time that the same binary takes to print its version.
func BenchmarkColdStart(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "stator")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	text, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(b, err, "%s", text)
	request := benchRequest("ListTables", "{}", 0)
	var total, floor, fastest time.Duration
	var resident float64
	n := min(max(b.N, 10), 50)
	for i := range n {
		start := time.Now()
		require.NoError(b, exec.Command(binary, "version").Run())
		floor += time.Since(start)

		start = time.Now()
		cmd := exec.Command(binary, "serve", "--memory", "--addr", "127.0.0.1:0")
		out, err := cmd.StdoutPipe()
		require.NoError(b, err)
		require.NoError(b, cmd.Start())
		addr, err := addressIn(out)
		require.NoError(b, err)
		conn, err := net.Dial("tcp", addr)
		require.NoError(b, err)
		_, err = (&rawConn{conn, bufio.NewReader(conn)}).do(request)
		took := time.Since(start)
		require.NoError(b, err)
		total += took
		if i == 0 || took < fastest {
			fastest = took
		}
		if _, err := os.Stat("/proc/self/status"); err == nil {
			resident = max(resident, (&process{cmd: cmd}).residentMB(b))
		}
		require.NoError(b, conn.Close())
		require.NoError(b, cmd.Process.Kill())
		_ = cmd.Wait()
	}
	b.ReportMetric(float64(total.Microseconds())/float64(n)/1000, "ms/start")
	b.ReportMetric(float64(fastest.Microseconds())/1000, "ms/fastest")
	b.ReportMetric(float64(floor)/float64(total), "x-floor")
	b.ReportMetric(resident, "idle-MB")
	b.ReportMetric(0, "ns/op")
}
