package readers

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/statordb/stator/kv"
)

// Views is a kv.Store that measures how long snapshots are held. It is safe for
// concurrent use.
type Views struct {
	kv.Store

	mu     sync.Mutex
	held   map[*view]struct{}
	oldest time.Duration // of those that have ended
	whose  string        // of the oldest
	count  int64
}

type view struct {
	since time.Time
	pcs   [16]uintptr
	depth int
}

// Watch returns a store that measures the snapshots of store, which it owns from then on.
func Watch(store kv.Store) *Views {
	return &Views{Store: store, held: map[*view]struct{}{}}
}

// View is that of the store below.
func (v *Views) View(ctx context.Context, fn func(kv.Reader) error) error {
	var it view
	it.depth = runtime.Callers(2, it.pcs[:])
	entered := false
	err := v.Store.View(ctx, func(r kv.Reader) error {
		if !entered { // the snapshot is there
			entered = true
			it.since = time.Now()
			v.mu.Lock()
			v.held[&it] = struct{}{}
			v.count++
			v.mu.Unlock()
		}
		return fn(r)
	})
	if entered {
		v.mu.Lock()
		delete(v.held, &it)
		v.note(&it)
		v.mu.Unlock()
	}
	return err
}

// note counts the age of a snapshot. The caller holds mu.
func (v *Views) note(it *view) {
	age := time.Since(it.since)
	if age <= v.oldest {
		return
	}
	v.oldest = age
	frames := runtime.CallersFrames(it.pcs[:it.depth])
	var names []string
	for {
		f, more := frames.Next()
		_, name, _ := strings.Cut(f.Function[strings.LastIndex(f.Function, "/")+1:], ".")
		names = append(names, name)
		if !more || len(names) == 3 {
			break
		}
	}
	v.whose = strings.Join(names, " < ")
}

// Oldest returns the greatest age that a snapshot has reached, those that are held
// now included, and the functions that held it, the innermost first.
func (v *Views) Oldest() (time.Duration, string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for it := range v.held {
		v.note(it)
	}
	return v.oldest, v.whose
}

// Count returns how many snapshots there have been, and Held how many there are.
func (v *Views) Count() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.count
}

// Held returns how many snapshots are held now.
func (v *Views) Held() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.held)
}

// Reset forgets the ages of the snapshots that have ended.
func (v *Views) Reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.oldest, v.whose, v.count = 0, "", 0
}
