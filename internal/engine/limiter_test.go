package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
)

// ledger is a Limiter that remembers what it was asked and told, and that refuses
// what a test wants. It fails the test when something is settled that was not taken, or twice.
type ledger struct {
	t *testing.T

	mu      sync.Mutex // guards what follows
	asked   int
	fails   map[int]error // by the number of the Take, from 1
	entries []entry
	open    int // taken and not settled
}

type entry struct {
	estimate, used api.Usage
	refused        error
	settled        bool
}

func (l *ledger) Take(_ context.Context, estimate api.Usage) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	err := l.fails[l.asked]
	l.entries = append(l.entries, entry{estimate: estimate, refused: err})
	if err == nil {
		l.open++
	}
	return err
}

func (l *ledger) Settle(estimate, used api.Usage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.entries {
		e := &l.entries[i]
		if e.estimate == estimate && !e.settled && e.refused == nil {
			e.settled, e.used = true, used
			l.open--
			return
		}
	}
	l.t.Errorf("settled and not taken, or twice: %+v", estimate)
}

// told returns what happened since it was asked before.
func (l *ledger) told() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out strings.Builder
	for _, e := range l.entries {
		fmt.Fprintf(&out, "%s %s: %s -> ", e.estimate.Operation, e.estimate.Table.Name, unitsOf(e.estimate))
		switch {
		case e.refused != nil:
			out.WriteString("refused\n")
		case !e.settled:
			out.WriteString("NOT SETTLED\n")
		default:
			fmt.Fprintln(&out, unitsOf(e.used))
		}
	}
	l.entries, l.asked, l.fails = nil, 0, nil
	return out.String()
}

func unitsOf(u api.Usage) string {
	var parts []string
	if u.Whole {
		parts = append(parts, "*")
	}
	if u.Read != 0 {
		parts = append(parts, fmt.Sprintf("r%v", u.Read))
	}
	if u.Write != 0 {
		parts = append(parts, fmt.Sprintf("w%v", u.Write))
	}
	for i, x := range u.Indexes {
		switch {
		case x.Units != 0:
			parts = append(parts, fmt.Sprintf("%s %v", u.Table.GlobalIndexes[i].Name, x.Units))
		case x.Touched:
			parts = append(parts, u.Table.GlobalIndexes[i].Name+"?")
		}
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

const exceeded = "The level of configured provisioned throughput for the table was exceeded. " +
	"Consider increasing your provisioning level with the UpdateTable API."

// refusals are the errors that a Limiter may give, by the commands of the scripts.
var refusals = map[string]error{
	"refuse":   &api.Error{Code: api.CodeProvisionedThroughput, Message: exceeded},
	"throttle": &api.Error{Code: api.CodeThrottling, Message: "Throughput exceeds the current capacity of your table or index."},
	"limit":    &api.Error{Code: api.CodeRequestLimit, Message: "Throughput exceeds the current throughput limit for your account."},
	"fail":     errors.New("the limiter's own database is gone"),
}

// TestLimiter runs testdata/limiter/*.txt, which are as those of TestStatements; each answer tells besides what the Limiter
// was asked and told. "refuse 1 3" lets it refuse those Takes of the next command, throttle, limit and fail with other errors;
// "metrics users" tells what the table has counted of that.
func TestLimiter(t *testing.T) {
	files, err := filepath.Glob("testdata/limiter/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		for _, name := range slices.Sorted(maps.Keys(stores)) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+name, func(t *testing.T) {
				clock, l := newClock(), &ledger{t: t}
				e := openPaused(t, stores[name](t), engine.Options{Now: clock.Now, Limiter: l})
				s := &statements{script: script{t: t, clock: clock, e: e}}
				runParts(t, file, func(command string) string {
					verb, rest, _ := strings.Cut(command, " ")
					if err, ok := refusals[verb]; ok {
						l.fails = map[int]error{}
						for n := range strings.FieldsSeq(rest) {
							l.fails[int(n[0]-'0')] = err
						}
						return "ok"
					}
					if verb == "metrics" {
						return throttling(t, e, rest)
					}
					out := s.run(command)
					require.Zero(t, l.open, command)
					return strings.TrimRight(out, "\n") + "\n" + l.told()
				})
			})
		}
	}
}

func throttling(t *testing.T, e *engine.Engine, table string) string {
	var out strings.Builder
	for _, m := range do(t, e, &api.ReadMetricsInput{TableName: &table}).Metrics {
		if strings.Contains(string(m.Name), "Throttle") && m.Sum > 0 {
			fmt.Fprintf(&out, "%s %s %v\n", m.Name, m.Operation, m.Sum)
		}
	}
	return out.String()
}
