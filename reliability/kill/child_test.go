package kill_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

var (
	rounds = flag.Int("rounds", 0, "kills of each of TestNative and TestServe; 0 is the short form")
	seed   = flag.Uint64("seed", 0, "seed of the rounds; 0 takes one at random, which is printed")
)

// childVariable tells a child process what it is to do.
const childVariable = "STATOR_KILL_CHILD"

// child is what a child process writes to, and on which store.
type child struct {
	Path  string
	Store string // "", "early" or "torn": see broken_test.go
	Run   run
}

func TestMain(m *testing.M) {
	switch text := os.Getenv(childVariable); text {
	case "":
		os.Exit(m.Run())
	case "entry":
		writeBytes()
	default:
		var c child
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			panic(err)
		}
		c.write()
	}
}

// write opens the file and carries out the run until it is killed. What was acknowledged goes to standard output, a line each, written
// after the answer.
func (c child) write() {
	go func() { // until nobody is left who could kill it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(2)
	}()
	time.AfterFunc(2*time.Minute, func() { os.Exit(2) })
	w := pipe{os.Stdout}
	store, err := c.open()
	if err != nil {
		w.fault(fmt.Errorf("open: %w", err))
		os.Exit(1)
	}
	ctx := context.Background()
	e, err := engine.Open(ctx, store, engine.Options{BackgroundError: func(err error) { w.fault(fmt.Errorf("in the background: %w", err)) }})
	if err != nil {
		w.fault(fmt.Errorf("open: %w", err))
		os.Exit(1)
	}
	go follow(ctx, e, w)
	go maintain(ctx, e, w)
	drive(ctx, e, c.Run, w)
	os.Exit(1)
}

// maintain deletes expired items more often than the background would.
func maintain(ctx context.Context, e *engine.Engine, w pipe) {
	for ; ; time.Sleep(20 * time.Millisecond) {
		if _, err := e.Serve(ctx, &api.MaintainInput{}); err != nil {
			w.fault(fmt.Errorf("maintain: %w", err))
		}
	}
}

func (c child) open() (kv.Store, error) {
	store, err := boltkv.Open(c.Path, nil)
	if err != nil {
		return nil, err
	}
	switch c.Store {
	case "early":
		return openEarly(store)
	case "torn":
		return &torn{Store: store}, nil
	}
	return &pinned{Store: store}, nil
}

// pinned locks the goroutine that commits to its thread, so that system calls which are counted for a thread
// are counted for the commits. That goroutine is the one that runs an fn which is not its caller's.
type pinned struct {
	kv.Store
	done atomic.Bool
}

func (s *pinned) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if s.done.Load() {
		return s.Store.Update(ctx, fn)
	}
	caller := goroutine()
	return s.Store.Update(ctx, func(w kv.Writer) error {
		if goroutine() != caller && s.done.CompareAndSwap(false, true) {
			runtime.LockOSThread() // for good
		}
		return fn(w)
	})
}

// goroutine returns the running goroutine's number.
func goroutine() string {
	var b [64]byte
	return string(bytes.Fields(b[:runtime.Stack(b[:], false)])[1])
}

// pipe is the witness of a child: it tells its parent. Each line is one write, so that lines are whole.
type pipe struct{ w io.Writer }

func (p pipe) ready()            { fmt.Fprint(p.w, "ready\n") }
func (p pipe) ack(writer, n int) { fmt.Fprintf(p.w, "ack %d %d\n", writer, n) }
func (p pipe) saw(number string) { fmt.Fprintf(p.w, "saw %s\n", number) }
func (p pipe) fault(err error)   { fmt.Fprintf(p.w, "fault %q\n", err.Error()) }

// hear notes what a child tells. It calls ready when the tables are there.
func (b *book) hear(line string, ready func()) {
	words := strings.SplitN(line, " ", 3)
	switch {
	case words[0] == "ready":
		b.ready()
		ready()
	case words[0] == "ack" && len(words) == 3:
		writer, err1 := strconv.Atoi(words[1])
		n, err2 := strconv.Atoi(words[2])
		if err := errors.Join(err1, err2); err != nil {
			b.fault(err)
			return
		}
		b.ack(writer, n)
	case words[0] == "saw" && len(words) == 2:
		b.saw(words[1])
	default:
		b.fault(errors.New(line))
	}
}

// follow reads the changes of the items under a name. It tells what it sees before it saves how far it is, and
// stops at random between any two steps, to begin again where it was.
func follow(ctx context.Context, e *engine.Engine, w pipe) {
	const name = "follower"
	for {
		s, err := api.Do(ctx, e, &api.OpenSubscriptionInput{TableName: new(items), SubscriptionName: new(name)})
		if is(err, api.CodeResourceNotFound) || is(err, api.CodeValidation) { // not there yet
			time.Sleep(time.Millisecond)
			continue
		}
		if err == nil {
			err = followUntilStopped(ctx, e, w, s, name)
		}
		if err == nil {
			_, err = e.Serve(ctx, &api.SavePositionInput{TableName: new(items), SubscriptionName: new(name), Session: &s.Session, Release: true})
		}
		if err != nil {
			w.fault(fmt.Errorf("the follower: %w", err))
			return
		}
	}
}

func followUntilStopped(ctx context.Context, e *engine.Engine, w pipe, s *api.OpenSubscriptionOutput, name string) error {
	at := s.Position
	for rand.IntN(20) > 0 {
		out, err := api.Do(ctx, e, &api.ReadChangesInput{TableName: new(items), Position: at, Limit: new(int32(1 + rand.IntN(100))), Wait: time.Second})
		if err != nil {
			return err
		}
		for _, c := range out.Changes {
			if rand.IntN(1000) == 0 {
				return nil
			}
			w.saw(c.SequenceNumber)
		}
		at = out.Position
		if _, err := e.Serve(ctx, &api.SavePositionInput{TableName: new(items), SubscriptionName: new(name), Session: &s.Session, Position: at}); err != nil {
			return err
		}
	}
	return nil
}
