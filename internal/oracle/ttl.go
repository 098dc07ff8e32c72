package oracle

import (
	"math/big"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// timeToLive is the time to live of a table's items. Unlike the engine's, which
// fills and empties an index, it is on or off at once: Run waits for that.
type timeToLive struct {
	attribute string
	enabled   bool
	changed   *time.Time
}

// ttlInterval is how long a table's time to live stays as it is after a change.
const ttlInterval = time.Hour

// expiryYears is how long after its time an item is still deleted.
const expiryYears = 5

// overdue reports whether an item's time is over, so that it may be deleted.
func (t *table) overdue(item attr.Item, now time.Time) bool {
	if !t.ttl.enabled || item == nil {
		return false
	}
	v, ok := item[t.ttl.attribute]
	if !ok || v.Kind() != attr.Number {
		return false
	}
	exact, ok := new(big.Rat).SetString(v.Num())
	if !ok || exact.Sign() < 0 {
		return false
	}
	seconds := new(big.Int).Quo(exact.Num(), exact.Denom())
	if len(seconds.String()) > 18 {
		return false
	}
	at := seconds.Int64()
	return at >= max(0, now.AddDate(-expiryYears, 0, 0).Unix()) && at < now.Unix()
}

// seen returns an item as operations see it: with HideExpired, one whose time is over is absent.
func (m *Model) seen(t *table, item attr.Item) attr.Item {
	if m.hideExpired && t.overdue(item, m.now()) {
		return nil
	}
	return item
}

func (m *Model) updateTTL(in *api.UpdateTimeToLiveInput) (*api.UpdateTimeToLiveOutput, error) {
	t, err := m.named(in.TableName)
	if err != nil {
		return nil, err
	}
	attribute, enabled := *in.TimeToLiveSpecification.AttributeName, *in.TimeToLiveSpecification.Enabled
	switch now := m.now(); {
	case t.ttl.enabled && attribute != t.ttl.attribute:
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.ttl.attribute)
	case t.ttl.enabled && enabled:
		return nil, invalid("TimeToLive is already enabled")
	case !t.ttl.enabled && !enabled:
		return nil, invalid("TimeToLive is already disabled")
	case t.ttl.changed != nil && now.Before(t.ttl.changed.Add(ttlInterval)):
		return nil, invalid("Time to live has been modified multiple times within a fixed interval")
	default:
		t.ttl = timeToLive{attribute: attribute, enabled: enabled, changed: &now}
	}
	return &api.UpdateTimeToLiveOutput{TimeToLiveSpecification: in.TimeToLiveSpecification}, nil
}

func (m *Model) describeTTL(in *api.DescribeTimeToLiveInput) (*api.DescribeTimeToLiveOutput, error) {
	t, err := m.named(in.TableName)
	if err != nil {
		return nil, err
	}
	d := &api.TimeToLiveDescription{TimeToLiveStatus: new(api.TimeToLiveStatusDisabled)}
	if t.ttl.enabled {
		d.TimeToLiveStatus, d.AttributeName = new(api.TimeToLiveStatusEnabled), new(t.ttl.attribute)
	}
	return &api.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, nil
}

// maintain deletes what is overdue. What the engine trims from its journal is
// left out of what is told here, as records are only not read any more.
func (m *Model) maintain(*api.MaintainInput) (*api.MaintainOutput, error) {
	out := &api.MaintainOutput{}
	for _, t := range m.tables {
		for id, item := range t.items {
			if t.overdue(item, m.now()) {
				t.record(change{old: item, service: true, at: m.now()})
				delete(t.items, id)
				out.Expired++
			}
		}
	}
	return out, nil
}
