package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/statordb/stator/api"
)

// updateThroughput changes the billing mode and the provisioned units of the
// table and its indexes.
func (r *tableRecord) updateThroughput(in *api.UpdateTableInput, now int64) error {
	mode := r.BillingMode
	if in.BillingMode != nil {
		mode = *in.BillingMode
	}
	if in.OnDemandThroughput != nil {
		r.OnDemandThroughput = in.OnDemandThroughput
	}
	if mode == api.BillingModePayPerRequest {
		if in.ProvisionedThroughput != nil {
			return api.Validation("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		if r.BillingMode != mode {
			if err := r.switchToOnDemand(now); err != nil {
				return err
			}
		}
	}
	provisioning := mode == api.BillingModeProvisioned && r.BillingMode != mode
	if provisioning {
		r.Throughput.keepWarm(r.BillingMode)
		for i := range r.Indexes {
			if x := &r.Indexes[i]; !x.Local {
				x.Throughput.keepWarm(r.BillingMode)
			}
		}
	}
	if in.ProvisionedThroughput != nil {
		p := in.ProvisionedThroughput
		if !provisioning && *p.ReadCapacityUnits == r.Throughput.Read && *p.WriteCapacityUnits == r.Throughput.Write {
			return sameThroughput("table", "table", r.Throughput)
		}
		if err := r.Throughput.change(p, now); err != nil {
			return err
		}
	}
	updated := map[string]bool{}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if u.Update == nil {
			continue
		}
		x := r.index(*u.Update.IndexName)
		if x == nil || x.Local || x.Status == api.IndexStatusDeleting {
			return &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found"}
		}
		if u.Update.OnDemandThroughput != nil {
			x.OnDemandThroughput = u.Update.OnDemandThroughput
		}
		if p := u.Update.ProvisionedThroughput; p != nil {
			if mode == api.BillingModePayPerRequest {
				return api.Validation("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
			}
			if !provisioning && *p.ReadCapacityUnits == x.Throughput.Read && *p.WriteCapacityUnits == x.Throughput.Write {
				return sameThroughput("index "+x.Name, "index", x.Throughput)
			}
			if err := x.Throughput.change(p, now); err != nil {
				return err
			}
			updated[x.Name] = true
		}
	}
	if provisioning {
		r.BillingMode = mode
		var missing []string
		for _, x := range r.Indexes {
			if !x.Local && !updated[x.Name] {
				missing = append(missing, x.Name)
			}
		}
		if len(missing) > 0 {
			return api.Validation("One or more parameter values were invalid: ProvisionedThroughput must be specified for index: " + strings.Join(missing, ","))
		}
	}
	return nil
}

func sameThroughput(name, kind string, t throughputRecord) error {
	return api.Validation(fmt.Sprintf("The provisioned throughput for the %s will not change. The requested value equals the current value. "+
		"Current ReadCapacityUnits provisioned for the %[2]s: %[3]d. Requested ReadCapacityUnits: %[3]d. "+
		"Current WriteCapacityUnits provisioned for the %[2]s: %[4]d. Requested WriteCapacityUnits: %[4]d. "+
		"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.", name, kind, t.Read, t.Write))
}

// change sets other units. Of a table, and of each of its indexes by itself, units
// can be decreased four times on a day of UTC at once, and from then on once an
// hour after the last: 27 times a day at most. A decrease of both units is one.
//
// Source: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB", decreasing provisioned throughput; the
// text, and that the hour runs from the last decrease, as seen on the service in October 2026.
func (t *throughputRecord) change(p *api.ProvisionedThroughput, now int64) error {
	read, write := *p.ReadCapacityUnits, *p.WriteCapacityUnits
	if read < t.Read || write < t.Write {
		today := t.decreasesToday(now)
		if next := t.nextDecrease(now); now < next {
			return &api.Error{Code: api.CodeLimitExceeded, Message: fmt.Sprintf("Subscriber limit exceeded: "+
				"Provisioned throughput decreases are limited within a given UTC day. After the first %d decreases, "+
				"each subsequent decrease in the same UTC day can be performed at most once every %d seconds. Number of decreases today: %d. "+
				"Last decrease at %s. Next decrease can be made at %s.", freeDecreases, decreaseEvery/time.Second, today, longTime(t.LastDecrease), longTime(next))}
		}
		t.DecreasesToday = today + 1
		t.LastDecrease = now
	}
	if read > t.Read || write > t.Write {
		t.LastIncrease = now
	}
	t.keepWarm(api.BillingModeProvisioned)
	t.Read, t.Write = read, write
	return nil
}

const (
	freeDecreases = 4 // a day, at any time
	decreaseEvery = time.Hour
)

// nextDecrease returns when the units can be decreased next, which is past when they can be now.
func (t *throughputRecord) nextDecrease(now int64) int64 {
	if t.decreasesToday(now) < freeDecreases {
		return 0
	}
	const day = 24 * int64(time.Hour/time.Microsecond)
	return min(t.LastDecrease+decreaseEvery.Microseconds(), (now/day+1)*day)
}

// longTime writes a time as the service's messages do.
func longTime(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("Monday, January 2, 2006 at 3:04:05 PM") + " Coordinated Universal Time"
}

// maxSwitches is how often a table can become PAY_PER_REQUEST in 24 hours. The
// other way it can be switched at any time.
//
// Source: Amazon DynamoDB Developer Guide, "Considerations when switching capacity modes in DynamoDB".
const maxSwitches = 4

// switchToOnDemand gives up the provisioned units. They count as decreased.
func (r *tableRecord) switchToOnDemand(now int64) error {
	const day = 24 * time.Hour
	since := now - day.Microseconds()
	recent := slices.DeleteFunc(slices.Clone(r.Switches), func(at int64) bool { return at <= since || at > now })
	if len(recent) >= maxSwitches {
		const form = "Mon Jan 02 15:04:05 MST 2006"
		last, next := time.UnixMicro(recent[len(recent)-1]).UTC(), time.UnixMicro(recent[0]).UTC().Add(day)
		return &api.Error{Code: api.CodeLimitExceeded, Message: fmt.Sprintf("Subscriber limit exceeded: Update to PayPerRequest mode are limited to %d times in 1 day(s). "+
			"Last update at %s. Next update can be made at %s", maxSwitches, last.Format(form), next.Format(form))}
	}
	r.Switches = append(recent, now)
	r.BillingMode, r.LastOnDemand = api.BillingModePayPerRequest, now
	t := &r.Throughput
	t.keepWarm(r.BillingMode)
	*t = throughputRecord{LastIncrease: t.LastIncrease, LastDecrease: now, WarmRead: t.WarmRead, WarmWrite: t.WarmWrite}
	for i := range r.Indexes {
		t := &r.Indexes[i].Throughput
		t.keepWarm(r.BillingMode)
		*t = throughputRecord{WarmRead: t.WarmRead, WarmWrite: t.WarmWrite}
	}
	return nil
}
