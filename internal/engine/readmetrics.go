package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/statordb/stator/api"
)

// readMetrics returns the counters; see api.ReadMetricsInput.
func (e *Engine) readMetrics(ctx context.Context, in *api.ReadMetricsInput) (*api.ReadMetricsOutput, error) {
	all := e.catalog.Load()
	names := all.names
	if in.TableName != nil {
		names = []string{tableName(in.TableName)}
		if all.tables[names[0]] == nil {
			return nil, tableNotFound(names[0])
		}
	}
	r := metricsReader{out: &api.ReadMetricsOutput{Since: e.meters.since}}
	if in.TableName == nil {
		r.general(e.meters.general)
	}
	for _, name := range names {
		t := all.tables[name]
		n, err := e.counts(ctx, t.rec)
		if err != nil {
			return nil, err
		}
		r.table(t, n)
	}
	slices.SortStableFunc(r.out.Metrics, func(a, b api.Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.TableName, b.TableName), cmp.Compare(a.IndexName, b.IndexName), cmp.Compare(a.Operation, b.Operation))
	})
	return r.out, nil
}

// metricsReader makes a list of metrics.
type metricsReader struct {
	out *api.ReadMetricsOutput
}

func (r *metricsReader) add(m api.Metric) { r.out.Metrics = append(r.out.Metrics, m) }

func (r *metricsReader) counter(name api.MetricName, t *table, x *index, n int64, unit float64) {
	m := api.Metric{Name: name, Sum: float64(n) * unit}
	if t != nil {
		m.TableName = t.name
	}
	if x != nil {
		m.IndexName = x.name
	}
	r.add(m)
}

func (r *metricsReader) gauge(name api.MetricName, t *table, x *index, n int64) {
	m := api.Metric{Name: name, TableName: t.name, Sum: float64(n), Gauge: true}
	if x != nil {
		m.IndexName = x.name
	}
	r.add(m)
}

func (r *metricsReader) general(m *tableMeters) {
	var userErrors int64
	for i := range m.copies {
		userErrors += m.copies[i].userErrors.Load()
	}
	r.counter(api.MetricUserErrors, nil, nil, userErrors, 1)
	r.operations(nil, m)
}

func (r *metricsReader) table(t *table, n counts) {
	var u unitSums
	var conditions, conflicts, expired int64
	for i := range t.meters.copies {
		c := &t.meters.copies[i]
		u.add(&c.units)
		conditions += c.conditions.Load()
		conflicts += c.conflicts.Load()
		expired += c.expired.Load()
	}
	r.units(t, nil, u, t.rec.Throughput, n.rows.entries)
	r.counter(api.MetricConditionalCheckFailedRequests, t, nil, conditions, 1)
	r.counter(api.MetricTransactionConflict, t, nil, conflicts, 1)
	r.counter(api.MetricTimeToLiveDeletedItemCount, t, nil, expired, 1)
	for _, x := range t.indexes {
		if x.local {
			continue
		}
		u := unitSums{}
		for i := range x.meters.copies {
			u.add(&x.meters.copies[i].unitCounters)
		}
		r.units(t, x, u, x.rec.Throughput, n.indexes[x.id].entries)
	}
	r.operations(t, t.meters)
}

// unitSums are the sums over the copies of unitCounters.
type unitSums struct{ read, write, readThrottled, writeThrottled int64 }

func (s *unitSums) add(c *unitCounters) {
	s.read += c.read.Load()
	s.write += c.write.Load()
	s.readThrottled += c.readThrottled.Load()
	s.writeThrottled += c.writeThrottled.Load()
}

func (r *metricsReader) units(t *table, x *index, u unitSums, given throughputRecord, items int64) {
	r.counter(api.MetricConsumedReadCapacityUnits, t, x, u.read, 0.5)
	r.counter(api.MetricConsumedWriteCapacityUnits, t, x, u.write, 0.5)
	r.counter(api.MetricReadThrottleEvents, t, x, u.readThrottled, 1)
	r.counter(api.MetricWriteThrottleEvents, t, x, u.writeThrottled, 1)
	r.gauge(api.MetricItemCount, t, x, items)
	if t.rec.BillingMode == api.BillingModeProvisioned {
		r.gauge(api.MetricProvisionedReadCapacityUnits, t, x, given.Read)
		r.gauge(api.MetricProvisionedWriteCapacityUnits, t, x, given.Write)
	}
}

// operations adds the metrics of the operations that were asked for; nil is no table.
func (r *metricsReader) operations(t *table, m *tableMeters) {
	for op := range m.operations {
		o := m.operations[op].Load()
		if o == nil {
			continue
		}
		add := func(name api.MetricName, sum int64, count int64) {
			x := api.Metric{Name: name, Operation: operationNames[op], Sum: float64(sum), Count: count}
			if t != nil {
				x.TableName = t.name
			}
			r.add(x)
		}
		var latency, items, throttled, failed, bytes, records, count int64
		buckets := make([]api.MetricBucket, latencyBuckets)
		for i := range o.copies {
			c := &o.copies[i]
			latency += c.latency.Load()
			items += c.items.Load()
			throttled += c.throttled.Load()
			failed += c.failed.Load()
			bytes += c.bytes.Load()
			records += c.records.Load()
			for b := range c.buckets {
				n := c.buckets[b].Load()
				buckets[b].Count += n
				count += n
			}
		}
		add(api.MetricThrottledRequests, throttled, 0)
		add(api.MetricSystemErrors, failed, 0)
		if count == 0 {
			continue
		}
		for b := range buckets {
			buckets[b].UpTo = float64(firstLatencyBucket<<b) / float64(time.Millisecond)
		}
		x := api.Metric{Name: api.MetricSuccessfulRequestLatency, Operation: operationNames[op], Sum: float64(latency) / float64(time.Millisecond), Count: count,
			Buckets: buckets[:latencyBuckets-1]}
		if t != nil {
			x.TableName = t.name
		}
		r.add(x)
		switch op {
		case opQuery, opScan, opExecuteStatement:
			add(api.MetricReturnedItemCount, items, count)
		case opGetRecords:
			add(api.MetricReturnedRecordsCount, records, count)
			add(api.MetricReturnedBytes, bytes, count)
		}
	}
}
