package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version prints which build this is, as the Go tool recorded it.
func version(stdout io.Writer) error {
	module, revision := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			module = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(stdout, "stator %s%s %s %s/%s\n", module, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
