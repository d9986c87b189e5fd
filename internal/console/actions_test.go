package console_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/das-local/das-local/internal/await"
)

// see waits until a page says something.
func (b *bed) see(path, text string) {
	b.t.Helper()
	await.Seen(b.t, text+" on "+path, func() (any, bool) {
		page := b.page(path)
		return page[strings.Index(page, "<main"):], strings.Contains(page, text)
	})
}

// TestClusters: the stream is stopped and started, clusters and instances come and go.
func TestClusters(t *testing.T) {
	b := newBed(t)
	config := prefix + "/cluster?id=my-cluster"
	b.must("stop-stream", "cluster", b.ClusterARN(), "when", "now")
	b.see(config, `<span class="status off">stopped</span>`)
	b.must("start-stream", "cluster", b.ClusterARN(), "key", b.KeyARN(), "mode", "async", "when", "schedule")
	b.see(config, "<dt>Pending</dt>")
	b.must("reboot-instance", "id", "my-cluster-instance-1")
	b.see(config, `<span class="status good">started</span>`)
	b.see(config, "<dd>async</dd>")
	b.see(config, b.StreamName())

	b.must("create-cluster", "id", "orders", "instance", "yes")
	b.see("/", "orders-instance-1")
	b.must("create-instance", "cluster", "orders", "id", "orders-reader")
	b.see(prefix+"/cluster?id=orders&tab=instances", "Reader")
	b.must("delete-instance", "id", "orders-reader")
	if said, ok := b.do("delete-cluster", "id", "orders"); ok || !strings.Contains(said, "InvalidDBClusterStateFault") {
		t.Errorf("a cluster with an instance is deleted: %s", said)
	}
	b.must("stop-cluster", "id", "orders")
	b.see("/", `data-do="start-cluster"`)
	b.must("start-cluster", "id", "orders")
	b.see(prefix+"/cluster?id=orders", `<h1>orders</h1><span class="status good">available</span>`) // an instance that is starting cannot be deleted
	b.must("delete-instance", "id", "orders-instance-1")
	await.True(t, "the cluster to be gone", func() bool {
		_, _ = b.do("delete-cluster", "id", "orders") // until the instance is gone
		return !strings.Contains(b.page("/"), prefix+"/cluster?id=orders")
	})
	b.see(prefix+"/events", "DB instance created")
	b.see(prefix+"/events?type=db-cluster", "my-cluster")
	b.see(prefix+"/cluster?id=my-cluster&tab=events", "my-cluster")
}

// TestKeys: made, named, disabled, enabled, given up and kept.
func TestKeys(t *testing.T) {
	b := newBed(t)
	said := b.must("create-key", "description", "<i>mine</i>", "alias", "audit")
	id := regexp.MustCompile(`[0-9a-f-]{36}`).FindString(said)
	page := b.page(prefix + "/keys")
	if !strings.Contains(page, id) || !strings.Contains(page, "alias/audit") || !strings.Contains(page, "&lt;i&gt;mine") {
		t.Error(page)
	}
	b.must("disable-key", "id", id)
	b.see(prefix+"/keys", `<span class="status off">Disabled</span>`)
	if strings.Contains(b.page("/"), id) {
		t.Error("a disabled key is offered for a stream")
	}
	b.must("enable-key", "id", id)
	if !strings.Contains(b.page("/"), id) {
		t.Error("an enabled key is not offered for a stream")
	}
	b.must("create-alias", "id", id, "alias", "alias/second")
	b.must("delete-alias", "alias", "alias/audit")
	b.must("delete-key", "id", id, "days", "7")
	b.see(prefix+"/keys", "PendingDeletion")
	b.must("keep-key", "id", id)
	b.see(prefix+"/keys", "Disabled")
	for _, bad := range [][]string{{"delete-key", "id", id, "days", "x"}, {"delete-key", "id", id, "days", "1"}, {"enable-key", "id", "none"}, {"create-alias", "id", id, "alias", "second"},
		{"nothing"}, {"start-stream", "cluster", "x", "key", "y", "mode", "z"}} {
		if said, ok := b.do(bad[0], bad[1:]...); ok || said == "" {
			t.Errorf("%q: %v %q", bad, ok, said)
		}
	}
}

// TestFaults: injected, listed, cleared, refused with the reason.
func TestFaults(t *testing.T) {
	b := newBed(t)
	b.must("add-fault", "kind", "throttle", "operations", "kinesis:PutRecords, kinesis:GetRecords", "caller", "clients", "probability", "0.5", "duration", "1h")
	page := b.page(prefix + "/faults")
	for _, want := range []string{"throttle", "kinesis:PutRecords, kinesis:GetRecords; caller clients; probability 0.5; duration 1h0m0s", "active"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	for _, bad := range [][]string{{"kind", "nothing"}, {"kind", "delay"}, {"kind", "throttle", "probability", "2"}, {"kind", "throttle", "count", "x"}, {"kind", "disk-full"}} {
		if said, ok := b.do("add-fault", bad...); ok || said == "" {
			t.Errorf("%q: %v %q", bad, ok, said)
		}
	}
	b.must("clear-fault", "id", "1")
	b.must("add-fault", "kind", "error", "count", "3")
	b.must("clear-fault", "id", "0")
	if len(b.Faults().List()) != 0 {
		t.Error("faults are left")
	}
	if said, ok := b.do("clear-fault", "id", "7"); ok || !strings.Contains(said, "no such fault") {
		t.Error(said)
	}
}
