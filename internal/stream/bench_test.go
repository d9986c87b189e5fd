package stream

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
)

// discard is a publisher that is always done at once.
type discard struct{ bytes atomic.Int64 }

func (d *discard) PutRecords(_ context.Context, _ string, records []Record) error {
	for _, r := range records {
		d.bytes.Add(int64(len(r.Data)))
	}
	return nil
}

func benchmarkRecord(b *testing.B, mode Mode, parallel bool) {
	bed := newBed(b)
	c := bed.config(mode)
	c.Publisher = &discard{}
	c.QueueBytes = 1 << 30
	s, src, stop := bed.run(c)
	events := one(1)
	record := func(events []activity.Event) {
		if durable := src.Record(events); durable != nil {
			<-durable
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	if parallel {
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			events := one(1)
			for pb.Next() {
				record(events)
			}
		})
	} else {
		for range b.N {
			record(events)
		}
	}
	if err := stop(); err != nil { // what is queued is part of the work
		b.Fatal(err)
	}
	stats := s.Stats()
	if stats.Lost > 0 {
		b.Fatalf("%+v", stats)
	}
	b.ReportMetric(float64(stats.Published)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(stats.Published)/float64(max(1, stats.Records)), "events/record")
}

func BenchmarkAsync(b *testing.B)         { benchmarkRecord(b, Async, false) }
func BenchmarkAsyncParallel(b *testing.B) { benchmarkRecord(b, Async, true) }
func BenchmarkSync(b *testing.B)          { benchmarkRecord(b, Sync, false) }
func BenchmarkSyncParallel(b *testing.B)  { benchmarkRecord(b, Sync, true) }

// slow is a publisher that takes a while, as one that syncs a disk does.
type slow time.Duration

func (s slow) PutRecords(context.Context, string, []Record) error {
	time.Sleep(time.Duration(s))
	return nil
}

func BenchmarkSyncSlow(b *testing.B) {
	for _, d := range []time.Duration{200 * time.Microsecond, 2 * time.Millisecond} {
		b.Run(d.String(), func(b *testing.B) {
			bed := newBed(b)
			c := bed.config(Sync)
			c.Publisher = slow(d)
			s, src, stop := bed.run(c)
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				events := one(1)
				for pb.Next() {
					<-src.Record(events)
				}
			})
			if err := stop(); err != nil {
				b.Fatal(err)
			}
			stats := s.Stats()
			b.ReportMetric(float64(stats.Published)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(stats.Published)/float64(stats.Puts), "events/put")
		})
	}
}

func BenchmarkNotRecording(b *testing.B) {
	src := NewSource(instanceID)
	for range b.N {
		if src.Recording() {
			b.Fatal("recording")
		}
	}
}
