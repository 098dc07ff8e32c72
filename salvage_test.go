package stator_test

import (
	"bytes"
	"context"
	"encoding/binary"
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

// TestSalvageOfTwoForOne: the position of a row says the place of the next one, which is so found twice, and itself not at all.
func TestSalvageOfTwoForOne(t *testing.T) {
	const pageSize, leafPage = 4096, 2
	path := filepath.Join(t.TempDir(), "app.db")
	db, err := stator.Open(path, nil)
	require.NoError(t, err)
	users, err := stator.CreateTable(t.Context(), db, "users", stator.HashKey("id", "S"))
	require.NoError(t, err)
	const items = 200
	for i := range items {
		require.NoError(t, users.Put(t.Context(), stator.Item{"id": attr.S(fmt.Sprintf("%05d", i)), "name": attr.S("the same size as others")}))
	}
	require.NoError(t, db.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	u32, order := binary.NativeEndian.Uint32, binary.NativeEndian
	damaged := 0
	for at := 0; at+pageSize <= len(b); at += pageSize {
		p := b[at : at+pageSize]
		if order.Uint16(p[8:]) != leafPage || order.Uint64(p) != uint64(at/pageSize) || order.Uint16(p[10:]) < 12 {
			continue
		}
		e, next := p[16+8*16:], p[16+9*16:]
		if u32(e[8:]) != u32(next[8:]) || u32(e[12:]) != u32(next[12:]) || !bytes.Contains(p, []byte("the same size")) {
			continue
		}
		order.PutUint32(e[4:], u32(next[4:])+16)
		damaged++
	}
	require.Positive(t, damaged)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	report, err := stator.Salvage(t.Context(), path, path+".new", nil)
	require.NoError(t, err)
	require.Len(t, report.Tables, 1)
	require.EqualValues(t, items, report.Tables[0].Counted)
	require.Less(t, report.Tables[0].Items, int64(items))
	require.True(t, report.Lost())
}
