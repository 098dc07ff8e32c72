//go:build hooked

package fault_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/hooked/afterlife"
	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
)

// outcome is what the store said to a fault.
type outcome string

const (
	missed  outcome = "missed"  // the operation did not come
	unknown outcome = "unknown" // kv.ErrOutcomeUnknown
	full    outcome = "full"    // kv.ErrFull
	refused outcome = "refused" // kv.ErrReadOnly: nothing was written
	none    outcome = "no error"
)

// run carries out one trial on the file of path. An error says which promise was broken.
func (tr trial) run(ctx context.Context, path string, swallow, lives bool) (got outcome, crashes int, err error) {
	if err := os.WriteFile(path, tr.base, 0o600); err != nil {
		return "", 0, err
	}
	var fired atomic.Pointer[disk.Op]
	d := &disk.Disk{Swallow: swallow, Fault: func(n int, op disk.Op) *disk.Fault {
		if n == tr.op {
			fired.Store(&op)
			return &tr.fault
		}
		return nil
	}}
	disk.Attach(path, d)
	defer disk.Attach(path, nil)
	store, err := boltkv.Open(path, workload.StoreOptions())
	if err != nil {
		return "", 0, err
	}
	model, err := workload.NewModel(ctx, store, nil)
	if err != nil {
		return "", 0, errors.Join(err, store.Close())
	}
	clock := workload.NewClock()
	clock.Advance(tr.at)
	e, err := engine.Open(ctx, model, workload.EngineOptions(clock))
	if err != nil {
		return "", 0, err
	}
	release := func() error { return nil }
	if tr.op%2 == 0 {
		release = workload.Hold(ctx, store)
	}
	closed := false
	defer func() {
		err = errors.Join(err, release())
		if !closed {
			err = errors.Join(err, e.Close())
		}
	}()
	steps := tr.steps
	retried := false
	for i := 0; i < len(steps) && i < 4; i++ {
		err := workload.Do(ctx, e, clock, steps[i])
		if err == nil {
			if fired.Load() != nil && i >= 2 {
				break
			}
			continue
		}
		if fired.Load() == nil {
			return "", 0, fmt.Errorf("step %d failed without a fault: %w", tr.step+i, err)
		}
		if err := checkAPI(err); err != nil {
			return "", 0, err
		}
		if errors.Is(err, kv.ErrFull) && !retried {
			retried = true
			i-- // there is space again
			continue
		}
		if errors.Is(err, kv.ErrOutcomeUnknown) || errors.Is(err, kv.ErrReadOnly) {
			break
		}
		return "", 0, fmt.Errorf("step %d: %w", tr.step+i, err)
	}
	if fired.Load() == nil {
		return missed, 0, nil
	}
	failed := model.Err()
	got = outcomeOf(failed)
	if want := tr.wants(*fired.Load()); got != want && !(got == none && swallow) {
		return got, 0, fmt.Errorf("to the failure of %v the store says %q, want %q: %w", *fired.Load(), got, want, failed)
	}
	if got == unknown || got == refused {
		if err := checkRefused(ctx, e); err != nil {
			return got, 0, err
		}
	}
	if err := e.Check(ctx); err != nil {
		return got, 0, fmt.Errorf("before it is reopened: %w", err)
	}
	closed = true
	err = release()
	release = func() error { return nil }
	if err := errors.Join(err, e.Close()); err != nil {
		return got, 0, err
	}
	last, next := model.States()
	allowed := []workload.Sum{last}
	if got == unknown {
		allowed = append(allowed, next)
	}
	disk.Attach(path, nil)
	if err := checkFile(ctx, path, allowed); err != nil {
		return got, 0, fmt.Errorf("reopened: %w", err)
	}
	im := &disk.Image{Synced: append([]byte(nil), tr.base...)}
	for _, op := range d.Ops() {
		im.Apply(op)
	}
	random := rand.New(rand.NewPCG(uint64(tr.op), uint64(tr.step)))
	crashes, err = afterlife.Crashes(ctx, path+".crash", im, random, func(s workload.Sum) bool { return s == last || s == allowed[len(allowed)-1] })
	if err != nil {
		return got, crashes, fmt.Errorf("after a loss of power: %w", err)
	}
	if !lives {
		return got, crashes, nil
	}
	n, err := afterlife.Live(ctx, path, im, allowed, false)
	return got, crashes + n, err
}

func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return none
	case errors.Is(err, kv.ErrOutcomeUnknown):
		return unknown
	case errors.Is(err, kv.ErrFull):
		return full
	case errors.Is(err, kv.ErrReadOnly):
		return refused
	}
	return outcome(err.Error())
}

// wants is what the store must say to the fault in op.
func (tr trial) wants(op disk.Op) outcome {
	switch {
	case tr.op < afterlife.Settling && errors.Is(tr.fault.Err, syscall.EIO):
		return refused // nothing is written before the state that the file holds is sure
	case tr.op >= afterlife.Settling && op.Kind == disk.Write && op.Off < 2*4096 && tr.fault.Partial >= 96:
		return unknown // all of the meta page that counts is there
	case op.Kind == disk.Sync && op.Which == string(bolt.SyncMeta):
		return unknown
	case errors.Is(tr.fault.Err, syscall.ENOSPC):
		return full
	}
	return unknown
}

// checkAPI looks at what a caller of the engine is told.
func checkAPI(err error) error {
	var e *api.Error
	if !errors.As(err, &e) || e.Code != api.CodeInternalServerError {
		return fmt.Errorf("the caller is told %v, want an InternalServerError", err)
	}
	want := "The disk is full; "
	switch {
	case errors.Is(err, kv.ErrOutcomeUnknown):
		want = "It is unknown whether the write took place"
	case errors.Is(err, kv.ErrReadOnly):
		want = "The store refuses writes; "
	}
	if len(e.Message) < len(want) || e.Message[:len(want)] != want {
		return fmt.Errorf("the caller is told %q, want %q: %w", e.Message, want, err)
	}
	return nil
}

// checkRefused makes sure that e takes no writes and goes on reading.
func checkRefused(ctx context.Context, e *engine.Engine) error {
	for range 2 {
		_, err := stator.CreateTable(ctx, e, "refused", stator.HashKey("pk", "S"))
		if !errors.Is(err, kv.ErrReadOnly) || errors.Is(err, kv.ErrOutcomeUnknown) {
			return fmt.Errorf("a write after the fault is answered with %v, want %w", err, kv.ErrReadOnly)
		}
		if err := checkAPI(err); err != nil {
			return err
		}
	}
	tables, err := api.Do(ctx, e, &api.ListTablesInput{})
	if err != nil {
		return fmt.Errorf("a read after the fault: %w", err)
	}
	for _, name := range tables.TableNames {
		if _, err := e.Serve(ctx, &api.ScanInput{TableName: &name}); err != nil {
			return fmt.Errorf("a read after the fault: %w", err)
		}
	}
	return nil
}

// checkFile opens the file of path and looks whether it holds one of the allowed states.
func checkFile(ctx context.Context, path string, allowed []workload.Sum) error {
	sum, opened, err := workload.Look(ctx, path)
	if err != nil {
		return err
	}
	if opened >= time.Second {
		return fmt.Errorf("opening took %v", opened)
	}
	for _, a := range allowed {
		if sum == a {
			return workload.CheckPages(path)
		}
	}
	return fmt.Errorf("it holds %v, want one of %v", sum, allowed)
}
