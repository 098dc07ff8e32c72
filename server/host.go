package server

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// A page in a browser can send requests to servers on its user's machine: with
// a name of its own that it lets point there (DNS rebinding), which shows in
// Host, or across origins, which shows in Origin. Both are refused.

// foreign says why a request is not for this server; "" when it is.
func (x *exchange) foreign() string {
	if !x.h.serves(x.r) {
		return "This server does not answer to the host " + quote(x.r.Host) + "; its options can add names"
	}
	origin := x.header("Origin")
	if origin == "" || isOriginOf(origin, x.r.Host) || x.h.origins.has(origin) {
		return ""
	}
	return "This server does not answer to pages of the origin " + quote(origin) + "; its options can add origins"
}

// quote quotes a text of a stranger, and not more of it than needed.
func quote(s string) string {
	const most = 255
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}

// serves reports whether a request is addressed to this server.
func (h *Handler) serves(r *http.Request) bool {
	name := hostname(r.Host)
	if name == "127.0.0.1" || strings.EqualFold(name, "localhost") || h.hosts.has(name) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	if ip = ip.Unmap(); ip.IsLoopback() {
		return true
	}
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && at.AddrPort().Addr().Unmap().WithZone("") == ip.WithZone("")
}

// hostname returns a host without its port, brackets and final dot.
func hostname(host string) string {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, _, _ = strings.Cut(inner, "]")
		return inner
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host, ':') == i {
		host = host[:i]
	}
	return strings.TrimSuffix(host, ".")
}

// isOriginOf reports whether origin is the one of a page that host served.
func isOriginOf(origin, host string) bool {
	_, from, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(from, host)
}

// allowOrigin lets the page of an allowed origin read the answer.
func (x *exchange) allowOrigin() {
	origin := x.header("Origin")
	if origin == "" {
		return
	}
	header := x.w.Header()
	header.Add("Vary", "Origin")
	if x.h.origins.has(origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", "x-amzn-RequestId, x-amz-crc32")
	}
}

// preflight answers the question whether a page may send its request.
func (x *exchange) preflight() {
	header := x.w.Header()
	if header.Get("Access-Control-Allow-Origin") != "" {
		for ask, grant := range map[string]string{
			"Access-Control-Request-Headers":         "Access-Control-Allow-Headers",
			"Access-Control-Request-Method":          "Access-Control-Allow-Methods",
			"Access-Control-Request-Private-Network": "Access-Control-Allow-Private-Network",
		} {
			if v := x.r.Header.Get(ask); v != "" {
				header.Set(grant, v)
			}
		}
		header.Set("Access-Control-Max-Age", "172800")
	}
	x.send(http.StatusOK, "", nil)
}
