package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServeOptions are the bounds of a server. A nil *ServeOptions is all
// defaults; so is a duration of 0, and a negative one is without bound.
type ServeOptions struct {
	// TLS makes the server speak TLS with these certificates. nil is plain HTTP.
	TLS *tls.Config

	// ReadHeaderTimeout is how long a client may take for the headers of a
	// request. Default 10 s.
	ReadHeaderTimeout time.Duration

	// ReadTimeout is how long it may take for a whole request. Default 60 s.
	ReadTimeout time.Duration

	// WriteTimeout is how long a request may take from the end of its headers to
	// the end of its answer. Default 120 s.
	WriteTimeout time.Duration

	// IdleTimeout is how long a connection may wait for its next request. Default 180 s.
	IdleTimeout time.Duration

	// Grace is how long requests that were accepted may go on after the end of
	// Serve's context, before their connections are closed. Default 10 s.
	Grace time.Duration

	// Logger gets what net/http finds wrong with connections, at Warn, and at
	// Info that Serve is about to end. nil means slog.Default().
	Logger *slog.Logger
}

func (o *ServeOptions) logger() *slog.Logger {
	if o == nil || o.Logger == nil {
		return slog.Default()
	}
	return o.Logger
}

// maxHeaderBytes is what the headers of a request may have; AWS takes 16 KB.
// net/http adds 4 KB of its own to what it is told.
const maxHeaderBytes = 16<<10 - 4<<10

// HTTPServer returns a server with bounds on time and on headers, without which
// a few slow clients could hold it for ever. It speaks HTTP/1.1 alone, as AWS does.
func HTTPServer(h http.Handler, options *ServeOptions) *http.Server {
	var o ServeOptions
	if options != nil {
		o = *options
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           h,
		TLSConfig:         o.TLS.Clone(),
		ReadHeaderTimeout: cmp.Or(o.ReadHeaderTimeout, 10*time.Second),
		ReadTimeout:       cmp.Or(o.ReadTimeout, 60*time.Second),
		WriteTimeout:      cmp.Or(o.WriteTimeout, 120*time.Second),
		IdleTimeout:       cmp.Or(o.IdleTimeout, 180*time.Second),
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         &protocols,
		ErrorLog:          slog.NewLogLogger(options.logger().Handler(), slog.LevelWarn),
	}
}

// Serve serves h on l, which it closes, until ctx ends; then it takes no new
// connection, finishes the requests that it accepted and returns nil. When they
// take longer than the grace, their connections are closed, their contexts
// cancelled, and the error says so. Serve returns after the last of them only
// in the first case. When l fails, Serve returns its error.
func Serve(ctx context.Context, l net.Listener, h http.Handler, options *ServeOptions) error {
	s := HTTPServer(h, options)
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s.BaseContext = func(net.Listener) context.Context { return requests }

	served := make(chan error, 1)
	go func() {
		if s.TLSConfig != nil {
			served <- s.ServeTLS(l, "", "")
		} else {
			served <- s.Serve(l)
		}
	}()
	select {
	case err := <-served:
		return errors.Join(err, s.Close())
	case <-ctx.Done():
	}

	grace := 10 * time.Second
	if options != nil && options.Grace != 0 {
		grace = options.Grace
	}
	last := context.WithoutCancel(ctx)
	options.logger().InfoContext(last, "stopping: finishing the requests that were accepted", "grace", grace)
	if grace > 0 {
		var done context.CancelFunc
		last, done = context.WithTimeout(last, grace)
		defer done()
	}
	err := s.Shutdown(last)
	<-served // http.ErrServerClosed
	if err != nil {
		return errors.Join(errors.New("server: requests that took longer than the grace were cut off"), s.Close())
	}
	return nil
}
