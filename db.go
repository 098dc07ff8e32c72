package stator

import (
	"context"
	"errors"
	"fmt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/memkv"
)

// DB is a database: tables on one store. It is a Client, so that whatever
// serves or wraps a Client serves and wraps a DB. It is safe for concurrent use.
type DB struct {
	engine *engine.Engine
	texts  *expr.Cache // of native texts; nil keeps none
}

var _ Client = (*DB)(nil)

// Open opens the database in the file path and creates it when there is none,
// for the user alone (mode 0600). One process has a file open at a time: for a
// second one Open fails with ErrLocked after a second. A file that was
// written by a newer format of Stator, or by something else, is refused and left alone.
//
// To open a file in another way (without fsync, for reading alone) pass a store of
// package boltkv to OpenStore.
func Open(path string, options *Options) (*DB, error) {
	full, err := options.engine()
	if err != nil {
		return nil, err
	}
	var file boltkv.Options
	if options != nil {
		file.MaxSizeBytes, file.ReserveBytes = options.MaxSizeBytes, options.ReserveBytes
	}
	store, err := boltkv.Open(path, &file)
	if err != nil {
		return nil, fmt.Errorf("stator: open %s: %w", path, err)
	}
	db, err := open(store, full)
	if err != nil {
		return nil, fmt.Errorf("stator: open %s: %w", path, err)
	}
	return db, nil
}

// OpenMemory opens an empty database in memory, for tests and for data that
// need not outlive the process. It behaves as one in a file does.
func OpenMemory(options *Options) (*DB, error) {
	full, err := options.engine()
	if err != nil {
		return nil, err
	}
	store, err := memkv.Open(nil)
	if err != nil {
		return nil, fmt.Errorf("stator: open memory: %w", err)
	}
	db, err := open(store, full)
	if err != nil {
		return nil, fmt.Errorf("stator: open memory: %w", err)
	}
	return db, nil
}

// OpenStore opens the database in a store, of whatever kind. The DB owns the
// store from then on and closes it, also when OpenStore fails.
func OpenStore(store kv.Store, options *Options) (*DB, error) {
	if store == nil {
		return nil, errors.New("stator: OpenStore: the store is nil")
	}
	full, err := options.engine()
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	db, err := open(store, full)
	if err != nil {
		return nil, fmt.Errorf("stator: open store: %w", err)
	}
	return db, nil
}

// open makes a DB on a store, which the engine closes when that fails.
func open(store kv.Store, full engine.Options) (*DB, error) {
	e, err := engine.Open(context.Background(), store, full)
	if err != nil {
		return nil, err
	}
	return &DB{engine: e, texts: expr.NewCache(full.ExpressionCache)}, nil
}

// Serve serves one request of package api, for whatever the sentences of this
// package do not say; see Client.
//
//	out, err := api.Do(ctx, db, &api.DescribeLimitsInput{})
func (db *DB) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	return db.engine.Serve(ctx, in)
}

// Borrows reports whether c is db; see api.Borrower.
func (db *DB) Borrows(c api.Client) bool { return c == api.Client(db) }

// Close waits for the operations under way and closes the store. Long work,
// such as filling a new index, goes on when the database is opened again. What
// is called afterwards fails with ErrClosed.
func (db *DB) Close() error { return db.engine.Close() }

// StoreID returns the random id that the database got when it was created.
func (db *DB) StoreID() string { return db.engine.StoreID() }

// Table returns a handle on a table whose items are Items. It does no I/O:
// whether there is such a table is found out by its first use.
func (db *DB) Table(name string) Table { return TableFor[Item](db, name) }
