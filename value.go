package stator

import (
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// Item is a set of named attributes: a row of a table, or a map inside one.
// Tables of structs need none; package attr tells how structs become items.
type Item = attr.Item

// Value is one attribute value of any of DynamoDB's ten types. Wherever this
// package takes a Go value (of type any) it takes a Value too; otherwise
// attr.Marshal decides: strings become S, numbers N, []byte B, bool BOOL, nil
// NULL, slices L, structs and maps M. Sets need SS, NS or BS.
type Value = attr.Value

// Client serves requests: a *DB, a layer around one, or a remote DynamoDB.
type Client = api.Client

// S returns a string value.
func S(s string) Value { return attr.S(s) }

// N returns a number from its decimal text, of up to 38 digits. A text that is
// no number is reported by the request that uses it.
func N(text string) Value { return attr.N(text) }

// Int returns a number from an integer.
func Int[I ~int | ~int8 | ~int16 | ~int32 | ~int64](i I) Value { return attr.Int(i) }

// Float returns a number with the shortest text that reads back as f.
func Float(f float64) Value { return attr.Float(f) }

// B returns a binary value. It keeps b, which must not be changed afterwards.
func B(b []byte) Value { return attr.B(b) }

// BOOL returns a boolean value.
func BOOL(b bool) Value { return attr.BOOL(b) }

// NULL returns the null value, which is not the same as an absent attribute.
func NULL() Value { return attr.NULL() }

// L returns a list. It keeps the slice, which must not be changed afterwards.
func L(values ...Value) Value { return attr.L(values...) }

// M returns a map. It keeps m, which must not be changed afterwards.
func M(m Item) Value { return attr.M(m) }

// SS returns a set of strings. It keeps the slice, which must not be changed
// afterwards. A set has no duplicates and is never empty.
func SS(elems ...string) Value { return attr.SS(elems...) }

// NS returns a set of numbers from their decimal texts; otherwise as SS.
func NS(texts ...string) Value { return attr.NS(texts...) }

// BS returns a set of binary values; otherwise as SS.
func BS(elems ...[]byte) Value { return attr.BS(elems...) }
