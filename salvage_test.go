package stator_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/attr"
)

func ExampleCheckFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, path, saved := context.Background(), filepath.Join(dir, "app.db"), filepath.Join(dir, "saved.db")
	if err := twoUsers(ctx, path); err != nil {
		fmt.Println(err)
		return
	}
	report, err := stator.CheckFile(ctx, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Tables, "table,", report.Items, "items,", len(report.Faults), "faults")

	if err := breakByte(path, "Lovelace"); err != nil {
		fmt.Println(err)
		return
	}
	if report, err = stator.CheckFile(ctx, path); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(report.Faults), "fault")
	salvaged, err := stator.Salvage(ctx, path, saved, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, table := range salvaged.Tables {
		fmt.Println(table.Name, table.Items, "of", table.Counted, "lost:", table.Missing)
	}
	// Output:
	// 1 table, 2 items, 0 faults
	// 1 fault
	// users 1 of 2 lost: [{id: "ada"}]
}

func twoUsers(ctx context.Context, path string) error {
	db, err := stator.Open(path, nil)
	if err != nil {
		return err
	}
	users, err := stator.CreateTable(ctx, db, "users", stator.HashKey("id", "S"))
	if err != nil {
		return err
	}
	for id, name := range map[string]string{"ada": "Lovelace", "grace": "Hopper"} {
		if err := users.Put(ctx, stator.Item{"id": attr.S(id), "name": attr.S(name)}); err != nil {
			return err
		}
	}
	return db.Close()
}

// breakByte changes a bit of a text wherever it stands in a file.
func breakByte(path, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	broken := []byte(text)
	broken[0] ^= 1
	return os.WriteFile(path, bytes.ReplaceAll(b, []byte(text), broken), 0o600)
}

func TestCheckDB(t *testing.T) {
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	users, err := stator.CreateTable(t.Context(), db, "users", stator.HashKey("id", "S"))
	require.NoError(t, err)
	require.NoError(t, users.Put(t.Context(), stator.Item{"id": attr.S("ada")}))
	report, err := db.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	require.EqualValues(t, 1, report.Items)
	require.NoError(t, db.Close())
	_, err = db.Check(t.Context())
	require.ErrorIs(t, err, stator.ErrClosed)

	path := filepath.Join(t.TempDir(), "app.db")
	require.NoError(t, twoUsers(t.Context(), path))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = stator.CheckFile(ctx, path)
	require.ErrorIs(t, err, context.Canceled)
	_, err = stator.Salvage(ctx, path, path+".new", nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = os.Stat(path + ".new")
	require.ErrorIs(t, err, os.ErrNotExist, "what was begun is gone")
	_, err = stator.CheckFile(t.Context(), path+".none")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = stator.Salvage(t.Context(), path, path+".new", &stator.SalvageOptions{Options: &stator.Options{AccountID: "1"}})
	require.ErrorContains(t, err, "AccountID")
}
