package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/kv"
)

// subscription is how far a named reader of a table's journal has come.
type subscription struct {
	Next    []uint64 // per slot
	Saved   int64    // µs since 1970
	Session string   // of who opened it last; only he may save, also when his session is over
}

// subscriptions are the sessions that live in this process.
type subscriptions struct {
	mu   sync.Mutex
	live map[subscriptionID]string // the session; mu guards it
}

type subscriptionID struct {
	tableID uint32
	name    string
}

// take makes a session the one that lives, unless another does.
func (s *subscriptions) take(id subscriptionID, session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.live[id]; ok {
		return false
	}
	if s.live == nil {
		s.live = map[subscriptionID]string{}
	}
	s.live[id] = session
	return true
}

// release ends a session, if it is the one that lives.
func (s *subscriptions) release(id subscriptionID, session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[id] == session {
		delete(s.live, id)
	}
}

// forget ends all sessions of a table that is deleted.
func (s *subscriptions) forget(tableID uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.live, func(id subscriptionID, _ string) bool { return id.tableID == tableID })
}

func (s *subscriptions) lives(id subscriptionID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.live[id]
	return ok
}

func subscribersKey(tableID uint32, name string) []byte {
	return append(binary.BigEndian.AppendUint32(systemKey(systemSubscribers), tableID), name...)
}

func decodeSubscription(v []byte) (s subscription, err error) {
	if err = openJSON(v, &s); err != nil {
		return s, fmt.Errorf("%w: subscription: %w", kv.ErrCorrupt, err)
	}
	return s, nil
}

func (s subscription) store(w kv.Writer, key []byte) error {
	b, err := sealJSON(s)
	if err != nil {
		return err
	}
	return w.Put(key, b)
}

// readSubscription returns the subscription of a name.
func readSubscription(r kv.Reader, t *table, name string) (s subscription, err error) {
	v, err := r.Get(subscribersKey(t.id, name))
	if err != nil {
		return s, err
	}
	if v == nil {
		return s, &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found: Subscription: " + name + " of table " + t.name + " not found"}
	}
	return decodeSubscription(v)
}

// readJournalEnds returns the journal of a table and the last sequence of each slot.
func readJournalEnds(r kv.Reader, t *table) (*journal, []uint64, error) {
	j, err := readJournal(r, t.id)
	if err != nil {
		return nil, nil, err
	}
	if j == nil {
		return nil, nil, errNoJournal(t.name)
	}
	sequences, _, err := readSequences(r, t.id, j.Slots)
	return j, sequences, err
}

// dropSubscriptions forgets all of a table.
func dropSubscriptions(w kv.Writer, tableID uint32) error {
	prefix := subscribersKey(tableID, "")
	return w.DeleteRange(prefix, keyenc.PrefixEnd(prefix))
}

func (e *Engine) openSubscription(ctx context.Context, in *api.OpenSubscriptionInput) (out *api.OpenSubscriptionOutput, err error) {
	err = e.prepared(ctx, func() error {
		out, err = e.openSubscriptionOnce(ctx, in)
		return err
	})
	return out, err
}

func (e *Engine) openSubscriptionOnce(ctx context.Context, in *api.OpenSubscriptionInput) (*api.OpenSubscriptionOutput, error) {
	var raw [16]byte
	if _, err := io.ReadFull(e.opt.Rand, raw[:]); err != nil {
		return nil, fmt.Errorf("make a session: %w", err)
	}
	session := hex.EncodeToString(raw[:])
	t, err := e.table(in.TableName)
	if err != nil {
		return nil, err
	}
	id := subscriptionID{t.id, *in.SubscriptionName}
	if !e.subscriptions.take(id, session) {
		return nil, &api.Error{Code: api.CodeResourceInUse, Message: "Subscription " + id.name + " of table " + t.name + " is in use by another reader"}
	}
	start := in.Start
	if start == nil {
		start = &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}
	}
	now := e.micros()
	var out *api.OpenSubscriptionOutput
	err = e.store.Update(forReaders(ctx), func(w kv.Writer) error {
		j, sequences, err := readJournalEnds(w, t)
		if err != nil {
			return err
		}
		key := subscribersKey(t.id, id.name)
		v, err := w.Get(key)
		if err != nil {
			return err
		}
		out = &api.OpenSubscriptionOutput{Session: session, Created: v == nil}
		s := subscription{Saved: now}
		if v == nil {
			at, err := j.begin(w, start, sequences, now, t.name)
			if err != nil {
				return err
			}
			s.Next = at.Next
		} else if s, err = decodeSubscription(v); err != nil {
			return err
		}
		s.Session = session
		out.Position = &api.Position{TableID: j.UUID, Next: slices.Clone(s.Next)}
		return s.store(w, key)
	})
	if err != nil {
		e.subscriptions.release(id, session)
		return nil, err
	}
	return out, nil
}

// forReaders returns the context for a transaction that keeps the place of readers. It
// writes little, mostly over what was there, and reads are to go on when the store is full.
func forReaders(ctx context.Context) context.Context { return kv.WithPurpose(ctx, kv.PurposeDelete) }

func (e *Engine) savePosition(ctx context.Context, in *api.SavePositionInput) (out *api.SavePositionOutput, err error) {
	err = e.prepared(ctx, func() error {
		out, err = e.savePositionOnce(ctx, in)
		return err
	})
	return out, err
}

func (e *Engine) savePositionOnce(ctx context.Context, in *api.SavePositionInput) (*api.SavePositionOutput, error) {
	t, err := e.table(in.TableName)
	if err != nil {
		return nil, err
	}
	id := subscriptionID{t.id, *in.SubscriptionName}
	if in.Position != nil {
		now := e.micros()
		err = e.store.Update(forReaders(ctx), func(w kv.Writer) error {
			s, err := readSubscription(w, t, id.name)
			if err != nil {
				return err
			}
			if s.Session != *in.Session {
				return &api.Error{Code: api.CodeResourceInUse, Message: "Subscription " + id.name + " of table " + t.name + " was taken over by another reader"}
			}
			j, sequences, err := readJournalEnds(w, t)
			if err != nil {
				return err
			}
			if err := j.checkPosition(in.Position, sequences); err != nil {
				return err
			}
			s.Next, s.Saved = in.Position.Next, now
			return s.store(w, subscribersKey(t.id, id.name))
		})
		if err != nil {
			return nil, err
		}
	}
	if in.Release {
		e.subscriptions.release(id, *in.Session)
	}
	return &api.SavePositionOutput{}, nil
}

func (e *Engine) listSubscriptions(ctx context.Context, in *api.ListSubscriptionsInput) (out *api.ListSubscriptionsOutput, err error) {
	err = e.prepared(ctx, func() error {
		out, err = e.listSubscriptionsOnce(ctx, in)
		return err
	})
	return out, err
}

func (e *Engine) listSubscriptionsOnce(ctx context.Context, in *api.ListSubscriptionsInput) (*api.ListSubscriptionsOutput, error) {
	t, err := e.table(in.TableName)
	if err != nil {
		return nil, err
	}
	out := &api.ListSubscriptionsOutput{}
	err = e.store.View(ctx, func(r kv.Reader) error {
		out.Subscriptions = []api.SubscriptionDescription{}
		j, err := readJournal(r, t.id)
		if err != nil || j == nil {
			return err
		}
		sequences, _, err := readSequences(r, t.id, j.Slots)
		if err != nil {
			return err
		}
		prefix := subscribersKey(t.id, "")
		for p, err := range r.Scan(prefix, keyenc.PrefixEnd(prefix), false) {
			if err != nil {
				return err
			}
			s, err := decodeSubscription(p.Value)
			if err != nil {
				return err
			}
			d, err := j.describeSubscription(r, string(bytes.TrimPrefix(p.Key, prefix)), s, sequences)
			if err != nil {
				return err
			}
			out.Subscriptions = append(out.Subscriptions, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range out.Subscriptions {
		d := &out.Subscriptions[i]
		d.InUse = e.subscriptions.lives(subscriptionID{t.id, d.SubscriptionName})
	}
	return out, nil
}

// describeSubscription tells how far a reader has come, and how far behind it is.
func (j *journal) describeSubscription(r kv.Reader, name string, s subscription, sequences []uint64) (api.SubscriptionDescription, error) {
	d := api.SubscriptionDescription{SubscriptionName: name, SavedAt: *timeOf(s.Saved), Position: &api.Position{TableID: j.UUID, Next: s.Next}}
	if len(s.Next) != j.Slots {
		return d, fmt.Errorf("%w: subscription %q of table %q has %d slots", kv.ErrCorrupt, name, j.Table, len(s.Next))
	}
	for slot, last := range j.recorded(sequences) {
		if s.Next[slot] > last {
			continue
		}
		d.Behind += int64(last + 1 - s.Next[slot])
		_, time, ok, err := firstRecord(r, j.TableID, byte(slot), s.Next[slot], last)
		if err != nil {
			return d, err
		}
		if at := timeOf(time); ok && (d.BehindSince == nil || at.Before(*d.BehindSince)) {
			d.BehindSince = at
		}
	}
	return d, nil
}

func (e *Engine) deleteSubscription(ctx context.Context, in *api.DeleteSubscriptionInput) (*api.DeleteSubscriptionOutput, error) {
	t, err := e.table(in.TableName)
	if err != nil {
		return nil, err
	}
	id := subscriptionID{t.id, *in.SubscriptionName}
	if e.subscriptions.lives(id) {
		return nil, &api.Error{Code: api.CodeResourceInUse, Message: "Subscription " + id.name + " of table " + t.name + " is in use by a reader"}
	}
	err = e.store.Update(kv.WithPurpose(ctx, kv.PurposeReclaim), func(w kv.Writer) error {
		if _, err := readSubscription(w, t, id.name); err != nil && !errors.Is(err, kv.ErrCorrupt) {
			return err
		}
		return w.Delete(subscribersKey(t.id, id.name))
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteSubscriptionOutput{}, nil
}
