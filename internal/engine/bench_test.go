package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/btree"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/memkv"
)

// Every benchmark here runs its floor (bbolt, btree or a cursor used directly,
// on the same bytes) in turns with the engine, and reports the ratio. Absolute
// times mean little on a shared machine.

const benchItems = 100_000

// benchItem is an item of ten attributes and about 1 KB: strings, numbers, a list, a nested map.
func benchItem(i int) attr.Item {
	return attr.Item{
		"id":      attr.S(benchID(i)),
		"name":    attr.S(fmt.Sprintf("customer number %d", i)),
		"email":   attr.S(fmt.Sprintf("customer%d@example.com", i)),
		"balance": attr.N(fmt.Sprintf("%d.%02d", i*7%100_000, i%100)),
		"visits":  attr.Int(i % 1000),
		"active":  attr.BOOL(i%2 == 0),
		"tags":    attr.L(attr.S("alpha"), attr.S("beta"), attr.S("gamma"), attr.Int(i)),
		"address": attr.M(attr.Item{"street": attr.S("1 Long Avenue of Trees"), "city": attr.S("Springfield"), "zip": attr.Int(10000 + i%90000)}),
		"created": attr.N("1700000000"),
		"notes":   attr.S(benchNotes),
	}
}

var benchNotes = string(bytes.Repeat([]byte("All the notes that people wrote about it. "), 17))

func benchID(i int) string { return benchIDs[i] }

var benchIDs = func() []string {
	ids := make([]string, benchItems)
	for i := range ids {
		ids[i] = fmt.Sprintf("customer-%08d", i)
	}
	return ids
}()

func benchTable(b *testing.B, e *engine.Engine, name string, sort bool) {
	in := &api.CreateTableInput{
		TableName:            new(name),
		BillingMode:          new(api.BillingModePayPerRequest),
		AttributeDefinitions: []api.AttributeDefinition{{AttributeName: new("id"), AttributeType: new(api.ScalarAttributeTypeS)}},
		KeySchema:            []api.KeySchemaElement{{AttributeName: new("id"), KeyType: new(api.KeyTypeHash)}},
	}
	if sort {
		in.AttributeDefinitions = append(in.AttributeDefinitions, api.AttributeDefinition{AttributeName: new("sort"), AttributeType: new(api.ScalarAttributeTypeN)})
		in.KeySchema = append(in.KeySchema, api.KeySchemaElement{AttributeName: new("sort"), KeyType: new(api.KeyTypeRange)})
	}
	_, err := api.Do(b.Context(), e, in)
	require.NoError(b, err)
}

func benchLoad(b *testing.B, e *engine.Engine, name string, n int, item func(int) attr.Item) {
	var wg sync.WaitGroup
	const loaders = 64
	for w := range loaders {
		wg.Go(func() {
			for i := w * 25; i < n; i += loaders * 25 {
				var puts []api.WriteRequest
				for j := i; j < min(i+25, n); j++ {
					puts = append(puts, api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(item(j))}})
				}
				if _, err := api.Do(b.Context(), e, &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{name: puts}}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// benchPair is an engine on a file and, beside it, a copy of that file that bbolt has open.
type benchPair struct {
	*engine.Engine
	raw  *bolt.DB
	keys [][]byte // of the rows, by the number of their item
}

var benchBucket = []byte("stator") // of boltkv

// benchDisk loads n items into an engine on a file.
func benchDisk(b *testing.B, n int, noSync bool) *benchPair {
	dir := b.TempDir()
	store, err := boltkv.Open(filepath.Join(dir, "engine.db"), &boltkv.Options{NoSync: noSync})
	require.NoError(b, err)
	d := &benchPair{}
	d.Engine, err = engine.Open(b.Context(), store, engine.Options{})
	require.NoError(b, err)
	benchTable(b, d.Engine, "items", false)
	benchLoad(b, d.Engine, "items", n, benchItem)

	// The floor works on a copy of the very same file: the same tree.
	require.NoError(b, d.Close())
	file, err := os.ReadFile(filepath.Join(dir, "engine.db"))
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(filepath.Join(dir, "raw.db"), file, 0o600))
	store, err = boltkv.Open(filepath.Join(dir, "engine.db"), &boltkv.Options{NoSync: noSync})
	require.NoError(b, err)
	d.Engine, err = engine.Open(b.Context(), store, engine.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { d.Close() })
	d.raw, err = bolt.Open(filepath.Join(dir, "raw.db"), 0o600, &bolt.Options{NoSync: noSync, InitialMmapSize: 16 << 30})
	require.NoError(b, err)
	b.Cleanup(func() { d.raw.Close() })
	for i := range n {
		h := keyenc.Hash(append([]byte{1, byte(len(benchID(i)))}, benchID(i)...)) // of the stored form of a string
		d.keys = append(d.keys, append([]byte{0, 0, 0, 1, 2}, h[:]...))
	}
	return d
}

func (d *benchPair) rawGet(i int) []byte {
	var out []byte
	err := d.raw.View(func(tx *bolt.Tx) error {
		out = bytes.Clone(tx.Bucket(benchBucket).Get(d.keys[i]))
		return nil
	})
	if err != nil || out == nil {
		panic("no row")
	}
	return out
}

// benchInTurns runs two ways of doing one thing by turns, b.N times each, and reports how much of the
// floor's speed the engine reaches.
func benchInTurns(b *testing.B, floor, engine func(i int)) {
	const turn = 4096
	var floorTime, engineTime time.Duration
	b.ResetTimer()
	for done := 0; done < b.N; done += turn {
		n := min(turn, b.N-done)
		start := benchClock()
		for i := range n {
			floor(done + i)
		}
		between := benchClock()
		for i := range n {
			engine(done + i)
		}
		floorTime += between - start
		engineTime += benchClock() - between
	}
	b.StopTimer()
	benchReport(b, floorTime, engineTime)
}

func benchReport(b *testing.B, floor, engine time.Duration) {
	b.ReportMetric(float64(floor.Nanoseconds())/float64(b.N), "floor-ns/op")
	b.ReportMetric(float64(engine.Nanoseconds())/float64(b.N), "engine-ns/op")
	b.ReportMetric(float64(floor)/float64(engine), "x-floor-speed")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkGetDisk(b *testing.B) {
	d := benchDisk(b, benchItems, true)
	pick := rand.New(rand.NewPCG(1, 2)).Perm(benchItems)
	raw := func(i int) { d.rawGet(pick[i%benchItems]) }
	get := func(in *api.GetItemInput, i int) *api.GetItemOutput {
		in.Key["id"] = attr.S(benchID(pick[i%benchItems]))
		out, err := api.Do(context.Background(), d.Engine, in)
		if err != nil || out.Item.IsZero() {
			b.Fatal("no item", err)
		}
		return out
	}
	request := func() *api.GetItemInput { return &api.GetItemInput{TableName: new("items"), Key: attr.Item{}} }
	b.Run("undecoded", func(b *testing.B) {
		b.ReportAllocs()
		in := request()
		benchInTurns(b, raw, func(i int) { get(in, i) })
	})
	b.Run("decoded", func(b *testing.B) {
		var times []time.Duration
		in := request()
		benchInTurns(b, raw, func(i int) {
			start := time.Now()
			if item, err := get(in, i).Item.Item(); err != nil || len(item) != 10 {
				b.Fatal("no item", err)
			}
			times = append(times, time.Since(start))
		})
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Nanoseconds()), "p50-ns")
	})
	b.Run("two goroutines", func(b *testing.B) {
		both := func(f func() func(int)) time.Duration {
			start := time.Now()
			var wg sync.WaitGroup
			for g := range 2 {
				wg.Go(func() {
					do := f()
					for i := range b.N {
						do(i + g*benchItems/2)
					}
				})
			}
			wg.Wait()
			return time.Since(start)
		}
		one := func(f func() func(int)) time.Duration {
			do := f()
			start := time.Now()
			for i := range b.N {
				do(i)
			}
			return time.Since(start)
		}
		raw := func() func(int) { return raw }
		engine := func() func(int) {
			in := request()
			return func(i int) { get(in, i) }
		}
		rawScale := 2 * float64(one(raw)) / float64(both(raw))
		engineScale := 2 * float64(one(engine)) / float64(both(engine))
		b.ReportMetric(rawScale, "floor-scaling")
		b.ReportMetric(engineScale, "engine-scaling")
		b.ReportMetric(engineScale/rawScale, "x-floor-scaling")
		b.ReportMetric(0, "ns/op")
	})
}

func benchMemory(b *testing.B) *engine.Engine {
	store, err := memkv.Open(nil)
	require.NoError(b, err)
	e, err := engine.Open(b.Context(), store, engine.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { e.Close() })
	return e
}

type benchRow struct {
	key   string
	value []byte
}

func BenchmarkMemory(b *testing.B) {
	e := benchMemory(b)
	benchTable(b, e, "items", false)
	benchLoad(b, e, "items", benchItems, benchItem)
	tree := btree.NewG(32, func(a, b benchRow) bool { return a.key < b.key })
	for i := range benchItems {
		tree.ReplaceOrInsert(benchRow{benchID(i), bytes.Repeat([]byte{1}, 1100)})
	}
	pick := rand.New(rand.NewPCG(1, 2)).Perm(benchItems)
	b.Run("get", func(b *testing.B) {
		b.ReportAllocs()
		benchInTurns(b, func(i int) {
			r, _ := tree.Get(benchRow{key: benchID(pick[i%benchItems])})
			bytes.Clone(r.value)
		}, func(i int) {
			out, err := api.Do(b.Context(), e, &api.GetItemInput{TableName: new("items"), Key: attr.Item{"id": attr.S(benchID(pick[i%benchItems]))}})
			if err != nil {
				b.Fatal(err)
			}
			if item, err := out.Item.Item(); err != nil || len(item) != 10 {
				b.Fatal("no item", err)
			}
		})
	})
	b.Run("put", func(b *testing.B) {
		b.ReportAllocs()
		items := make([]attr.Item, 256)
		benchInTurns(b, func(i int) {
			items[i%256] = benchItem(pick[i%benchItems])
			items[i%256]["visits"] = attr.Int(i + 1_000_000)
			tree.ReplaceOrInsert(benchRow{benchID(pick[i%benchItems]), bytes.Repeat([]byte{byte(i)}, 1100)})
		}, func(i int) {
			if _, err := api.Do(b.Context(), e, &api.PutItemInput{TableName: new("items"), Item: api.ItemOf(items[i%256])}); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func BenchmarkPutDurable(b *testing.B) {
	d := benchDisk(b, benchItems, false)
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
			run := func(n int, put func(i int)) time.Duration {
				start := time.Now()
				var wg sync.WaitGroup
				for c := range callers {
					wg.Go(func() {
						for i := c; i < n; i += callers {
							put(i)
						}
					})
				}
				wg.Wait()
				return time.Since(start)
			}
			pick := rand.New(rand.NewPCG(3, 4)).Perm(benchItems)
			var floor, subject time.Duration
			turn := max(callers*4, 64)
			for done := 0; done < b.N; done += turn {
				n := min(turn, b.N-done)
				floor += run(n, func(i int) {
					k := pick[(done+i)%benchItems]
					value := bytes.Repeat([]byte{byte(done + i)}, 1100)
					if err := d.raw.Update(func(tx *bolt.Tx) error { return tx.Bucket(benchBucket).Put(d.keys[k], value) }); err != nil {
						b.Error(err)
					}
				})
				subject += run(n, func(i int) {
					item := benchItem(pick[(done+i)%benchItems])
					item["visits"] = attr.Int(time.Now().UnixNano())
					if _, err := api.Do(context.Background(), d.Engine, &api.PutItemInput{TableName: new("items"), Item: api.ItemOf(item)}); err != nil {
						b.Error(err)
					}
				})
			}
			benchReport(b, floor, subject)
		})
	}
}

func BenchmarkQuery100(b *testing.B) {
	for _, disk := range []bool{false, true} {
		name := "memory"
		var e *engine.Engine
		if disk {
			name = "disk"
			store, err := boltkv.Open(filepath.Join(b.TempDir(), "engine.db"), &boltkv.Options{NoSync: true})
			require.NoError(b, err)
			e, err = engine.Open(b.Context(), store, engine.Options{})
			require.NoError(b, err)
			b.Cleanup(func() { e.Close() })
		} else {
			e = benchMemory(b)
		}
		benchTable(b, e, "orders", true)
		benchLoad(b, e, "orders", 20_000, func(i int) attr.Item {
			item := benchItem(i)
			item["id"], item["sort"] = attr.S(benchID(i/100)), attr.Int(i%100)
			return item
		})
		for _, decoded := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/decoded=%v", name, decoded), func(b *testing.B) {
				b.ReportAllocs()
				for i := range b.N {
					out, err := api.Do(b.Context(), e, &api.QueryInput{TableName: new("orders"), KeyConditionExpression: new("id = :id"),
						ExpressionAttributeValues: attr.Item{":id": attr.S(benchID(i % 200))}})
					if err != nil || out.Count != 100 {
						b.Fatal(out, err)
					}
					for _, it := range out.Items {
						if decoded {
							if _, err := it.Item(); err != nil {
								b.Fatal(err)
							}
						}
					}
				}
			})
		}
	}
}

func BenchmarkScan(b *testing.B) {
	d := benchDisk(b, benchItems, true)
	for _, c := range []struct{ name, filter string }{{"all", ""}, {"filter rejects 99%", "visits < :v"}} {
		b.Run(c.name, func(b *testing.B) {
			var floor, subject time.Duration
			items, size := 0, 0
			for range b.N {
				start := benchClock()
				require.NoError(b, d.raw.View(func(tx *bolt.Tx) error {
					cursor := tx.Bucket(benchBucket).Cursor()
					for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
						size += len(v)
					}
					return nil
				}))
				floor += benchClock() - start
				start = benchClock()
				in := &api.ScanInput{TableName: new("items")}
				if c.filter != "" {
					in.FilterExpression, in.ExpressionAttributeValues = new(c.filter), attr.Item{":v": attr.Int(10)}
				}
				for {
					out, err := api.Do(b.Context(), d.Engine, in)
					require.NoError(b, err)
					items += int(out.ScannedCount)
					if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
						break
					}
				}
				subject += benchClock() - start
			}
			require.Equal(b, b.N*benchItems, items)
			b.ReportMetric(float64(items)/subject.Seconds(), "items/s")
			b.ReportMetric(float64(size)/1e6/subject.Seconds(), "MB/s")
			b.ReportMetric(float64(floor.Nanoseconds())/float64(items), "cursor-ns/step")
			b.ReportMetric(float64(subject.Nanoseconds())/float64(items), "engine-ns/item")
			b.ReportMetric(float64(subject)/float64(floor), "cursor-steps/item")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkBulkLoad imports a table. The floor puts as many rows of the same size in
// the order of their keys, a thousand a transaction.
func BenchmarkBulkLoad(b *testing.B) {
	d := benchDisk(b, benchItems, false)
	keys := slices.SortedFunc(slices.Values(d.keys), bytes.Compare)
	items := make([]attr.Item, benchItems)
	for i := range items {
		items[i] = benchItem(i)
	}
	var floor, subject time.Duration
	for range b.N {
		dir := b.TempDir()
		raw, err := bolt.Open(filepath.Join(dir, "floor.db"), 0o600, &bolt.Options{InitialMmapSize: 16 << 30})
		require.NoError(b, err)
		value := bytes.Repeat([]byte{1}, 1100)
		start := time.Now()
		for batch := range slices.Chunk(keys, 1000) {
			require.NoError(b, raw.Update(func(tx *bolt.Tx) error {
				bucket, err := tx.CreateBucketIfNotExists(benchBucket)
				for _, k := range batch {
					if err == nil {
						err = bucket.Put(k, value)
					}
				}
				return err
			}))
		}
		floor += time.Since(start)
		require.NoError(b, raw.Close())

		store, err := boltkv.Open(filepath.Join(dir, "engine.db"), nil)
		require.NoError(b, err)
		e, err := engine.Open(b.Context(), store, engine.Options{})
		require.NoError(b, err)
		benchTable(b, e, "items", false)
		start = time.Now()
		out, err := api.Do(b.Context(), e, &api.ImportItemsInput{TableName: new("items"), Items: items})
		require.NoError(b, err)
		require.EqualValues(b, benchItems, out.ImportedCount)
		subject += time.Since(start)
		require.NoError(b, e.Close())
	}
	b.ReportMetric(float64(b.N*benchItems)/floor.Seconds(), "floor-items/s")
	b.ReportMetric(float64(b.N*benchItems)/subject.Seconds(), "engine-items/s")
	b.ReportMetric(float64(floor)/float64(subject), "x-floor-speed")
	b.ReportMetric(0, "ns/op")
}
