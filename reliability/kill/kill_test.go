package kill_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/reliability/internal/remote"
)

const (
	writers   = 64
	perFile   = 30 // rounds on one file; then comes a new one
	maxReopen = time.Second
	enough    = 6 * time.Second  // of the short form
	patience  = 30 * time.Second // with a process that does not come to write
)

// rig kills one process after another that writes to one file, and judges the file each time.
type rig struct {
	t      *testing.T
	random *rand.Rand
	seed   uint64
	dir    string
	path   string
	book   *book
	round  int

	// least is how many operations must be acknowledged before a random moment can come.
	least int

	// start starts a process that carries out a run. ready is to be called when the tables are there; join
	// waits for what is left in this process when that one is dead.
	start func(g *rig, r run, inject *injection, ready func()) (v *victim, join func(), err error)

	figures figures
}

// figures are what a test prints.
type figures struct {
	kills        map[string]int // by moment
	acknowledged int
	again, first int // transactions that were sent again after a kill: which had taken place, and which had not
	expired      int // items that were deleted in the background
	followed     int // changes that a follower was told of
	reopened     time.Duration
	bytes        int64 // of the largest file
}

func newRig(t *testing.T, start func(*rig, run, *injection, func()) (*victim, func(), error)) *rig {
	g := &rig{t: t, seed: *seed, start: start, figures: figures{kills: map[string]int{}}}
	if g.seed == 0 {
		g.seed = rand.Uint64()
	}
	t.Logf("seed %d", g.seed)
	g.random = rand.New(rand.NewPCG(g.seed, 0))
	g.renew()
	return g
}

// renew goes over to a new file.
func (g *rig) renew() {
	g.dir = g.t.TempDir()
	g.path = filepath.Join(g.dir, "db")
	g.book = newBook(writers)
}

// attack is one round: it starts a process, kills it, and judges the file. With a nil injection the kill comes at a random moment.
func (g *rig) attack(inject *injection) {
	v := g.killOne(inject)
	ctx := g.t.Context()
	f, took := g.reopen(ctx)
	defer func() { require.NoError(g.t, f.Close()) }()
	left, err := filepath.Glob(g.path + "?*")
	require.NoError(g.t, err)
	require.Empty(g.t, left, "files of a creation that was cut off")
	info, err := os.Stat(g.path)
	require.NoError(g.t, err)
	g.figures.bytes = max(g.figures.bytes, info.Size())
	g.figures.reopened = max(g.figures.reopened, took)
	require.Less(g.t, took, maxReopen, "opening the file and reading an item")
	g.figures.acknowledged += g.book.acknowledged()
	found, err := f.verify(ctx, g.book)
	require.NoError(g.t, err, "round %d, %s", g.round, v)
	g.figures.expired += found.expired
	g.figures.followed = max(g.figures.followed, len(g.book.mu.seen))
	if !g.book.prepared {
		return
	}
	again, first, err := f.resend(ctx, g.book, found)
	require.NoError(g.t, err, "round %d, %s", g.round, v)
	g.figures.again += again
	g.figures.first += first
}

// reopen opens the file and says how long that took. When it took long, that may have been the machine's fault, and it is
// measured again, on the file as the kill left it: of three times the shortest counts.
func (g *rig) reopen(ctx context.Context) (f *file, took time.Duration) {
	left, err := os.ReadFile(g.path)
	made := !errors.Is(err, fs.ErrNotExist) // by the process that was killed
	if made {
		require.NoError(g.t, err)
	}
	for again := 0; ; again++ {
		f, err = openFile(ctx, g.path)
		require.NoError(g.t, err)
		if again == 0 || f.took < took {
			took = f.took
		}
		if took < maxReopen || !made || again == 2 {
			return f, took
		}
		require.NoError(g.t, f.Close())
		require.NoError(g.t, os.WriteFile(g.path, left, 0o600))
	}
}

// killOne starts a process and kills it. It returns the moment.
func (g *rig) killOne(inject *injection) string {
	g.round++
	began := time.Now()
	r := run{Seed: g.seed, Round: g.round, Writers: writers, Expired: time.Now().Add(-time.Hour).Unix()}
	g.book.begin(r)
	ready := make(chan struct{})
	v, join, err := g.start(g, r, inject, sync.OnceFunc(func() { close(ready) }))
	require.NoError(g.t, err)
	killed := false
	defer func() {
		if !killed {
			v.abandon()
		}
	}()
	select {
	case <-ready:
	case <-v.ended:
	case <-time.After(patience):
		require.Fail(g.t, "the process did not come so far as to write", "%s", &v.stderr)
	}
	for g.book.acknowledged() < g.least {
		require.Less(g.t, time.Since(began), patience, "%d operations were acknowledged", g.book.acknowledged())
		time.Sleep(time.Millisecond)
	}
	after := time.Duration(20+g.random.IntN(400)) * time.Millisecond
	if *rounds > 0 {
		after *= 3
	}
	if inject != nil {
		after = time.Second // the call may not come
	}
	select {
	case <-v.ended:
	case <-time.After(after):
		require.NoError(g.t, v.kill())
	}
	err = v.wait()
	killed = true
	join()
	require.NoError(g.t, err)
	what := "a random moment"
	if inject != nil {
		text, err := os.ReadFile(v.trace)
		require.NoError(g.t, err)
		if m := moment(readTrace(string(text)), *inject); m != "" {
			what = m
		}
	}
	g.figures.kills[what]++
	return what
}

// log prints the figures. A run in which nothing was acknowledged, or in which no kill came at a system call although it
// could, would show nothing.
func (f figures) log(t *testing.T, name string) {
	require.Positive(t, f.acknowledged)
	if hasStrace() {
		require.Greater(t, len(f.kills), 1, "kills at counted system calls: %v", f.kills)
	}
	kills, list := 0, []string(nil)
	for _, what := range slices.Sorted(maps.Keys(f.kills)) {
		kills += f.kills[what]
		list = append(list, fmt.Sprintf("%d at %s", f.kills[what], what))
	}
	t.Logf("%s: %d kills (%s), %d writes acknowledged, 0 lost, 0 torn; after kills %d transactions sent again that had taken place and %d that had not; %d expired items deleted; files of up to %d MiB, reopened within %v",
		name, kills, strings.Join(list, ", "), f.acknowledged, f.again, f.first, f.expired, f.bytes>>20, f.reopened.Round(time.Millisecond))
}

// startChild starts this test as a child on a store of the kind given.
func startChild(store string) func(*rig, run, *injection, func()) (*victim, func(), error) {
	return func(g *rig, r run, inject *injection, ready func()) (*victim, func(), error) {
		text, err := json.Marshal(child{Path: g.path, Store: store, Run: r})
		if err != nil {
			return nil, nil, err
		}
		b := g.book
		v, err := spawn(g.dir, inject, func(line string) { b.hear(line, ready) }, []string{childVariable + "=" + string(text)}, os.Args[0])
		return v, func() {}, err
	}
}

// startServer starts the command, and the writers in this process.
func startServer(command string) func(*rig, run, *injection, func()) (*victim, func(), error) {
	return func(g *rig, r run, inject *injection, ready func()) (*victim, func(), error) {
		ctx, cancel := context.WithCancel(context.Background())
		var clients sync.WaitGroup
		w := hooked{g.book, ready}
		line := func(text string) {
			if url, ok := strings.CutPrefix(text, "Listening on "); ok {
				clients.Go(func() { drive(ctx, acknowledged{remote.New(url)}, r, w) })
			}
		}
		v, err := spawn(g.dir, inject, line, nil, command, "serve", g.path, "--addr", "127.0.0.1:0", "--log-level", "error")
		join := func() {
			clients.Wait() // each has been refused, for the server is dead
			cancel()
		}
		return v, join, err
	}
}

// acknowledged is a client that does not read what an answer says, but that there was one.
type acknowledged struct{ *remote.Client }

func (c acknowledged) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	_, err := c.Send(ctx, in)
	return nil, err
}

// hooked is a book that also tells somebody else when the tables are there.
type hooked struct {
	*book
	then func()
}

func (h hooked) ready() { h.book.ready(); h.then() }

// TestNative kills a process that writes through the engine.
func TestNative(t *testing.T) {
	t.Parallel()
	g := newRig(t, startChild(""))
	g.attackAll(cmp.Or(*rounds, 16), 90)
	g.figures.log(t, "native")
	require.Positive(t, g.figures.followed, "changes that were told to a follower")
}

// TestServe kills stator serve.
func TestServe(t *testing.T) {
	t.Parallel()
	g := newRig(t, startServer(buildCommand(t)))
	g.attackAll(cmp.Or(*rounds, 10), 24)
	g.figures.log(t, "serve")
}

// attackAll kills so many times: a third at random moments, the others at calls of commits up to the Nth, in turn. A new file is
// first killed while it is made, and while it grows. The short form ends after some seconds, with fewer kills on a busy machine.
func (g *rig) attackAll(kills, most int) {
	trace := hasStrace()
	if !trace {
		g.t.Run("at counted system calls", func(t *testing.T) { t.Skip(noStrace) })
	}
	began := time.Now()
	start := g.random.IntN(most)
	for i := range kills {
		if *rounds == 0 && i >= 6 && time.Since(began) > enough {
			return
		}
		if i > 0 && i%perFile == 0 {
			g.renew()
		}
		var inject *injection
		switch n := i % perFile; {
		case !trace:
		case n == 0:
			inject = &injection{"fsync", 1 + g.random.IntN(3)}
		case n == 1, n == 20:
			inject = &injection{"ftruncate", 1}
		case n == 2:
			inject = &injection{"fsync", 1}
		case n%3 == 0:
		case n%3 == 1:
			inject = &injection{"pwrite64", 1 + (start+i/3)%most}
		default:
			inject = &injection{"fdatasync", 1 + (start+i/3)%(most/2)}
		}
		g.attack(inject)
	}
}

const noStrace = "SKIPPED: there is no strace here, or it may not trace: no kill comes at a counted system call"

// hasStrace reports whether processes can be traced here.
func hasStrace() bool {
	return exec.Command("strace", "-f", "-o", os.DevNull, "true").Run() == nil
}
