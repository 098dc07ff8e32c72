//go:build !race

package corrupt_test

// raceDetector is whether the tests run under the race detector.
const raceDetector = false
