package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

func (e *Engine) getItem(ctx context.Context, in *api.GetItemInput) (*api.GetItemOutput, error) {
	x, err := e.bind(expressionTexts{projection: in.ProjectionExpression, names: in.ExpressionAttributeNames,
		legacy: legacyParameters{attributesToGet: in.AttributesToGet}})
	if err != nil {
		return nil, err
	}
	out, err := e.tryGet(ctx, in, x)
	if errors.Is(err, errStale) {
		err = e.prepared(ctx, func() error {
			out, err = e.tryGet(ctx, in, x)
			return err
		})
	}
	return out, err
}

func (e *Engine) tryGet(ctx context.Context, in *api.GetItemInput, x expressions) (*api.GetItemOutput, error) {
	t, err := e.table(in.TableName)
	if err != nil {
		return nil, err
	}
	k, err := t.parseKey(in.Key)
	if err != nil {
		return nil, err
	}
	if err := t.checkDocuments(x.documents()); err != nil {
		return nil, err
	}
	if e.opt.Limiter == nil {
		out, _, err := e.readItem(ctx, in, x, t, k)
		return out, err
	}
	estimate := t.readEstimate(in.Operation(), &k, isTrue(in.ConsistentRead), 1)
	used := nothing(&estimate)
	var out *api.GetItemOutput
	err = e.limited(ctx, t, &estimate, &used, func() (err error) {
		out, used.Read, err = e.readItem(ctx, in, x, t, k)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// readItem reads the item, and returns the units that it used with it.
func (e *Engine) readItem(ctx context.Context, in *api.GetItemInput, x expressions, t *table, k key) (*api.GetItemOutput, float64, error) {
	visible := e.visibility()
	out := &api.GetItemOutput{}
	var use readUsage
	err := e.store.View(ctx, func(r kv.Reader) error {
		v, err := r.Get(k.row)
		if err != nil {
			return err
		}
		if x.projection == nil {
			v = bytes.Clone(v) // first: the checksum of bytes that are in the CPU's cache is cheap
		}
		found, err := t.checkRow(k, v)
		if err != nil {
			return err
		}
		if found == nil { // perhaps the whole table is gone; what is found is good
			if err := t.checkGeneration(r); err != nil {
				return err
			}
		}
		if x.projection == nil {
			out.Item = storedItem(itemOf(visible.row(t, found)))
		} else {
			out.Item = storedItem(copyItem(visible.row(t, found), x.projection))
		}
		use.table = readUnits(found.size(), isTrue(in.ConsistentRead))
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	out.ConsumedCapacity = use.consumed(in.ReturnConsumedCapacity, *in.TableName)
	e.countRead(t, &use)
	return out, use.table, nil
}

// checkRow opens the base row that the store holds for k, nil when there is none.
func (t *table) checkRow(k key, v []byte) (row, error) {
	r, err := openRow(k.row, v)
	if r == nil || err != nil {
		return nil, err
	}
	if !k.matches(r.item(), len(t.keys)) {
		return nil, fmt.Errorf("%w: row %x is of another item: two partition keys have one hash", kv.ErrCorrupt, k.row)
	}
	return r, nil
}

// copyItem returns a copy of the row's item, or of what the projection leaves of it; nil for no row.
func copyItem(r row, p *expr.Projection) itemcodec.Item {
	switch {
	case r == nil:
		return nil
	case p != nil:
		return p.Append(nil, r.item())
	}
	return append(make(itemcodec.Item, 0, len(r)-rowHeaderSize), r.item()...)
}

func isTrue(b *bool) bool { return b != nil && *b }
