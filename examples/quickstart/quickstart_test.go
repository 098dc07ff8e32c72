package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The commands of the README end like this, whatever the records are.
var ending = []string{
	`Alice gives Bob 70: done in `,
	`Alice gives Bob 70 again: Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None, None]`,
	`write 1: The conditional request failed, the item is {balance: 30, owner: "Alice"}`,
	`Alice has 30 and Bob has 90, together 120 as before; the ledger has 1 entry`,
	` on disk) and opened again`,
}

func tellAll(t *testing.T, file, data string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, file, data), out.String())
	for _, want := range ending {
		require.Contains(t, out.String(), want)
	}
	return out.String()
}

func TestStoryOfZones(t *testing.T) {
	file := filepath.Join(t.TempDir(), "quickstart.db")
	want := []string{
		"so the records are those that the example carries",
		"eras: 2,309 items, ",
		"by country: in the past Norway kept 0:43 until 1895, 1 until 1940, 1 until 1945, 1 until 1980; ",
		"by year: in 1945 clocks were set anew 62 times",
		"by a scan with a filter: 12 zones are half an hour off today",
		"under a condition: Asia/Kathmandu (5:41:16) has 1 visit",
		"a second visit is refused",
		"by name: 55 African zones began with local mean time",
		"everything is there: 3 tables, 2,312 items",
	}
	for round := range 2 { // the second finds the file of the first
		story := tellAll(t, file, filepath.Join(t.TempDir(), "absent"))
		for _, text := range want {
			require.Contains(t, story, text)
		}
		if round == 0 {
			require.Contains(t, story, " write units: 2,309 and 6,033 for 3 indexes")
			require.Contains(t, story, "byName, filled with 2,309 eras in ")
		}
	}
}

func TestStoryOfFilms(t *testing.T) {
	data := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "movies")); err != nil {
		t.Skip("there is no ../shared/data beside the repository")
	}
	story := tellAll(t, filepath.Join(t.TempDir(), "quickstart.db"), data)
	for _, want := range []string{
		"films: 4,609 items, ", "; write units: 4,609 and 8,808 for 2 indexes",
		"44 crime films are rated 8 or more, the best: The Shawshank Redemption (1994) 9.3, The Godfather (1972) 9.2",
		"the best of 1994 are The Shawshank Redemption, Pulp Fiction, Forrest Gump",
		"8 war films take over 3 hours, the longest is Gettysburg with 4h31m0s",
		"Casablanca has 1 vote and the genres Drama, Romance, War, Classic",
		"a second vote is refused",
		"byLead, filled with 4,606 films in ",
		"Humphrey Bogart, in the forties: The Maltese Falcon, Casablanca, The Big Sleep, The Treasure of the Sierra Madre",
		"7 single-table designs", "Customer_Complaint_GSI holds 4 of them, 2 with ", "GSI1_inverse holds 6 of them",
		"everything is there: 10 tables, 4,680 items",
	} {
		require.Contains(t, story, want)
	}
}

func TestUnreadableRecords(t *testing.T) {
	data := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(data, "movies"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "movies", "moviedata.json"), []byte("[{"), 0o600))
	require.Error(t, run(t.Context(), &bytes.Buffer{}, filepath.Join(t.TempDir(), "quickstart.db"), data))
}
