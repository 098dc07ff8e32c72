package kv

// RowChecker is a Store that can tell rows which somebody damaged behind its
// back, with the help of whoever writes their checksums. It is optional: a store
// that others guard needs none of it.
type RowChecker interface {
	Store

	// CheckRows makes check the judge of rows: its error means that the row is not
	// what was written. The store then fails with ErrCorrupt in place of saying
	// that a key is absent which a damaged row may have had. check must be safe for
	// concurrent use and must not keep its slices. CheckRows is called before the first transaction.
	CheckRows(check func(key, value []byte) error)
}
