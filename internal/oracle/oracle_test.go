package oracle_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/oracle"
)

var (
	seed   = flag.Uint64("seed", 0, "seed of the random operations; 0 runs a few fixed ones")
	steps  = flag.Int("ops", 1500, "random operations for each seed; a third of it in short mode")
	replay = flag.String("replay", "", "a script that TestReplay runs, besides those of testdata")
)

func operations() int {
	if testing.Short() {
		return *steps / 3
	}
	return *steps
}

// TestRandom runs random operations on the model and on the engine over three stores, with
// options that are drawn for each seed. A failure is shrunk to a short script, which is written to a file that TestReplay
// runs; go test -run TestRandom -args -seed=N -ops=N runs all of it again.
func TestRandom(t *testing.T) {
	seeds := []uint64{1, 2, 3}
	if *seed != 0 {
		seeds = []uint64{*seed}
	}
	for _, s := range seeds {
		began := time.Now()
		setup, script := oracle.RandomSetup(s), oracle.Script(s, operations())
		done, err := play(t, setup, script, sound())
		fail(t, s, setup, script, err, sound())
		require.True(t, len(script) < 1500 || done.reopened*done.changes*done.records*int(done.expired*done.imported) > 0, "it proves little: %+v", done)
		t.Logf("seed %d: %d operations on 3 engines and the model in %s, %+v; %+v", s, len(script), time.Since(began).Round(time.Millisecond), done, setup)
	}
}

// TestFlaky runs random operations on a store whose commits now and then have
// an unknown outcome.
func TestFlaky(t *testing.T) {
	seeds := []uint64{11, 12}
	if *seed != 0 {
		seeds = []uint64{*seed}
	}
	for _, s := range seeds {
		setup := oracle.RandomSetup(s)
		setup.Flaky, setup.Engines = s, setup.Engines[:1]
		script := oracle.Script(s, operations()/3)
		done, err := play(t, setup, script, sound())
		fail(t, s, setup, script, err, sound())
		require.True(t, len(script) < 500 || done.unknown > 0, "it proves little: %+v", done)
		t.Logf("seed %d: %d operations, %+v", s, len(script), done)
	}
}

// fail ends a test whose run failed, with the shortest script that fails.
func fail(t *testing.T, seed uint64, setup oracle.Setup, script []oracle.Step, err error, bend flaw) {
	t.Helper()
	d, ok := errors.AsType[*oracle.Difference](err)
	if !ok {
		require.NoError(t, err, "seed %d", seed)
		return
	}
	short := shrink(t, setup, script, d, bend)
	file := failed(t, setup, short)
	_, again := play(t, setup, short, bend)
	t.Fatalf("seed %d: %v\n\nthe shortest script found has %d steps: go test ./internal/oracle -run TestReplay -args -replay=%s\n%s\nwhich gives: %v",
		seed, d, len(short), file, oracle.Describe(short), again)
}

// shrink makes a script short that fails with d.
func shrink(t testing.TB, setup oracle.Setup, script []oracle.Step, d *oracle.Difference, bend flaw) []oracle.Step {
	if d.Step < len(script) {
		script = script[:d.Step+1]
	}
	return oracle.Shrink(script, max(200_000, 50*len(script)), func(shorter []oracle.Step) bool {
		_, err := play(t, setup, shorter, bend)
		differs, ok := errors.AsType[*oracle.Difference](err)
		return ok && differs.Kind == d.Kind
	})
}

// failed writes a script to a file that stays, and returns its path.
func failed(t testing.TB, setup oracle.Setup, script []oracle.Step) string {
	f, err := os.CreateTemp("", "oracle-*.jsonl")
	require.NoError(t, err)
	require.NoError(t, oracle.WriteScript(f, setup, script))
	require.NoError(t, f.Close())
	return f.Name()
}

func load(t testing.TB, file string) (oracle.Setup, []oracle.Step) {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	setup, script, err := oracle.ReadScript(bytes.NewReader(b))
	require.NoError(t, err, file)
	require.NotEmpty(t, script, file)
	return setup, script
}

// TestReplay runs the scripts that failed once, and the one of -replay.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "scripts", "*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	if *replay != "" {
		files = []string{*replay}
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			setup, script := load(t, file)
			done, err := play(t, setup, script, sound())
			require.NoError(t, err)
			t.Logf("%d steps, %+v", len(script), done)
		})
	}
}

// TestScriptForm: a script that is written and read again is the same, down to what its requests are.
func TestScriptForm(t *testing.T) {
	setup, script := oracle.RandomSetup(5), oracle.Script(5, 1000)
	var file, again bytes.Buffer
	require.NoError(t, oracle.WriteScript(&file, setup, script))
	setupBack, back, err := oracle.ReadScript(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	require.Equal(t, setup, setupBack)
	require.Equal(t, oracle.Describe(script), oracle.Describe(back))
	for i := range script {
		require.Equal(t, script[i].Ties == nil, back[i].Ties == nil, "step %d", i)
		require.Equal(t, script[i].Ties, back[i].Ties, "step %d", i)
	}
	require.NoError(t, oracle.WriteScript(&again, setupBack, back))
	require.Equal(t, file.String(), again.String())

	for name, text := range map[string]string{
		"a setup":     "nothing\n",
		"a step":      "{}\n{]\n",
		"an advance":  "{}\n" + `{"advance":"soon","act":"check"}` + "\n",
		"a request":   "{}\n" + `{"operation":"PutItem","request":[]}` + "\n",
		"operations":  "{}\n" + `{"operation":"Destroy","request":{}}` + "\n",
		"an import":   "{}\n" + `{"operation":"ImportItems","request":{"Puts":[1]}}` + "\n",
		"native ones": "{}\n" + `{"operation":"ReadChanges","request":1}` + "\n",
	} {
		_, _, err := oracle.ReadScript(strings.NewReader(text))
		require.Error(t, err, name)
		require.Contains(t, err.Error(), "line ", name)
	}
}

// TestRandomSetup: the options differ, all are drawn, and a seed draws the same.
func TestRandomSetup(t *testing.T) {
	require.Equal(t, oracle.RandomSetup(9), oracle.RandomSetup(9))
	caches, batches, maps, hidden, limited := map[int]bool{}, map[int]bool{}, map[int64]bool{}, map[bool]bool{}, map[bool]bool{}
	for s := range uint64(40) {
		setup := oracle.RandomSetup(s)
		hidden[setup.HideExpired] = true
		for _, e := range setup.Engines {
			caches[e.ExpressionCache], limited[e.Limiter] = true, true
			if e.Store == "disk" {
				batches[e.MaxBatchBytes], maps[e.InitialMmapBytes] = true, true
			}
		}
	}
	require.Equal(t, [5]int{4, 4, 3, 2, 2}, [5]int{len(caches), len(batches), len(maps), len(hidden), len(limited)})
}
