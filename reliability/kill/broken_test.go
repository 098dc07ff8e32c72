package kill_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/memkv"
	"github.com/statordb/stator/reliability/internal/record"
)

// The stores here are broken on purpose. They behave as they should until their process is killed.

// early is a store that acknowledges before it commits: it serves from memory, and writes to the file a little later, in order.
type early struct {
	memory kv.Store
	file   kv.Store

	mu struct {
		sync.Mutex
		steps []record.Step // not in the file yet
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
		if err := s.file.Update(context.Background(), record.Apply(steps)); err != nil {
			panic(err)
		}
	}
}

func (s *early) View(ctx context.Context, fn func(kv.Reader) error) error {
	return s.memory.View(ctx, fn)
}

func (s *early) Update(ctx context.Context, fn func(kv.Writer) error) error {
	return s.memory.Update(ctx, func(w kv.Writer) error {
		r := record.Writer{Writer: w}
		if err := fn(&r); err != nil {
			return err
		}
		s.mu.Lock() // in the order in which memory runs them, one after another
		s.mu.steps = append(s.mu.steps, r.Steps...)
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
	var steps []record.Step
	err := s.Store.Update(ctx, func(w kv.Writer) error {
		r := record.Writer{Writer: w}
		if err := fn(&r); err != nil {
			return err
		}
		steps = r.Steps
		return errRehearsed // so that nothing is written yet
	})
	if !errors.Is(err, errRehearsed) {
		return err
	}
	half := len(steps) / 2
	if err := s.Store.Update(context.WithoutCancel(ctx), record.Apply(steps[:half])); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond) // so that few kills miss
	return s.Store.Update(context.WithoutCancel(ctx), record.Apply(steps[half:]))
}

func (s *torn) View(ctx context.Context, fn func(kv.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.View(ctx, fn)
}
