package expr

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// sortAsJava puts keys in the order in which a Java HashSet yields them that
// once held total keys: the order that DynamoDB's messages have. Keys that meet
// in one bucket, whose order depends on history there, are in byte order.
func sortAsJava(keys []string, total int) {
	buckets := uint32(16)
	for buckets < uint32(total)*4/3+1 {
		buckets *= 2
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := javaHash(a)&(buckets-1), javaHash(b)&(buckets-1)
		if x != y {
			return int(x) - int(y)
		}
		return strings.Compare(a, b)
	})
}

// javaHash is String.hashCode, spread as HashMap does.
func javaHash(s string) uint32 {
	var h uint32
	for _, r := range s {
		if r > 0xffff {
			hi, lo := utf16.EncodeRune(r)
			h = (h*31+uint32(hi))*31 + uint32(lo)
			continue
		}
		h = h*31 + uint32(r)
	}
	return h ^ h>>16
}
