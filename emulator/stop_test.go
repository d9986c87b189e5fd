package emulator

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/kmsfake"
	"github.com/das-local/das-local/rdsapi"
)

// TestStopOfAStreamThatCannotPublish is about what users do to a running
// stream: it must stop all the same, start again, and not end the emulator.
func TestStopOfAStreamThatCannotPublish(t *testing.T) {
	t.Parallel() // it waits
	ctx := t.Context()
	e, err := Start(ctx, Options{Listen: "127.0.0.1:0", AWSListen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error("close:", err)
		}
	})
	tests := []struct {
		name  string
		spoil func() error
	}{
		{"Kinesis stream deleted", func() error { return e.kinesis.DeleteStream(ctx, e.StreamName()) }},
		{"nothing wrong", func() error { return nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := e.kms.CreateKey(ctx, kmsfake.KeyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := e.rds.StartStream(ctx, e.first.ID, "async", key.ARN); err != nil {
				t.Fatal(err)
			}
			if err := test.spoil(); err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.Connect(ctx, e.PostgresURL())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(ctx, "select 1"); err != nil {
				t.Error(err)
			}
			if err := conn.Close(ctx); err != nil {
				t.Error(err)
			}
			if err := e.rds.StopStream(await.Context(t), e.first.ID); err != nil {
				t.Error("stop:", err)
			}
			if status := e.StreamStatus(); status != "stopped" {
				t.Errorf("the stream is %s", status)
			}
			select {
			case <-e.Done():
				t.Fatal("the emulator ended")
			default: // its goroutine has ended before StopStream did
			}
		})
	}
}

// TestCloseOfAStreamThatCannotPublish checks that events which cannot be
// published neither hold the end up for long nor make it a failure.
func TestCloseOfAStreamThatCannotPublish(t *testing.T) {
	t.Parallel() // it waits
	ctx := t.Context()
	e, err := Start(ctx, Options{StartStream: "async", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.kinesis.DeleteStream(ctx, e.StreamName()); err != nil {
		t.Error(err)
	}
	conn, err := pgx.Connect(ctx, e.PostgresURL())
	if err != nil {
		t.Error(err)
	} else if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := e.Close(await.Context(t)); err != nil {
		t.Error("close:", err)
	}
}

// TestNothingStartsAfterClose is about calls that are under way at the end:
// what they started would run for ever.
func TestNothingStartsAfterClose(t *testing.T) {
	ctx := t.Context()
	e, err := Start(ctx, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
	c := controller{e}
	if _, _, err := c.StartInstance(ctx, rdsapi.Instance{ID: "late", ResourceID: "db-LATE"}); !errors.Is(err, errEnding) {
		t.Errorf("an instance: %v", err)
	}
	as := rdsapi.ActivityStream{ClusterID: "late", ClusterResourceID: "cluster-LATE", StreamName: "late", Mode: "async", KMSKeyARN: e.KeyARN()}
	if err := c.StartStream(ctx, as); !errors.Is(err, errEnding) {
		t.Errorf("a stream: %v", err)
	}
}
