package kill_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

// file is a database that is opened to be judged.
type file struct {
	*engine.Engine
	took time.Duration // from the start of opening to the first answer
}

// openFile opens a file. Expired items stay where they are, so that what is compared does not change meanwhile.
func openFile(ctx context.Context, path string) (*file, error) {
	began := time.Now()
	store, err := boltkv.Open(path, nil)
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(ctx, store, engine.Options{ExpiryRate: -1})
	if err != nil {
		return nil, err
	}
	_, err = e.Serve(ctx, &api.GetItemInput{TableName: new(bank), Key: attr.Item{"pk": attr.S(account(0))}})
	if err != nil && !is(err, api.CodeResourceNotFound) {
		return nil, errors.Join(err, e.Close())
	}
	return &file{Engine: e, took: time.Since(began)}, nil
}

// contents reads all items. A table that is not there has none, unless it must be.
func (f *file) contents(ctx context.Context, prepared bool) (contents, error) {
	all := contents{}
	for _, table := range tables {
		in := &api.ScanInput{TableName: &table}
		for {
			out, err := api.Do(ctx, f, in)
			if is(err, api.CodeResourceNotFound) && !prepared {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("scan %s: %w", table, err)
			}
			for _, a := range out.Items {
				it, err := a.Item()
				if err != nil {
					return nil, fmt.Errorf("scan %s: %w", table, err)
				}
				all[placeOf(table, it)] = it
			}
			if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
				break
			}
		}
	}
	return all, nil
}

// verify judges a file against its book: its items against what was acknowledged, each
// journal against its table and its follower, and everything that the engine knows to check.
func (f *file) verify(ctx context.Context, b *book) (*verdict, error) {
	if err := f.Check(ctx); err != nil {
		return nil, err
	}
	found, err := f.contents(ctx, b.prepared)
	if err != nil {
		return nil, err
	}
	if b.prepared {
		out, err := api.Do(ctx, f, &api.DescribeTimeToLiveInput{TableName: new(items)})
		if err != nil {
			return nil, err
		}
		if name := out.TimeToLiveDescription.AttributeName; name == nil || *name != "expires" {
			return nil, errors.New("the items have no time to live, which was acknowledged")
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.judge(found)
	v.faults = append(v.faults, b.mu.faults...)
	for _, table := range tables {
		changes, err := f.changes(ctx, table, nil)
		if is(err, api.CodeResourceNotFound) && !b.prepared {
			continue
		}
		if err != nil {
			return nil, err
		}
		after, err := replay(table, changes)
		if err != nil {
			return nil, err
		}
		has := maps.Clone(found)
		maps.DeleteFunc(has, func(p place, _ attr.Item) bool { return p.table != table })
		if d := difference(after, has); d != "" {
			v.fault("the journal of %s leaves something else than the table: %s", table, d)
		}
		if table == items {
			for _, c := range changes {
				if c.UserIdentity != nil {
					v.expired++
				}
			}
			v.expired -= b.expired
			v.faults = append(v.faults, f.followed(ctx, b.mu.seen, changes))
		}
	}
	return v, errors.Join(v.faults...)
}

// changes reads a journal from a position, or from its start, to its end.
func (f *file) changes(ctx context.Context, table string, at *api.Position) (list []api.Change, err error) {
	in := &api.ReadChangesInput{TableName: &table, Position: at, Limit: new(int32(10_000)), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}}
	for {
		out, err := api.Do(ctx, f, in)
		if err != nil {
			return nil, fmt.Errorf("changes of %s: %w", table, err)
		}
		if len(out.Changes) == 0 {
			return list, nil
		}
		list = append(list, out.Changes...)
		in.Position = out.Position
	}
}

// replay returns what changes leave. Each must begin with what the last one of its item left.
func replay(table string, changes []api.Change) (contents, error) {
	after := contents{}
	for _, c := range changes {
		keys, err1 := c.Keys.Item()
		before, err2 := c.Old.Item()
		it, err3 := c.New.Item()
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("change %s of %s: %w", c.SequenceNumber, table, err)
		}
		p := placeOf(table, keys)
		if !after[p].Equal(before) {
			return nil, fmt.Errorf("change %s of %s begins with %s, and the one before left %s", c.SequenceNumber, table, brief(before), brief(after[p]))
		}
		if delete(after, p); it != nil {
			after[p] = it
		}
	}
	return after, nil
}

// followed reports changes that the follower neither told to have seen nor will be given when he goes on.
func (f *file) followed(ctx context.Context, seen map[string]bool, changes []api.Change) error {
	out, err := api.Do(ctx, f, &api.ListSubscriptionsInput{TableName: new(items)})
	if err != nil || len(out.Subscriptions) == 0 {
		return err
	}
	rest, err := f.changes(ctx, items, out.Subscriptions[0].Position)
	if err != nil {
		return err
	}
	return missed(changes, seen, rest)
}

func missed(changes []api.Change, seen map[string]bool, rest []api.Change) error {
	known := map[string]bool{}
	for _, c := range rest {
		known[c.SequenceNumber] = true
	}
	for _, c := range changes {
		if !seen[c.SequenceNumber] && !known[c.SequenceNumber] {
			return fmt.Errorf("the follower missed change %s", c.SequenceNumber)
		}
	}
	return nil
}

// resend sends transactions again, with their tokens: of each writer the last transfer that was acknowledged,
// which must change nothing, and the one that may have been under way, which must take place if it did not. Afterwards the file is judged
// again. It returns how many there were of each.
func (f *file) resend(ctx context.Context, b *book, v *verdict) (again, first int, err error) {
	var repeated []op
	for writer, next := range v.last {
		for n := b.mu.acked[writer]; n > 0; n-- {
			if o := b.run.op(writer, n); o.kind == transfer {
				repeated = append(repeated, o)
				again++
				break
			}
		}
		switch {
		case next.kind != transfer:
			continue
		case v.applied[writer]:
			again++
		default:
			first++
			next.apply(v.owned[writer], v.ledger)
		}
		repeated = append(repeated, next)
	}
	errs := make([]error, len(repeated))
	var group sync.WaitGroup
	for i, o := range repeated {
		group.Go(func() {
			if _, err := f.Serve(ctx, o.in); err != nil {
				errs[i] = fmt.Errorf("send %s again: %w", o.id, err)
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, 0, err
	}
	b.settle(v)
	b.begin(run{Seed: b.run.Seed, Round: b.run.Round + idle, Writers: b.run.Writers})
	v, err = f.verify(ctx, b)
	if err != nil {
		return 0, 0, fmt.Errorf("after transactions were sent again: %w", err)
	}
	for writer, applied := range v.applied {
		if applied {
			return 0, 0, fmt.Errorf("writer %d: %s was never sent and took place", writer, v.last[writer].id)
		}
	}
	b.settle(v)
	return again, first, nil
}

// idle is added to a round's number for operations that nobody carries out.
const idle = 1 << 20
