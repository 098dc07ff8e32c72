package api_test

import (
	"encoding/base64"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/bound"
	"github.com/stretchr/testify/require"
)

const someTableID = "0f8fad5b-d9cb-469f-a165-70867728950e"

func TestPosition(t *testing.T) {
	for _, next := range [][]uint64{
		{0}, {1, 1, 1, 1, 1, 1, 1, 1}, {5, 3, 900, 2}, {math.MaxUint64, 0, math.MaxUint64, 1 << 63}, {}, make([]uint64, 255),
	} {
		p := &api.Position{TableID: someTableID, Next: next}
		text := p.String()
		back, err := api.ParsePosition(text)
		require.NoError(t, err)
		require.Equal(t, p, back)
		require.Equal(t, -1, strings.IndexFunc(text, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", r)
		}), text)
	}
	var none *api.Position
	require.Empty(t, none.String())
	require.Contains(t, (&api.Position{TableID: "x", Next: []uint64{1}}).String(), `invalid position: "x" is no table id`)
	for _, id := range []string{"", someTableID[1:], someTableID + "0", "0F" + someTableID[2:], "g" + someTableID[1:], "0f8fad5bd9cb-469f-a165-70867728950e-", "0f8fad5b-d9cb-469f-a165_70867728950e"} {
		require.Contains(t, (&api.Position{TableID: id, Next: []uint64{1}}).String(), "invalid position", id)
	}
	require.Contains(t, (&api.Position{TableID: someTableID, Next: make([]uint64, 256)}).String(), "invalid position: 256 slots")
}

// TestPositionForm keeps the text form, which people store: a version that
// cannot read these is another version.
func TestPositionForm(t *testing.T) {
	for text, want := range map[string]*api.Position{
		"p1.D4-tW9nLRp-hZXCGdyiVDgEAGoUAGQ": {TableID: someTableID, Next: []uint64{0}},
	} {
		require.Equal(t, text, want.String())
		got, err := api.ParsePosition(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestPositionFaults(t *testing.T) {
	good := (&api.Position{TableID: someTableID, Next: []uint64{7, 8}}).String()
	for name, c := range map[string]struct{ text, want string }{
		"empty":                   {"", "Invalid position: it is empty"},
		"something else":          {"shardId-0001", `Invalid position: it must begin with "p1.", the only version known`},
		"a later version":         {"p2." + good[3:], `Invalid position: it must begin with "p1."`},
		"an invalid one's String": {(&api.Position{TableID: "x"}).String(), "Invalid position: it must begin"},
		"nothing in it":           {"p1.", "Invalid position: it is damaged: too short"},
		"cut":                     {good[:len(good)-1], "Invalid position: it is damaged"},
		"longer":                  {good + "AAAA", "Invalid position: it is damaged: the checksum differs"},
		"no base64":               {good[:10] + "!" + good[11:], "Invalid position: it is damaged: not base64"},
		"line ends":               {good[:10] + "\n" + good[10:], "Invalid position: it is damaged: not base64"},
		"endless":                 {"p1." + strings.Repeat("A", 5000), "Invalid position: it has 5003 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := api.ParsePosition(c.text)
			require.Nil(t, p)
			var e *api.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, api.CodeValidation, e.Code)
			require.Contains(t, e.Message, c.want)
		})
	}

	// Each bit of the text counts.
	raw, err := base64.RawURLEncoding.DecodeString(good[3:])
	require.NoError(t, err)
	for i := range 8 * len(raw) {
		raw[i/8] ^= 1 << (i % 8)
		_, err := api.ParsePosition("p1." + base64.RawURLEncoding.EncodeToString(raw))
		require.ErrorContains(t, err, "the checksum differs")
		raw[i/8] ^= 1 << (i % 8)
	}
}

func TestPositionAfter(t *testing.T) {
	p := &api.Position{TableID: someTableID, Next: []uint64{5, 9}}
	require.Equal(t, []uint64{5, 10}, p.After(&api.Change{Slot: 1, Sequence: 9}).Next)
	require.Equal(t, []uint64{101, 9}, p.After(&api.Change{Sequence: 100}).Next, "all before it is behind it too")
	require.Equal(t, p, p.After(&api.Change{Sequence: 3}), "never back")
	require.Equal(t, p, p.After(&api.Change{Slot: 2, Sequence: 3}), "of another table")
	require.Equal(t, p, p.After(&api.Change{Slot: -1, Sequence: 3}))
	require.Equal(t, p, p.After(&api.Change{Sequence: math.MaxUint64}), "which no journal reaches")
	require.Equal(t, []uint64{5, 9}, p.Next, "p is as it was")
	require.Same(t, p, p.After(nil))
	var none *api.Position
	require.Nil(t, none.After(nil))
	require.Nil(t, none.After(&api.Change{}))

	// Behind all changes of a random order is where each slot ends.
	r := rand.New(rand.NewPCG(1, 2))
	q := &api.Position{TableID: someTableID, Next: make([]uint64, 8)}
	want := make([]uint64, 8)
	for range 1000 {
		c := api.Change{Slot: r.IntN(8), Sequence: r.Uint64N(1e6)}
		want[c.Slot] = max(want[c.Slot], c.Sequence+1)
		q = q.After(&c)
	}
	require.Equal(t, want, q.Next)
}

// TestReadChangesCostsNothing: a reader asks often, and mostly for nothing.
func TestReadChangesCostsNothing(t *testing.T) {
	in := &api.ReadChangesInput{
		TableName: new("users"), Limit: new(int32(10)), Slots: []int{0, 1, 2, 3},
		Position: &api.Position{TableID: someTableID, Next: make([]uint64, 8)},
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if err := in.Validate(); err != nil {
			t.Error(err)
		}
	}))
}

// FuzzPosition: any text is a position or an error, and a position has one text.
func FuzzPosition(f *testing.F) {
	f.Add("")
	f.Add("p1.")
	f.Add((&api.Position{TableID: someTableID, Next: []uint64{1, 2, 1 << 40}}).String())
	f.Fuzz(func(t *testing.T, text string) {
		bound.Input(t, func() {
			p, err := api.ParsePosition(text)
			if err != nil {
				require.ErrorIs(t, err, api.ErrValidation)
				return
			}
			back, err := api.ParsePosition(p.String())
			require.NoError(t, err)
			require.Equal(t, p, back)
		})
	})
}

func BenchmarkPositionAfter(b *testing.B) {
	p := &api.Position{TableID: someTableID, Next: make([]uint64, 8)}
	b.ReportAllocs()
	for i := range b.N {
		_ = p.After(&api.Change{Slot: i & 7, Sequence: uint64(i)})
	}
}
