//go:build linux

package proxy

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
	"github.com/das-local/das-local/proxy/internal/track"
)

// TestBacklogBytes: statements that wait for their audit hold a bounded number of bytes.
// Beyond it the client waits, and every statement has its event, in order.
func TestBacklogBytes(t *testing.T) {
	const size, n = 1 << 20, 3 * auditBytes >> 20
	rec := newRecording()
	p := startProxy(t, rec, nil)
	gate := make(chan struct{})
	p.open = func(about activity.Session, params map[string]string) auditor {
		return &gated{auditor: rec.open(about, params), gate: gate}
	}
	w := dialRaw(t, p)
	w.startup(nil)
	awaitRiding(t, p, 1)
	var answered atomic.Int64
	all := make(chan string, 1)
	go func() {
		for i := range n {
			w.send(queryMsg(fmt.Sprintf("select %d /*%s*/", i, strings.Repeat("x", size-100))))
			if got := w.types("Z"); got != "TDCZ" {
				all <- got
				return
			}
			answered.Add(1)
		}
		all <- ""
	}()
	await.True(t, "the session to leave the loop, or all to be answered", func() bool {
		return homeSessions(p) == 1 || answered.Load() == n
	})
	if items, bytes := p.Backlog(); bytes > auditBytes+2*size || answered.Load() > auditBytes/size+1 || items == 0 {
		t.Errorf("%d bytes and %d items wait, %d statements are answered", bytes, items, answered.Load())
	}
	close(gate)
	if got := await.Receive(t, "the last answer", all); got != "" {
		t.Fatal(got)
	}
	w.Close()
	for i, line := range ran(rec.ended(t, 1)[0]) {
		if !strings.HasPrefix(line, fmt.Sprintf("select %d /*", i)) {
			t.Fatalf("%d: %.60s", i, line)
		}
	}
	await.Equal(t, "what waits in the end", [2]int64{}, func() [2]int64 {
		items, bytes := p.Backlog()
		return [2]int64{items, bytes}
	})
}

// homeSessions counts the sessions that have left the loop.
func homeSessions(p *Proxy) (n int) {
	p.each(func(s *session) {
		s.pend.mu.Lock()
		defer s.pend.mu.Unlock()
		if s.pend.home {
			n++
		}
	})
	return n
}

// TestSharedText: what statements share counts once.
func TestSharedText(t *testing.T) {
	var p pending
	text := strings.Repeat("x", 1000)
	one := p.weigh(items(text))
	if more := p.weigh(items(text, text, text)); more != 3*(one-len(text)) {
		t.Errorf("%d bytes, then %d for three", one, more)
	}
	if other := p.weigh(items(strings.Clone(text))); other != one || p.bytes != 2*one+3*(one-len(text)) {
		t.Errorf("%d bytes for another of %d, %d altogether", other, one, p.bytes)
	}
}

// items are completed statements.
func items(texts ...string) (list []track.Item) {
	for _, text := range texts {
		list = append(list, track.Item{Kind: track.Completed, Text: text, TextLen: len(text)})
	}
	return list
}
