package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/attr"
)

// usersFile makes a file with a table of 300 items and an index of their keys.
func usersFile(t *testing.T, path string) {
	db, err := stator.Open(path, nil)
	require.NoError(t, err)
	users, err := stator.CreateTable(t.Context(), db, "users", stator.HashKey("id", "S"),
		stator.GlobalIndex("byN", stator.HashKey("n", "N"), stator.KeysOnly()))
	require.NoError(t, err)
	var batch []stator.Item
	for i := range 300 {
		batch = append(batch, stator.Item{"id": attr.S(fmt.Sprintf("u%03d", i)), "n": attr.Int(i % 5), "text": attr.S(strings.Repeat("x", 100))})
	}
	_, err = users.BatchPut(t.Context(), batch)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// damageItem breaks a byte of an item's text.
func damageItem(t *testing.T, path, id string) {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	// The row of the table, and not the entry of the index: only there the text follows.
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(id))
		require.GreaterOrEqual(t, i, 0)
		at += i + len(id)
		if j := bytes.Index(b[at:at+40], []byte("xxxx")); j >= 0 {
			b[at+j+20] ^= 1
			break
		}
	}
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

func TestCheckAndSalvage(t *testing.T) {
	t.Setenv("STATOR_TEST_COMMAND", "1") // of the process that the command starts
	dir := t.TempDir()
	file, saved := filepath.Join(dir, "app.db"), filepath.Join(dir, "saved.db")
	usersFile(t, file)
	try := func(args ...string) (int, string, string) {
		var stdout, stderr output
		code := run(t.Context(), args, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	code, stdout, stderr := try("check", file)
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, file+": whole\n")
	require.Contains(t, stdout, "  tables    1\n  items     300, ")
	require.Contains(t, stdout, "  indexes   300 entries\n  journal   0 records\n")

	db, err := stator.Open(file, nil)
	require.NoError(t, err)
	for _, args := range [][]string{{"check", file}, {"salvage", file, saved}} {
		code, _, stderr = try(args...)
		require.Equal(t, 3, code)
		require.Contains(t, stderr, "in use by another process")
	}
	require.NoError(t, db.Close())

	code, _, stderr = try("check", file, "--timeout", "1ns")
	require.Equal(t, 5, code)
	require.Contains(t, stderr, "the check did not end within 1ns, which a damaged tree causes")

	damageItem(t, file, "u123")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	code, stdout, stderr = try("check", file)
	require.Equal(t, 5, code)
	require.Contains(t, stdout, `table "users", item {id: "u123"}: kv: store is corrupt: checksum of row `)
	require.Contains(t, stdout, file+": DAMAGED\n")
	require.Contains(t, stderr, "stator salvage saves what is readable")
	code, stdout, _ = try("check", "--json", file)
	require.Equal(t, 5, code)
	var report stator.CheckReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.NotEmpty(t, report.Faults)

	code, stdout, stderr = try("salvage", file, saved)
	require.Equal(t, 6, code, stderr)
	require.Contains(t, stdout, "users                299 items saved; the table counted 300\n    lost: {id: \"u123\"}\n  1 item could not be read")
	require.Contains(t, stdout, saved+": whole, checked")
	code, _, stderr = try("salvage", file, saved)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "is there already")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, before, after)
	code, _, stderr = try("check", saved)
	require.Equal(t, 0, code, stderr)
	code, stdout, stderr = try("salvage", saved, filepath.Join(dir, "again.db"))
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, "users                299 items saved\n")

	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{[]string{"check"}, 2, "", "say which file to check"},
		{[]string{"check", "a", "b"}, 2, "", "one at a time"},
		{[]string{"check", "--timeout", "-1s", file}, 2, "", "want 0 or more"},
		{[]string{"check", "--loud", file}, 2, "", "stator help check lists the flags"},
		{[]string{"check", filepath.Join(dir, "none")}, 1, "", "none"},
		{[]string{"check", dir}, 1, "", "it is not a file"},
		{[]string{"salvage", file}, 2, "", "the name of the new one"},
		{[]string{"salvage", filepath.Join(dir, "none"), filepath.Join(dir, "x.db")}, 1, "", "none"},
		{[]string{"help", "check"}, 0, "-timeout", ""},
		{[]string{"help", "salvage"}, 0, "-stale", ""},
	} {
		code, stdout, stderr := try(c.args...)
		require.Equal(t, c.code, code, "%v: %s", c.args, stderr)
		require.Contains(t, stdout, c.stdout)
		require.Contains(t, stderr, c.stderr)
	}
	_, err = os.Stat(filepath.Join(dir, "x.db"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
