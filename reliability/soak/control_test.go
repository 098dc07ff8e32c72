package soak_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator/reliability/soak"
)

// TestControlLeaks: whatever leaks is named, and nothing else is.
func TestControlLeaks(t *testing.T) {
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
			require.Equal(t, c.named, named)
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
