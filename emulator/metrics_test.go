package emulator

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestMetrics(t *testing.T) {
	e := ForTest(t, func(o *Options) { o.Pprof = true })
	conn, err := pgx.Connect(t.Context(), e.PostgresURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t (n int); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT nothing FROM nowhere"); err == nil {
		t.Fatal("no error")
	}
	if _, err := e.WaitFor(t.Context(), Match{ErrorHas: "nowhere"}.Matches); err != nil {
		t.Fatal(err)
	}
	status, text := get(t, e.Endpoint()+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	for _, want := range []string{
		`das_local_sessions\{instance="my-cluster-instance-1"\} 1`,
		`das_local_events_total\{class="WRITE",instance="my-cluster-instance-1"\} 2`,
		`das_local_events_total\{class="DDL",instance="my-cluster-instance-1"\} 1`,
		`das_local_failed_events_total\{instance="my-cluster-instance-1"\} 1`,
		`das_local_audit_backlog_items\{instance="my-cluster-instance-1"\} \d+`,
		`das_local_audit_backlog_bytes\{instance="my-cluster-instance-1"\} \d+`,
		`das_local_stream_running\{cluster="cluster-[A-Z0-9]+"\} 1`,
		`das_local_stream_lost_events_total\{cluster="cluster-[A-Z0-9]+"\} 0`,
		`das_local_stream_published_events_total\{cluster="cluster-[A-Z0-9]+"\} 5`,
		`das_local_stream_sync_wait_seconds_count\{cluster="cluster-[A-Z0-9]+"\} [1-9]\d*`,
		`das_local_stream_sync_wait_seconds_sum\{cluster="cluster-[A-Z0-9]+"\} \d.*`,
		`das_local_stream_oldest_event_age_seconds\{cluster="cluster-[A-Z0-9]+"\} \d.*`,
		`das_local_aws_calls_total\{operation="GetRecords",service="kinesis",status="200"\} [1-9]\d*`,
		`das_local_aws_calls_total\{operation="Decrypt",service="kms",status="200"\} [1-9]\d*`,
		`go_goroutines \d+`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(text) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	r := prometheus.NewRegistry()
	r.MustRegister(collector{e}, e.calls)
	problems, err := testutil.GatherAndLint(r)
	if err != nil || len(problems) > 0 {
		t.Error(err, problems)
	}
	if status, _ := get(t, e.Endpoint()+"/debug/pprof/goroutine?debug=1"); status != http.StatusOK {
		t.Error(status)
	}
	if status, _ := get(t, ForTest(t).Endpoint()+"/debug/pprof/goroutine?debug=1"); status != http.StatusNotFound {
		t.Error("profiles are served unasked", status)
	}
}

// TestDeclared: the keys and clusters of the options are there, once, also after a
// restart.
func TestDeclared(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		e := ForTest(t, func(o *Options) {
			o.DataDir = dir
			o.Keys = []Key{{Alias: "alias/audit"}}
			o.Faults = []Fault{{Kind: "throttle", Caller: "clients"}}
			o.Clusters = []Cluster{{ID: "orders", Instances: []string{"a", "b"}, Stream: Async, Key: "alias/audit", Tags: map[string]string{"k": "v"}}}
		})
		c, ok := e.rds.Cluster("orders")
		if !ok || len(c.Instances) != 2 || c.StreamStatus != "started" || c.StreamMode != "async" || c.KMSKeyARN == e.KeyARN() {
			t.Fatalf("%+v", c)
		}
		if line := e.TailCommand(); !strings.HasSuffix(line, " --stream "+e.StreamName()) {
			t.Errorf("of two streams none is named: %s", line)
		}
		if all := e.Faults().List(); len(all) != 1 || all[0].Kind != "throttle" {
			t.Errorf("%+v", all)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	var wrong Options
	wrong.Faults = []Fault{{Kind: "disk-full"}}
	if e, err := Start(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("%v %v", e, err)
	}
}
