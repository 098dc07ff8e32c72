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
// A request takes 24 MB at most besides its body (maxSpent), of which the reader keeps
// count, and the reader itself 16 MB in passing. Items in earnest need 2 to 4 bytes for
// each of the body; the most expensive are those of many maps of one entry, for a Go map has room for eight.
// The items that are stored never become Go maps: they are read straight into their stored form (stored.go).
//
// Strings are slices of the body or of one copy of it, so that whoever keeps a
// part of a request longer than the request keeps the whole of it: clone what is to stay. Only where an
// item is most of the body, and has memory of its own, are they copied one by one.
package wire
