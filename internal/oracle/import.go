package oracle

import (
	"github.com/statordb/stator/api"
)

// importItems puts items; of several with one key the last remains, and it is one change.
func (m *Model) importItems(in *api.ImportItemsInput) (*api.ImportItemsOutput, error) {
	t, err := m.table(in.TableName)
	if err != nil {
		return nil, err
	}
	last := map[string]write{}
	for _, item := range in.Items {
		w := write{kind: writePut, item: item}
		if err := w.check(t); err != nil {
			return nil, err
		}
		last[t.id(w.key)] = w
	}
	out := &api.ImportItemsOutput{ImportedCount: int64(len(last))}
	var used usage
	for id, w := range last {
		item := canonicalItem(w.item)
		used.add(t.writeUsage(t.items[id], item, 1))
		m.store(t, w.key, item)
	}
	out.ConsumedCapacity = t.consumed(*in.TableName, in.ReturnConsumedCapacity, used)
	return out, nil
}
