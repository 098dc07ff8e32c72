package kvtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
)

var isolationTests = map[string]func(*testing.T, kv.Store){
	"a snapshot does not change":           testSnapshot,
	"a view sees what was acknowledged":    testFreshness,
	"no lost updates":                      testCounter,
	"bank transfers keep the sum":          testBank,
	"no write skew":                        testWriteSkew,
	"no phantoms":                          testPhantoms,
	"a failed fn disturbs no neighbour":    testNeighbours,
	"no fn runs on after Update":           testEnded,
	"readers beside writers see whole txs": testAtomicity,
}

const (
	workers = 8
	rounds  = 40
)

// parallel runs fn in so many goroutines and gathers their errors.
func parallel(t *testing.T, n int, fn func(worker int) error) {
	t.Helper()
	errs := make([]error, n)
	var group sync.WaitGroup
	for worker := range n {
		group.Go(func() { errs[worker] = fn(worker) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
}

func number(r kv.Reader, key string) (int, error) {
	value, err := r.Get([]byte(key))
	if err != nil || value == nil {
		return 0, err
	}
	return strconv.Atoi(string(value))
}

func testSnapshot(t *testing.T, store kv.Store) {
	put(t, store, "a", "1", "b", "2")
	inside, written := make(chan struct{}), make(chan struct{})
	result := make(chan error, 1)
	var once sync.Once
	go func() {
		result <- store.View(context.Background(), func(r kv.Reader) error {
			before, err := list(r, nil, nil, false)
			if err != nil {
				return err
			}
			// The one place that waits inside an fn: that is what is tested.
			once.Do(func() { close(inside); <-written })
			a := strings.TrimPrefix(before[0], "a=")
			return errors.Join(expect(r, "a", a), expectAll(r, before...))
		})
	}()
	<-inside
	for i := range 20 {
		put(t, store, "a", fmt.Sprint("new", i), "c", "3")
	}
	update(t, store, func(w kv.Writer) error { return w.Delete([]byte("b")) })
	close(written)
	require.NoError(t, <-result)
	require.Equal(t, []string{"a=new19", "c=3"}, scan(t, store, nil, nil, false))
}

func testFreshness(t *testing.T, store kv.Store) {
	parallel(t, workers, func(worker int) error {
		key := fmt.Sprint("key", worker)
		for i := range rounds {
			value := fmt.Sprint(i)
			if err := store.Update(context.Background(), func(w kv.Writer) error { return putAll(w, key, value) }); err != nil {
				return err
			}
			if err := store.View(context.Background(), func(r kv.Reader) error { return expect(r, key, value) }); err != nil {
				return err
			}
		}
		return nil
	})
}

func testCounter(t *testing.T, store kv.Store) {
	parallel(t, workers, func(int) error {
		for range rounds {
			err := store.Update(context.Background(), func(w kv.Writer) error {
				n, err := number(w, "n")
				if err != nil {
					return err
				}
				return putAll(w, "n", strconv.Itoa(n+1))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, store, func(r kv.Reader) error { return expect(r, "n", strconv.Itoa(workers*rounds)) })
}

var errPoor = errors.New("not enough on the account")

func testBank(t *testing.T, store kv.Store) {
	const accounts, each = 5, 100
	for i := range accounts {
		put(t, store, fmt.Sprint("account", i), strconv.Itoa(each))
	}
	sum := func(r kv.Reader) error {
		total := 0
		for pair, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(pair.Value))
			if err != nil || n < 0 {
				return fmt.Errorf("%s holds %q", pair.Key, pair.Value)
			}
			total += n
		}
		if total != accounts*each {
			return fmt.Errorf("the accounts hold %d, expected %d", total, accounts*each)
		}
		return nil
	}
	parallel(t, workers, func(worker int) error {
		for i := range rounds {
			from, to := fmt.Sprint("account", (worker+i)%accounts), fmt.Sprint("account", (worker+i*3+1)%accounts)
			if from == to {
				continue
			}
			amount := 1 + (worker*31+i*17)%60
			err := store.Update(context.Background(), func(w kv.Writer) error {
				// It writes before it knows whether it may: the worst fn there is.
				b, err := number(w, to)
				if err != nil {
					return err
				}
				if err := putAll(w, to, strconv.Itoa(b+amount)); err != nil {
					return err
				}
				a, err := number(w, from)
				if err != nil {
					return err
				}
				if a < amount {
					return errPoor
				}
				if err := putAll(w, from, strconv.Itoa(a-amount)); err != nil {
					return err
				}
				return sum(w)
			})
			if err != nil && !errors.Is(err, errPoor) {
				return err
			}
			if err := store.View(context.Background(), sum); err != nil {
				return err
			}
		}
		return nil
	})
}

// testWriteSkew: of two who are on call each may leave when the other stays.
func testWriteSkew(t *testing.T, store kv.Store) {
	for range rounds {
		put(t, store, "on call 0", "yes", "on call 1", "yes")
		parallel(t, 2, func(worker int) error {
			return store.Update(context.Background(), func(w kv.Writer) error {
				other, err := get(w, fmt.Sprint("on call ", 1-worker))
				if err != nil || other != "yes" {
					return err
				}
				return putAll(w, fmt.Sprint("on call ", worker), "no")
			})
		})
		rows := scan(t, store, nil, nil, false)
		require.Len(t, rows, 2)
		require.NotEqual(t, []string{"on call 0=no", "on call 1=no"}, rows)
	}
}

// testPhantoms: each adds a row when a scan finds fewer than three.
func testPhantoms(t *testing.T, store kv.Store) {
	for round := range rounds / 4 {
		update(t, store, func(w kv.Writer) error { return w.DeleteRange(nil, nil) })
		parallel(t, workers, func(worker int) error {
			return store.Update(context.Background(), func(w kv.Writer) error {
				rows, err := list(w, []byte("row"), []byte("rox"), worker%2 == 0)
				if err != nil || len(rows) >= 3 {
					return err
				}
				return putAll(w, fmt.Sprintf("row %d %d", worker, round), "")
			})
		})
		require.Len(t, scan(t, store, nil, nil, false), 3)
	}
}

func testNeighbours(t *testing.T, store kv.Store) {
	failure := errors.New("every third fn fails after it has written")
	var succeeded atomic.Int64
	parallel(t, workers*4, func(worker int) error {
		for i := range rounds / 4 {
			fails := (worker+i)%3 == 0
			err := store.Update(context.Background(), func(w kv.Writer) error {
				n, err := number(w, "n")
				if err != nil {
					return err
				}
				if err := putAll(w, "n", strconv.Itoa(n+1), fmt.Sprintf("row %d %d", worker, i), ""); err != nil {
					return err
				}
				if fails {
					return errors.Join(w.DeleteRange(nil, nil), failure)
				}
				return nil
			})
			if fails != errors.Is(err, failure) || !fails && err != nil {
				return fmt.Errorf("an fn that fails: %v, got %w", fails, err)
			}
			if !fails {
				succeeded.Add(1)
			}
		}
		return nil
	})
	view(t, store, func(r kv.Reader) error { return expect(r, "n", fmt.Sprint(succeeded.Load())) })
	require.Len(t, scan(t, store, []byte("row"), nil, false), int(succeeded.Load()))
}

func testAtomicity(t *testing.T, store kv.Store) {
	put(t, store, "a", "0", "b", "0", "c", "0")
	stop := make(chan struct{})
	var readers sync.WaitGroup
	errs := make(chan error, 2)
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := store.View(context.Background(), func(r kv.Reader) error {
					a, err := get(r, "a")
					if err != nil {
						return err
					}
					return expectAll(r, "a="+a, "b="+a, "c="+a)
				})
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	parallel(t, workers, func(worker int) error {
		for i := range rounds {
			n := fmt.Sprint(worker*rounds + i)
			if err := store.Update(context.Background(), func(w kv.Writer) error { return putAll(w, "c", n, "a", n, "b", n) }); err != nil {
				return err
			}
		}
		return nil
	})
	close(stop)
	readers.Wait()
	close(errs)
	require.NoError(t, <-errs)
}

// testEnded: whoever returns early because its context has ended leaves no fn behind.
func testEnded(t *testing.T, store kv.Store) {
	var after atomic.Int64
	parallel(t, workers, func(worker int) error {
		key := fmt.Appendf(nil, "key%d", worker)
		for i := range rounds {
			ctx, cancel := context.WithCancel(context.Background())
			var running, returned atomic.Bool
			go func() {
				for range i {
					runtime.Gosched()
				}
				cancel()
			}()
			err := store.Update(ctx, func(w kv.Writer) error {
				running.Store(true)
				defer running.Store(false)
				runtime.Gosched()
				if returned.Load() {
					after.Add(1)
				}
				return w.Put(key, key)
			})
			returned.Store(true)
			cancel()
			switch {
			case running.Load():
				return errors.New("Update returned while fn was running")
			case err != nil && !errors.Is(err, context.Canceled):
				return err
			}
		}
		return nil
	})
	update(t, store, func(w kv.Writer) error { return w.Put([]byte("last"), nil) }) // what was left behind runs before it
	require.Zero(t, after.Load(), "fns that ran after their Update had returned")
}
