package stator_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// record is an item of ten attributes and about 1 KB.
type record struct {
	ID      string            `dynamodbav:"id" stator:"hash"`
	Org     string            `dynamodbav:"org"`
	Name    string            `dynamodbav:"name"`
	Visits  int               `dynamodbav:"visits"`
	Score   float64           `dynamodbav:"score"`
	Active  bool              `dynamodbav:"active"`
	Bio     string            `dynamodbav:"bio"`
	Phones  []string          `dynamodbav:"phones"`
	Address map[string]string `dynamodbav:"address"`
	Raw     []byte            `dynamodbav:"raw"`
}

func newRecord(i int) record {
	return record{
		ID: fmt.Sprintf("r%06d", i), Org: "acme", Name: "Ann", Visits: i, Score: 12.5, Active: true,
		Bio: string(make([]byte, 600)), Phones: []string{"+47 1", "+47 2"},
		Address: map[string]string{"city": "Oslo", "street": "Karl Johans gate"}, Raw: make([]byte, 200),
	}
}

// BenchmarkGet compares the typed Get with the request that it sends (the
// floor), whose item nobody decodes.
func BenchmarkGet(b *testing.B) {
	db, err := stator.OpenMemory(nil)
	require.NoError(b, err)
	defer db.Close()
	ctx := b.Context()
	records, err := stator.CreateTableFor[record](ctx, db, "records")
	require.NoError(b, err)
	require.NoError(b, records.Put(ctx, newRecord(1)))
	items := db.Table("records")
	key := stator.Item{"id": stator.S("r000001")}
	calls := map[string]func() error{
		"floor": func() error {
			_, err := api.Do(ctx, db, &api.GetItemInput{TableName: new("records"), Key: key})
			return err
		},
		"struct": func() error { _, err := records.Get(ctx, stator.Key("r000001")); return err },
		"item":   func() error { _, err := items.Get(ctx, stator.KeyItem(key)); return err },
		"project": func() error {
			_, err := items.Get(ctx, stator.KeyItem(key), stator.Project("name", "visits"))
			return err
		},
	}
	for _, name := range []string{"floor", "item", "struct", "project"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, calls[name]())
			}
		})
	}
}

// BenchmarkUpdate compares an Update with the request that it sends.
func BenchmarkUpdate(b *testing.B) {
	db, err := stator.OpenMemory(nil)
	require.NoError(b, err)
	defer db.Close()
	ctx := b.Context()
	records, err := stator.CreateTableFor[record](ctx, db, "records")
	require.NoError(b, err)
	require.NoError(b, records.Put(ctx, newRecord(1)))
	key := stator.Item{"id": stator.S("r000001")}
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := api.Do(ctx, db, &api.UpdateItemInput{
				TableName: new("records"), Key: key,
				UpdateExpression: new("ADD #u0 :u0"), ConditionExpression: new("#c0 < :c0"),
				ExpressionAttributeNames:  map[string]string{"#u0": "visits", "#c0": "visits"},
				ExpressionAttributeValues: map[string]stator.Value{":u0": stator.Int(1), ":c0": stator.Int(1 << 40)},
			})
			require.NoError(b, err)
		}
	})
	b.Run("native", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := records.Update(ctx, stator.Key("r000001"), stator.Add("visits", 1), stator.If("visits < ?", 1<<40), stator.ReturnNothing())
			require.NoError(b, err)
		}
	})
}

// BenchmarkQuery reads 100 items of one partition.
func BenchmarkQuery(b *testing.B) {
	db, err := stator.OpenMemory(nil)
	require.NoError(b, err)
	defer db.Close()
	ctx := b.Context()
	type table struct {
		P     string `dynamodbav:"p" stator:"hash"`
		N     int    `dynamodbav:"n" stator:"range"`
		Inner record `dynamodbav:"inner"`
	}
	rows, err := stator.CreateTableFor[table](ctx, db, "rows")
	require.NoError(b, err)
	var all []table
	for i := range 100 {
		all = append(all, table{"p", i, newRecord(i)})
	}
	_, err = rows.BatchPut(ctx, all)
	require.NoError(b, err)
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			out, err := api.Do(ctx, db, &api.QueryInput{
				TableName: new("rows"), KeyConditionExpression: new("p = :p"),
				ExpressionAttributeValues: map[string]stator.Value{":p": stator.S("p")},
			})
			require.NoError(b, err)
			require.EqualValues(b, 100, out.Count)
		}
	})
	b.Run("struct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got, err := collect(rows.Query("p = ?", "p").All(ctx))
			require.NoError(b, err)
			require.Len(b, got, 100)
		}
	})
}
