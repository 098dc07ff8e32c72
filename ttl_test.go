package stator_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

type visit struct {
	ID      string    `dynamodbav:"id" stator:"hash"`
	Expires time.Time `dynamodbav:"expires,unixtime" stator:"ttl"`
}

func TestTTLBuildsRequests(t *testing.T) {
	ctx := t.Context()
	enabled := func(table, attribute string, on bool) *api.UpdateTimeToLiveInput {
		return &api.UpdateTimeToLiveInput{TableName: &table, TimeToLiveSpecification: &api.TimeToLiveSpecification{
			AttributeName: &attribute, Enabled: &on}}
	}
	attribute := new("expires")
	f := &fake{answer: func(in api.Request) (api.Response, error) {
		switch in.(type) {
		case *api.UpdateTimeToLiveInput:
			return &api.UpdateTimeToLiveOutput{}, nil
		case *api.DescribeTimeToLiveInput:
			return &api.DescribeTimeToLiveOutput{TimeToLiveDescription: &api.TimeToLiveDescription{AttributeName: attribute}}, nil
		}
		return emptyAnswer(in), nil
	}}
	_, err := stator.CreateTable(ctx, f, "taba", stator.HashKey("id", "S"), stator.TTL("until"), stator.NoWait())
	require.NoError(t, err)
	require.Equal(t, []string{"CreateTable", "DescribeTable", "UpdateTimeToLive"}, f.names(), "it waits, for it must")
	require.Equal(t, enabled("taba", "until", true), f.requests[2])

	f.requests = nil
	_, err = stator.CreateTableFor[visit](ctx, f, "tabb")
	require.NoError(t, err)
	require.Equal(t, enabled("tabb", "expires", true), f.requests[2])

	f.requests = nil
	require.NoError(t, stator.UpdateTable(ctx, f, "tabc", stator.NoTTL(), stator.TTL("until")))
	require.Equal(t, []string{"DescribeTimeToLive", "UpdateTimeToLive", "DescribeTable", "UpdateTimeToLive", "DescribeTable"}, f.names())
	require.Equal(t, enabled("tabc", "expires", false), f.requests[1])
	require.Equal(t, enabled("tabc", "until", true), f.requests[3])

	attribute, f.requests = nil, nil
	require.ErrorContains(t, stator.UpdateTable(ctx, f, "tabc", stator.NoTTL()), "TimeToLive is already disabled")
	_, err = stator.CreateTable(ctx, f, "tabd", stator.HashKey("id", "S"), stator.TTL(""))
	require.ErrorIs(t, err, stator.ErrValidation)
	require.NotContains(t, f.names(), "CreateTable", "nothing is half done")
}

func TestTagsOfTTL(t *testing.T) {
	type seconds struct {
		ID string `stator:"hash"`
		At int64  `dynamodbav:"at" stator:"ttl; index:byAt,hash"`
	}
	type unix struct {
		ID string        `stator:"hash"`
		At attr.UnixTime `dynamodbav:"at" stator:"ttl,N"`
	}
	for name, create := range map[string]func(c stator.Client) error{
		"integer": func(c stator.Client) error {
			_, err := stator.CreateTableFor[seconds](t.Context(), c, "table")
			return err
		},
		"told": func(c stator.Client) error {
			_, err := stator.CreateTableFor[unix](t.Context(), c, "table")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := openMemory(t)
			require.NoError(t, create(db))
			out, err := api.Do(t.Context(), db, &api.DescribeTimeToLiveInput{TableName: new("table")})
			require.NoError(t, err)
			require.Equal(t, "at", *out.TimeToLiveDescription.AttributeName)
		})
	}
	type text struct {
		At time.Time `stator:"ttl"`
	}
	type word struct {
		At int `stator:"ttl,hash"`
	}
	type two struct {
		A int `stator:"ttl"`
		B int `stator:"ttl"`
	}
	type unknown struct {
		At code `stator:"ttl"`
	}
	for name, tt := range map[string]struct {
		err  error
		says string
	}{
		"a text":          {createFor[text](t), "its Go type is not marshalled to N: a ttl is an integer, or a time.Time with unixtime"},
		"another word":    {createFor[word](t), `found "ttl,hash", allowed are ttl, and ttl,N`},
		"two of them":     {createFor[two](t), "found a second ttl, the first is A"},
		"nobody knows it": {createFor[unknown](t), "its Go type is not marshalled to N"},
	} {
		require.ErrorIs(t, tt.err, stator.ErrValidation, name)
		require.ErrorContains(t, tt.err, tt.says, name)
	}
}

func createFor[T any](t *testing.T) error {
	_, err := stator.CreateTableFor[T](t.Context(), &fake{}, "table")
	return err
}

func TestItemsExpire(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		visits, err := stator.CreateTableFor[visit](ctx, h, "visits", stator.Stream(stator.StreamOldImage))
		require.NoError(t, err)
		var all []visit
		for i := range 10_000 {
			all = append(all, visit{"v" + strconv.Itoa(i), h.Now().Add(time.Hour)})
		}
		_, err = visits.BatchPut(ctx, append(all, visit{"later", h.Now().Add(2 * time.Hour)}, visit{ID: "never"}))
		require.NoError(t, err)
		did, err := h.Maintain(ctx)
		require.NoError(t, err)
		require.Zero(t, did.Expired, "control: nothing is due")
		end, err := visits.Position(ctx)
		require.NoError(t, err)

		h.move(time.Hour + time.Second)
		_, err = h.Maintain(ctx) // of what the background has left
		require.NoError(t, err)
		n, err := visits.Scan().Count(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		seen := map[string]bool{}
		for c, err := range visits.Changes(ctx, stator.After(end)) {
			require.NoError(t, err)
			require.True(t, c.Expired)
			require.Equal(t, stator.EventRemove, c.EventName)
			require.Nil(t, c.New)
			seen[c.Old.ID] = true
			if len(seen) == 10_000 {
				break
			}
		}
		require.NoError(t, visits.Delete(ctx, stator.Key("later")))
		end, err = visits.Position(ctx)
		require.NoError(t, err)
		require.NoError(t, visits.Delete(ctx, stator.Key("never")))
		last, err := take(ctx, 1, visits, stator.After(end))
		require.NoError(t, err)
		require.False(t, last[0].Expired, "somebody deleted it")

		require.ErrorContains(t, stator.UpdateTable(ctx, h, "visits", stator.TTL("expires")), "TimeToLive is already enabled")
		require.NoError(t, stator.UpdateTable(ctx, h, "visits", stator.NoTTL()))
		require.ErrorContains(t, stator.UpdateTable(ctx, h, "visits", stator.NoTTL()), "TimeToLive is already disabled")
	})
}
