// Package server serves the DynamoDB JSON protocol over HTTP, in front of any
// api.Client, so that AWS SDKs and tools work on it unchanged: target header,
// error envelopes, request ids, checksums and compression are AWS's.
//
//	db, err := stator.Open("app.db", nil)
//	l, err := net.Listen("tcp", "127.0.0.1:8000")
//	err = server.Serve(ctx, l, server.New(db, nil), nil) // until ctx ends
//
// The Handler is an http.Handler like any other. Serve runs it in an
// http.Server with the bounds that a server facing strangers wants; whoever
// brings a server of his own takes them from HTTPServer.
//
// # Order of the checks
//
// As on AWS, after the whole body was read: size, method and content type, that
// the body is JSON, target, signature, JSON types, and then whatever the Client
// finds. Before all of these comes one check of our own: a request whose Host
// or Origin is not this server's is refused, so that no page in a browser can
// drive a server on localhost; see Options.Hosts and Options.AllowOrigins.
//
// # Signatures
//
// A request must carry a signature of version 4, as on AWS, and any that is
// well-formed is accepted: there are no credentials yet to verify it with.
package server
