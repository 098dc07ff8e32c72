package engine

import (
	"github.com/statordb/stator/kv"
)

// visibility is who sees items that are due and not deleted yet: all do on AWS,
// and nobody with Options.HideExpired. The zero visibility is AWS's.
type visibility struct {
	hide bool
	now  int64 // µs since 1970
	due  due
}

func (e *Engine) visibility() visibility {
	if !e.opt.HideExpired {
		return visibility{}
	}
	now := e.opt.Now()
	return visibility{true, now.UnixMicro(), dueAt(now)}
}

// row returns a base row, or nil when it is not to be seen.
func (v visibility) row(t *table, r row) row {
	if !v.hide || r == nil || !t.expires || v.now < t.rec.TTL.Settled {
		return r
	}
	if at, ok := expiryOf(r.item(), t.ttl); ok && v.due.from <= at && at < v.due.to {
		return nil
	}
	return r
}

// sees reports whether the item of a row or of an index entry is to be seen. An
// entry may lack the attribute that tells.
func (q *pageRead) sees(r kv.Reader, found row) (bool, error) {
	if q.x != nil && !q.x.all && q.t.expires {
		base, err := q.fetchBase(r, found.item())
		if err != nil || base == nil {
			return true, err
		}
		found = base
	}
	return q.visible.row(q.t, found) != nil, nil
}
