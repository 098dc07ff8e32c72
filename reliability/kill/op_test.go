package kill_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

const (
	items  = "items"
	bank   = "bank"
	ledger = "ledger"
)

var tables = []string{items, bank, ledger}

const (
	ownKeys  = 10 // of each writer
	accounts = 8
	counters = 4
)

type kind int

const (
	put kind = iota
	update
	remove
	count    // adds one to a counter that all share
	transfer // a transaction: two accounts, a row of the ledger, and an item of the writer's own
	batch
	refused  // a transaction whose condition fails
	fleeting // an item that has expired already, and is deleted in the background
)

// mix is how often which kind comes.
var mix = []kind{put, put, put, update, update, update, remove, count, count, transfer, transfer, transfer, batch, batch, refused, fleeting}

// place is the key of an item.
type place struct {
	table, pk string
	sk        int64
}

func placeOf(table string, it attr.Item) place {
	sk, _ := it["sk"].Int()
	return place{table, it["pk"].Str(), sk}
}

// contents are the items of some tables.
type contents map[place]attr.Item

// op is one request of a writer, with what it does.
type op struct {
	id     string
	kind   kind
	in     api.Request
	effect func(contents) // on the writer's own items; nil when there is none
	shared place          // the counter that count adds to
	entry  attr.Item      // the row that transfer puts into the ledger
}

// run is what the operations of one round follow from: with it, a writer and a number, they are the same in
// the process that carries them out and in the one that judges.
type run struct {
	Seed    uint64
	Round   int
	Writers int
	Expired int64 // a time that was over when the round began, in seconds
}

// op returns a writer's nth operation, of 1, 2, ….
func (r run) op(writer, n int) op {
	random := rand.New(rand.NewPCG(r.Seed, uint64(r.Round)<<40|uint64(writer)<<28|uint64(n)))
	o := op{id: fmt.Sprintf("r%d.w%d.n%d", r.Round, writer, n), kind: mix[random.IntN(len(mix))]}
	pk, sk := ownerOf(writer), random.Int64N(ownKeys)
	key := attr.Item{"pk": attr.S(pk), "sk": attr.Int(sk)}
	own := place{items, pk, sk}
	it := o.item(random, key)
	switch o.kind {
	case put:
		o.in = &api.PutItemInput{TableName: new(items), Item: api.ItemOf(it)}
		o.effect = func(c contents) { c[own] = it }
	case update:
		o.in = &api.UpdateItemInput{TableName: new(items), Key: key, UpdateExpression: new("SET v = :v, n = :n ADD steps :one REMOVE note"),
			ExpressionAttributeValues: attr.Item{":v": it["v"], ":n": it["n"], ":one": attr.Int(1)}}
		o.effect = func(c contents) {
			old := c[own]
			after := attr.Item{"pk": key["pk"], "sk": key["sk"]}
			maps.Copy(after, old)
			steps, _ := old["steps"].Int()
			after["v"], after["n"], after["steps"] = it["v"], it["n"], attr.Int(steps+1)
			delete(after, "note")
			c[own] = after
		}
	case remove:
		o.in = &api.DeleteItemInput{TableName: new(items), Key: key}
		o.effect = func(c contents) { delete(c, own) }
	case count:
		o.shared = counter(random.IntN(counters))
		o.in = &api.UpdateItemInput{TableName: new(bank), Key: attr.Item{"pk": attr.S(o.shared.pk)}, UpdateExpression: new("ADD hits :one"),
			ExpressionAttributeValues: attr.Item{":one": attr.Int(1)}}
	case transfer:
		o.transfer(random, it, own)
	case batch:
		o.batch(random, it, own)
	case refused:
		o.in = &api.TransactWriteItemsInput{ClientRequestToken: &o.id, TransactItems: []api.TransactWriteItem{
			{Put: &api.Put{TableName: new(items), Item: api.ItemOf(it)}},
			{ConditionCheck: &api.ConditionCheck{TableName: new(ledger), Key: attr.Item{"pk": attr.S("never")}, ConditionExpression: new("attribute_exists(pk)")}},
		}}
	case fleeting:
		it["pk"], it["expires"] = attr.S("fleeting"), attr.Int(r.Expired)
		o.in = &api.PutItemInput{TableName: new(items), Item: api.ItemOf(it)}
	}
	return o
}

// item makes an item that no other operation makes, in both indexes or in none, short or of some pages.
func (o *op) item(random *rand.Rand, key attr.Item) attr.Item {
	it := maps.Clone(key)
	it["v"], it["n"], it["group"] = attr.S(o.id), attr.Int(random.IntN(1000)), attr.S(fmt.Sprint("group", random.IntN(3)))
	if random.IntN(2) == 0 {
		it["note"] = attr.S(fmt.Sprint("note", random.IntN(50)))
	}
	if random.IntN(3) == 0 {
		it["expires"] = attr.Int(4_000_000_000 + random.Int64N(1000))
	}
	length := random.IntN(200)
	if random.IntN(40) == 0 {
		length = 6000 + random.IntN(6000)
	}
	it["pad"] = attr.S(strings.Repeat("x", length))
	return it
}

func (o *op) transfer(random *rand.Rand, it attr.Item, own place) {
	from := random.IntN(accounts)
	to := (from + 1 + random.IntN(accounts-1)) % accounts
	amount := 1 + random.Int64N(1<<40) // no two sums of some are likely to be equal
	o.entry = attr.Item{"pk": attr.S(o.id), "from": attr.S(account(from)), "to": attr.S(account(to)), "amount": attr.Int(amount)}
	add := func(i int, n int64) api.TransactWriteItem {
		return api.TransactWriteItem{Update: &api.Update{TableName: new(bank), Key: attr.Item{"pk": attr.S(account(i))},
			UpdateExpression: new("ADD balance :n"), ExpressionAttributeValues: attr.Item{":n": attr.Int(n)}}}
	}
	o.in = &api.TransactWriteItemsInput{ClientRequestToken: &o.id, TransactItems: []api.TransactWriteItem{
		add(from, -amount), add(to, amount),
		{Put: &api.Put{TableName: new(ledger), Item: api.ItemOf(o.entry)}},
		{Put: &api.Put{TableName: new(items), Item: api.ItemOf(it)}},
	}}
	o.effect = func(c contents) { c[own] = it }
}

// batch puts an item, deletes another one, and puts a note into another table.
func (o *op) batch(random *rand.Rand, it attr.Item, own place) {
	gone := place{items, own.pk, (own.sk + 1 + random.Int64N(ownKeys-1)) % ownKeys}
	note := attr.Item{"pk": attr.S(fmt.Sprintf("%s/%d", own.pk, random.IntN(3))), "v": attr.S(o.id)}
	o.in = &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{
		items: {
			{PutRequest: &api.PutRequest{Item: api.ItemOf(it)}},
			{DeleteRequest: &api.DeleteRequest{Key: attr.Item{"pk": attr.S(gone.pk), "sk": attr.Int(gone.sk)}}},
		},
		bank: {{PutRequest: &api.PutRequest{Item: api.ItemOf(note)}}},
	}}
	o.effect = func(c contents) {
		c[own] = it
		delete(c, gone)
		c[placeOf(bank, note)] = note
	}
}

// answered returns nil when err is the answer that the operation must get.
func (o *op) answered(err error) error {
	if o.kind != refused {
		return err
	}
	if e, ok := asError(err); ok && e.Code == api.CodeTransactionCanceled {
		return nil
	}
	return fmt.Errorf("a transaction whose condition fails got %w", err)
}

func ownerOf(writer int) string { return fmt.Sprint("w", writer) }
func account(i int) string      { return fmt.Sprint("account/", i) }
func counter(i int) place       { return place{table: bank, pk: fmt.Sprint("counter/", i)} }
