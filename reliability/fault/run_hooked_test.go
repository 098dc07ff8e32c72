//go:build hooked

package fault_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/internal/ram"
)

// tally is what many trials gave.
type tally struct {
	mu       sync.Mutex
	trials   int
	crashes  int
	outcomes map[outcome]int
	kinds    map[string]int
	faults   []string
}

// tryAll runs the trials of the workload that chosen picks.
func tryAll(t *testing.T, swallow bool, chosen func(n int, tr trial) (run, lives bool)) *tally {
	sum := &tally{outcomes: map[outcome]int{}, kinds: map[string]int{}}
	n := 0
	dir := ram.Dir(t)
	plan(t, func(trials []trial) {
		type job struct {
			trial
			lives bool
		}
		var jobs []job
		for _, tr := range trials {
			n++
			if run, lives := chosen(n, tr); run {
				jobs = append(jobs, job{tr, lives})
			}
		}
		var group sync.WaitGroup
		workers := runtime.GOMAXPROCS(0)
		for worker := range workers {
			group.Go(func() {
				path := filepath.Join(dir, fmt.Sprint("db", worker))
				for i := worker; i < len(jobs); i += workers {
					j := jobs[i]
					got, crashes, err := j.run(t.Context(), path, swallow, j.lives)
					sum.mu.Lock()
					sum.trials++
					sum.crashes += crashes
					sum.outcomes[got]++
					sum.kinds[fmt.Sprint(j.like.Kind, " ", j.like.Which)]++
					if err != nil {
						sum.faults = append(sum.faults, fmt.Sprintf("step %d, operation %d, %v, %v after %d bytes: %v", j.step, j.op, j.like, j.fault.Err, j.fault.Partial, err))
					}
					sum.mu.Unlock()
				}
			})
		}
		group.Wait()
	})
	return sum
}

// TestFaults lets each operation on the file fail once.
func TestFaults(t *testing.T) {
	began := time.Now()
	sum := tryAll(t, false, func(n int, tr trial) (bool, bool) {
		growth := tr.like.Kind == disk.Truncate || tr.like.Which == "grow"
		rare := tr.like.Kind != disk.Write || tr.like.Off < 2*4096
		return *long || growth || rare && n%13 == 0 || n%97 == 0, n%11 == 0
	})
	for i, f := range sum.faults {
		if i < 10 {
			t.Error(f)
		}
	}
	t.Logf("faults: %d operations failed (%v), the store said %v; %d losses of power after that; %d broken promises; %v",
		sum.trials, sum.kinds, sum.outcomes, sum.crashes, len(sum.faults), time.Since(began).Round(time.Millisecond))
	require.Empty(t, sum.faults)
	require.Less(t, sum.outcomes[missed]*20, sum.trials)
	for _, said := range []outcome{unknown, full, refused} {
		require.Positive(t, sum.outcomes[said], said)
	}
	for _, kind := range []string{"write ", "truncate ", "sync data", "sync meta", "sync grow", "sync call"} {
		require.Positive(t, sum.kinds[kind], kind)
	}
	require.Positive(t, sum.crashes)
}

// TestControlSwallowed: a store that does not hear of a failed sync loses what it acknowledges, and the rig finds it.
func TestControlSwallowed(t *testing.T) {
	sum := tryAll(t, true, func(n int, tr trial) (bool, bool) { return tr.like.Kind == disk.Sync && n%23 == 0, false })
	t.Logf("control, the errors of syncs are swallowed: %d of %d trials break a promise, such as: %s", len(sum.faults), sum.trials, append(sum.faults, "none")[0])
	require.NotEmpty(t, sum.faults)
}
