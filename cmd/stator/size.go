package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// sizeFlag is a flag that is a number of bytes, with a unit if need be. 0 is not
// given, a negative number is none.
type sizeFlag int64

var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1}, {"", 1},
}

func (s *sizeFlag) String() string {
	if *s == 0 {
		return "" // no default is printed
	}
	return strconv.FormatInt(int64(*s), 10)
}

func (s *sizeFlag) Set(text string) error {
	if strings.EqualFold(text, "none") {
		*s = -1
		return nil
	}
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(strings.ToLower(text), unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if bytes := n * unit.bytes; err == nil && bytes >= 1 && bytes < math.MaxInt64 {
			*s = sizeFlag(bytes)
			return nil
		}
		break
	}
	return fmt.Errorf("want a size such as 500MB or 10GiB, not %q", text)
}
