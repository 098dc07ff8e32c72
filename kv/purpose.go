package kv

import (
	"context"
	"fmt"
)

// Purpose says what a transaction is for, so that a store that is full can
// still carry out what makes it emptier: the record of a deletion takes space
// itself before the space of what is deleted comes back. A store may keep a
// reserve for that (see boltkv.Options), and may ignore purposes.
type Purpose uint8

const (
	// PurposeWrite is the purpose of a transaction that says nothing. The reserve is not for it.
	PurposeWrite Purpose = iota

	// PurposeDelete: it deletes, though what it writes beside that (records of the
	// deletion, tombstones) may outweigh it for a while. It may use the
	// larger part of the reserve.
	PurposeDelete

	// PurposeReclaim: it deletes what nobody needs any more and writes next to
	// nothing. All of the reserve is for it.
	PurposeReclaim
)

type purposeKey struct{}

// WithPurpose returns a context for the Update of a transaction with a purpose.
func WithPurpose(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

// PurposeOf returns the purpose that WithPurpose gave, otherwise PurposeWrite.
func PurposeOf(ctx context.Context) Purpose {
	p, _ := ctx.Value(purposeKey{}).(Purpose)
	return p
}

// Two kinds of ErrFull, for stores that can tell them apart: errors.Is finds ErrFull in both.
var (
	// ErrDiskFull: the disk, or a quota, has no space left. Writes go on by
	// themselves when there is some again.
	ErrDiskFull = fmt.Errorf("%w: the disk is full", ErrFull)

	// ErrSizeLimit: the store has the largest size that it was allowed. Writes go on when
	// something was deleted, or when it is opened with a larger limit.
	ErrSizeLimit = fmt.Errorf("%w: the store has its largest size", ErrFull)
)
