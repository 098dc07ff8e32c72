package isolation_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// readsOfAVersion is how many reads are made in the time of one write, at most.
const readsOfAVersion = 8

// readVersions makes n reads in all ways by turns, while versions of all rows of
// the table are written, each in one transaction. Each page must be of one
// version, and of none older than one that was acknowledged before. It returns how many pages were read, and the last version.
func readVersions(ctx context.Context, c api.Client, table string, first int64, n int) (pages, last int64, err error) {
	const readers = 3
	permits := make(chan struct{}, readsOfAVersion) // readers wait for a writer who is slow
	var acknowledged, count, reading atomic.Int64
	acknowledged.Store(first)
	reading.Store(readers)
	failures := make([]error, readers)
	var wait sync.WaitGroup
	for reader := range failures {
		wait.Go(func() {
			defer reading.Add(-1)
			for round := reader; round < n; round += readers {
				<-permits
				name := viewNames[round%len(viewNames)]
				got, err := readPages(ctx, c, name, table, int32(round%3*7), &acknowledged) // no limit, 7, 14
				if count.Add(got); err != nil {
					failures[reader] = fmt.Errorf("%s: %w", name, err)
					return
				}
			}
		})
	}
	var written error
	for x := first + 1; reading.Load() > 0 && written == nil; x++ {
		if _, written = c.Serve(ctx, putRows(table, x)); written == nil {
			acknowledged.Store(x)
		}
		for range readsOfAVersion {
			select {
			case permits <- struct{}{}:
			default:
			}
		}
	}
	close(permits)
	wait.Wait()
	return count.Load(), acknowledged.Load(), errors.Join(append(failures, written)...)
}

// readPages reads all pages in one way.
func readPages(ctx context.Context, c api.Client, name, table string, limit int32, acknowledged *atomic.Int64) (pages int64, err error) {
	var from attr.Item
	for {
		atLeast := acknowledged.Load()
		p, err := views[name](ctx, c, table, limit, from)
		if err != nil {
			return pages, err
		}
		pages++
		if from == nil && p.next == nil {
			if _, err := allRows(p.rows); err != nil {
				return pages, err
			}
		}
		if from == nil && p.next != nil && len(p.rows) != int(limit) {
			return pages, fmt.Errorf("a page of %d, and more after it: %d rows", limit, len(p.rows))
		}
		if len(p.rows) > 0 {
			x, err := oneVersion(p.rows)
			if err != nil {
				return pages, err
			}
			if x < atLeast {
				return pages, fmt.Errorf("a page of version %d, when %d was acknowledged before", x, atLeast)
			}
		}
		// In an index by x the rows move away from under who reads on.
		if p.next == nil || len(p.rows) == 0 {
			return pages, nil
		}
		from = p.next
	}
}

// TestPagesAreSnapshots: a page of a Query or Scan, of a table or an index, with what it
// fetches from the table, and what one BatchGetItem or TransactGetItems answers, is of one moment, and not of one before the request.
func TestPagesAreSnapshots(t *testing.T) {
	t.Parallel()
	reads := map[string]int{inMemory: 900, inFile: 500, overHTTP: 250}
	onSurfaces(t, func(t *testing.T, s surface) {
		createRows(t, s.db, "versions", 1)
		pages, last, err := readVersions(t.Context(), s.client, "versions", 1, reads[s.name])
		require.NoError(t, err)
		require.Greater(t, last, int64(5), "nothing was written meanwhile")
		t.Logf("%s: %d pages in %d ways, while %d versions of %d rows were written", s.name, pages, len(views), last, rowCount)
	})
}

// TestPagesControl: a store whose views are no snapshots, and transactions that are none, are found out.
func TestPagesControl(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]api.Client{
		"blurred views":     openStore(t, blurred{openMemory(t)}, nil),
		"torn transactions": &torn{Client: openStore(t, openMemory(t), nil), oneIn: 1, cut: halves},
	} {
		t.Run(name, func(t *testing.T) {
			createRows(t, c, "versions", 1)
			last := int64(1)
			for range attempts {
				var pages int64
				var err error
				if pages, last, err = readVersions(t.Context(), c, "versions", last, 300); err != nil {
					t.Logf("%s: found in page %d: %.100s", name, pages, err)
					return
				}
			}
			t.Fatal("no page showed it")
		})
	}
}
