package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/statordb/stator/api"
)

// TestReadChanges and the next one: these operations are ours.
func TestReadChanges(t *testing.T) {
	in := func(change func(*api.ReadChangesInput)) *api.ReadChangesInput {
		in := &api.ReadChangesInput{TableName: table()}
		change(in)
		return in
	}
	start := func(s api.ChangesStart) *api.ReadChangesInput {
		return in(func(in *api.ReadChangesInput) { in.Start = &s })
	}
	position := func(p api.Position) *api.ReadChangesInput {
		return in(func(in *api.ReadChangesInput) { in.Position = &p })
	}
	slots := func(s ...int) *api.ReadChangesInput {
		return in(func(in *api.ReadChangesInput) { in.Slots = s })
	}
	at := time.Unix(1791316726, 0)
	const (
		latest, exactly, after = api.ShardIteratorTypeLatest, api.ShardIteratorTypeAtSequenceNumber, api.ShardIteratorTypeAfterSequenceNumber
		timed, horizon         = api.ShardIteratorTypeAtTimestamp, api.ShardIteratorTypeTrimHorizon
	)
	runValidations(t, []validation{
		{"plain", in(func(*api.ReadChangesInput) {}), ""},
		{"no table", &api.ReadChangesInput{}, oneError + null("tableName")},
		{"most", in(func(in *api.ReadChangesInput) {
			in.Limit, in.Wait, in.Slots = new(int32(10_000)), time.Hour, []int{7, 0, 254}
		}), ""},
		{"no limit", in(func(in *api.ReadChangesInput) { in.Limit = new(int32(0)) }), limitIsNothing},
		{"many", in(func(in *api.ReadChangesInput) { in.Limit = new(int32(10_001)) }),
			oneError + "Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000"},
		{"a negative wait", in(func(in *api.ReadChangesInput) { in.Wait = -1 }), invalid + "Wait is -1ns, and must be from 0 to 1h0m0s"},
		{"a long wait", in(func(in *api.ReadChangesInput) { in.Wait = time.Hour + 1 }), invalid + "Wait is 1h0m0.000000001s, and must be from 0 to 1h0m0s"},
		{"an empty list of slots", in(func(in *api.ReadChangesInput) { in.Slots = []int{} }), invalid + "Slots is empty; nil is all of them"},
		{"a negative slot", slots(0, -1), invalid + "Slots has -1, which no table has"},
		{"a slot too far", slots(255), invalid + "Slots has 255, which no table has"},
		{"a slot twice", slots(1, 2, 1), invalid + "Slots has 1 twice"},

		{"the start", start(api.ChangesStart{Type: horizon}), ""},
		{"now", start(api.ChangesStart{Type: latest}), ""},
		{"at a number", start(api.ChangesStart{Type: exactly, SequenceNumber: new(someSequence)}), ""},
		{"after a number", start(api.ChangesStart{Type: after, SequenceNumber: new(someSequence)}), ""},
		{"at a time", start(api.ChangesStart{Type: timed, Timestamp: &at}), ""},
		{"no type", start(api.ChangesStart{}), oneError + null("start.type")},
		{"a wrong type", start(api.ChangesStart{Type: "X"}), oneError + enumFault("X", "start.type", iteratorTypes)},
		{"a short number", start(api.ChangesStart{Type: exactly, SequenceNumber: new("1")}), oneError + lengthFault("1", "start.sequenceNumber", "greater than or equal to 21")},
		{"no number", start(api.ChangesStart{Type: exactly}), invalid + "Start of type AT_SEQUENCE_NUMBER needs a SequenceNumber"},
		{"not a number", start(api.ChangesStart{Type: after, SequenceNumber: new(strings.Repeat("x", 21))}),
			invalid + "Start has the SequenceNumber xxxxxxxxxxxxxxxxxxxxx, which is no number"},
		{"a number too many", start(api.ChangesStart{Type: latest, SequenceNumber: new(someSequence)}), invalid + "Start of type LATEST cannot have a SequenceNumber"},
		{"no time", start(api.ChangesStart{Type: timed}), invalid + "Start of type AT_TIMESTAMP needs a Timestamp"},
		{"a time too many", start(api.ChangesStart{Type: horizon, Timestamp: &at}), invalid + "Start of type TRIM_HORIZON cannot have a Timestamp"},

		{"a position", position(api.Position{TableID: someTableID, Next: []uint64{0}}), ""},
		{"a position comes before a start", in(func(in *api.ReadChangesInput) {
			in.Position, in.Start = &api.Position{TableID: someTableID, Next: []uint64{0}}, &api.ChangesStart{Type: horizon}
		}), ""},
		{"a position nowhere", position(api.Position{TableID: someTableID}), invalid + "Position has 0 slots, and must have 1 to 255"},
		{"a position in too much", position(api.Position{TableID: someTableID, Next: make([]uint64, 256)}), invalid + "Position has 256 slots, and must have 1 to 255"},
		{"a position of no table", position(api.Position{TableID: strings.ToUpper(someTableID), Next: []uint64{0}}),
			invalid + `Position: "0F8FAD5B-D9CB-469F-A165-70867728950E" is no table id`},
	})
}

func TestSubscriptions(t *testing.T) {
	long := strings.Repeat("x", 256)
	good := &api.Position{TableID: someTableID, Next: []uint64{0}}
	runValidations(t, []validation{
		{"open", &api.OpenSubscriptionInput{TableName: table(), SubscriptionName: new("mailer.v2-a_b"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeLatest}}, ""},
		{"open one letter", &api.OpenSubscriptionInput{TableName: table(), SubscriptionName: new("x")}, ""},
		{"open nothing", &api.OpenSubscriptionInput{}, "2 validation errors detected: " + null("tableName") + "; " + null("subscriptionName")},
		{"an empty name", &api.OpenSubscriptionInput{TableName: table(), SubscriptionName: new("")},
			"2 validation errors detected: " + patternFault("", "subscriptionName") + "; " + lengthFault("", "subscriptionName", "greater than or equal to 1")},
		{"a wrong name", &api.OpenSubscriptionInput{TableName: table(), SubscriptionName: new("a/b")}, oneError + patternFault("a/b", "subscriptionName")},
		{"a long name", &api.DeleteSubscriptionInput{TableName: table(), SubscriptionName: &long}, oneError + lengthFault(long, "subscriptionName", "less than or equal to 255")},
		{"a wrong start", &api.OpenSubscriptionInput{TableName: table(), SubscriptionName: new("x"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeAtTimestamp}},
			invalid + "Start of type AT_TIMESTAMP needs a Timestamp"},
		{"save", &api.SavePositionInput{TableName: table(), SubscriptionName: new("x"), Session: new("s"), Position: good}, ""},
		{"release", &api.SavePositionInput{TableName: table(), SubscriptionName: new("x"), Session: new("s"), Release: true}, ""},
		{"save without a session", &api.SavePositionInput{TableName: table(), SubscriptionName: new("x")}, oneError + null("session")},
		{"save a position nowhere", &api.SavePositionInput{TableName: table(), SubscriptionName: new("x"), Session: new("s"), Position: &api.Position{TableID: someTableID}},
			invalid + "Position has 0 slots, and must have 1 to 255"},
		{"list", &api.ListSubscriptionsInput{TableName: table()}, ""},
		{"list nothing", &api.ListSubscriptionsInput{}, oneError + null("tableName")},
		{"delete", &api.DeleteSubscriptionInput{TableName: table(), SubscriptionName: new("x")}, ""},
		{"maintain", &api.MaintainInput{}, ""},
	})
}
