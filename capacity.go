package stator

import "github.com/statordb/stator/api"

// Capacity sums the capacity that operations consumed, in capacity units. See Consumed.
type Capacity struct {
	// Units is the total: of the tables and their indexes.
	Units float64

	// Table is the part of the tables themselves.
	Table float64

	// Indexes has the part of each index, by its name; nil when no index was used.
	Indexes map[string]float64
}

// Consumption is an option made by Consumed.
type Consumption struct{ into *Capacity }

// Consumed adds to into what the operation consumed. An operation of several
// requests adds after each. into must not be read or added to by others meanwhile.
func Consumed(into *Capacity) Consumption { return Consumption{into} }

func (o Consumption) apply(c *call)            { c.used = o.into }
func (o Consumption) put(c *call)              { o.apply(c) }
func (o Consumption) get(c *call)              { o.apply(c) }
func (o Consumption) update(c *call)           { o.apply(c) }
func (o Consumption) delete(c *call)           { o.apply(c) }
func (o Consumption) batchGet(c *call)         { o.apply(c) }
func (o Consumption) batchWrite(c *call)       { o.apply(c) }
func (o Consumption) transact(t *transaction)  { t.used = o.into }
func (o Consumption) transactGet(t *readsOfTx) { t.used = o.into }

// wanted returns what a request asks for so that add has something to add.
func (c *Capacity) wanted() *api.ReturnConsumedCapacity {
	if c == nil {
		return nil
	}
	return new(api.ReturnConsumedCapacityIndexes)
}

// add adds the consumption that responses report; a nil Capacity wants none.
func (c *Capacity) add(parts ...api.ConsumedCapacity) {
	if c == nil {
		return
	}
	for _, p := range parts {
		c.Units += units(p.CapacityUnits)
		if p.Table != nil {
			c.Table += units(p.Table.CapacityUnits)
		}
		for _, indexes := range []map[string]api.Capacity{p.LocalSecondaryIndexes, p.GlobalSecondaryIndexes} {
			for name, used := range indexes {
				if c.Indexes == nil {
					c.Indexes = map[string]float64{}
				}
				c.Indexes[name] += units(used.CapacityUnits)
			}
		}
	}
}

// addOne is add for the responses that report at most one table.
func (c *Capacity) addOne(p *api.ConsumedCapacity) {
	if p != nil {
		c.add(*p)
	}
}

func units(u *float64) float64 {
	if u == nil {
		return 0
	}
	return *u
}
