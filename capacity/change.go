package capacity

import (
	"fmt"
	"math"
	"time"

	"github.com/statordb/stator/api"
)

// change is what a policy asks for.
type change struct {
	policy   *target
	given    *api.ProvisionedThroughputDescription
	from, to int64
	cause    string
}

// judge returns the change that a target asks for, nil when there is none.
func (a *AutoScaling) judge(t *target, given *api.ProvisionedThroughputDescription, now time.Time) *change {
	units := given.ReadCapacityUnits
	if t.Dimension == WriteCapacity {
		units = given.WriteCapacityUnits
	}
	if units == nil || *units < 1 {
		return nil
	}
	c := &change{policy: t, given: given, from: *units}
	switch {
	case c.from < t.MinCapacity:
		c.to, c.cause = t.MinCapacity, fmt.Sprintf("minimum capacity was set to %d", t.MinCapacity)
		return c
	case c.from > t.MaxCapacity:
		c.to, c.cause = t.MaxCapacity, fmt.Sprintf("maximum capacity was set to %d", t.MaxCapacity)
		return c
	}
	used := a.service.minutes(t.Table, t.Index, t.Dimension == WriteCapacity, inMinutes)
	per := float64(c.from) * 60 // what a minute is given
	least, most := math.Inf(1), 0.0
	for i, n := range used {
		if n = n / per * 100; i < outMinutes {
			least = min(least, n)
		}
		if most = max(most, n); i == outMinutes-1 && least > t.TargetUtilization {
			return t.out(c, most, now)
		}
	}
	if len(used) == inMinutes && most < low(t.TargetUtilization) && !t.DisableScaleIn {
		return t.in(c, most, now)
	}
	return nil
}

// low is the utilization below which a target is scaled in, in percent: 20 less
// than the target. AWS tells that of a target of 70; a low target would never be scaled in
// by it, and so it is half of the target at least.
func low(target float64) float64 { return max(target-20, target/2) }

// tracked returns the units of which a utilization of the present ones would be the target.
func (t *target) tracked(from int64, used float64) int64 {
	n := math.Ceil(float64(from)*used/t.TargetUtilization - 1e-9)
	return int64(min(max(n, float64(t.MinCapacity)), float64(t.MaxCapacity)))
}

// out returns the scale-out for a utilization.
func (t *target) out(c *change, used float64, now time.Time) *change {
	c.to = t.tracked(c.from, used)
	if c.to <= c.from || now.Sub(t.scaledOut) < t.ScaleOutCooldown && !t.scaledOut.IsZero() && c.to-c.from <= t.added {
		return nil
	}
	c.cause = "monitor alarm " + t.alarm("AlarmHigh") + " in state ALARM triggered policy " + t.name()
	return c
}

// in returns the scale-in for a utilization. It leaves room for the busiest of the
// minutes looked at.
func (t *target) in(c *change, used float64, now time.Time) *change {
	c.to = t.tracked(c.from, used)
	if c.to >= c.from || now.Sub(t.scaledIn) < t.ScaleInCooldown && !t.scaledIn.IsZero() {
		return nil
	}
	c.cause = "monitor alarm " + t.alarm("AlarmLow") + " in state ALARM triggered policy " + t.name()
	return c
}

// done notes a change that was made. A scale-out ends the time in which there is no other scale-in
// ("TargetTrackingScalingPolicyConfiguration" in the API Reference of Application Auto Scaling, ScaleInCooldown).
func (c *change) done(now time.Time) {
	if c.to > c.from {
		c.policy.scaledOut, c.policy.added, c.policy.scaledIn = now, c.to-c.from, time.Time{}
	} else {
		c.policy.scaledIn = now
	}
}

// allowed returns the changes without the decreases that DynamoDB would refuse
// now: a request is refused as a whole, and a table and each index have a count of their own.
func allowed(changes []*change, now time.Time) []*change {
	var out []*change
	for _, c := range changes {
		if c.to > c.from || mayDecrease(c.given, now) {
			out = append(out, c)
		}
	}
	return out
}

// mayDecrease reports whether a table or index may be given less now. ("Quotas in
// Amazon DynamoDB", Decreasing provisioned throughput)
func mayDecrease(d *api.ProvisionedThroughputDescription, now time.Time) bool {
	if d.LastDecreaseDateTime == nil || d.NumberOfDecreasesToday == nil {
		return true
	}
	last, today := d.LastDecreaseDateTime.UTC(), *d.NumberOfDecreasesToday
	if last.Before(now.UTC().Truncate(24 * time.Hour)) {
		return true // the count was another day's
	}
	return today < freeDecreases || today < maxDecreases && now.Sub(last) >= time.Hour
}

// update returns the request for changes of a table and its indexes.
func update(table string, changes []*change) *api.UpdateTableInput {
	in := &api.UpdateTableInput{TableName: &table}
	for _, c := range changes {
		p := in.ProvisionedThroughput
		if c.policy.Index != "" {
			p = nil
			for _, u := range in.GlobalSecondaryIndexUpdates {
				if *u.Update.IndexName == c.policy.Index {
					p = u.Update.ProvisionedThroughput
				}
			}
		}
		if p == nil {
			p = &api.ProvisionedThroughput{ReadCapacityUnits: c.given.ReadCapacityUnits, WriteCapacityUnits: c.given.WriteCapacityUnits}
			if c.policy.Index == "" {
				in.ProvisionedThroughput = p
			} else {
				in.GlobalSecondaryIndexUpdates = append(in.GlobalSecondaryIndexUpdates, api.GlobalSecondaryIndexUpdate{
					Update: &api.UpdateGlobalSecondaryIndexAction{IndexName: &c.policy.Index, ProvisionedThroughput: p},
				})
			}
		}
		if c.policy.Dimension == WriteCapacity {
			p.WriteCapacityUnits = &c.to
		} else {
			p.ReadCapacityUnits = &c.to
		}
	}
	return in
}
