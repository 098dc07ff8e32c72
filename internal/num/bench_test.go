package num_test

import (
	"strconv"
	"testing"

	"github.com/statordb/stator/internal/num"
)

// The floor of each is strconv on the nearest type that the machine has.

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"10digits", "1234567890"},
		{"price", "-1299.95"},
		{"38digits", "12345678901234567890.123456789012345678"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := num.Parse(c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/floor=ParseFloat", func(b *testing.B) {
			for b.Loop() {
				if _, err := strconv.ParseFloat(c.text, 64); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendText(b *testing.B) {
	for _, text := range []string{"1234567890", "-1299.95", "12345678901234567890.123456789012345678"} {
		n, err := num.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		buf := make([]byte, 0, num.MaxTextLen)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n.AppendText(buf)
			}
		})
	}
	b.Run("floor=AppendInt", func(b *testing.B) {
		buf := make([]byte, 0, num.MaxTextLen)
		for b.Loop() {
			strconv.AppendInt(buf, 1234567890, 10)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	x, _ := num.Parse("1234567890")
	y, _ := num.Parse("1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := num.Add(x, y); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	const x, y = "1234567890", "1234567891"
	b.Run("Canonical", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := num.Canonical(x); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("CompareText", func(b *testing.B) {
		for b.Loop() {
			num.CompareText(x, y)
		}
	})
	b.Run("SizeText", func(b *testing.B) {
		for b.Loop() {
			num.SizeText(x)
		}
	})
	b.Run("Float64", func(b *testing.B) {
		n, _ := num.Parse("1234567890")
		for b.Loop() {
			n.Float64()
		}
	})
}
