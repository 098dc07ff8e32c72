package server

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/statordb/stator/api"
)

// Handler serves the requests of AWS's SDKs with a Client. It is safe for
// concurrent use.
type Handler struct {
	client    api.Client
	borrows   bool // the client, see api.Borrower
	opt       Options
	hosts     set
	origins   set
	buffered  atomic.Int64 // bytes of bodies beyond the first 64 KB of each
	sending   atomic.Int64 // bytes of answers, likewise
	admission admission
	exchanges sync.Pool // of *exchange
}

var _ http.Handler = (*Handler)(nil)

// New returns a Handler that serves requests with client. It owns nothing:
// whoever opened the client closes it, after the last request.
func New(client api.Client, options *Options) *Handler {
	full := options.withDefaults()
	b, ok := client.(api.Borrower)
	return &Handler{
		client:  client,
		borrows: ok && b.Borrows(client),
		opt:     full,
		hosts:   newSet(full.Hosts, hostname),
		origins: newSet(full.AllowOrigins, func(s string) string { return s }),

		admission: newAdmission(),
	}
}

// ServeHTTP serves one request. It reads the whole body, within its bounds,
// before it answers. A panic of the Client is logged and answered with
// InternalServerError; http.ErrAbortHandler passes through.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, ok := h.exchanges.Get().(*exchange)
	if !ok {
		x = new(exchange)
	}
	x.begin(h, w, r)
	defer func() {
		if p := recover(); p != nil {
			x.panicked(p)
			x.finish()
			return // and the exchange is not used again
		}
		x.finish()
		h.exchanges.Put(x)
	}()
	x.serve()
}
