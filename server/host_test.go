package server_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/server"
)

func TestHosts(t *testing.T) {
	for name, c := range map[string]struct {
		host    string
		options server.Options
		ok      bool
	}{
		"localhost":            {"localhost:8000", server.Options{}, true},
		"without a port":       {"localhost", server.Options{}, true},
		"in capitals":          {"LocalHost:8000", server.Options{}, true},
		"with a final dot":     {"localhost.:8000", server.Options{}, true},
		"IPv4":                 {"127.0.0.1:8000", server.Options{}, true},
		"another loopback":     {"127.0.0.2", server.Options{}, true},
		"IPv6":                 {"[::1]:8000", server.Options{}, true},
		"IPv6 without a port":  {"[::1]", server.Options{}, true},
		"IPv4 in IPv6":         {"[::ffff:127.0.0.1]:8000", server.Options{}, true},
		"where it arrived":     {"192.0.2.7:8000", server.Options{}, true},
		"another address":      {"192.0.2.8:8000", server.Options{}, false},
		"no address":           {"0.0.0.0:8000", server.Options{}, false},
		"a name":               {"evil.example:8000", server.Options{}, false},
		"a name of localhost":  {"localhost.evil.example", server.Options{}, false},
		"a name with an IP":    {"127.0.0.1.evil.example:8000", server.Options{}, false},
		"a name before":        {"evillocalhost", server.Options{}, false},
		"none":                 {"", server.Options{}, false},
		"a colon":              {":8000", server.Options{}, false},
		"brackets":             {"[localhost", server.Options{}, true},
		"garbage":              {"::::", server.Options{}, false},
		"an added name":        {"db.internal:8000", server.Options{Hosts: []string{"DB.internal"}}, true},
		"added with its port":  {"db.internal:8000", server.Options{Hosts: []string{"db.internal:9000"}}, true},
		"an added address":     {"[2001:db8::1]:8000", server.Options{Hosts: []string{"2001:db8::1"}}, true},
		"below an added name":  {"x.db.internal:8000", server.Options{Hosts: []string{"db.internal"}}, false},
		"any":                  {"anything", server.Options{Hosts: []string{"*"}}, true},
		"an empty added name":  {"evil.example", server.Options{Hosts: []string{""}}, false},
		"none, an empty added": {"evil.example", server.Options{Hosts: []string{"", "a"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := call{body: "{}"}.request()
			r.Host = c.host
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 8000})))
			w := httptest.NewRecorder()
			server.New(noTables, quiet(c.options)).ServeHTTP(w, r)
			body := judge(t, w.Result())
			if c.ok {
				require.Equal(t, 200, w.Code)
				require.Equal(t, empty, body)
				return
			}
			require.Equal(t, 403, w.Code)
			require.Contains(t, body, `{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"This server does not answer to the host `)
		})
	}
	res, body := do(t, server.New(noTables, quiet(server.Options{})), call{method: "GET", host: strings.Repeat("x", 8000)})
	require.Equal(t, 403, res.StatusCode)
	require.Less(t, len(body), 600)
}

func TestOrigins(t *testing.T) {
	for name, c := range map[string]struct {
		origin string
		allow  []string
		ok     bool
		cors   bool // may the page read the answer
	}{
		"no browser":         {"", nil, true, false},
		"a page":             {"https://evil.example", nil, false, false},
		"another local page": {"http://localhost:3000", nil, false, false},
		"a page without":     {"null", nil, false, false},
		"our own":            {"http://localhost:8000", nil, true, false},
		"our own over TLS":   {"https://localhost:8000", nil, true, false},
		"allowed":            {"http://localhost:3000", []string{"http://localhost:3000"}, true, true},
		"allowed in another": {"http://localhost:3000", []string{"http://LOCALHOST:3000"}, true, true},
		"another one":        {"http://localhost:3001", []string{"http://localhost:3000"}, false, false},
		"any":                {"null", []string{"*"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := server.New(noTables, quiet(server.Options{AllowOrigins: c.allow}))
			origin := "Origin: " + c.origin
			res, body := do(t, h, call{body: "{}", headers: []string{origin}})
			preflight, _ := do(t, h, call{method: "OPTIONS", headers: []string{origin, "Authorization:", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-amz-target"}})
			if !c.ok {
				require.Equal(t, 403, res.StatusCode)
				require.Contains(t, body, "AccessDeniedException")
				require.Equal(t, 403, preflight.StatusCode)
			} else {
				require.Equal(t, 200, res.StatusCode)
			}
			if !c.cors {
				require.Empty(t, res.Header.Get("Access-Control-Allow-Origin"))
				require.Empty(t, preflight.Header.Get("Access-Control-Allow-Origin"))
				require.Empty(t, preflight.Header.Get("Access-Control-Allow-Headers"))
				return
			}
			require.Equal(t, c.origin, res.Header.Get("Access-Control-Allow-Origin"))
			require.Contains(t, res.Header.Get("Vary"), "Origin")
			require.Equal(t, 200, preflight.StatusCode)
			require.Equal(t, "POST", preflight.Header.Get("Access-Control-Allow-Methods"))
			require.Equal(t, "x-amz-target", preflight.Header.Get("Access-Control-Allow-Headers"))
			require.Equal(t, "172800", preflight.Header.Get("Access-Control-Max-Age"))
			bad, _ := do(t, h, call{body: "{", headers: []string{origin}})
			require.Equal(t, c.origin, bad.Header.Get("Access-Control-Allow-Origin"), "errors are readable too")
		})
	}
}
