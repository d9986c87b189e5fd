package rdsapi

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// serverWithCluster makes a server with my-cluster.
func serverWithCluster(t *testing.T, cfg Config) *Server {
	t.Helper()
	cfg.Keys, cfg.Logger = keys{}, slog.New(slog.DiscardHandler)
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateCluster(t.Context(), ClusterOptions{ID: "my-cluster", Instances: []string{"i"}}); err != nil {
		t.Fatal(err)
	}
	return s
}

// run has Run work until the returned function is called.
func run(t *testing.T, s *Server) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

func (s *Server) mustStart(t *testing.T) {
	t.Helper()
	if _, err := s.startActivityStream(t.Context(), &startActivityStreamInput{ResourceArn: clusterARN, Mode: "async", KmsKeyId: keyID, ApplyImmediately: true}); err != nil {
		t.Fatal(err)
	}
}

func wantStream(t *testing.T, s *Server, stream, status string) {
	t.Helper()
	if c, _ := s.Cluster("my-cluster"); c.StreamStatus != stream || c.Status != status {
		t.Errorf("stream %s, cluster %s; want %s, %s", c.StreamStatus, c.Status, stream, status)
	}
}

func TestRestartTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverWithCluster(t, Config{RestartTime: time.Minute})
		end := run(t, s)
		defer end()
		s.mustStart(t)
		time.Sleep(time.Minute - time.Nanosecond)
		synctest.Wait()
		wantStream(t, s, streamStarting, statusConfiguring)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantStream(t, s, streamStarted, statusAvailable)
		if _, err := s.stopActivityStream(t.Context(), &stopActivityStreamInput{ResourceArn: clusterARN, ApplyImmediately: true}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantStream(t, s, streamStopping, statusConfiguring)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantStream(t, s, streamStopped, statusAvailable)
	})
}

// TestRunEnds checks that Run leaves nothing behind when it ends in a start.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverWithCluster(t, Config{Streams: &controllers{hold: make(chan struct{})}})
		end := run(t, s)
		s.mustStart(t)
		synctest.Wait()
		wantStream(t, s, streamStarting, statusConfiguring)
		end()
		wantStream(t, s, streamStopped, statusAvailable)
	})
}

// TestStartBeforeRun checks that a transition waits for Run.
func TestStartBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverWithCluster(t, Config{})
		s.mustStart(t)
		synctest.Wait()
		wantStream(t, s, streamStarting, statusConfiguring)
		end := run(t, s)
		synctest.Wait()
		wantStream(t, s, streamStarted, statusAvailable)
		end()
	})
}

func TestInstanceDoesNotStart(t *testing.T) {
	c := &controllers{stopErr: errors.New("port is taken")} // for all but streams
	s, err := New(Config{Instances: c, Keys: keys{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateCluster(t.Context(), ClusterOptions{ID: "my-cluster", Instances: []string{"i"}}); !errors.Is(err, c.stopErr) {
		t.Errorf("got %v", err)
	}
	if got, ok := s.Cluster("my-cluster"); !ok || len(got.Instances) != 0 {
		t.Errorf("cluster %+v", got)
	}
}
