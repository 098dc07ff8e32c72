package hooked_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/reliability/hooked"
)

// TestGenerate: the hooks fit the bbolt of go.mod, and a bbolt that is another is refused, whichever place is.
func TestGenerate(t *testing.T) {
	source, err := hooked.Source(".")
	require.NoError(t, err)
	require.NoError(t, hooked.Generate(source, filepath.Join(t.TempDir(), "copy")))

	for _, c := range []struct{ file, old, new, want string }{
		{"tx.go", "tx.db.ops.writeAt(buf, offset)", "tx.db.file.WriteAt(buf, offset)", "tx.go write tx.db.file.WriteAt"},
		{"tx.go", "tx.db.freelist.Write(p)", "tx.db.freelist.Write(p); _ = fdatasync(tx.db)", "commitFreelist fdatasync"},
		{"tx.go", "// gofail: var beforeSyncMetaPage", "// gofail: var other", "is there 0 times"},
		{"db.go", "db.file.Sync()", "db.file.SyncAll()", "is there 0 times"},
		{"db.go", "db.ops.writeAt = nil", "_ = syscall.Pwrite; syscall.Pwrite(0, nil, 0)", "syscall.Pwrite"},
	} {
		changed := filepath.Join(t.TempDir(), "changed")
		require.NoError(t, os.CopyFS(changed, os.DirFS(source)))
		path := filepath.Join(changed, c.file)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(b), c.old)
		require.NoError(t, os.Chmod(path, 0o600))
		require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(b), c.old, c.new, 1)), 0o600))
		require.ErrorContains(t, hooked.Generate(changed, filepath.Join(t.TempDir(), "copy")), c.want, c.new)
	}
}

// TestVerifyBesides: a write of kv/boltkv to its file that no hook knows is refused.
func TestVerifyBesides(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, hooked.VerifyBesides(filepath.Join("..", "..")))
	dir := filepath.Join(root, "kv", "boltkv")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "kv", "boltkv"))))
	require.NoError(t, hooked.VerifyBesides(root))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more.go"), []byte("package boltkv\n\nfunc more(f *os.File) { f.Truncate(0) }\n"), 0o600))
	require.ErrorContains(t, hooked.VerifyBesides(root), "more.go more f.Truncate")
}
