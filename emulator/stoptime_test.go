package emulator

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
)

// stopping is a bed whose stream was asked to stop while a session was open, and can
// still be read.
func stopping(t *testing.T, o Options) *bed {
	t.Helper()
	o.StartStream, o.Heartbeat, o.StopTime = Async, -1, time.Hour
	b := newBed(t, o)
	b.connect()
	b.stopStream(true)
	return b
}

// lastCommands reads the stream until its stop.
func (b *bed) lastCommands() (list []string) {
	b.t.Helper()
	for event, err := range b.Events(b.within()) {
		if err != nil {
			b.t.Fatal(err)
		}
		list = append(list, *event.Command)
		if *event.Command == "StopActivityStream" {
			break
		}
	}
	return list
}

// awaitStopped puts the clock forward until the stream is stopped: an hour counts from
// when the last session has ended.
func (b *bed) awaitStopped() {
	b.t.Helper()
	await.Equal(b.t, "the end of the stream", "available stopped available", func() string {
		if err := b.Clock().Advance(time.Hour); err != nil {
			b.t.Fatal(err)
		}
		return b.status()
	})
}

const whileStopping = "configuring-activity-stream stopping configuring-activity-stream"

// TestAStreamThatStopsCanBeRead: the ends of sessions and the stop are there for who
// reads late, new sessions are let in, and the stream ends by the clock.
func TestAStreamThatStopsCanBeRead(t *testing.T) {
	b := stopping(t, Options{})
	ctx := b.within()
	await.True(t, "a session", func() bool {
		conn, err := pgx.Connect(ctx, b.PostgresURL())
		if err == nil {
			err = conn.Close(ctx)
		}
		return err == nil
	})
	if got := b.status(); got != whileStopping {
		t.Error(got)
	}
	for range 2 {
		if got := b.lastCommands(); !slices.Equal(got, []string{"CONNECT", "DISCONNECT", "StopActivityStream"}) {
			t.Errorf("the stream has %q", got)
		}
	}
	_, err := b.rds.StartActivityStream(ctx, &rds.StartActivityStreamInput{ResourceArn: aws.String(b.ClusterARN()), Mode: types.ActivityStreamModeAsync,
		KmsKeyId: aws.String(b.KeyARN()), ApplyImmediately: aws.Bool(true)})
	wantCode(t, err, "InvalidParameterCombination")
	b.awaitStopped()
	if streams, err := b.once().ListStreams(ctx, &kinesis.ListStreamsInput{}); err != nil || len(streams.StreamNames) != 0 {
		t.Errorf("%v, streams %q", err, streams.StreamNames)
	}
	b.startStream(types.ActivityStreamModeSync, true)
	b.awaitStatus("available started available")
}

// TestResetWhileStopping: it waits for nobody, be it a call or a caller in the process.
func TestResetWhileStopping(t *testing.T) {
	for _, call := range []bool{true, false} {
		b := newBed(t, Options{StartStream: Sync, Heartbeat: -1, StopTime: 1000 * time.Hour})
		before := b.picture()
		done := make(chan error, 1)
		if call {
			b.stopStream(true)
			done <- context.Canceled
		} else {
			go func() { done <- b.StopActivityStream(context.Background()) }()
		}
		await.Equal(t, "stopping", "stopping", b.StreamStatus)
		if err := b.Reset(b.within()); err != nil {
			t.Fatal(err)
		}
		if err := await.Receive(t, "the caller's answer", done); err == nil {
			t.Error("the caller is told that the stream was stopped")
		}
		if after := b.picture(); after != before {
			t.Errorf("the state is not what it was:\n%s", differences(before, after))
		}
		b.exec(b.connect(), "select 1")
	}
}

// TestKilledWhileStopping: the next process has what there was to read, and ends the
// stream.
func TestKilledWhileStopping(t *testing.T) {
	dir := dataDir(t)
	b := stopping(t, Options{DataDir: dir})
	want := b.lastCommands()
	killed := dataDir(t)
	for _, part := range []string{"FORMAT", "state"} { // not the database: it belongs to another user
		if err := copyAll(filepath.Join(killed, part), filepath.Join(dir, part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for what, dir := range map[string]string{"killed": killed, "ended": dir} {
		t.Run(what, func(t *testing.T) {
			b := newBed(t, Options{DataDir: dir, Heartbeat: -1, StopTime: time.Hour})
			if got := b.status(); got != whileStopping {
				t.Errorf("cluster, stream and instance are %s", got)
			}
			if got := b.lastCommands(); !slices.Equal(got, want) {
				t.Errorf("the stream has %q, had %q", got, want)
			}
			b.awaitStopped()
			b.startStream(types.ActivityStreamModeAsync, true)
			b.awaitStatus("available started available")
		})
	}
	if err := os.RemoveAll(killed); err != nil {
		t.Error(err)
	}
}
