package clients_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noRegistry is how npm says that it cannot reach one.
var noRegistry = regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|E50[0-9]`)

// prepareJS returns the command that runs a script with the packages of the lock file.
func prepareJS(script string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		node, npm := look(t, "node"), look(t, "npm")
		out, err := exec.Command(node, "--version").Output()
		require.NoError(t, err)
		if v, ok := versionIn(string(out), "v"); !ok || v.major < 20 {
			missing(t, "node %s is too old", strings.TrimSpace(string(out)))
		}
		t.Logf("node %s", out)
		// Packages are looked for from where the script is.
		dir := t.TempDir()
		require.NoError(t, os.Symlink(installed(t, npm), filepath.Join(dir, "node_modules")))
		at := filepath.Join(dir, script)
		require.NoError(t, os.CopyFS(dir, os.DirFS(testdata(t, "js"))))
		return []string{node, at}
	}
}

// installed returns the folder node_modules of the lock file's packages, in the
// user's cache, so that they are fetched once.
func installed(t *testing.T, npm string) string {
	hash := sha256.New()
	for _, name := range []string{".npmrc", "package.json", "package-lock.json"} {
		text, err := os.ReadFile(testdata(t, "js", name))
		require.NoError(t, err)
		hash.Write(text)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "stator-clients", hex.EncodeToString(hash.Sum(nil)[:8]))
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "installing-")
	require.NoError(t, err)
	defer os.RemoveAll(fresh)
	require.NoError(t, os.CopyFS(fresh, os.DirFS(testdata(t, "js"))))

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "ci", "--fetch-retries=1", "--fetch-timeout=30000")
	cmd.Dir = fresh
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		missing(t, "npm ci took more than 3 minutes: %s", lastLine(string(out)))
	case err != nil && noRegistry.Match(out):
		missing(t, "npm reaches no registry: %s", noRegistry.Find(out))
	}
	require.NoError(t, err, "%s", out)
	if err := os.Rename(fresh, dir); err != nil {
		_, other := os.Stat(modules) // another run was faster
		require.NoError(t, other, "%v", err)
	}
	return modules
}

// The lock file tells what each package must be, and not where it came from.
func TestLockFileNamesNoRegistry(t *testing.T) {
	text, err := os.ReadFile(testdata(t, "js", "package-lock.json"))
	require.NoError(t, err)
	require.Contains(t, string(text), `"integrity"`)
	require.NotContains(t, string(text), `"resolved"`)
}
