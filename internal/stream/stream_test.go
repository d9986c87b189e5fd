package stream

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
)

// TestNothingLost has 32 sessions record as fast as they can, in both modes,
// with sources that come and go, and counts.
func TestNothingLost(t *testing.T) {
	const writers, each = 32, 300
	for _, mode := range []Mode{Sync, Async} {
		t.Run(string(mode), func(t *testing.T) {
			b := newBed(t)
			c := b.config(mode)
			c.BatchBytes = 20_000          // several batches a round
			c.SyncTimeout = await.Patience // a slow machine loses nothing either
			s, src, stop := b.run(c)
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					own := *session
					own.PID = int32(w)
					for i := range each / 2 {
						e := [2]activity.Event{event(int64(2*i), "select 1"), event(int64(2*i+1), "select 2")}
						e[0].Session, e[1].Session = &own, &own
						durable := src.Record(e[:])
						if (durable != nil) != (mode == Sync) {
							t.Errorf("%s mode: channel %v", mode, durable)
						}
						if durable != nil {
							<-durable
						}
					}
				})
			}
			wg.Wait()
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			next := make(map[int64]int64)
			for _, e := range b.events() {
				if *e.StatementID != next[*e.PID] {
					t.Fatalf("session %d: event %d follows %d", *e.PID, *e.StatementID, next[*e.PID]-1)
				}
				next[*e.PID]++
			}
			for w := range writers {
				if next[int64(w)] != each {
					t.Errorf("session %d has %d events", w, next[int64(w)])
				}
			}
			stats := s.Stats()
			if stats.Events != writers*each || stats.Published != stats.Events || stats.Lost != 0 || stats.Queued != 0 {
				t.Errorf("stats %+v", stats)
			}
			if len(b.seen()) > 0 {
				t.Errorf("notices %v", b.seen())
			}
		})
	}
}

func TestRecordsAreSealedForTheCluster(t *testing.T) {
	b := newBed(t)
	c := b.config(Sync)
	c.SyncTimeout = await.Patience // in a window nobody waits
	s, first, stop := b.run(c)
	second := NewSource("db-ZQO7M43PGGUXJEZVYSALTO76KA")
	second.Attach(s)
	for i := range int64(5) {
		<-first.Record(one(i))
		<-second.Record(one(i))
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range b.opened() {
		seen[r.InstanceID] += len(r.Events)
		if r.ClusterID != clusterID {
			t.Errorf("cluster %s", r.ClusterID)
		}
	}
	if len(seen) != 2 || seen[instanceID] != 5 {
		t.Errorf("events by instance %v", seen)
	}
	partitions := map[string]bool{}
	for _, r := range b.records {
		if len(r.PartitionKey) != partitionKeyBytes || partitions[r.PartitionKey] {
			t.Errorf("partition key %s", r.PartitionKey)
		}
		partitions[r.PartitionKey] = true
	}
	if len(b.contexts) != 2 || b.contexts[0][ContextKey] != clusterID || len(b.contexts[0]) != 1 {
		t.Errorf("encryption contexts %v", b.contexts)
	}
}

// TestGroupCommit: while the publisher is busy, those who come share the next
// put, and nobody is let go before it.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.delay = 2 * time.Millisecond
		s, src, stop := b.run(b.config(Sync))
		synctest.Wait()
		begin := time.Now()
		var wg sync.WaitGroup
		for w := range 32 {
			wg.Go(func() {
				for i := range 10 {
					sent := time.Now()
					<-src.Record(one(int64(w*100 + i)))
					if d := time.Since(sent); d < b.delay || d > 2*b.delay {
						t.Errorf("waited %v", d)
					}
				}
			})
		}
		wg.Wait()
		took := time.Since(begin)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if s.Stats().Published != 320 || took > 25*b.delay {
			t.Errorf("%v and %d puts for %d events", took, s.Stats().Puts, s.Stats().Published)
		}
	})
}

func TestAsyncGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		s, src, stop := b.run(b.config(Async))
		for i := range int64(1000) {
			if src.Record(one(i)) != nil {
				t.Fatal("an async session is asked to wait")
			}
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if q := s.Stats().Queued; q != 0 {
			t.Errorf("all is published, and %d bytes are queued", q)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		// 100 ms of events, a put every 10 ms.
		if puts := s.Stats().Puts; s.Stats().Published != 1000 || puts < 9 || puts > 12 {
			t.Errorf("%+v", s.Stats())
		}
	})
}

func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.config(Async)
		c.Heartbeat = time.Second
		s, src, stop := b.run(c)
		second := NewSource("db-ZQO7M43PGGUXJEZVYSALTO76KA")
		second.Attach(s)
		time.Sleep(3500 * time.Millisecond)
		src.Record(one(1))
		second.Detach()
		time.Sleep(time.Second)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		beats := map[string]int{}
		for _, r := range b.opened() {
			if string(r.Events[0]) == `{"type":"heartbeat"}` {
				beats[r.InstanceID]++
				if len(r.Events) != 1 {
					t.Errorf("a heartbeat shares a record: %s", r.Events)
				}
			}
		}
		if beats[instanceID] != 4 || len(beats) != 2 || beats["db-ZQO7M43PGGUXJEZVYSALTO76KA"] != 3 {
			t.Errorf("heartbeats %v", beats)
		}
		if stats := s.Stats(); stats.Heartbeats != 7 || stats.Records != 1 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestNoHeartbeatsWhileDown: they pause, and events do not.
func TestNoHeartbeatsWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		c := b.config(Async)
		c.Heartbeat = time.Second
		var up atomic.Bool
		c.Up = up.Load
		s, src, stop := b.run(c)
		for i, beats := range []int64{0, 2, 2, 4} {
			up.Store(i%2 == 1)
			src.Record(one(int64(i + 1)))
			time.Sleep(2400 * time.Millisecond)
			synctest.Wait()
			if stats := s.Stats(); stats.Heartbeats != beats || stats.Published != int64(i+1) {
				t.Errorf("step %d: %+v", i, stats)
			}
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDataKeyReuse(t *testing.T) {
	for _, test := range []struct {
		reuse time.Duration
		want  int
	}{{0, 3}, {time.Hour, 1}, {-1, 12}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t)
			c := b.config(Sync)
			c.KeyReuse = test.reuse
			s, src, stop := b.run(c)
			var old []byte
			for i := range int64(12) { // a minute apart
				<-src.Record(one(i))
				synctest.Wait()
				if i == 0 {
					old = src.lane.Load().key.data.Plaintext
				}
				time.Sleep(time.Minute)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if n := s.Stats().DataKeys; n != int64(test.want) || len(b.events()) != 12 {
				t.Errorf("reuse %v: %d keys, want %d", test.reuse, n, test.want)
			}
			if string(old) != strings.Repeat("\x00", 32) {
				t.Error("a dropped key is not zeroed")
			}
		})
	}
}

func TestHugeEvents(t *testing.T) {
	noise := make([]byte, 3<<20)
	chacha := rand.NewChaCha8([32]byte{})
	for i := range noise {
		noise[i] = byte(' ' + chacha.Uint64()%90)
	}
	tests := []struct {
		name string
		text string
		cut  bool
	}{
		{"half a megabyte of noise", string(noise[:512<<10]), false},
		{"compresses well", "insert into t values " + strings.Repeat("(1, 'abc'), ", 300_000), false},
		{"noise", string(noise), true},
		{"beyond what readers take", strings.Repeat("select 1; ", 1<<20), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBed(t)
			s, src, stop := b.run(b.config(Sync))
			e := event(2, test.text)
			e.Params = []string{"before", test.text, "after"}
			if !test.cut {
				e.Params = []string{"before", "after"}
			}
			<-src.Record([]activity.Event{event(1, "select 1"), e, event(3, "select 3")})
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			events := b.events()
			if len(events) != 3 || *events[2].StatementID != 3 {
				t.Fatalf("%d events, %+v", len(events), s.Stats())
			}
			got := *events[1].CommandText
			if !test.cut {
				if got != test.text {
					t.Errorf("the text has changed: %d bytes, want %d", len(got), len(test.text))
				}
				return
			}
			head, _, found := strings.Cut(got, "… [cut: ")
			if !found || !strings.HasPrefix(test.text, head) || len(head) < 10_000 {
				t.Errorf("not a marked prefix: %.100s", got)
			}
			p := events[1].ParamList
			if len(p) != 3 || p[0] != "before" || p[2] != "after" || len(p[1]) < 5000 || !strings.Contains(p[1], "… [cut: ") {
				t.Errorf("%d parameters: %.300q", len(p), p)
			}
		})
	}
}

func TestPutLimits(t *testing.T) {
	b := newBed(t)
	c := b.config(Async)
	c.BatchBytes = 1
	c.GatherDelay = time.Hour // until Drain
	_, src, stop := b.run(c)
	for i := range int64(1200) {
		src.Record(one(i))
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := len(b.events()); n != 1200 {
		t.Errorf("%d events", n)
	}
	records := make([]Record, 1200)
	for i := range records {
		records[i].Data = make([]byte, 100)
	}
	if n := firstPut(records); n != kinesisPutRecords {
		t.Errorf("%d records in a put", n)
	}
	for i := range records {
		records[i].Data = make([]byte, 1<<20)
	}
	if n := firstPut(records); n != 5 {
		t.Errorf("%d records of 1 MiB in a put", n)
	}
}

func TestDetachAndReattach(t *testing.T) {
	b := newBed(t)
	s, src, stop := b.run(b.config(Async))
	var wg sync.WaitGroup
	quit := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for i := int64(0); ; i++ {
				select {
				case <-quit:
					return
				default:
					src.Record(one(i))
					for i%8 == 0 {
						time.Sleep(50 * time.Microsecond) // enough is enough: all of it is opened below
						if s.Stats().Queued < 1<<20 {
							break // the queue has room, however slow the publisher is
						}
					}
				}
			}
		})
	}
	for range 50 {
		src.Detach()
		if src.Recording() {
			t.Error("recording after Detach")
		}
		before := s.Stats().Events
		src.Attach(s)
		await.True(t, "events after Attach", func() bool { return s.Stats().Events > before })
	}
	close(quit)
	wg.Wait()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	stats := s.Stats()
	if int64(len(b.events())) != stats.Events || stats.Lost != 0 || stats.Events == 0 {
		t.Errorf("%d events, %+v", len(b.events()), stats)
	}
	if src.Record(one(1)) != nil || s.Stats().Events != stats.Events {
		t.Error("a drained stream takes events")
	}
}

func TestNewRefuses(t *testing.T) {
	b := newBed(t)
	for name, change := range map[string]func(*Config){
		"no cluster":   func(c *Config) { c.ClusterID = "" },
		"no publisher": func(c *Config) { c.Publisher = nil },
		"mode":         func(c *Config) { c.Mode = "both" },
		"version":      func(c *Config) { c.Version = "3" },
		"tiny records": func(c *Config) { c.MaxRecordBytes = 100 },
		"negative":     func(c *Config) { c.QueueBytes = -1 },
	} {
		c := b.config(Sync)
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

var errDown = errors.New("the service is down")
