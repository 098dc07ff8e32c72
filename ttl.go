package stator

import (
	"context"
	"errors"

	"github.com/statordb/stator/api"
)

// TimeToLive is an option made by TTL.
type TimeToLive struct{ attribute string }

// TTL gives the items of a table a time to live: those whose attribute of this
// name is a number of seconds since 1970 that is past are deleted, in the
// background and some time later. An item without the attribute, with one of another type, or with a
// time more than five years ago stays. Until it is deleted an expired item reads
// and writes as any other; Options.HideExpired changes that.
//
// The role ttl of a `stator` tag says the same: see CreateTableFor. A table has one such
// attribute at a time, and an hour must pass between two changes of it.
func TTL(attribute string) TimeToLive { return TimeToLive{attribute} }

func (o TimeToLive) table(c *creation) { c.schema.ttl = &o.attribute }

func (o TimeToLive) change(_ context.Context, _ Client, name string) (api.Request, error) {
	return timeToLive(name, o.attribute, true), nil
}

type noTTL struct{}

// NoTTL ends the time to live of the items of a table.
func NoTTL() TableChange { return noTTL{} }

func (noTTL) change(ctx context.Context, c Client, name string) (api.Request, error) {
	d, err := describeTTL(ctx, c, name)
	if err != nil {
		return nil, err
	}
	if d.AttributeName == nil {
		return nil, faultf(nil, "TimeToLive is already disabled") // as AWS says it, which needs a name to be asked
	}
	return timeToLive(name, *d.AttributeName, false), nil
}

func timeToLive(table, attribute string, enabled bool) *api.UpdateTimeToLiveInput {
	return &api.UpdateTimeToLiveInput{TableName: &table, TimeToLiveSpecification: &api.TimeToLiveSpecification{
		AttributeName: &attribute, Enabled: &enabled,
	}}
}

func describeTTL(ctx context.Context, c Client, table string) (*api.TimeToLiveDescription, error) {
	out, err := do(ctx, c, &api.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return nil, err
	}
	if out.TimeToLiveDescription == nil {
		return nil, errors.New("stator: DescribeTimeToLive of table " + table + " was answered without a description")
	}
	return out.TimeToLiveDescription, nil
}

// Maintenance is what Maintain did: how many items time to live deleted, and how
// many changes left the journals.
type Maintenance = api.MaintainOutput

// Maintain does the background work that is due by the DB's clock, and returns
// when nothing is left of it: items that expired are deleted, changes that need not be kept any longer
// are dropped. A DB does that by itself, within seconds or at the rate that is set; a test that moved the
// clock asks for it. It is native: other Clients than a DB need not have it.
func (db *DB) Maintain(ctx context.Context) (Maintenance, error) {
	out, err := do(ctx, db, &api.MaintainInput{})
	if err != nil {
		return Maintenance{}, err
	}
	return *out, nil
}
