package oracle_test

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/oracle"
	"github.com/statordb/stator/kv"
)

// losing is a store that loses some writes, which it tells by their keys.
type losing struct {
	kv.Store
	deletes, puts func(key []byte) bool // nil: none is lost
}

func (s losing) Update(ctx context.Context, fn func(kv.Writer) error) error {
	return s.Store.Update(ctx, func(w kv.Writer) error { return fn(losingWriter{w, s}) })
}

type losingWriter struct {
	kv.Writer
	s losing
}

func (w losingWriter) Put(key, value []byte) error {
	if w.s.puts != nil && w.s.puts(key) {
		return nil
	}
	return w.Writer.Put(key, value)
}

func (w losingWriter) Delete(key []byte) error {
	if w.s.deletes != nil && w.s.deletes(key) {
		return nil
	}
	return w.Writer.Delete(key)
}

// in reports the keys of a space of a table's rows, one in n of them, whatever the table's id is.
func in(space byte, n uint32) func([]byte) bool {
	return func(key []byte) bool {
		return len(key) > 4 && !bytes.Equal(key[:4], make([]byte, 4)) && key[4] == space && crc32.ChecksumIEEE(key[5:])%n == 0
	}
}

// The spaces of a table's rows: docs/format.md.
const (
	rows    = 2
	indexes = 3
	expiry  = 5
	journal = 6
)

// remembering answers a GetItem as it did the first time.
type remembering struct {
	*reopened
	answers map[string]api.Response
}

func (c remembering) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	if in, ok := in.(*api.GetItemInput); ok && in.TableName != nil && in.ProjectionExpression == nil && in.ReturnConsumedCapacity == nil {
		key := *in.TableName + in.Key.String()
		if old := c.answers[key]; old != nil {
			return old, nil
		}
		out, err := c.reopened.Serve(ctx, in)
		if err == nil {
			c.answers[key] = out
		}
		return out, err
	}
	return c.reopened.Serve(ctx, in)
}

// TestControls: engines that are broken on purpose differ from the model; the
// script that shows it is made short, and it shows it again when it was written to a file and read.
func TestControls(t *testing.T) {
	lossy := func(s losing) flaw {
		f := sound()
		f.store = func(store kv.Store) kv.Store { s.Store = store; return s }
		return f
	}
	stale := sound()
	stale.client = func(r *reopened) api.Client { return remembering{r, map[string]api.Response{}} }
	for name, c := range map[string]struct {
		seed uint64 // with which it is found soon
		flaw
	}{
		"entries of indexes that stay":    {23, lossy(losing{deletes: in(indexes, 1)})},
		"one of 8 deletions is lost":      {8, lossy(losing{deletes: in(rows, 8)})},
		"one of 20 rows is not written":   {6, lossy(losing{puts: in(rows, 20)})},
		"some changes are not recorded":   {12, lossy(losing{puts: in(journal, 5)})},
		"some items never expire":         {39, lossy(losing{puts: in(expiry, 3)})},
		"an old item is answered":         {6, stale},
		"an entry that does not come":     {12, lossy(losing{puts: in(indexes, 40)})},
		"an expired item comes to expire": {15, lossy(losing{deletes: in(expiry, 2)})},
	} {
		t.Run(name, func(t *testing.T) {
			setup, bend := oracle.RandomSetup(4), c.flaw
			setup.Engines = setup.Engines[:1]
			script := oracle.Script(c.seed, 250)
			_, err := play(t, setup, script, bend)
			d, ok := errors.AsType[*oracle.Difference](err)
			require.True(t, ok, "%v", err)
			short := shrink(t, setup, script, d, bend)
			file := failed(t, setup, short)
			t.Cleanup(func() { require.NoError(t, os.Remove(file)) })
			setupBack, back := load(t, file)
			_, err = play(t, setupBack, back, bend)
			again, ok := errors.AsType[*oracle.Difference](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, d.Kind, again.Kind)
			_, err = play(t, setupBack, back, sound())
			require.NoError(t, err, "without the flaw there is no difference")
			require.LessOrEqual(t, len(short), 10, "%.4000s", oracle.Describe(short))
			t.Logf("found at step %d by %s, %d steps are left: %.300s", d.Step, d.Kind, len(short), again.Error())
			t.Logf("%.4000s", oracle.Describe(short))
		})
	}
}
