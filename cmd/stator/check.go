package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/statordb/stator"
)

const checkUsage = `Usage: stator check FILE [flags]

Says what is wrong with the database in FILE, or that all is well. FILE is only read, and must not be in
use. The work is done in a process of its own, which is ended when it takes too long.

Exit codes: 0 all is well, 5 FILE is damaged, 3 it is in use by another process.

Flags:
`

// checkFlags are the command line of stator check.
type checkFlags struct {
	path    string
	timeout time.Duration
	json    bool
	child   bool
}

func parseCheck(args []string, stdout io.Writer) (f checkFlags, err error) {
	set := flag.NewFlagSet("check", flag.ContinueOnError)
	set.DurationVar(&f.timeout, "timeout", 0, "how long the check may take; 0 is a minute, and a second for each 10 MB of the file")
	set.BoolVar(&f.json, "json", false, "print the report as JSON")
	set.BoolVar(&f.child, "in-this-process", false, "check in this process, without a limit of time or memory")
	names, err := parse(set, checkUsage, args, stdout)
	switch {
	case err != nil:
		return f, err
	case len(names) != 1:
		return f, usagef("check: say which file to check, one at a time")
	case f.timeout < 0:
		return f, usagef("check: --timeout is %v, want 0 or more", f.timeout)
	}
	f.path = names[0]
	return f, nil
}

// checked is what the process that checks tells the one that prints.
type checked struct {
	Report *stator.CheckReport `json:",omitempty"`
	Locked bool                `json:",omitempty"`
	Error  string              `json:",omitempty"`
}

// check is stator check.
//
// Our own reading of pages ends whatever they say. The check of what is in the tables reads through
// the memory map, and what a damaged disk does to that (an address without memory behind it,
// pages that change) is not for a process to survive by itself: so another one does it, which can be killed.
func check(ctx context.Context, args []string, stdout io.Writer) error {
	f, err := parseCheck(args, stdout)
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if f.child {
		return f.checkHere(ctx, stdout, info.Size())
	}
	if f.timeout == 0 {
		f.timeout = time.Minute + time.Duration(info.Size()/10_000_000)*time.Second
	}
	began := time.Now()
	found, err := f.checkThere(ctx)
	if err != nil {
		return err
	}
	return f.print(stdout, found, time.Since(began))
}

// checkHere is the work of the process that checks: it prints its findings as JSON.
func (f checkFlags) checkHere(ctx context.Context, stdout io.Writer, fileBytes int64) error {
	limitMemory(uint64(fileBytes))
	report, err := stator.CheckFile(ctx, f.path)
	found := checked{Report: report}
	if err != nil {
		found.Locked, found.Error = errors.Is(err, stator.ErrLocked), err.Error()
	}
	return json.NewEncoder(stdout).Encode(found)
}

// checkThere has another process check the file.
func (f checkFlags) checkThere(ctx context.Context) (found checked, err error) {
	self, err := os.Executable()
	if err != nil {
		return found, fmt.Errorf("check: find this program, to start it again: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, self, "check", "--in-this-process", "--", f.path)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return found, fmt.Errorf("check: interrupted: %w", ctx.Err())
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return found, &failure{exitCorrupt, fmt.Errorf("check: %s: the check did not end within %v, which a damaged tree causes, or a slow disk (--timeout gives it longer)", f.path, f.timeout)}
	case err != nil:
		return found, &failure{exitCorrupt, fmt.Errorf("check: %s: the check broke off (%w), which a damaged tree causes: %.500s", f.path, err, &stderr)}
	}
	if err := json.Unmarshal(stdout.Bytes(), &found); err != nil {
		return found, fmt.Errorf("check: read the findings: %w", err)
	}
	if found.Locked {
		return found, &failure{exitLocked, fmt.Errorf("check: %s is in use by another process: stop that one first", f.path)}
	}
	if found.Report == nil {
		return found, errors.New(strings.TrimPrefix(found.Error, "stator: "))
	}
	return found, nil
}

// print tells what was found.
func (f checkFlags) print(w io.Writer, found checked, took time.Duration) error {
	r := found.Report
	var err error
	if f.json {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		err = out.Encode(r)
	} else {
		err = printReport(w, r, f.path, took)
	}
	if n := len(r.Faults) + r.Omitted; err == nil && n > 0 {
		err = &failure{exitCorrupt, fmt.Errorf("check: %s is damaged: %s (stator salvage saves what is readable)", f.path, counted(n, "fault"))}
	}
	return err
}

func printReport(w io.Writer, r *stator.CheckReport, path string, took time.Duration) error {
	var b strings.Builder
	printFaults(&b, r.Faults, r.Omitted)
	word := "whole"
	if len(r.Faults) > 0 {
		word = "DAMAGED"
	}
	fmt.Fprintf(&b, "%s: %s\n", path, word)
	fmt.Fprintf(&b, "  file      %d bytes, %s, %d of them free\n", r.Bytes, counted(int(r.Pages), "page"), r.FreePages)
	if r.Tables > 0 || len(r.Faults) == 0 {
		fmt.Fprintf(&b, "  tables    %d\n  items     %d, %d bytes\n  indexes   %d entries\n  journal   %d records\n", r.Tables, r.Items, r.ItemBytes, r.IndexEntries, r.JournalRecords)
	} else {
		fmt.Fprintln(&b, "  tables and indexes were not compared, for pages are damaged")
	}
	fmt.Fprintf(&b, "  took      %v\n", took.Round(time.Millisecond))
	_, err := io.WriteString(w, b.String())
	return err
}

// printFaults is a line for each fault.
func printFaults(b *strings.Builder, faults []string, omitted int) {
	for _, fault := range faults {
		fmt.Fprintln(b, fault)
	}
	if omitted > 0 {
		fmt.Fprintf(b, "and %d more\n", omitted)
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
