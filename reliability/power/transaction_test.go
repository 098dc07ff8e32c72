package power_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

// Each of several writers makes one transaction after the other, of two items with its number: its own in the first table, and one
// of many in the second.
const (
	writers = 8
	kept    = 50 // items of a writer in the second table
)

func createTables(ctx context.Context, e *engine.Engine) error {
	for _, name := range []string{"one", "two"} {
		if _, err := stator.CreateTable(ctx, e, name, stator.HashKey("pk", "S")); err != nil {
			return err
		}
	}
	return nil
}

// write makes transaction n of a writer.
func write(ctx context.Context, e *engine.Engine, writer, n int) error {
	it := func(id string) attr.Item {
		return attr.Item{"pk": attr.S(id), "n": attr.Int(n), "v": attr.S(strings.Repeat("v", 100+n%700))}
	}
	_, err := e.Serve(ctx, &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: new("one"), Item: api.ItemOf(it(fmt.Sprint(writer)))}},
		{Put: &api.Put{TableName: new("two"), Item: api.ItemOf(it(fmt.Sprintf("%d-%d", writer, n%kept)))}},
	}})
	return err
}

// inspect opens the store and compares it with what was acknowledged. Each writer may be ahead by the one
// transaction that was in flight.
func inspect(ctx context.Context, path string, options *boltkv.Options, known map[int]int) (opened time.Duration, ahead int, err error) {
	began := time.Now()
	store, err := boltkv.Open(path, options)
	if err != nil {
		return 0, 0, err
	}
	e, err := engine.Open(ctx, store, engine.Options{})
	opened = time.Since(began)
	if err != nil {
		return opened, 0, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := e.Check(ctx); err != nil {
		return opened, 0, err
	}
	number := func(table, id string) (int, error) {
		out, err := api.Do(ctx, e, &api.GetItemInput{TableName: &table, Key: attr.Item{"pk": attr.S(id)}})
		if err != nil || out.Item.IsZero() {
			return 0, err
		}
		return strconv.Atoi(out.Item.Value("n").Num())
	}
	for writer, acknowledged := range known {
		now, err := number("one", fmt.Sprint(writer))
		if err != nil {
			return opened, ahead, err
		}
		if now != acknowledged && now != acknowledged+1 {
			return opened, ahead, fmt.Errorf("writer %d: %d was acknowledged, %d is there", writer, acknowledged, now)
		}
		ahead += now - acknowledged
		for n := max(1, now-kept+1); n <= now; n++ {
			got, err := number("two", fmt.Sprintf("%d-%d", writer, n%kept))
			if err != nil {
				return opened, ahead, err
			}
			if got != n {
				return opened, ahead, fmt.Errorf("writer %d: the first table has %d, the second %d in the place of %d", writer, now, got, n)
			}
		}
	}
	return opened, ahead, nil
}
