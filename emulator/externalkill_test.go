package emulator

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
)

// TestAKillAfterAnExternalPut kills a process whose records an external Kinesis has taken,
// before it knows: they come again as they were, and no event says of a statement whose
// outcome is in the stream that it is unknown.
func TestAKillAfterAnExternalPut(t *testing.T) {
	t.Parallel()
	elsewhere := newBed(t, Options{})
	var kill atomic.Bool
	var once sync.Once
	var b *bed
	dirs := make(chan string, 1)
	to, err := url.Parse(elsewhere.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(r *http.Response) error { // Kinesis has stored it, and the answer is on its way
			if kill.Load() && strings.HasSuffix(r.Request.Header.Get("X-Amz-Target"), ".PutRecords") {
				once.Do(func() { dirs <- killed(t, b.Emulator) })
			}
			return nil
		},
	}
	front := httptest.NewServer(proxy)
	defer front.Close()
	o := executedOptions(dataDir(t))
	o.KinesisEndpoint = front.URL
	b = newBed(t, o)
	conn := b.connect() // the only session: what it has done so far is in the stream when it is told
	if _, err := conn.Exec(t.Context(), "create table put (i int)", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	kill.Store(true)
	if _, err := conn.Exec(t.Context(), "insert into put values (1)", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	o.DataDir, o.KinesisEndpoint = await.Receive(t, "the kill", dirs), elsewhere.Endpoint()
	again := newBed(t, o)
	run(t, again.Emulator, "select 'end'")
	times := map[string]int{}
	for _, text := range again.outcomes("select 'end'", "into put") {
		times[text]++
	}
	if times["insert into put values (1)"] < 2 || len(times) != 1 { // more often if a put took too long
		t.Errorf("the stream has %v", times)
	}
}

// TestARestartInAnOutage: a stream whose external Kinesis is away at the start takes events
// all the same, and publishes them when it is back.
func TestARestartInAnOutage(t *testing.T) {
	t.Parallel()
	elsewhere := newBed(t, Options{})
	to, err := url.Parse(elsewhere.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	through := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		through.ServeHTTP(w, r)
	}))
	defer front.Close()
	o := Options{DataDir: dataDir(t), StartStream: "async", Heartbeat: -1, SyncTimeout: time.Hour, KinesisEndpoint: front.URL}
	b := newBed(t, o)
	run(t, b.Emulator, "select 'before'")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	away.Store(true)
	b = newBed(t, o)
	if got := b.StreamStatus(); got != "started" {
		t.Errorf("the stream is %s", got)
	}
	run(t, b.Emulator, "select 'meanwhile'")
	away.Store(false)
	run(t, b.Emulator, "select 'end'")
	got := b.texts("select 'end'", "before|meanwhile")
	if !slices.Equal(slices.Compact(got), []string{"select 'before'", "select 'meanwhile'"}) { // at least once
		t.Errorf("the stream has %q", got)
	}
}
