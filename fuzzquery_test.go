package stator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/internal/bound"
)

// FuzzQuery: any texts of a Query are taken or refused, and so are those of its pages.
func FuzzQuery(f *testing.F) {
	for _, s := range [][3]string{
		{"id = ?", "a > ? AND contains(f, ?)", "a, c[0]"}, {"id = ? AND begins_with(a, ?)", "", ""}, {"? = id", strings.Repeat("(", 4000), strings.Repeat("a,", 2000)},
		{strings.Repeat("id = ? AND ", 300) + "id = ?", strings.Repeat("a = ? OR ", 400) + "a = ?", "#"}, {"id IN (?" + strings.Repeat(",?", 1500) + ")", strings.Repeat("é", 2000), "a" + strings.Repeat(".b", 1900)},
		{strings.Repeat("?", 4096), strings.Repeat("#a ", 1000), strings.Repeat(":", 4000)},
	} {
		f.Add(s[0], s[1], s[2])
	}
	table, _, item := joined(f)
	require.NoError(f, table.Put(f.Context(), item))
	f.Fuzz(func(t *testing.T, key, filter, projection string) {
		bound.Input(t, func() {
			q := table.Query(key, arguments(key)...)
			if filter != "" {
				q = q.Filter(filter, arguments(filter)...)
			}
			if projection != "" {
				q = q.Project(strings.Split(projection, ",")...)
			}
			for _, err := range q.All(t.Context()) {
				if err != nil {
					require.ErrorIs(t, err, stator.ErrValidation)
				}
			}
		})
	})
}
