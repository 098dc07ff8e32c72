//go:build race

package corrupt_test

// shortFlips is how many bytes the short form changes. The race detector takes five times as long.
const shortFlips = 120
