package server

import (
	"compress/gzip"
	"errors"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/wire"
)

// gzipFrom is the size in bytes from which an answer is compressed for those who ask for it.
const gzipFrom = 1 << 10

// answer sends x.out. The checksum is that of the bytes that are sent, after
// compression: SDKs verify it before they decompress.
func (x *exchange) answer(status int) {
	body := x.out
	header := x.w.Header()
	if len(body) >= gzipFrom && acceptsGzip(x.r.Header["Accept-Encoding"]) {
		if squeezed, ok := x.compress(body); ok {
			body = squeezed
			header["Content-Encoding"] = []string{"gzip"}
		}
	}
	x.send(status, x.contentType, body)
}

// send sends an answer with the headers that all have. An empty contentType is none.
func (x *exchange) send(status int, contentType string, body []byte) {
	x.status = status
	header := x.w.Header()
	values := make([]string, 0, 4) // one allocation for all
	set := func(name, value string) {
		values = append(values, value)
		header[name] = values[len(values)-1 : len(values) : len(values)]
	}
	if contentType == "" {
		header["Content-Type"] = nil // keeps net/http from guessing
	} else {
		set("Content-Type", contentType)
	}
	set("X-Amzn-Requestid", x.id)
	set("Content-Length", strconv.Itoa(len(body)))
	if len(body) > 0 {
		set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	}
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body) // who has gone needs no answer
	}
}

// refuse answers a request that never reached the Client.
func (x *exchange) refuse(status int, code api.Code, message string) {
	x.refused = true
	x.fault = &api.Error{Code: code, Message: message}
	x.out, _ = wire.AppendError(x.out[:0], x.fault)
	x.answer(status)
}

// refuseBare answers with a status alone.
func (x *exchange) refuseBare(status int, why error) {
	x.refused = true
	x.fault = why
	x.send(status, "", nil)
}

// notFound is how AWS answers what is not even addressed to the service.
func (x *exchange) notFound() {
	x.refused = true
	x.fault = errNotFound
	x.send(http.StatusNotFound, "", []byte("<UnknownOperationException/>\n"))
}

var errNotFound = errors.New("server: neither a POST of JSON nor a health check")

// compress returns body in gzip's form; ok is false when that failed.
func (x *exchange) compress(body []byte) (_ []byte, ok bool) {
	x.squeezed.Reset()
	if x.zip == nil {
		zip, err := gzip.NewWriterLevel(&x.squeezed, gzip.BestSpeed)
		if err != nil {
			return nil, false
		}
		x.zip = zip
	} else {
		x.zip.Reset(&x.squeezed)
	}
	if _, err := x.zip.Write(body); err != nil {
		return nil, false
	}
	if err := x.zip.Close(); err != nil {
		return nil, false
	}
	return x.squeezed.Bytes(), true
}

// acceptsGzip reports whether gzip is among what the client accepts.
func acceptsGzip(headers []string) bool {
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			name, quality, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				q, ok := strings.CutPrefix(strings.TrimSpace(quality), "q=")
				v, err := strconv.ParseFloat(q, 64)
				return !ok || err == nil && v > 0
			}
		}
	}
	return false
}
