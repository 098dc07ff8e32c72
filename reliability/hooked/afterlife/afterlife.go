//go:build hooked

// Package afterlife looks at what comes after a fault: what the disk can hold
// when the power goes then, and whether a store that is opened again, on what the
// system has in its cache, can be trusted with more.
package afterlife

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
)

// Crashes looks at what the disk can hold when the power goes now.
func Crashes(ctx context.Context, path string, im *disk.Image, random *rand.Rand, allowed func(workload.Sum) bool) (n int, err error) {
	scratch, err := disk.NewScratch(path, append([]byte(nil), im.Synced...))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	disk.Attach(path, scratch.Disk())
	defer disk.Attach(path, nil)
	for _, c := range im.Crashes(random, disk.Effort{Subsets: 2, Each: 2, Random: 1}) {
		n++
		if err := scratch.Show(c); err != nil {
			return n, err
		}
		sum, _, err := workload.Look(ctx, path)
		if err == nil && !allowed(sum) {
			err = fmt.Errorf("it holds %v", sum)
		}
		if err == nil {
			err = workload.CheckPages(path)
		}
		if err != nil {
			return n, fmt.Errorf("%s: %w", c.What, err)
		}
	}
	return n, nil
}

// Settling is how many operations come before the first commit of a file that
// is opened: the meta page is written as it is, and synced.
const Settling = 2

// Live opens the file that the system has in its cache, works with it, and loses
// the power at each sync. The disk under it is im: what it failed to write it will never write by itself. Before something
// is acknowledged anew, the file may hold each state of allowed. When forgets is set, the disk loses what the store does to make sure
// of the state that it found: the control.
func Live(ctx context.Context, path string, im *disk.Image, allowed []workload.Sum, forgets bool) (crashes int, err error) {
	d := &disk.Disk{}
	disk.Attach(path, d)
	defer disk.Attach(path, nil)
	store, err := boltkv.Open(path, workload.StoreOptions())
	if err != nil {
		return 0, err
	}
	var states []workload.Sum
	model, err := workload.NewModel(ctx, store, func(s workload.Sum) {
		states = append(states, s)
		d.Note(len(states))
	})
	if err != nil {
		return 0, errors.Join(err, store.Close())
	}
	clock := workload.NewClock()
	clock.Advance(48 * time.Hour)
	e, err := engine.Open(ctx, model, workload.EngineOptions(clock))
	if err != nil {
		return 0, err
	}
	if _, err = e.Serve(ctx, &api.MaintainInput{}); err == nil {
		if err = workload.WriteSome(ctx, e); err == nil {
			err = e.Check(ctx)
		}
	}
	if err = errors.Join(err, e.Close()); err != nil {
		return 0, fmt.Errorf("it goes on: %w", err)
	}
	disk.Attach(path, nil)
	acknowledged := 0
	segment := 0
	for i, op := range d.Ops() {
		if forgets && i < Settling {
			continue
		}
		if op.Kind == disk.Mark {
			if state, ok := op.Mark.(int); ok {
				acknowledged = state
			}
			continue
		}
		if op.Kind == disk.Sync {
			segment++
			now := acknowledged
			n, err := Crashes(ctx, path+".crash", im, rand.New(rand.NewPCG(uint64(segment), 1)), func(s workload.Sum) bool {
				if now < len(states) && s == states[now] || now > 0 && s == states[now-1] {
					return true
				}
				return now == 0 && (s == allowed[0] || s == allowed[len(allowed)-1])
			})
			crashes += n
			if err != nil {
				return crashes, fmt.Errorf("it goes on, and then the power is lost, sync number %d, %d new states acknowledged, %w", segment, now, err)
			}
		}
		im.Apply(op)
	}
	return crashes, nil
}
