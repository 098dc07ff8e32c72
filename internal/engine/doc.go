// Package engine is DynamoDB on a kv.Store: it serves api requests.
//
// How a write travels:
//
//	Serve        Validate, then one method for each operation
//	prepare.go   expressions parsed and bound, items encoded, once
//	catalog.go   the table's definition, immutable, behind an atomic pointer
//	write.go     plan: read the old row, judge the condition, build the new row
//	change.go    applyChange: row, index entries, counters in one kv transaction
//	meter.go     capacity units of what was done
//
// and a read:
//
//	read.go      GetItem
//	query.go     Query and Scan: bounds, page, filter, projection
//
// All rows of the map, by their keys (big endian; numbers in brackets are
// bytes; the hash is keyenc.Hash of the partition key's stored form):
//
//	0 [4]        kind [1], …                                            the store's own rows (system.go)
//	table id [4] 1, slot [1]                                            head: generation, sequence, commit time, counters
//	table id [4] 2, hash [16], sort key                                 base rows
//	table id [4] 3, index id [2], hash [16], sort key, row hash [16]    index entries
//	table id [4] 4, hash [16]                                           sizes of item collections, with an LSI only
//
// docs/format.md says what is in them.
package engine
