package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// canonical returns the canonical form of a request, which is what is signed.
func (a Authorization) canonical(r *http.Request, payload [sha256.Size]byte) string {
	var b strings.Builder
	b.WriteString(r.Method)
	b.WriteByte('\n')
	canonicalPath(&b, r.URL.EscapedPath())
	b.WriteByte('\n')
	a.canonicalQuery(&b, r.URL.RawQuery)
	b.WriteByte('\n')
	for name := range strings.SplitSeq(a.SignedHeaders, ";") {
		name = strings.ToLower(name)
		b.WriteString(name)
		b.WriteByte(':')
		for i, v := range headerValues(r, name) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == ' ' }), " "))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(a.SignedHeaders)
	b.WriteByte('\n')
	b.WriteString(hex.EncodeToString(payload[:]))
	return b.String()
}

// headerValues returns the values of a header, also of those that net/http
// moves out of Header.
func headerValues(r *http.Request, name string) []string {
	if v := r.Header.Values(name); len(v) > 0 && name != "host" {
		return v
	}
	switch name {
	case "host":
		return []string{r.Host}
	case "content-length":
		if r.ContentLength >= 0 {
			return []string{strconv.FormatInt(r.ContentLength, 10)}
		}
	case "transfer-encoding":
		return r.TransferEncoding
	}
	return nil
}

// canonicalPath writes a path as it was on the wire, without empty and dot
// segments, and encoded once more: every service but S3 signs it so.
func canonicalPath(b *strings.Builder, wire string) {
	clean := path.Clean("/" + wire)
	if strings.HasSuffix(wire, "/") && clean != "/" {
		clean += "/"
	}
	encode(b, clean, "/")
}

// canonicalQuery writes the parameters in the order of their encoded names,
// and of their values, without the signature itself.
func (a Authorization) canonicalQuery(b *strings.Builder, raw string) {
	if raw == "" {
		return
	}
	var pairs []string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if a.Presigned && name == "X-Amz-Signature" {
			continue
		}
		var p strings.Builder
		encode(&p, name, "")
		p.WriteByte('=')
		encode(&p, value, "")
		pairs = append(pairs, p.String())
	}
	// "=" sorts after the digits and "-", which names may have: compare names, then values.
	slices.SortFunc(pairs, func(x, y string) int {
		xn, xv, _ := strings.Cut(x, "=")
		yn, yv, _ := strings.Cut(y, "=")
		if c := strings.Compare(xn, yn); c != 0 {
			return c
		}
		return strings.Compare(xv, yv)
	})
	b.WriteString(strings.Join(pairs, "&"))
}

// unescape decodes one name or value of a query; one that is malformed stays as it is.
func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// encode percent-encodes all but the unreserved characters and those in keep.
func encode(b *strings.Builder, s, keep string) {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '~', strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
}
