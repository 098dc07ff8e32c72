package stator_test

import (
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func countedItems(n int) iter.Seq[stator.Item] {
	return func(yield func(stator.Item) bool) {
		for i := range n {
			if !yield(stator.Item{"id": stator.Int(i % (n - 1)), "turn": stator.Int(i)}) {
				return
			}
		}
	}
}

func TestImport(t *testing.T) {
	ctx := t.Context()
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	defer db.Close()
	table, err := stator.CreateTable(ctx, db, "numbers", stator.HashKey("id", "N"))
	require.NoError(t, err)

	const n = 10_000 // the last has the key of the first
	var used stator.Capacity
	done, err := table.Import(ctx, countedItems(n), stator.Consumed(&used))
	require.NoError(t, err)
	require.Equal(t, n, done)
	require.EqualValues(t, n-1, used.Units)
	count, err := table.Scan().Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, n-1, count)
	first, err := table.Get(ctx, stator.Key(0))
	require.NoError(t, err)
	require.Equal(t, stator.Item{"id": stator.Int(0), "turn": stator.Int(n - 1)}.String(), first.String(), "the last with a key remains")

	done, err = table.Import(ctx, slices.Values([]stator.Item{{"id": stator.Int(1)}, {"id": stator.S("text")}}))
	require.ErrorIs(t, err, stator.ErrValidation)
	require.Zero(t, done)
	_, err = table.Import(ctx, slices.Values([]stator.Item{{"id": stator.Int(1)}, {"id": stator.N("x")}}))
	require.ErrorContains(t, err, "Items[1]: ")
	done, err = table.Import(ctx, countedItems(0))
	require.NoError(t, err)
	require.Zero(t, done)
}

// TestImportElsewhere: a Client without the operation gets batches.
func TestImportElsewhere(t *testing.T) {
	f := &fake{}
	f.answer = func(in api.Request) (api.Response, error) {
		if in.Operation() == "ImportItems" {
			return nil, &api.Error{Code: api.CodeUnknownOperation}
		}
		if in.Operation() == "DescribeTable" {
			return nil, errors.New("not asked for")
		}
		return emptyAnswer(in), nil
	}
	type countedItem struct {
		ID int `dynamodbav:"id" stator:"hash"`
	}
	done, err := stator.TableFor[countedItem](f, "numbers").Import(t.Context(), slices.Values(make([]countedItem, 30)))
	require.NoError(t, err)
	require.Equal(t, 30, done)
	require.Equal(t, "BatchWriteItem", f.requests[1].Operation())
}
