package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// A function that was written for AWS Lambda, with aws-lambda-go's types, is
// run by a trigger.
func TestLambdaFunction(t *testing.T) {
	ctx := t.Context()
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	defer db.Close()
	items, err := stator.CreateTable(ctx, db, "items", stator.HashKey("id", "S"), stator.RangeKey("n", "N"), stator.Stream(stator.StreamNewAndOldImages))
	require.NoError(t, err)
	seen := make(chan events.DynamoDBEvent, 10)
	var mu sync.Mutex
	calls := 0
	function := func(_ context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
		seen <- e
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 1 {
			return events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{{ItemIdentifier: e.Records[1].Change.SequenceNumber}}}, nil
		}
		return events.DynamoDBEventResponse{}, nil
	}
	trigger, err := stator.StartTrigger(ctx, db, "items", "function", stator.LambdaHandler(function), &stator.TriggerOptions{Paused: true})
	require.NoError(t, err)
	defer trigger.Close()
	item := stator.Item{
		"id": stator.S("a"), "n": stator.N("1.5"), "bytes": stator.B([]byte("xyz")), "yes": stator.BOOL(true), "none": stator.NULL(),
		"list": stator.L(stator.S("e"), stator.N("2")), "map": stator.M(stator.Item{"k": stator.S("v")}),
		"ss": stator.SS("p", "q"), "ns": stator.NS("3", "4"), "bs": stator.BS([]byte("r")), "empty": stator.S(""),
	}
	before := time.Now().Truncate(time.Second)
	require.NoError(t, items.Put(ctx, item))
	_, err = items.Update(ctx, stator.Key("a", 1.5), stator.Set("yes", false))
	require.NoError(t, err)
	require.NoError(t, items.Delete(ctx, stator.Key("a", 1.5)))
	trigger.Resume()

	e := <-seen
	require.Len(t, e.Records, 3)
	d, err := stator.DescribeTable(ctx, db, "items")
	require.NoError(t, err)
	r := e.Records[0]
	require.Equal(t, "INSERT", r.EventName)
	require.Equal(t, "aws:dynamodb", r.EventSource)
	require.Equal(t, "1.1", r.EventVersion)
	require.Equal(t, "local", r.AWSRegion)
	require.Equal(t, *d.LatestStreamArn, r.EventSourceArn)
	require.Nil(t, r.UserIdentity)
	require.Len(t, r.EventID, 32)
	require.Equal(t, "NEW_AND_OLD_IMAGES", r.Change.StreamViewType)
	require.Positive(t, r.Change.SizeBytes)
	require.False(t, r.Change.ApproximateCreationDateTime.Before(before))
	require.WithinDuration(t, before, r.Change.ApproximateCreationDateTime.Time, time.Minute)
	require.Equal(t, "a", r.Change.Keys["id"].String())
	require.Empty(t, r.Change.OldImage)

	got := r.Change.NewImage
	require.Len(t, got, len(item))
	n, err := got["n"].Float()
	require.NoError(t, err)
	require.Equal(t, 1.5, n)
	require.Equal(t, []byte("xyz"), got["bytes"].Binary())
	require.True(t, got["yes"].Boolean())
	require.True(t, got["none"].IsNull())
	require.Equal(t, "e", got["list"].List()[0].String())
	require.Equal(t, "2", got["list"].List()[1].Number())
	require.Equal(t, "v", got["map"].Map()["k"].String())
	require.Equal(t, []string{"p", "q"}, got["ss"].StringSet())
	require.Equal(t, []string{"3", "4"}, got["ns"].NumberSet())
	require.Equal(t, [][]byte{[]byte("r")}, got["bs"].BinarySet())
	require.Equal(t, "", got["empty"].String())
	require.False(t, e.Records[1].Change.NewImage["yes"].Boolean())
	require.True(t, e.Records[1].Change.OldImage["yes"].Boolean())
	require.Equal(t, "REMOVE", e.Records[2].EventName)
	require.Empty(t, e.Records[2].Change.NewImage)

	again := <-seen
	require.Equal(t, e.Records[1:], again.Records, "from the record that failed")
}

// What time to live deletes carries the service's identity.
func TestLambdaUserIdentity(t *testing.T) {
	ctx := t.Context()
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	defer db.Close()
	items, err := stator.CreateTable(ctx, db, "items", stator.HashKey("id", "S"), stator.Stream(stator.StreamOldImage))
	require.NoError(t, err)
	_, err = api.Do(ctx, db, &api.UpdateTimeToLiveInput{TableName: new("items"), TimeToLiveSpecification: &api.TimeToLiveSpecification{AttributeName: new("ends"), Enabled: new(true)}})
	require.NoError(t, err)
	seen := make(chan events.DynamoDBEventRecord, 10)
	trigger, err := stator.StartTrigger(ctx, db, "items", "function", stator.LambdaHandlerFunc(func(_ context.Context, e events.DynamoDBEvent) error {
		for _, r := range e.Records {
			seen <- r
		}
		return nil
	}), nil)
	require.NoError(t, err)
	defer trigger.Close()
	require.NoError(t, items.Put(ctx, stator.Item{"id": stator.S("a"), "ends": stator.Int(time.Now().Unix() - 60)}))
	_, err = api.Do(ctx, db, &api.MaintainInput{})
	require.NoError(t, err)
	require.Equal(t, "INSERT", (<-seen).EventName)
	r := <-seen
	require.Equal(t, "REMOVE", r.EventName)
	require.Equal(t, &events.DynamoDBUserIdentity{Type: "Service", PrincipalID: "dynamodb.amazonaws.com"}, r.UserIdentity)
	require.Equal(t, "a", r.Change.OldImage["id"].String())
}

// Control: an event in which something is wrong is not decoded into the same.
func TestLambdaEventControl(t *testing.T) {
	var e events.DynamoDBEvent
	require.Error(t, json.Unmarshal([]byte(`{"Records":[{"dynamodb":{"Keys":{"id":{"X":"a"}}}}]}`), &e))
	require.Error(t, json.Unmarshal([]byte(`{"Records":[{"dynamodb":{"ApproximateCreationDateTime":"now"}}]}`), &e))
	require.Error(t, stator.LambdaHandlerFunc(func(context.Context, events.DynamoDBEvent) error { return errors.New("no") })(t.Context(), stator.TriggerEvent{}))
}
