package num_test

import (
	"cmp"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/num"
)

// scaleDigits is how many digits stand below the point in the model: every
// Number times 10^scaleDigits is whole.
const scaleDigits = -num.MinExponent + num.MaxDigits

// model is a Number as an exact big integer, read from its text by code that
// shares nothing with the package.
func model(t testing.TB, text string) *big.Int {
	r, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(scaleDigits), nil)))
	require.True(t, r.IsInt(), text)
	return new(big.Int).Set(r.Num())
}

// judge says what the package has to make of the exact result v: its canonical
// text, or the error.
func judge(v *big.Int) (text string, digits, exp int, err error) {
	if v.Sign() == 0 {
		return "0", 0, 0, nil
	}
	s := new(big.Int).Abs(v).String()
	exp = len(s) - 1 - scaleDigits
	digits = len(strings.TrimRight(s, "0"))
	switch {
	case exp > num.MaxExponent:
		return "", 0, 0, num.ErrOverflow
	case exp < num.MinExponent:
		return "", 0, 0, num.ErrUnderflow
	case digits > num.MaxDigits:
		return "", 0, 0, num.ErrPrecision
	}
	if pad := scaleDigits + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	at := len(s) - scaleDigits
	text = s[:at] + "." + s[at:]
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if v.Sign() < 0 {
		text = "-" + text
	}
	return text, digits, exp, nil
}

// random returns a number of random length and exponent, near others often
// enough that sums carry, cancel and fail.
func random(rng *rand.Rand) num.Number {
	if rng.IntN(50) == 0 {
		return num.Number{}
	}
	digits := 1 + rng.IntN(num.MaxDigits)
	var b []byte
	if rng.IntN(2) == 0 {
		b = append(b, '-')
	}
	kind := rng.IntN(4)
	for i := range digits {
		d := byte(rng.IntN(10))
		switch kind {
		case 1:
			d = 9
		case 2:
			if i > 0 && rng.IntN(8) > 0 {
				d = 0
			}
		}
		if i == 0 && d == 0 {
			d = 1
		}
		b = append(b, '0'+d)
	}
	exp := rng.IntN(90) - 45
	switch rng.IntN(10) {
	case 0:
		exp = num.MaxExponent - rng.IntN(3) - digits + 1
	case 1:
		exp = num.MinExponent + rng.IntN(3) - digits + 1
	case 2, 3, 4:
		exp = rng.IntN(4) - digits
	}
	b = append(b, 'e')
	b = big.NewInt(int64(exp)).Append(b, 10)
	n, err := num.Parse(b)
	if err != nil {
		panic(string(b))
	}
	return n
}

func TestArithmeticAgainstBig(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range 30_000 {
		a, b := random(rng), random(rng)
		if rng.IntN(20) == 0 {
			b = a
		}
		x, y := model(t, a.String()), model(t, b.String())

		require.Equal(t, x.Cmp(y), num.Cmp(a, b), "%s %s", a, b)
		require.Equal(t, x.Cmp(y), num.CompareText(a.String(), b.String()), "%s %s", a, b)
		require.Equal(t, x.Cmp(y) == 0, a == b, "%s %s", a, b)
		require.Equal(t, x.Sign(), a.Sign())

		for _, op := range []struct {
			name  string
			exact *big.Int
			do    func(a, b num.Number) (num.Number, error)
		}{
			{"+", new(big.Int).Add(x, y), num.Add},
			{"-", new(big.Int).Sub(x, y), num.Sub},
		} {
			want, digits, exp, wantErr := judge(op.exact)
			if wantErr == num.ErrPrecision {
				wantErr = num.ErrOverflow // as DynamoDB answers it
			}
			got, err := op.do(a, b)
			require.Equal(t, wantErr, err, "%s %s %s", a, op.name, b)
			if err != nil {
				failed++
				continue
			}
			require.Equal(t, want, got.String(), "%s %s %s", a, op.name, b)
			require.Equal(t, digits, got.Digits(), got)
			_, exponent, _, _ := got.Parts()
			require.Equal(t, exp, exponent, got)
			again, err := num.Parse(want)
			require.NoError(t, err)
			require.Equal(t, again, got)
			require.Equal(t, got.Size(), num.SizeText(want), want)
			require.True(t, num.IsCanonical(want), want)
		}
	}
	require.Greater(t, failed, 300)
	require.Less(t, failed, 45_000)
}

func TestArithmeticEdges(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for _, c := range []struct {
		a, op, b, want string
		err            error
	}{
		{"0.3", "-", "0.1", "0.2", nil},
		{"1", "+", "10000000000000000000000", "10000000000000000000001", nil},
		{nines, "+", "1", "1" + strings.Repeat("0", 38), nil},
		{"1e38", "-", "1", nines, nil},
		{"1e39", "-", "1", "", num.ErrOverflow},
		{"1e50", "+", "1", "", num.ErrOverflow},
		{"1e50", "-", "1", "", num.ErrOverflow},
		{nines, "+", "0.1", "", num.ErrOverflow},
		{nines, "+", nines, "1" + strings.Repeat("9", 37) + "8", num.ErrOverflow},
		{"9e125", "+", "9e125", "", num.ErrOverflow},
		{"-9e125", "-", "9e125", "", num.ErrOverflow},
		{"1.5e-130", "-", "1e-130", "", num.ErrUnderflow},
		{"1e-130", "-", "1e-130", "0", nil},
		{"1", "-", "0." + nines, "0." + strings.Repeat("0", 37) + "1", nil},
		{"1e125", "+", "1e-130", "", num.ErrOverflow},
		{"0", "-", "5", "-5", nil},
		{"-0", "+", "0", "0", nil},
	} {
		a, err := num.Parse(c.a)
		require.NoError(t, err)
		b, err := num.Parse(c.b)
		require.NoError(t, err)
		do := num.Add
		if c.op == "-" {
			do = num.Sub
		}
		got, err := do(a, b)
		require.Equal(t, c.err, err, "%s %s %s", c.a, c.op, c.b)
		if err == nil {
			require.Equal(t, c.want, got.String(), "%s %s %s", c.a, c.op, c.b)
		}
	}
}

func TestCmpIsAnOrder(t *testing.T) {
	texts := []string{
		"-9.9e125", "-1e125", "-100", "-12.5", "-12.49", "-12", "-9", "-1", "-0.5", "-0.05", "-1e-130",
		"0", "1e-130", "0.05", "0.5", "0.51", "1", "9", "9.999", "12", "12.49", "12.5", "100", "1e125", "9.9e125",
	}
	for i, a := range texts {
		for j, b := range texts {
			x, err := num.Parse(a)
			require.NoError(t, err)
			y, err := num.Parse(b)
			require.NoError(t, err)
			require.Equal(t, cmp.Compare(i, j), num.Cmp(x, y), "%s %s", a, b)
			require.Equal(t, cmp.Compare(i, j), num.CompareText(x.String(), y.String()), "%s %s", a, b)
		}
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"0", 1},
		{"1", 2},
		{"12", 2},
		{"123", 3},
		{"1234", 3},
		{"12345", 4},
		{"1000", 2}, // one base-100 digit: 10
		{"100", 2},  // one: 1
		{"120", 3},  // two: 1 20
		{"0.5", 2},
		{"0.05", 2},
		{"0.055", 3},
		{"1.5", 3},
		{"-1", 3},
		{"-12", 3},
		{"-123.4", 5},
		{strings.Repeat("9", 38), 20},
		{strings.Repeat("9", 37), 20},
		{strings.Repeat("9", 37) + ".9", 21},
		{"-" + strings.Repeat("9", 38), 21},
		{"-" + strings.Repeat("9", 37) + ".9", 21},
		{"1e125", 2},
		{"1e-130", 2},
	} {
		n, err := num.Parse(c.text)
		require.NoError(t, err)
		require.Equal(t, c.want, n.Size(), c.text)
		require.Equal(t, c.want, num.SizeText(n.String()), c.text)
	}
}

func TestParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		n := random(rng)
		back, err := num.FromParts(n.Parts())
		require.NoError(t, err)
		require.Equal(t, n, back)
		require.Equal(t, n, n.Neg().Neg())
		require.Equal(t, -n.Sign(), n.Neg().Sign())
	}
	for _, c := range []struct {
		neg    bool
		exp    int
		hi, lo uint64
		err    error
	}{
		{true, 0, 0, 0, num.ErrSyntax},
		{false, 1, 0, 0, num.ErrSyntax},
		{false, 0, 0, 1, num.ErrSyntax},
		{false, 0, 1e18 - 1, 0, num.ErrSyntax},
		{false, 0, 1e19, 0, num.ErrSyntax},
		{false, 0, 1e18, 1e19, num.ErrSyntax},
		{false, 126, 1e18, 0, num.ErrOverflow},
		{false, -131, 1e18, 0, num.ErrUnderflow},
	} {
		_, err := num.FromParts(c.neg, c.exp, c.hi, c.lo)
		require.Equal(t, c.err, err, "%+v", c)
	}
}
