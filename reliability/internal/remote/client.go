// Package remote is a Client that sends the operations of these tests to a
// server. It is no SDK, so that nothing is sent twice behind the back of a test
// that counts what took place.
package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/wire"
)

// ErrGone is what fails whose answer did not come, or not in full: what became of the request is not known.
var ErrGone = errors.New("the server gave no answer")

// Client sends requests to one server. It is safe for concurrent use.
type Client struct {
	url    string
	client *http.Client
}

// New returns a client of the server at url, with up to 100 connections that are kept open.
func New(url string) *Client {
	return &Client{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
}

// Close closes the connections that nobody uses.
func (c *Client) Close() { c.client.CloseIdleConnections() }

// signature is one that a server takes which verifies none.
const signature = "AWS4-HMAC-SHA256 Credential=any/20261122/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"

// Send sends a request once, and returns the text of the answer. It fails with the *api.Error that the server
// tells, with ErrGone, or with that of a context that ended.
func (c *Client) Send(ctx context.Context, in api.Request) ([]byte, error) {
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
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+in.Operation())
	r.Header.Set("X-Amz-Date", "20261122T131415Z")
	r.Header.Set("Authorization", signature)
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGone, err)
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGone, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, decodeFailure(answer.StatusCode, text)
	}
	return text, nil
}

// Serve sends a request once and decodes the answer, of the operations and members that the tests look at.
func (c *Client) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	text, err := c.Send(ctx, in)
	if err != nil {
		return nil, err
	}
	return decodeAnswer(in, text)
}
