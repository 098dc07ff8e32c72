package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/sigv4"
	"github.com/statordb/stator/internal/wire"
)

// buffers are what an exchange keeps from one request to the next.
type buffers struct {
	signatures sigv4.Parser

	body     []byte // of the request, decompressed
	out      []byte // body of the answer
	squeezed bytes.Buffer
	packed   packed
	source   *bufio.Reader // of packed
	unzip    *gzip.Reader  // of source
	zip      *gzip.Writer

	charged int64 // of Handler.buffered
	sending int64 // of Handler.sending
}

// Each request may use freeBytes that nobody counts. A buffer of up to maxReused is used again.
const (
	freeBytes = 64 << 10
	maxReused = freeBytes + bytes.MinRead
)

// The outcomes of reading a body besides success.
var (
	errTooLarge = errors.New("server: the body is too large")
	errBusy     = errors.New("server: too many bodies at once")
)

// read reads the body of the request, and decompresses it. It reports whether to go on.
func (x *exchange) read() bool {
	x.body = x.body[:0]
	if x.r.Body == nil || x.r.ContentLength == 0 {
		return true
	}
	var err error
	switch {
	case x.r.ContentLength > x.h.opt.MaxBodyBytes:
		err = errTooLarge
	case strings.EqualFold(x.header("Content-Encoding"), "gzip"):
		err = x.readPacked()
	default:
		x.body, err = x.readAll(x.body, x.r.Body, x.r.ContentLength)
	}
	return x.hasRead(err)
}

// readPacked reads a compressed body. What is wrong with its compression is
// kept for decompressed, for other faults of a request come first.
func (x *exchange) readPacked() (err error) {
	x.packed = packed{body: x.r.Body, left: x.h.opt.MaxBodyBytes}
	defer func() { x.packed = packed{} }()
	if x.unzip == nil {
		x.source = bufio.NewReader(&x.packed)
		x.unzip = new(gzip.Reader)
	} else {
		x.source.Reset(&x.packed)
	}
	if err = x.unzip.Reset(x.source); err == nil {
		x.body, err = x.readAll(x.body, x.unzip, -1)
	}
	switch {
	case x.packed.err != nil && x.packed.err != io.EOF:
		return x.packed.err
	case err == io.EOF: // there is nothing
		return nil
	case err != nil && err != errTooLarge && err != errBusy:
		x.damaged = err
		x.drain()
		return nil
	}
	return err
}

// packed is a compressed body. It tells errors of its own from those of what unpacks it.
type packed struct {
	body io.Reader
	left int64 // how many bytes more it may have
	err  error
}

func (p *packed) Read(b []byte) (n int, err error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err = p.body.Read(b)
	if p.left -= int64(n); p.left < 0 {
		err = errTooLarge
	}
	p.err = err
	return n, err
}

// decompressed answers a request whose body was not compressed as it says, and reports whether to go on.
func (x *exchange) decompressed() bool { return x.hasRead(x.damaged) }

// hasRead answers a request whose body could not be read, and reports whether it could.
func (x *exchange) hasRead(err error) bool {
	if err == nil {
		return true
	}
	x.releaseBody() // the client may take its time to send the rest
	switch {
	case errors.Is(err, errTooLarge):
		x.drain()
		x.refuseBare(http.StatusRequestEntityTooLarge, err)
	case errors.Is(err, errBusy):
		x.drain()
		x.refuse(http.StatusServiceUnavailable, api.CodeServiceUnavailable, "The server is reading too many large requests; try again")
	case errors.Is(err, os.ErrDeadlineExceeded) || isTimeout(err):
		x.w.Header().Set("Connection", "close")
		x.refuseBare(http.StatusRequestTimeout, err)
	default: // cut off, chunks that are none, or not gzip: in any case no JSON
		x.drain()
		x.refuse(http.StatusBadRequest, api.CodeSerialization, "")
	}
	return false
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

// readAll appends what source holds to b, which grows with what has come, to
// four times that at most, and not with what was announced: an announcement costs the client nothing.
func (x *exchange) readAll(b []byte, source io.Reader, announced int64) ([]byte, error) {
	if want := min(announced, freeBytes) + bytes.MinRead; int64(cap(b)) < want {
		b = make([]byte, 0, want)
	}
	for {
		if len(b) == cap(b) {
			size := min(4*int64(cap(b)), x.h.opt.MaxBodyBytes+bytes.MinRead)
			if announced >= int64(len(b)) { // what sends more than it announced is not believed
				size = min(size, announced+bytes.MinRead)
			}
			if !x.charge(counted(size) - counted(int64(cap(b)))) {
				return b, errBusy
			}
			grown := make([]byte, len(b), max(size, int64(len(b))+1))
			copy(grown, b)
			b = grown
		}
		n, err := source.Read(b[len(b):min(int64(cap(b)), x.h.opt.MaxBodyBytes+1)])
		b = b[:len(b)+n]
		if int64(len(b)) > x.h.opt.MaxBodyBytes {
			return b, errTooLarge
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// counted returns how much of a buffer is charged.
func counted(capacity int64) int64 { return max(capacity-maxReused, 0) }

// charge takes n bytes of what all bodies together may use.
func (x *exchange) charge(n int64) bool {
	x.charged += n
	return x.h.buffered.Add(n) <= x.h.opt.MaxBufferedBytes
}

// chargeAnswer takes what the answer needs of what all answers together may
// use, and reports whether there is so much. What has changed something is
// answered in any case.
func (x *exchange) chargeAnswer() bool {
	x.sending = max(int64(len(x.out))-freeBytes, 0)
	if x.sending == 0 || x.h.sending.Add(x.sending) <= x.h.opt.MaxBufferedBytes || x.op.Class != api.Read {
		return true
	}
	x.h.sending.Add(-x.sending)
	x.sending, x.out = 0, nil
	return false
}

// bodyIsGiven reports whether the request may have the memory of its body: releaseBody drops it.
func (x *exchange) bodyIsGiven() bool { return cap(x.body) > maxReused }

// tenure is what becomes of the body when it is decoded.
func (x *exchange) tenure() wire.Tenure {
	switch {
	case x.bodyIsGiven():
		return wire.Owned
	case x.h.borrows:
		return wire.Lent
	}
	return wire.Passing
}

// releaseBody gives back what was charged for the body, and drops a buffer
// that is too large to be used again without being counted.
func (x *exchange) releaseBody() {
	if x.charged != 0 {
		x.h.buffered.Add(-x.charged)
		x.charged = 0
	}
	if x.bodyIsGiven() {
		x.body = nil
	}
}

// release gives back all that was charged, and buffers that are too large to keep.
func (x *exchange) release() {
	x.releaseBody()
	if x.sending != 0 {
		x.h.sending.Add(-x.sending)
		x.sending = 0
	}
	if cap(x.out) > maxKept {
		x.out = nil
	}
	if x.squeezed.Cap() > maxKept {
		x.squeezed = bytes.Buffer{}
	}
}

// drain reads what is left of the body, within bounds: a client that is still
// sending when it is answered takes that for a broken connection.
func (x *exchange) drain() {
	if x.r.Body == nil {
		return
	}
	n, err := io.CopyN(io.Discard, x.r.Body, x.h.opt.MaxBodyBytes+1)
	if n > x.h.opt.MaxBodyBytes || err != nil && err != io.EOF {
		x.w.Header().Set("Connection", "close")
	}
}
