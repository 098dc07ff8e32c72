// Package isolation judges histories of transactions, and its tests make some
// with many concurrent callers over each store and over HTTP.
//
// # What is judged
//
// Operations on one item are linearizable: the tests hand them to porcupine,
// with a model of an item. Transactions are strictly serializable: Check takes
// what appended to lists and what read them, as Elle does (Kingsbury and
// Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
// Observations", VLDB 2020), and searches the graph of their dependencies for
// cycles. Besides these there are invariants: money is neither made nor lost, a
// page is of one moment, a token works once.
//
// # Why lists
//
// The value of an overwritten register says nothing of those before it. A list
// that everybody only appends to, each value once, is its own history: whoever
// reads it knows in which order all appends before were done, and whose they
// were. With that every dependency is known and none is guessed:
//
//	ww  T1's append is the one before T2's
//	wr  T2 read the list as T1 left it
//	rw  T1 read the list, and T2 did the append that it did not see
//	rt  T1 had returned before T2 was called
//
// The transactions can be put in an order that explains everything exactly when
// these make no cycle, and a cycle is a proof, short enough to be read.
package isolation
