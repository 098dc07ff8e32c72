package stator

import (
	"context"
	"time"

	"github.com/statordb/stator/api"
)

// reader reads the changes of a table page by page, for one loop in one goroutine.
type reader[T any] struct {
	table    table
	session  *session // nil without a name
	position *Position

	page    *delivered
	changes []api.Change // of the page
	at      int          // the first of changes that was not handed out
	read    int64        // changes that were handed out
}

// longPoll is how long one request waits for a change. After it, the next one does.
const longPoll = time.Minute

// openReader begins to read, and makes the first request, so that the place is
// fixed and what is wrong with it is told at once.
func openReader[T any](ctx context.Context, t table, f following) (*reader[T], error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if f.start.given && f.start.start == nil && f.start.position == nil {
		return nil, faultf(nil, "After was given a nil Position")
	}
	r := &reader[T]{table: t, position: f.start.position}
	start := f.start.start
	if f.name != nil {
		var err error
		if r.session, r.position, err = openSession(ctx, t, *f.name, f.start); err != nil {
			return nil, err
		}
		start = nil
	}
	if err := r.fetch(ctx, start, 0); err != nil {
		_ = r.close(ctx) // a second failure, of the same cause if anything
		return nil, err
	}
	return r, nil
}

// fetch requests the next page.
func (r *reader[T]) fetch(ctx context.Context, start *api.ChangesStart, wait time.Duration) error {
	out, err := serve(ctx, r.table, &api.ReadChangesInput{
		TableName: &r.table.name, Position: r.position, Start: start, Wait: wait,
	})
	if err != nil {
		return err
	}
	r.position = out.Position
	r.page, r.changes, r.at = deliver(r.session, r.read, out), out.Changes, 0
	return nil
}

// next returns the next change, for which it waits until ctx ends.
func (r *reader[T]) next(ctx context.Context) (Change[T], error) {
	if err := ctx.Err(); err != nil {
		return Change[T]{}, err
	}
	for r.at == len(r.changes) {
		if err := r.fetch(ctx, nil, longPoll); err != nil {
			return Change[T]{}, err
		}
	}
	c, err := changeOf[T](r.table.name, &r.changes[r.at], r.page, r.at)
	r.changes[r.at] = api.Change{} // its images are no longer needed
	r.at++
	r.read++
	return c, err
}

// close ends the session of a named reader.
func (r *reader[T]) close(ctx context.Context) error {
	if r.session == nil {
		return nil
	}
	return r.session.release(ctx)
}

// session is the right to save how far a named reader has come.
type session struct {
	client Client
	table  string
	name   string
	id     string

	turn  chan struct{} // holds a token while nobody saves
	acked int64         // how many changes are saved as read; for who has the token
}

// openSession opens the subscription of a name, and returns where it goes on.
func openSession(ctx context.Context, t table, name string, at StartingPosition) (*session, *Position, error) {
	out, err := serve(ctx, t, &api.OpenSubscriptionInput{TableName: &t.name, SubscriptionName: &name, Start: at.start})
	if err != nil {
		return nil, nil, err
	}
	s := &session{client: t.client, table: t.name, name: name, id: out.Session, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	if !out.Created || at.position == nil {
		return s, out.Position, nil
	}
	// A subscription begins where the database finds a place for it, and is then
	// moved to the one that was asked for. If it cannot be, there was none.
	if err := s.save(ctx, at.position, false); err != nil {
		if s.release(ctx) == nil {
			ctx, cancel := afterwards(ctx)
			defer cancel()
			_, _ = do(ctx, t.client, &api.DeleteSubscriptionInput{TableName: &t.name, SubscriptionName: &name})
		}
		return nil, nil, err
	}
	return s, at.position, nil
}

// ack saves the place after a change. It never goes back: while several
// goroutines acknowledge what they did, the last to come need not be the furthest.
func (s *session) ack(ctx context.Context, page *delivered, index int) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	done := page.first + int64(index) + 1
	if done <= s.acked {
		return nil
	}
	if err := s.save(ctx, page.after(index), false); err != nil {
		return err
	}
	s.acked = done
	return nil
}

// release ends the session, also when ctx has ended.
func (s *session) release(ctx context.Context) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	return s.save(ctx, nil, true)
}

func (s *session) save(ctx context.Context, p *Position, release bool) error {
	_, err := do(ctx, s.client, &api.SavePositionInput{
		TableName: &s.table, SubscriptionName: &s.name, Session: &s.id, Position: p, Release: release,
	})
	return err
}

// afterwards returns a context for what is left to do when ctx may have ended.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}
