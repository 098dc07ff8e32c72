// Package workload is what the tests of faults let a store do: a fixed sequence
// of requests that meets all that an engine writes, and a model that knows what
// the store must hold after each.
package workload

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

// Step is one request, before which the clock moves.
type Step struct {
	Request api.Request
	Wait    time.Duration
}

// StoreOptions are those of the stores of the tests: they grow in steps of half
// a megabyte, as large files do in larger ones.
func StoreOptions() *boltkv.Options {
	return &boltkv.Options{MaxSizeBytes: 8 << 20, InitialMmapBytes: 64 << 20}
}

// Clock moves when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at noon of some day.
func NewClock() *Clock { return &Clock{now: start} }

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// EngineOptions are those of the engines of the tests: nothing happens by itself but jobs.
func EngineOptions(clock *Clock) engine.Options {
	return engine.Options{Now: clock.Now, Rand: &source{random: rand.NewChaCha8([32]byte{1})}, ExpiryRate: -1}
}

// source is a source of random bytes for several goroutines.
type source struct {
	mu     sync.Mutex
	random io.Reader
}

func (s *source) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Read(b)
}

// Do carries out one step.
func Do(ctx context.Context, e *engine.Engine, clock *Clock, s Step) error {
	clock.Advance(s.Wait)
	_, err := e.Serve(ctx, s.Request)
	return err
}

// Steps returns the sequence: two tables with indexes, a stream and time to
// live; puts, updates, deletes, batches and transactions over both tables with
// tokens; large items; an index that is made, and one that is dropped, on a table that is full; a table
// that is deleted, so that many pages are free, and another that uses them again; time that passes.
func Steps() []Step {
	b := &builder{random: rand.New(rand.NewPCG(7, 11))}
	b.add(b.create("orders", "pk:S sk:N owner:S total:N", true))
	b.add(b.create("stock", "pk:S n:N", false))
	b.add(&api.UpdateTimeToLiveInput{TableName: new("orders"),
		TimeToLiveSpecification: &api.TimeToLiveSpecification{Enabled: new(true), AttributeName: new("expires")}})
	b.maintain(time.Minute)
	b.traffic(30)
	b.add(b.create("blobs", "pk:S", false))
	for i := range 9 {
		b.add(&api.PutItemInput{TableName: new("blobs"), Item: api.ItemOf(attr.Item{"pk": attr.S(fmt.Sprint("blob", i)), "v": attr.S(b.text(200_000 + 10_000*i))})})
		b.traffic(1)
	}
	b.add(&api.UpdateTableInput{TableName: new("stock"), AttributeDefinitions: attributes("n:N"),
		GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{Create: &api.CreateGlobalSecondaryIndexAction{
			IndexName: new("byN"), KeySchema: keys("n:N"), Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeAll)}}}}})
	b.traffic(4)
	b.maintain(time.Minute)
	b.traffic(10)
	b.add(&api.DeleteTableInput{TableName: new("blobs")})
	b.maintain(time.Minute)
	b.traffic(20)
	b.maintain(26 * time.Hour) // items expire, the journal is trimmed
	b.traffic(10)
	b.add(&api.UpdateTableInput{TableName: new("stock"), GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{
		{Delete: &api.DeleteGlobalSecondaryIndexAction{IndexName: new("byN")}}}})
	b.maintain(time.Minute)
	b.add(b.create("again", "pk:S", true))
	for i := range 6 {
		b.add(&api.PutItemInput{TableName: new("again"), Item: api.ItemOf(attr.Item{"pk": attr.S(fmt.Sprint("again", i)), "v": attr.S(b.text(150_000))})})
	}
	b.traffic(10)
	b.add(&api.DeleteTableInput{TableName: new("stock")})
	b.maintain(time.Minute)
	return b.steps
}

type builder struct {
	random *rand.Rand
	steps  []Step
	tokens int
}

func (b *builder) add(in api.Request) { b.steps = append(b.steps, Step{in, time.Second}) }

func (b *builder) maintain(wait time.Duration) {
	b.steps = append(b.steps, Step{&api.MaintainInput{}, wait})
}

func (b *builder) text(n int) string {
	t := make([]byte, n)
	for i := range t {
		t[i] = byte('a' + b.random.IntN(26))
	}
	return string(t)
}

func attributes(text string) (list []api.AttributeDefinition) {
	for field := range strings.FieldsSeq(text) {
		name, kind, _ := strings.Cut(field, ":")
		list = append(list, api.AttributeDefinition{AttributeName: &name, AttributeType: new(api.ScalarAttributeType(kind))})
	}
	return list
}

func keys(text string) (list []api.KeySchemaElement) {
	kinds := []api.KeyType{api.KeyTypeHash, api.KeyTypeRange}
	for i, a := range attributes(text) {
		list = append(list, api.KeySchemaElement{AttributeName: a.AttributeName, KeyType: &kinds[i]})
	}
	return list
}

// create creates a table whose key is the first attributes: two when there are four, of which the others make the indexes.
func (b *builder) create(name, text string, stream bool) *api.CreateTableInput {
	all := &api.Projection{ProjectionType: new(api.ProjectionTypeAll)}
	f := strings.Fields(text)
	in := &api.CreateTableInput{TableName: &name, AttributeDefinitions: attributes(f[0]), KeySchema: keys(f[0]), BillingMode: new(api.BillingModePayPerRequest)}
	if len(f) == 4 {
		in.AttributeDefinitions, in.KeySchema = attributes(text), keys(f[0]+" "+f[1])
		in.GlobalSecondaryIndexes = []api.GlobalSecondaryIndex{{IndexName: new("byOwner"), KeySchema: keys(f[2]), Projection: all}}
		in.LocalSecondaryIndexes = []api.LocalSecondaryIndex{{IndexName: new("byTotal"), KeySchema: keys(f[0] + " " + f[3]), Projection: all}}
	}
	if stream {
		in.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(api.StreamViewTypeNewAndOldImages)}
	}
	return in
}

func (b *builder) order() attr.Item {
	it := attr.Item{"pk": attr.S(fmt.Sprint("p", b.random.IntN(8))), "sk": attr.Int(b.random.IntN(6)),
		"owner": attr.S(fmt.Sprint("o", b.random.IntN(5))), "total": attr.Int(b.random.IntN(1000)),
		"v": attr.S(b.text(20 + b.random.IntN(2000)))}
	if b.random.IntN(3) == 0 {
		it["expires"] = attr.Int(int(start.Unix()) + 3600)
	}
	return it
}

// traffic adds n writes of items.
func (b *builder) traffic(n int) {
	for range n {
		order := b.order()
		key := attr.Item{"pk": order["pk"], "sk": order["sk"]}
		stock := attr.Item{"pk": attr.S(fmt.Sprint("s", b.random.IntN(30))), "n": attr.Int(b.random.IntN(100)), "v": attr.S(b.text(300))}
		switch b.random.IntN(7) {
		case 0:
			b.add(&api.PutItemInput{TableName: new("orders"), Item: api.ItemOf(order)})
		case 1:
			b.add(&api.UpdateItemInput{TableName: new("orders"), Key: key, UpdateExpression: new("SET #o = :o ADD visits :one"),
				ExpressionAttributeNames:  map[string]string{"#o": "owner"},
				ExpressionAttributeValues: attr.Item{":o": order["owner"], ":one": attr.Int(1)}})
		case 2:
			b.add(&api.DeleteItemInput{TableName: new("orders"), Key: key})
		case 3:
			var batch []api.WriteRequest
			for i := range 12 {
				batch = append(batch, api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"pk": attr.S(fmt.Sprintf("s%d", i)), "n": attr.Int(b.random.IntN(50)), "v": attr.S(b.text(500))})}})
			}
			b.add(&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"stock": batch}})
		default:
			b.tokens++
			b.add(&api.TransactWriteItemsInput{ClientRequestToken: new(fmt.Sprint("token ", b.tokens)), TransactItems: []api.TransactWriteItem{
				{Put: &api.Put{TableName: new("orders"), Item: api.ItemOf(order)}},
				{Put: &api.Put{TableName: new("stock"), Item: api.ItemOf(stock)}},
			}})
		}
	}
}
