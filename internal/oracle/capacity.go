package oracle

import (
	"math"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// usage is the capacity that operations used on one table.
type usage struct {
	table   float64
	indexes map[string]float64
}

func (u *usage) add(v usage) {
	u.table += v.table
	for name, units := range v.indexes {
		if u.indexes == nil {
			u.indexes = map[string]float64{}
		}
		u.indexes[name] += units
	}
}

func writeUnits(size int) float64 { return math.Max(1, math.Ceil(float64(size)/1024)) }

func readUnits(size int, consistent *bool) float64 {
	units := math.Max(1, math.Ceil(float64(size)/4096))
	if consistent == nil || !*consistent {
		units /= 2
	}
	return units
}

// writeUsage returns what replacing old by new takes; nil is an absent item.
// times is 2 in a transaction, 1 otherwise.
func (t *table) writeUsage(old, new attr.Item, times float64) usage {
	u := usage{table: times * writeUnits(max(old.Size(), new.Size())), indexes: map[string]float64{}}
	for _, x := range t.indexes {
		before, wasIn := t.entry(x, old)
		after, isIn := t.entry(x, new)
		units := 0.0
		switch {
		case wasIn && isIn && only(before, x.keys()).Equal(only(after, x.keys())):
			if !before.Equal(after) {
				units = writeUnits(max(before.Size(), after.Size()))
			}
		default:
			if wasIn {
				units += writeUnits(before.Size())
			}
			if isIn {
				units += writeUnits(after.Size())
			}
		}
		if units > 0 {
			u.indexes[x.name] = units
		}
	}
	return u
}

// consumed returns the ConsumedCapacity that a request asked for, nil for none;
// name is the table's name or ARN, as the request has it.
func (t *table) consumed(name string, asked *api.ReturnConsumedCapacity, u usage) *api.ConsumedCapacity {
	if asked == nil || *asked == api.ReturnConsumedCapacityNone {
		return nil
	}
	total := u.table
	for _, units := range u.indexes {
		total += units
	}
	c := &api.ConsumedCapacity{TableName: new(name), CapacityUnits: new(total)}
	if *asked != api.ReturnConsumedCapacityIndexes {
		return c
	}
	c.Table = &api.Capacity{CapacityUnits: new(u.table)}
	for _, x := range t.indexes {
		units, ok := u.indexes[x.name]
		if !ok {
			continue
		}
		to := &c.GlobalSecondaryIndexes
		if x.local {
			to = &c.LocalSecondaryIndexes
		}
		if *to == nil {
			*to = map[string]api.Capacity{}
		}
		(*to)[x.name] = api.Capacity{CapacityUnits: new(units)}
	}
	return c
}

// transactional adds the split of reads and writes that transactions tell.
func transactional(c *api.ConsumedCapacity, write bool) *api.ConsumedCapacity {
	if c == nil {
		return nil
	}
	split := func(units *float64) (r, w *float64) {
		if write {
			return nil, units
		}
		return units, nil
	}
	c.ReadCapacityUnits, c.WriteCapacityUnits = split(c.CapacityUnits)
	if c.Table != nil {
		c.Table.ReadCapacityUnits, c.Table.WriteCapacityUnits = split(c.Table.CapacityUnits)
	}
	for _, indexes := range []map[string]api.Capacity{c.LocalSecondaryIndexes, c.GlobalSecondaryIndexes} {
		for name, x := range indexes {
			x.ReadCapacityUnits, x.WriteCapacityUnits = split(x.CapacityUnits)
			indexes[name] = x
		}
	}
	return c
}
