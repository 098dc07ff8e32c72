// Package partiql turns statements of DynamoDB's PartiQL dialect into the
// requests of the other operations.
//
// A statement goes through three steps, in this order of errors too:
//
//	parse      text -> Statement, with everything that needs neither parameters
//	           nor a table: syntax, functions, literals, limits. Statements
//	           are immutable and kept in a Cache.
//	bind       Statement + parameters -> Bound.
//	translate  Bound + the key schema of what it names -> api requests, whose
//	           expressions have every name and value as a placeholder.
//
// So limits, capacity and conditions of a statement are those of the requests:
// a read whose WHERE names a whole primary key is a GetItem or Query, one that
// names the partition key a Query with the rest as its filter, and only what names
// no partition is a Scan. Where a WHERE names several partitions or sort keys (IN,
// OR) there is one request for each.
//
// Errors are *api.Error with the texts of the service, as far as they are known.
//
// Sources: Amazon DynamoDB Developer Guide, "PartiQL - a SQL-compatible query
// language for Amazon DynamoDB" and its sub-pages, and the service's observed behaviour.
package partiql
