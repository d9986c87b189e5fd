package emulator

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAStartThatFailedIsGoneOnWith: a cluster that a configuration declares is not left
// without its instances and its stream because its first start had something wrong.
func TestAStartThatFailedIsGoneOnWith(t *testing.T) {
	dir := dataDir(t)
	options := func(c Cluster) Options {
		return Options{DataDir: dir, Clusters: []Cluster{c}, Heartbeat: -1, Grace: time.Millisecond, Logger: slog.New(slog.DiscardHandler)}
	}
	for _, wrong := range []Cluster{
		{ID: "orders", Instances: []string{"a", "_"}, Stream: Async},
		{ID: "orders", Instances: []string{"a", "b"}, Stream: Async, Key: "alias/typo"},
	} {
		if e, err := Start(t.Context(), options(wrong)); err == nil {
			_ = e.Close(context.Background())
			t.Fatalf("it starts with %+v", wrong)
		}
	}
	right := options(Cluster{ID: "orders", Instances: []string{"a", "b"}, Stream: Async})
	for range 2 { // once it is made it is left as it is
		e := startOn(t, right)
		c, _ := e.rds.Cluster("orders")
		var ids []string
		for _, i := range c.Instances {
			ids = append(ids, i.ID)
		}
		if !slices.Equal(ids, []string{"a", "b"}) || c.StreamStatus != "started" || c.StreamMode != "async" {
			t.Errorf("instances %q, stream %s, mode %s", ids, c.StreamStatus, c.StreamMode)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
		right.Clusters[0].Stream = Sync
	}
}

// TestTheFirstClusterIsNotDeclared: what was said of it there would be ignored.
func TestTheFirstClusterIsNotDeclared(t *testing.T) {
	for _, o := range []Options{
		{Clusters: []Cluster{{ID: "my-cluster", Instances: []string{"a", "b"}}}},
		{ClusterID: "orders", Clusters: []Cluster{{ID: "orders"}}},
	} {
		if _, err := o.withDefaults(); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "is the first one") {
			t.Errorf("%+v: %v", o.Clusters, err)
		}
	}
	if _, err := (Options{ClusterID: "orders", Clusters: []Cluster{{ID: "my-cluster"}}}).withDefaults(); err != nil {
		t.Error(err)
	}
}
