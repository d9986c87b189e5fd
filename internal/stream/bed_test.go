package stream

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/envelope"
	"github.com/das-local/das-local/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// bed is where a stream under test publishes: it keeps the records and opens
// them as a consumer does.
type bed struct {
	t     testing.TB
	delay time.Duration

	mu       sync.Mutex
	fail     error // of every call, while it is not nil
	records  []Record
	calls    [][]Record
	keys     map[string][]byte // data keys by blob
	contexts []map[string]string
	notices  []Notice
}

func newBed(t testing.TB) *bed { return &bed{t: t, keys: map[string][]byte{}} }

func (b *bed) setFail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func (b *bed) PutRecords(ctx context.Context, name string, records []Record) error {
	if b.delay > 0 {
		time.Sleep(b.delay)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	if name != streamName {
		b.t.Errorf("put to %s", name)
	}
	b.records = append(b.records, slices.Clone(records)...)
	b.calls = append(b.calls, slices.Clone(records))
	return nil
}

func (b *bed) GenerateDataKey(_ context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return nil, nil, b.fail
	}
	plaintext = make([]byte, 32)
	_, _ = rand.Read(plaintext) // never fails
	ciphertext = fmt.Appendf(nil, "blob %d of %s", len(b.keys), keyID)
	b.keys[string(ciphertext)] = bytes.Clone(plaintext)
	b.contexts = append(b.contexts, maps.Clone(encryptionContext))
	return plaintext, ciphertext, nil
}

func (b *bed) notify(n Notice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notices = append(b.notices, n)
}

func (b *bed) seen() []Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.notices)
}

// opened is what a consumer reads of all records so far.
func (b *bed) opened() []*activity.Record {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []*activity.Record
	for _, r := range b.records {
		rec, err := envelope.Open(r.Data, func(blob []byte) ([]byte, error) {
			if key, ok := b.keys[string(blob)]; ok {
				return key, nil
			}
			return nil, errors.New("no such key")
		})
		if err != nil {
			b.t.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

// events are the decoded events of all records so far, without heartbeats.
func (b *bed) events() []*activity.Decoded {
	b.t.Helper()
	var out []*activity.Decoded
	for _, r := range b.opened() {
		for _, raw := range r.Events {
			d, err := activity.Decode(raw)
			if err != nil {
				b.t.Fatal(err)
			}
			if !d.Heartbeat() {
				out = append(out, d)
			}
		}
	}
	return out
}

const (
	clusterID  = "cluster-4HNY5V4RRNPKKYB7ICFKE5JBQQ"
	instanceID = "db-FZJTMYKCXQBUUZ6VLU7NW3ITCM"
	streamName = "aws-rds-das-" + clusterID
)

func (b *bed) config(mode Mode) Config {
	return Config{
		ClusterID: clusterID, StreamName: streamName, KeyID: "key-1", Mode: mode,
		Publisher: b, KeyService: b, Notify: b.notify,
	}
}

// run starts a stream with one source. stop drains it and returns what Run
// returned.
func (b *bed) run(c Config) (s *Stream, src *Source, stop func() error) {
	b.t.Helper()
	s, err := New(c)
	if err != nil {
		b.t.Fatal(err)
	}
	src = NewSource(instanceID)
	src.Attach(s)
	result := make(chan error, 1)
	go func() { result <- s.Run(context.Background()) }()
	return s, src, sync.OnceValue(func() error {
		await.True(b.t, "the start of the stream", s.started.Load)
		return errors.Join(s.Drain(context.Background()), <-result)
	})
}

var session = &activity.Session{
	DatabaseName: "postgres", UserName: "postgres", RemoteHost: "172.31.3.195", RemotePort: "49804",
	SessionID: "5ce5f7f0.474b", PID: 18251, ClientApplication: "psql", ServerVersion: "2.3.1",
	ServerHost: "172.31.3.192", NetProtocol: "TCP", DBProtocol: "Postgres 3.0",
}

func event(id int64, sql string) activity.Event {
	now := time.Unix(1700000000, 0)
	return activity.Event{
		Session: session, LogTime: now, StartTime: now, StatementID: id, SubstatementID: 1,
		ObjectType: activity.ObjectTable, ObjectName: "public.t", Command: "SELECT", RowCount: 1,
		CommandText: sql, HasCommandText: true, Class: activity.ClassRead,
	}
}

func one(id int64) []activity.Event {
	return []activity.Event{event(id, "select * from t where id = $1;")}
}
