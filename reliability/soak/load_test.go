package soak_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/reliability/internal/remote"
	"github.com/statordb/stator/server"
)

// item is what most of the load is about.
type item struct {
	ID     string `dynamodbav:"id" stator:"hash"`
	Org    string `dynamodbav:"org"`
	Visits int    `dynamodbav:"visits"`
	Fill   string `dynamodbav:"fill"`
}

// session expires.
type session struct {
	ID      string `dynamodbav:"id" stator:"hash"`
	Expires int64  `dynamodbav:"expires" stator:"ttl"`
	Fill    string `dynamodbav:"fill"`
}

const (
	items    = 1000
	accounts = 50
)

// load is everything that a program does with a database, at the same time,
// until the context ends.
type load struct {
	t      *testing.T
	db     *stator.DB
	now    func() time.Time
	remote *remote.Client
	group  sync.WaitGroup

	items, money, limited stator.TableOf[item]
	sessions              stator.TableOf[session]

	done, seen, throttled, canceled, trimmed atomic.Int64
}

// start makes the tables and starts the load and a server.
func (l *load) start(ctx context.Context) (stop func()) {
	t := l.t
	var err error
	l.items, err = stator.CreateTableFor[item](ctx, l.db, "items", stator.Stream(api.StreamViewTypeNewAndOldImages),
		stator.GlobalIndex("byOrg", stator.HashKey("org", api.ScalarAttributeTypeS), stator.RangeKey("visits", api.ScalarAttributeTypeN)))
	require.NoError(t, err)
	l.money, err = stator.CreateTableFor[item](ctx, l.db, "money")
	require.NoError(t, err)
	for i := range accounts {
		require.NoError(t, l.money.Put(ctx, item{ID: fmt.Sprint("a", i), Visits: 100}))
	}
	l.limited, err = stator.CreateTableFor[item](ctx, l.db, "limited", stator.Provisioned(5, 5))
	require.NoError(t, err)
	l.sessions, err = stator.CreateTableFor[session](ctx, l.db, "sessions", stator.Stream(api.StreamViewTypeKeysOnly))
	require.NoError(t, err)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.remote = remote.New("http://" + listener.Addr().String())
	quiet := slog.New(slog.DiscardHandler)
	handler := server.New(l.db, &server.Options{Logger: quiet})
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving, listener, handler, &server.ServeOptions{Logger: quiet}) }()

	for _, work := range []func(context.Context, *rand.Rand) error{
		l.write, l.write, l.post, l.post, l.transfer, l.transfer, l.read, l.expire, l.expire, l.limit, l.limit, l.define,
	} {
		l.group.Go(func() {
			random := rand.New(rand.NewPCG(rand.Uint64(), 1))
			for ctx.Err() == nil {
				l.check(ctx, work(ctx, random))
				l.done.Add(1)
			}
		})
	}
	l.group.Go(func() { l.follow(ctx) })
	l.group.Go(func() { l.subscribe(ctx) })
	l.group.Go(func() { l.trigger(ctx) })
	l.group.Go(func() { l.maintain(ctx) })
	return func() {
		l.group.Wait()
		l.remote.Close()
		stopServing()
		require.NoError(t, <-served)
	}
}

// check passes what may happen: a limiter throttles, transactions meet, a
// reader is too slow for a clock that runs so fast.
func (l *load) check(ctx context.Context, err error) {
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, stator.ErrThrottled):
		l.throttled.Add(1)
	case errors.Is(err, stator.ErrTransactionCanceled):
		l.canceled.Add(1)
	case errors.Is(err, stator.ErrTrimmed):
		l.trimmed.Add(1)
	default:
		l.t.Error(err)
	}
}

func newItem(random *rand.Rand) item {
	return item{
		ID: fmt.Sprintf("i%05d", random.IntN(items)), Org: fmt.Sprint("org", random.IntN(10)), Visits: random.IntN(100),
		Fill: strings.Repeat("f", 200+random.IntN(800)),
	}
}

func (l *load) write(ctx context.Context, random *rand.Rand) error {
	it := newItem(random)
	switch random.IntN(4) {
	case 0:
		_, err := l.items.Update(ctx, stator.Key(it.ID), stator.Add("visits", 1), stator.Set("org", it.Org))
		return err
	case 1:
		return l.items.Delete(ctx, stator.Key(it.ID))
	}
	return l.items.Put(ctx, it)
}

func (l *load) post(ctx context.Context, random *rand.Rand) error {
	it := newItem(random)
	var in api.Request = &api.PutItemInput{TableName: new("items"), Item: api.ItemOf(stator.Item{
		"id": attr.S(it.ID), "org": attr.S(it.Org), "visits": attr.Int(it.Visits), "fill": attr.S(it.Fill)})}
	if random.IntN(2) == 0 {
		in = &api.QueryInput{TableName: new("items"), IndexName: new("byOrg"), Limit: new(int32(20)), KeyConditionExpression: new("org = :o"),
			ExpressionAttributeValues: attr.Item{":o": attr.S(it.Org)}}
	}
	_, err := l.remote.Send(ctx, in)
	return err
}

func (l *load) transfer(ctx context.Context, random *rand.Rand) error {
	from := random.IntN(accounts)
	to := (from + 1 + random.IntN(accounts-1)) % accounts
	parts := []stator.TransactOption{
		l.money.TxUpdate(stator.Key(fmt.Sprint("a", from)), stator.Add("visits", -1), stator.If("visits > ?", 0)),
		l.money.TxUpdate(stator.Key(fmt.Sprint("a", to)), stator.Add("visits", 1)),
	}
	if random.IntN(3) == 0 {
		parts = append(parts, stator.Token(fmt.Sprintf("%032x", random.Uint64())))
	}
	return stator.Transact(ctx, l.db, parts...)
}

func (l *load) read(ctx context.Context, random *rand.Rand) error {
	it := newItem(random)
	if _, err := l.items.Get(ctx, stator.Key(it.ID)); err != nil && !errors.Is(err, stator.ErrNotFound) {
		return err
	}
	for _, err := range l.items.Query("org = ?", it.Org).Index("byOrg").Limit(50).All(ctx) {
		if err != nil {
			return err
		}
	}
	n := 0
	for _, err := range l.items.Scan().Parallel(2).All(ctx) {
		if n++; err != nil || n == 100 {
			return err // out of the middle of it, too
		}
	}
	return nil
}

func (l *load) expire(ctx context.Context, random *rand.Rand) error {
	return l.sessions.Put(ctx, session{
		ID: fmt.Sprintf("s%016x", random.Uint64()), Expires: l.now().Add(6 * time.Hour).Unix(), Fill: strings.Repeat("f", 300),
	})
}

func (l *load) limit(ctx context.Context, random *rand.Rand) error {
	pause(ctx, 5*time.Millisecond)
	return l.limited.Put(ctx, newItem(random))
}

// define makes a table and takes it away.
func (l *load) define(ctx context.Context, random *rand.Rand) error {
	pause(ctx, 50*time.Millisecond)
	const name = "passing"
	table, err := stator.CreateTableFor[item](ctx, l.db, name, stator.UnlessExists(), stator.Stream(api.StreamViewTypeNewImage))
	if err != nil {
		return err
	}
	for range 10 {
		if err := table.Put(ctx, newItem(random)); err != nil {
			return err
		}
	}
	if err := stator.UpdateTable(ctx, l.db, name, stator.AddIndex("byOrg", stator.HashKey("org", api.ScalarAttributeTypeS))); err != nil {
		return err
	}
	if err := stator.UpdateTable(ctx, l.db, name, stator.DropIndex("byOrg")); err != nil {
		return err
	}
	return stator.DeleteTable(ctx, l.db, name)
}

// follow reads the changes of items, each time for a second or so.
func (l *load) follow(ctx context.Context) {
	for ctx.Err() == nil {
		n := 0
		for c, err := range l.items.Changes(ctx, stator.FromNow(), stator.As("follower")) {
			if err != nil {
				l.check(ctx, err)
				break
			}
			l.seen.Add(1)
			if n++; n%100 == 0 {
				l.check(ctx, c.Ack(ctx))
			}
			if n == 1000 {
				break
			}
		}
	}
}

func (l *load) subscribe(ctx context.Context) {
	for ctx.Err() == nil {
		sub, err := l.sessions.Subscribe(ctx)
		if err != nil {
			l.check(ctx, err)
			continue
		}
		for n := 0; n < 500; n++ {
			if _, ok := <-sub.C(); !ok {
				break
			}
			l.seen.Add(1)
		}
		l.check(ctx, errors.Join(sub.Err(), sub.Close()))
	}
}

func (l *load) trigger(ctx context.Context) {
	for ctx.Err() == nil {
		trigger, err := l.items.Trigger(ctx, "trigger", func(_ context.Context, changes []stator.Change[item]) error {
			l.seen.Add(int64(len(changes)))
			return nil
		}, &stator.TriggerOptions{StartingPosition: api.ShardIteratorTypeLatest, ParallelizationFactor: 2})
		if err != nil {
			l.check(ctx, err)
			return
		}
		pause(ctx, 2*time.Second)
		l.check(ctx, trigger.Close())
	}
}

func (l *load) maintain(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, 200*time.Millisecond)
		_, err := l.db.Maintain(ctx)
		l.check(ctx, err)
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
