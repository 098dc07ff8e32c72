package oracle

import (
	"fmt"
	"strings"
	"time"

	"github.com/statordb/stator/api"
)

// throughput is the provisioned throughput of a table or index; zero on demand.
type throughput struct {
	read, write        int64
	increase, decrease *time.Time
	decreases          int64
}

// provide sets the units of something new.
func (u *throughput) provide(p *api.ProvisionedThroughput) {
	if p != nil {
		u.read, u.write = *p.ReadCapacityUnits, *p.WriteCapacityUnits
	}
}

func (u *throughput) describe(now time.Time) *api.ProvisionedThroughputDescription {
	return &api.ProvisionedThroughputDescription{ReadCapacityUnits: new(u.read), WriteCapacityUnits: new(u.write),
		LastIncreaseDateTime: u.increase, LastDecreaseDateTime: u.decrease, NumberOfDecreasesToday: new(u.today(now))}
}

// today returns how often the units were decreased on now's day.
func (u *throughput) today(now time.Time) int64 {
	if u.decrease == nil || u.decrease.UTC().Format(time.DateOnly) != now.UTC().Format(time.DateOnly) {
		return 0
	}
	return u.decreases
}

// change sets other units; the same ones are refused.
func (u *throughput) change(p *api.ProvisionedThroughput, name, kind string, now time.Time, fromOnDemand bool) error {
	read, write := *p.ReadCapacityUnits, *p.WriteCapacityUnits
	if read == u.read && write == u.write && !fromOnDemand {
		return invalid("The provisioned throughput for the %s will not change. The requested value equals the current value. "+
			"Current ReadCapacityUnits provisioned for the %s: %d. Requested ReadCapacityUnits: %d. "+
			"Current WriteCapacityUnits provisioned for the %s: %d. Requested WriteCapacityUnits: %d. "+
			"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			name, kind, u.read, read, kind, u.write, write)
	}
	if read < u.read || write < u.write {
		today := u.today(now)
		if today >= 4 {
			midnight := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
			next := u.decrease.Add(time.Hour)
			if midnight.Before(next) {
				next = midnight
			}
			if now.Before(next) {
				const form = "Monday, January 2, 2006 at 3:04:05 PM Coordinated Universal Time"
				return &api.Error{Code: api.CodeLimitExceeded, Message: fmt.Sprintf("Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "+
					"After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. "+
					"Number of decreases today: %d. Last decrease at %s. Next decrease can be made at %s.", today, u.decrease.UTC().Format(form), next.UTC().Format(form))}
			}
		}
		u.decreases = today + 1
		u.decrease = &now
	}
	if read > u.read || write > u.write {
		u.increase = &now
	}
	u.read, u.write = read, write
	return nil
}

// changeThroughput changes the billing mode and the units of a table and its indexes.
func (t *table) changeThroughput(in *api.UpdateTableInput, now time.Time) error {
	errOnDemand := invalid("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	mode := t.billing
	if in.BillingMode != nil {
		mode = *in.BillingMode
	}
	onDemand := mode == api.BillingModePayPerRequest
	toProvisioned := !onDemand && t.billing != mode
	if onDemand && in.ProvisionedThroughput != nil {
		return errOnDemand
	}
	after := *t // nothing of it stays when there is a fault
	if in.ProvisionedThroughput != nil {
		if err := after.units.change(in.ProvisionedThroughput, "table", "table", now, toProvisioned); err != nil {
			return err
		}
	}
	units := map[*index]throughput{}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if u.Update == nil {
			continue
		}
		x := t.index(*u.Update.IndexName)
		if x == nil || x.local {
			return errRequestedNotFound
		}
		if u.Update.ProvisionedThroughput == nil {
			continue
		}
		if onDemand {
			return errOnDemand
		}
		changed := x.units
		if err := changed.change(u.Update.ProvisionedThroughput, "index "+x.name, "index", now, toProvisioned); err != nil {
			return err
		}
		units[x] = changed
	}
	if toProvisioned {
		var missing []string
		for _, x := range t.indexes {
			if _, ok := units[x]; !ok && !x.local {
				missing = append(missing, x.name)
			}
		}
		if len(missing) > 0 {
			return invalid("One or more parameter values were invalid: ProvisionedThroughput must be specified for index: %s", strings.Join(missing, ","))
		}
	}
	if onDemand && t.billing != mode {
		var recent []time.Time
		for _, at := range t.switches {
			if now.Sub(at) < 24*time.Hour {
				recent = append(recent, at)
			}
		}
		if len(recent) >= 4 {
			const form = "Mon Jan 02 15:04:05 MST 2006"
			return &api.Error{Code: api.CodeLimitExceeded, Message: fmt.Sprintf("Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 1 day(s). "+
				"Last update at %s. Next update can be made at %s", recent[len(recent)-1].UTC().Format(form), recent[0].UTC().Add(24*time.Hour).Format(form))}
		}
		after.switches = append(recent, now)
		after.onDemand, after.units = &now, throughput{increase: t.units.increase, decrease: &now}
		for _, x := range t.indexes {
			units[x] = throughput{}
		}
	}
	after.billing = mode
	*t = after
	for x, u := range units {
		x.units = u
	}
	return nil
}
