package server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/statordb/stator/api"
)

// promType is the media type of the text format.
//
// Source: Prometheus documentation, "Exposition formats", text-based format, version 0.0.4.
const promType = "text/plain; version=0.0.4; charset=utf-8"

// metrics answers GET /metrics.
func (x *exchange) metrics() {
	out, err := api.Do(x.r.Context(), x.h.client, &api.ReadMetricsInput{})
	if err != nil {
		x.refuseBare(http.StatusServiceUnavailable, fmt.Errorf("server: read the metrics: %w", err))
		return
	}
	x.contentType = promType
	x.out = appendMetrics(x.out[:0], out.Metrics)
	x.answer(http.StatusOK)
}

// appendMetrics appends metrics, which must be in the order of their names, as families.
func appendMetrics(dst []byte, list []api.Metric) []byte {
	var last api.MetricName
	for i := range list {
		m := &list[i]
		name, kind := promName(m)
		if i == 0 || m.Name != last {
			dst = fmt.Appendf(dst, "# HELP %s %s of AWS/DynamoDB%s\n# TYPE %[1]s %[4]s\n", name, m.Name, promHelp(m.Name), kind)
			last = m.Name
		}
		if m.Buckets == nil {
			dst = appendSample(dst, name, "", m, "", m.Sum)
			continue
		}
		const second = 1000 // ms
		below := int64(0)
		for _, b := range m.Buckets {
			below += b.Count
			dst = appendSample(dst, name, "_bucket", m, strconv.FormatFloat(b.UpTo/second, 'g', -1, 64), float64(below))
		}
		dst = appendSample(dst, name, "_bucket", m, "+Inf", float64(m.Count))
		dst = appendSample(dst, name, "_sum", m, "", m.Sum/second)
		dst = appendSample(dst, name, "_count", m, "", float64(m.Count))
	}
	return dst
}

// appendSample appends one line.
func appendSample(dst []byte, name, suffix string, m *api.Metric, le string, v float64) []byte {
	dst = append(append(dst, name...), suffix...)
	open := byte('{')
	label := func(name, value string) {
		if value == "" {
			return
		}
		dst = append(append(append(dst, open), name...), '=', '"')
		dst = append(append(dst, labelEscapes.Replace(value)...), '"')
		open = ','
	}
	label("table", m.TableName)
	label("index", m.IndexName)
	label("operation", m.Operation)
	label("le", le)
	if open == ',' {
		dst = append(dst, '}')
	}
	dst = append(dst, ' ')
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	return append(dst, '\n')
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// promName returns a metric's name and type as Prometheus has them: words joined by underscores, sums with _total, and
// the latency in seconds.
func promName(m *api.Metric) (name, kind string) {
	b := []byte("dynamodb")
	for _, c := range []byte(m.Name) {
		if 'A' <= c && c <= 'Z' {
			b = append(b, '_')
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	switch {
	case m.Buckets != nil:
		return string(b) + "_seconds", "histogram"
	case m.Gauge:
		return string(b), "gauge"
	}
	return string(b) + "_total", "counter"
}

// promHelp adds to a name what it does not say itself.
func promHelp(name api.MetricName) string {
	switch name {
	case api.MetricConsumedReadCapacityUnits, api.MetricConsumedWriteCapacityUnits:
		return ": capacity units, of a table or a global index"
	case api.MetricProvisionedReadCapacityUnits, api.MetricProvisionedWriteCapacityUnits:
		return ": capacity units a second"
	case api.MetricReadThrottleEvents, api.MetricWriteThrottleEvents:
		return ": items and pages that were refused"
	case api.MetricThrottledRequests:
		return ": requests that were refused as a whole"
	case api.MetricSystemErrors:
		return ": answers of HTTP status 500 and 503"
	case api.MetricUserErrors:
		return ": answers of HTTP status 400 that have no metric of their own"
	}
	return ""
}
