package api_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/stretchr/testify/require"
)

func TestError(t *testing.T) {
	err := error(&api.Error{Code: api.CodeInternalServerError, Message: "The store failed", Cause: io.ErrUnexpectedEOF})
	require.EqualError(t, err, "InternalServerError: The store failed: unexpected EOF")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, err, api.ErrValidation)

	wrapped := fmt.Errorf("put: %w", api.Validation("Empty attribute name"))
	require.ErrorIs(t, wrapped, api.ErrValidation)
	require.NotErrorIs(t, wrapped, api.Validation("Empty attribute name"), "only a sentinel stands for all errors of its code")
	var e *api.Error
	require.ErrorAs(t, wrapped, &e)
	require.Equal(t, "Empty attribute name", e.Message)
	require.EqualError(t, api.ErrThrottled, "ProvisionedThroughputExceededException")
	require.False(t, errors.Is(io.EOF, api.ErrValidation))
	for _, code := range []api.Code{api.CodeProvisionedThroughput, api.CodeThrottling, api.CodeRequestLimit} {
		require.ErrorIs(t, &api.Error{Code: code, Message: "Throughput exceeds"}, api.ErrThrottled, "%s is how some tables throttle", code)
	}
	require.NotErrorIs(t, &api.Error{Code: api.CodeProvisionedThroughput}, &api.Error{Code: api.CodeThrottling})
	require.NotErrorIs(t, &api.Error{Code: api.CodeServiceUnavailable}, api.ErrThrottled)
}

func TestAttributes(t *testing.T) {
	item := attr.Item{"id": attr.S("u1"), "n": attr.N("12.5"), "l": attr.L(attr.BOOL(true))}
	stored, err := itemcodec.AppendItem(nil, item)
	require.NoError(t, err)
	for name, a := range map[string]api.Attributes{"values": api.ItemOf(item), "stored": api.StoredItem(stored)} {
		t.Run(name, func(t *testing.T) {
			require.False(t, a.IsZero())
			require.Equal(t, 3, a.Len())
			require.True(t, attr.S("u1").Equal(a.Value("id")))
			require.True(t, a.Value("absent").IsZero())
			got, err := a.Item()
			require.NoError(t, err)
			require.True(t, item.Equal(got))
			require.Equal(t, item.String(), a.String())
			_, isStored := a.Stored()
			require.Equal(t, name == "stored", isStored)
		})
	}

	var none api.Attributes
	require.True(t, none.IsZero())
	require.Zero(t, none.Len())
	got, err := none.Item()
	require.NoError(t, err)
	require.Nil(t, got)

	damaged := api.StoredItem(stored[:len(stored)-1])
	_, err = damaged.Item()
	require.ErrorContains(t, err, "The stored item is damaged")
	require.NotPanics(t, func() { _, _, _ = damaged.String(), damaged.Value("n"), damaged.Len() })
}
