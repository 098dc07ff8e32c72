package isolation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/reliability/internal/record"
)

// Clients and stores that break one promise each, for the controls: every test
// of this package is run over one that it must find out.

// stale answers one of so many GetItems and Querys with what it answered before.
type stale struct {
	api.Client
	oneIn int
	mu    sync.Mutex
	last  map[string]api.Response
}

func newStale(c api.Client, oneIn int) *stale {
	return &stale{Client: c, oneIn: oneIn, last: map[string]api.Response{}}
}

func (s *stale) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	var k string
	switch in := in.(type) {
	case *api.GetItemInput:
		k = in.Key.String()
	case *api.QueryInput:
		k = fmt.Sprint(in.IndexName != nil, in.ExpressionAttributeValues)
	default:
		return s.Client.Serve(ctx, in)
	}
	s.mu.Lock()
	before := s.last[k]
	s.mu.Unlock()
	if before != nil && rand.IntN(s.oneIn) == 0 {
		return before, nil
	}
	out, err := s.Client.Serve(ctx, in)
	if err == nil {
		s.mu.Lock()
		s.last[k] = out
		s.mu.Unlock()
	}
	return out, err
}

// late acknowledges one of so many puts that have no condition and no answer at once,
// and carries it out after the next request.
type late struct {
	api.Client
	oneIn   int
	mu      sync.Mutex
	waiting []api.Request
}

func (l *late) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	put, ok := in.(*api.PutItemInput)
	if ok && put.ConditionExpression == nil && *put.ReturnValues == api.ReturnValueNone && rand.IntN(l.oneIn) == 0 {
		l.mu.Lock()
		l.waiting = append(l.waiting, in)
		l.mu.Unlock()
		return &api.PutItemOutput{}, nil
	}
	out, err := l.Client.Serve(ctx, in)
	l.mu.Lock()
	waiting := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	for _, w := range waiting {
		if _, err := l.Client.Serve(ctx, w); err != nil {
			return nil, err
		}
	}
	return out, err
}

// torn carries out one of so many TransactWriteItems in two halves. Conditions of
// the first are tested before the second begins, and between them others may write.
type torn struct {
	api.Client
	oneIn   int
	cut     func([]api.TransactWriteItem) (first, second []int)
	between func() // nil lets others run
}

func (s *torn) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	tx, ok := in.(*api.TransactWriteItemsInput)
	if !ok || len(tx.TransactItems) < 2 || rand.IntN(s.oneIn) != 0 {
		return s.Client.Serve(ctx, in)
	}
	first, second := s.cut(tx.TransactItems)
	if len(first) == 0 || len(second) == 0 {
		return s.Client.Serve(ctx, in)
	}
	if out, err := s.part(ctx, tx, first); err != nil {
		return out, err
	}
	if s.between != nil {
		s.between()
	} else {
		runtime.Gosched()
	}
	return s.part(ctx, tx, second)
}

// part carries out some actions. What cancels it is told of the whole.
func (s *torn) part(ctx context.Context, whole *api.TransactWriteItemsInput, some []int) (api.Response, error) {
	in := &api.TransactWriteItemsInput{}
	for _, i := range some {
		in.TransactItems = append(in.TransactItems, whole.TransactItems[i])
	}
	out, err := s.Client.Serve(ctx, in)
	if e, ok := errors.AsType[*api.Error](err); ok && len(e.CancellationReasons) == len(some) {
		all := slices.Repeat([]api.CancellationReason{{Code: "None"}}, len(whole.TransactItems))
		for j, i := range some {
			all[i] = e.CancellationReasons[j]
		}
		return nil, &api.Error{Code: e.Code, Message: e.Message, CancellationReasons: all}
	}
	return out, err
}

// halves cuts a transaction in the middle.
func halves(items []api.TransactWriteItem) (first, second []int) {
	for i := range items {
		if i < len(items)/2 {
			first = append(first, i)
		} else {
			second = append(second, i)
		}
	}
	return first, second
}

// checksFirst takes the ConditionChecks out of a transaction, as who tests before it writes.
func checksFirst(items []api.TransactWriteItem) (checks, writes []int) {
	for i, item := range items {
		if item.ConditionCheck != nil {
			checks = append(checks, i)
		} else {
			writes = append(writes, i)
		}
	}
	return checks, writes
}

// blurred is a store whose View is no snapshot: each read of one is as of its own
// time, and a scan is a few of them.
type blurred struct{ kv.Store }

func (s blurred) View(ctx context.Context, fn func(kv.Reader) error) error {
	return fn(blurredReader{s.Store, ctx})
}

type blurredReader struct {
	store kv.Store
	ctx   context.Context
}

func (r blurredReader) Get(key []byte) (value []byte, err error) {
	err = r.store.View(r.ctx, func(in kv.Reader) error {
		v, err := in.Get(key)
		value = bytes.Clone(v)
		return err
	})
	return value, err
}

func (r blurredReader) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, k := range keys {
		var err error
		if values[i], err = r.Get(k); err != nil {
			return nil, err
		}
		runtime.Gosched()
	}
	return values, nil
}

func (r blurredReader) Scan(lo, hi []byte, reverse bool) iter.Seq2[kv.Pair, error] {
	const atATime = 3
	return func(yield func(kv.Pair, error) bool) {
		lo, hi := lo, hi
		for {
			var pairs []kv.Pair
			err := r.store.View(r.ctx, func(in kv.Reader) error {
				pairs = nil
				for p, err := range in.Scan(lo, hi, reverse) {
					if err != nil {
						return err
					}
					pairs = append(pairs, kv.Pair{Key: bytes.Clone(p.Key), Value: bytes.Clone(p.Value)})
					if len(pairs) == atATime {
						break
					}
				}
				return nil
			})
			if err != nil {
				yield(kv.Pair{}, err)
				return
			}
			for _, p := range pairs {
				if !yield(p, nil) {
					return
				}
			}
			if len(pairs) < atATime {
				return
			}
			last := pairs[len(pairs)-1].Key
			if reverse {
				hi = last
			} else {
				lo = append(bytes.Clone(last), 0)
			}
			runtime.Gosched()
		}
	}
}

// hasty is a store whose transactions are not serializable: what fn decided on
// one state is written to another, as by who reads, thinks, and writes.
type hasty struct{ kv.Store }

var errHasty = errors.New("rolled back, to be written later")

func (s hasty) Update(ctx context.Context, fn func(kv.Writer) error) error {
	var steps []record.Step
	var outcome error
	err := s.Store.Update(ctx, func(w kv.Writer) error {
		r := record.Writer{Writer: w}
		outcome = fn(&r)
		steps = r.Steps
		return errHasty
	})
	if !errors.Is(err, errHasty) {
		return err
	}
	if outcome != nil {
		return outcome
	}
	runtime.Gosched()
	return s.Store.Update(ctx, record.Apply(steps))
}

// forgetful is a store that does not find idempotency tokens: docs/format.md has their rows at 04 of the
// store's own.
type forgetful struct{ kv.Store }

func (s forgetful) Update(ctx context.Context, fn func(kv.Writer) error) error {
	return s.Store.Update(ctx, func(w kv.Writer) error { return fn(forgetfulWriter{w}) })
}

type forgetfulWriter struct{ kv.Writer }

func (w forgetfulWriter) Get(key []byte) ([]byte, error) {
	if bytes.HasPrefix(key, tokenRows) {
		return nil, nil
	}
	return w.Writer.Get(key)
}

var tokenRows = []byte{0, 0, 0, 0, 4}
