package kinesisfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/das-local/das-local/internal/awsapi"
)

// BenchmarkPutRecordsJSON is the cost of a call of 100 records of 2 KB, without
// the network; ns/op is for 100 records.
func BenchmarkPutRecordsJSON(b *testing.B) {
	type record struct{ Data, PartitionKey any }
	var records []record
	for i := range 100 {
		records = append(records, record{bytes.Repeat([]byte{byte(i)}, 2048), fmt.Sprint("key", i)})
	}
	body, err := json.Marshal(map[string]any{"StreamName": "s", "Records": records})
	if err != nil {
		b.Fatal(err)
	}
	s := newServer(b, Config{})
	if err := s.CreateStream(b.Context(), "s", 4); err != nil {
		b.Fatal(err)
	}
	post(b, s, "PutRecords", body, 100)
}

// BenchmarkPutRecordJSON is the cost of a call of one record of 2 KB.
func BenchmarkPutRecordJSON(b *testing.B) {
	body, err := json.Marshal(map[string]any{"StreamName": "s", "Data": make([]byte, 2048), "PartitionKey": "k"})
	if err != nil {
		b.Fatal(err)
	}
	s := newServer(b, Config{})
	if err := s.CreateStream(b.Context(), "s", 4); err != nil {
		b.Fatal(err)
	}
	post(b, s, "PutRecord", body, 1)
}

// BenchmarkPutRecords is the Go method, 100 records of 2 KB a call.
func BenchmarkPutRecords(b *testing.B) {
	records := make([]Record, 100)
	for i := range records {
		records[i] = Record{PartitionKey: fmt.Sprint("key", i), Data: make([]byte, 2048)}
	}
	s := newServer(b, Config{})
	if err := s.CreateStream(b.Context(), "s", 1); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.PutRecords(b.Context(), "s", records); err != nil {
			b.Fatal(err)
		}
	}
	perRecord(b, 100)
}

// BenchmarkGetRecordsJSON reads 1,000 records of 2 KB a call.
func BenchmarkGetRecordsJSON(b *testing.B) {
	s := newServer(b, Config{})
	if err := s.CreateStream(b.Context(), "s", 1); err != nil {
		b.Fatal(err)
	}
	records := make([]Record, 1000)
	for i := range records {
		records[i] = Record{PartitionKey: fmt.Sprint("key", i), Data: make([]byte, 2048)}
	}
	if err := s.PutRecords(b.Context(), "s", records); err != nil {
		b.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"ShardIterator": iteratorAt(b, s, "s", shard0, trimHorizon, "")})
	if err != nil {
		b.Fatal(err)
	}
	post(b, s, "GetRecords", body, 1000)
}

func post(b *testing.B, s *Server, operation string, body []byte, records int) {
	h := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{s}})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
		w := &sink{header: make(http.Header)}
		h.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatalf("status %d", w.status)
		}
	}
	perRecord(b, records)
}

func perRecord(b *testing.B, records int) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*records), "µs/record")
}

// sink is a response that nobody reads.
type sink struct {
	header http.Header
	status int
	io.Writer
}

func (s *sink) Header() http.Header               { return s.header }
func (s *sink) WriteHeader(status int)            { s.status = status }
func (s *sink) Write(p []byte) (n int, err error) { return len(p), nil }
