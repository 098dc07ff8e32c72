package keyenc_test

import (
	"crypto/sha256"
	"testing"

	"github.com/statordb/stator/internal/keyenc"
)

func BenchmarkAppendNumber(b *testing.B) {
	for _, text := range []string{"1234567890", "-1299.95", "12345678901234567890.123456789012345678"} {
		n := parse(b, text)
		buf := make([]byte, 0, 64)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				keyenc.AppendNumber(buf, n)
			}
		})
		enc := keyenc.AppendNumber(nil, n)
		b.Run("decode/"+text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := keyenc.Number(enc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendString(b *testing.B) {
	buf := make([]byte, 0, 4096)
	for _, c := range []struct {
		name string
		s    []byte
	}{
		{"20bytes", []byte("customer#0000001234.")},
		{"1024bytes", make1024('x')},
		{"1024zeros", make1024(0)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				keyenc.AppendString(buf, c.s)
			}
		})
		b.Run(c.name+"/floor=copy", func(b *testing.B) {
			dst := make([]byte, len(c.s))
			for b.Loop() {
				copy(dst, c.s)
			}
		})
	}
}

func make1024(c byte) []byte {
	s := make([]byte, 1024)
	for i := range s {
		s[i] = c
	}
	return s
}

func BenchmarkHash(b *testing.B) {
	key := keyenc.AppendString(nil, "customer#0000001234.")
	b.Run("Hash", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			keyenc.Hash(key)
		}
	})
	b.Run("floor=sha256.Sum256", func(b *testing.B) {
		for b.Loop() {
			sha256.Sum256(key)
		}
	})
}
