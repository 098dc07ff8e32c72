package isolation_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

var killsFlag = flag.Int("kills", 4, "how many times a process is killed while its callers use tokens")

// child is what a child process does: it opens a database, whose clock stands still, and
// uses tokens until it is killed.
type child struct {
	Path  string
	Clock int64 // µs since 1970

	// Dies is where the process kills itself, in the first transaction that
	// has a token: "before commit" or "after commit". "" uses tokens, named by
	// number, from many callers, prints the number of each that was acknowledged, and waits to be killed.
	Dies string
}

const (
	beforeCommit = "before commit"
	afterCommit  = "after commit"
	killCallers  = 16
	killTokens   = 4000 // the most that a child gets to
)

func (c child) run() error {
	store, err := boltkv.Open(c.Path, nil)
	if err != nil {
		return err
	}
	options := &stator.Options{Now: func() time.Time { return time.UnixMicro(c.Clock) }}
	db, err := stator.OpenStore(dying{store, c.Dies}, options)
	if err != nil {
		return err
	}
	if c.Dies != "" {
		_, err := db.Serve(context.Background(), count("0", "t0", 1))
		return fmt.Errorf("it should have died, and answered %v", err)
	}
	var wait sync.WaitGroup
	for caller := range killCallers {
		wait.Go(func() {
			for n := caller; n < killTokens; n += killCallers {
				if _, err := db.Serve(context.Background(), count(fmt.Sprint(n), fmt.Sprint("t", n), 1)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(n) // one write of a whole line
			}
		})
	}
	wait.Wait()
	return errors.New("nobody killed it")
}

// dying is a store that kills the process at the first transaction with a token.
type dying struct {
	kv.Store
	at string
}

func (s dying) Update(ctx context.Context, fn func(kv.Writer) error) error {
	var used bool
	err := s.Store.Update(ctx, func(w kv.Writer) error {
		watched := watchedWriter{Writer: w}
		err := fn(&watched)
		if used = watched.used; used && s.at == beforeCommit {
			die()
		}
		return err
	})
	if err == nil && used && s.at == afterCommit {
		die()
	}
	return err
}

// watchedWriter notices when a token is written.
type watchedWriter struct {
	kv.Writer
	used bool
}

func (w *watchedWriter) Put(key, value []byte) error {
	w.used = w.used || bytes.HasPrefix(key, tokenRows)
	return w.Writer.Put(key, value)
}

// die ends the process as kill -9 does.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}

// start starts the child. Its stderr is the test's.
func (c child) start(t testing.TB) (*exec.Cmd, io.Reader) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, out
}

// fileOfCounts makes a database with the table counts, and returns its path.
func fileOfCounts(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := stator.Open(path, nil)
	require.NoError(t, err)
	createCounts(t, db)
	require.NoError(t, db.Close())
	return path
}

// needsKill skips a test where a process that was killed does not look like one.
func needsKill(t testing.TB) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no kill -9")
	}
}

// requireKilled waits for a child that was killed.
func requireKilled(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	_ = cmd.Wait()
	require.Equal(t, -1, cmd.ProcessState.ExitCode(), "it ended by itself: %v", cmd.ProcessState)
}

// TestTokenOverKill: the process is killed between the commit of a transaction and
// its answer, or before the commit. Who asks again with the same token gets it applied once, until its time is over.
func TestTokenOverKill(t *testing.T) {
	t.Parallel()
	needsKill(t)
	for name, c := range map[string]struct {
		dies  string
		after time.Duration
		wrap  func(kv.Store) kv.Store
		found int64 // after the kill
		want  int64 // after the retry
	}{
		"after the commit, 9:59":   {afterCommit, at959, nil, 1, 1},
		"after the commit, 10:01":  {afterCommit, at1001, nil, 1, 2},
		"before the commit, 9:59":  {beforeCommit, at959, nil, 0, 1},
		"before the commit, 10:01": {beforeCommit, at1001, nil, 0, 1},
		"control: forgetful":       {afterCommit, at959, func(s kv.Store) kv.Store { return forgetful{s} }, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			clock, path := newClock(), fileOfCounts(t)
			cmd, _ := child{Path: path, Clock: clock.micros.Load(), Dies: c.dies}.start(t)
			requireKilled(t, cmd)
			store := openFile(t, path)
			if c.wrap != nil {
				store = c.wrap(store)
			}
			db := openStore(t, store, &stator.Options{Now: clock.Now})
			requireCount(t, db, "t0", c.found)
			clock.advance(c.after)
			must(t, db, count("0", "t0", 1))
			requireCount(t, db, "t0", c.want)
		})
	}
}

// TestTokensOverKills: a process with many callers is killed, at random, with kill -9. What was acknowledged is
// there; when all ask again with the same tokens, each transaction was applied once, and ten minutes later anew.
func TestTokensOverKills(t *testing.T) {
	t.Parallel()
	needsKill(t)
	r := rand.New(rand.NewPCG(newSeed(t), 0))
	var acknowledged, unanswered int
	for range *killsFlag {
		clock, path := newClock(), fileOfCounts(t)
		cmd, out := child{Path: path, Clock: clock.micros.Load()}.start(t)
		killAt := 20 + r.IntN(300)
		acked := map[int]bool{}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var n int
			_, err := fmt.Sscan(lines.Text(), &n)
			require.NoError(t, err)
			if acked[n] = true; len(acked) == killAt {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		requireKilled(t, cmd)
		acknowledged += len(acked)

		db, err := stator.Open(path, &stator.Options{Now: clock.Now})
		require.NoError(t, err)
		tokens := 0
		for n := range acked {
			tokens = max(tokens, n+2*killCallers) // more than anybody had got to
		}
		found := countAll(t, db, tokens)
		for n := range acked {
			require.EqualValues(t, 1, found[n], "transaction %d was acknowledged", n)
		}
		clock.advance(at959)
		useAll(t, db, tokens)
		for n, x := range countAll(t, db, tokens) {
			require.EqualValues(t, 1, x, "transaction %d, tried again at 9:59", n)
		}
		clock.advance(at1001 - at959)
		useAll(t, db, tokens)
		for n, x := range countAll(t, db, tokens) {
			require.Equal(t, 1+found[n], x, "transaction %d, tried again at 10:01", n) // of those that were not there the first use was at 9:59
			unanswered += int(found[n])
		}
		unanswered -= len(acked)
		require.NoError(t, db.Close())
	}
	t.Logf("%d kills: %d transactions acknowledged before and %d committed and not answered: each applied once at 9:59, and again at 10:01",
		*killsFlag, acknowledged, unanswered)
}

// useAll uses the tokens from 0 to n, as the child does.
func useAll(t testing.TB, c api.Client, n int) {
	t.Helper()
	errs := make([]error, killCallers)
	var wait sync.WaitGroup
	for caller := range errs {
		wait.Go(func() {
			for i := caller; i < n && errs[caller] == nil; i += killCallers {
				_, errs[caller] = c.Serve(t.Context(), count(fmt.Sprint(i), fmt.Sprint("t", i), 1))
			}
		})
	}
	wait.Wait()
	require.NoError(t, errors.Join(errs...))
}

// countAll returns what was added under each token.
func countAll(t testing.TB, c api.Client, n int) []int64 {
	t.Helper()
	all := make([]int64, n)
	for i := range all {
		var err error
		all[i], err = counted(t.Context(), c, fmt.Sprint("t", i))
		require.NoError(t, err)
	}
	return all
}
