package stator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// The JSON of an event, to the letter, but for what is made anew each time.
func TestTriggerEventJSON(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var events []stator.TriggerEvent
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error { events = append(events, e); return nil },
			&stator.TriggerOptions{Paused: true})
		items := b.Table("users")
		first := stator.Item{
			"id": stator.S("u1"), "s": stator.S("a<b> \"c\" \u2028é"), "n": stator.N("-1.50"), "b": stator.B([]byte{1, 2}), "t": stator.BOOL(true), "f": stator.BOOL(false),
			"null": stator.NULL(), "empty": stator.S(""), "none": stator.B(nil), "l": stator.L(stator.N("1"), stator.L(), stator.M(stator.Item{})),
			"m": stator.M(stator.Item{"x": stator.S("y")}), "ss": stator.SS("a", "b"), "ns": stator.NS("1", "2"), "bs": stator.BS([]byte{3}),
		}
		require.NoError(t, items.Put(t.Context(), first))
		b.sleep(1500 * time.Millisecond)
		_, err := items.Update(t.Context(), stator.Key("u1"), stator.Remove("s", "n", "b", "t", "f", "null", "empty", "none", "l", "m", "ss", "ns", "bs"))
		require.NoError(t, err)
		require.NoError(t, items.Delete(t.Context(), stator.Key("u1")))
		trigger.Resume()
		synctest.Wait()
		require.Len(t, events, 1)
		text, err := json.Marshal(events[0])
		require.NoError(t, err)
		d, err := stator.DescribeTable(t.Context(), b, "users")
		require.NoError(t, err)
		const image = `{"id":{"S":"u1"},"s":{"S":"a<b> \"c\" \u2028é"},"n":{"N":"-1.5"},"b":{"B":"AQI="},"t":{"BOOL":true},"f":{"BOOL":false},
			"null":{"NULL":true},"empty":{"S":""},"none":{"B":""},"l":{"L":[{"N":"1"},{"L":[]},{"M":{}}]},"m":{"M":{"x":{"S":"y"}}},
			"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["Aw=="]}}`
		record := func(i int, name, rest string, second int64) string {
			r := events[0].Records[i]
			return fmt.Sprintf(`{"eventID":%q,"eventName":%q,"eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"local","eventSourceARN":%q,
				"dynamodb":{"ApproximateCreationDateTime":%d,"Keys":{"id":{"S":"u1"}},%s,"SequenceNumber":%q,"SizeBytes":%d,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`,
				r.EventID, name, *d.LatestStreamArn, b.began.Unix()+second, rest, r.SequenceNumber, r.SizeBytes)
		}
		require.JSONEq(t, `{"Records":[`+
			record(0, "INSERT", `"NewImage":`+image, 0)+","+
			record(1, "MODIFY", `"NewImage":{"id":{"S":"u1"}},"OldImage":`+image, 1)+","+
			record(2, "REMOVE", `"OldImage":{"id":{"S":"u1"}}`, 1)+`]}`, string(text))
		require.Regexp(t, `^\{"Records":\[\{"eventID":"[0-9a-f]{32}","eventName":"INSERT","eventVersion"`, string(text))
		require.EqualValues(t, 8, events[0].Records[2].SizeBytes, "a key and an image of four bytes")

		text, err = json.Marshal(stator.TriggerEvent{})
		require.NoError(t, err)
		require.JSONEq(t, `{"Records":[]}`, string(text))

		var new, old, key stator.Item
		r := &events[0].Records[1]
		require.NoError(t, r.UnmarshalNew(&new))
		require.NoError(t, r.UnmarshalOld(&old))
		require.NoError(t, r.UnmarshalKeys(&key))
		require.True(t, stator.M(first).Equal(stator.M(old)))
		require.Equal(t, key.String(), new.String())
		require.NoError(t, events[0].Records[0].UnmarshalOld(&old))
		require.Len(t, old, 14, "an image that is not there leaves it")
		var wrong struct {
			ID int `dynamodbav:"id"`
		}
		require.ErrorContains(t, r.UnmarshalNew(&wrong), "read NewImage as")
	})
}

// The images follow the view of the stream, and the option; sizes count what is there.
func TestTriggerViewTypes(t *testing.T) {
	for _, view := range []stator.StreamView{stator.StreamKeys, stator.StreamNewImage, stator.StreamOldImage, stator.StreamNewAndOldImages} {
		for _, byOption := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				db, err := stator.OpenMemory(nil)
				require.NoError(t, err)
				defer db.Close()
				options := &stator.TriggerOptions{}
				enabled := view
				if byOption {
					options.StreamViewType, enabled = view, stator.StreamKeys
				}
				users, err := stator.CreateTableFor[user](t.Context(), db, "users", stator.Stream(enabled))
				require.NoError(t, err)
				var seen stator.TriggerEvent
				trigger, err := stator.StartTrigger(t.Context(), db, "users", "test", func(_ context.Context, e stator.TriggerEvent) error { seen = e; return nil }, options)
				require.NoError(t, err)
				defer trigger.Close()
				require.NoError(t, users.Put(t.Context(), user{ID: "u1", Visits: 1}))
				require.NoError(t, users.Put(t.Context(), user{ID: "u1", Visits: 2}))
				synctest.Wait()
				r := seen.Records[len(seen.Records)-1]
				require.Equal(t, view, r.StreamViewType)
				hasNew := view == stator.StreamNewImage || view == stator.StreamNewAndOldImages
				hasOld := view == stator.StreamOldImage || view == stator.StreamNewAndOldImages
				require.Equal(t, hasNew, !r.NewImage.IsZero())
				require.Equal(t, hasOld, !r.OldImage.IsZero())

				d, err := stator.DescribeTable(t.Context(), db, "users")
				require.NoError(t, err)
				if !byOption { // as the stream has it
					records := readStream(t, db, *d.LatestStreamArn)
					require.Equal(t, *records[len(records)-1].Dynamodb.SizeBytes, r.SizeBytes)
					require.Equal(t, *records[len(records)-1].Dynamodb.SequenceNumber, r.SequenceNumber)
				}
			})
		}
	}
}

func readStream(t *testing.T, c stator.Client, arn string) (records []api.Record) {
	d, err := api.Do(t.Context(), c, &api.DescribeStreamInput{StreamArn: &arn})
	require.NoError(t, err)
	for _, shard := range d.StreamDescription.Shards {
		it, err := api.Do(t.Context(), c, &api.GetShardIteratorInput{StreamArn: &arn, ShardId: shard.ShardId, ShardIteratorType: new(api.ShardIteratorTypeTrimHorizon)})
		require.NoError(t, err)
		out, err := api.Do(t.Context(), c, &api.GetRecordsInput{ShardIterator: it.ShardIterator})
		require.NoError(t, err)
		records = append(records, out.Records...)
	}
	return records
}

// What time to live deletes says so, and can be filtered by it.
func TestTriggerOfTimeToLive(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		_, err := api.Do(t.Context(), b, &api.UpdateTimeToLiveInput{TableName: new("users"), TimeToLiveSpecification: &api.TimeToLiveSpecification{
			AttributeName: new("visits"), Enabled: new(true)}})
		require.NoError(t, err)
		var seen []string
		b.start(func(_ context.Context, e stator.TriggerEvent) error {
			text, err := json.Marshal(e)
			seen = append(seen, string(text))
			return err
		}, &stator.TriggerOptions{FilterCriteria: []string{`{"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}`}})
		b.put(int(b.began.Unix()) + 60)
		b.sleep(2 * time.Hour)
		_, err = api.Do(t.Context(), b, &api.MaintainInput{})
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, seen, 1)
		require.Contains(t, seen[0], `"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}`)
		require.Contains(t, seen[0], `"eventName":"REMOVE"`)
	})
}

// lambdaEvent is as much of a function's event as this test needs.
type lambdaEvent struct {
	Records []struct {
		EventName string
		Dynamodb  struct{ SequenceNumber string }
	}
}

func TestLambdaHandler(t *testing.T) {
	type failure struct {
		ItemIdentifier *string `json:"itemIdentifier"`
	}
	type response struct {
		BatchItemFailures []failure `json:"batchItemFailures"`
	}
	number := "100000000000000000256"
	e := stator.TriggerEvent{Records: []stator.TriggerRecord{{EventName: stator.EventInsert, SequenceNumber: number, Keys: api.ItemOf(stator.Item{"id": stator.S("u1")})}}}
	call := func(answer any, failed error) error {
		return stator.LambdaHandler(func(_ context.Context, in lambdaEvent) (any, error) {
			require.Equal(t, "INSERT", in.Records[0].EventName)
			require.Equal(t, number, in.Records[0].Dynamodb.SequenceNumber)
			return answer, failed
		})(t.Context(), e)
	}
	require.Equal(t, errDown, call(nil, errDown))
	for _, nothing := range []any{nil, response{}, response{BatchItemFailures: []failure{}}, map[string]any{}, "done", 5, []int{1}} {
		if err := call(nothing, nil); err != nil {
			require.Equal(t, stator.BatchItemFailures{}, err, "%#v", nothing)
		}
	}
	require.Equal(t, stator.BatchItemFailures{number}, call(response{[]failure{{&number}}}, nil))
	require.Equal(t, stator.BatchItemFailures{""}, call(response{[]failure{{new("")}}}, nil))
	require.Equal(t, stator.BatchItemFailures{""}, call(response{[]failure{{nil}}}, nil))
	require.Equal(t, stator.BatchItemFailures{""}, call(map[string]any{"batchItemFailures": []any{map[string]any{"id": number}}}, nil), "of another name")
	require.ErrorContains(t, call(map[string]any{"batchItemFailures": "all"}, nil), "batchItemFailures")
	require.ErrorContains(t, call(func() {}, nil), "write the answer")
	require.ErrorContains(t, stator.LambdaHandlerFunc(func(context.Context, int) error { return nil })(t.Context(), e), "read the event as int")
	require.ErrorIs(t, stator.LambdaHandlerFunc(func(context.Context, lambdaEvent) error { return errDown })(t.Context(), e), errDown)
	require.NoError(t, stator.LambdaHandlerFunc(func(context.Context, lambdaEvent) error { return nil })(t.Context(), e))
	require.False(t, errors.Is(call(nil, nil), errDown))
}
