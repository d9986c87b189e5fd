package emulator

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"time"
)

// TB is what ForTest needs of a *testing.T, *testing.B or *testing.F.
type TB interface {
	Helper()
	Name() string
	Cleanup(func())
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// leakPatience is how long what a test has closed may take to be gone, on a machine that
// is busy. Tests of leaks set it.
var leakPatience = time.Minute

// ForTest runs an emulator for one test, with its stream started in sync mode: when
// a statement has returned, its event can be read. The options may be changed before
// it starts.
//
// All tests of a process share one embedded PostgreSQL, which takes a second or so
// at the first of them; each has a database of its own in it, but roles are common to
// all. With Options.Upstream set, that server is used in the same way.
//
// ForTest skips nothing: what is missing fails the test. When the test has ended, the
// emulator is closed and the database dropped, and the test fails if it leaves
// sessions open or if the emulator leaves goroutines behind. What the emulator logs
// is in the test's log.
func ForTest(t TB, options ...func(*Options)) *Emulator {
	t.Helper()
	ctx := t.Context()
	log := &testLog{t: t}
	o := Options{StartStream: Sync, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, option := range options {
		option(&o)
	}
	server := o.Upstream
	if server == "" {
		var err error
		if server, err = sharedURL(ctx, Options{Logger: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatalf("das-local: %v", err)
		}
	}
	db, drop, err := testDatabase(ctx, server)
	if err != nil {
		t.Fatalf("das-local: %v", err)
	}
	t.Cleanup(func() {
		if err := drop(context.Background()); err != nil {
			t.Errorf("das-local: %v", err)
		}
	})
	o.Upstream = db
	label := fmt.Sprintf("%s/%d", t.Name(), labels.Add(1))
	var e *Emulator
	pprof.Do(ctx, pprof.Labels(leakLabel, label), func(ctx context.Context) { e, err = Start(ctx, o) })
	if err != nil {
		t.Fatalf("das-local: %v", err)
	}
	t.Cleanup(func() {
		e.endTest(t)
		leftBehind(t, label)
		log.end()
	})
	return e
}

// endTest closes the emulator and tells the test what it did not close.
func (e *Emulator) endTest(t TB) {
	t.Helper()
	deadline := time.Now().Add(leakPatience)
	for ; e.sessions() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("das-local: the test leaves %d sessions open: close its connections and pools before it ends", e.sessions())
			break
		}
	}
	if err := e.Close(context.Background()); err != nil {
		t.Errorf("das-local: close: %v", err)
	}
}

// sessions is how many clients are connected to the instances of all clusters.
func (e *Emulator) sessions() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, i := range e.instances {
		n += i.proxy.Sessions()
	}
	return n
}

// leakLabel marks the goroutines of one emulator: what it starts inherits the label.
const leakLabel = "das-local test"

var labels atomic.Int64

// leftBehind tells the test of goroutines that outlive the emulator.
func leftBehind(t TB, label string) {
	t.Helper()
	deadline := time.Now().Add(leakPatience)
	for {
		stacks := labelled(label)
		if stacks == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("das-local: goroutines outlive the emulator:\n%s", stacks)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// labelled is what the goroutine profile says of the goroutines with the label.
func labelled(label string) string {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		return err.Error() // not reached: a buffer takes everything
	}
	want := fmt.Sprintf("%q:%q", leakLabel, label)
	var found []string
	for stack := range strings.SplitSeq(b.String(), "\n\n") {
		if strings.Contains(stack, want) {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}

// testLog writes lines into a test's log until the test ends.
type testLog struct {
	t     TB
	ended atomic.Bool
}

func (l *testLog) end() { l.ended.Store(true) }

// Write implements io.Writer for a slog handler, which writes whole lines.
func (l *testLog) Write(b []byte) (int, error) {
	if !l.ended.Load() {
		for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
			l.t.Logf("das-local: %s", s.Text())
		}
	}
	return len(b), nil
}
