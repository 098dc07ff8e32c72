// Command stator serves a Stator database to AWS SDKs and tools.
//
//	stator serve --memory
//	stator serve app.db --addr 127.0.0.1:8000
//
// stator help says all.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // anything that has no code of its own
	exitUsage   = 2 // the command line
	exitLocked  = 3 // another process has the file open
	exitAddress = 4 // the address cannot be listened on
	exitCorrupt = 5 // the file is damaged, or not a database
	exitLost    = 6 // what is readable was saved, and something is lost
)

const usage = `stator is DynamoDB in one process, on one file or in memory.

Usage:

  stator serve FILE [flags]      serve the database in FILE, which is created when there is none
  stator serve --memory [flags]  serve a database in memory, which is gone afterwards
  stator check FILE              say what is wrong with a database, or that all is well
  stator salvage FILE NEWFILE    save what is readable in a damaged database into a new one
  stator version                 print the version
  stator help [command]          print this, or the flags of a command

Exit codes: 0 done, 1 failed, 2 the command line, 3 the file is in use by another process,
4 the address cannot be listened on, 5 the file is damaged or not a database, 6 something of a damaged file is lost.
`

// failure is an error with an exit code.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usagef is a mistake in the command line.
func usagef(format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...)}
}

// run runs one command until it is done, or ctx ends, and returns the exit
// code. The environment is left alone.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	name := "help"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	} else {
		_, _ = fmt.Fprint(stderr, usage)
		return exitUsage
	}
	var err error
	switch name {
	case "serve":
		err = serve(ctx, args, stdout, stderr)
	case "check":
		err = check(ctx, args, stdout)
	case "salvage":
		err = salvage(ctx, args, stdout)
	case "version", "--version", "-version":
		err = version(stdout)
	case "help", "--help", "-help", "-h":
		err = help(args, stdout)
	default:
		err = usagef("there is no command %q; stator help lists them", name)
	}
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintf(stderr, "stator: %v\n", err)
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	return exitFailure
}

func help(args []string, stdout io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "serve":
			return serve(context.Background(), []string{"--help"}, stdout, io.Discard)
		case "check":
			return check(context.Background(), []string{"--help"}, stdout)
		case "salvage":
			return salvage(context.Background(), []string{"--help"}, stdout)
		}
	}
	_, err := fmt.Fprint(stdout, usage)
	return err
}
