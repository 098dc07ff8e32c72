package kill_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/wire"
)

// remote is a Client that sends its requests to a server. Its responses are nil; what is asked is whether there was an error.
type remote struct {
	http *http.Client
	url  string
}

func newRemote(url string) *remote {
	return &remote{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}, url: url}
}

const signature = "AWS4-HMAC-SHA256 Credential=any/20261122/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

// Serve sends a request once. An answer that does not come, or not in full, is errGone.
func (c *remote) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	body, err := wire.AppendRequest(nil, in)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.GetBody = nil // nothing is sent twice
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+string(in.Operation()))
	r.Header.Set("X-Amz-Date", "20261122T131415Z")
	r.Header.Set("Authorization", signature)
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errGone, err)
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errGone, err)
	case answer.StatusCode == http.StatusOK:
		return nil, nil
	}
	var fault struct {
		Type    string `json:"__type"`
		Message string
	}
	if err := json.Unmarshal(text, &fault); err != nil {
		return nil, fmt.Errorf("status %d: %s", answer.StatusCode, text)
	}
	_, code, _ := strings.Cut(fault.Type, "#")
	return nil, &api.Error{Code: api.Code(code), Message: fault.Message}
}

// buildCommand builds the stator command, as this test is built.
func buildCommand(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "stator")
	args := []string{"build", "-o", path}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" && s.Value == "true" {
				args = append(args, "-race")
			}
		}
	}
	cmd := exec.Command("go", append(args, "./cmd/stator")...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}
