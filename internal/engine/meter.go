package engine

import (
	"github.com/statordb/stator/api"
)

// Capacity units by DynamoDB's rules.
//
// Source: Amazon DynamoDB Developer Guide, "DynamoDB read and write
// operations" and "Capacity unit consumption".
const (
	readUnitBytes  = 4096
	writeUnitBytes = 1024

	// maxIndexes is how many indexes a table can have: 5 local and 20 global ones.
	maxLocalIndexes  = 5
	maxGlobalIndexes = 20
	maxIndexes       = maxLocalIndexes + maxGlobalIndexes
)

// writeUnits returns the units of writing an item of n bytes; one that was
// absent before and after counts as the smallest.
func writeUnits(n int) float64 { return float64(max(1, (n+writeUnitBytes-1)/writeUnitBytes)) }

// readUnits returns the units of reading n bytes in one go.
func readUnits(n int, consistent bool) float64 {
	units := float64(max(1, (n+readUnitBytes-1)/readUnitBytes))
	if !consistent {
		units /= 2
	}
	return units
}

// writeUsage is what a write takes from a table and from its indexes, by their
// place in table.indexes.
type writeUsage struct {
	table   float64
	indexes [maxIndexes]float64
}

func (u *writeUsage) add(v writeUsage) {
	u.table += v.table
	for i := range u.indexes {
		u.indexes[i] += v.indexes[i]
	}
}

// consumed returns the ConsumedCapacity that a request for level wants, nil for
// none. name is the table's name or ARN, as the request has it.
func (u *writeUsage) consumed(level *api.ReturnConsumedCapacity, t *table, name string) *api.ConsumedCapacity {
	if level == nil || *level == api.ReturnConsumedCapacityNone {
		return nil
	}
	total := u.table
	for _, units := range u.indexes {
		total += units
	}
	c := &api.ConsumedCapacity{TableName: new(name), CapacityUnits: new(total)}
	if *level == api.ReturnConsumedCapacityIndexes {
		c.Table = &api.Capacity{CapacityUnits: new(u.table)}
		for i, x := range t.indexes {
			if u.indexes[i] > 0 {
				addIndexCapacity(c, x, u.indexes[i])
			}
		}
	}
	return c
}

// addConsumed adds c, of the same table and with as much detail, to sum.
func addConsumed(sum, c *api.ConsumedCapacity) {
	*sum.CapacityUnits += *c.CapacityUnits
	if c.Table != nil {
		*sum.Table.CapacityUnits += *c.Table.CapacityUnits
	}
	add := func(to *map[string]api.Capacity, from map[string]api.Capacity) {
		for name, of := range from {
			if have, ok := (*to)[name]; ok {
				*have.CapacityUnits += *of.CapacityUnits
				continue
			}
			if *to == nil {
				*to = map[string]api.Capacity{}
			}
			(*to)[name] = of
		}
	}
	add(&sum.LocalSecondaryIndexes, c.LocalSecondaryIndexes)
	add(&sum.GlobalSecondaryIndexes, c.GlobalSecondaryIndexes)
}

func addIndexCapacity(c *api.ConsumedCapacity, x *index, units float64) {
	to := &c.GlobalSecondaryIndexes
	if x.local {
		to = &c.LocalSecondaryIndexes
	}
	if *to == nil {
		*to = map[string]api.Capacity{}
	}
	(*to)[x.name] = api.Capacity{CapacityUnits: new(units)}
}

// readUsage is what a read takes from a table and, when it reads an index, from that.
type readUsage struct {
	table float64
	index float64
	x     *index // nil: the table alone
}

func (u *readUsage) consumed(level *api.ReturnConsumedCapacity, name string) *api.ConsumedCapacity {
	if level == nil || *level == api.ReturnConsumedCapacityNone {
		return nil
	}
	c := &api.ConsumedCapacity{TableName: new(name), CapacityUnits: new(u.table + u.index)}
	if *level == api.ReturnConsumedCapacityIndexes {
		c.Table = &api.Capacity{CapacityUnits: new(u.table)}
		if u.x != nil {
			addIndexCapacity(c, u.x, u.index)
		}
	}
	return c
}

// splitUnits tells reads and writes apart in c, as transactions do.
func splitUnits(c *api.ConsumedCapacity, write bool) {
	split := func(units *float64) (r, w *float64) {
		if write {
			return nil, new(*units)
		}
		return new(*units), nil
	}
	c.ReadCapacityUnits, c.WriteCapacityUnits = split(c.CapacityUnits)
	if c.Table != nil {
		c.Table.ReadCapacityUnits, c.Table.WriteCapacityUnits = split(c.Table.CapacityUnits)
	}
	for _, m := range []map[string]api.Capacity{c.LocalSecondaryIndexes, c.GlobalSecondaryIndexes} {
		for name, x := range m {
			x.ReadCapacityUnits, x.WriteCapacityUnits = split(x.CapacityUnits)
			m[name] = x
		}
	}
}

// countReads adds the units of a request to the metrics.
func (e *Engine) countReads(u *tableReads) {
	for _, r := range u.list {
		e.countRead(r.t, &readUsage{table: r.units})
	}
}

// countWrites adds the units of a request to the metrics.
func (e *Engine) countWrites(u *tableWrites) {
	for i := range u.list {
		e.countWrite(u.list[i].t, &u.list[i].use)
	}
}

// tableReads sums what a request reads from each table, in the order in which it meets them.
type tableReads struct {
	list []tableRead
}

type tableRead struct {
	t     *table
	name  string // as the request first has it
	units float64
}

func (u *tableReads) add(t *table, name string, units float64) {
	for i := range u.list {
		if u.list[i].t == t {
			u.list[i].units += units
			return
		}
	}
	u.list = append(u.list, tableRead{t, name, units})
}

func (u *tableReads) consumed(level *api.ReturnConsumedCapacity, transaction bool) []api.ConsumedCapacity {
	var out []api.ConsumedCapacity
	for _, r := range u.list {
		c := (&readUsage{table: r.units}).consumed(level, r.name)
		if c == nil {
			return nil
		}
		if transaction {
			splitUnits(c, false)
		}
		out = append(out, *c)
	}
	return out
}

// tableWrites sums what a request writes to each table and its indexes.
type tableWrites struct {
	list []tableWrite
}

type tableWrite struct {
	t    *table
	name string // as the request first has it
	use  writeUsage
}

func (u *tableWrites) add(t *table, name string, use writeUsage) {
	for i := range u.list {
		if u.list[i].t == t {
			u.list[i].use.add(use)
			return
		}
	}
	u.list = append(u.list, tableWrite{t, name, use})
}

func (u *tableWrites) consumed(level *api.ReturnConsumedCapacity, transaction bool) []api.ConsumedCapacity {
	var out []api.ConsumedCapacity
	for i := range u.list {
		c := u.list[i].use.consumed(level, u.list[i].t, u.list[i].name)
		if c == nil {
			return nil
		}
		if transaction {
			splitUnits(c, true)
		}
		out = append(out, *c)
	}
	return out
}
