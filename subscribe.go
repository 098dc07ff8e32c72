package stator

import (
	"context"

	"github.com/statordb/stator/api"
)

// Subscription is a channel of the changes of a table. It is made by Subscribe,
// and safe for concurrent use.
type Subscription[T any] struct {
	changes chan Change[T]
	cancel  context.CancelFunc

	done     chan struct{} // closed when nothing runs any more
	err      error         // why it ended; set before done is closed
	released error         // of ending the session; likewise
}

// subscriptionBuffer is how many changes a Subscription decodes ahead.
const subscriptionBuffer = 16

// Subscribe is Changes with a channel, for a select with other channels:
//
//	sub, err := users.Subscribe(ctx)
//	defer sub.Close()
//	for c := range sub.C() {
//		fmt.Println(c.EventName, c.Old, c.New)
//	}
//	err = sub.Err()
//
// When it returns, its place is fixed: a write that comes afterwards is seen. A
// goroutine reads until ctx ends, Close is called or there is an error. It keeps at
// most 16 changes (see Buffer) and what one request brought, about 1 MB, and then
// waits for its reader; a slow one blocks no writer.
func (t TableOf[T]) Subscribe(ctx context.Context, options ...SubscribeOption) (*Subscription[T], error) {
	f := following{buffer: new(subscriptionBuffer)}
	for _, o := range options {
		o.subscribe(&f)
	}
	if *f.buffer < 0 {
		return nil, faultf(nil, "Buffer is %d, allowed are 0 and more", *f.buffer)
	}
	r, err := openReader[T](ctx, t.table, f)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	s := &Subscription[T]{changes: make(chan Change[T], *f.buffer), cancel: cancel, done: make(chan struct{})}
	go s.run(ctx, running, r)
	return s, nil
}

// run sends changes until there is an error. of is the caller's context, and
// running ends with it or with Close.
func (s *Subscription[T]) run(of, running context.Context, r *reader[T]) {
	defer close(s.changes)
	defer close(s.done)
	defer s.cancel()
	s.err = s.send(running, r)
	if running.Err() != nil {
		s.err = of.Err() // nil after Close
	}
	s.released = r.close(of)
}

func (s *Subscription[T]) send(ctx context.Context, r *reader[T]) error {
	for {
		c, err := r.next(ctx)
		if err != nil {
			return err
		}
		select {
		case s.changes <- c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// C returns the channel. It is closed when the Subscription has ended; Err says why.
func (s *Subscription[T]) C() <-chan Change[T] { return s.changes }

// Err returns why the Subscription ended: the error that the loop of Changes
// would have ended with, among them that of ctx. It is nil while it goes on, and after Close.
func (s *Subscription[T]) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close ends the Subscription and waits until nothing of it runs. What the channel
// still holds can be read. The error is that of giving up the name, if it has
// one; ending twice is no error of its own.
func (s *Subscription[T]) Close() error {
	s.cancel()
	<-s.done
	return s.released
}

// SubscriptionDescription tells how far a named reader has come: its Position,
// and in Behind how many changes it has not acknowledged.
type SubscriptionDescription = api.SubscriptionDescription

// Subscriptions returns the named readers of the table (see As), by name.
func (t TableOf[T]) Subscriptions(ctx context.Context) ([]SubscriptionDescription, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	out, err := serve(ctx, t.table, &api.ListSubscriptionsInput{TableName: &t.name})
	if err != nil {
		return nil, err
	}
	return out.Subscriptions, nil
}

// DeleteSubscription forgets a named reader: the next one of the name is the
// first again. While it reads the error is ErrResourceInUse; when there is none of the name
// it is a ResourceNotFoundException.
func (t TableOf[T]) DeleteSubscription(ctx context.Context, name string) error {
	if err := t.check(); err != nil {
		return err
	}
	_, err := serve(ctx, t.table, &api.DeleteSubscriptionInput{TableName: &t.name, SubscriptionName: &name})
	return err
}
