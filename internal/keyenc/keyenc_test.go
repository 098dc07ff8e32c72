package keyenc_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/internal/num"
)

func parse(t testing.TB, text string) num.Number {
	n, err := num.Parse(text)
	require.NoError(t, err, text)
	return n
}

// randomNumber favours neighbours: numbers that differ in the last digit, the
// number of digits, the exponent or the sign alone.
func randomNumber(t testing.TB, rng *rand.Rand) num.Number {
	if rng.IntN(40) == 0 {
		return num.Number{}
	}
	var b []byte
	if rng.IntN(2) == 0 {
		b = append(b, '-')
	}
	alphabet := []string{"0123456789", "09", "01", "9"}[rng.IntN(4)]
	digits := 1 + rng.IntN(num.MaxDigits)
	b = append(b, '1'+byte(rng.IntN(9)))
	for range digits - 1 {
		b = append(b, alphabet[rng.IntN(len(alphabet))])
	}
	b = append(b, 'e')
	exp := rng.IntN(6) - digits
	switch rng.IntN(10) {
	case 0:
		exp = num.MaxExponent - digits + 1
	case 1:
		exp = num.MinExponent - digits + 1
	}
	if exp < 0 {
		b = append(b, '-')
		exp = -exp
	}
	b = append(b, byte('0'+exp/100), byte('0'+exp/10%10), byte('0'+exp%10))
	return parse(t, string(b))
}

func TestNumberOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	longest := 0
	for range 100_000 {
		a, b := randomNumber(t, rng), randomNumber(t, rng)
		x, y := keyenc.AppendNumber(nil, a), keyenc.AppendNumber(nil, b)
		longest = max(longest, len(x))
		require.Equal(t, num.Cmp(a, b), bytes.Compare(x, y), "%s %s", a, b)
		if a != b { // whatever follows
			require.Equal(t, num.Cmp(a, b), bytes.Compare(append(x, 0xFF), append(y, 0x00)), "%s %s", a, b)
			require.Equal(t, num.Cmp(a, b), bytes.Compare(append(x, 0x00), append(y, 0xFF)), "%s %s", a, b)
		}
		back, rest, err := keyenc.Number(append(x, "rest"...))
		require.NoError(t, err, a)
		require.Equal(t, a, back)
		require.Equal(t, "rest", string(rest))
	}
	require.Equal(t, 21, longest)
}

// TestFormat pins the bytes: they are on disk.
func TestFormat(t *testing.T) {
	for _, c := range []struct {
		text string
		want []byte
	}{
		{"0", []byte{0x80, 0x00}},
		{"1", []byte{0xC1, 0x02}},
		{"-1", []byte{0x3E, 0xFD}},
		{"12.5", []byte{0xC1, 0x19, 0x64}},
		{"-12.5", []byte{0x3E, 0xE6, 0x9B}},
		{"99", []byte{0xC1, 0xC6}},
		{"100", []byte{0xC2, 0x02}},
		{"0.01", []byte{0xC0, 0x02}},
		{"1000001", []byte{0xC4, 0x03, 0x01, 0x01, 0x02}},
		{"1e-130", []byte{0x80, 0x02}},
		{"-1e-130", []byte{0x7F, 0xFD}},
		{"9.9e125", []byte{0xFF, 0xC6}},
		{"-9.9e125", []byte{0x00, 0x39}},
		{strings.Repeat("9", 38), append(append([]byte{0xD3}, bytes.Repeat([]byte{0xC7}, 18)...), 0xC6)},
	} {
		require.Equal(t, c.want, keyenc.AppendNumber(nil, parse(t, c.text)), c.text)
	}
	for _, c := range []struct{ text, want string }{
		{"", "\x00\x01"},
		{"a", "a\x00\x01"},
		{"a\x00", "a\x00\xff\x00\x01"},
		{"\x00\x00b", "\x00\xff\x00\xffb\x00\x01"},
		{"\xff\x01", "\xff\x01\x00\x01"},
	} {
		require.Equal(t, c.want, string(keyenc.AppendString(nil, c.text)))
		require.Equal(t, "p"+c.want, string(keyenc.AppendString([]byte("p"), []byte(c.text))))
	}
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223", hex(keyenc.Hash([]byte("abc"))))
}

func hex(h [keyenc.HashSize]byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range h {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func randomString(rng *rand.Rand) []byte {
	b := make([]byte, rng.IntN(6))
	for i := range b {
		b[i] = []byte{0x00, 0x01, 0x02, 'a', 'b', 0xFE, 0xFF}[rng.IntN(7)]
	}
	return b
}

func TestStringOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 100_000 {
		a, b := randomString(rng), randomString(rng)
		x, y := keyenc.AppendString(nil, a), keyenc.AppendString(nil, b)
		require.Equal(t, bytes.Compare(a, b), bytes.Compare(x, y), "%x %x", a, b)
		if !bytes.Equal(a, b) {
			require.Equal(t, bytes.Compare(a, b), bytes.Compare(append(x, 0xFF), append(y, 0x00)), "%x %x", a, b)
		}
		back, rest, err := keyenc.String(append(x, 0x00, 0xFF))
		require.NoError(t, err)
		require.True(t, bytes.Equal(a, back))
		require.Equal(t, []byte{0x00, 0xFF}, rest)

		// A begins_with scan finds exactly what begins with the prefix.
		lo := keyenc.AppendStringPrefix(nil, b)
		hi := keyenc.PrefixEnd(lo)
		in := bytes.Compare(x, lo) >= 0 && (hi == nil || bytes.Compare(x, hi) < 0)
		require.Equal(t, bytes.HasPrefix(a, b), in, "%x %x", a, b)
	}
}

func TestCompositeOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 50_000 {
		s1, s2 := randomString(rng), randomString(rng)
		if rng.IntN(2) == 0 {
			s2 = s1
		}
		n1, n2 := randomNumber(t, rng), randomNumber(t, rng)
		if rng.IntN(2) == 0 {
			n2 = n1
		}
		t1, t2 := randomString(rng), randomString(rng)
		want := bytes.Compare(s1, s2)
		if want == 0 {
			want = num.Cmp(n1, n2)
		}
		if want == 0 {
			want = bytes.Compare(t1, t2)
		}
		x := keyenc.AppendString(keyenc.AppendNumber(keyenc.AppendString(nil, s1), n1), t1)
		y := keyenc.AppendString(keyenc.AppendNumber(keyenc.AppendString(nil, s2), n2), t2)
		require.Equal(t, want, bytes.Compare(x, y), "%x %s %x, %x %s %x", s1, n1, t1, s2, n2, t2)
	}
}

func TestPrefixEnd(t *testing.T) {
	for _, c := range []struct{ prefix, want []byte }{
		{nil, nil},
		{[]byte{}, nil},
		{[]byte{0xFF}, nil},
		{[]byte{0xFF, 0xFF}, nil},
		{[]byte{0x00}, []byte{0x01}},
		{[]byte{0x00, 0xFF}, []byte{0x01}},
		{[]byte("ab"), []byte("ac")},
		{[]byte{'a', 0xFF, 0xFF}, []byte("b")},
	} {
		before := bytes.Clone(c.prefix)
		require.Equal(t, c.want, keyenc.PrefixEnd(c.prefix))
		require.Equal(t, before, c.prefix)
	}
}

func TestCorrupt(t *testing.T) {
	for _, in := range []string{
		"", "\x80", "\xc1", "\xc1\x03", // ends too early
		"\x80\x01",                 // zero that goes on
		"\xc1\x00", "\xc1\x01\x02", // first pair is 0
		"\xc1\x03\x00", "\xc1\xc8", // last pair is 0; pair 100
		"\x3e\xff", "\x3e\xfe", "\x7f\xff",
		"\xc1" + strings.Repeat("\x03", 20) + "\x02", // 21 pairs
		"\xc1" + strings.Repeat("\x15", 19) + "\x14", // 40 digits
		"\xc1" + strings.Repeat("\x03", 19) + "\x02", // 39 digits
	} {
		_, _, err := keyenc.Number([]byte(in))
		require.ErrorIs(t, err, keyenc.ErrCorrupt, "%x", in)
	}
	for _, in := range []string{"", "a", "\x00", "a\x00", "a\x00\x02", "a\x00\xff", "a\x00\xff\x00", "a\x00\x00\x00\x01"} {
		_, _, err := keyenc.String([]byte(in))
		require.ErrorIs(t, err, keyenc.ErrCorrupt, "%x", in)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	n, s := parse(t, "-123.45"), "user#1"
	var buf [128]byte
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b := keyenc.AppendString(keyenc.AppendNumber(buf[:0], n), s)
		keyenc.Hash(b)
		_, rest, _ := keyenc.Number(b)
		_, _, _ = keyenc.String(rest)
	}))
}

func FuzzNumber(f *testing.F) {
	for _, text := range []string{"0", "1", "-1", "12.5", "1e125", "-1e-130", strings.Repeat("9", 38)} {
		f.Add(keyenc.AppendNumber(nil, parse(f, text)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Input(t, func() {
			n, rest, err := keyenc.Number(b)
			if err != nil {
				require.Equal(t, keyenc.ErrCorrupt, err)
				return
			}
			require.Equal(t, b, append(keyenc.AppendNumber(nil, n), rest...)) // one encoding a value
		})
	})
}

func FuzzString(f *testing.F) {
	f.Add([]byte("a\x00\xff\x00\x01rest"))
	f.Add([]byte("\x00\x01"))
	f.Add(bytes.Repeat([]byte("\x00\xff"), 1<<20))
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Input(t, func() {
			s, rest, err := keyenc.String(b)
			if err != nil {
				require.Equal(t, keyenc.ErrCorrupt, err)
				return
			}
			require.Equal(t, b, append(keyenc.AppendString(nil, s), rest...))
		})
	})
}

func FuzzNumberOrder(f *testing.F) {
	f.Add("1", "-1.5")
	f.Add("99", "100")
	f.Fuzz(func(t *testing.T, a, b string) {
		bound.Input(t, func() {
			x, errX := num.Parse(a)
			y, errY := num.Parse(b)
			if errX != nil || errY != nil {
				return
			}
			require.Equal(t, num.Cmp(x, y), bytes.Compare(keyenc.AppendNumber(nil, x), keyenc.AppendNumber(nil, y)))
		})
	})
}
