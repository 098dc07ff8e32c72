//go:build !race

package corrupt_test

// shortFlips is how many bytes the short form changes.
const shortFlips = 500
