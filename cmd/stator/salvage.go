package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/statordb/stator"
)

const salvageUsage = `Usage: stator salvage FILE NEWFILE [flags]

Saves what is readable in the damaged database FILE into a new one, NEWFILE, which must not exist yet. FILE
is only read, and must not be in use. Not kept are streams and their records, subscriptions,
idempotency tokens, and the progress of work in the background.

Exit codes: 0 everything was saved, 6 NEWFILE is a whole database, and something of FILE is lost, 3 FILE is in use.

Flags:
`

// salvage is stator salvage.
func salvage(ctx context.Context, args []string, stdout io.Writer) error {
	var o stator.SalvageOptions
	set := flag.NewFlagSet("salvage", flag.ContinueOnError)
	set.BoolVar(&o.Stale, "stale", false, "also take items from free pages when there is no current one: deleted items come back, and others may be older than they were")
	names, err := parse(set, salvageUsage, args, stdout)
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(names) != 2 {
		return usagef("salvage: say which file to save from, and the name of the new one")
	}
	began := time.Now()
	r, err := stator.Salvage(ctx, names[0], names[1], &o)
	switch {
	case errors.Is(err, stator.ErrLocked):
		return &failure{exitLocked, fmt.Errorf("salvage: %s is in use by another process: stop that one first", names[0])}
	case err != nil:
		return errors.New(strings.TrimPrefix(err.Error(), "stator: "))
	}
	if err := printSalvage(stdout, r, names, o.Stale, time.Since(began)); err != nil {
		return err
	}
	if r.Lost() {
		return &failure{exitLost, fmt.Errorf("salvage: %s is a whole database, but something of %s is lost", names[1], names[0])}
	}
	return nil
}

func printSalvage(w io.Writer, r *stator.SalvageReport, names []string, stale bool, took time.Duration) error {
	var b strings.Builder
	printFaults(&b, r.Faults, r.Omitted)
	fmt.Fprintf(&b, "%s: %s, %d skipped, %d cut off and found again\n", names[0], counted(int(r.Pages), "page"), r.SkippedPages, r.LostPages)
	if r.UnknownPages > 0 && !stale {
		fmt.Fprintf(&b, "  %s not taken: with the list of free pages gone, nothing says whether what is on them is current (--stale takes it)\n", counted(int(r.UnknownPages), "page"))
	}
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "  %-20s %s saved", t.Name, counted(int(t.Items), "item"))
		for _, part := range []struct {
			n    int64
			text string
		}{{t.Found, "on pages that were cut off"}, {t.Restored, "from an index"}, {t.Stale, "perhaps outdated or deleted"}} {
			if part.n > 0 {
				fmt.Fprintf(&b, ", %d %s", part.n, part.text)
			}
		}
		switch {
		case t.Counted < 0:
			b.WriteString("; how many there were is lost")
		case t.Counted != t.Items:
			fmt.Fprintf(&b, "; the table counted %d", t.Counted)
		}
		if t.Rebuilt {
			b.WriteString("; its definition is lost, with indexes, tags and settings: the keys were told from its items")
		}
		b.WriteString("\n")
		for _, key := range t.Missing {
			fmt.Fprintf(&b, "    lost: %s\n", key)
		}
		if more := t.MissingCount - int64(len(t.Missing)); more > 0 {
			fmt.Fprintf(&b, "    and %d more\n", more)
		}
	}
	if r.Unreadable > 0 {
		fmt.Fprintf(&b, "  %s could not be read, for a wrong checksum\n", counted(int(r.Unreadable), "item"))
	}
	if r.Orphans > 0 {
		fmt.Fprintf(&b, "  %s of tables that are deleted, or of which nothing is known\n", counted(int(r.Orphans), "item"))
	}
	fmt.Fprintf(&b, "%s: whole, checked; took %v\n", names[1], took.Round(time.Millisecond))
	b.WriteString("Not kept: streams and their records (they are off), subscriptions, idempotency tokens.\n")
	_, err := io.WriteString(w, b.String())
	return err
}
