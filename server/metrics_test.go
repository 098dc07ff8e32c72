package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

func TestMetrics(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	refuse := &refusing{}
	db, err := stator.OpenMemory(&stator.Options{Now: func() time.Time { return now }, Limiter: refuse})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	h := server.New(db, quiet(server.Options{Metrics: true}))
	post := func(op, body string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, call{target: op, body: body}.request())
		return w.Code
	}
	require.Equal(t, 200, post("CreateTable", `{"TableName":"users","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],`+
		`"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],`+
		`"GlobalSecondaryIndexes":[{"IndexName":"byN","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`))
	require.Equal(t, 200, post("CreateTable", `{"TableName":"prov","ProvisionedThroughput":{"ReadCapacityUnits":7,"WriteCapacityUnits":8},`+
		`"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}`))
	require.Equal(t, 200, post("PutItem", `{"TableName":"users","Item":{"id":{"S":"a"},"n":{"N":"1"},"v":{"S":"`+strings.Repeat("x", 1500)+`"}}}`))
	require.Equal(t, 200, post("GetItem", `{"TableName":"users","Key":{"id":{"S":"a"}}}`))
	require.Equal(t, 200, post("Query", `{"TableName":"users","IndexName":"byN","KeyConditionExpression":"n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`))
	require.Equal(t, 400, post("PutItem", `{"TableName":"users","Item":{"id":{"S":"a"}},"ConditionExpression":"attribute_not_exists(id)"}`))
	require.Equal(t, 400, post("GetItem", `{"TableName":"nobody","Key":{"id":{"S":"a"}}}`))
	require.Equal(t, 400, post("GetItem", `{"TableName":"users","Key":{}}`))
	refuse.on = true
	require.Equal(t, 400, post("GetItem", `{"TableName":"users","Key":{"id":{"S":"a"}}}`))
	refuse.on = false

	samples := scrape(t, h)
	for sample, want := range map[string]float64{
		`dynamodb_consumed_write_capacity_units_total{table="users"}`:                                        4,
		`dynamodb_consumed_write_capacity_units_total{table="users",index="byN"}`:                            2,
		`dynamodb_consumed_read_capacity_units_total{table="users"}`:                                         0.5,
		`dynamodb_consumed_read_capacity_units_total{table="users",index="byN"}`:                             0.5,
		`dynamodb_conditional_check_failed_requests_total{table="users"}`:                                    1,
		`dynamodb_item_count{table="users"}`:                                                                 1,
		`dynamodb_item_count{table="users",index="byN"}`:                                                     1,
		`dynamodb_provisioned_read_capacity_units{table="prov"}`:                                             7,
		`dynamodb_provisioned_write_capacity_units{table="prov"}`:                                            8,
		`dynamodb_read_throttle_events_total{table="users"}`:                                                 1,
		`dynamodb_throttled_requests_total{table="users",operation="GetItem"}`:                               1,
		`dynamodb_returned_item_count_total{table="users",operation="Query"}`:                                1,
		`dynamodb_user_errors_total`:                                                                         2,
		`dynamodb_successful_request_latency_seconds_count{table="users",operation="GetItem"}`:               1,
		`dynamodb_successful_request_latency_seconds_bucket{table="users",operation="GetItem",le="+Inf"}`:    1,
		`dynamodb_successful_request_latency_seconds_sum{table="users",operation="PutItem"}`:                 0,
		`dynamodb_successful_request_latency_seconds_bucket{table="users",operation="PutItem",le="1.6e-05"}`: 1,
		`dynamodb_system_errors_total{table="users",operation="PutItem"}`:                                    0,
	} {
		got, ok := samples[sample]
		require.True(t, ok, "%s is missing", sample)
		require.Equal(t, want, got, sample)
	}

	// Only tables that there are have metrics.
	require.Equal(t, 200, post("DeleteTable", `{"TableName":"users"}`))
	for sample := range scrape(t, h) {
		require.NotContains(t, sample, `"users"`)
		require.NotContains(t, sample, `"nobody"`)
	}
}

// refusing is a Limiter that refuses when it is on.
type refusing struct{ on bool }

func (r *refusing) Take(_ context.Context, u api.Usage) error {
	if r.on {
		return &api.Error{Code: api.CodeProvisionedThroughput, Message: "no"}
	}
	return nil
}

func (r *refusing) Settle(api.Usage, api.Usage) {}

// scrape reads /metrics and judges it.
func scrape(t *testing.T, h http.Handler) map[string]float64 {
	res, body := do(t, h, call{method: "GET", url: "/metrics", target: "-", headers: []string{"Authorization:"}})
	require.Equal(t, 200, res.StatusCode, body)
	require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", res.Header.Get("Content-Type"))
	samples, err := parseExposition(strings.NewReader(body))
	require.NoError(t, err, body)
	return samples
}

var (
	promComment = regexp.MustCompile(`^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$`)
	promSample  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*")*\})? (\S+)$`)
)

// parseExposition reads the text format of Prometheus and judges what it demands: each family once, in one
// block, after its HELP and TYPE; no sample twice; names that go with the type; buckets that are cumulative and end with +Inf.
func parseExposition(r io.Reader) (map[string]float64, error) {
	samples := map[string]float64{}
	types := map[string]string{}
	helps := map[string]bool{}
	family, last := "", -1.0
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if m := promComment.FindStringSubmatch(line); m != nil {
			switch {
			case m[1] == "HELP" && helps[m[2]]:
				return nil, fmt.Errorf("line %d: %s comes twice", n, m[2])
			case m[1] == "HELP":
				helps[m[2]] = true
			case !helps[m[2]] || types[m[2]] != "":
				return nil, fmt.Errorf("line %d: the type of %s", n, m[2])
			case m[3] != "counter" && m[3] != "gauge" && m[3] != "histogram":
				return nil, fmt.Errorf("line %d: the type %s", n, m[3])
			default:
				family, types[m[2]] = m[2], m[3]
			}
			continue
		}
		m := promSample.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("line %d is no sample: %s", n, line)
		}
		suffix, ok := strings.CutPrefix(m[1], family)
		if !ok {
			return nil, fmt.Errorf("line %d: %s is not of %s", n, m[1], family)
		}
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		id := m[1] + m[2]
		if _, twice := samples[id]; twice {
			return nil, fmt.Errorf("line %d: %s comes twice", n, id)
		}
		samples[id] = v
		switch kind := types[family]; {
		case kind != "histogram" && suffix != "", kind == "counter" && !strings.HasSuffix(family, "_total"), kind == "counter" && v < 0:
			return nil, fmt.Errorf("line %d: no %s: %s", n, kind, line)
		case kind != "histogram":
		case suffix == "_bucket" && v >= last:
			last = v
		case suffix == "_sum" && strings.Contains(id, "{"):
		case suffix == "_count" && v == last:
			last = -1
		default:
			return nil, fmt.Errorf("line %d: no histogram: %s", n, line)
		}
	}
	return samples, lines.Err()
}

// The judge finds faults.
func TestExpositionFaults(t *testing.T) {
	const head = "# HELP a_total x\n# TYPE a_total counter\n"
	for _, text := range []string{
		"a_total 1\n" + head, head + "b_total 1\n", head + "a_total x\n", head + "a_total{b=\"c} 1\n", head + "a_total 1\na_total 1\n", head + head,
		head + "a_total -1\n", "# HELP a x\n# TYPE a counter\na 1\n", "# TYPE a_total counter\n", head + "a_total{b=\"c\",} 1\n",
		"# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n", "# HELP h x\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 2\n",
	} {
		_, err := parseExposition(strings.NewReader(text))
		require.Error(t, err, text)
	}
	_, err := parseExposition(strings.NewReader(head + "a_total{b=\"c\\\"\\\\\",d=\"\"} 1.5\n"))
	require.NoError(t, err)
}

// Without the option there is nothing; a Client that does not know the request is told of.
func TestMetricsOff(t *testing.T) {
	res, body := do(t, server.New(noTables, quiet(server.Options{})), call{method: "GET", url: "/metrics", target: "-"})
	require.Equal(t, 404, res.StatusCode)
	require.NotContains(t, body, "dynamodb")
	res, _ = do(t, server.New(noTables, quiet(server.Options{Metrics: true})), call{method: "GET", url: "/metrics", target: "-"})
	require.Equal(t, 503, res.StatusCode)
	res, _ = do(t, server.New(noTables, quiet(server.Options{Metrics: true})), call{method: "GET", url: "/metrics", target: "-", host: "evil.example"})
	require.Equal(t, 403, res.StatusCode, "as for all other requests")
}

// Labels are quoted, whatever stands in them.
func TestMetricLabels(t *testing.T) {
	name := "a\"b\\c\nd"
	client := clientFunc(func(_ context.Context, in api.Request) (api.Response, error) {
		return &api.ReadMetricsOutput{Metrics: []api.Metric{{Name: "SomeMetric", TableName: name, Sum: 1}}}, nil
	})
	samples := scrape(t, server.New(client, quiet(server.Options{Metrics: true})))
	require.Equal(t, map[string]float64{`dynamodb_some_metric_total{table="a\"b\\c\nd"}`: 1}, samples)
}

// A refusal tells its reasons over HTTP.
func TestThrottlingReasons(t *testing.T) {
	client := clientFunc(func(context.Context, api.Request) (api.Response, error) {
		return nil, &api.Error{Code: api.CodeProvisionedThroughput, Message: "no",
			ThrottlingReasons: []api.ThrottlingReason{{Reason: "TableReadProvisionedThroughputExceeded", Resource: "arn"}}}
	})
	res, body := do(t, server.New(client, quiet(server.Options{})), call{target: "ListTables", body: "{}"})
	require.Equal(t, 400, res.StatusCode)
	require.JSONEq(t, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"no",
		"ThrottlingReasons":[{"reason":"TableReadProvisionedThroughputExceeded","resource":"arn"}]}`, body)
}
