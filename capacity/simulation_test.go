package capacity_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

var rewrite = flag.Bool("rewrite", false, "write what the simulations in testdata give")

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// TestSimulations runs the loads of testdata/*.txt against a Service and
// compares what came through. Each says what the known answer is.
//
//	table NAME [id=] [read=] [write=] [ondemand] [max-read=] [max-write=] [warm-read=] [warm-write=]
//	  index NAME [read=] …           one line for each global index
//	wait DURATION                    negative: the clock is set back
//	load for=DURATION [every=DURATION]
//	  NAME read|write rate=UNITS/S [units=1] [used=UNITS] [key=K|keys=1000|whole] [index=NAME:UNITS]
//	state
func TestSimulations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			s := &simulation{clock: newClock()}
			s.service = capacity.New(&capacity.Options{Now: s.clock.Now, FullBurst: strings.Contains(file, "full")})
			var out strings.Builder
			for part := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n\n") {
				var comment, input []string
				for line := range strings.SplitSeq(part, "\n") {
					switch {
					case line == "----":
						goto run
					case strings.HasPrefix(line, "#"):
						comment = append(comment, line)
					default:
						input = append(input, line)
					}
				}
			run:
				for _, line := range comment {
					out.WriteString(line + "\n")
				}
				if len(input) > 0 {
					out.WriteString(strings.Join(input, "\n") + "\n----\n")
					for len(input) > 0 { // a command and the lines that belong to it
						n := 1
						for n < len(input) && strings.HasPrefix(input[n], " ") {
							n++
						}
						out.WriteString(s.do(t, input[:n]))
						input = input[n:]
					}
				}
				out.WriteString("\n")
			}
			got := strings.TrimRight(out.String(), "\n") + "\n"
			if *rewrite {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(text), got)
		})
	}
}

type simulation struct {
	clock   *clock
	service *capacity.Service
	table   *api.TableCapacity
}

func (s *simulation) do(t *testing.T, lines []string) string {
	words := strings.Fields(lines[0])
	switch words[0] {
	case "table":
		s.table = &api.TableCapacity{Name: words[1], ID: words[1]}
		s.table.Units = settings(t, words[2:], s.table)
		for _, line := range lines[1:] {
			w := strings.Fields(line)
			require.Equal(t, "index", w[0])
			s.table.GlobalIndexes = append(s.table.GlobalIndexes, api.IndexCapacity{Name: w[1], Units: settings(t, w[2:], nil)})
		}
		return ""
	case "wait":
		d, err := time.ParseDuration(words[1])
		require.NoError(t, err)
		s.clock.add(d)
		return ""
	case "load":
		return s.load(t, words[1:], lines[1:])
	case "state":
		return s.state(t)
	}
	require.Fail(t, "no such command", lines[0])
	return ""
}

func settings(t *testing.T, words []string, table *api.TableCapacity) (u api.CapacityUnits) {
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		if name == "ondemand" {
			table.OnDemand = true
			continue
		} else if name == "id" {
			table.ID = value
			continue
		}
		n, err := strconv.ParseInt(value, 10, 64)
		require.NoError(t, err, w)
		at := map[string]*int64{"read": &u.Read, "write": &u.Write, "max-read": &u.MaxRead, "max-write": &u.MaxWrite, "warm-read": &u.WarmRead, "warm-write": &u.WarmWrite}[name]
		require.NotNil(t, at, w)
		*at = n
	}
	return u
}

// stream is one line of a load.
type stream struct {
	name     string
	gap      time.Duration
	next     time.Duration
	estimate api.Usage
	used     float64
	keys     int
	sent     int

	granted   float64
	throttled int
	first     time.Duration // of the throttled
	reasons   []string
	interval  float64
}

func (s *simulation) load(t *testing.T, words, lines []string) string {
	var length, every time.Duration
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		d, err := time.ParseDuration(value)
		require.NoError(t, err)
		*map[string]*time.Duration{"for": &length, "every": &every}[name] = d
	}
	var streams []*stream
	for i, line := range lines {
		streams = append(streams, s.stream(t, i, strings.Fields(line)))
	}
	var out strings.Builder
	start, mark := s.clock.Now(), every
	report := func(until time.Duration) {
		fmt.Fprintf(&out, "+%v:", until)
		for _, x := range streams {
			fmt.Fprintf(&out, " %s %.0f/s", x.name, x.interval/every.Seconds())
			x.interval = 0
		}
		out.WriteString("\n")
	}
	for {
		x := slices.MinFunc(streams, func(a, b *stream) int { return int(a.next - b.next) })
		for every > 0 && x.next >= mark && mark <= length {
			report(mark)
			mark += every
		}
		if x.next >= length {
			break
		}
		s.clock.add(start.Add(x.next).Sub(s.clock.Now()))
		s.send(t, x)
		x.next += x.gap
	}
	s.clock.add(start.Add(length).Sub(s.clock.Now()))
	for _, x := range streams {
		fmt.Fprintf(&out, "%s: %.0f units", x.name, x.granted)
		if x.throttled > 0 {
			fmt.Fprintf(&out, ", %d of %d throttled, from +%v by %s", x.throttled, x.sent, x.first.Round(time.Millisecond), strings.Join(x.reasons, " "))
		}
		out.WriteString("\n")
	}
	return out.String()
}

func (s *simulation) stream(t *testing.T, i int, words []string) *stream {
	x := &stream{name: words[0], keys: 1000, used: -1}
	x.estimate = api.Usage{Table: s.table, Operation: "PutItem"}
	number := func(value string) float64 {
		n, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err)
		return n
	}
	units, rate := 1.0, 0.0
	for _, w := range words[2:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "rate":
			rate = number(value)
		case "units":
			units = number(value)
		case "used":
			x.used = number(value)
		case "key":
			x.keys = 1
		case "keys":
			x.keys = int(number(value))
		case "whole":
			x.estimate.Whole = true
		case "index":
			index, n, _ := strings.Cut(value, ":")
			at := slices.IndexFunc(s.table.GlobalIndexes, func(g api.IndexCapacity) bool { return g.Name == index })
			x.estimate.Indexes[at] = api.IndexUsage{Units: number(n), Touched: true}
		default:
			require.Fail(t, "no such word", w)
		}
	}
	switch words[1] {
	case "read":
		x.estimate.Read = units
	case "write":
		x.estimate.Write = units
	case "query": // reads the index alone
		x.estimate.Operation = "Query"
	}
	if x.used < 0 {
		x.used = units
	}
	x.gap = time.Duration(x.used / rate * 1e9)
	x.keys += i << 20 // streams have keys of their own
	return x
}

func (s *simulation) send(t *testing.T, x *stream) {
	u := x.estimate
	u.Table = s.table
	first := x.keys >> 20 << 20
	u.Partition = hash(first + x.sent%(x.keys-first))
	x.sent++
	err := s.service.Take(context.Background(), u)
	if err == nil {
		used := u
		if u.Read > 0 {
			used.Read = x.used
		} else if u.Write > 0 {
			used.Write = x.used
		}
		s.service.Settle(u, used)
		x.granted += x.used
		x.interval += x.used
		return
	}
	var e *api.Error
	require.True(t, errors.As(err, &e))
	require.NotEmpty(t, e.ThrottlingReasons)
	if x.throttled == 0 {
		x.first = x.next
	}
	x.throttled++
	for _, r := range e.ThrottlingReasons {
		if why := string(e.Code) + "/" + r.Reason; !slices.Contains(x.reasons, why) {
			x.reasons = append(x.reasons, why)
		}
	}
}

func (s *simulation) state(t *testing.T) string {
	state, ok := s.service.State(s.table.Name)
	require.True(t, ok)
	var out strings.Builder
	line := func(name string, m capacity.Meter) {
		fmt.Fprintf(&out, "%s: rate %.0f tokens %.0f of %.0f", name, m.Rate, m.Tokens, m.Burst)
		if m.Peak > 0 {
			fmt.Fprintf(&out, " peak %.0f", m.Peak)
		}
		if m.Max > 0 {
			fmt.Fprintf(&out, " max %.0f tokens %.0f", m.Max, m.MaxTokens)
		}
		fmt.Fprintf(&out, " consumed %.0f throttled %d\n", m.Consumed, m.Throttled)
	}
	line("read", state.Read)
	line("write", state.Write)
	for _, x := range state.Indexes {
		line(x.Name+" read", x.Read)
		line(x.Name+" write", x.Write)
	}
	return out.String()
}
