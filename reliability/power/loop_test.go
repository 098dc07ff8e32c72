//go:build !hooked && linux

package power_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/internal/mount"
	"github.com/statordb/stator/reliability/internal/ram"
)

// writerFile tells a child that it is the writer: the store's file, the file of what was acknowledged, and
// "sync" or "nosync", between colons.
const writerFile = "STATOR_TEST_POWER_WRITER"

const loopBytes = 64 << 20

// TestLoop lets a process write to a file system in an image, and copies the image without sync while the process stands
// still in the middle of what it does: what only the cache of the mounted file system has is not in the copy, as it would not be
// on the disk. The copy is mounted, its journal replayed, and the store opened.
func TestLoop(t *testing.T) {
	t.Parallel()
	rounds := 5
	if *long {
		rounds = 150
	}
	r := runLoop(t, rounds, "sync")
	require.Empty(t, r.faults)
	require.Positive(t, r.acknowledged)
	require.Less(t, r.slowest, time.Second)
	t.Logf("ext4: %d copies of the disk without sync, %d transactions acknowledged before them, none lost or torn; %d were in flight and there; slowest to open %v",
		r.copies, r.acknowledged, r.ahead, r.slowest.Round(10*time.Microsecond))
}

// TestControlLoop: without syncs acknowledged writes are lost, and the test sees it.
func TestControlLoop(t *testing.T) {
	t.Parallel()
	r := runLoop(t, 2, "nosync")
	require.NotEmpty(t, r.faults)
	t.Logf("control, no syncs on ext4: %d of %d copies are wrong, such as: %.200s", len(r.faults), r.copies, r.faults[0])
}

type loopResult struct {
	copies, acknowledged, ahead int
	slowest                     time.Duration
	faults                      []string
}

func runLoop(t *testing.T, rounds int, mode string) (r loopResult) {
	dir := ram.Dir(t)
	image, copied := filepath.Join(dir, "image"), filepath.Join(dir, "copy")
	mount.MakeExt4(t, image, loopBytes)
	mounted, _ := mount.Image(t, image)

	acks := filepath.Join(dir, "acks")
	require.NoError(t, os.WriteFile(acks, nil, 0o600))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLoopWriter$")
	cmd.Env = append(os.Environ(), writerFile+"="+strings.Join([]string{filepath.Join(mounted, "db"), acks, mode}, ":"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		require.Error(t, cmd.Wait(), "the writer ended by itself: %s", &out)
	})
	require.Eventually(t, func() bool { return len(acknowledged(t, acks)) == writers }, 20*time.Second, 10*time.Millisecond, "the writer: %s", &out)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for round := range rounds {
		time.Sleep(time.Duration(random.IntN(250)) * time.Millisecond)
		stop(t, cmd.Process.Pid)
		known := acknowledged(t, acks)
		content := still(t, image)
		require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
		r.copies++
		r.acknowledged = 0
		for _, n := range known {
			r.acknowledged += n
		}
		opened, ahead, err := inspectCopy(t, copied, content, known)
		for again := 0; opened >= time.Second && again < 2; again++ { // of a machine that is busy, the best of three
			opened, ahead, err = inspectCopy(t, copied, content, known)
		}
		r.ahead += ahead
		r.slowest = max(r.slowest, opened)
		if err != nil {
			r.faults = append(r.faults, fmt.Sprintf("copy %d: %v", round, err))
		}
	}
	return r
}

// inspectCopy mounts content as a copy of the disk, and inspects its store.
func inspectCopy(t *testing.T, path string, content []byte, known map[int]int) (opened time.Duration, ahead int, err error) {
	require.NoError(t, os.WriteFile(path, content, 0o600))
	dir, unmount := mount.Image(t, path)
	defer unmount()
	return inspect(t.Context(), filepath.Join(dir, "db"), nil, known)
}

// stop stops a process and waits until each of its threads stands still.
func stop(t *testing.T, pid int) {
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	require.Eventually(t, func() bool {
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		require.NoError(t, err)
		for _, path := range stats {
			b, err := os.ReadFile(path)
			if err == nil && !bytes.Contains(b, []byte(") T ")) {
				return false
			}
		}
		return len(stats) > 0
	}, 10*time.Second, time.Millisecond)
}

// still reads the image until two readings are the same, so that it is what the disk had at one moment: the
// system may write to it by itself.
func still(t *testing.T, image string) []byte {
	var last []byte
	for range 50 {
		content, err := os.ReadFile(image)
		require.NoError(t, err)
		if bytes.Equal(content, last) {
			return content
		}
		last = content
	}
	t.Fatal("the image changes all the time")
	return nil
}

// acknowledged returns for each writer the last number that was acknowledged.
func acknowledged(t *testing.T, path string) map[int]int {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	known := map[int]int{}
	lines := bufio.NewScanner(bytes.NewReader(b[:bytes.LastIndexByte(b, '\n')+1]))
	for lines.Scan() {
		var writer, n int
		_, err := fmt.Sscan(lines.Text(), &writer, &n)
		require.NoError(t, err)
		known[writer] = n
	}
	return known
}

// TestLoopWriter is the writer, when it is started as such.
func TestLoopWriter(t *testing.T) {
	if os.Getenv(writerFile) == "" {
		return
	}
	args := strings.Split(os.Getenv(writerFile), ":")
	store, err := boltkv.Open(args[0], &boltkv.Options{NoSync: args[2] == "nosync"})
	require.NoError(t, err)
	e, err := engine.Open(t.Context(), store, engine.Options{})
	require.NoError(t, err)
	require.NoError(t, createTables(t.Context(), e))
	acks, err := os.OpenFile(args[1], os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	for writer := range writers {
		go func() {
			for n := 1; ; n++ {
				err := write(context.Background(), e, writer, n)
				if err == nil {
					_, err = fmt.Fprintf(acks, "%d %d\n", writer, n)
				}
				if err != nil {
					fmt.Println(err)
					os.Exit(3)
				}
			}
		}()
	}
	time.Sleep(time.Hour) // it is killed
}
