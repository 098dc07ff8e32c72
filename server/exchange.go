package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/sigv4"
	"github.com/statordb/stator/internal/wire"
)

// exchange is one request and its answer. Exchanges are used again for the
// sake of their buffers.
type exchange struct {
	h       *Handler
	w       http.ResponseWriter
	r       *http.Request
	started time.Time // only when the request is logged

	buffers

	id          string
	contentType string // of the answer
	op          api.Operation
	in          api.Request // nil when it is served
	table       string      // that the request was about, once it is served
	status      int         // of the answer; 0 is none yet
	fault       error       // what was answered, for the log
	refused     bool        // before the Client saw it
	damaged     error       // what is wrong with the compression of the body
}

// maxKept is the capacity up to which a buffer is kept for the next exchange.
const maxKept = 1 << 20

func (x *exchange) begin(h *Handler, w http.ResponseWriter, r *http.Request) {
	x.h, x.w, x.r = h, w, r
	if h.opt.Logger.Enabled(r.Context(), slog.LevelDebug) {
		x.started = h.opt.Now()
	}
}

// finish logs the exchange and leaves nothing of it but its buffers.
func (x *exchange) finish() {
	x.log()
	x.release()
	*x = exchange{buffers: x.buffers}
}

const (
	jsonAmazon = "application/x-amz-json-1.0"
	jsonPlain  = "application/json"
)

// serve answers the request.
func (x *exchange) serve() {
	x.id = x.h.opt.RequestID()
	x.contentType = jsonAmazon
	if fault := x.foreign(); fault != "" {
		x.drain()
		x.refuse(http.StatusForbidden, api.CodeAccessDenied, fault)
		return
	}
	x.allowOrigin()
	if !x.read() {
		return
	}
	switch {
	case x.r.Method == http.MethodOptions && x.header("Origin") != "":
		x.preflight()
		return
	case x.r.Method == http.MethodGet && (x.r.URL.Path == "/" || x.r.URL.Path == "/ping"):
		x.healthy()
		return
	case x.h.opt.Metrics && x.r.Method == http.MethodGet && x.r.URL.Path == "/metrics":
		x.metrics()
		return
	}
	contentType, _, _ := strings.Cut(x.header("Content-Type"), ";")
	contentType = strings.TrimSpace(contentType)
	amazon, plain := strings.EqualFold(contentType, jsonAmazon), strings.EqualFold(contentType, jsonPlain)
	if x.r.Method != http.MethodPost || (len(x.body) > 0 || x.damaged != nil) && !amazon && !plain {
		x.notFound()
		return
	}
	if !amazon {
		x.contentType = jsonPlain
	}
	if !x.decompressed() {
		return
	}
	if !x.target() || !x.signed() {
		return
	}
	x.operate()
}

// header returns the value of a header of the request, whose name must be in
// the canonical form: a look-up, without Get's check of the name.
func (x *exchange) header(name string) string {
	if v := x.r.Header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// target finds the operation that is asked for.
func (x *exchange) target() bool {
	target := x.header("X-Amz-Target")
	service, name, _ := strings.Cut(target, ".")
	op, ok := api.Lookup(name)
	if ok && !op.Native && op.API == service {
		x.op = op
		return true
	}
	message := ""
	if isOperation(service, name) {
		message = name + " is not supported by this server"
	}
	x.refuseJSON(http.StatusBadRequest, api.CodeUnknownOperation, message)
	return false
}

// signed judges the form of the signature. Any that is whole is accepted.
func (x *exchange) signed() bool {
	_, err := x.signatures.Parse(x.r)
	if err == nil {
		return true
	}
	f, ok := errors.AsType[*sigv4.Fault](err)
	if !ok {
		f = &sigv4.Fault{Code: sigv4.IncompleteSignature}
	}
	if f.Code == sigv4.MissingAuthenticationToken && x.h.opt.AllowUnsigned && x.header("Authorization") == "" {
		return true
	}
	x.refuseJSON(http.StatusBadRequest, api.Code(f.Code), f.Message)
	return false
}

// refuseJSON refuses a request unless something comes before that: AWS parses
// the body before it looks at the target and the signature.
func (x *exchange) refuseJSON(status int, code api.Code, message string) {
	if len(x.body) > 0 && !json.Valid(x.body) {
		status, code, message = http.StatusBadRequest, api.CodeSerialization, ""
	}
	x.refuse(status, code, message)
}

// operate answers the request with what the Client makes of it. A client may
// take minutes to read its answer, and all that time only the answer is kept:
// neither the request and its body nor a turn for large bodies.
func (x *exchange) operate() {
	status := x.outcome()
	x.table, x.in = tableOf(x.in), nil
	if x.bodyIsGiven() {
		x.table = strings.Clone(x.table) // it is a part of the body's text
	}
	x.releaseBody()
	x.answer(status)
}

// outcome decodes the request, lets the Client serve it and writes the answer to x.out.
func (x *exchange) outcome() (status int) {
	places, err := x.h.admission.admit(x.r.Context(), len(x.body))
	if err != nil {
		return x.failure(err) // the client has gone
	}
	defer x.h.admission.leave(places)
	in, lease, err := wire.DecodeBuffer(x.op, x.body, x.tenure())
	if err != nil {
		x.refused = true
		return x.failure(err)
	}
	x.in = in
	status = x.written(x.response())
	lease.End() // not when the Client panics: nobody knows who still looks at the request then
	return status
}

// written writes what the Client answered to x.out.
func (x *exchange) written(out api.Response, err error) (status int) {
	if err != nil {
		return x.failure(err)
	}
	x.out, err = wire.Append(x.out[:0], out)
	if err != nil {
		return x.failure(fmt.Errorf("server: write the answer of %s: %w", x.op.Name, err))
	}
	if !x.chargeAnswer() {
		return x.failure(&api.Error{Code: api.CodeServiceUnavailable, Message: "The server is sending too many large answers; try again"})
	}
	return http.StatusOK
}

func (x *exchange) response() (api.Response, error) {
	if in, ok := x.in.(*api.DescribeEndpointsInput); ok {
		return x.endpoints(in)
	}
	out, err := x.h.client.Serve(x.r.Context(), x.in)
	if err == nil && out == nil {
		return nil, fmt.Errorf("server: %s was answered with nothing", x.op.Name)
	}
	return out, err
}

// fail answers with an error.
func (x *exchange) fail(err error) { x.answer(x.failure(err)) }

// failure writes an error to x.out. What has no code of AWS stays in the log.
func (x *exchange) failure(err error) (status int) {
	x.fault = err
	x.out, status = wire.AppendError(x.out[:0], err)
	return status
}

// panicked answers a request on which the Client panicked, if nothing was answered yet.
func (x *exchange) panicked(p any) {
	if p == http.ErrAbortHandler {
		x.release()
		panic(p)
	}
	x.h.opt.Logger.LogAttrs(context.WithoutCancel(x.r.Context()), slog.LevelError, "panic",
		slog.String("request_id", x.id), slog.String("operation", x.op.Name),
		slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	if x.status == 0 {
		x.fail(fmt.Errorf("server: panic: %v", p))
	}
}
