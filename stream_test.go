package stator_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestStreamSettingsBuildRequests(t *testing.T) {
	f := &fake{}
	ctx := t.Context()
	_, err := stator.CreateTable(ctx, f, "music", stator.HashKey("artist", "S"), stator.Stream(stator.StreamOldImage), stator.NoWait())
	require.NoError(t, err)
	require.Equal(t, &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(api.StreamViewTypeOldImage)},
		last[*api.CreateTableInput](t, f).StreamSpecification)

	require.NoError(t, stator.UpdateTable(ctx, f, "music", stator.NoStream(), stator.Stream(stator.StreamNewAndOldImages)))
	require.Equal(t, []string{"UpdateTable", "DescribeTable", "UpdateTable", "DescribeTable"}, f.names())
	require.Equal(t, &api.UpdateTableInput{TableName: new("music"), StreamSpecification: &api.StreamSpecification{StreamEnabled: new(false)}}, f.requests[0])
	require.Equal(t, &api.UpdateTableInput{TableName: new("music"), StreamSpecification: &api.StreamSpecification{
		StreamEnabled: new(true), StreamViewType: new(api.StreamViewTypeNewAndOldImages)}}, f.requests[2])
	require.EqualError(t, stator.UpdateTable(ctx, nil, "music", stator.NoStream()), "stator: UpdateTable: the Client is nil")
}

func TestStreamsComeAndGo(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users, err := stator.CreateTableFor[user](ctx, h, "users")
		require.NoError(t, err)
		put(t, users, "u1", 1)
		require.NoError(t, stator.UpdateTable(ctx, h, "users", stator.Stream(stator.StreamNewImage)))
		put(t, users, "u1", 2)
		require.ErrorIs(t, stator.UpdateTable(ctx, h, "users", stator.Stream(stator.StreamNewImage)), stator.ErrValidation)
		all, err := take(ctx, 1, users, stator.FromStart())
		require.NoError(t, err)
		require.Equal(t, &user{ID: "u1", Visits: 1}, all[0].Old, "whatever the view is")
		require.Equal(t, &user{ID: "u1", Visits: 2}, all[0].New)

		sub, err := users.Subscribe(ctx)
		require.NoError(t, err)
		put(t, users, "last", 1)
		require.NoError(t, stator.UpdateTable(ctx, h, "users", stator.NoStream()))
		put(t, users, "u1", 3)
		var rest []stator.Change[user]
		for c := range sub.C() {
			rest = append(rest, c)
		}
		require.Equal(t, []string{"last=1"}, visits(rest))
		require.ErrorContains(t, sub.Err(), "Table users keeps no journal of its changes")
		require.NoError(t, sub.Close())

		require.NoError(t, stator.UpdateTable(ctx, h, "users", stator.Stream(stator.StreamKeys)))
		put(t, users, "u1", 4)
		_, err = take(ctx, 1, users, stator.After(all[0].Position()))
		require.ErrorIs(t, err, stator.ErrTrimmed, "what was not kept is no silent gap")
	})
}

func TestUnlessExistsEnablesWhatIsMissing(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		_, err := stator.CreateTable(ctx, h, "sessions", stator.HashKey("id", "S"))
		require.NoError(t, err)
		for range 3 {
			table, err := stator.CreateTable(ctx, h, "sessions", stator.HashKey("id", "S"),
				stator.Stream(stator.StreamNewImage), stator.TTL("expires"), stator.UnlessExists())
			require.NoError(t, err)
			require.NoError(t, table.Put(ctx, stator.Item{"id": stator.S("a")}))
			_, err = take(ctx, 1, table, stator.FromStart())
			require.NoError(t, err)
			ttl, err := api.Do(ctx, h, &api.DescribeTimeToLiveInput{TableName: new("sessions")})
			require.NoError(t, err)
			require.Equal(t, "expires", *ttl.TimeToLiveDescription.AttributeName)
			h.restart(t)
		}
		_, err = stator.CreateTable(ctx, h, "sessions", stator.HashKey("id", "S"), stator.TTL("until"), stator.UnlessExists())
		require.ErrorIs(t, err, stator.ErrValidation)
		require.ErrorContains(t, err, "current AttributeName is expires")
		_, err = stator.CreateTable(ctx, h, "sessions", stator.HashKey("id", "S"), stator.UnlessExists())
		require.NoError(t, err, "what is not asked for is not looked at")
	})
}

func TestChangesOfADataStream(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users, err := stator.CreateTableFor[user](ctx, h, "users")
		require.NoError(t, err)
		require.NoError(t, stator.EnableDataStream(ctx, h, "users", "audit"))
		put(t, users, "u1", 1)
		h.move(6 * 24 * time.Hour) // longer than a stream keeps it
		_, err = h.Maintain(ctx)
		require.NoError(t, err)
		put(t, users, "u1", 2)
		all, err := take(ctx, 2, users, stator.As("auditor"))
		require.NoError(t, err)
		require.Equal(t, []string{"u1=1", "u1=2"}, visits(all))
		require.NoError(t, stator.DisableDataStream(ctx, h, "users", "audit"))
		require.Error(t, stator.DisableDataStream(ctx, h, "users", "audit"))
	})
}

func TestDataStreamsAreNamed(t *testing.T) {
	f := &fake{answer: func(in api.Request) (api.Response, error) {
		switch in := in.(type) {
		case *api.DescribeTableInput:
			return &api.DescribeTableOutput{Table: &api.TableDescription{
				TableArn: new("arn:aws:dynamodb:eu-north-1:123456789012:table/users")}}, nil
		case *api.EnableKinesisStreamingDestinationInput:
			return &api.EnableKinesisStreamingDestinationOutput{StreamArn: in.StreamArn}, nil
		case *api.DisableKinesisStreamingDestinationInput:
			return &api.DisableKinesisStreamingDestinationOutput{StreamArn: in.StreamArn}, nil
		}
		return emptyAnswer(in), nil
	}}
	ctx := t.Context()
	const arn = "arn:aws:kinesis:eu-north-1:123456789012:stream/audit"
	require.NoError(t, stator.EnableDataStream(ctx, f, "users", "audit"))
	require.Equal(t, &api.EnableKinesisStreamingDestinationInput{TableName: new("users"), StreamArn: new(arn)}, f.requests[1])
	f.requests = nil
	require.NoError(t, stator.DisableDataStream(ctx, f, "users", arn))
	require.Equal(t, &api.DisableKinesisStreamingDestinationInput{TableName: new("users"), StreamArn: new(arn)},
		last[*api.DisableKinesisStreamingDestinationInput](t, f))
	require.ErrorIs(t, stator.EnableDataStream(ctx, f, "users", "arn:a"), stator.ErrValidation)
	require.EqualError(t, stator.EnableDataStream(ctx, nil, "users", "audit"), "stator: DescribeTable: the Client is nil")
}

// An option of a table does not fit a reader, nor the other way round.
func TestOptionsOfChangesFitTheirCalls(t *testing.T) {
	type set = map[string]bool
	calls := map[string]reflect.Type{
		"create": reflect.TypeFor[stator.TableOption](), "change": reflect.TypeFor[stator.TableChange](),
		"index": reflect.TypeFor[stator.IndexOption](), "put": reflect.TypeFor[stator.PutOption](),
		"changes": reflect.TypeFor[stator.ChangesOption](), "subscribe": reflect.TypeFor[stator.SubscribeOption](),
	}
	both := set{"changes": true, "subscribe": true}
	options := map[string]struct {
		option any
		fits   set
	}{
		"Stream":       {stator.Stream(stator.StreamKeys), set{"create": true, "change": true}},
		"TTL":          {stator.TTL("a"), set{"create": true, "change": true}},
		"NoTTL":        {stator.NoTTL(), set{"change": true}},
		"FromNow":      {stator.FromNow(), both},
		"After":        {stator.After(nil), both},
		"As":           {stator.As("a"), both},
		"Buffer":       {stator.Buffer(1), set{"subscribe": true}},
		"Consistent":   {stator.Consistent(), set{}},
		"UnlessExists": {stator.UnlessExists(), set{"create": true}},
	}
	for name, o := range options {
		for call, want := range calls {
			require.Equalf(t, o.fits[call], reflect.TypeOf(o.option).Implements(want), "%s in %s", name, call)
		}
	}
}
