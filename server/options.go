package server

import (
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"
)

// Options say how a Handler behaves. A nil *Options is all defaults. New copies them.
type Options struct {
	// Hosts are names, or IP addresses, without a port, that requests may be
	// addressed to (in their Host header), besides the loopback names (localhost,
	// 127.0.0.1, [::1], …) and the address at which the connection arrived. "*" is any.
	Hosts []string

	// AllowOrigins are the origins ("https://example.com") whose pages may use
	// the server from a browser: they get the CORS headers that AWS sends. "*"
	// is any. A request with any other Origin than the server's own is refused.
	AllowOrigins []string

	// AllowUnsigned accepts requests without a signature. By default they are
	// refused with MissingAuthenticationTokenException, as on AWS. A signature that
	// is there and malformed is refused in any case.
	AllowUnsigned bool

	// Metrics serves GET /metrics: the Client's counters in the text format of
	// Prometheus, without a signature, to all who can connect. The Client must know
	// api.ReadMetricsInput. false, the default, is 404.
	Metrics bool

	// MaxBodyBytes is the size of the largest request body, also after
	// decompression. 0 or less means 16 MB, which is AWS's limit.
	MaxBodyBytes int64

	// MaxBufferedBytes bounds the bodies of all requests that are being read
	// or served at one time, apart from the first 64 KB of each, and likewise all answers
	// that clients have not read yet. A request that passes the one, or whose answer passes
	// the other although it only reads, is answered ServiceUnavailable, which SDKs try again. 0 or less means 256 MB.
	MaxBufferedBytes int64

	// Logger gets one record for each request: served ones at Debug, those
	// refused before they reached the Client at Info, failures of the server
	// and panics of the Client at Error. nil means slog.Default().
	Logger *slog.Logger

	// Now is where durations in the log come from. nil means time.Now.
	Now func() time.Time

	// RequestID makes the x-amzn-RequestId of an answer. It must be safe for
	// concurrent use. nil makes 52 random letters and digits, as AWS does.
	RequestID func() string
}

const (
	defaultBodyBytes     = 16 << 20
	defaultBufferedBytes = 256 << 20
)

func (o *Options) withDefaults() Options {
	var full Options
	if o != nil {
		full = *o
	}
	if full.MaxBodyBytes <= 0 {
		full.MaxBodyBytes = defaultBodyBytes
	}
	if full.MaxBufferedBytes <= 0 {
		full.MaxBufferedBytes = defaultBufferedBytes
	}
	if full.Logger == nil {
		full.Logger = slog.Default()
	}
	if full.Now == nil {
		full.Now = time.Now
	}
	if full.RequestID == nil {
		full.RequestID = randomID
	}
	return full
}

// randomID returns 256 random bits, five in a character.
func randomID() string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
	var id [52]byte
	var bits uint64
	for i := range id {
		if i%12 == 0 {
			bits = rand.Uint64()
		}
		id[i] = digits[bits&31]
		bits >>= 5
	}
	return string(id[:])
}

// set is a set of names for lookups that ignore case. It is not changed after it is made.
type set struct {
	any   bool
	names map[string]bool
}

func newSet(names []string, trim func(string) string) set {
	s := set{names: make(map[string]bool, len(names))}
	for _, n := range names {
		if n == "*" {
			s.any = true
		}
		s.names[strings.ToLower(trim(n))] = true
	}
	return s
}

func (s set) has(name string) bool {
	return s.any || len(s.names) > 0 && s.names[strings.ToLower(name)]
}
