package expr

import (
	"slices"
	"strings"
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

// javaHash is String.hashCode of an ASCII text, spread as HashMap does.
func javaHash(s string) uint32 {
	var h uint32
	for i := range len(s) {
		h = h*31 + uint32(s[i])
	}
	return h ^ h>>16
}
