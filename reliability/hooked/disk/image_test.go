package disk_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/reliability/hooked/disk"
)

// sectors is a write of whole sectors, each full of one letter.
func sectors(at int, letters string) disk.Op {
	var b []byte
	for _, l := range letters {
		b = append(b, bytes.Repeat([]byte{byte(l)}, disk.Sector)...)
	}
	return disk.Op{Kind: disk.Write, Off: int64(at * disk.Sector), Data: b}
}

// letters is a file of whole sectors as text; a sector of several letters is a ?.
func letters(b []byte) (text string) {
	for ; len(b) > 0; b = b[disk.Sector:] {
		l := b[0]
		if !bytes.Equal(b[:disk.Sector], bytes.Repeat([]byte{l}, disk.Sector)) {
			l = '?'
		}
		if l == 0 {
			l = '_'
		}
		text += string(l)
	}
	return text
}

// shown returns the crash states of im, as a Scratch shows them.
func shown(t *testing.T, im *disk.Image) map[string]bool {
	path := filepath.Join(t.TempDir(), "scratch")
	scratch, err := disk.NewScratch(path, bytes.Clone(im.Synced))
	require.NoError(t, err)
	defer func() { require.NoError(t, scratch.Close()) }()
	states := map[string]bool{}
	for seed := range uint64(20) {
		for _, c := range im.Crashes(rand.New(rand.NewPCG(seed, 0)), disk.Effort{Subsets: 4, Each: 10, Random: 5}) {
			require.NoError(t, scratch.Show(c))
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			states[letters(b)] = true
		}
	}
	return states
}

func TestCrashes(t *testing.T) {
	im := &disk.Image{Synced: sectors(0, "aaaa").Data}
	im.Apply(sectors(0, "xy"))
	im.Apply(sectors(3, "z"))
	want := map[string]bool{}
	for _, first := range []string{"aa", "xa", "ay", "xy"} {
		for _, last := range []string{"a", "z"} {
			want[first+"a"+last] = true
		}
	}
	require.Equal(t, want, shown(t, im))
	require.Equal(t, "xyaz", letters(im.All()))

	im.Apply(disk.Op{Kind: disk.Sync})
	require.Equal(t, map[string]bool{"xyaz": true}, shown(t, im))

	im.Apply(disk.Op{Kind: disk.Truncate, Size: 6 * disk.Sector})
	im.Apply(sectors(1, "q"))
	require.Equal(t, map[string]bool{"xyaz": true, "xqaz": true, "xyaz__": true, "xqaz__": true}, shown(t, im))
	im.Apply(disk.Op{Kind: disk.Sync, Failed: true})
	require.Equal(t, map[string]bool{"xyaz": true}, shown(t, im), "a sync that fails loses what it was for")

	// Writes that overlap arrive in any order.
	im.Apply(sectors(0, "m"))
	im.Apply(sectors(0, "n"))
	require.Equal(t, map[string]bool{"xyaz": true, "myaz": true, "nyaz": true}, shown(t, im))
}

func TestDisk(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	failure := fmt.Errorf("on purpose")
	d := &disk.Disk{Fault: func(n int, _ disk.Op) *disk.Fault {
		if n == 1 || n == 3 {
			return &disk.Fault{Err: failure, Partial: disk.Sector}
		}
		return nil
	}}
	n, err := d.WriteAt(file, sectors(0, "ab").Data, 0)
	require.NoError(t, err)
	require.Equal(t, 2*disk.Sector, n)
	n, err = d.WriteAt(file, sectors(0, "cd").Data, 0)
	require.ErrorIs(t, err, failure)
	require.Equal(t, disk.Sector, n)
	d.Note("here")
	require.NoError(t, d.Sync("data"))
	require.ErrorIs(t, d.Truncate(file, 0), failure)
	b, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Equal(t, "cb", letters(b))
	require.Equal(t, 4, d.Count())
	im := &disk.Image{}
	for _, op := range d.Ops() {
		im.Apply(op)
	}
	require.Equal(t, "cb", letters(im.Synced))
	require.Empty(t, im.Pending)
}
