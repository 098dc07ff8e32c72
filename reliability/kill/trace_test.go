package kill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// traced is one system call that strace printed.
type traced struct {
	name   string
	path   string
	length int64 // of pwrite64
	offset int64
	cut    bool // the process was killed while or before it was carried out
}

var (
	// callPattern is a call, whole or unfinished: 12  pwrite64(5</tmp/db>, ""..., 4096, 8192) = 4096.
	callPattern    = regexp.MustCompile(`^(\d+) +(\w+)\((?:\d+<([^>]*)>)?(?:, ""\.*, (\d+), (\d+))?[^)]*(?:\) += (\S+)|<unfinished \.\.\.>)`)
	resumedPattern = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*\) += (\S+)`)
)

// readTrace reads what strace printed, in the order in which the calls were entered.
func readTrace(text string) (calls []traced) {
	pending := map[string]int{} // by thread
	for line := range strings.Lines(text) {
		if m := callPattern.FindStringSubmatch(line); m != nil {
			c := traced{name: m[2], path: m[3], cut: m[6] == "?" || m[6] == ""}
			c.length, _ = strconv.ParseInt(m[4], 10, 64)
			c.offset, _ = strconv.ParseInt(m[5], 10, 64)
			pending[m[1]] = len(calls)
			calls = append(calls, c)
		} else if m := resumedPattern.FindStringSubmatch(line); m != nil {
			if at, ok := pending[m[1]]; ok && m[3] != "?" {
				calls[at].cut = false
			}
		}
	}
	return calls
}

// moment says in words at which call an injection killed, and where in a commit that is. "" means that it killed nobody.
func moment(calls []traced, inject injection) string {
	metaEnd := int64(2 * os.Getpagesize())
	at := -1
	for i, c := range calls {
		if c.cut && c.name == inject.call {
			at = i
		}
	}
	if at < 0 {
		return ""
	}
	before := traced{}
	for _, c := range calls[:at] {
		if c.path == calls[at].path {
			before = c
		}
	}
	isMeta := func(c traced) bool {
		return c.name == "pwrite64" && c.offset < metaEnd && c.length == int64(os.Getpagesize())
	}
	switch c := calls[at]; {
	case strings.Contains(filepath.Base(c.path), "new-"):
		return c.name + " of a new file"
	case c.name == "pwrite64" && isMeta(c):
		return "pwrite64 of a meta page"
	case c.name == "pwrite64" && (before.name == "pwrite64" && !isMeta(before)):
		return "pwrite64 of a later page"
	case c.name == "pwrite64":
		return "pwrite64 of a first page"
	case c.name == "fdatasync" && isMeta(before):
		return "fdatasync after the meta page"
	case c.name == "fdatasync":
		return "fdatasync after the pages"
	case c.name == "fsync" && before.name != "ftruncate":
		return "fsync of the folder"
	}
	return calls[at].name + " of a growing file"
}

func TestMoment(t *testing.T) {
	page := os.Getpagesize()
	const path = "/tmp/x/db"
	data := fmt.Sprintf("12  pwrite64(5<%s>, \"\"..., %d, %d) = %d\n", path, page, 7*page, page)
	meta := fmt.Sprintf("12  pwrite64(5<%s>, \"\"..., %d, %d) = %d\n", path, page, page, page)
	sync := fmt.Sprintf("12  fdatasync(5<%s>) = 0\n", path)
	split := fmt.Sprintf("13  fdatasync(5<%s> <unfinished ...>\n13  <... fdatasync resumed>)        = 0\n", path)
	cut := func(line string) string {
		return line[:strings.LastIndex(line, "=")] + "= ?\n+++ killed by SIGKILL +++\n"
	}
	for text, want := range map[string]string{
		"":                             "",
		data + sync + meta + sync:      "",
		data + cut(data):               "pwrite64 of a later page",
		meta + split + cut(data):       "pwrite64 of a first page",
		data + sync + cut(meta):        "pwrite64 of a meta page",
		data + split + meta + split:    "",
		data + sync + meta + cut(sync): "fdatasync after the meta page",
		data + fmt.Sprintf("12  fdatasync(5<%s> <unfinished ...>\n12  <... fdatasync resumed>)        = ?\n", path): "fdatasync after the pages",
		data + fmt.Sprintf("12  ftruncate(5<%s>, 16777216) = ?\n", path):                                            "ftruncate of a growing file",
		fmt.Sprintf("12  ftruncate(5<%s>, 9) = 0\n12  fsync(5<%s>) = ?\n", path, path):                              "fsync of a growing file",
		"12  fsync(6</tmp/x>) = ?\n":                   "fsync of the folder",
		"12  fsync(6</tmp/x/db.stator-new-123>) = ?\n": "fsync of a new file",
	} {
		got := ""
		for _, call := range []string{"pwrite64", "fdatasync", "ftruncate", "fsync"} {
			got += moment(readTrace(text), injection{call: call})
		}
		require.Equal(t, want, got, text)
	}
}
