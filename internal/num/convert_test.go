package num_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/num"
)

func TestIntegers(t *testing.T) {
	values := []int64{0, 1, -1, 9, 10, 99, 100, 1e18, -1e18, 999999999999999999, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		values = append(values, int64(rng.Uint64())>>rng.IntN(64))
	}
	for _, v := range values {
		n, err := num.Parse(strconv.FormatInt(v, 10))
		require.NoError(t, err)
		back, ok := n.Int64()
		require.True(t, ok)
		require.Equal(t, v, back)
		n, err = num.Parse(strconv.FormatUint(uint64(v), 10))
		require.NoError(t, err)
		back, ok = n.Int64()
		require.Equal(t, v >= 0, ok)
		if ok {
			require.Equal(t, v, back)
		}
	}
	for _, text := range []string{
		"0.5", "1.5", "-0.1", "18446744073709551616", "20000000000000000000", "99999999999999999999", "1e20", "1e125",
		"1844674407370955161.5", "18446744073709551615.5",
	} {
		n, err := num.Parse(text)
		require.NoError(t, err)
		_, ok := n.Int64()
		require.False(t, ok, text)
	}
	n, err := num.Parse("-9223372036854775809")
	require.NoError(t, err)
	_, ok := n.Int64()
	require.False(t, ok)
}

func TestFloats(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	inRange := 0
	for range 20_000 {
		f := math.Float64frombits(rng.Uint64())
		if rng.IntN(2) == 0 {
			f = math.Round(rng.NormFloat64()*1e6) / 1e3
		}
		n, err := num.Parse(strconv.FormatFloat(f, 'e', -1, 64))
		if err != nil { // out of range, an infinity or NaN
			require.False(t, math.Abs(f) < 1e126 && (math.Abs(f) >= 1e-130 || f == 0), f)
			continue
		}
		inRange++
		require.Equal(t, f, n.Float64(), n)
		want, err := strconv.ParseFloat(n.String(), 64)
		require.NoError(t, err)
		require.Equal(t, want, n.Float64(), n)
	}
	require.Greater(t, inRange, 10_000)
	for range 20_000 { // more digits than a float has
		n := random(rng)
		want, err := strconv.ParseFloat(n.String(), 64)
		require.NoError(t, err)
		require.Equal(t, want, n.Float64(), n)
	}
}
