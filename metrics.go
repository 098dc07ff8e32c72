package stator

import (
	"context"
	"time"

	"github.com/statordb/stator/api"
)

// Metric is one metric of one table, index or operation, under the name that
// CloudWatch has for it; see api.Metric.
type Metric = api.Metric

// Metrics are what a database has counted; see DB.Metrics.
type Metrics struct {
	Since time.Time // when counting began
	All   []Metric  // in the order of name, table, index and operation
}

// Metrics returns what the database has counted since it was opened: consumed
// units, throttled and failed requests, latencies, what reads returned, and how much tables were given.
func (db *DB) Metrics(ctx context.Context) (Metrics, error) {
	out, err := api.Do(ctx, db, &api.ReadMetricsInput{})
	if err != nil {
		return Metrics{}, err
	}
	return Metrics{Since: out.Since, All: out.Metrics}, nil
}

// Sum sums the metric called name: of the table, or of all when table is "", its indexes with it.
func (m Metrics) Sum(name api.MetricName, table string) float64 {
	sum := 0.0
	for _, x := range m.All {
		if x.Name == name && (table == "" || x.TableName == table) {
			sum += x.Sum
		}
	}
	return sum
}
