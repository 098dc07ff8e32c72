package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"runtime"

	"github.com/statordb/stator"
	"github.com/statordb/stator/capacity"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/server"
)

// ballastBytes keeps the garbage collector from running after every 4 MB of
// garbage, which is some 400 requests, while the heap is small: memory that is
// never touched takes addresses and no pages, but it counts as in use when the
// collector decides when to run. It saves a tenth of the CPU.
const ballastBytes = 32 << 20

// serve is stator serve.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	f, err := parseServe(args, stdout)
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	certificates, err := f.tls()
	if err != nil {
		return err
	}
	// The address comes first: when it is taken, no file is created for nothing.
	l, err := net.Listen("tcp", f.addr)
	if err != nil {
		return &failure{exitAddress, fmt.Errorf("serve: %w (is a server running there already? --addr chooses another)", err)}
	}
	logger := f.logger(stderr)
	db, err := open(f, logger)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() {
		if closeErr := db.Close(); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("serve: close the database: %w", closeErr))
		}
	}()

	ballast := make([]byte, ballastBytes)
	defer runtime.KeepAlive(ballast)
	if err := announce(stdout, f, l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	hosts := f.hosts
	if host, _, _ := net.SplitHostPort(f.addr); !isAny(host) {
		hosts = append(hosts, host)
	}
	h := server.New(db, &server.Options{
		Hosts: hosts, AllowOrigins: f.origins, AllowUnsigned: f.allowUnsigned, Metrics: f.metrics, Logger: logger,
	})
	grace := f.grace
	if grace == 0 {
		grace = 1 // at once; 0 is the default
	}
	if err := server.Serve(ctx, l, h, &server.ServeOptions{TLS: certificates, Logger: logger, Grace: grace}); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// open opens the database, and says what kept it from that in words for people.
func open(f serveFlags, logger *slog.Logger) (*stator.DB, error) {
	options := &stator.Options{
		Region: f.region, AccountID: f.account, StatusDelay: f.statusDelay,
		MaxSizeBytes: int64(f.maxSize), ReserveBytes: int64(f.reserve),
		BackgroundError: func(err error) { logger.Error("work in the background failed, and is tried again", "error", err) },
	}
	if f.capacity {
		options.Limiter = capacity.New(&capacity.Options{Region: f.region, AccountID: f.account})
	}
	if f.memory {
		db, err := stator.OpenMemory(options)
		if err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
		return db, nil
	}
	db, err := stator.Open(f.path, options)
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, kv.ErrLocked):
		return nil, &failure{exitLocked, fmt.Errorf("serve: %s is in use by another process: stop that one first, or let both use one server (%w)", f.path, err)}
	case errors.Is(err, kv.ErrCorrupt):
		return nil, &failure{exitCorrupt, fmt.Errorf("serve: %s is damaged, or not a Stator database; it was left as it is (%w)", f.path, err)}
	}
	return nil, fmt.Errorf("serve: %w", err)
}

// announce prints what is served, and how to reach it.
func announce(w io.Writer, f serveFlags, at net.Addr) error {
	what := f.path
	if f.memory {
		what = "a database in memory"
	}
	scheme, note := "http", ""
	if f.cert != "" {
		scheme = "https"
	}
	if f.allowRemote {
		note = "\nOther machines can connect, and signatures are not verified: whoever can connect can read and change everything.\n"
	}
	url := scheme + "://" + reachable(at, f.addr)
	_, err := fmt.Fprintf(w, `Serving %s (region %s, account %s)
Listening on %s
%s
With the AWS CLI (any credentials do):

  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=%s AWS_ENDPOINT_URL_DYNAMODB=%s
  aws dynamodb list-tables

`, what, f.region, f.account, url, note, f.region, url)
	return err
}

// reachable returns the address that a client on this machine uses: the host
// that was asked for, unless that was all of them, and the port that was given.
func reachable(at net.Addr, asked string) string {
	host, _, _ := net.SplitHostPort(asked)
	_, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return at.String()
	}
	if isAny(host) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// isAny reports whether a host to listen on stands for all addresses of the machine.
func isAny(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}
