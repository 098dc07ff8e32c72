package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func Example() {
	main()
	// Output:
	// hour  used  provisioned  throttled  changes
	//    0    20           62          0  50
	//    1    34           54          0  58 72
	//    2    65           92          0  86 100 115
	//    3   109          155          0  129 143 158 172 186
	//    4   164          232          0  200 215 229 243 258 272
	//    5   224          318          0  286 300 315 329 343 358
	//    6   286          407          0  372 386 400 415 429 443 458
	//    7   346          494          0  472 486 500 515 529
	//    8   401          571          0  543 558 572 586 600
	//    9   445          635          0  615 629 643 658
	//   10   476          679          0  672 686 700
	//   11   490          700          0
	//   12   490          700          0
	//   13   476          700          0
	//   14   445          700          0
	//   15   401          700          0
	//   16   346          653          0  499
	//   17   286          499          0
	//   18   224          410          0  351
	//   19   164          302          0  243
	//   20   109          211          0  172
	//   21    65          140          0  100
	//   22    34           81          0  58
	//   23    20           54          0  50
}

// TestNothingIsThrottled: the day is followed closely enough, and not by giving the most all day.
func TestNothingIsThrottled(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, story(t.Context(), &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 25)
	for _, line := range lines[1:] {
		require.Equal(t, "0", strings.Fields(line)[3], line)
	}
	require.NotEqual(t, strings.Fields(lines[1])[2], strings.Fields(lines[13])[2])
}
