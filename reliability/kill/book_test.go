package kill_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/statordb/stator/attr"
)

// book is what is known about a file from outside: what it held when it was last judged, and what was
// acknowledged since.
type book struct {
	// what was found the last time, and what a round that has begun adds to it
	owned    []contents // by writer
	ledger   contents
	counters map[place]int64
	expired  int  // items that the time to live had deleted
	prepared bool // that all tables are there was acknowledged

	run run

	mu struct {
		sync.Mutex
		acked  []int // by writer
		faults []error
		seen   map[string]bool // sequence numbers that the follower told
	}
}

func newBook(writers int) *book {
	b := &book{ledger: contents{}, counters: map[place]int64{}}
	for range writers {
		b.owned = append(b.owned, contents{})
	}
	b.mu.acked = make([]int, writers)
	b.mu.seen = map[string]bool{}
	return b
}

// begin begins a round.
func (b *book) begin(r run) {
	b.run = r
	clear(b.mu.acked)
}

func (b *book) ready() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prepared = true
}

func (b *book) ack(writer, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mu.acked[writer] != n-1 {
		b.mu.faults = append(b.mu.faults, fmt.Errorf("writer %d: operation %d is acknowledged after %d", writer, n, b.mu.acked[writer]))
	}
	b.mu.acked[writer] = n
}

func (b *book) fault(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.faults = append(b.mu.faults, err)
}

func (b *book) saw(sequence string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.seen[sequence] = true
}

func (b *book) acknowledged() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, acked := range b.mu.acked {
		n += acked
	}
	return n
}

// verdict is what a file was found to hold.
type verdict struct {
	faults   []error
	last     []op   // by writer: the one after those that were acknowledged, which may have been under way
	applied  []bool // by writer: it took place
	owned    []contents
	ledger   contents
	counters map[place]int64
	expired  int // items that the time to live has deleted since the file was judged before
}

func (v *verdict) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf(format, args...))
}

// judge compares what a file holds with what was acknowledged. What a writer alone writes
// must be what his acknowledged operations made of it, or these and the next one, in full; a row of the
// ledger is there exactly when its operation took place; an account has what the ledger says; a counter
// what was acknowledged, and at most what was attempted besides.
func (b *book) judge(found contents) *verdict {
	v := &verdict{ledger: maps.Clone(b.ledger), counters: map[place]int64{}}
	owned, rows, balances := divide(found, v)
	atLeast, atMost := maps.Clone(b.counters), maps.Clone(b.counters)
	for writer, before := range b.owned {
		has := owned[ownerOf(writer)]
		delete(owned, ownerOf(writer))
		want := maps.Clone(before)
		var o op
		for n := 1; n <= b.mu.acked[writer]; n++ {
			o = b.run.op(writer, n)
			o.apply(want, v.ledger)
			if o.kind == count {
				atLeast[o.shared]++
				atMost[o.shared]++
			}
		}
		next := b.run.op(writer, b.mu.acked[writer]+1)
		with, entries := maps.Clone(want), contents{}
		next.apply(with, entries)
		without := difference(want, has)
		applied := next.effect != nil && without != "" && difference(with, has) == ""
		switch {
		case applied:
			maps.Copy(v.ledger, entries)
		case without != "":
			v.fault("after %d acknowledged operations of writer %d: %s; and %s (a %T) explains it no better: %s",
				b.mu.acked[writer], writer, without, next.id, next.in, difference(with, has))
		}
		if next.kind == count {
			atMost[next.shared]++
		}
		v.last, v.applied = append(v.last, next), append(v.applied, applied)
		if has == nil {
			has = contents{}
		}
		v.owned = append(v.owned, has)
	}
	for owner := range owned {
		v.fault("items of %q, whom nobody knows", owner)
	}
	if d := difference(v.ledger, rows); d != "" {
		v.fault("the ledger: %s", d)
	}
	for i := range counters {
		p := counter(i)
		n, _ := found[p]["hits"].Int()
		if v.counters[p] = n; n < atLeast[p] || n > atMost[p] {
			v.fault("%s is %d, of %d acknowledged and %d attempted", p.pk, n, atLeast[p], atMost[p])
		}
	}
	v.balance(balances, rows)
	v.ledger = rows
	return v
}

// apply does to contents what the operation does to its writer's own items and to the ledger.
func (o op) apply(own, ledger contents) {
	if o.effect != nil {
		o.effect(own)
	}
	if o.entry != nil {
		ledger[placeOf("ledger", o.entry)] = o.entry
	}
}

// divide takes contents apart: what each writer alone writes, the rows of the ledger, and the accounts.
func divide(found contents, v *verdict) (owned map[string]contents, rows contents, balances map[string]int64) {
	owned, rows, balances = map[string]contents{}, contents{}, map[string]int64{}
	for p, it := range found {
		owner, _, shared := strings.Cut(p.pk, "/")
		switch {
		case p.table == ledger:
			rows[p] = it
		case p.table == bank && shared && owner == "account":
			balances[p.pk], _ = it["balance"].Int()
		case p.table == bank && shared && owner == "counter", p.table == items && owner == "fleeting":
		case strings.HasPrefix(owner, "w"):
			if owned[owner] == nil {
				owned[owner] = contents{}
			}
			owned[owner][p] = it
		default:
			v.fault("an item that nobody wrote: %v", p)
		}
	}
	return owned, rows, balances
}

// balance holds the accounts against the rows of the ledger. The sum of the rows is zero by itself, so that of the accounts must be.
func (v *verdict) balance(balances map[string]int64, rows contents) {
	want, sum := map[string]int64{}, int64(0)
	for _, row := range rows {
		amount, _ := row["amount"].Int()
		want[row["from"].Str()] -= amount
		want[row["to"].Str()] += amount
	}
	for i := range accounts {
		name := account(i)
		sum += balances[name]
		if balances[name] != want[name] {
			v.fault("%s has %d, the ledger says %d", name, balances[name], want[name])
		}
	}
	if sum != 0 {
		v.fault("the sum of the accounts is %d, it was 0", sum)
	}
}

// difference names one place at which contents differ, "" when there is none.
func difference(want, has contents) string {
	var list []string
	for p, it := range want {
		if other, ok := has[p]; !ok {
			list = append(list, fmt.Sprintf("%v is missing, it was %s", p, brief(it)))
		} else if !it.Equal(other) {
			list = append(list, fmt.Sprintf("%v is %s, want %s", p, brief(other), brief(it)))
		}
	}
	for p, it := range has {
		if _, ok := want[p]; !ok {
			list = append(list, fmt.Sprintf("%v should not be there, it is %s", p, brief(it)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("%d differences, such as: %s", len(list), slices.Min(list))
}

func brief(it attr.Item) string {
	short := maps.Clone(it)
	delete(short, "pad")
	return short.String()
}

// settle takes what was found as what the next round begins with.
func (b *book) settle(v *verdict) {
	b.owned, b.ledger, b.counters = v.owned, v.ledger, v.counters
	b.expired += v.expired
	clear(b.mu.acked)
}
