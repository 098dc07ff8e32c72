package engine

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// One transaction of an import writes at most so many items and about so many
// bytes of them, so that other writers wait little.
const (
	importRows  = 2000
	importBytes = 4 << 20
)

// importItems puts the items in the order of their rows: neighbours in the
// store's tree are written together, each of its pages once.
func (e *Engine) importItems(ctx context.Context, in *api.ImportItemsInput) (out *api.ImportItemsOutput, err error) {
	err = e.prepared(ctx, func() error {
		t, err := e.table(in.TableName)
		if err != nil {
			return err
		}
		writes, err := t.prepareImport(in.Items)
		if err != nil {
			return err
		}
		out = &api.ImportItemsOutput{}
		var used writeUsage
		for len(writes) > 0 {
			n := importBatch(writes)
			one, err := e.writeMany(ctx, writes[:n], false)
			if err != nil {
				if out.ImportedCount > 0 {
					err = fmt.Errorf("%w: %w", errPartly, err)
				}
				return err
			}
			used.add(one.used.list[0].use)
			out.ImportedCount += int64(n)
			writes = writes[n:]
		}
		out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, t, *in.TableName)
		return nil
	})
	return out, err
}

// importBatch returns how many of the writes one transaction takes.
func importBatch(writes []write) int {
	size := 0
	for i, w := range writes {
		if size += len(w.put); i == importRows || i > 0 && size > importBytes {
			return i
		}
	}
	return len(writes)
}

// prepareImport prepares the puts, in the order of their rows, without those
// that another one with the same key follows. The encoding is shared by all CPUs.
func (t *table) prepareImport(items []attr.Item) ([]write, error) {
	writes := make([]write, len(items))
	workers := min(runtime.GOMAXPROCS(0), len(items))
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for n := range workers {
		wg.Go(func() {
			for i := n * len(items) / workers; i < (n+1)*len(items)/workers; i++ {
				if writes[i], errs[n] = t.preparePut(api.ItemOf(items[i]), nil); errs[n] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	order := make([]int, len(writes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(bytes.Compare(writes[a].key.row, writes[b].key.row), cmp.Compare(a, b))
	})
	sorted := make([]write, 0, len(writes))
	for i, n := range order {
		if i+1 < len(order) && bytes.Equal(writes[n].key.row, writes[order[i+1]].key.row) {
			continue
		}
		sorted = append(sorted, writes[n])
	}
	return sorted, nil
}
