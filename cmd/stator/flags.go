package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
)

// serveFlags are the command line of stator serve.
type serveFlags struct {
	path          string // of the file; "" with memory
	memory        bool
	addr          string
	region        string
	account       string
	logLevel      slog.Level
	logFormat     string
	cert, key     string
	hosts         list
	origins       list
	allowRemote   bool
	allowUnsigned bool
	grace         time.Duration
	statusDelay   time.Duration
	capacity      bool
	metrics       bool
	maxSize       sizeFlag
	reserve       sizeFlag
}

// list is a flag that may be given several times, and each time with several values.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	for v := range strings.SplitSeq(s, ",") {
		if v = strings.TrimSpace(v); v != "" {
			*l = append(*l, v)
		}
	}
	return nil
}

const serveUsage = `Usage: stator serve FILE [flags]
       stator serve --memory [flags]

Serves the DynamoDB JSON protocol until it is interrupted (SIGINT, SIGTERM); then it finishes the
requests that it has accepted and closes the database. It logs to standard error.

Flags:
`

// errHelp: the help was asked for, and printed.
var errHelp = flag.ErrHelp

// parseServe reads the command line of stator serve.
func parseServe(args []string, stdout io.Writer) (serveFlags, error) {
	var f serveFlags
	set := flag.NewFlagSet("serve", flag.ContinueOnError)
	set.BoolVar(&f.memory, "memory", false, "keep the database in memory")
	set.StringVar(&f.addr, "addr", "127.0.0.1:8000", "`host:port` to listen on; port 0 takes any that is free")
	set.StringVar(&f.region, "region", "local", "`region` in the ARNs of tables")
	set.StringVar(&f.account, "account-id", "000000000000", "`account` in the ARNs of tables, 12 digits")
	set.TextVar(&f.logLevel, "log-level", slog.LevelInfo, "`level` of the log: debug (every request), info, warn or error")
	set.StringVar(&f.logFormat, "log-format", "text", "`format` of the log: text or json")
	set.StringVar(&f.cert, "tls-cert", "", "`file` with the TLS certificate and its chain, in PEM")
	set.StringVar(&f.key, "tls-key", "", "`file` with the key of the certificate, in PEM")
	set.Var(&f.hosts, "host", "`name` or address that requests may be addressed to, besides loopback and the one they arrive at; may be repeated; * is any")
	set.Var(&f.origins, "allow-origin", "`origin` whose pages may use the server from a browser; may be repeated; * is any")
	set.BoolVar(&f.allowRemote, "allow-remote", false, "listen on addresses that other machines can reach: anybody who can connect can read and change everything")
	set.BoolVar(&f.allowUnsigned, "allow-unsigned", false, "accept requests without a signature")
	set.DurationVar(&f.statusDelay, "status-delay", 0, "how long tables stay CREATING, UPDATING and DELETING, as on AWS")
	set.BoolVar(&f.capacity, "capacity", false, "throttle as AWS does: by provisioned units, on-demand limits and partitions")
	set.BoolVar(&f.metrics, "metrics", false, "serve GET /metrics, in the text format of Prometheus, to all who can connect")
	set.Var(&f.maxSize, "max-size", "`size` up to which the file may grow, such as 500MB or 10GiB (default no limit but the disk's)")
	set.Var(&f.reserve, "reserve", "`size` that is kept for deletions when the file or the disk is full; none keeps nothing (default a sixteenth of the file, 4MiB to 16MiB, less of a small one)")
	set.DurationVar(&f.grace, "grace", 10*time.Second, "how long accepted requests may go on after an interrupt")

	names, err := parse(set, serveUsage, args, stdout)
	if err != nil {
		return f, err
	}
	return f, f.check(names)
}

// parse reads a command line whose flags may stand before and after its names.
func parse(set *flag.FlagSet, usage string, args []string, stdout io.Writer) (names []string, err error) {
	set.SetOutput(io.Discard) // errors are printed by run
	for {
		err := set.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			set.SetOutput(stdout)
			_, _ = fmt.Fprint(stdout, usage)
			set.PrintDefaults()
			return nil, errHelp
		}
		if err != nil {
			return nil, usagef("%s: %w; stator help %s lists the flags", set.Name(), err, set.Name())
		}
		if set.NArg() == 0 {
			return names, nil
		}
		names, args = append(names, set.Arg(0)), set.Args()[1:]
	}
}

// check judges what was given together.
func (f *serveFlags) check(names []string) error {
	switch {
	case len(names) > 1:
		return usagef("serve: one file is served at a time, not %s", strings.Join(names, ", "))
	case len(names) == 1 && f.memory:
		return usagef("serve: either the file %s or --memory, not both", names[0])
	case len(names) == 0 && !f.memory:
		return usagef("serve: say what to serve: a file, or --memory")
	case f.memory && (f.maxSize != 0 || f.reserve != 0):
		return usagef("serve: --max-size and --reserve are for a file, not for --memory")
	case f.maxSize < 0:
		return usagef("serve: --max-size is none, want a size")
	case (f.cert == "") != (f.key == ""):
		return usagef("serve: --tls-cert and --tls-key go together")
	case f.logFormat != "text" && f.logFormat != "json":
		return usagef("serve: --log-format is %q, want text or json", f.logFormat)
	case f.statusDelay < 0:
		return usagef("serve: --status-delay is %v, want 0 or more", f.statusDelay)
	case f.grace < 0:
		return usagef("serve: --grace is %v, want 0 or more", f.grace)
	}
	if len(names) == 1 {
		f.path = names[0]
	}
	host, _, err := net.SplitHostPort(f.addr)
	if err != nil {
		return usagef("serve: --addr is %q, want host:port", f.addr)
	}
	if !f.allowRemote && !isLoopback(host) {
		return usagef("serve: --addr %s can be reached from other machines, and signatures are not verified: anybody who can connect could read and change everything. "+
			"Use a loopback address such as 127.0.0.1:8000, or say --allow-remote", f.addr)
	}
	return nil
}

// isLoopback reports whether only this machine reaches host. A name other than
// localhost is not looked up: what it stands for can change.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// tls reads the certificate; nil is none.
func (f *serveFlags) tls() (*tls.Config, error) {
	if f.cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("serve: read the certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func (f *serveFlags) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: f.logLevel}
	if f.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
