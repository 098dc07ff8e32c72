package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/statordb/stator"
)

// story prints what happens, and remembers how many items each table got.
type story struct {
	w      io.Writer
	counts map[string]int64
}

func (s *story) title(format string, args ...any) { fmt.Fprintf(s.w, "\n"+format+"\n", args...) }
func (s *story) say(format string, args ...any)   { fmt.Fprintf(s.w, "  "+format+"\n", args...) }

// clock returns a function that tells the time since.
func (s *story) clock() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start).Round(10 * time.Microsecond) }
}

// load puts items into a table and tells how that went.
func load[T any](ctx context.Context, s *story, db *stator.DB, table stator.TableOf[T], items []T) error {
	var used stator.Capacity
	done := s.clock()
	n, err := table.Import(ctx, slices.Values(items), stator.Consumed(&used))
	if err != nil {
		return fmt.Errorf("after %d items: %w", n, err)
	}
	took := done()
	if err := s.count(ctx, db, table.Name()); err != nil {
		return err
	}
	d, err := stator.DescribeTable(ctx, db, table.Name())
	if err != nil {
		return err
	}
	rate := ""
	if n >= 1000 {
		rate = fmt.Sprintf(" (%s a second)", thousands(int64(float64(n)/took.Seconds())))
	}
	s.say("%s: %s items, %s, loaded in %s%s; write units: %s and %s for %d indexes",
		table.Name(), thousands(s.counts[table.Name()]), size(*d.TableSizeBytes), took, rate,
		thousands(int64(used.Table)), thousands(int64(used.Units-used.Table)),
		len(d.GlobalSecondaryIndexes)+len(d.LocalSecondaryIndexes))
	return nil
}

// count remembers how many items a table has.
func (s *story) count(ctx context.Context, db *stator.DB, name string) error {
	n, err := db.Table(name).Scan().Count(ctx)
	s.counts[name] = n
	return err
}

// recount finds every table again with as many items.
func (s *story) recount(ctx context.Context, db *stator.DB) error {
	tables, items := 0, int64(0)
	for name, err := range stator.ListTables(ctx, db) {
		if err != nil {
			return err
		}
		n, err := db.Table(name).Scan().Count(ctx)
		if err != nil {
			return err
		}
		if want := s.counts[name]; n != want {
			return fmt.Errorf("table %s has %d items, it had %d", name, n, want)
		}
		tables, items = tables+1, items+n
	}
	if tables != len(s.counts) {
		return fmt.Errorf("there are %d tables, there were %d", tables, len(s.counts))
	}
	s.say("everything is there: %d tables, %s items", tables, thousands(items))
	return nil
}

// thousands writes 4609 as 4,609.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// bytes writes a size for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

func fileSize(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return size(info.Size()), nil
}

func join(errs ...error) error { return errors.Join(errs...) }
