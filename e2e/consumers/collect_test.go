package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheTableTellsWhatDiffers(t *testing.T) {
	tail, same, other := newCollector("tail", "-"), newCollector("same", "-"), newCollector("other", "-")
	for _, event := range []string{`{"a":1,"b":[2]}`, `{"a":2}`, `{"a":3}`} {
		tail.add([]byte(event))
	}
	for _, event := range []string{`{"a":2}`, ` { "b": [2], "a": 1 }`, `{"a":3}`} {
		same.add([]byte(event))
	}
	for _, event := range []string{`{"a":2}`, `{"a":3}`, `{"a":2}`, `{"a":4}`} {
		other.add([]byte(event))
	}
	if d := same.compare(tail); d != (difference{}) {
		t.Errorf("the same differs: %+v", d)
	}
	if d := other.compare(tail); d != (difference{missing: 1, twice: 1, unknown: 1}) {
		t.Errorf("the other differs: %+v", d)
	}
	var out bytes.Buffer
	if err := table(&out, tail, []*collector{same}); err != nil {
		t.Error(err)
	}
	if err := table(&out, tail, []*collector{same, other}); err == nil || !strings.Contains(out.String(), "other") {
		t.Errorf("%v\n%s", err, &out)
	}
	if err := table(&out, newCollector("tail", "-"), nil); err == nil {
		t.Error("nothing read at all is taken")
	}
}

func TestAwaitEnds(t *testing.T) {
	c := newCollector("client", "-")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.await(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	c.add([]byte("no JSON"))
	if err := c.await(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "client printed") {
		t.Error(err)
	}
	c.add([]byte(`{"a":1}`))
	if err := c.await(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestRecordsAndHeartbeats(t *testing.T) {
	tail, late := newCollector("tail", "-"), newCollector("late", "-")
	tail.add([]byte(`{"type":"record","a":1}`))
	late.before = tail.events()
	tail.add([]byte(`{"type":"record","a":2}`))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := late.awaitHeartbeat(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	late.print([]byte(`{"databaseActivityEventList":[{"type":"heartbeat"},{"type":"record","a":2}]}`))
	if err := errors.Join(late.awaitHeartbeat(t.Context()), late.await(t.Context(), 2)); err != nil {
		t.Error(err)
	}
	if d := late.compare(tail); d != (difference{}) {
		t.Errorf("what was there before it counts: %+v", d)
	}
	late.print([]byte(`{"type":"record","a":1}`))
	if d := late.compare(tail); d != (difference{unknown: 1}) {
		t.Errorf("an event from before its beginning: %+v", d)
	}
}
