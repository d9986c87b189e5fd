package rdsapi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stopIt begins a stop and waits until nothing happens any more but by the time.
func (s *Server) stopIt(t *testing.T) {
	t.Helper()
	if _, err := s.stopActivityStream(t.Context(), &stopActivityStreamInput{ResourceArn: clusterARN, ApplyImmediately: true}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	wantStream(t, s, streamStopping, statusConfiguring)
}

// TestStopTime: sessions are let in while the stream is stopping, and the Kinesis stream
// is deleted when the time is over.
func TestStopTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &controllers{}
		s := serverWithCluster(t, Config{StopTime: time.Minute, RestartTime: time.Second, Streams: c, Sessions: c})
		end := run(t, s)
		defer end()
		s.mustStart(t)
		time.Sleep(time.Second)
		synctest.Wait()
		wantStream(t, s, streamStarted, statusAvailable)
		s.stopIt(t)
		time.Sleep(time.Second) // the restart
		synctest.Wait()
		if got := c.noted(); !strings.HasSuffix(got, "; stop stream "+s.clusters["my-cluster"].streamName()+"; admit i") {
			t.Errorf("calls: %s", got)
		}
		if n := len(s.events); s.events[n-1].id != "RDS-EVENT-0006" {
			t.Errorf("the last event is %+v", s.events[n-1])
		}
		_, err := s.startActivityStream(t.Context(), &startActivityStreamInput{ResourceArn: clusterARN, Mode: "async", KmsKeyId: keyID, ApplyImmediately: true})
		if err == nil || !strings.Contains(err.Error(), "Activity Streams feature expected to be stopped, but is stopping") {
			t.Errorf("a start meanwhile: %v", err)
		}
		if _, err := s.deleteDBCluster(t.Context(), &deleteDBClusterInput{DBClusterIdentifier: "my-cluster", SkipFinalSnapshot: true}); err == nil {
			t.Error("the cluster was deleted meanwhile")
		}
		time.Sleep(time.Minute - time.Nanosecond)
		synctest.Wait()
		wantStream(t, s, streamStopping, statusConfiguring)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		wantStream(t, s, streamStopped, statusAvailable)
		if got := c.noted(); !strings.HasSuffix(got, "; admit i; delete stream "+s.clusters["my-cluster"].streamName()) {
			t.Errorf("calls: %s", got)
		}
		if i := s.instances["i"]; i.status != statusAvailable {
			t.Errorf("the instance is %s", i.status)
		}
	})
}

// TestEndWhileStopping: a process that ends leaves the stream stopping, and the next one
// goes on with that.
func TestEndWhileStopping(t *testing.T) {
	dir := t.TempDir()
	disk := openStore(t, dir, nil)
	s := serverWithCluster(t, Config{StopTime: time.Hour, Store: disk})
	end := run(t, s)
	if err := s.StartStream(t.Context(), "my-cluster", "async", keyID); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.StopStream(context.Background(), "my-cluster") }()
	end()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who waited in the process: %v", err)
	}
	wantStream(t, s, streamStopping, statusConfiguring)
	disk.Close()

	b := start(t, Config{Store: openStore(t, dir, nil)})
	if err := b.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.awaitStream(t, streamStopped)
	if got, name := b.controllers.noted(), b.clusters["my-cluster"].streamName(); got != "start instance i; stop stream "+name+"; delete stream "+name {
		t.Errorf("calls: %s", got)
	}
}

// TestNobodyWaitsForAStop: Run goes on with what a caller in the process has given up.
func TestNobodyWaitsForAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverWithCluster(t, Config{StopTime: time.Minute})
		end := run(t, s)
		defer end()
		if err := s.StartStream(t.Context(), "my-cluster", "async", keyID); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.StopStream(ctx, "my-cluster"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller is told %v", err)
		}
		synctest.Wait()
		wantStream(t, s, streamStopping, statusConfiguring)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantStream(t, s, streamStopped, statusAvailable)
	})
}
