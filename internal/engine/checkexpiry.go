package engine

import (
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// checkTTL checks that a table has the job that its time to live waits for.
func (c *checker) checkTTL(rec *tableRecord) {
	if rec.TTL == nil {
		return
	}
	switch rec.TTL.Status {
	case api.TimeToLiveStatusEnabling:
		if !c.jobs[jobOf{jobFillExpiry, rec.ID, rec.TTL.ID}] {
			c.fault("time to live of table %q is ENABLING without a job", rec.Name)
		}
	case api.TimeToLiveStatusDisabling:
		if !c.jobs[jobOf{jobDropExpiry, rec.ID, rec.TTL.ID}] {
			c.fault("time to live of table %q is DISABLING without a job", rec.Name)
		}
	case api.TimeToLiveStatusEnabled, api.TimeToLiveStatusDisabled:
	default:
		c.fault("time to live of table %q is %q", rec.Name, rec.TTL.Status)
	}
	if rec.TTL.indexed() && rec.TTL.Attribute == "" {
		c.fault("time to live of table %q has no attribute", rec.Name)
	}
}

// hasExpiry checks that the expiry index has the entry of a base row, unless it is being filled.
func (c *tableCheck) hasExpiry(rowKey []byte, base row) error {
	if !c.t.expires {
		return nil
	}
	at, ok := expiryOf(base.item(), c.t.ttl)
	if !ok {
		return nil
	}
	k := c.t.expiryKey(at, rowKey)
	v, err := c.r.Get(k)
	if err == nil && v == nil {
		c.fault("the expiry index lacks the entry %x of row %x", k, rowKey)
	}
	return err
}

// expiry checks that an entry of the expiry index is what its base row makes of it.
func (c *tableCheck) expiry(p kv.Pair) error {
	if c.t.ttl == "" {
		if c.t.rec.TTL == nil || c.t.rec.TTL.Status != api.TimeToLiveStatusDisabling {
			c.fault("entry %x of the expiry index, which the table does not have", p.Key)
		}
		return nil
	}
	at, rowKey := c.t.expiryPlace(p.Key)
	if rowKey == nil || len(p.Value) > 0 {
		c.fault("entry of the expiry index %x is %x", p.Key, p.Value)
		return nil
	}
	v, err := c.r.Get(rowKey)
	if err != nil {
		return err
	}
	base, err := openRow(rowKey, v)
	if err != nil {
		return nil // row has told it
	}
	if base == nil {
		c.fault("the expiry index has the entry %x of row %x, which is absent", p.Key, rowKey)
		return nil
	}
	if want, ok := expiryOf(base.item(), c.t.ttl); !ok || want != at {
		c.fault("the expiry index has the entry %x of row %x, which expires at %d (%t)", p.Key, rowKey, want, ok)
	}
	return nil
}
