package emulator

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/das-local/das-local/internal/stream"
)

// metrics serves GET /metrics in Prometheus' format.
func (e *Emulator) metrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{e}, e.calls, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// collector reads what the parts count anyway, when it is asked to. Counters of a
// stream begin anew with each start of the stream.
type collector struct{ e *Emulator }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("das_local_"+name, help, labels, nil)
}

var (
	descSessions = desc("sessions", "PostgreSQL sessions that are open.", "instance")
	descEvents   = desc("events_total", "Activity events that sessions made while the stream ran, by class.", "instance", "class")
	descWaiting  = desc("audit_backlog_items", "Statements and other steps of sessions that wait to be made events of.", "instance")
	descHeld     = desc("audit_backlog_bytes", "Bytes that they hold; beyond a bound sessions wait.", "instance")
	descFailed   = desc("failed_events_total", "Activity events that have an error message.", "instance")
	descSyncWait = desc("stream_sync_wait_seconds", "Time that sessions waited for batches of a sync stream: of each batch, the session that waited longest.", "cluster")
	descRunning  = desc("stream_running", "1 for each activity stream that runs, by its cluster's resource id.", "cluster")
)

// streamMetric is one number of a stream.
type streamMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(stream.Stats) float64
}

var streamMetrics = []streamMetric{
	{desc("stream_events_total", "Events that the stream has taken.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Events) }},
	{desc("stream_published_events_total", "Events in records that are durable.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Published) }},
	{desc("stream_lost_events_total", "Events that were lost.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Lost) }},
	{desc("stream_records_total", "Records with events.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Records) }},
	{desc("stream_heartbeats_total", "Heartbeat records.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Heartbeats) }},
	{desc("stream_record_bytes_total", "Bytes of records.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Bytes) }},
	{desc("stream_puts_total", "PutRecords calls that succeeded.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Puts) }},
	{desc("stream_failures_total", "Calls to Kinesis and KMS that failed and were tried again.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.Failures) }},
	{desc("stream_data_keys_total", "Data keys asked of KMS.", "cluster"), prometheus.CounterValue, func(s stream.Stats) float64 { return float64(s.DataKeys) }},
	{desc("stream_queue_bytes", "Bytes of events in memory that are not durable yet.", "cluster"), prometheus.GaugeValue, func(s stream.Stats) float64 { return float64(s.Queued) }},
	{desc("stream_spool_bytes", "Bytes of events in the queue on disk.", "cluster"), prometheus.GaugeValue, func(s stream.Stats) float64 { return float64(s.Spooled) }},
	{desc("stream_oldest_event_age_seconds", "Age of the oldest event that is not durable yet; 0 if all are.", "cluster"), prometheus.GaugeValue, func(s stream.Stats) float64 {
		if s.Oldest.IsZero() {
			return 0
		}
		return max(0, time.Since(s.Oldest).Seconds())
	}},
	{desc("stream_loss_window", "1 while events might be lost.", "cluster"), prometheus.GaugeValue, func(s stream.Stats) float64 {
		if s.LossWindow {
			return 1
		}
		return 0
	}},
}

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	to <- descSessions
	to <- descEvents
	to <- descFailed
	to <- descWaiting
	to <- descHeld
	to <- descRunning
	to <- descSyncWait
	for _, m := range streamMetrics {
		to <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range e.instances {
		to <- prometheus.MustNewConstMetric(descSessions, prometheus.GaugeValue, float64(i.proxy.Sessions()), i.ID)
		for k := range classes {
			to <- prometheus.MustNewConstMetric(descEvents, prometheus.CounterValue, float64(i.counts.byClass[k].Load()), i.ID, string(classes[k]))
		}
		to <- prometheus.MustNewConstMetric(descFailed, prometheus.CounterValue, float64(i.counts.failed.Load()), i.ID)
		items, bytes := i.proxy.Backlog()
		to <- prometheus.MustNewConstMetric(descWaiting, prometheus.GaugeValue, float64(items), i.ID)
		to <- prometheus.MustNewConstMetric(descHeld, prometheus.GaugeValue, float64(bytes), i.ID)
	}
	for id, r := range e.streams {
		stats := r.stream.Stats()
		to <- prometheus.MustNewConstMetric(descRunning, prometheus.GaugeValue, 1, id)
		to <- prometheus.MustNewConstSummary(descSyncWait, uint64(stats.SyncWaits), stats.SyncWait.Seconds(), nil, id)
		for _, m := range streamMetrics {
			to <- prometheus.MustNewConstMetric(m.desc, m.kind, m.of(stats), id)
		}
	}
}
