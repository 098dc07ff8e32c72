package full_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/internal/mount"
)

const mib = 1 << 20

// large is the size of most items.
const large = 20_000

// medium is what bounds a store.
type medium struct {
	name  string
	limit int64 // boltkv.Options.MaxSizeBytes
	mount func(testing.TB, int64) string
	full  error // what a write fails with
	sync  bool  // every commit, where it costs nothing: blocks are taken before
}

func media() []medium {
	return []medium{
		{"size", 8 * mib, nil, kv.ErrSizeLimit, false},
		{"tmpfs", 0, mount.Tmpfs, kv.ErrDiskFull, true},
		{"ext4", 0, mountExt4, kv.ErrDiskFull, false},
	}
}

// mountExt4 returns a folder with an ext4 of so many bytes, in a file.
func mountExt4(t testing.TB, size int64) string {
	image := filepath.Join(t.TempDir(), "image")
	mount.MakeExt4(t, image, size)
	dir, _ := mount.Image(t, image)
	return dir
}

// database is an engine on a store that is easily filled.
type database struct {
	t       *testing.T
	path    string
	ballast string // a file beside the store, which stands for what others keep on the disk; "" none
	options boltkv.Options
	*engine.Engine
	updates atomic.Int64 // of the store

	mu struct {
		sync.Mutex
		now    time.Time
		told   []error // by BackgroundError
		serial int
	}
}

// place makes room for a database: a small disk with a ballast of 4 MiB, or a folder.
func (m medium) place(t *testing.T, reserve int64) *database {
	d := &database{t: t, options: boltkv.Options{MaxSizeBytes: m.limit, ReserveBytes: reserve, NoSync: !m.sync}}
	d.mu.now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	dir := ""
	if m.mount == nil {
		dir = t.TempDir()
	} else {
		dir = m.mount(t, 12*mib)
		d.ballast = filepath.Join(dir, "ballast")
		require.NoError(t, os.WriteFile(d.ballast, make([]byte, 4*mib), 0o600))
	}
	d.path = filepath.Join(dir, "test.db")
	d.open()
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// counted counts the Updates of a store.
type counted struct {
	kv.Store
	n *atomic.Int64
}

func (s counted) Update(ctx context.Context, fn func(kv.Writer) error) error {
	s.n.Add(1)
	return s.Store.Update(ctx, fn)
}

func (d *database) open() {
	store, err := boltkv.Open(d.path, &d.options)
	require.NoError(d.t, err)
	d.Engine, err = engine.Open(d.t.Context(), counted{store, &d.updates}, engine.Options{Now: d.now, BackgroundError: d.tell})
	require.NoError(d.t, err)
}

func (d *database) reopen() {
	require.NoError(d.t, d.Close())
	d.open()
}

func (d *database) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mu.now
}

func (d *database) advance(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.now = d.mu.now.Add(by)
}

func (d *database) tell(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.told = append(d.mu.told, err)
}

func (d *database) told() []error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.mu.told)
}

func (d *database) serve(in api.Request) error {
	_, err := d.Serve(context.Background(), in)
	return err
}

// create makes a table with a global index, and a stream if asked for.
func (d *database) create(table string, stream bool) {
	options := []stator.TableOption{stator.HashKey("id", "S"), stator.GlobalIndex("byGroup", stator.HashKey("group", "N"), stator.KeysOnly())}
	if stream {
		options = append(options, stator.Stream(stator.StreamNewAndOldImages))
	}
	_, err := stator.CreateTable(context.Background(), d.Engine, table, options...)
	require.NoError(d.t, err)
}

func (d *database) put(table, id string, size int) error {
	return d.serve(&api.PutItemInput{TableName: &table, Item: api.ItemOf(attr.Item{
		"id": attr.S(id), "group": attr.N(fmt.Sprint(len(id) + size%7)), "text": attr.S(strings.Repeat("t", size))})})
}

func (d *database) get(table, id string) (attr.Item, error) {
	out, err := api.Do(context.Background(), d.Engine, &api.GetItemInput{TableName: &table, Key: attr.Item{"id": attr.S(id)}})
	if err != nil {
		return nil, err
	}
	return out.Item.Item()
}

func (d *database) delete(table, id string) error {
	return d.serve(&api.DeleteItemInput{TableName: &table, Key: attr.Item{"id": attr.S(id)}})
}

// deleteAll is 16 who delete.
func (d *database) deleteAll(table string, ids []string) {
	var group sync.WaitGroup
	var next atomic.Int64
	errs := make([]error, 16)
	for i := range errs {
		group.Go(func() {
			for n := next.Add(1); int(n) <= len(ids) && errs[i] == nil; n = next.Add(1) {
				errs[i] = d.delete(table, ids[n-1])
			}
		})
	}
	group.Wait()
	require.NoError(d.t, errors.Join(errs...))
}

func (d *database) newID() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.serial++
	return fmt.Sprintf("%08x-%d", uint32(d.mu.serial)*2654435761, d.mu.serial)
}

// fill puts items, first large and then small ones, until none goes in, and returns their ids and the last error.
func (d *database) fill(table string) (ids []string, full error) {
	for _, size := range []int{large, 1000} {
		batch, err := d.fillWith(table, size)
		ids, full = append(ids, batch...), err
	}
	return ids, full
}

// fillWith is 16 writers who go on until they are refused twice.
func (d *database) fillWith(table string, size int) (ids []string, full error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for refused := 0; refused < 2; {
				id := d.newID()
				err := d.put(table, id, size)
				mu.Lock()
				if err == nil {
					ids = append(ids, id)
				} else {
					full = err
				}
				mu.Unlock()
				if err != nil {
					refused++
					time.Sleep(110 * time.Millisecond) // the disk is not asked at each try
				}
			}
		})
	}
	group.Wait()
	require.ErrorIs(d.t, full, kv.ErrFull)
	return ids, full
}

// holds looks that the store is whole and has these items and no others.
func (d *database) holds(table string, ids []string) {
	require.NoError(d.t, d.Check(context.Background()))
	for _, id := range ids {
		item, err := d.get(table, id)
		require.NoError(d.t, err)
		require.NotNil(d.t, item, id)
	}
	out, err := api.Do(context.Background(), d.Engine, &api.DescribeTableInput{TableName: &table})
	require.NoError(d.t, err)
	require.EqualValues(d.t, len(ids), *out.Table.ItemCount)
}

// within tries again and again, every 5 ms, until it succeeds, and returns how long that took.
func within(t *testing.T, most time.Duration, try func() error) time.Duration {
	began := time.Now()
	for {
		err := try()
		took := time.Since(began)
		require.Less(t, took, most, "%v", err)
		if err == nil {
			return took
		}
		require.ErrorIs(t, err, kv.ErrFull)
		time.Sleep(5 * time.Millisecond)
	}
}

func shuffle(ids []string) {
	rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
}

func fileSize(t *testing.T, path string) int64 {
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

func message(err error) string {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return string(e.Code) + ": " + e.Message
	}
	return err.Error()
}
