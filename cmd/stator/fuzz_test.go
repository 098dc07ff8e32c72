package main

import (
	"io"
	"strings"
	"testing"

	"github.com/statordb/stator/internal/bound"
)

// FuzzFlags: any command line is one of serve, or an error.
func FuzzFlags(f *testing.F) {
	f.Add("app.db\x00--addr\x00:0\x00--host\x00a,b\x00--log-level=debug\x00--grace=1h")
	f.Add("--memory\x00--\x00x")
	f.Add("-h")
	f.Add(strings.Repeat("--host\x00"+strings.Repeat(",", 100)+"\x00", 500))
	f.Add("--addr=[::" + strings.Repeat(":", 4000) + "\x00--grace=" + strings.Repeat("9h", 4000) + "\x00x")
	f.Fuzz(func(t *testing.T, line string) {
		bound.Input(t, func() {
			if _, err := parseServe(strings.Split(line, "\x00"), io.Discard); err != nil {
				_ = err.Error()
			}
		})
	})
}
