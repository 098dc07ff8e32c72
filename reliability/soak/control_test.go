package soak_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator/reliability/soak"
)

// fresh tells a process of this test that it is one of its own.
const fresh = "STATOR_SOAK_FRESH"

// TestControlLeaks: whatever leaks is named, and nothing else is. It runs in a process of its own, for memory that
// a test before has given back to Go, but not to the system, could leak without a change of the resident size.
func TestControlLeaks(t *testing.T) {
	if os.Getenv(fresh) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestControlLeaks$", "-test.v", "-test.count=1", "-test.timeout=1m")
		cmd.Env = append(os.Environ(), fresh+"=1")
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		require.NoError(t, err)
		require.Contains(t, string(out), "--- PASS: TestControlLeaks ")
		return
	}
	const steps, megabyte = 50, 1 << 20
	var held [][]byte
	var files []*os.File
	end := make(chan struct{})
	path := filepath.Join(t.TempDir(), "file")
	file, err := os.Create(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()

	for _, c := range []struct {
		name  string
		leak  func()
		named []string
	}{
		{"nothing", func() {}, nil},
		{"a goroutine", func() { go func() { <-end }() }, []string{"goroutines"}},
		{"a descriptor", func() {
			f, err := os.Open(path)
			require.NoError(t, err)
			files = append(files, f)
		}, []string{"descriptors"}},
		{"memory", func() {
			b := make([]byte, megabyte)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1 // a page that is never touched takes no memory
			}
			held = append(held, b)
		}, []string{"RSS", "live heap"}},
		{"a file that grows", func() {
			_, err := file.Write(make([]byte, megabyte))
			require.NoError(t, err)
		}, []string{"file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var samples []soak.Sample
			began := time.Now()
			for range steps {
				c.leak()
				runtime.GC()
				s, err := soak.Take(began, path)
				require.NoError(t, err)
				samples = append(samples, s)
				time.Sleep(2 * time.Millisecond)
			}
			climbs, err := soak.Judge(samples)
			require.NoError(t, err)
			var named []string
			for _, climb := range climbs {
				if climb.Broken() {
					named = append(named, climb.Name)
					t.Log(climb)
				}
			}
			want := c.named
			if runtime.GOOS != "linux" { // there is no /proc
				want = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return name == "RSS" || name == "descriptors" })
			}
			require.ElementsMatch(t, want, named)
		})
	}
	require.Len(t, held, steps)
	held = nil
	require.Error(t, goleak.Find(), "goleak sees them, too")
	close(end)
	for _, f := range files {
		require.NoError(t, f.Close())
	}
}

// TestJudgeNeedsSamples: a run that is too short is no success.
func TestJudgeNeedsSamples(t *testing.T) {
	_, err := soak.Judge(make([]soak.Sample, 8))
	require.Error(t, err)
}
