package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// keeper does what the clock makes necessary: it deletes expired items, trims
// journals and closes shards. It looks at the clock of the options each second of real
// time, so that a clock of a test moves it too, and Maintain does the same at once.
type keeper struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	// pass is held while one goroutine goes through what is due.
	pass    sync.Mutex
	trimmed int64 // when journals were last looked at, µs since 1970; pass guards it
}

const (
	keepEvery = time.Second // of real time
	trimEvery = 60_000_000  // µs of the options' clock
)

func (k *keeper) start(e *Engine) {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	background := e.newBackground()
	k.done.Go(func() {
		tick := time.NewTicker(keepEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := e.keep(ctx)
			background.failed(err)
			if errors.Is(err, kv.ErrClosed) || errors.Is(err, kv.ErrReadOnly) {
				return // until the store is opened again
			}
		}
	})
}

func (k *keeper) stop() {
	if k.cancel != nil {
		k.cancel()
	}
	k.done.Wait()
}

// keep does some of what is due. An error is of the store, and the next pass tries again.
func (e *Engine) keep(ctx context.Context) error {
	k := &e.keeper
	if !k.pass.TryLock() {
		return nil // Maintain does all of it; to wait for its end would keep Close waiting
	}
	defer k.pass.Unlock()
	_, err := e.sweepExpired(ctx, e.opt.ExpiryRate)
	if now := e.micros(); now-k.trimmed >= trimEvery || now < k.trimmed {
		k.trimmed = now
		_, trimErr := e.keepJournals(ctx)
		err = errors.Join(err, trimErr)
	}
	return err
}

func (e *Engine) keepJournals(ctx context.Context) (trimmed int64, err error) {
	rollErr := e.rollShards(ctx)
	trimmed, err = e.trim(ctx)
	return trimmed, errors.Join(rollErr, err)
}

// maintain does all that is due.
func (e *Engine) maintain(ctx context.Context, _ *api.MaintainInput) (*api.MaintainOutput, error) {
	for {
		again, err := e.runJobsOnce(ctx)
		if err != nil {
			return nil, err
		}
		if !again {
			break
		}
	}
	e.keeper.pass.Lock()
	defer e.keeper.pass.Unlock()
	out := &api.MaintainOutput{}
	for {
		n, err := e.sweepExpired(ctx, maxStepRows)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		out.Expired += int64(n)
	}
	var err error
	out.Trimmed, err = e.keepJournals(ctx)
	return out, err
}
