package emulator

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/internal/stream"
)

// TestAQueueOnDisk has a stream whose key is disabled: what it queues is published
// after a restart, and what is queued when it is stopped is told to be lost.
func TestAQueueOnDisk(t *testing.T) {
	t.Parallel() // it waits
	dir := dataDir(t)
	o := Options{DataDir: dir, StartStream: "async", Heartbeat: -1, KeyReuse: time.Nanosecond}
	e := startOn(t, o)
	run(t, e, "select 'published'")
	texts(t, e, "select 'published'")
	disable(t, e, true)
	run(t, e, "select 'queued 1'", "select 'queued 2'")
	spooled(t, e, 4) // CONNECT, two statements, DISCONNECT
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	e = startOn(t, o)
	run(t, e, "select 'queued 3'")
	spooled(t, e, 7)
	disable(t, e, false)
	run(t, e, "select 'last'")
	seen := texts(t, e, "select 'last'")
	for _, want := range []string{"select 'published'", "select 'queued 1'", "select 'queued 2'", "select 'queued 3'"} {
		if seen[want] != 1 {
			t.Errorf("%s is there %d times", want, seen[want])
		}
	}
	spooled(t, e, 0)

	disable(t, e, true)
	run(t, e, "select 'lost'")
	spooled(t, e, 3)
	if err := e.rds.StopStream(await.Context(t), e.first.ID); err != nil {
		t.Fatal(err)
	}
	if n := queued(t, e); n != 0 {
		t.Errorf("%d events are left of a stream that was stopped", n)
	}
}

func disable(t *testing.T, e *Emulator, off bool) {
	t.Helper()
	c := kms.NewFromConfig(e.AWSConfig())
	key := aws.String(e.KeyARN())
	var err error
	if off {
		_, err = c.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: key})
	} else {
		_, err = c.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: key})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// queued counts the events in the spool of the first cluster's stream.
func queued(t *testing.T, e *Emulator) (n int) {
	t.Helper()
	err := e.spool(e.StreamName()).Each(func(b stream.SpooledBatch) error {
		n += int(b.Span.Lost)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func spooled(t *testing.T, e *Emulator, want int) {
	t.Helper()
	await.Equal(t, "spooled events", want, func() int { return queued(t, e) })
}
