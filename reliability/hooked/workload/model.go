package workload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/statordb/stator/kv"
)

// Sum stands for all rows of a store: two stores have the same one when they hold the same rows, and
// otherwise another. It can be compared within a process.
type Sum struct {
	Rows int
	Hash uint64
}

var seed = maphash.MakeSeed()

func rowHash(key, value []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.Write(key)
	_ = h.WriteByte(0)
	_, _ = h.Write(value)
	return h.Sum64() ^ maphash.Bytes(seed, key)
}

func (s Sum) plus(hash uint64) Sum  { return Sum{s.Rows + 1, s.Hash + hash} }
func (s Sum) minus(hash uint64) Sum { return Sum{s.Rows - 1, s.Hash - hash} }

// SumOf reads all rows of store. Rows out of order are an error: a damaged tree can be a ring, that
// nobody comes to the end of.
func SumOf(ctx context.Context, store kv.Store) (sum Sum, err error) {
	err = store.View(ctx, func(r kv.Reader) error {
		var err error
		sum, err = sumOf(r)
		return err
	})
	return sum, err
}

func sumOf(r kv.Reader) (sum Sum, err error) {
	var last []byte
	for p, err := range r.Scan(nil, nil, false) {
		if err != nil {
			return sum, err
		}
		if bytes.Compare(last, p.Key) >= 0 {
			return sum, fmt.Errorf("%w: row %x comes after row %x", kv.ErrCorrupt, p.Key, last)
		}
		last = p.Key
		sum = sum.plus(rowHash(p.Key, p.Value))
	}
	return sum, nil
}

// Hold opens a View of store and keeps it until release is called, which fails when what the View sees has changed
// meanwhile.
func Hold(ctx context.Context, store kv.Store) (release func() error) {
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		var once sync.Once
		defer once.Do(func() { close(begun) })
		done <- store.View(ctx, func(r kv.Reader) error {
			before, err := sumOf(r)
			if err != nil {
				return err
			}
			once.Do(func() { close(begun) })
			<-end
			after, err := sumOf(r)
			if err == nil && after != before {
				err = fmt.Errorf("a View saw %v, and then %v", before, after)
			}
			return err
		})
	}()
	<-begun
	return func() error {
		close(end)
		return <-done
	}
}

// Model is a store that keeps in mind what it holds, apart from the store that
// it stands on: what it must hold after a crash. It lets one Update through at a time.
type Model struct {
	kv.Store
	acknowledged func(Sum) // called after each Update that changed something and succeeded

	mu   sync.Mutex
	rows map[string]uint64
	sum  Sum
	next Sum
	err  error // the first that the store itself had for an Update
}

// NewModel returns a model on store, of what it holds now. acknowledged, when not nil, is called
// with the sum of each state before Update returns.
func NewModel(ctx context.Context, store kv.Store, acknowledged func(Sum)) (*Model, error) {
	m := &Model{Store: store, acknowledged: acknowledged, rows: map[string]uint64{}}
	err := store.View(ctx, func(r kv.Reader) error {
		for p, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			hash := rowHash(p.Key, p.Value)
			m.rows[string(p.Key)] = hash
			m.sum = m.sum.plus(hash)
		}
		return nil
	})
	m.next = m.sum
	return m, err
}

// States returns the state after the last Update that succeeded, and the one
// that the last Update led to or would have led to.
func (m *Model) States() (last, next Sum) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sum, m.next
}

// Err returns the first error that the store itself had for an Update.
func (m *Model) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// Quiet runs fn while no Update is under way.
func (m *Model) Quiet(fn func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fn()
}

// Update lets fn write, and notes what it writes.
func (m *Model) Update(ctx context.Context, fn func(kv.Writer) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var w *noting
	err := m.Store.Update(ctx, func(inner kv.Writer) error {
		w = &noting{Writer: inner, rows: m.rows, changed: map[string]uint64{}, gone: map[string]bool{}, sum: m.sum}
		return fn(w)
	})
	if err != nil {
		if w != nil && !errors.Is(err, kv.ErrReadOnly) {
			m.next = w.sum
		}
		if m.err == nil && (errors.Is(err, kv.ErrOutcomeUnknown) || errors.Is(err, kv.ErrFull) || errors.Is(err, kv.ErrReadOnly)) {
			m.err = err
		}
		return err
	}
	if w == nil || w.sum == m.sum {
		return nil
	}
	m.next = w.sum
	for key, hash := range w.changed {
		m.rows[key] = hash
	}
	for key := range w.gone {
		delete(m.rows, key)
	}
	m.sum = w.sum
	if m.acknowledged != nil {
		m.acknowledged(m.sum)
	}
	return nil
}

// noting is a Writer that notes what it writes.
type noting struct {
	kv.Writer
	rows    map[string]uint64
	changed map[string]uint64
	gone    map[string]bool
	sum     Sum
}

func (w *noting) forget(key []byte) {
	hash, there := w.changed[string(key)]
	if !there && !w.gone[string(key)] {
		hash, there = w.rows[string(key)]
	}
	if there {
		w.sum = w.sum.minus(hash)
	}
	delete(w.changed, string(key))
}

func (w *noting) Put(key, value []byte) error {
	if err := w.Writer.Put(key, value); err != nil {
		return err
	}
	w.forget(key)
	hash := rowHash(key, value)
	w.sum = w.sum.plus(hash)
	w.changed[string(key)] = hash
	delete(w.gone, string(key))
	return nil
}

func (w *noting) Delete(key []byte) error {
	if err := w.Writer.Delete(key); err != nil {
		return err
	}
	w.forget(key)
	w.gone[string(key)] = true
	return nil
}

func (w *noting) DeleteRange(lo, hi []byte) error {
	var keys []string
	for p, err := range w.Scan(lo, hi, false) {
		if err != nil {
			return err
		}
		keys = append(keys, string(p.Key))
	}
	if err := w.Writer.DeleteRange(lo, hi); err != nil {
		return err
	}
	for _, key := range keys {
		w.forget([]byte(key))
		w.gone[key] = true
	}
	return nil
}
