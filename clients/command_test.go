package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// buildCommand builds the command stator and returns its path.
func buildCommand(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "stator")
	out, err := exec.Command("go", "build", "-o", path, "github.com/statordb/stator/cmd/stator").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// serveCommand starts stator serve on a loopback port, for as long as the test
// runs, and returns its URL. At its end the server must stop when it is
// interrupted, with nothing to warn of.
func serveCommand(t testing.TB, path string) string {
	cmd := exec.Command(path, "serve", "--memory", "--addr", "127.0.0.1:0", "--region", region, "--log-level", "warn")
	var log bytes.Buffer
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	url := ""
	lines := bufio.NewScanner(stdout)
	for url == "" && lines.Scan() {
		url, _ = strings.CutPrefix(lines.Text(), "Listening on ")
		if !strings.HasPrefix(url, "http://127.0.0.1:") {
			url = ""
		}
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
	}()
	t.Cleanup(func() {
		timer := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		<-drained
		require.NoError(t, cmd.Wait(), "%s", &log)
		require.Empty(t, log.String(), "the server's log")
	})
	require.NotEmpty(t, url, "the server did not say where it listens")
	return url
}

// environment is what a client runs in: this process's, without what it says of
// AWS and of proxies, and with the server's address.
func environment(url string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if upper := strings.ToUpper(name); !strings.HasPrefix(upper, "AWS_") && !strings.HasSuffix(upper, "_PROXY") {
			env = append(env, v)
		}
	}
	return append(env,
		"AWS_ENDPOINT_URL_DYNAMODB="+url,
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region,
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_MAX_ATTEMPTS=2", "AWS_PAGER=", "NODE_NO_WARNINGS=1", "PYTHONDONTWRITEBYTECODE=1",
	)
}

// run runs a client against a server and returns what it printed.
func run(t testing.TB, url string, command []string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = environment(url)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}
