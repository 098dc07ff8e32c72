package engine

import (
	"github.com/statordb/stator/api"
)

// Warm throughput is what a table or a global index can serve at once. It never
// falls: it is the largest of what was asked for, of what was ever provisioned, and, from
// the time on when the table is or was on demand, of what that begins with. Here it is reached
// at once.
//
// Source: Amazon DynamoDB Developer Guide, "Understanding DynamoDB warm throughput"; the texts, and how it
// follows the provisioned units, as seen on the service in October 2026.

// What a table on demand begins with.
const (
	onDemandRead  = 12_000
	onDemandWrite = 4_000
)

// warm is an amount of warm throughput.
type warm struct{ read, write int64 }

func (w warm) with(o warm) warm { return warm{max(w.read, o.read), max(w.write, o.write)} }

func warmOf(asked *api.WarmThroughput) (w warm) {
	if asked != nil {
		w = warm{bound(asked.ReadUnitsPerSecond), bound(asked.WriteUnitsPerSecond)}
	}
	return w
}

// warm returns what the table or index has.
func (t throughputRecord) warm(mode api.BillingMode, asked *api.WarmThroughput) warm {
	w := warm{t.Read, t.Write}.with(warm{t.WarmRead, t.WarmWrite}).with(warmOf(asked))
	if mode == api.BillingModePayPerRequest {
		w = w.with(warm{onDemandRead, onDemandWrite})
	}
	return w
}

// keepWarm keeps what the table or index has, before that changes.
func (t *throughputRecord) keepWarm(mode api.BillingMode) {
	w := t.warm(mode, nil)
	t.WarmRead, t.WarmWrite = w.read, w.write
}

// checkWarm refuses an amount that is less than least. what is the table or index, than says what is larger.
func checkWarm(asked *api.WarmThroughput, least warm, what, thanRead, thanWrite string) error {
	if asked == nil {
		return nil
	}
	refuse := func(member, than string) error {
		return api.Validation("One or more parameter values were invalid: Requested " + member + " for WarmThroughput for " + what + " is lower than " + than)
	}
	switch {
	case asked.ReadUnitsPerSecond != nil && *asked.ReadUnitsPerSecond < least.read:
		return refuse("ReadUnitsPerSecond", thanRead)
	case asked.WriteUnitsPerSecond != nil && *asked.WriteUnitsPerSecond < least.write:
		return refuse("WriteUnitsPerSecond", thanWrite)
	}
	return nil
}

// checkNewWarm judges what a new table or index asks for.
func checkNewWarm(asked *api.WarmThroughput, mode api.BillingMode, units throughputRecord, what string) error {
	if mode == api.BillingModePayPerRequest {
		const initial = "initial throughput for OnDemand. See: " +
			"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
		return checkWarm(asked, warm{onDemandRead, onDemandWrite}, what, initial, initial)
	}
	return checkWarm(asked, warm{units.Read, units.Write}, what,
		"ReadCapacityUnits of ProvisionedThroughput", "WriteCapacityUnits of ProvisionedThroughput")
}

// updateWarm raises what a table or index has. Members that are not given stay.
func updateWarm(to **api.WarmThroughput, asked *api.WarmThroughput, has warm, what string) error {
	if asked == nil {
		return nil
	}
	const current = "current WarmThroughput, decreasing WarmThroughput is not supported"
	if err := checkWarm(asked, has, what, current, current); err != nil {
		return err
	}
	w := warmOf(*to).with(warmOf(asked))
	*to = &api.WarmThroughput{ReadUnitsPerSecond: &w.read, WriteUnitsPerSecond: &w.write}
	return nil
}

// checkWarm judges the warm throughput of a table that is created.
func (r *tableRecord) checkWarm() error {
	if err := checkNewWarm(r.WarmThroughput, r.BillingMode, r.Throughput, "table"); err != nil {
		return err
	}
	for i := range r.Indexes {
		x := &r.Indexes[i]
		if err := checkNewWarm(x.WarmThroughput, r.BillingMode, x.Throughput, "index "+x.Name); err != nil {
			return err
		}
	}
	return nil
}

// updateWarm does what UpdateTable asks for of the table and of its indexes.
func (r *tableRecord) updateWarm(in *api.UpdateTableInput) error {
	if err := updateWarm(&r.WarmThroughput, in.WarmThroughput, r.Throughput.warm(r.BillingMode, r.WarmThroughput), "table"); err != nil {
		return err
	}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if u.Update == nil {
			continue
		}
		x := r.index(*u.Update.IndexName) // updateThroughput has found it
		if err := updateWarm(&x.WarmThroughput, u.Update.WarmThroughput, x.Throughput.warm(r.BillingMode, x.WarmThroughput), "index "+x.Name); err != nil {
			return err
		}
	}
	return nil
}
