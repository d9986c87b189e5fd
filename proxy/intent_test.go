package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/await"
)

// intending is a recording that wants intents.
type intending struct {
	*recording
	asked chan []activity.Intent // each Intend
	let   chan struct{}          // what Intend returns

	mu    sync.Mutex
	calls []string
}

func newIntending() *intending {
	rec := newRecording()
	rec.sync = true
	rec.wait = func() <-chan struct{} { return nil }
	return &intending{recording: rec, asked: make(chan []activity.Intent, 64), let: make(chan struct{})}
}

func (r *intending) Intending() bool { return true }

func (r *intending) Intend(list []activity.Intent) <-chan struct{} {
	r.mu.Lock()
	for _, in := range list {
		r.calls = append(r.calls, fmt.Sprint("intend ", in.Number))
	}
	r.mu.Unlock()
	r.asked <- list
	return r.let
}

func (r *intending) Settle(list []activity.Settled) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range list {
		r.calls = append(r.calls, fmt.Sprint("settle ", s.Intent))
	}
}

func (r *intending) called() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// awaitCall waits until the last call is that one.
func (r *intending) awaitCall(t *testing.T, want string) {
	t.Helper()
	await.Seen(t, want, func() (any, bool) {
		calls := r.called()
		return calls, len(calls) > 0 && calls[len(calls)-1] == want
	})
}

// startIntending runs a proxy in front of a fake upstream, with one session.
func startIntending(t *testing.T, r *intending, hold func()) (w *wire, upstream net.Conn, p *Proxy) {
	t.Helper()
	addr, conns := fakeUpstream(t)
	p = startProxy(t, r.recording, func(c *Config) { c.Upstream.Address, c.Recorder, c.onIntend = addr, r, hold })
	w = dialRaw(t, p)
	w.send(startupMsg(3<<16, "user", "u"))
	upstream = <-conns
	t.Cleanup(func() { upstream.Close() })
	w.types("Z")
	return w, upstream, p
}

// nothing checks that a connection has no bytes.
func nothing(t *testing.T, conn net.Conn) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	var one [1]byte
	if n, err := conn.Read(one[:]); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the server has got %q (%v)", one[:n], err)
	}
	conn.SetReadDeadline(time.Time{})
}

// TestIntentBeforeStatement: what makes the server do something reaches it when the
// intents of all that came together are durable, and as it was.
func TestIntentBeforeStatement(t *testing.T) {
	pipeline := slices.Concat(parseMsg("", "insert into t values (1)"), bindMsg("", ""), executeMsg("", 0), message('S'),
		parseMsg("", "select 2"), bindMsg("", ""), executeMsg("", 0), queryMsg("select 3; select 4"),
		message('F', int32(764), int16(0), int16(0), int16(0)))
	for name, test := range map[string]struct {
		bytes []byte
		want  []string
	}{
		"a query":         {queryMsg("select 1"), []string{"SELECT"}},
		"a pipeline":      {pipeline, []string{"INSERT", "SELECT", "SELECT SELECT", "EXECUTE"}},
		"nothing to run":  {slices.Concat(parseMsg("s", "select 1"), message('D', "Ss"), message('S'), message('d', "data"), message('c')), nil},
		"an empty string": {queryMsg(""), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newIntending()
			w, upstream, _ := startIntending(t, r, nil)
			w.send(test.bytes)
			if test.want != nil {
				got := []string{}
				for _, in := range await.Receive(t, "intents", r.asked) {
					var commands []string
					for _, e := range in.Events {
						commands = append(commands, e.Command)
					}
					got = append(got, strings.Join(commands, " "))
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("intents %q, want %q", got, test.want)
				}
				nothing(t, upstream)
				close(r.let)
			}
			got := make([]byte, len(test.bytes))
			if _, err := io.ReadFull(upstream, got); err != nil || string(got) != string(test.bytes) {
				t.Errorf("%v, the bytes are changed: %q", err, got)
			}
			if len(r.asked) > 0 {
				t.Errorf("%d more groups of intents", len(r.asked))
			}
		})
	}
}

// TestIntentsAreBounded: a long statement that a chunk runs many times is not told in full
// each time.
func TestIntentsAreBounded(t *testing.T) {
	const times, size = 2000, 100_000
	r := newIntending()
	close(r.let)
	w, upstream, _ := startIntending(t, r, nil)
	go io.Copy(io.Discard, upstream)
	b := parseMsg("s", "select '"+strings.Repeat("x", size)+"'")
	for range times {
		b = append(append(b, bindMsg("", "s")...), executeMsg("", 0)...)
	}
	w.send(b)
	whole := 0
	for n := 0; n < times; {
		bytes := 0
		for _, in := range await.Receive(t, "intents", r.asked) {
			n++
			for _, e := range in.Events {
				if bytes += len(e.CommandText); len(e.CommandText) >= size {
					whole++
				}
			}
		}
		if bytes > maxIntents+times*2*shortText {
			t.Errorf("the intents of a chunk have %d bytes", bytes)
		}
	}
	if whole == 0 || whole == times {
		t.Errorf("%d of %d are told in full", whole, times)
	}
}

// TestAnswersFlowMeanwhile: a session that waits for an intent still gets its answers.
func TestAnswersFlowMeanwhile(t *testing.T) {
	r := newIntending()
	w, upstream, _ := startIntending(t, r, nil)
	w.send(queryMsg("select 1"))
	await.Receive(t, "intents", r.asked)
	upstream.Write(message('A', int32(1), "channel", "payload"))
	if got := w.types("A"); got != "A" {
		t.Error(got)
	}
	close(r.let)
	io.ReadFull(upstream, make([]byte, len(queryMsg("select 1"))))
}

// TestEndWhileAnIntentWaits: the statement is not sent, and its intent is taken back.
func TestEndWhileAnIntentWaits(t *testing.T) {
	r := newIntending()
	w, upstream, p := startIntending(t, r, nil)
	w.send(queryMsg("select 1"))
	await.Receive(t, "intents", r.asked)
	p.Disconnect("", "")
	if got := w.fatal(); got != stateAdminShutdown {
		t.Error(got)
	}
	rest, err := io.ReadAll(upstream)
	if len(rest) > 0 {
		t.Errorf("the server has got %q (%v)", rest, err)
	}
	r.ended(t, 1)
	r.awaitCall(t, "settle 1")
}

// TestSettledBeforeStored: an error that comes while an intent is made skips its
// statement; the intent does not stay.
func TestSettledBeforeStored(t *testing.T) {
	r := newIntending()
	close(r.let)
	foreseen, store := make(chan struct{}), make(chan struct{})
	w, upstream, _ := startIntending(t, r, func() { foreseen <- struct{}{}; <-store })
	first := slices.Concat(parseMsg("", "select 1/0"), bindMsg("", ""), executeMsg("", 0))
	w.send(first)
	<-foreseen
	store <- struct{}{}
	io.ReadFull(upstream, make([]byte, len(first)))
	w.send(bindMsg("", ""), executeMsg("", 0), message('S'))
	<-foreseen
	upstream.Write(slices.Concat(message('1'), message('2'), message('E', "SERROR\x00VERROR\x00C22012\x00Mdivision by zero\x00", []byte{0})))
	if got := w.types("E"); got != "12E" {
		t.Fatal(got)
	}
	r.awaitCall(t, "settle 2")
	store <- struct{}{}
	io.ReadFull(upstream, make([]byte, 1))
	if got, want := r.called(), []string{"intend 1", "settle 1", "settle 2", "intend 2", "settle 2"}; !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}
