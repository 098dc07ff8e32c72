package sdk

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

// The endpoint's name goes into requests and nowhere else: nothing is resolved
// and nothing is connected.
const endpoint = "http://localhost"

// Client returns a DynamoDB client of the AWS SDK that c serves. The options
// are the SDK's own, applied last. It is safe for concurrent use, as long as c
// is, and needs no closing; c stays the caller's to close.
func Client(c api.Client, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.NewFromConfig(Config(c), options...)
}

// StreamsClient is Client for DynamoDB Streams.
func StreamsClient(c api.Client, options ...func(*dynamodbstreams.Options)) *dynamodbstreams.Client {
	return dynamodbstreams.NewFromConfig(Config(c), options...)
}

// Config returns an SDK configuration whose HTTP client is c, for libraries
// that take an aws.Config.
func Config(c api.Client) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "in-process", SecretAccessKey: "in-process"}, nil
		}),
		HTTPClient: HTTPClient(c),
	}
}

// HTTPClient returns an HTTP client for SDKs and libraries that take one. It
// answers every request itself, whatever its host.
func HTTPClient(c api.Client) *http.Client {
	return &http.Client{Transport: transport{server.New(c, nil)}}
}

// transport calls a handler in place of sending a request.
type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	in.Host = "localhost"
	in.RemoteAddr = "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	answer := &response{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(answer, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(answer.status), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()),
		Request: r,
	}, nil
}

// response is the http.ResponseWriter that the handler writes to.
type response struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if !w.wrote {
		w.status, w.wrote = status, true
	}
}

func (w *response) Write(b []byte) (int, error) {
	w.wrote = true
	return w.body.Write(b)
}
