package engine_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// gate is a store on which one Update can be made to meet what others do between its preparation and its
// transaction.
type gate struct {
	kv.Store
	before atomic.Pointer[func()] // called once, before the next Update
	viewed atomic.Pointer[func()] // called once, before the next View
	blind  bool                   // that Update does not see what before did to heads
}

func (g *gate) View(ctx context.Context, fn func(kv.Reader) error) error {
	if viewed := g.viewed.Swap(nil); viewed != nil {
		(*viewed)()
	}
	return g.Store.View(ctx, fn)
}

func (g *gate) Update(ctx context.Context, fn func(kv.Writer) error) error {
	before := g.before.Swap(nil)
	if before == nil {
		return g.Store.Update(ctx, fn)
	}
	heads := map[string][]byte{}
	if err := g.View(ctx, func(r kv.Reader) error {
		clear(heads)
		for p, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			if engine.IsHead(p.Key) {
				heads[string(p.Key)] = bytes.Clone(p.Value)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	(*before)()
	if !g.blind {
		return g.Store.Update(ctx, fn)
	}
	return g.Store.Update(ctx, func(w kv.Writer) error { return fn(blindWriter{w, heads}) })
}

// blindWriter shows heads with the generation that they had before.
type blindWriter struct {
	kv.Writer
	heads map[string][]byte
}

func (w blindWriter) show(key, value []byte) []byte {
	if old := w.heads[string(key)]; old != nil {
		return engine.HeadOfGeneration(value, old)
	}
	return value
}

func (w blindWriter) Get(key []byte) ([]byte, error) {
	v, err := w.Writer.Get(key)
	return w.show(key, v), err
}

func (w blindWriter) GetMany(keys [][]byte) ([][]byte, error) {
	found, err := w.Writer.GetMany(keys)
	for i := range found {
		found[i] = w.show(keys[i], found[i])
	}
	return found, err
}

// Put gives a head the generation back that it really has, so that only the one Update is blind.
func (w blindWriter) Put(key, value []byte) error {
	if w.heads[string(key)] != nil {
		now, err := w.Writer.Get(key)
		if err != nil || now == nil {
			return err
		}
		value = engine.HeadOfGeneration(value, now)
	}
	return w.Writer.Put(key, value)
}

// lagging is a store on which some Updates come late: others overtake them.
type lagging struct{ kv.Store }

func (s lagging) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if rand.IntN(4) == 0 {
		for range rand.IntN(2000) {
			runtime.Gosched()
		}
	}
	return s.Store.Update(ctx, fn)
}

var errCrash = errors.New("the machine has crashed")

// mortal is a store that fails every transaction after so many Updates. Its Close leaves the store
// beneath it open, as a crash does not close a file in order.
type mortal struct {
	kv.Store
	mu   sync.Mutex
	left int
}

func newMortal(store kv.Store, updates int) *mortal { return &mortal{Store: store, left: updates} }

func (m *mortal) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left <= 0
}

func (m *mortal) View(ctx context.Context, fn func(kv.Reader) error) error {
	if m.dead() {
		return errCrash
	}
	return m.Store.View(ctx, fn)
}

func (m *mortal) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if m.dead() {
		return errCrash
	}
	err := m.Store.Update(ctx, fn)
	if err == nil {
		m.mu.Lock()
		m.left--
		m.mu.Unlock()
	}
	return err
}

func (m *mortal) Close() error { return nil }

// borrowed is a store whose Close is left to its owner, to open it again.
type borrowed struct{ kv.Store }

func (borrowed) Close() error { return nil }
