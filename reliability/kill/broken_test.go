package kill_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/memkv"
)

// The stores here are broken on purpose. They behave as they should until their process is killed.

// step is one write of a transaction.
type step func(kv.Writer) error

// recorder is a Writer that remembers what it wrote.
type recorder struct {
	kv.Writer
	steps []step
}

func (r *recorder) Put(key, value []byte) error {
	key, value = bytes.Clone(key), bytes.Clone(value)
	r.steps = append(r.steps, func(w kv.Writer) error { return w.Put(key, value) })
	return r.Writer.Put(key, value)
}

func (r *recorder) Delete(key []byte) error {
	key = bytes.Clone(key)
	r.steps = append(r.steps, func(w kv.Writer) error { return w.Delete(key) })
	return r.Writer.Delete(key)
}

func (r *recorder) DeleteRange(lo, hi []byte) error {
	lo, hi = bytes.Clone(lo), bytes.Clone(hi)
	r.steps = append(r.steps, func(w kv.Writer) error { return w.DeleteRange(lo, hi) })
	return r.Writer.DeleteRange(lo, hi)
}

func apply(steps []step) func(kv.Writer) error {
	return func(w kv.Writer) error {
		for _, s := range steps {
			if err := s(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// early is a store that acknowledges before it commits: it serves from memory, and writes to the file a little later, in order.
type early struct {
	memory kv.Store
	file   kv.Store

	mu struct {
		sync.Mutex
		steps []step // not in the file yet
	}
}

func openEarly(store kv.Store) (kv.Store, error) {
	memory, err := memkv.Open(nil)
	if err != nil {
		return nil, err
	}
	err = store.View(context.Background(), func(r kv.Reader) error {
		return memory.Update(context.Background(), func(w kv.Writer) error { return copyAll(w, r.Scan(nil, nil, false)) })
	})
	if err != nil {
		return nil, err
	}
	s := &early{memory: memory, file: store}
	go s.writeBehind()
	return s, nil
}

func copyAll(w kv.Writer, pairs iter.Seq2[kv.Pair, error]) error {
	for p, err := range pairs {
		if err != nil {
			return err
		}
		if err := w.Put(p.Key, p.Value); err != nil {
			return err
		}
	}
	return nil
}

func (s *early) writeBehind() {
	for {
		time.Sleep(20 * time.Millisecond)
		s.mu.Lock()
		steps := s.mu.steps
		s.mu.steps = nil
		s.mu.Unlock()
		if err := s.file.Update(context.Background(), apply(steps)); err != nil {
			panic(err)
		}
	}
}

func (s *early) View(ctx context.Context, fn func(kv.Reader) error) error {
	return s.memory.View(ctx, fn)
}

func (s *early) Update(ctx context.Context, fn func(kv.Writer) error) error {
	return s.memory.Update(ctx, func(w kv.Writer) error {
		r := recorder{Writer: w}
		if err := fn(&r); err != nil {
			return err
		}
		s.mu.Lock() // in the order in which memory runs them, one after another
		s.mu.steps = append(s.mu.steps, r.steps...)
		s.mu.Unlock()
		return nil
	})
}

func (s *early) Limits() kv.Limits { return s.file.Limits() }
func (s *early) Close() error      { return errors.Join(s.memory.Close(), s.file.Close()) }

// torn is a store that commits a transaction in two halves.
type torn struct {
	kv.Store
	mu sync.Mutex // held by the Update under way, so that nobody sees one half
}

var errRehearsed = errors.New("rehearsed")

func (s *torn) Update(ctx context.Context, fn func(kv.Writer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var steps []step
	err := s.Store.Update(ctx, func(w kv.Writer) error {
		r := recorder{Writer: w}
		if err := fn(&r); err != nil {
			return err
		}
		steps = r.steps
		return errRehearsed // so that nothing is written yet
	})
	if !errors.Is(err, errRehearsed) {
		return err
	}
	half := len(steps) / 2
	if err := s.Store.Update(context.WithoutCancel(ctx), apply(steps[:half])); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond) // so that few kills miss
	return s.Store.Update(context.WithoutCancel(ctx), apply(steps[half:]))
}

func (s *torn) View(ctx context.Context, fn func(kv.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.View(ctx, fn)
}
