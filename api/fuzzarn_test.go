package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/bound"
)

// FuzzARN: any text is an ARN or none.
func FuzzARN(f *testing.F) {
	f.Add("arn:aws:dynamodb:local:000000000000:table/users")
	f.Add("arn:aws:dynamodb:local:000000000000:table/users/stream/2026-11-01T12:00:00.000")
	f.Add(strings.Repeat(":", 1<<20))
	f.Add("arn:aws:dynamodb:" + strings.Repeat("/stream/", 1<<17))
	f.Fuzz(func(t *testing.T, s string) {
		bound.Input(t, func() {
			if table, ok := api.ParseARN(s); ok {
				require.Contains(t, s, table.Table)
			}
			if table, label, ok := api.ParseStreamARN(s); ok {
				require.Contains(t, s, table.Table)
				require.True(t, strings.HasSuffix(s, label))
			}
		})
	})
}
