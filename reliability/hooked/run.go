package hooked

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Run builds the tests of the caller's package with the tag hooked, on the
// hooked copy of bbolt, and runs them with args. It logs what they log, and
// fails when they do, or when there are none. They run without the race
// detector, which looks at the same code in the tests of the store itself.
func Run(t *testing.T, args ...string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: on Windows bbolt's files grow by their memory map, which has no hook")
	}
	module, err := moduleDir()
	if err != nil {
		t.Fatal(err)
	}
	source, err := Source(module)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Generate(source, filepath.Join(dir, "bbolt")); err != nil {
		t.Fatal(err)
	}
	modfile, err := writeModfile(module, dir)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := writeOverlay(filepath.Dir(module), dir)
	if err != nil {
		t.Fatal(err)
	}
	// Without -trimpath the name of the folder would be a part of what is
	// compiled, and nothing would be found in the build cache. vet has no -modfile of its own.
	command := append([]string{"test", "-tags=hooked", "-modfile=" + modfile, "-overlay=" + overlay, "-trimpath", "-vet=off", "-count=1", "-v",
		"-timeout=" + childTimeout(t).String(), ".", "-args"}, args...)
	cmd := exec.CommandContext(t.Context(), "go", command...)
	out, err := cmd.CombinedOutput()
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	passed := 0
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "--- PASS: ") {
			passed++
		}
		if err != nil || strings.Contains(line, "_test.go:") || strings.Contains(line, "--- ") {
			t.Log(line)
		}
	}
	if err = errors.Join(err, lines.Err()); err != nil {
		t.Fatalf("go %s: %v", strings.Join(command, " "), err)
	}
	if passed == 0 {
		t.Fatalf("go %s: no test ran", strings.Join(command, " "))
	}
}

// childTimeout ends the child before the test that waits for it is ended: nobody would end it then.
func childTimeout(t *testing.T) time.Duration {
	const last = 5 * time.Second
	if end, ok := t.Deadline(); ok {
		return max(time.Until(end)-last, last)
	}
	return 4 * time.Hour
}

// moduleDir returns the folder of the module that the test runs in.
func moduleDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", fmt.Errorf("there is no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// writeModfile writes the module's go.mod with the copy in the place of bbolt.
func writeModfile(module, dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", err
	}
	sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return "", err
	}
	b = fmt.Appendf(b, "\nreplace %s => %s\n", bboltPath, filepath.Join(dir, "bbolt"))
	path := filepath.Join(dir, "hooked.mod")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return "", err
	}
	return path, os.WriteFile(filepath.Join(dir, "hooked.sum"), sum, 0o600)
}

// besides are the places where kv/boltkv works on its file beside bbolt.
var besides = map[string][]edit{
	"kv/boltkv/settle.go": {{"file.WriteAt(page, ", "bolt.WriteAt(file, page, "}},
	"kv/boltkv/create.go": {
		{"os.Link(temp.Name(), path)", "bolt.Link(temp.Name(), path)"},
		{"d.Sync()", "bolt.SyncDir(d)"},
	},
}

// knownBesides are the calls of operations in kv/boltkv, as file, function and
// callee. Those that besides does not hook: removing the file of a creation
// that came to nothing, the name on a file system without links, and blocks that
// are set aside change nothing of what a file holds; DB.Sync is hooked in bbolt.
var knownBesides = map[string]bool{
	"create.go create os.Link":                    true,
	"create.go create os.Remove":                  true,
	"create.go create os.Rename":                  true,
	"create.go syncDir d.Sync":                    true,
	"create.go removeLeftovers os.Remove":         true,
	"reserve_linux.go allocate syscall.Fallocate": true,
	"settle.go settle c.store.db.Sync":            true,
	"settle.go rewriteMeta file.WriteAt":          true,
}

// VerifyBesides fails when the store in root does something to its file beside
// bbolt that nobody looked at.
func VerifyBesides(root string) error {
	calls, err := callsIn(filepath.Join(root, "kv", "boltkv"), "")
	if err != nil {
		return err
	}
	for _, call := range calls {
		if !knownBesides[call] {
			return fmt.Errorf("hook kv/boltkv: %s is a new operation on files: hook it, or say in knownBesides why not", call)
		}
	}
	return nil
}

// writeOverlay puts hooks into the files of kv/boltkv that work on the file
// beside bbolt, for the -overlay of the go command.
func writeOverlay(root, dir string) (string, error) {
	if err := VerifyBesides(root); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, list := range besides {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		copied := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(copied, b, 0o600); err != nil {
			return "", err
		}
		if err := apply(copied, list); err != nil {
			return "", fmt.Errorf("hook %s: %w", name, err)
		}
		replace[filepath.Join(root, name)] = copied
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, b, 0o600)
}
