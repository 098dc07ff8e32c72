// Package expr is DynamoDB's expression language: key conditions, conditions
// and filters, projections and updates, and the native dialect that the root
// package offers on top of them.
//
// A text goes through three steps, and an error of each has DynamoDB's words
// and comes in DynamoDB's order:
//
//	parse   text -> syntax tree, with everything that needs no names or values:
//	        syntax, redundant parentheses, functions, reserved words, limits.
//	        Trees are immutable and kept in a Cache.
//	bind    tree + names + values -> Condition, KeyCondition, Projection, Update.
//	        Undefined placeholders, operand types, overlapping paths. Values
//	        are encoded once, in the stored form.
//	run     against the stored bytes of an item, without decoding them.
//
// The parameters from before expressions start at the second step: legacy.go
// makes their trees.
//
// What a Binder returns is immutable and safe for concurrent use. It keeps the
// values that it was bound to, which must not change.
//
// Source of the grammar: Amazon DynamoDB Developer Guide, "Using expressions in
// DynamoDB" and its sub-pages. Texts and order of errors follow the service's
// observed behaviour.
package expr
