package kvtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
)

var failureTests = map[string]func(*testing.T, kv.Store){
	"closed store":                        testClosed,
	"close waits for transactions":        testCloseWaits,
	"cancelled context":                   testCancelled,
	"context that ends inside fn":         testCancelledInside,
	"a panic reaches its own caller":      testPanic,
	"an fn that ends its goroutine":       testGoexit,
	"panics and exits spare neighbours":   testPanicNeighbours,
	"errors of a nested view are its own": testViewPanic,
}

func testClosed(t *testing.T, store kv.Store) {
	put(t, store, "a", "1")
	require.NoError(t, store.Close())
	ran := false
	require.ErrorIs(t, store.View(context.Background(), func(kv.Reader) error { ran = true; return nil }), kv.ErrClosed)
	require.ErrorIs(t, store.Update(context.Background(), func(kv.Writer) error { ran = true; return nil }), kv.ErrClosed)
	require.ErrorIs(t, store.Close(), kv.ErrClosed)
	require.False(t, ran)
}

func testCloseWaits(t *testing.T, store kv.Store) {
	put(t, store, "a", "1")
	inside, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	viewed, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		_ = store.View(context.Background(), func(r kv.Reader) error {
			once.Do(func() {
				close(inside)
				<-leave
				viewed <- expectAll(r, "a=1")
			})
			return nil
		})
	}()
	<-inside
	go func() { closed <- store.Close() }()
	for range 100 {
		runtime.Gosched()
	}
	select {
	case <-closed:
		require.Fail(t, "Close returned while a View was under way")
	default:
	}
	close(leave)
	require.NoError(t, <-viewed)
	require.NoError(t, <-closed)
}

func testCancelled(t *testing.T, store kv.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ran := false
	require.ErrorIs(t, store.View(ctx, func(kv.Reader) error { ran = true; return nil }), context.Canceled)
	require.ErrorIs(t, store.Update(ctx, func(kv.Writer) error { ran = true; return nil }), context.Canceled)
	require.False(t, ran)
}

func testCancelledInside(t *testing.T, store kv.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := store.Update(ctx, func(w kv.Writer) error {
		cancel()
		return putAll(w, "a", "1")
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, scan(t, store, nil, nil, false))
	put(t, store, "b", "2")
	require.Equal(t, []string{"b=2"}, scan(t, store, nil, nil, false))
}

func testPanic(t *testing.T, store kv.Store) {
	put(t, store, "a", "1")
	value := fmt.Errorf("a value of its own")
	require.PanicsWithValue(t, value, func() {
		_ = store.Update(context.Background(), func(w kv.Writer) error {
			_ = putAll(w, "a", "2", "b", "2")
			panic(value)
		})
	})
	require.Equal(t, []string{"a=1"}, scan(t, store, nil, nil, false))
	put(t, store, "b", "3")
	require.Equal(t, []string{"a=1", "b=3"}, scan(t, store, nil, nil, false))
}

func testViewPanic(t *testing.T, store kv.Store) {
	put(t, store, "a", "1")
	require.PanicsWithValue(t, "mine", func() {
		_ = store.View(context.Background(), func(r kv.Reader) error {
			for range r.Scan(nil, nil, false) {
				panic("mine")
			}
			return nil
		})
	})
	require.Panics(t, func() {
		_ = store.View(context.Background(), func(kv.Reader) error {
			var none *kv.Pair
			return errors.New(string(none.Key))
		})
	})
	put(t, store, "b", "2")
	require.NoError(t, store.Close(), "the panics left no transaction open")
}

func testGoexit(t *testing.T, store kv.Store) {
	put(t, store, "a", "1")
	returned := false
	var group sync.WaitGroup
	group.Go(func() {
		_ = store.Update(context.Background(), func(w kv.Writer) error {
			_ = putAll(w, "a", "2")
			runtime.Goexit()
			return nil
		})
		returned = true
	})
	group.Wait()
	require.False(t, returned, "the caller's goroutine ends too")
	put(t, store, "b", "2")
	require.Equal(t, []string{"a=1", "b=2"}, scan(t, store, nil, nil, false))
}

func testPanicNeighbours(t *testing.T, store kv.Store) {
	parallel(t, workers*4, func(worker int) (err error) {
		for i := range rounds / 4 {
			var group sync.WaitGroup
			group.Go(func() {
				key := fmt.Sprintf("%02d %02d", worker, i)
				defer func() {
					if p := recover(); p != nil && p != key {
						err = fmt.Errorf("got the panic %v of somebody else", p)
					}
				}()
				failure := store.Update(context.Background(), func(w kv.Writer) error {
					if err := putAll(w, key, ""); err != nil {
						return err
					}
					switch (worker + i) % 4 {
					case 0:
						panic(key)
					case 1:
						runtime.Goexit()
					}
					return nil
				})
				if failure != nil || (worker+i)%4 < 2 {
					err = fmt.Errorf("%s returned %w", key, failure)
				}
			})
			group.Wait()
			if err != nil {
				return err
			}
		}
		return nil
	})
	require.Len(t, scan(t, store, nil, nil, false), workers*4*(rounds/4)/2)
}
