package engine_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

const crashFile = "STATOR_TEST_CRASH_FILE"

// TestKilled kills a process that writes from many goroutines, while it adds and drops an index, and opens its
// file: all that was acknowledged is there, and nothing of it contradicts itself.
func TestKilled(t *testing.T) {
	if path := os.Getenv(crashFile); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "db")
	random := newRandom(t)
	acknowledged := 0
	for range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), crashFile+"="+path)
		var out, faults bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &faults
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(300+random.IntN(300)) * time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait(), "%s%s", &out, &faults)

		store, err := boltkv.Open(path, nil)
		require.NoError(t, err)
		e, err := engine.Open(t.Context(), store, engine.Options{})
		require.NoError(t, err)
		lines := bufio.NewScanner(&out)
		for lines.Scan() {
			rest, written := strings.CutPrefix(lines.Text(), "written ")
			id, whole := strings.CutSuffix(rest, ".")
			if !written || !whole {
				continue // a fault, or the last line, cut off
			}
			acknowledged++
			for _, table := range []string{"one", "two"} {
				got := do(t, e, &api.GetItemInput{TableName: &table, Key: attr.Item{"id": attr.S(id)}})
				require.False(t, got.Item.IsZero(), "%s of %s", id, table)
			}
		}
		finish(t, e)
	}
	require.Positive(t, acknowledged)
	t.Logf("%d transactions were acknowledged before their process was killed", acknowledged)
}

func writeUntilKilled(t *testing.T, path string) {
	store, err := boltkv.Open(path, nil)
	require.NoError(t, err)
	e, err := engine.Open(t.Context(), store, engine.Options{})
	require.NoError(t, err)
	if len(do(t, e, &api.ListTablesInput{}).TableNames) == 0 {
		create(t, e, "one id:S\n gsi byN n:N ALL")
		create(t, e, "two id:S")
	}
	time.AfterFunc(time.Minute, func() { os.Exit(2) }) // should nobody be left to kill it
	var printing sync.Mutex
	for worker := range 16 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)
				one := attr.Item{"id": attr.S(id), "n": attr.Int(i)}
				_, err := e.Serve(t.Context(), &api.TransactWriteItemsInput{ClientRequestToken: new(id), TransactItems: []api.TransactWriteItem{
					{Put: &api.Put{TableName: new("one"), Item: one}}, {Put: &api.Put{TableName: new("two"), Item: one}},
				}})
				printing.Lock()
				if err == nil {
					fmt.Printf("written %s.\n", id)
				} else {
					fmt.Println(err)
				}
				printing.Unlock()
			}
		}()
	}
	for {
		for _, change := range []api.Request{addIndex("two", "byN n:N KEYS_ONLY"), dropIndex("two", "byN")} {
			_, _ = e.Serve(t.Context(), change) // the one before may be under way still
			time.Sleep(20 * time.Millisecond)
		}
	}
}
