// Package itemcodec is the stored form of an item: a compact, canonical and
// self-delimiting run of bytes.
//
//	item   = count, then count × attribute
//	attr   = len(name), name, value
//	value  = tag, payload
//
//	tag  1 S, 2 N, 3 B   len, bytes; a number is its canonical decimal text
//	tag  4 false, 5 true, 6 null   nothing
//	tag  7 L             size, count, count × value
//	tag  8 M             size, item
//	tag  9 SS, 10 NS, 11 BS   size, count, count × (len, bytes)
//
// Counts and lengths are unsigned varints. A size is four bytes, little
// endian, and counts the bytes that follow it in the value, so that a reader
// passes over a document without looking into it.
//
// The form is canonical: the table's key attributes come first (the caller
// names them, in order), then the other names in byte order; the names of a
// map and the elements of SS and BS are in byte order, those of NS in order of
// their value; numbers are in canonical text. So two items of a table are equal
// exactly when their bytes are, a stored row starts with the bytes of its key,
// and an expression is evaluated on the bytes without decoding them (Item and
// Value are such views). Strings that Decode returns share one copy of the
// bytes.
//
// This is an on-disk format: a change of it is a new row format (docs/format.md).
package itemcodec
