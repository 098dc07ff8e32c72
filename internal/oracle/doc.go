// Package oracle is a second, naive implementation of the whole data plane and
// control plane, and a driver that runs random operations on several Clients
// in step and compares every answer.
//
// The model is slow and obvious on purpose: items are decoded Go maps, an
// index is a filter and a sort over all items, expressions have a parser and an evaluator
// of their own, a journal is a list, and time to live a comparison. It shares with the engine nothing but api, attr and num, so
// that a difference between the two is a fault in one of them; wire is there to write scripts down. Validation of
// the request's members (Request.Validate) is shared too: it has its own tests.
//
// Only one thing is the engine's own affair: the order of partitions in a
// Scan, and that of equal keys in an index. There the comparison is one of sets.
//
// A run has options of its own (Setup), drawn from its seed. What fails is shrunk, and written to a file that runs again.
// PartiQL, legacy parameters, data streams and subscriptions are not modelled: the engine's own tests have them.
package oracle
