package workload

import (
	"context"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

// OpenError is the error of a store that does not open.
type OpenError struct{ Err error }

func (e *OpenError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the store.
func (e *OpenError) Unwrap() error { return e.Err }

// Look opens the file of path, reads all of it, and closes it again. It does not wait for a
// lock that somebody holds. It says how long opening took, and fails with an *OpenError when that failed. When
// it took long, that may have been the machine's fault, and it looks again: of three times the shortest counts.
func Look(ctx context.Context, path string) (sum Sum, opened time.Duration, err error) {
	for range 3 {
		var took time.Duration
		sum, took, err = look(ctx, path)
		if opened == 0 || took < opened {
			opened = took
		}
		if opened < time.Second {
			break
		}
	}
	return sum, opened, err
}

func look(ctx context.Context, path string) (sum Sum, opened time.Duration, err error) {
	began := time.Now()
	options := StoreOptions()
	options.LockTimeout = -1
	store, err := boltkv.Open(path, options)
	opened = time.Since(began)
	if err != nil {
		return sum, opened, &OpenError{err}
	}
	sum, err = SumOf(ctx, store)
	return sum, opened, errors.Join(err, store.Close())
}

// CheckPages lets bbolt look whether each page of a file that is whole is used once, or free.
func CheckPages(path string) (err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true, FreelistType: bolt.FreelistMapType, NoStatistics: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.View(func(tx *bolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

// Use opens the file of path with an engine, checks it, finishes its jobs,
// writes, and checks it again.
func Use(ctx context.Context, path string) (err error) {
	store, err := boltkv.Open(path, StoreOptions())
	if err != nil {
		return err
	}
	clock := NewClock()
	clock.Advance(48 * time.Hour)
	e, err := engine.Open(ctx, store, EngineOptions(clock))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := e.Check(ctx); err != nil {
		return err
	}
	if _, err := e.Serve(ctx, &api.MaintainInput{}); err != nil {
		return err
	}
	if err := WriteSome(ctx, e); err != nil {
		return err
	}
	return e.Check(ctx)
}

// WriteSome puts some items into each table.
func WriteSome(ctx context.Context, e *engine.Engine) error {
	tables, err := api.Do(ctx, e, &api.ListTablesInput{})
	if err != nil {
		return err
	}
	for _, name := range tables.TableNames {
		for i := range 3 {
			it := attr.Item{"pk": attr.S(fmt.Sprint("after", i)), "sk": attr.Int(i), "v": attr.S("it goes on")}
			if _, err := e.Serve(ctx, &api.PutItemInput{TableName: &name, Item: api.ItemOf(it)}); err != nil {
				return err
			}
		}
	}
	return nil
}
