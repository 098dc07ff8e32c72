// Package wire is the DynamoDB JSON protocol (awsJson1_0): request bodies to
// api's requests, api's responses and errors to bodies.
//
// The member names of the protocol are the field names of package api, so one
// mechanism serves every operation: a Go type is compiled once, by reflection,
// into a plan that knows where each member lies and how it is read or written
// (plan.go, appendplan.go), and attribute values, which are most of every body,
// have code of their own (value.go, appendvalue.go). A stored item goes to JSON
// straight from its bytes.
//
// Reading is one pass of a hand-written scanner without recursion that a body
// controls: attribute values are followed for maxLevel levels, which is more
// than a request may have, and what is skipped takes no stack at all.
//
// # What reading costs
//
// Decode allocates at most 48 bytes for each byte of the body and 8 KB besides.
// Items in earnest need 2 to 4; the most expensive bodies are those of many maps
// of one entry, for a Go map has room for eight. Strings are slices of one copy
// of the body, so that whoever keeps a part of a request longer than the request
// keeps the whole of it: clone what is to stay.
package wire
