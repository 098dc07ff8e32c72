package api

import (
	"context"
	"fmt"
)

// Client serves requests: the engine, a remote DynamoDB, or a layer around
// another Client (a cache, a policy guard), as http.RoundTripper is for HTTP.
// Implementations are safe for concurrent use.
//
// Serve must not change the request, and must not keep it or what it points to
// after it returns. A faulty request, and any other failure, is reported as an
// *Error or as an error that wraps one. A request that the Client does not
// know fails with CodeUnknownOperation.
type Client interface {
	Serve(ctx context.Context, in Request) (Response, error)
}

// Borrower is a Client that keeps its word about the memory of requests also
// where that is hard, as when it is canceled: when Serve has returned, nothing
// of it, no goroutine either, looks at the request. The server then uses memory of requests again.
type Borrower interface {
	Client

	// Borrows reports whether c is that Client, and not one that embeds it or
	// is wrapped around it.
	Borrows(c Client) bool
}

// Request is the input of one operation: a pointer to one of this package's
// …Input structs. The set is closed.
type Request interface {
	// Operation returns the operation's name as AWS has it, such as "PutItem".
	Operation() string

	// Validate reports what the request itself shows to be wrong: missing
	// members, lengths, ranges and enums, all in one error; else the first
	// member that contradicts another; in the order and with the code and
	// message of AWS. It changes nothing, looks nothing up, and its time and
	// stack are bounded however large and deep the request is. The texts of
	// expressions come next and are the engine's to judge, still before any
	// table is looked up. The error is an *Error.
	Validate() error

	// request closes the set.
	request()
}

// Response is the output of one operation: a pointer to one of this package's
// …Output structs.
type Response interface{ response() }

// RequestOf is a Request whose output is Out.
type RequestOf[Out Response] interface {
	Request
	output() Out
}

// Do serves in by c and returns the output in its own type:
//
//	out, err := api.Do(ctx, c, &api.GetItemInput{TableName: new("users"), Key: key})
func Do[Out Response](ctx context.Context, c Client, in RequestOf[Out]) (Out, error) {
	var none Out
	res, err := c.Serve(ctx, in)
	if err != nil {
		return none, err
	}
	out, ok := res.(Out)
	if !ok {
		return none, fmt.Errorf("api: %s was answered with %T, want %T", in.Operation(), res, none)
	}
	return out, nil
}
