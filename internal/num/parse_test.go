package num_test

import (
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/num"
)

func TestParse(t *testing.T) {
	digits38 := "12345678901234567890123456789012345678"
	for _, c := range []struct{ in, want string }{
		{"0", "0"},
		{"-0", "0"},
		{"+0.000", "0"},
		{"0e1000", "0"},
		{"0e99999999999999999999", "0"},
		{"0e-99999999999999999999", "0"},
		{"3", "3"},
		{"+3", "3"},
		{"-7.1234", "-7.1234"},
		{".123", "0.123"},
		{"5.", "5"},
		{"0001.230", "1.23"},
		{"1e+5", "100000"},
		{"1E0005", "100000"},
		{"-17.4E37", "-174" + strings.Repeat("0", 36)},
		{"1000", "1000"},
		{"12.5e-3", "0.0125"},
		{"125e-1", "12.5"},
		{digits38, digits38},
		{digits38 + "000", digits38 + "000"},
		{"000" + digits38 + ".000", digits38},
		{"0." + digits38, "0." + digits38},
		{"1234567890123456789", "1234567890123456789"},
		{"12345678901234567890", "12345678901234567890"},
		{"1e125", "1" + strings.Repeat("0", 125)},
		{"1e-130", "0." + strings.Repeat("0", 129) + "1"},
		{"-1.5e-130", "-0." + strings.Repeat("0", 129) + "15"},
		{"0." + strings.Repeat("0", 1000) + "1e1001", "1"},
		{"1" + strings.Repeat("0", 1000) + "e-1000", "1"},
		{"9.9999999999999999999999999999999999999E+125", strings.Repeat("9", 38) + strings.Repeat("0", 88)},
	} {
		n, err := num.Parse(c.in)
		require.NoError(t, err, c.in)
		require.Equal(t, c.want, n.String(), c.in)
		b, err := num.Parse([]byte(c.in))
		require.NoError(t, err, c.in)
		require.Equal(t, n, b)
		text, err := num.Canonical(c.in)
		require.NoError(t, err, c.in)
		require.Equal(t, c.want, text)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		in  string
		err error
	}{
		{"", num.ErrSyntax},
		{".", num.ErrSyntax},
		{"+", num.ErrSyntax},
		{"-", num.ErrSyntax},
		{"-.", num.ErrSyntax},
		{"+-1", num.ErrSyntax},
		{"1e", num.ErrSyntax},
		{"1e+", num.ErrSyntax},
		{"e5", num.ErrSyntax},
		{".e5", num.ErrSyntax},
		{"1.2.3", num.ErrSyntax},
		{"1e2.5", num.ErrSyntax},
		{"1e2e3", num.ErrSyntax},
		{" 1", num.ErrSyntax},
		{"1 ", num.ErrSyntax},
		{"1_000", num.ErrSyntax},
		{"0x10", num.ErrSyntax},
		{"NaN", num.ErrSyntax},
		{"Infinity", num.ErrSyntax},
		{"-Infinity", num.ErrSyntax},
		{"dog", num.ErrSyntax},
		{"1e1000000x", num.ErrSyntax},
		{"\u0661", num.ErrSyntax},
		{"123456789012345678901234567890123456789", num.ErrPrecision},
		{"-1.23456789012345678901234567890123456789", num.ErrPrecision},
		{"1e126", num.ErrOverflow},
		{"-11e125", num.ErrOverflow},
		{"1e1000000", num.ErrOverflow},
		{"1e99999999999999999999", num.ErrOverflow},
		{"1e-131", num.ErrUnderflow},
		{"-0.9e-130", num.ErrUnderflow},
		{"1e-99999999999999999999", num.ErrUnderflow},
		{"123456789012345678901234567890123456789e200", num.ErrOverflow},
		{"1" + strings.Repeat("0", 126), num.ErrOverflow},
		{strings.Repeat("9", 100_000), num.ErrOverflow},
	} {
		_, err := num.Parse(c.in)
		require.Equal(t, c.err, err, c.in)
		require.False(t, num.IsCanonical(c.in), c.in)
		_, err = num.Canonical(c.in)
		require.Equal(t, c.err, err, c.in)
	}
}

func TestIsCanonical(t *testing.T) {
	for _, in := range []string{
		"-0", "00", "01", "-01", "+1", "1.", ".5", "0.50", "1.0", "0.0", "00.5", "1e2", "-", "--1",
		"0." + strings.Repeat("0", 130) + "1",
	} {
		require.False(t, num.IsCanonical(in), in)
	}
}

func TestCanonicalKeepsItsInput(t *testing.T) {
	for _, in := range []string{"0", "-12.5", "1234567890", "0.001", "1" + strings.Repeat("0", 125)} {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			if got, err := num.Canonical(in); got != in || err != nil {
				t.Fatal(got, err)
			}
		}))
	}
}

func TestNothingIsAllocated(t *testing.T) {
	in := []byte("-1234567.8901234567890123456789e10")
	var buf [num.MaxTextLen]byte
	require.Zero(t, testing.AllocsPerRun(100, func() {
		n, _ := num.Parse(in)
		n, _ = num.Add(n, n)
		n.AppendText(buf[:0])
	}))
}

// TestParseAgainstBig spells numbers in random ways.
func TestParseAgainstBig(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50_000 {
		var b strings.Builder
		b.WriteString([]string{"", "-", "+"}[rng.IntN(3)])
		b.WriteString(strings.Repeat("0", rng.IntN(3)))
		whole, frac := rng.IntN(25), rng.IntN(25)
		for range whole {
			b.WriteByte('0' + byte(rng.IntN(10)))
		}
		b.WriteString("0.0")
		for range frac {
			b.WriteByte('0' + byte(rng.IntN(10)))
		}
		b.WriteString(strings.Repeat("0", rng.IntN(3)))
		exp := rng.IntN(40) - 20
		if rng.IntN(4) == 0 {
			exp = rng.IntN(300) - 150
		}
		b.WriteString([]string{"e", "E"}[rng.IntN(2)])
		b.Write(big.NewInt(int64(exp)).Append(nil, 10))
		in := b.String()

		want, err := reference(t, in)
		got, gotErr := num.Parse(in)
		require.Equal(t, err, gotErr, in)
		if err == nil {
			require.Equal(t, want, got.String(), in)
		}
	}
}

var grammar = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?$`)

// reference is Parse in terms of big.Rat. It knows exponents of four digits.
func reference(t testing.TB, in string) (string, error) {
	if !grammar.MatchString(in) {
		return "", num.ErrSyntax
	}
	r, ok := new(big.Rat).SetString(in)
	require.True(t, ok, in)
	if r.Sign() == 0 {
		return "0", nil
	}
	tenTo := func(e int64) *big.Rat {
		return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(e), nil))
	}
	abs := new(big.Rat).Abs(r)
	if abs.Cmp(tenTo(num.MaxExponent+1)) >= 0 {
		return "", num.ErrOverflow
	}
	if abs.Cmp(new(big.Rat).Inv(tenTo(-num.MinExponent))) < 0 {
		return "", num.ErrUnderflow
	}
	r.Mul(r, tenTo(scaleDigits))
	if !r.IsInt() {
		return "", num.ErrPrecision
	}
	text, _, _, err := judge(r.Num())
	return text, err
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-12.5", ".5", "5.", "1e125", "1e-130", "+3", "0e1000", "NaN", "1e126", "", "-0.001",
		"1e1000000", "1E-99999999999999999999", strings.Repeat("9", 400<<10), "0." + strings.Repeat("0", 400<<10) + "1", strings.Repeat("0", 400<<10), "1e" + strings.Repeat("0", 400<<10)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		bound.Input(t, func() {
			n, err := num.Parse(in)
			if at := strings.LastIndexAny(in, "eE"); len(in) < 10_000 && (at < 0 || len(in)-at <= 5) { // the reference is slow
				want, wantErr := reference(t, in)
				require.Equal(t, wantErr, err)
				if err == nil {
					require.Equal(t, want, n.String())
				}
			}
			require.Equal(t, err == nil && n.String() == in, num.IsCanonical(in))
			require.Equal(t, num.IsCanonical(in), num.IsCanonical([]byte(in)))
			if err != nil {
				require.Zero(t, n)
				return
			}
			text := n.String()
			require.LessOrEqual(t, len(text), num.MaxTextLen)
			back, err := num.Parse(text)
			require.NoError(t, err)
			require.Equal(t, n, back)
			require.Equal(t, n.Size(), num.SizeText(text))
		})
	})
}

func FuzzCanonicalText(f *testing.F) {
	f.Add("1", "-1.5")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, a, b string) { // no text makes them panic
		bound.Input(t, func() {
			c := num.CompareText(a, b)
			require.Equal(t, -c, num.CompareText(b, a))
			num.SizeText(a)
		})
	})
}
