//go:build hooked

package power_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/reliability/hooked/afterlife"
	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
	"github.com/statordb/stator/reliability/internal/ram"
)

// killedThenPower kills the process at moments between two syncs, opens the file again on what the system has in its
// cache, works with it, and loses the power at each sync of that. It returns how
// many crash states there were, and what was wrong with each kill.
func killedThenPower(t *testing.T, oneIn int, forgets bool) (kills, crashes int, faults []string) {
	r := record(t, workload.StoreOptions())
	path := filepath.Join(ram.Dir(t), "db")
	random := rand.New(rand.NewPCG(21, 4))
	segment := 0
	r.segments(func(im *disk.Image, acknowledged int, _ []disk.Op) {
		segment++
		if len(im.Pending) == 0 || random.IntN(oneIn) != 0 || acknowledged+1 >= len(r.states) {
			return
		}
		kills++
		killed := &disk.Image{Synced: slices.Clone(im.Synced), Pending: slices.Clone(im.Pending[:1+random.IntN(len(im.Pending))])}
		require.NoError(t, os.WriteFile(path, killed.All(), 0o600))
		n, err := afterlife.Live(t.Context(), path, killed, r.states[acknowledged:acknowledged+2], forgets)
		crashes += n
		if err != nil {
			faults = append(faults, fmt.Sprintf("killed before sync number %d: %v", segment, err))
		}
	})
	return kills, crashes, faults
}

// TestKilledThenPower: a process that opens the file after one that was killed finds a state that the disk may not
// have, and loses nothing when the power goes then.
func TestKilledThenPower(t *testing.T) {
	began := time.Now()
	oneIn := 16
	if *long {
		oneIn = 1
	}
	kills, crashes, faults := killedThenPower(t, oneIn, false)
	require.Empty(t, faults)
	require.Positive(t, kills)
	t.Logf("killed, then the power: %d kills between syncs, %d crash states of the store that was opened then, in %v", kills, crashes, time.Since(began).Round(time.Millisecond))
}

// TestControlKilledThenPower: a store that takes the state which it finds for durable is found out.
func TestControlKilledThenPower(t *testing.T) {
	kills, _, faults := killedThenPower(t, 32, true)
	require.NotEmpty(t, faults)
	t.Logf("control, the state that is found is taken for durable: %d of %d kills lose data, such as: %s", len(faults), kills, faults[0])
}
