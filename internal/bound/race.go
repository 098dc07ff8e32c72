//go:build race

package bound

const slower = 8
